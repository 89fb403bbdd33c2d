"""By road: the same units in the same order as the obvious way, a full search from everywhere, finds them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatch import travel as travel_module
from dispatch.travel import NEAR_M, ByRoad, StraightLine, smallest
from geo import roads_search
from geo.distance import haversine_m
from geo.kernels import warm
from geo.roads import RoadGraph

AT = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
KMH = 30.0


@pytest.fixture(params=["plain", "compiled"], scope="module", autouse=True)
def loops(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test runs before the compiled searches are ready, and with them."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setattr(roads_search._fast, "module", None)
        else:
            assert warm.wait(300)
        assert travel_module._search is roads_search._fast
        yield request.param


def town(seed: int) -> RoadGraph:
    """Streets, some one way, some that lead nowhere, a town of its own 40 km away, parallel ones, equal times."""
    dice = np.random.default_rng(seed)
    n, m = 60, 160
    start, end = dice.integers(0, n, m), dice.integers(0, n, m)
    apart = (start < 12) != (end < 12)  # nodes 0..11 are an island
    seconds = dice.integers(1, 6, m) * dice.choice([1.0, 1.1, 60.0], m)
    profiles = dice.choice([1.0, 1.5, 3.0], (2, 24))
    lon = np.where(np.arange(n) < 12, 117.3, 116.8) + dice.uniform(0, 0.03, n)
    lat = 35.5 + dice.uniform(0, 0.03, n)
    there = ~apart & (start != end)
    return RoadGraph(lon, lat, start[there], end[there], seconds[there], dice.integers(-1, 2, m)[there], profiles)


def obvious(
    roads: RoadGraph, hour: int, lon: np.ndarray, lat: np.ndarray, to: tuple[float, float]
) -> tuple[list[float], bool]:
    """(seconds of each unit, whether roads are near the place), one unit at a time, with nothing of dispatch/travel."""
    factor = np.append(roads.profiles[:, hour], 1.0)[roads.profile]
    best: dict[tuple[int, int], float] = {}
    for a, b, s in zip(roads.start.tolist(), roads.end.tolist(), (roads.seconds * factor).tolist(), strict=True):
        best[b, a] = min(s, best.get((b, a), math.inf))  # turned round: from the place to the units
    rows, columns = zip(*best, strict=True)
    matrix = csr_array((list(best.values()), (rows, columns)), shape=(roads.nodes, roads.nodes))
    v = KMH / 3.6

    def junction(x: float, y: float) -> tuple[int, float]:
        metres = haversine_m(x, y, roads.lon[roads.core], roads.lat[roads.core])
        return int(roads.core[np.argmin(metres)]), float(metres.min())

    goal, goal_off = junction(*to)
    on_road = dijkstra(matrix, indices=goal)
    out = []
    for x, y in zip(lon.tolist(), lat.tolist(), strict=True):
        direct = float(haversine_m(x, y, *to))
        if math.isnan(x):
            out.append(math.nan)
            continue
        node, off = junction(x, y)
        if goal_off > NEAR_M:
            out.append(direct / v)
        elif off > NEAR_M:
            others = np.setdiff1d(np.arange(roads.nodes), roads.core)
            near = others.size and haversine_m(x, y, roads.lon[others], roads.lat[others]).min() <= NEAR_M
            out.append(math.inf if near else direct / v)
        else:
            driven = float(on_road[node]) + off / v + goal_off / v
            out.append(min(driven, direct / v) if direct < off + goal_off else driven)
    return out, goal_off <= NEAR_M


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8), st.integers(0, 23))
def test_the_first_units_are_those_of_the_obvious_way(seed: int, k: int, hour: int) -> None:
    roads = town(seed)
    dice = np.random.default_rng(seed + 1)
    size = 40
    # On junctions (several on one), beside them, beside the island's, far from all roads, and at no known place.
    at = dice.integers(0, roads.nodes, size)
    off = dice.choice([0.0, 0.0, 0.001, 0.06], size)
    lon, lat = roads.lon[at] + off, roads.lat[at] - off
    lon[::13] = lat[::13] = np.nan
    place = int(dice.integers(0, roads.nodes))
    far = float(dice.choice([0.0, 0.0, 0.002, 0.1]))
    to = float(roads.lon[place]) + far, float(roads.lat[place])
    groups = [np.flatnonzero(dice.random(size) < share) for share in (1.0, 0.5, 0.1)]
    now = AT.replace(hour=hour)
    by_road = ByRoad(roads, KMH)
    want, near = obvious(roads, hour, lon, lat, to)
    assert by_road.basis(*to, now).key == ("road_hour" if near else "straight_no_roads_near")
    np.testing.assert_allclose(by_road.seconds(lon, lat, *to, now), want, rtol=1e-12, atol=1e-9)
    found = by_road.first(lon, lat, *to, now, groups, k)
    for group, (units, seconds) in zip(groups, found.groups, strict=True):
        able = [u for u in group.tolist() if math.isfinite(want[u])]
        assert len(units) == min(k, len(able))
        np.testing.assert_allclose(seconds, sorted(want[u] for u in able)[:k], rtol=1e-12, atol=1e-9)
        assert np.allclose([want[u] for u in units.tolist()], seconds, rtol=1e-12, atol=1e-9)
        same = by_road.seconds(lon, lat, *to, now)  # ties by number, to the bit
        assert units.tolist() == smallest(group, same[group], k)[0].tolist()
    placed = np.isfinite(lon)
    assert (found.no_way & placed).tolist() == [math.isinf(s) for s in want]


def test_the_road_decides_not_the_straight_line() -> None:
    # Nodes: 0 at the incident, 1 close by but reached only over the long way round 2, 3 far on a fast road to 0.
    lon, lat = [116.80, 116.805, 116.9, 116.82], [35.5, 35.5, 35.6, 35.5]
    roads = RoadGraph(lon, lat, [1, 2, 3, 0, 0, 2], [2, 0, 0, 3, 2, 1], [900.0, 900.0, 120.0, 120.0, 900.0, 900.0])
    x, y = np.array([116.805, 116.82]), np.array([35.5, 35.5])  # close, fast
    both = [np.array([0, 1])]
    [(units, seconds)] = ByRoad(roads).first(x, y, 116.80, 35.5, AT, both, 2).groups
    assert (units.tolist(), seconds.round().tolist()) == ([1, 0], [120, 1800])
    [(units, _)] = StraightLine().first(x, y, 116.80, 35.5, AT, both, 2).groups
    assert units.tolist() == [0, 1]


def test_the_hour_of_the_day_is_that_of_the_district() -> None:
    lon, lat = [116.80, 116.81], [35.5, 35.5]
    slow_at_eight = np.where(np.arange(24) == 8, 4.0, 1.0)[None]
    roads = RoadGraph(lon, lat, [0, 1], [1, 0], [100.0, 100.0], [0, 0], slow_at_eight)
    there = np.array([116.81]), np.array([35.5]), 116.80, 35.5
    shanghai = ByRoad(roads, zone=ZoneInfo("Asia/Shanghai"))
    assert shanghai.seconds(*there, datetime(2026, 5, 1, 0, 30, tzinfo=UTC)).tolist() == [400.0]
    assert shanghai.seconds(*there, datetime(2026, 5, 1, 8, 30, tzinfo=UTC)).tolist() == [100.0]
    assert shanghai.basis(116.8, 35.5, datetime(2026, 5, 1, 0, 30, tzinfo=UTC)).text() == "road, as at 8:00"


def test_a_unit_on_an_island_has_no_way_and_one_far_from_all_roads_goes_straight() -> None:
    # Nodes 0, 1 on the mainland; 2, 3 a street on an island 18 km east.
    lon, lat = [116.80, 116.81, 117.0, 117.001], [35.5] * 4
    roads = RoadGraph(lon, lat, [0, 1, 2], [1, 0, 3], [60.0, 60.0, 10.0])
    x, y = np.array([117.0, 116.9, 116.81]), np.array([35.5] * 3)
    found = ByRoad(roads).first(x, y, 116.80, 35.5, AT, [np.arange(3)], 3)
    [(units, seconds)] = found.groups
    assert units.tolist() == [2, 1]
    assert seconds.tolist() == [60.0, pytest.approx(float(haversine_m(116.9, 35.5, 116.8, 35.5)) / (30 / 3.6))]
    assert found.no_way.tolist() == [True, False, False]


def test_a_graph_without_roads_is_the_straight_line() -> None:
    empty = ByRoad(RoadGraph([], [], [], [], []), KMH)
    x, y = np.array([116.81, np.nan]), np.array([35.5, np.nan])
    assert empty.basis(116.8, 35.5, AT).key == "straight_no_roads_near"
    [(units, seconds)] = empty.first(x, y, 116.80, 35.5, AT, [np.arange(2)], 5).groups
    assert (units.tolist(), seconds.tolist()) == ([0], StraightLine(KMH).seconds(x, y, 116.8, 35.5, AT)[:1].tolist())


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, math.inf, math.nan]), max_size=30), st.integers(0, 9))
def test_the_smallest_are_those_of_sorting(seconds: list[float], k: int) -> None:
    numbers = np.arange(len(seconds))[::-1].copy()
    units, times = smallest(numbers, np.array(seconds, np.float64)[numbers], k)
    want = sorted((s, u) for u, s in enumerate(seconds) if math.isfinite(s))[:k]
    assert list(zip(times.tolist(), units.tolist(), strict=True)) == want
