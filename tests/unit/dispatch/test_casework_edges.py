"""Where commands meet: merges of merged cases, endings, suspension, decisions that bind, profiles that are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from data.casework import Case, ClockState
from data.clock import ManualClock
from data.errors import BadInput, Refused
from data.records import (
    IncidentState,
    Kind,
    Record,
    UnitPayload,
    UnitStatus,
    UnitStatusPayload,
)
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import IncidentRow, UnitRow
from dispatch.book import Book, shipped
from dispatch.dispatcher import Dispatcher
from dispatch.router import AutoRouter
from dispatch.routing import why_in

MORNING = datetime(2026, 5, 6, 0, 30, tzinfo=UTC)  # Wednesday 08:30 in Shanghai, a working day


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
def desk(store: SqlStore, clock: ManualClock) -> Dispatcher:
    payloads = {id: UnitPayload(name=id, unit_kind="fire_engine") for id in ("E07", "E08")}
    store.append([Record(Kind.UNIT, "roster", id, MORNING, unit, 116.8, 35.5) for id, unit in payloads.items()])
    return Dispatcher(store, clock, book=shipped())


def opened(desk: Dispatcher, workflow: str = "grid-5", owner: str | None = "street") -> str:
    done = desk.open(actor="desk 1", category="0101", title="t", workflow=workflow, owner=owner)
    assert done.incident is not None
    return done.incident.id


def row(store: SqlStore, id: str) -> IncidentRow:
    found = store.incident(id)
    assert found is not None
    return found


def case(store: SqlStore, id: str) -> Case:
    found = row(store, id).case
    assert found is not None
    return found


def unit(store: SqlStore, id: str) -> UnitRow:
    return next(u for u in store.snapshot().units if u.id == id)


def rebuilt_alike(store: SqlStore) -> None:
    before = store.snapshot()
    store.rebuild()
    assert store.snapshot() == before


def test_what_is_part_of_a_merged_incident_goes_on_with_it(
    desk: Dispatcher, store: SqlStore, clock: ManualClock
) -> None:
    leaf, middle, top, other = (opened(desk) for _ in range(4))
    desk.merge(other, top, actor="desk 1")
    left = clock.advance(60)
    desk.merge(leaf, middle, actor="desk 1")
    clock.advance(60)
    desk.merge(middle, top, actor="desk 1", key="m")
    assert desk.merge(middle, top, actor="desk 1", key="m").repeated
    assert case(store, top).children == (other, middle, leaf)
    assert case(store, middle).children == ()
    assert case(store, leaf).parent == top
    assert row(store, leaf).closed_at == left, "it left the queue when it was merged first"
    with pytest.raises(Refused, match=f"^incident {middle} is part of {top} already; to turn them round, split"):
        desk.merge(top, middle, actor="desk 1")
    desk.move(top, "force_close", actor="chief", role="supervisor", reason="done")
    assert {case(store, id).step for id in (leaf, middle, other)} == {"closed"}
    rebuilt_alike(store)


def test_units_of_a_merged_incident_carry_the_other_along_at_once(desk: Dispatcher, store: SqlStore) -> None:
    parent, child = opened(desk, "emergency", None), opened(desk, "emergency", None)
    desk.dispatch(child, ["E07"], actor="desk 1")
    desk.merge(child, parent, actor="desk 1")
    assert case(store, parent).step == "dispatched"
    assert desk.follow(parent) is None


def test_a_case_that_ended_with_another_stays_ended_when_it_is_split_off(desk: Dispatcher, store: SqlStore) -> None:
    parent, child = opened(desk), opened(desk)
    desk.merge(child, parent, actor="desk 1")
    desk.move(parent, "force_close", actor="chief", role="supervisor", reason="done")
    desk.split(child, actor="desk 1")
    assert case(store, child).step == "closed"
    assert row(store, child).state is IncidentState.CLOSED
    desk.move(child, "appeal", actor="chief", role="supervisor", reason="it was another pothole")
    assert row(store, child).closed_at is None
    rebuilt_alike(store)


def test_a_split_at_the_moment_of_the_suspension_does_not_resume(desk: Dispatcher, store: SqlStore) -> None:
    parent, child = opened(desk), opened(desk)
    desk.move(child, "suspend", actor="chief", role="supervisor", reason="waits")
    desk.merge(child, parent, actor="desk 1")
    desk.split(child, actor="desk 1")
    assert case(store, child).suspended


@pytest.mark.parametrize("role", ["owner", "worker", ""])
def test_who_has_a_case_does_not_merge_it_away(desk: Dispatcher, store: SqlStore, role: str) -> None:
    parent, child = opened(desk), opened(desk)
    with pytest.raises(
        Refused, match=f"^incident {child}: 'merge' is made by the duty officer or the supervisor or the district, not"
    ):
        desk.merge(child, parent, actor="street", role=role)
    desk.merge(child, parent, actor="desk 1")
    with pytest.raises(Refused, match=f"^incident {child}: 'split off' is made by"):
        desk.split(child, actor="street", role=role)


def test_an_owner_is_named_only_by_who_may_assign(desk: Dispatcher) -> None:
    with pytest.raises(
        Refused, match="an owner is named by the duty officer or the supervisor or the district, not by the grid worker"
    ):
        desk.open(actor="w1", role="worker", category="0101", workflow="grid-5", owner="street")


def test_closing_releases_a_unit_whose_terminal_runs_ahead(
    desk: Dispatcher, store: SqlStore, clock: ManualClock
) -> None:
    id = opened(desk, "emergency", None)
    desk.dispatch(id, ["E07"], actor="desk 1")
    ahead = clock.now() + timedelta(seconds=90)
    there = UnitStatusPayload(unit="E07", status=UnitStatus.ON_SCENE, incident=id)
    store.append([Record(Kind.UNIT_STATUS, "terminal", "s1", ahead, there)])
    desk.follow(id)
    ended = clock.advance(20)
    desk.close(id, actor="desk 1", disposition="out")
    assert row(store, id).closed_at == ended
    assert (unit(store, "E07").status, unit(store, "E07").incident) == (UnitStatus.AVAILABLE, None)
    rebuilt_alike(store)


def test_a_case_that_is_closed_while_suspended_has_kept_its_time(
    desk: Dispatcher, store: SqlStore, clock: ManualClock
) -> None:
    id = opened(desk)
    clock.advance(3600)
    desk.move(id, "suspend", actor="chief", role="supervisor", reason="waits for the power company")
    clock.advance(30 * 86_400)
    desk.move(id, "force_close", actor="chief", role="supervisor", reason="the building is gone")
    assert {c.state(clock.now()) for c in case(store, id).clocks} == {ClockState.MET}


def test_a_recall_during_a_suspension_counts_when_it_is_over(
    store: SqlStore, clock: ManualClock, desk: Dispatcher
) -> None:
    flow = shipped().workflows["emergency"]
    paused = [
        replace(t, sources=("dispatched",))
        for t in shipped().workflows["dispute"].transitions
        if t.move in ("suspend", "resume")
    ]
    book = replace(shipped(), workflows={"emergency": replace(flow, transitions=(*flow.transitions, *paused))})
    desk = Dispatcher(store, clock, book=book)
    id = opened(desk, "emergency", None)
    desk.dispatch(id, ["E07"], actor="desk 1")
    clock.advance(10)
    desk.move(id, "suspend", actor="chief", role="supervisor", reason="unsafe")
    clock.advance(10)
    desk.recall(id, ["E07"], actor="desk 2")
    assert case(store, id).step == "dispatched"
    desk.move(id, "resume", actor="chief", role="supervisor")
    assert desk.follow(id) is not None
    assert case(store, id).step == "received"


def test_what_the_district_decided_is_not_given_to_another_by_a_desk(desk: Dispatcher, store: SqlStore) -> None:
    id = opened(desk)
    for n in range(3):
        desk.move(id, "return", actor="street", role="owner", reason=f"no {n}")
        desk.move(id, "assign", actor="mayor", role="district", owner=f"dep{n}")
    with pytest.raises(
        Refused, match=f"^case {id}: the district decided that dep2 has it, after 3 returns; only the district"
    ):
        desk.move(id, "assign", actor="desk 1", role="dispatcher", owner="dep9")
    assert "assign" not in {t.move for t in desk.moves(row(store, id), "dispatcher")}
    desk.move(id, "assign", actor="mayor", role="district", owner="dep9")
    assert case(store, id).owner == "dep9"


def test_why_is_of_who_has_the_case_now(desk: Dispatcher, store: SqlStore) -> None:
    id = opened(desk, owner=None)
    before = case(store, id)
    assert before.rule
    with pytest.raises(BadInput, match="'return' names no owner"):
        desk.move(id, "return", actor="x", role="owner", reason="no", owner="dep")
    desk.move(id, "return", actor="x", role="owner", reason="not ours")
    after = case(store, id)
    assert why_in(after.why, "en").startswith("return 1: to be placed by a person, proposed ")
    assert after.rule == before.rule, "the ledger tells which rule was appealed against"
    desk.move(id, "assign", actor="desk 1", role="dispatcher", owner="dep")
    assert case(store, id).why == ""


def test_a_case_of_a_workflow_that_is_gone_is_not_stuck(desk: Dispatcher, store: SqlStore, clock: ManualClock) -> None:
    id, child, ended = (opened(desk, "dispute") for _ in range(3))
    desk.merge(child, id, actor="desk 1")
    desk.move(ended, "force_close", actor="chief", role="supervisor", reason="done")
    book = without(shipped(), "dispute")
    later = Dispatcher(store, clock, book=book)
    with pytest.raises(Refused, match=f"^case {id} is in step received of workflow dispute, which is not here .*put "):
        later.move(id, "accept", actor="street", role="owner")
    with pytest.raises(Refused, match="put its file back; possible now: close by force"):
        later.close(id, actor="desk 1")
    later.move(id, "note", actor="desk 1", role="dispatcher", note="asked")
    later.dispatch(id, ["E07"], actor="desk 1")
    later.arrive(id, "E07", actor="E07")
    assert later.follow(id) is None
    assert [t.move for t in later.moves(row(store, ended))] == ["note"]
    with pytest.raises(BadInput, match="'close by force' needs a reason"):
        later.move(id, "force_close", actor="chief", role="supervisor")
    later.move(id, "force_close", actor="chief", role="supervisor", reason="the profile was given up")
    for each in (id, child):
        assert row(store, each).state is IncidentState.CLOSED
        assert all(c.stopped_at is not None for c in case(store, each).clocks)
    assert unit(store, "E07").incident is None
    assert [t.move for t in later.moves(row(store, id))] == ["note"]


def test_a_router_tells_at_its_start_which_cases_the_rules_have_no_more(
    desk: Dispatcher, store: SqlStore, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    id, _known = opened(desk, "dispute"), opened(desk)
    book = without(shipped(), "dispute")
    later = Dispatcher(store, clock, book=book)
    AutoRouter(store, clock, later, Settings(), book.workflows).look()
    (said,) = (record.getMessage() for record in caplog.records)
    assert said.startswith("router: 1 open cases stand in workflow dispute, step received, which the rules no longer")
    assert id in said


def test_a_case_in_a_step_that_is_gone_is_not_stuck(desk: Dispatcher, store: SqlStore, clock: ManualClock) -> None:
    id = opened(desk, "hotline-6")
    flow = shipped().workflows["hotline-6"]
    steps = {name: step for name, step in flow.steps.items() if name != "assigned"}
    kept = tuple(
        replace(t, sources=tuple(s for s in t.sources if s != "assigned"))
        for t in flow.transitions
        if t.to != "assigned"
    )
    book = replace(shipped(), workflows={**shipped().workflows, flow.id: replace(flow, steps=steps, transitions=kept)})
    later = Dispatcher(store, clock, book=book)
    with pytest.raises(
        Refused, match=r"step assigned \(revision .*\), which workflow Hotline, six steps has no more: put the"
    ):
        later.move(id, "answer", actor="street", role="owner", note="n")
    later.move(id, "force_close", actor="chief", role="district", reason="restructured")
    assert case(store, id).step == "archived"


def without(book: Book, workflow: str) -> Book:
    return replace(book, workflows={id: flow for id, flow in book.workflows.items() if id != workflow})


def test_a_key_is_of_one_opening_and_one_extension(desk: Dispatcher) -> None:
    desk.open(actor="desk 1", category="0101", severity=3, lon=116.8, lat=35.5, key="o")
    assert desk.open(actor="desk 1", category="0101", severity=3, lon=116.8, lat=35.5, key="o").repeated
    for other in ({"severity": 1}, {"lon": 116.9}, {"actor": "desk 2"}, {"contact": "139"}):
        said = {"actor": "desk 1", "severity": 3, "lon": 116.8, "lat": 35.5, **other}
        with pytest.raises(Refused, match=r"^key o opened incident"):
            desk.open(category="0101", key="o", **said)  # type: ignore[arg-type]
    id = opened(desk)

    def extend(by: str) -> bool:
        return desk.move(id, "extend", actor="c", role="supervisor", reason="rain", by=by, key="e").repeated

    assert [extend("1 day"), extend("1 day")] == [False, True]
    with pytest.raises(Refused, match=r"^key e did something else before"):
        extend("5 days")
