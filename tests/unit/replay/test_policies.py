"""Crews, roads and draws: what a simulated exercise is made of."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from shapely.geometry import box

from data.errors import BadInput
from dispatch.book import shipped
from dispatch.travel import ByRoad, StraightLine
from geo.roads import RoadGraph
from replay.fork_original import Matter, Sent
from replay.policies import NONE, POLICIES, ROAD, STRAIGHT, Nearest, policy
from replay.policies_agenda import Agenda
from replay.policies_draws import SCENE, TURNOUT, Draws, Span
from replay.policies_forks import First
from replay.policies_roads import CRAWL_MS, Roads, Trip
from replay.scenario import SceneTime
from tests.unit.replay.exercise_world import region, roads

WEST, EAST = (120.005, 33.003), (120.031, 33.003)


def test_draws_depend_on_the_seed_and_the_name_and_not_on_their_order() -> None:
    a, b = Draws(7), Draws(7)
    first = [a.seconds(TURNOUT, "t", str(n)) for n in range(50)]
    again = [b.seconds(TURNOUT, "t", str(n)) for n in reversed(range(50))][::-1]
    assert first == again
    assert first != [Draws(8).seconds(TURNOUT, "t", str(n)) for n in range(50)]
    assert all(isinstance(s, int) and s >= 1 for s in first)


def test_draws_have_the_median_and_the_ninetieth_percentile_they_are_given() -> None:
    drawn = np.array([Draws(1).seconds(Span(600, 1200), "x", str(n)) for n in range(4000)])
    assert np.median(drawn) == pytest.approx(600, rel=0.05)
    assert np.percentile(drawn, 90) == pytest.approx(1200, rel=0.05)
    assert drawn.max() <= 3600


def test_a_scenarios_own_scene_times_stand_before_the_general_ones() -> None:
    from datetime import timedelta

    own = Draws(1, [SceneTime(("05",), timedelta(minutes=5), timedelta(minutes=6))])
    assert max(own.scene("0501", str(n)) for n in range(200)) < 600 < Draws(1).scene("0501", "a")
    assert own.scene("99", "a") == Draws(1).scene("99", "a") == Draws(1).seconds(SCENE, "scene", "a")


def test_the_agenda_goes_by_time_and_of_one_moment_by_order() -> None:
    agenda, done = Agenda(100), []
    for at, name in ((5, "b"), (3, "a"), (5, "c"), (0, "now")):
        agenda.after(at, lambda name=name: done.append((agenda.now, name)))
    agenda.at(7, lambda: done.append((agenda.now, "late")))  # long past
    while agenda.next is not None:
        agenda.pop()[0]()
    assert done == [(100, "now"), (100, "late"), (103, "a"), (105, "b"), (105, "c")]


def test_a_trip_follows_the_roads_and_takes_their_times() -> None:
    graph = roads()
    trip = Roads(graph).trip(WEST, EAST, 8)
    a, b = int(graph.snap(*WEST)), int(graph.snap(*EAST))
    assert trip.seconds == pytest.approx(graph.travel_seconds(a)[b], abs=1)  # both stand on a junction
    assert trip.lonlat[:, 1].max() == pytest.approx(33.019)  # over the bridge in the north
    assert trip.place(0) == WEST
    assert trip.place(10_000) == EAST
    half = trip.place(trip.seconds / 2)
    assert min(np.hypot(graph.lon - half[0], graph.lat - half[1])) < 0.002  # on a street


def test_places_on_a_trip_are_those_between_its_points() -> None:
    trip = Roads(roads()).trip(WEST, EAST, 8)
    stands = Trip(trip.lonlat, np.full(len(trip.at), 30.0))  # recorded times may leave nothing for the way
    for seconds in np.random.default_rng(3).uniform(-10, trip.seconds + 10, 200).tolist() + trip.at.tolist():
        for each in (trip, stands):
            slow = [round(float(np.interp(seconds, each.at, each.lonlat[:, k])), 6) for k in (0, 1)]
            assert list(each.place(seconds)) == slow


def test_who_alone_is_free_goes_from_anywhere_but_where_no_road_leads() -> None:
    graph, now = roads(), datetime(2026, 5, 1, tzinfo=UTC)
    apart = RoadGraph(
        np.append(graph.lon, [121.0, 121.01]), np.append(graph.lat, [33.0, 33.0]), graph.start, graph.end, graph.seconds
    )  # an island's two junctions, from which nothing leads anywhere
    sent = Sent(incident="i", unit="", kind="car", at=0, moving=None, there=None, free=None)
    matter = Matter("i", 0, "01", 3, "calls", None, *EAST)
    for travel in (StraightLine(), ByRoad(graph), ByRoad(apart)):
        first = First(lambda travel=travel: travel)
        for place in (WEST, (120.3, 33.3), (121.0, 33.0)):
            able = [("u", place)]
            lon, lat = np.array([place]).T
            found = travel.first(lon, lat, *EAST, now, [np.arange(1)], 1).groups[0][0]
            assert first.choose(sent, matter, able, now) == ("u" if len(found) else None)
    assert First(lambda: ByRoad(apart)).choose(sent, matter, [("u", (121.0, 33.0))], now) is None


def test_a_block_costs_a_walk_and_is_lifted_again() -> None:
    here = Roads(roads())
    free = here.trip(WEST, EAST, 8)
    touched = here.block_round("b", 120.020, 33.019, 150)
    assert not free.edges.isdisjoint(touched)
    blocked = here.trip(WEST, EAST, 8)
    assert blocked.seconds > free.seconds + 150 / CRAWL_MS / 2
    assert here.free("b") == touched
    assert here.trip(WEST, EAST, 8).seconds == free.seconds


def test_who_can_goes_round_a_block() -> None:
    here = Roads(roads())
    start, goal = (120.003, 33.009), (120.011, 33.009)
    free = here.trip(start, goal, 8)
    here.block_area("flood", box(120.006, 33.0085, 120.008, 33.0095))
    round_it = here.trip(start, goal, 8)
    assert free.seconds < round_it.seconds < free.seconds + 200
    assert round_it.edges.isdisjoint(here.block_area("flood", box(120.006, 33.0085, 120.008, 33.0095)))


def test_without_roads_everybody_goes_straight_and_walkers_always_do() -> None:
    straight = Roads(None).trip(WEST, EAST, 8)
    assert len(straight.lonlat) == 2
    assert Roads(None).block_round("b", *WEST, 100) == frozenset()
    walked = Roads(roads()).trip(WEST, (120.007, 33.003), 8, walk_ms=5 / 3.6)
    assert walked.seconds == pytest.approx(186.5 / (5 / 3.6), rel=0.02)


def test_policies_are_those_that_are_named() -> None:
    assert policy(NONE, shipped().skills, region(), "UTC") is None
    for name, kind in ((ROAD, ByRoad), (STRAIGHT, StraightLine)):
        found = policy(name, shipped().skills, region(), "UTC")
        assert isinstance(found, Nearest)
        assert isinstance(found.travel(roads()), kind)
    with pytest.raises(BadInput, match="expected one of nearest-by-road"):
        policy("as-i-like", shipped().skills, region(), "UTC")
    assert set(POLICIES) == {ROAD, STRAIGHT, NONE}
