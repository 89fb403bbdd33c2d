"""Nearest units by road, what is in reach, times of the day: against SciPy on random graphs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo import roads_search
from geo.distance import haversine_m
from geo.kernels import warm
from geo.roads import RoadGraph
from geo.roads_units import UnitsOnRoads


@pytest.fixture(params=["plain", "compiled"], scope="module", autouse=True)
def loops(request):
    """Every test runs with SciPy and with the compiled searches."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setattr(roads_search._fast, "module", None)
        else:
            assert warm.wait(300)
        yield request.param


def dice_graph(seed: int, n: int = 30, m: int = 70) -> tuple[RoadGraph, csr_array]:
    """A graph with one-way streets, islands, parallel edges and equal times, and its matrix."""
    dice = np.random.default_rng(seed)
    start, end = dice.integers(0, n, m), dice.integers(0, n, m)
    cost = dice.integers(1, 6, m) * dice.choice([1.0, 1.1, 60.0], m)
    order = np.argsort(-cost)  # of parallel ones the last written, the fastest, stays
    dense = np.zeros((n, n))
    dense[start[order], end[order]] = cost[order]
    return RoadGraph(dice.uniform(0, 0.1, n), dice.uniform(0, 0.1, n), start, end, cost), csr_array(dense)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_the_nearest_units_are_those_scipy_finds(seed, k):
    graph, matrix = dice_graph(seed)
    dice = np.random.default_rng(seed + 1)
    size = 25
    units = UnitsOnRoads(graph, size)
    node = np.full(size, -1)
    extra = np.zeros(size)
    for _ in range(4):  # they move, several onto one node, some to nowhere
        some = dice.choice(size, 12, replace=False)
        node[some] = dice.integers(-1, graph.nodes, 12)
        extra[some] = dice.choice([0.0, 0.0, 3.5], 12)
        units.put(some, node[some], extra[some])
    units.available[:] = dice.random(size) < 0.7
    goal = int(dice.integers(graph.nodes))
    seconds = dijkstra(matrix.T.tocsr(), indices=goal)
    able = [u for u in range(size) if units.available[u] and node[u] >= 0 and np.isfinite(seconds[node[u]])]
    able.sort(key=lambda u: (seconds[node[u]] + extra[u], u))
    found, times = units.nearest_to(goal, k)
    np.testing.assert_allclose(times, [seconds[node[u]] + extra[u] for u in able[:k]], rtol=0, atol=1e-9)
    assert found.tolist() == able[:k]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 200))
