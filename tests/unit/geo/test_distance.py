"""Distances and the nearest points."""

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.distance import EARTH_RADIUS_M, haversine_m, nearest


def test_a_quarter_of_a_meridian() -> None:
    assert float(haversine_m(0, 0, 0, 90)) == pytest.approx(np.pi / 2 * EARTH_RADIUS_M)


def test_opposite_points_are_half_a_turn_apart() -> None:
    assert float(haversine_m(0, 0, 180, 0)) == pytest.approx(np.pi * EARTH_RADIUS_M)


@settings(deadline=None)
@given(st.floats(-179, 179), st.floats(-80, 80), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_within_six_parts_in_a_thousand_of_the_geodesic(lon: float, lat: float, east: float, north: float) -> None:
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(lon, lat, lon + east, lat + north)
    assert float(haversine_m(lon, lat, lon + east, lat + north)) == pytest.approx(metres, rel=6e-3, abs=1e-3)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(0, 70))
def test_nearest_is_the_head_of_the_sorted_distances(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    lons, lats = rng.integers(-3, 4, n) / 100, rng.integers(-3, 4, n) / 100  # a lattice: many ties
    index, metres = nearest(0.0, 0.0, lons, lats, k)
    every = haversine_m(0.0, 0.0, lons, lats)
    expected = np.argsort(every, kind="stable")[:k]
    np.testing.assert_array_equal(index, expected)
    np.testing.assert_array_equal(metres, every[expected])


def test_points_without_a_position_are_never_nearest() -> None:
    index, _ = nearest(0.0, 0.0, [np.nan, 1.0, 0.5], [0.0, 1.0, np.nan], 5)
    assert index.tolist() == [1]


def test_nothing_is_nearest_among_nothing() -> None:
    index, metres = nearest(0.0, 0.0, [], [], 3)
    assert index.size == metres.size == 0
