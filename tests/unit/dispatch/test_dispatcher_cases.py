"""A case's life by the shipped workflows: moves, refusals, clocks, returns, merges, rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data.casework import Case, ClockState
from data.clock import ManualClock
from data.errors import BadInput, Refused
from data.records import (
    EventPayload,
    Evidence,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    UnitPayload,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import Store
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher
from dispatch.runner import Done
from dispatch.turn import filing_key

MORNING = datetime(2026, 5, 6, 0, 30, tzinfo=UTC)  # Wednesday 08:30 in Shanghai, a working day
PHOTO = [Evidence(kind="photo", ref="p.jpg")]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
def desk(store: Store, clock: ManualClock) -> Dispatcher:
    units = [
        Record(Kind.UNIT, "roster", id, MORNING, UnitPayload(name=id, unit_kind="fire_engine"), 116.8, 35.5)
        for id in ("E07", "E08")
    ]
    store.append(units)
    return Dispatcher(store, clock, book=shipped())


def opened(desk: Dispatcher, workflow: str = "grid-5", owner: str | None = "street", severity: int = 3) -> str:
    done = desk.open(
        actor="desk 1",
        category="0101",
        severity=severity,
        title="t",
        lon=116.8,
        lat=35.5,
        workflow=workflow,
        owner=owner,
    )
    assert done.incident is not None
    return done.incident.id


def case(store: Store, id: str) -> Case:
    row = store.incident(id)
    assert row is not None
    assert row.case is not None
    return row.case


def test_opening_makes_the_case_in_one_transaction_with_its_owner_and_why(desk: Dispatcher, store: Store) -> None:
    done = desk.open(actor="desk 1", category="0101", title="litter")
    assert done.incident is not None
    kinds = [(r.kind, getattr(r.payload, "move", "")) for r in store.timeline_of(done.incident.id)]
    assert kinds[:2] == [(Kind.EVENT, ""), (Kind.INCIDENT_MOVED, "file")]
    found = case(store, done.incident.id)
    assert found.owner
    assert found.why
    assert found.revision == shipped().workflows[found.workflow].revision


def test_an_urgent_matter_waits_in_triage_with_the_rule_that_says_so(desk: Dispatcher, store: Store) -> None:
    done = desk.open(actor="desk 1", category="0501", severity=1, title="fire")
    assert done.incident is not None
    found = case(store, done.incident.id)
    assert (found.workflow, found.step, found.owner) == ("emergency", "received", "triage")
    assert "triage" in found.why


def test_the_one_two_three_rule_holds_out_of_the_box(desk: Dispatcher, store: Store, clock: ManualClock) -> None:
    id = opened(desk)
    due = {c.id: c.due for c in case(store, id).clocks}
    assert due == {  # 08:30 on Wednesday; 8 working hours a day, 08-12 and 14-18
        "accept": datetime(2026, 5, 7, 0, 30, tzinfo=UTC),
        "handle": datetime(2026, 5, 8, 0, 30, tzinfo=UTC),
        "answer": datetime(2026, 5, 9, 0, 30, tzinfo=UTC),  # 9 May is a make-up working Saturday
    }
    clock.advance(3600)
    desk.move(id, "accept", actor="street", role="owner")
    clock.advance(3600)
    desk.move(id, "answer", actor="w1", role="worker", evidence=PHOTO)
    states = {c.id: c.state(clock.now()) for c in case(store, id).clocks}
    assert states == {"accept": ClockState.MET, "handle": ClockState.MET, "answer": ClockState.RUNNING}
    clock.advance(3 * 86_400)
    desk.move(id, "verify", actor="desk 1", role="dispatcher")
    row = store.incident(id)
    assert row is not None
    assert row.state is IncidentState.CLOSED
    assert {c.id: c.state(clock.now()) for c in case(store, id).clocks}["answer"] is ClockState.MISSED


def test_refusals_say_where_the_case_is_and_what_is_possible(desk: Dispatcher) -> None:
    id = opened(desk)
    desk.move(id, "accept", actor="street", role="owner")
    desk.move(id, "answer", actor="w1", role="worker", evidence=PHOTO)
    with pytest.raises(
        Refused,
        match=f"^case {id} is in step verifying, 'report done' is made from handling; "
        "possible now: verify and close, rework$",
    ):
        desk.move(id, "answer", actor="desk 1", role="dispatcher")
    with pytest.raises(
        Refused,
        match=f"^case {id}: 'verify and close' is made by the duty officer or the supervisor or the district, "
        "not by the dep",
    ):
        desk.move(id, "verify", actor="street", role="owner")
    with pytest.raises(Refused, match="'fly' is no move of Grid, five steps"):
        desk.move(id, "fly", actor="desk 1", role="dispatcher")
    with pytest.raises(
        Refused, match="'closed by its source' makes itself, by what happens to its units or at its source"
    ):
        desk.move(id, "source_closed", actor="desk 1", role="dispatcher")
    with pytest.raises(BadInput, match="role 'boss' is not known in Grid, five steps; known are dispatcher"):
        desk.move(id, "verify", actor="desk 1", role="boss")


@pytest.mark.parametrize(
    ("move", "role", "given", "says"),
    [
        ("assign", "dispatcher", {}, "'assign' needs an owner"),
        ("return", "owner", {"reason": " "}, "'return' needs a rule or a reason"),
        ("extend", "supervisor", {"by": "1 day"}, "'extend' needs a reason"),
        ("extend", "supervisor", {"reason": "rain"}, 'needs a length: by, such as "1 day"'),
        ("extend", "supervisor", {"reason": "rain", "by": "long"}, "time span 'long' cannot be read"),
        ("note", "worker", {}, "'note' needs a note"),
        ("accept", "owner", {"owner": "me"}, "'accept' leaves the case with street; hand it over by assign"),
        ("accept", "owner", {"by": "1 day"}, "by belongs to an extension"),
    ],
)
def test_what_a_move_needs_is_asked_for(
    desk: Dispatcher, store: Store, move: str, role: str, given: dict[str, str], says: str
) -> None:
    id = opened(desk)
    head = store.head()
    with pytest.raises(BadInput, match=says):
        desk.move(id, move, actor="a", role=role, **given)
    assert store.head() == head


def test_missing_evidence_is_named(desk: Dispatcher) -> None:
    id = opened(desk)
    desk.move(id, "accept", actor="street", role="owner")
    with pytest.raises(BadInput, match=f"^case {id}: 'report done' needs evidence: photo$"):
        desk.move(id, "answer", actor="w1", role="worker", evidence=[Evidence(kind="form")])


def test_suspending_stops_the_clocks_and_resuming_keeps_what_was_left(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    id = opened(desk)
    before = case(store, id)
    clock.advance(3600)
    desk.move(id, "suspend", actor="chief", role="supervisor", reason="waits for the power company")
    clock.advance(7 * 86_400)
    assert case(store, id).suspended
    assert {c.state(clock.now()) for c in case(store, id).clocks} == {ClockState.PAUSED}
    with pytest.raises(Refused, match=f"case {id}: 'accept' is not possible, it is suspended: resume it first"):
        desk.move(id, "accept", actor="street", role="owner")
    with pytest.raises(Refused, match="was suspended 7 days ago; resume it first"):
        desk.dispatch(id, ["E07"], actor="desk 1")
    desk.move(id, "resume", actor="desk 1", role="dispatcher")
    after = case(store, id)
    calendar = shipped().calendars["cn-working"]
    for clock_before in before.clocks:
        now = after.clock(clock_before.id)
        assert now is not None
        assert now.original == clock_before.due
        left = calendar.between(MORNING + timedelta(hours=1), clock_before.due)
        assert calendar.between(clock.now(), now.due) == left


def test_an_extension_moves_the_deadline_and_keeps_the_original(desk: Dispatcher, store: Store) -> None:
    id = opened(desk)
    with pytest.raises(Refused, match="'extend' is made by the supervisor or the district, not by the dep"):
        desk.move(id, "extend", actor="street", role="owner", reason="rain", by="1 day")
    desk.move(id, "extend", actor="chief", role="supervisor", reason="rain", by="1 day")
    handle = case(store, id).clock("handle")
    assert handle is not None
    assert handle.original == datetime(2026, 5, 8, 0, 30, tzinfo=UTC)
    assert handle.due == datetime(2026, 5, 9, 0, 30, tzinfo=UTC)
    assert case(store, id).extensions == 1


def test_the_third_return_is_decided_by_the_district_and_that_binds(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    id = opened(desk)
    due = {c.id: c.due for c in case(store, id).clocks}
    for n in range(3):
        clock.advance(600)
        desk.move(id, "return", actor="street", role="owner", reason=f"not ours {n}")
        if n < 2:
            assert case(store, id).owner == "triage"
            with pytest.raises(Refused, match=r"'return' is made from assigned or handling"):
                desk.move(id, "return", actor="street", role="owner", reason="again")
            desk.move(id, "assign", actor="desk 1", role="dispatcher", owner=f"dep{n}")
    assert case(store, id).owner == "district"
    clock.advance(60)
    with pytest.raises(Refused, match=f"^case {id} was returned 3 times, last by dep1, 60 s ago: only the district"):
        desk.move(id, "assign", actor="desk 1", role="dispatcher", owner="dep2")
    row = store.incident(id)
    assert row is not None
    assert [t.move for t in desk.moves(row, "dispatcher")] == ["note"]
    desk.move(id, "assign", actor="mayor", role="district", owner="dep0", reason="it is on your road")
    with pytest.raises(Refused, match="the district decided that dep0 has it, after 3 returns; that is binding"):
        desk.move(id, "return", actor="dep0", role="owner", reason="still not ours")
    assert {c.id: c.due for c in case(store, id).clocks} == due, "no return gives time"
    done = desk.adopt_rule(
        "R-1", actor="mayor", role="district", owner="dep0", category="0101", incident=id, workflow="grid-5"
    )
    assert done.rule == "R-1"
    next_one = desk.open(actor="desk 1", category="0101", title="again")
    assert next_one.incident is not None
    assert case(store, next_one.incident.id).owner == "dep0"
    assert case(store, next_one.incident.id).rule == "R-1"


def test_rules_are_adopted_by_the_district_alone_and_have_a_condition(desk: Dispatcher) -> None:
    with pytest.raises(Refused, match="decided by the district, not by the duty officer"):
        desk.adopt_rule("R", actor="a", role="dispatcher", owner="o", category="01")
    with pytest.raises(BadInput, match="would take every matter"):
        desk.adopt_rule("R", actor="a", role="district", owner="o")
    with pytest.raises(Refused, match="no workflow 'x'"):
        desk.adopt_rule("R", actor="a", role="district", owner="o", category="01", workflow="x")


def test_a_repeated_rule_changes_nothing_whatever_became_of_it_since(desk: Dispatcher, store: Store) -> None:
    def adopt(key: str | None, *, enabled: bool = True, owner: str = "water", id: str = "R-1") -> Done:
        return desk.adopt_rule(
            id, actor="mayor", role="district", owner=owner, category="01", enabled=enabled, key=key
        )  # fmt: skip

    first, off = adopt("k1"), adopt("k2", enabled=False)
    again, off_again = adopt("k1"), adopt("k2", enabled=False)
    assert [done.repeated for done in (first, off, again, off_again)] == [False, False, True, True]
    assert {off.seq, again.seq, off_again.seq} == {off.seq}
    (rule,) = store.documents(Kind.RULE)
    assert (rule.version, rule.payload.enabled, rule.seq) == (1, False, off.seq)  # type: ignore[attr-defined]

    # A key is one command's: neither another content, nor another rule, nor what another command had.
    for refused in (lambda: adopt("k1", owner="roads"), lambda: adopt("k1", id="R-2")):
        with pytest.raises(Refused, match=r"key k1 did something else before \(routing rule\)"):
            refused()
    id = opened(desk)
    desk.move(id, "accept", actor="street", role="owner", key="k3")
    with pytest.raises(Refused, match=f"key k3 did something else before .*{id}"):
        adopt("k3")
    # A new command may well say what an old one said; without a key it is the content that tells a repeat.
    assert not adopt("k4").repeated
    assert adopt(None).repeated
    assert store.documents(Kind.RULE)[0].version == 2


def test_an_emergency_follows_its_units(desk: Dispatcher, store: Store, clock: ManualClock) -> None:
    id = opened(desk, "emergency", owner=None, severity=1)
    clock.advance(30)
    desk.dispatch(id, ["E07"], actor="desk 1")
    assert case(store, id).step == "dispatched"
    out = clock.advance(50)
    said = UnitStatusPayload(unit="E07", status=UnitStatus.EN_ROUTE, incident=id)
    store.append([Record(Kind.UNIT_STATUS, "terminal", "s1", out, said)])
    there = clock.advance(200)
    said = UnitStatusPayload(unit="E07", status=UnitStatus.ON_SCENE, incident=id)
    store.append([Record(Kind.UNIT_STATUS, "terminal", "s2", there, said)])
    clock.advance(5)
    assert desk.follow(id) is not None
    moves = [r for r in store.timeline_of(id) if isinstance(r.payload, IncidentMoved)]
    assert [(m.payload.move, m.at) for m in moves[-2:]] == [("en_route", out), ("arrive", there)]  # type: ignore[attr-defined]
    assert {c.id: c.state(clock.now()) for c in case(store, id).clocks} == {
        "order": ClockState.MET,
        "turnout": ClockState.MET,
        "travel": ClockState.MET,
    }
    assert desk.follow(id) is None
    desk.close(id, actor="desk 1", disposition="out")
    assert {u.id: u.status for u in store.snapshot().units}["E07"] is UnitStatus.AVAILABLE


def test_a_recall_of_all_units_takes_an_emergency_back(desk: Dispatcher, store: Store, clock: ManualClock) -> None:
    id = opened(desk, "emergency", owner=None, severity=1)
    desk.dispatch(id, ["E07", "E08"], actor="desk 1")
    desk.recall(id, ["E07"], actor="desk 1", reason="closer one")
    assert case(store, id).step == "dispatched"
    desk.recall(id, ["E08"], actor="desk 1")
    assert case(store, id).step == "received"
    clock.advance(60)
    desk.dispatch(id, ["E07"], actor="desk 1")
    turnout = case(store, id).clock("turnout")
    assert turnout is not None
    assert turnout.due == clock.now() + timedelta(seconds=80)


def test_a_returned_case_stays_returned_while_a_unit_stands_there(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    id = opened(desk)
    desk.dispatch(id, ["E07"], actor="desk 1")
    clock.advance(60)
    desk.arrive(id, "E07", actor="E07")
    assert case(store, id).step == "handling"
    clock.advance(60)
    desk.move(id, "return", actor="street", role="owner", reason="not ours")
    assert desk.follow(id) is None
    desk.move(id, "assign", actor="desk 1", role="dispatcher", owner="dep")
    assert desk.follow(id) is None
    assert case(store, id).step == "assigned"


def test_what_its_source_closed_is_over(desk: Dispatcher, store: Store, clock: ManualClock) -> None:
    store.append([Record(Kind.EVENT, "hotline", "T1", clock.now(), EventPayload(category="0101"), 116.8, 35.5)])
    desk.file("hotline:T1", actor="router", key="file:hotline:T1")
    assert desk.file("hotline:T1", actor="router", key="file:hotline:T1").repeated
    with pytest.raises(Refused, match=r"is a case of .* already"):
        desk.file("hotline:T1", actor="desk 1")
    ended = clock.advance(600)
    event = EventPayload(category="0101", times={"closed": ended})
    store.append([Record(Kind.EVENT, "hotline", "T1", MORNING, event, 116.8, 35.5, 1)])
    assert desk.follow("hotline:T1") is not None
    found = case(store, "hotline:T1")
    assert shipped().workflows[found.workflow].steps[found.step].final
    assert all(c.stopped_at == ended for c in found.clocks)


def test_a_matter_whose_number_has_a_stroke_is_filed_with_all_its_records(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    store.append([Record(Kind.EVENT, "hotline", "2024/0512", clock.now(), EventPayload(category="0101"), 116.8, 35.5)])
    id = "hotline:2024/0512"
    for _ in range(2):
        desk.file(id, actor="router", workflow="hotline-6", owner="street", key=filing_key(id))
    assert (case(store, id).owner, case(store, id).workflow) == ("street", "hotline-6")
    own = [each.source_id for each in store.timeline_of(id) if each.source == "desk"]
    assert len(own) == len(set(own)) >= 2
    desk.move(id, "note", actor="desk 1", role="dispatcher", note="a", key="n/1")
    assert desk.move(id, "note", actor="desk 1", role="dispatcher", note="a", key="n/1").repeated


def test_a_case_is_closed_by_its_workflow_alone(desk: Dispatcher, store: Store) -> None:
    id = opened(desk)
    with pytest.raises(Refused, match=f"^case {id} is in step assigned and is closed from verifying; possible now: "):
        desk.close(id, actor="desk 1")
    desk.move(id, "accept", actor="street", role="owner")
    desk.move(id, "answer", actor="w1", role="worker", evidence=PHOTO)
    desk.close(id, actor="desk 1", disposition="clean")
    assert case(store, id).step == "closed"
    desk.move(id, "appeal", actor="street", role="owner", reason="the photo is of another road")
    row = store.incident(id)
    assert row is not None
    assert row.state is not IncidentState.CLOSED
    assert case(store, id).step == "verifying"


def test_a_merged_case_is_held_moves_its_units_and_ends_with_its_parent(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    parent, child = opened(desk), opened(desk)
    desk.dispatch(child, ["E07"], actor="desk 1")
    due = {c.id: c.due for c in case(store, child).clocks}
    clock.advance(600)
    desk.merge(child, parent, actor="desk 2", note="same heap")
    assert case(store, child).parent == parent
    assert case(store, parent).children == (child,)
    assert {u.id: u.incident for u in store.snapshot().units}["E07"] == parent
    clock.advance(4)
    with pytest.raises(Refused, match=f"^incident {child} was made part of {parent} by desk 2, 4 s ago; work on"):
        desk.move(child, "accept", actor="street", role="owner")
    with pytest.raises(Refused, match="is itself part of"):
        desk.merge(opened(desk), child, actor="desk 2")
    clock.advance(86_400)
    desk.split(child, actor="desk 2")
    assert {c.id: c.due for c in case(store, child).clocks} == due, "being part of another gave no time"
    assert all(c.runs for c in case(store, child).clocks)
    desk.merge(child, parent, actor="desk 2")
    desk.move(parent, "force_close", actor="chief", role="supervisor", reason="done long ago")
    ended = case(store, child)
    assert (ended.step, ended.move) == ("closed", "merge")
    assert all(c.stopped_at is not None for c in ended.clocks)


def test_a_note_on_a_closed_case_leaves_its_end_where_it_was(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    id = opened(desk)
    desk.move(id, "force_close", actor="chief", role="supervisor", reason="gone")
    row = store.incident(id)
    assert row is not None
    clock.advance(3600)
    done = desk.move(id, "note", actor="desk 1", role="dispatcher", note="they called again")
    assert done.incident is not None
    assert done.incident.closed_at == row.closed_at


def test_too_long_words_are_refused_in_a_line(desk: Dispatcher) -> None:
    id = opened(desk)
    with pytest.raises(BadInput, match=r"^note: String should have at most 2000 characters$"):
        desk.move(id, "note", actor="a", role="dispatcher", note="n" * 2001)
    with pytest.raises(BadInput, match=r"^actor: String should have at most 200 characters$"):
        desk.move(id, "note", actor="a" * 201, role="dispatcher", note="n")
