"""The compiled cells are h3's, everywhere; its tables are those that h3 gives; parents and rings."""

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo import cells as cells_module
from geo.cells import latlng_to_cell, parents, resolutions, rings
from geo.kernels import h3_tables, h3_tables_make, warm
from geo.kernels.h3_grid import PAIRS, SINGLES, turned


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    assert warm.wait(300)
    assert cells_module._compiled.module is not None


def by_h3(lat: NDArray[np.float64], lng: NDArray[np.float64], res: int) -> NDArray[np.uint64]:
    pairs = zip(lat.tolist(), lng.tolist(), strict=True)
    return np.array([h3.latlng_to_cell(y, x, res) for y, x in pairs], np.uint64)


@pytest.mark.parametrize("res", range(16))
def test_points_all_over_the_globe(res: int) -> None:
    rng = np.random.default_rng(res)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, 8000))), rng.uniform(-180, 180, 8000)
    np.testing.assert_array_equal(latlng_to_cell(lat, lng, res), by_h3(lat, lng, res))


@pytest.mark.parametrize("res", range(16))
def test_corners_and_edges_of_cells_pentagons_poles_and_the_antimeridian(res: int) -> None:
    rng = np.random.default_rng(100 + res)
    five = h3.get_pentagons(res).tolist()
    drawn = [
        h3.latlng_to_cell(*at, res) for at in zip(rng.uniform(-90, 90, 60), rng.uniform(-180, 180, 60), strict=True)
    ]
    boundaries = [np.array(h3.cell_to_boundary(cell)) for cell in [*five, *drawn]]
    middles = [(ring + np.roll(ring, 1, axis=0)) / 2 for ring in boundaries]
    centres = np.array([h3.cell_to_latlng(cell) for cell in [*five, *drawn]])
    near = np.repeat(centres, 30, axis=0)
    near = near + rng.normal(size=near.shape) * 10.0 ** rng.uniform(-13, 0.5, (len(near), 1))
    special = [
        [90, 0],
        [-90, 0],
        [90, 180],
        [-90, -180],
        [0, 180],
        [0, -180],
        [0, 0],
        [45, 180],
        [45, -180],
        [-0.0, -0.0],
    ]
    points = np.concatenate([*boundaries, *middles, centres, near, np.array(special, float)])
    points = points[(np.abs(points[:, 0]) <= 90) & (np.abs(points[:, 1]) <= 180)]
    lat, lng = points[:, 0].copy(), points[:, 1].copy()
    np.testing.assert_array_equal(latlng_to_cell(lat, lng, res), by_h3(lat, lng, res))


@pytest.mark.parametrize("res", [1, 8, 9, 15])
def test_middles_and_borders_of_the_icosahedron_s_faces(res: int) -> None:
    rng = np.random.default_rng(5)
    middles = h3_tables.FACES[:, 0]
    a, b = rng.integers(0, 20, (2, 3000))
    points = middles[a] + middles[b] * (1 + rng.choice([0, 1e-15, 1e-12, 1e-9, -1e-9], 3000))[:, None]
    points = np.concatenate((middles, points[np.linalg.norm(points, axis=1) > 0.1]))
    points /= np.linalg.norm(points, axis=1)[:, None]
    lat, lng = np.degrees(np.arcsin(points[:, 2].clip(-1, 1))), np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    lat, lng = lat + rng.normal(size=lat.size) * 1e-9, lng.clip(-180, 180)
    np.testing.assert_array_equal(latlng_to_cell(lat, lng, res), by_h3(lat, lng, res))


@settings(max_examples=300, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 15))
def test_any_point(lat: float, lng: float, res: int) -> None:
    assert int(latlng_to_cell([lat], [lng], res)[0]) == h3.latlng_to_cell(lat, lng, res)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 1000])
def test_every_size_of_block_and_strided_input(count: int) -> None:
    points = np.random.default_rng(count).uniform(-80, 80, (count, 2))
    np.testing.assert_array_equal(latlng_to_cell(points[:, 0], points[:, 1], 9), by_h3(*points.T, 9))


def test_a_bad_point_far_into_the_input_is_named() -> None:
    lat, lng = np.zeros(1000), np.zeros(1000)
    lng[700], lat[900] = 180.5, np.nan
    with pytest.raises(ValueError, match=r"point 700: lat 0\.0, lon 180\.5"):
        latlng_to_cell(lat, lng, 9)


def test_few_points_are_left_for_h3() -> None:
    rng = np.random.default_rng(1)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, 200_000))), rng.uniform(-180, 180, 200_000)
    out = np.empty(lat.size, np.uint64)
    _, left = cells_module._compiled.module.cells(lat, lng, 10, out)  # type: ignore[union-attr]
    assert left == (out == 0).sum() < 100


def test_the_tables_are_those_that_h3_gives() -> None:
    assert h3_tables_make.PATH.read_text(encoding="utf-8").startswith('"""H3 as seen from its faces.')
    for name, values in h3_tables_make.tables().items():
        kept = getattr(h3_tables, name)
        if values.dtype.kind == "f":
            np.testing.assert_allclose(kept, values, rtol=0, atol=1e-15)
        else:
            np.testing.assert_array_equal(kept, values)


def test_remainders_by_seven_all_have_digits() -> None:
    assert (PAIRS >= 0).all()
    assert (SINGLES >= 0).all()
    assert sorted((PAIRS & 63).tolist()) == [8 * a + b for a in range(7) for b in range(7)]


def test_six_turns_are_none() -> None:
    digits = 0o1234560
    seen = [int(turned(digits, r)) for r in range(6)]
    assert len(set(seen)) == 6
    assert int(turned(seen[1], 5)) == digits
    assert oct(seen[1]) == oct(0o5316420)  # each digit by 5 modulo 7


@settings(max_examples=100, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 15), st.data())
def test_parents_are_those_of_h3(lat: float, lng: float, res: int, data: st.DataObject) -> None:
    cell = h3.latlng_to_cell(lat, lng, res)
    wanted = data.draw(st.integers(0, res))
    assert parents([cell, cell], wanted).tolist() == [h3.cell_to_parent(cell, wanted)] * 2
    assert resolutions([cell]).tolist() == [res]


def test_parents_of_a_coarser_cell_and_of_no_cell_are_refused() -> None:
    cell = h3.latlng_to_cell(31.0, 121.0, 5)
    with pytest.raises(ValueError, match="resolution 6 of cell 0"):
        parents([cell], 6)
    with pytest.raises(ValueError, match="cell 1: 7 is not an H3 cell"):
        parents([cell, 7], 3)
    with pytest.raises(ValueError, match="resolution -1"):
        parents([cell], -1)


def test_rings_are_those_of_h3_at_hexagons_and_pentagons() -> None:
    asked = [h3.latlng_to_cell(31.0, 121.0, 7), int(h3.get_pentagons(7)[3]), h3.latlng_to_cell(31.0, 121.0, 7)]
    near, start = rings(asked, 2)
    assert np.diff(start).tolist() == [19, 16, 19]
    for i, cell in enumerate(asked):
        assert set(near[start[i] : start[i + 1]].tolist()) == set(h3.grid_disk(cell, 2).tolist())
    assert rings([], 1)[1].tolist() == [0]
    with pytest.raises(ValueError, match="ring -1"):
        rings(asked, -1)
