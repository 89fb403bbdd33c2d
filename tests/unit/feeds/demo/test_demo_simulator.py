"""The live district, stepped by hand: no sleeping, no store but a small fake of the log."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from data.clock import ManualClock
from data.codec import check
from data.records import (
    EventPayload,
    IncidentClosed,
    IncidentDispatched,
    Kind,
    Record,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import Store
from feeds.demo.district import SEED, draw_district
from feeds.demo.fleet import Fleet
from feeds.demo.history import history
from feeds.demo.plane import to_metres
from feeds.demo.resources import vehicles
from feeds.demo.simulator import DemoFeed, Simulation, demo_feeds
from feeds.demo.sources import BY_ID, SOURCES, TERMINALS
from feeds.demo.spells import silent_terminals, water_is_quiet
from feeds.runner import Runner

START = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)


class Log:
    """A log in memory: what the simulator needs of a store."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def head(self) -> int:
        return len(self.records)

    def read_after(self, seq: int, *, limit: int = 10_000, timeline: str | None = None) -> list[Record]:
        return self.records[seq : seq + limit]

    def timeline_of(self, incident: str, timeline: str = "live") -> list[Record]:
        return [r for r in self.records if isinstance(r.payload, EventPayload) and r.payload.incident == incident]

    def append(self, records: Iterable[Record]) -> None:
        self.records += records


