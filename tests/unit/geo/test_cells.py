"""H3 cells of points and covers of polygons."""

import h3
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from geo.cells import cell_to_str, cover, latlng_to_cell, str_to_cell


@settings(deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 15))
def test_cells_are_those_of_h3(lat: float, lng: float, res: int) -> None:
    cell = latlng_to_cell([lat], [lng], res)
    assert cell.dtype == np.uint64
    assert cell_to_str(int(cell[0])) == h3.latlng_to_cell(lat, lng, res)


@settings(deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 15))
def test_text_and_number_name_the_same_cell(lat: float, lng: float, res: int) -> None:
    cell = int(latlng_to_cell([lat], [lng], res)[0])
    assert str_to_cell(cell_to_str(cell)) == cell


@pytest.mark.parametrize(("lat", "lng"), [(np.nan, 0.0), (0.0, np.inf), (121.3, 31.9), (0.0, 180.5)])
def test_points_off_the_globe_are_refused_by_position(lat: float, lng: float) -> None:
    with pytest.raises(ValueError, match="point 1"):
        latlng_to_cell([10.0, lat], [10.0, lng], 9)


@pytest.mark.parametrize("res", [-1, 16])
def test_a_resolution_that_h3_does_not_have_is_refused(res: int) -> None:
    with pytest.raises(ValueError, match="resolution"):
        latlng_to_cell([0.0], [0.0], res)


@pytest.mark.parametrize("text", ["", "zz", "8828308287ffffg", "f" * 20, "-1", "0"])
def test_text_that_names_no_cell_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an H3 cell"):
        str_to_cell(text)


def test_shapes_are_kept_and_empty_is_fine() -> None:
    assert latlng_to_cell(np.zeros((2, 3)), np.zeros((2, 3)), 5).shape == (2, 3)
    assert latlng_to_cell([], [], 5).size == 0


RINGED = Polygon([(0, 0), (0.2, 0.02), (0.21, 0.2), (0.1, 0.1), (0, 0.2)], [[(0.05, 0.05), (0.1, 0.05), (0.05, 0.08)]])


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(4, 8),
    st.sampled_from([(0.0, 0.0), (121.3, 31.9), (-68.0, -54.0), (20.0, 69.0)]),
)
def test_a_cover_holds_the_cell_of_every_point_inside(seed: int, res: int, at: tuple[float, float]) -> None:
    shape = shapely.transform(RINGED, lambda xy: xy + np.array(at))
    rng = np.random.default_rng(seed)
    west, south, east, north = shape.bounds
    x, y = rng.uniform(west, east, 500), rng.uniform(south, north, 500)
    inside = shapely.intersects_xy(shape, x, y)
    cells = cover(shape, res)
    assert np.isin(latlng_to_cell(y[inside], x[inside], res), cells).all()
    assert np.isin(latlng_to_cell(*np.array(shape.exterior.coords).T[::-1], res), cells).all()
    assert (np.diff(cells.astype(object)) > 0).all()


def test_a_cover_is_not_much_larger_than_its_polygon() -> None:
    shape = box(121.0, 31.0, 121.5, 31.4)
    cells = cover(shape, 8)
    area = sum(h3.cell_area(cell_to_str(int(cell)), unit="km^2") for cell in cells)
    assert area < 1.12 * 47.5 * 44.4


def test_parts_of_a_multipolygon_are_covered_each() -> None:
    a, b = box(0, 0, 0.01, 0.01), box(1, 1, 1.01, 1.01)
    np.testing.assert_array_equal(cover(MultiPolygon([a, b]), 8), np.union1d(cover(a, 8), cover(b, 8)))


def test_an_empty_polygon_has_an_empty_cover_and_a_line_has_none() -> None:
    assert cover(Polygon(), 8).size == 0
    with pytest.raises(ValueError, match="LineString"):
        cover(LineString([(0, 0), (1, 1)]), 8)
