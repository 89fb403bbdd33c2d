"""Whatever sources, terminals and people do: what a router has worked off, a fresh one leaves alone."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.casework import CaseClock
from data.clock import ManualClock
from data.errors import GridcommandError
from data.records import (
    EventPayload,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    UnitPayload,
    UnitStatus,
    UnitStatusPayload,
)
from data.settings import Settings
from data.sql_store import SqlStore
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher
from dispatch.router import AutoRouter

RUNS = count()
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["row dispatch", "row on_scene", "row closed", "row reopened", "terminal", "send", "recall", "file", "look"]
        ),
        st.sampled_from(["I1", "I2"]),
        st.sampled_from(list(UnitStatus)),
        st.sampled_from([1, 40, 300]),
    ),
    min_size=4,
    max_size=14,
)


class District:
    """Two emergencies, one engine, and a router, on a timeline of their own."""

    def __init__(self, store: SqlStore, clock: ManualClock) -> None:
        self.store, self.clock, self.timeline = store, clock, f"run-{next(RUNS)}"
        self.desk = Dispatcher(store, clock, self.timeline, shipped())
        self.opened = clock.now()
        self.times: dict[str, dict[str, datetime]] = {"I1": {}, "I2": {}}
        self.said = count()
        engine = UnitPayload(name="E1", unit_kind="fire_engine")
        self.store.append([Record(Kind.UNIT, "cad", "E1", self.opened, engine, timeline=self.timeline)])
        for id in self.times:
            self.row(id)
        self.router = self.fresh()

    def fresh(self) -> AutoRouter:
        return AutoRouter(self.store, self.clock, self.desk, Settings(), shipped().workflows, self.timeline)

    def row(self, id: str, **times: datetime) -> None:
        self.times[id].update(times)
        event = EventPayload(incident=id, category="0501", severity=2, times=self.times[id])
        self.store.append(
            [Record(Kind.EVENT, "119", id, self.opened, event, version=next(self.said), timeline=self.timeline)]
        )

    def act(self, what: str, id: str, status: UnitStatus) -> None:
        now = self.clock.now()
        if what == "row reopened":
            self.times[id].pop("closed", None)
            self.row(id)
        elif what.startswith("row "):
            self.row(id, **{what.removeprefix("row "): now})
        elif what == "terminal":
            payload = UnitStatusPayload(unit="E1", status=status, incident=id)
            self.store.append(
                [Record(Kind.UNIT_STATUS, "cad", f"t{next(self.said)}", now, payload, timeline=self.timeline)]
            )
        elif what == "send":
            self.desk.dispatch(id, ["E1"], actor="desk 1")
        elif what == "recall":
            self.desk.recall(id, ["E1"], actor="desk 1")
        elif what == "file":
            self.desk.file(id, actor="desk 1")
        else:
            work_off(self.router)

    def moves(self, id: str) -> list[str]:
        life = self.store.timeline_of(id, self.timeline)
        return [record.payload.move for record in life if isinstance(record.payload, IncidentMoved)]


def work_off(router: AutoRouter) -> None:
    router.look()
    while router.step():
        pass


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.fromisoformat("2026-05-04T04:00:00+00:00"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_a_fresh_router_finds_nothing_to_move_that_a_running_one_left(
    store: SqlStore, clock: ManualClock, acts: list[tuple[str, str, UnitStatus, int]]
) -> None:
    district = District(store, clock)
    for what, id, status, seconds in acts:
        with suppress(GridcommandError):
            district.act(what, id, status)
        clock.advance(seconds)
    work_off(district.router)
    head = store.head()
    work_off(district.fresh())
    left = [record.payload for record in store.read_after(head)]
    assert not left


def test_a_row_that_brings_the_arrival_of_a_known_case_is_followed(store: SqlStore, clock: ManualClock) -> None:
    district = District(store, clock)
    work_off(district.router)
    for name in ("dispatch", "on_scene"):
        clock.set(clock.now() + timedelta(minutes=3))
        district.act(f"row {name}", "I1", UnitStatus.AVAILABLE)
        work_off(district.router)
    row = store.incident("I1", district.timeline)
    assert row is not None
    assert row.case is not None
    assert (row.state, row.case.step) == (IncidentState.ON_SCENE, "on_scene")
    assert district.moves("I1") == ["file", "assign", "dispatch", "en_route", "arrive"]
    assert not [clock_.id for clock_ in row.case.clocks if clock_.runs], "turnout and travel are over"


def test_a_closing_that_its_source_takes_back_opens_the_case_again_once(store: SqlStore, clock: ManualClock) -> None:
    district = District(store, clock)
    work_off(district.router)
    clock.advance(20)
    district.act("send", "I1", UnitStatus.AVAILABLE)
    before = store.incident("I1", district.timeline)
    assert before is not None
    assert before.case is not None
    for what in ("row closed", "look", "row reopened", "look", "look"):
        clock.advance(10)
        district.act(what, "I1", UnitStatus.AVAILABLE)
    row = store.incident("I1", district.timeline)
    assert row is not None
    assert row.case is not None
    assert (row.closed_at, row.case.step, row.case.owner) == (None, before.case.step, before.case.owner)
    running = {clock_.id: (clock_.due, clock_.original) for clock_ in row.case.clocks if clock_.runs}
    assert running == {clock_.id: (clock_.due, clock_.original) for clock_ in before.case.clocks if clock_.runs}
    assert running, "a clock ran when the source closed it"
    assert district.moves("I1")[-2:] == ["source_closed", "source_reopened"]
    clock.advance(10)
    district.act("row closed", "I1", UnitStatus.AVAILABLE)
    work_off(district.router)
    row = store.incident("I1", district.timeline)
    assert row is not None
    assert row.closed_at == clock.now(), "closed anew, later: it holds"


def test_what_people_ended_stays_ended_though_its_source_says_it_is_open(store: SqlStore, clock: ManualClock) -> None:
    district = District(store, clock)
    work_off(district.router)
    district.desk.move("I1", "force_close", actor="desk 9", role="supervisor", reason="twice")
    for what in ("row closed", "row reopened"):
        clock.advance(10)
        district.act(what, "I1", UnitStatus.AVAILABLE)
        work_off(district.router)
    row = store.incident("I1", district.timeline)
    assert row is not None
    assert row.closed_at is not None
    assert district.moves("I1")[-1] == "force_close"


def test_a_suspension_that_a_closing_ended_holds_on_when_the_closing_is_taken_back(
    store: SqlStore, clock: ManualClock
) -> None:
    district = District(store, clock)
    district.desk.file("I1", actor="desk 9", role="district", workflow="grid-5", owner="city-management")
    district.desk.move("I1", "suspend", actor="desk 9", role="supervisor", reason="frost")
    left = {each.id: each.due - clock.now() for each in held(store, district)}
    for what in ("row closed", "look", "row reopened", "look"):
        clock.advance(300)
        district.act(what, "I1", UnitStatus.AVAILABLE)
    after = held(store, district)
    assert {each.id for each in after} == set(left)
    assert all(each.paused_at == clock.now() for each in after)
    assert all(each.due > clock.now() for each in after)


def held(store: SqlStore, district: District) -> list[CaseClock]:
    row = store.incident("I1", district.timeline)
    assert row is not None
    assert row.case is not None
    return [each for each in row.case.clocks if each.paused_at is not None]