class World:
    """A simulation with its clock and its log."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.log = Log()
        self.simulation = Simulation(cast(Store, self.log), self.clock)
        self.taken: list[Record] = []

    def run(self, seconds: int, heard: Sequence[Record] = ()) -> list[Record]:
        """Step second by second; returns what all feeds handed over."""
        out: list[Record] = []
        for _ in range(seconds):
            now = self.clock.advance(1).timestamp()
            self.simulation.step(now, heard)
            heard = ()
            for source in BY_ID:
                out += self.simulation.take(source, now)
        self.taken += out
        return out

    def say(self, kind: Kind, payload: object) -> Record:
        return Record(kind, "desk", f"d-{len(self.taken)}-{kind}", self.clock.now(), payload)  # type: ignore[arg-type]


def statuses(records: Iterable[Record], unit: str) -> list[UnitStatus]:
    return [r.payload.status for r in records if isinstance(r.payload, UnitStatusPayload) and r.payload.unit == unit]


@pytest.fixture(scope="module")
def quarter() -> tuple[World, list[Record]]:
    world = World()
    return world, world.run(900)


def test_all_that_is_said_can_be_stored_and_is_said_once(quarter: tuple[World, list[Record]]) -> None:
    _, records = quarter
    for record in records:
        check(record)
    keys = Counter((r.source, r.source_id, r.version) for r in records)
    assert max(keys.values()) == 1


def test_a_viewer_sees_life(quarter: tuple[World, list[Record]]) -> None:
    _, records = quarter
    new = [r for r in records if r.kind is Kind.EVENT and r.version == 0]
    assert 2 <= len(new) / 15 <= 8
    assert Counter(r.kind for r in records)[Kind.SITE_STATUS] > 15
    fixes = Counter(r.payload.unit for r in records if isinstance(r.payload, UnitPosition) and r.source == "gps")
    assert len(fixes) == 80
    assert max(fixes.values()) > 900 / 5
    assert min(fixes.values()) >= 900 / 60


def test_the_live_events_are_those_that_the_history_will_tell(quarter: tuple[World, list[Record]]) -> None:
    world, records = quarter
    live = {r.source_id for r in records if r.kind is Kind.EVENT and r.version == 0}
    told = {r.source_id for r in history(SEED, START, world.clock.now())}
    held = {r.source_id for r in world.simulation._out["water"]}
    assert live | held == told


def test_grid_terminals_are_heard_from_within_their_rhythm_except_the_silent(
    quarter: tuple[World, list[Record]],
) -> None:
    _, records = quarter
    last: dict[str, datetime] = {}
    for record in records:
        if isinstance(record.payload, UnitPosition) and record.source == "grid":
            last[record.payload.unit] = record.at
    end = START + timedelta(seconds=900)
    quiet = [u for u, at in last.items() if end - at > timedelta(seconds=125)]
    silent = silent_terminals(SEED, end.timestamp())
    assert len(last) + len(silent) >= 925
    assert len(quiet) <= len(silent)
    assert 3 <= len(silent) <= 25


def test_vehicles_keep_to_the_roads_and_to_speeds(quarter: tuple[World, list[Record]]) -> None:
    _, records = quarter
    nodes = draw_district().streets.nodes
    track: dict[str, list[tuple[datetime, np.ndarray]]] = {}
    for record in records:
        if isinstance(record.payload, UnitPosition) and record.source == "gps":
            xy = to_metres(np.array([record.lon, record.lat]))
            track.setdefault(record.payload.unit, []).append((record.at, xy))
            assert np.hypot(*(nodes - xy).T).min() < 1500
            assert (record.payload.speed_kmh or 0) <= 150
    for fixes in track.values():
        for (t0, a), (t1, b) in pairwise(fixes):
            seconds = (t1 - t0).total_seconds()
            assert np.hypot(*(b - a)) <= max(seconds, 1) * 45  # m/s, 160 km/h


def test_a_unit_sent_by_a_desk_drives_there_works_and_is_free_again() -> None:
    world = World()
    event = Record(
        Kind.EVENT, "desk", "X-1", START, EventPayload(category="0402", incident="X-1", title="t"), 120.66, 33.04
    )
    world.log.append([event])
    order = IncidentDispatched(incident="X-1", units=("P20",), actor="desk:1")
    first = world.run(1, [world.say(Kind.INCIDENT_DISPATCHED, order)])
    assert statuses(first, "P20") == []
    there: list[Record] = []
    while UnitStatus.AVAILABLE not in statuses(there, "P20"):
        there += world.run(60)
        assert world.clock.now() < START + timedelta(hours=2)
    assert statuses(there, "P20")[:4] == [
        UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE, UnitStatus.LEAVING, UnitStatus.AVAILABLE,
    ]  # fmt: skip
    arrived = next(
        r.at for r in there
        if isinstance(r.payload, UnitStatusPayload) and r.payload.unit == "P20"
        and r.payload.status is UnitStatus.ON_SCENE
    )  # fmt: skip
    at_scene = next(
        r for r in there if isinstance(r.payload, UnitPosition) and r.payload.unit == "P20" and r.at >= arrived
    )  # fmt: skip
    gap = to_metres(np.array([at_scene.lon, at_scene.lat])) - to_metres(np.array([120.66, 33.04]))
    assert np.hypot(*gap) < 15


def test_a_grid_worker_sent_by_a_desk_goes_there_too() -> None:
    world = World()
    worker = world.simulation.workers.all[400]
    event = Record(
        Kind.EVENT, "desk", "X-2", START, EventPayload(category="0101", incident="X-2"), worker.lon, worker.lat
    )
    world.log.append([event])
    order = IncidentDispatched(incident="X-2", units=(worker.id,), actor="desk:1")
    seen = world.run(1, [world.say(Kind.INCIDENT_DISPATCHED, order)])
    while UnitStatus.AVAILABLE not in statuses(seen, worker.id):
        seen += world.run(60)
        assert world.clock.now() < START + timedelta(hours=2)
    assert statuses(seen, worker.id)[:2] == [UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE]
    assert worker.id not in world.simulation.fleet.movers


def test_a_desks_close_frees_the_unit_and_its_source_says_no_more() -> None:
    world = World()
    while not (busy := [m for m in world.simulation.fleet.movers.values() if m.status is UnitStatus.ON_SCENE]):
        world.run(60)
    mover, incident = busy[0], busy[0].incident
    assert incident is not None
    closed = world.say(Kind.INCIDENT_CLOSED, IncidentClosed(incident=incident, actor="desk:1"))
    later = world.run(1500, [closed])
    assert mover.incident != incident
    assert [r for r in later if isinstance(r.payload, EventPayload) and r.payload.incident == incident] == []


def test_a_unit_taken_out_of_service_stays_where_it_is() -> None:
    world = World()
    world.run(120)
    out = UnitStatusPayload(unit="P03", status=UnitStatus.OUT_OF_SERVICE, actor="desk:1")
    seen = world.run(600, [world.say(Kind.UNIT_STATUS, out)])
    places = {(r.lon, r.lat) for r in seen if isinstance(r.payload, UnitPosition) and r.payload.unit == "P03"}
    assert len(places) == 1
    assert statuses(seen, "P03") == []


def test_urgent_matters_are_answered_and_closed_by_their_source() -> None:
    world = World()
    seen = world.run(2400)
    sent = {
        r.payload.incident
        for r in seen
        if isinstance(r.payload, UnitStatusPayload) and r.payload.status is UnitStatus.DISPATCHED
    }
    assert len(sent) > 10
    versions: dict[str, list[int]] = {}
    for record in seen:
        if record.kind is Kind.EVENT and record.source_id in sent:
            versions.setdefault(record.source_id, []).append(record.version)
    assert all(v == list(range(len(v))) for v in versions.values())
    done = [id for id, v in versions.items() if v == [0, 1, 2, 3]]
    assert len(done) > 5
    closing = [r for r in seen if r.source_id in done and r.version == 3]
    assert all(isinstance(r.payload, EventPayload) and "closed" in r.payload.times for r in closing)
    busy = [m for m in world.simulation.fleet.movers.values() if m.status is not UnitStatus.AVAILABLE]
    assert 3 < len(busy) < 60


def test_the_water_feed_falls_quiet_now_and_then() -> None:
    moments = START.timestamp() + np.arange(0, 86_400, 10)
    quiet = np.array([water_is_quiet(SEED, t) for t in moments.tolist()])
    assert 0.1 < quiet.mean() < 0.4
    spells = np.diff(np.flatnonzero(np.diff(quiet.astype(int)))) * 10
    rhythm = BY_ID["water"].rhythm_s
    assert spells[0::2].max() > 2 * rhythm


def test_the_same_orders_at_the_same_time_give_the_same_drive() -> None:
    def drive() -> list[tuple[float, float]]:
        fleet = Fleet(draw_district(), vehicles(SEED), np.random.default_rng(5))
        mover = fleet.movers["F01"]
        fleet.send(mover, "I", (4000.0, 3000.0), 300, 0.0)
        for t in range(600):
            list(fleet.step(float(t)))
        return [(m.x, m.y) for m in fleet.movers.values()]

    assert drive() == drive()


def test_two_worlds_at_the_same_time_say_the_same() -> None:
    assert World().run(120) == World().run(120)


async def test_the_feeds_run_hand_over_and_stop() -> None:
    clock, log = ManualClock(START), Log()
    simulation = Simulation(cast(Store, log), clock)
    rounds = 0

    async def pause(seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        clock.advance(seconds)
        if rounds > 40:
            raise asyncio.CancelledError
        await asyncio.sleep(0)

    class Intake:
        async def submit(self, records: Sequence[Record]) -> int:
            log.append(records)
            return len(records)

    feed = DemoFeed(BY_ID["grid"], simulation, pause=pause)
    with pytest.raises(asyncio.CancelledError):
        await feed.run(Intake())
    assert {r.source for r in log.records} == {"grid"}
    assert len({r.payload.unit for r in log.records if isinstance(r.payload, UnitPosition)}) > 900


def test_the_feeds_fit_the_runner_and_name_their_rhythm() -> None:
    clock, log = ManualClock(START), Log()
    feeds = demo_feeds(cast(Store, log), clock)
    assert [f.name for f in feeds] == [s.id for s in (*SOURCES, *TERMINALS)]
    assert all(f.payload.simulated and f.payload.rhythm_s == f.rhythm_s for f in feeds)
    Runner(feeds, lambda records: None, cast(Store, log), clock)  # type: ignore[arg-type, return-value]