def test_what_is_in_reach_is_what_scipy_finds(seed, limit):
    graph, matrix = dice_graph(seed)
    node = seed % graph.nodes
    for towards, edges in ((False, matrix), (True, matrix.T.tocsr())):
        seconds = dijkstra(edges, indices=node)
        found, times = graph.within(node, limit, towards=towards)
        assert found.tolist() == np.flatnonzero(seconds <= limit).tolist()
        np.testing.assert_allclose(times, seconds[found], rtol=0, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_route_is_as_fast_as_scipy_says(seed):
    graph, matrix = dice_graph(seed)
    a, b = np.random.default_rng(seed).integers(0, graph.nodes, 2).tolist()
    best = dijkstra(matrix, indices=a)[b]
    way = graph.route(a, b)
    if np.isinf(best):
        assert not len(way)
        assert graph.route_line(a, b).shape == (0, 2)
    else:
        assert (way[0], way[-1]) == (a, b)
        assert sum(matrix[p, q] for p, q in pairwise(way.tolist())) == pytest.approx(best, abs=1e-9)
        assert graph.route_line(a, b).tolist() == [[graph.lon[n], graph.lat[n]] for n in way]


def street() -> RoadGraph:
    """0 - 1 - 2 - 3 eastwards, 100 s each, both ways, the last one eastwards only, with a rush hour at 8."""
    lon = [121.0, 121.01, 121.02, 121.03]
    rush = np.ones((1, 24))
    rush[0, 8] = 3.0
    return RoadGraph(
        lon, [31.0] * 4, [0, 1, 1, 2, 2], [1, 0, 2, 1, 3], [100.0] * 5, profile=[0, 0, -1, -1, -1], profiles=rush
    )


def test_an_hour_of_the_day_has_its_own_times():
    graph = street()
    assert graph.at(7).travel_seconds(0).tolist() == [0, 100, 200, 300]
    assert graph.at(8).travel_seconds(0).tolist() == [0, 300, 400, 500]
    assert graph.at(8) is graph.at(8)
    assert graph.at(8).snap(121.0101, 31.0).tolist() == 1
    with pytest.raises(ValueError, match="hour 24; expected 0 to 23"):
        graph.at(24)
    flat = RoadGraph([0.0], [0.0], [], [], [])
    assert flat.at(3) is flat


@pytest.mark.parametrize(
    ("profile", "profiles", "said"),
    [([0], np.zeros((1, 24)), "positive factors"), ([0], np.ones((1, 23)), "24"), ([1], np.ones((1, 24)), "-1 to 0")],
)
def test_profiles_that_cannot_be_are_refused(profile, profiles, said):
    with pytest.raises(ValueError, match=said):
        RoadGraph([0.0, 1.0], [0.0, 0.0], [0], [1], [1.0], profile, profiles)


def test_units_drive_from_their_junction_and_reach_it_in_a_straight_line():
    graph = street()
    units = UnitsOnRoads(graph, 4, kmh=36.0)  # 10 m/s
    units.move([0, 1, 2], [121.0, 121.02, 121.02], [31.001, 31.0, 31.0])
    units.available[2] = False
    found, seconds = units.nearest(121.01, 31.0, 5)
    off = float(haversine_m(121.0, 31.001, 121.0, 31.0)) / 10
    assert found.tolist() == [1, 0]  # 2 cannot be sent, 3 is nowhere
    np.testing.assert_allclose(seconds, [100, 100 + off], rtol=0, atol=1e-9)
    units.move(0, np.nan, np.nan)
    assert units.nearest(121.01, 31.0, 5)[0].tolist() == [1]
    assert units.nearest(121.01, 31.0, 0)[0].tolist() == []


def test_a_unit_that_has_no_way_to_the_place_is_not_among_the_nearest():
    graph = street()
    units = UnitsOnRoads(graph, 2)
    units.put([0, 1], [3, 0])  # 3 cannot be left again
    assert units.nearest_to(1, 2)[0].tolist() == [1]


def test_a_unit_stands_on_a_node_that_is_there():
    units = UnitsOnRoads(street(), 2)
    with pytest.raises(ValueError, match=r"outside -1..3"):
        units.put(0, 4)
    with pytest.raises(ValueError, match="0 seconds or more"):
        units.put(0, 1, -1.0)


def test_an_isochrone_holds_the_roads_within_the_limit_and_ends_where_time_is_up():
    graph = street()
    reached = graph.isochrone(121.0, 31.0, 150.0, width_m=20.0)
    assert reached.is_valid
    assert shapely.contains_xy(reached, 121.0149, 31.0)
    assert not shapely.contains_xy(reached, 121.0155, 31.0)
    assert shapely.contains_xy(reached, 121.005, 31.0001)
    assert not shapely.contains_xy(reached, 121.005, 31.0003)
    whence = graph.isochrone(121.02, 31.0, 50.0, towards=True, width_m=20.0)
    assert shapely.contains_xy(whence, 121.0151, 31.0)
    assert not shapely.contains_xy(whence, 121.025, 31.0)  # that way leads away
    assert not graph.isochrone(121.0, 31.0, 0.0).is_empty


def test_nodes_that_are_not_there_are_refused():
    graph = street()
    for ask in (graph.travel_seconds, lambda n: graph.within(n, 1.0), lambda n: graph.route(0, n)):
        with pytest.raises(ValueError, match="node 4; expected 0 to 3"):
            ask(4)
