"""The road graph: one-way streets, parallel edges, dead ends."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.roads import RoadGraph

LON, LAT = [0.0, 0.01, 0.02, 0.03], [0.0, 0.0, 0.0, 0.0]


def line() -> RoadGraph:
    """0 <-> 1 <-> 2 and a one-way dead end 2 -> 3."""
    return RoadGraph(LON, LAT, [0, 1, 1, 2, 2], [1, 0, 2, 1, 3], [10, 10, 10, 10, 5])


def test_a_route_goes_node_by_node_and_costs_its_edges() -> None:
    graph = line()
    assert graph.route(0, 3).tolist() == [0, 1, 2, 3]
    assert graph.travel_seconds(0).tolist() == [0, 10, 20, 25]


def test_a_one_way_street_has_no_way_back() -> None:
    graph = line()
    assert graph.route(3, 0).size == 0
    assert graph.travel_seconds(3).tolist() == [np.inf, np.inf, np.inf, 0]
    assert graph.travel_seconds(3, towards=True).tolist() == [25, 15, 5, 0]


def test_a_route_to_where_one_is_has_one_node() -> None:
    assert line().route(2, 2).tolist() == [2]


def test_the_fastest_of_parallel_edges_counts() -> None:
    graph = RoadGraph(LON[:2], LAT[:2], [0, 0, 0, 1], [1, 1, 1, 0], [30, 7, 12, 9])
    assert graph.travel_seconds(0)[1] == 7
    assert graph.edges == 2


def test_points_snap_to_the_nearest_node_that_can_be_left_again() -> None:
    graph = line()
    assert graph.core.tolist() == [0, 1, 2]
    assert graph.snap([0.0101, 0.5], [0.001, 0.0]).tolist() == [1, 2]
    assert int(graph.snap(0.0001, 0.0)) == 0


@pytest.mark.parametrize(
    ("start", "end", "seconds", "said"),
    [
        ([0], [4], [1.0], "outside"),
        ([-1], [0], [1.0], "outside"),
        ([0], [1], [0.0], "edge 0"),
        ([0], [1], [np.nan], "edge 0"),
        ([0, 1], [1], [1.0], "equal lengths"),
    ],
)
def test_edges_that_cannot_be_are_refused(start: list[int], end: list[int], seconds: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RoadGraph(LON, LAT, start, end, seconds)


def test_an_empty_graph_is_valid_and_snaps_nothing() -> None:
    graph = RoadGraph([], [], [], [], [])
    assert (graph.nodes, graph.edges) == (0, 0)
    with pytest.raises(ValueError, match="no nodes"):
        graph.snap(0.0, 0.0)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_routes_cost_what_travel_seconds_says_and_no_shortcut_is_missed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 12, 40
    start, end, cost = rng.integers(0, n, m), rng.integers(0, n, m), rng.integers(1, 50, m).astype(float)
    graph = RoadGraph(rng.uniform(0, 1, n), rng.uniform(0, 1, n), start, end, cost)
    best = np.full((n, n), np.inf)
    np.fill_diagonal(best, 0)
    for a, b, c in zip(start, end, cost, strict=True):
        best[a, b] = min(best[a, b], c)
    edge = best.copy()
    for k in range(n):  # Floyd-Warshall
        best = np.minimum(best, best[:, k, None] + best[None, k, :])
    for a in range(n):
        np.testing.assert_array_equal(graph.travel_seconds(a), best[a])
        for b in range(n):
            way = graph.route(a, b)
            if np.isinf(best[a, b]):
                assert way.size == 0
            else:
                assert sum(edge[p, q] for p, q in pairwise(way)) == best[a, b]
