"""The simulated dispatch centre beside casework: what it leaves to the desks, and who says that a case is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from data.clock import ManualClock
from data.records import (
    EventPayload,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Record,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import Store
from feeds.demo.deeds import EMERGENCY
from feeds.demo.simulator import CASE_S, LEFT_TO_DESKS_S, Simulation
from feeds.demo.sources import BY_ID

START = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)


class Log:
    """As much of a store as the simulation reads when no desk sends anybody."""

    def head(self) -> int:
        return 0

    def timeline_of(self, incident: str, timeline: str = "live") -> list[Record]:
        return []


class World:
    """A simulation whose matters become cases as soon as they are reported, as the router makes them."""

    def __init__(self, *, filed: bool = True) -> None:
        self.clock, self.filed = ManualClock(START), filed
        self.simulation = Simulation(cast(Store, Log()), self.clock, cases={})
        self.events: list[Record] = []
        self.said: list[Record] = []

    def run(self, seconds: int, heard: Sequence[Record] = ()) -> list[Record]:
        out: list[Record] = []
        for _ in range(seconds):
            now = self.clock.advance(1).timestamp()
            self.simulation.step(now, heard)
            fresh = [r for source in BY_ID for r in self.simulation.take(source, now)]
            out += fresh
            new = [r for r in fresh if r.kind is Kind.EVENT and r.version == 0]
            heard = [self.moved(r.source_id, workflow_of(r)) for r in new] if self.filed else []
        self.said += out
        return out

    def moved(self, id: str, workflow: str, phase: IncidentState = IncidentState.OPEN) -> Record:
        payload = IncidentMoved(incident=id, move="file", workflow=workflow, step="s", phase=phase, actor="router")
        return Record(Kind.INCIDENT_MOVED, "desk", f"{id}-{phase}", self.clock.now(), payload)


def workflow_of(record: Record) -> str:
    return EMERGENCY if BY_ID[record.source].emergency else "grid-5"


def versions(records: Sequence[Record]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        if record.kind is Kind.EVENT:
            found.setdefault(record.source_id, []).append(record.version)
    return found


def test_no_source_closes_a_case_and_offices_cases_are_not_told_of_at_all() -> None:
    world = World()
    told = versions(world.run(3000))
    live = {id: said for id, said in told.items() if said[0] == 0}
    assert len(live) > 60
    assert all(3 not in said for said in live.values())
    offices = [said for id, said in live.items() if not BY_ID[id.split("-")[0]].emergency]
    assert offices
    assert all(said == [0] for said in offices)
    assert any(said == [0, 1, 2] for said in live.values())


def test_emergencies_are_left_to_the_desks_while_vehicles_are_short_and_helped_later() -> None:
    world = World()
    for mover in world.simulation.fleet.movers.values():
        if mover.vehicle.kind == "patrol_car":
            mover.status = UnitStatus.OUT_OF_SERVICE
    world.run(900)
    waiting = dict(world.simulation._waiting)
    left = [id for id, (since, kind) in waiting.items() if kind == "patrol_car"]
    assert left
    assert all(versions(world.said)[id] == [0] for id in left), "nobody was sent, and nobody says so"
    for mover in world.simulation.fleet.movers.values():
        if mover.vehicle.kind == "patrol_car":
            mover.status = UnitStatus.AVAILABLE
    later = world.run(round(LEFT_TO_DESKS_S) + 60)
    sent = {
        r.payload.incident: r.at
        for r in later
        if isinstance(r.payload, UnitStatusPayload) and r.payload.status is UnitStatus.DISPATCHED
    }
    assert set(left) <= set(sent)
    assert all(sent[id].timestamp() - waiting[id][0] >= LEFT_TO_DESKS_S for id in left)


def test_without_cases_the_source_goes_on_telling() -> None:
    world = World(filed=False)
    for mover in world.simulation.fleet.movers.values():
        mover.status = UnitStatus.OUT_OF_SERVICE
    world.run(3000)
    assert any(said == [0, 1, 2, 3] for said in versions(world.said).values())
    now = world.clock.now().timestamp()
    assert all(now - since <= CASE_S + 10 for since, _ in world.simulation._waiting.values())


def test_a_case_that_is_closed_frees_its_units() -> None:
    world = World()
    while not (busy := [m for m in world.simulation.fleet.movers.values() if m.status is UnitStatus.ON_SCENE]):
        world.run(60)
    mover, incident = busy[0], busy[0].incident
    assert incident is not None
    assert world.simulation.at_work(incident)
    over = world.run(1, [world.moved(incident, EMERGENCY, IncidentState.CLOSED)])
    assert mover.incident != incident
    assert not world.simulation.at_work(incident)
    later = [*over, *world.run(1200)]
    assert [r for r in later if isinstance(r.payload, EventPayload) and r.payload.incident == incident] == []


def test_a_unit_that_is_called_back_turns_round() -> None:
    world = World()
    while not (busy := [m for m in world.simulation.fleet.movers.values() if m.status is UnitStatus.EN_ROUTE]):
        world.run(10)
    mover = busy[0]
    assert mover.incident is not None
    recall = IncidentRecalled(incident=mover.incident, units=(mover.vehicle.id,), actor="坐席 1")
    world.run(1, [Record(Kind.INCIDENT_RECALLED, "desk", "r1", world.clock.now(), recall)])
    assert mover.status is UnitStatus.AVAILABLE
    assert mover.incident is None
