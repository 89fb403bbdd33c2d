"""The router with the real dispatcher, workflows and table: feeds' incidents become cases, and cases follow units."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from data.casework import Case
from data.clock import ManualClock
from data.errors import Refused
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
from dispatch.dispatcher import Dispatcher
from dispatch.rejections import counts, entries, propose_rule
from dispatch.router import ACTOR, AutoRouter
from dispatch.routing import TRIAGE, why_in

NOW = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)  # a Monday, noon in Shanghai


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def router(store: SqlStore, clock: ManualClock) -> AutoRouter:
    desk = Dispatcher(store, clock)
    return AutoRouter(store, clock, desk, Settings(route_per_s=1000, silence_poll_s=0.2), desk.book.workflows)


def event(id: str, category: str, source: str, severity: int, **times: datetime) -> Record:
    payload = EventPayload(category=category, incident=id, severity=severity, times=times)
    return Record(Kind.EVENT, source, id, NOW - timedelta(minutes=2), payload)


def work_off(one: AutoRouter) -> None:
    one.look()
    while one.step():
        pass


def moves(store: SqlStore, incident: str) -> list[IncidentMoved]:
    return [r.payload for r in store.timeline_of(incident) if isinstance(r.payload, IncidentMoved)]


def test_a_hotline_ticket_is_filed_and_assigned_to_its_department(store: SqlStore, clock: ManualClock) -> None:
    store.append([event("T1", "0203", "hotline", 4)])
    work_off(router(store, clock))
    filed, assigned = moves(store, "T1")
    assert (filed.move, filed.owner, filed.workflow, filed.actor) == ("file", TRIAGE, "hotline-6", ACTOR)
    assert (assigned.move, assigned.owner, assigned.rule) == ("assign", "municipal-works", "municipal-1")
    assert (
        why_in(assigned.why, "en") == "rule municipal-1 (Municipal facilities): category 02* -> Municipal works centre"
    )
    assert "市政设施管理中心" in why_in(assigned.why, "zh")
    row = store.incident("T1")
    assert row is not None
    assert row.case is not None
    assert row.case.owner == "municipal-works"
    assert row.case.next_due() is not None, "its clock runs"


def test_a_fire_waits_in_triage_with_its_owner_proposed(store: SqlStore, clock: ManualClock) -> None:
    store.append([event("F1", "0501", "119", 1)])
    work_off(router(store, clock))
    (filed,) = moves(store, "F1")
    assert (filed.owner, filed.workflow, filed.rule) == (TRIAGE, "emergency", "fire-1")
    assert "proposed Fire and rescue" in filed.why


def test_what_no_rule_takes_waits_in_triage(store: SqlStore, clock: ManualClock) -> None:
    store.append([event("X1", "Structure Fire", "elsewhere", 2)])
    work_off(router(store, clock))
    (filed,) = moves(store, "X1")
    assert (filed.owner, filed.rule) == (TRIAGE, "")
    assert "no rule" in filed.why


def test_an_adopted_rule_holds_for_what_comes_after_it(store: SqlStore, clock: ManualClock) -> None:
    desk = Dispatcher(store, clock)
    one = router(store, clock)
    store.append([event("T1", "0203", "hotline", 4)])
    work_off(one)
    clock.advance(60)
    desk.adopt_rule("lamps", actor="district desk", role="district", owner="city-management", category="0203")
    store.append([event("T2", "0203", "hotline", 4)])
    work_off(one)
    assert [moves(store, id)[-1].owner for id in ("T1", "T2")] == ["municipal-works", "city-management"]
    assert moves(store, "T2")[-1].rule == "lamps"


def test_the_third_return_goes_to_the_district_and_its_clock_runs_on(store: SqlStore, clock: ManualClock) -> None:
    """The whole way of the ledger: three returns, a decision that binds, a rule made of it, the next case by that."""
    desk = Dispatcher(store, clock)
    store.append([event("T1", "0203", "hotline", 4)])
    work_off(router(store, clock))
    before = case_of(store, "T1").next_due()
    assert before is not None
    for n, owner in enumerate(("municipal-works", "housing", "street"), start=1):
        clock.advance(600)
        if n > 1:
            desk.move("T1", "assign", actor="desk 1", role="dispatcher", owner=owner)
        desk.move("T1", "return", actor=f"{owner} desk", role="owner", reason="not ours")
    case = case_of(store, "T1")
    assert case.owner == "district"
    assert [r.owner for r in case.returns] == ["municipal-works", "housing", "street"]
    after = case.clock(before.id)
    assert after is not None
    assert (after.due, after.original, after.paused_at) == (before.due, before.original, None)
    row = store.incident("T1")
    assert row is not None
    assert counts(entries([row])).by_reason == (("not ours", 3),)

    with pytest.raises(Refused):
        desk.move("T1", "assign", actor="desk 1", role="dispatcher", owner="municipal-works")
    desk.move("T1", "assign", actor="district desk", role="district", owner="street")
    rule = propose_rule(row, "street", "district desk")
    desk.adopt_rule("decision-T1", actor="district desk", role="district", owner=rule.owner, category=rule.category)
    store.append([event("T2", "0203", "hotline", 4)])
    work_off(router(store, clock))
    assert moves(store, "T2")[-1].rule == "decision-T1"


def case_of(store: SqlStore, incident: str) -> Case:
    row = store.incident(incident)
    assert row is not None
    assert row.case is not None
    return row.case


def test_a_case_follows_its_units_terminals_and_its_source(store: SqlStore, clock: ManualClock) -> None:
    store.append([Record(Kind.UNIT, "roster", "E1", NOW, UnitPayload(name="E1", unit_kind="fire_engine"))])
    store.append([event("F1", "0501", "119", 1)])
    one = router(store, clock)
    work_off(one)
    clock.advance(20)
    Dispatcher(store, clock).dispatch("F1", ["E1"], actor="desk 1")
    work_off(one)
    assert case_of(store, "F1").step == "dispatched"
    for n, (status, step) in enumerate(((UnitStatus.EN_ROUTE, "en_route"), (UnitStatus.ON_SCENE, "on_scene"))):
        clock.advance(60)
        payload = UnitStatusPayload(unit="E1", status=status, incident="F1")
        store.append([Record(Kind.UNIT_STATUS, "cad", f"s{n}", clock.now(), payload)])
        work_off(one)
        assert case_of(store, "F1").step == step
    clock.advance(60)
    store.append([
        Record(Kind.EVENT, "119", "F1b", clock.now(),
               EventPayload(category="0501", incident="F1", times={"closed": clock.now()}))
    ])  # fmt: skip
    work_off(one)
    row = store.incident("F1")
    assert row is not None
    assert row.state is IncidentState.CLOSED
    assert [m.move for m in moves(store, "F1")].count("file") == 1
    before = len(store.timeline_of("F1"))
    work_off(router(store, clock))
    assert len(store.timeline_of("F1")) == before, "a router started anew finds nothing left to do"


def test_two_servers_and_a_desk_at_once_make_each_case_once(
    store: SqlStore, clock: ManualClock, open_another: Callable[[], SqlStore]
) -> None:
    ids = [f"i{n}" for n in range(30)]
    routers = [router(open_another(), clock) for _ in range(2)]
    for one in routers:
        one.start()
    try:
        for id in ids:
            store.append([event(id, "0203", "hotline", 4)])
        wait_for(lambda: all(moves(store, id) for id in ids))
    finally:
        for one in routers:
            one.close()
    assert [[m.move for m in moves(store, id)] for id in ids] == [["file", "assign"]] * len(ids)
    assert {m.owner for id in ids for m in moves(store, id)} == {TRIAGE, "municipal-works"}


def wait_for(true: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Until the condition holds; fails after a time that only a hang can reach."""
    gate = threading.Event()
    for _ in range(int(timeout_s / 0.05)):
        if true():
            return
        gate.wait(0.05)
    pytest.fail("did not happen")
