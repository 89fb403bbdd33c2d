"""Datums: known points, there and back, edges of the box, untouched input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from geo.datum import Datum, from_wgs84, geometry_to_wgs84, to_wgs84
from geo.distance import haversine_m

LON = st.floats(72.1, 137.7)
LAT = st.floats(0.9, 55.7)


def test_gcj02_of_tiananmen_is_the_published_pair() -> None:
    # the pair that the widely used coordtransform and gcoord libraries carry in their tests
    lon, lat = from_wgs84(116.404, 39.915, Datum.GCJ02)
    assert float(lon) == pytest.approx(116.41024449916938, abs=1e-9)
    assert float(lat) == pytest.approx(39.91640428150164, abs=1e-9)


def test_bd09_of_a_gcj02_point_is_the_published_pair() -> None:
    wgs = to_wgs84(116.404, 39.915, Datum.GCJ02)
    lon, lat = from_wgs84(*wgs, Datum.BD09)
    assert float(lon) == pytest.approx(116.41036949371029, abs=1e-8)
    assert float(lat) == pytest.approx(39.92133699351022, abs=1e-8)


@settings(deadline=None)
@given(LON, LAT, st.sampled_from([Datum.GCJ02, Datum.BD09]))
def test_there_and_back_is_within_a_billionth_of_a_degree(lon: float, lat: float, datum: Datum) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert abs(float(back[0]) - lon) < 1e-9
    assert abs(float(back[1]) - lat) < 1e-9


@settings(deadline=None)
@given(LON, LAT)
def test_gcj02_moves_every_point_in_the_box_by_less_than_a_kilometre_and_a_half(lon: float, lat: float) -> None:
    moved = float(haversine_m(lon, lat, *from_wgs84(lon, lat, "gcj02")))
    assert 0 < moved < 1500


@pytest.mark.parametrize(("lon", "lat"), [(72.0, 30.0), (137.84, 30.0), (100.0, 0.82), (100.0, 55.83), (-122.4, 37.8)])
def test_outside_the_box_gcj02_is_wgs84(lon: float, lat: float) -> None:
    assert [float(v) for v in from_wgs84(lon, lat, "gcj02")] == [lon, lat]


def test_far_outside_the_box_the_inverse_changes_nothing() -> None:
    assert [float(v) for v in to_wgs84(-122.4, 37.8, "gcj02")] == [-122.4, 37.8]


@pytest.mark.parametrize("lon", [72.004, 137.8347])
def test_a_point_on_the_edge_of_the_box_comes_back(lon: float) -> None:
    back = to_wgs84(*from_wgs84(lon, 30.0, "gcj02"), "gcj02")
    assert float(back[0]) == pytest.approx(lon, abs=1e-9)


def test_cgcs2000_is_taken_as_wgs84() -> None:
    assert [float(v) for v in to_wgs84(121.29, 31.95, "cgcs2000")] == [121.29, 31.95]


@pytest.mark.parametrize("datum", list(Datum))
def test_arrays_keep_their_shape_and_the_callers_values(datum: Datum) -> None:
    lon, lat = np.array([[121.3, 0.0], [np.nan, 116.4]]), np.array([[31.9, 0.0], [30.0, 39.9]])
    kept = lon.copy(), lat.copy()
    x, y = to_wgs84(lon, lat, datum)
    assert x.shape == y.shape == (2, 2)
    assert x.dtype == np.float64
    assert np.isnan(x[1, 0])
    np.testing.assert_array_equal(lon, kept[0])
    np.testing.assert_array_equal(lat, kept[1])
    for i, j in ((0, 0), (1, 1)):  # neighbours that are NaN or abroad change nothing
        assert float(x[i, j]) == pytest.approx(float(to_wgs84(lon[i, j], lat[i, j], datum)[0]), abs=1e-11)


def test_no_points_give_no_points() -> None:
    for datum in Datum:
        x, y = to_wgs84([], [], datum)
        assert x.size == y.size == 0


def test_an_unknown_datum_is_refused() -> None:
    with pytest.raises(ValueError, match="wgs72"):
        to_wgs84(1.0, 2.0, "wgs72")


def test_geometries_move_vertex_by_vertex_and_lose_heights() -> None:
    ring = [(121.0, 31.0, 5.0), (121.1, 31.0, 5.0), (121.1, 31.1, 5.0), (121.0, 31.0, 5.0)]
    moved = geometry_to_wgs84(Polygon(ring), "gcj02")
    assert not moved.has_z
    lon, lat = to_wgs84([p[0] for p in ring], [p[1] for p in ring], "gcj02")
    np.testing.assert_allclose(np.array(moved.exterior.coords), np.column_stack((lon, lat)), atol=1e-12)
