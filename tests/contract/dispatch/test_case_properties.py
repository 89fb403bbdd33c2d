"""Random commands on a few cases: what may never happen, whatever officers, units and sources do.

Every store is driven alike. Each run works on a timeline of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from data.casework import case_of
from data.clock import ManualClock
from data.errors import GridcommandError, Refused, VersionConflict
from data.records import (
    ClockOp,
    EventPayload,
    Evidence,
    IncidentMoved,
    Kind,
    Record,
    UnitPayload,
    UnitStatus,
    UnitStatusPayload,
)
from data.sql_store import SqlStore
from data.store import IncidentRow
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher
from dispatch.workflow import EXCEPTIONAL, ROLES

UNITS = ("E1", "E2")
ROLE = st.sampled_from(sorted(ROLES))
WORKFLOWS = ("grid-5", "hotline-6", "dispute", "emergency")
MOVES = sorted({t.move for w in shipped().workflows.values() for t in w.transitions} | {"note", "fly"})
KINDS = sorted({kind for w in shipped().workflows.values() for t in w.transitions for kind in t.evidence})
RUNS = count()


class Casework(RuleBasedStateMachine):
    """Three cases, two units, and everybody who may or may not do something about them."""

    def __init__(self, store: SqlStore, clock: ManualClock) -> None:
        super().__init__()
        self.store, self.clock = store, clock
        self.timeline = f"run-{next(RUNS)}"
        self.desk = Dispatcher(store, clock, self.timeline, shipped())
        self.ids: list[str] = []
        self.keys = count()
        self.said = count()

    # --- what is there -----------------------------------------------------------------------------------------

    @initialize(workflows=st.lists(st.sampled_from(WORKFLOWS), min_size=3, max_size=3))
    def begin(self, workflows: list[str]) -> None:
        now = self.clock.now()
        self.store.append(
            [
                Record(Kind.UNIT, "roster", u, now, UnitPayload(name=u, unit_kind="car"), 116.8, 35.5,
                       timeline=self.timeline)
                for u in UNITS
            ]
        )  # fmt: skip
        for n, workflow in enumerate(workflows):
            event = EventPayload(category="0101", severity=1 + n, title="t")
            self.store.append([Record(Kind.EVENT, "feed", f"i{n}", now, event, 116.8, 35.5, timeline=self.timeline)])
            self.ids.append(f"feed:i{n}")
            self.desk.file(self.ids[-1], actor="router", workflow=workflow)

    def row(self, id: str) -> IncidentRow:
        row = self.store.incident(id, self.timeline)
        assert row is not None
        return row

    def attempt(self, command: object) -> bool:
        """Whether it was done. A refusal must leave nothing behind and be a sentence."""
        head, before = self.store.head(), self.store.snapshot(self.timeline)
        try:
            command()  # type: ignore[operator]
        except GridcommandError as error:
            refusal = str(error)
        else:
            return True
        assert self.store.head() == head
        assert self.store.snapshot(self.timeline) == before
        assert "\n" not in refusal
        assert len(refusal) > 15
        return False

    # --- what people do ----------------------------------------------------------------------------------------

    @rule(n=st.integers(0, 2), move=st.sampled_from(MOVES), role=ROLE, full=st.booleans(), stale=st.booleans())
    def move(self, n: int, move: str, role: str, full: bool, stale: bool) -> None:
        id = self.ids[n]
        row = self.row(id)
        said = {"owner": "dep", "reason": "r", "note": "n", "by": "1 day"} if full else {}
        if full and move not in ("assign",):
            said.pop("owner")
        if full and move != "extend":
            said.pop("by")
        evidence = [Evidence(kind=kind) for kind in KINDS] if full else []
        possible = move in {t.move for t in self.desk.moves(row, role)}
        expected = row.seq - 1 if stale else row.seq
        done = self.attempt(
            lambda: self.desk.move(
                id,
                move,
                actor="a",
                role=role,
                evidence=evidence,
                expected=expected,
                **said,  # type: ignore[arg-type]
            )
        )
        assert not (done and stale)
        assert not done or possible
        assert done or stale or not (possible and full)

    @rule(n=st.integers(0, 2), pick=st.integers(0, 30))
    def any_possible_move(self, n: int, pick: int) -> None:
        """What is offered can be made: so that runs get somewhere."""
        id = self.ids[n]
        found = self.desk.moves(self.row(id))
        if not found:
            return
        t = found[pick % len(found)]
        role = "district" if "district" in t.roles else t.roles[0]
        self.desk.move(
            id, t.move, actor="a", role=role, owner="dep" if t.needs_owner else None, reason="because", note="n",
            by="2 h" if t.effect == "extend" else "", evidence=[Evidence(kind=kind) for kind in t.evidence],
        )  # fmt: skip

    @rule(n=st.integers(0, 2), units=st.lists(st.sampled_from(UNITS), min_size=1, max_size=2))
    def dispatch(self, n: int, units: list[str]) -> None:
        self.attempt(lambda: self.desk.dispatch(self.ids[n], units, actor="desk"))

    @rule(n=st.integers(0, 2), unit=st.sampled_from(UNITS))
    def recall(self, n: int, unit: str) -> None:
        self.attempt(lambda: self.desk.recall(self.ids[n], [unit], actor="desk"))

    @rule(n=st.integers(0, 2), unit=st.sampled_from(UNITS))
    def arrive(self, n: int, unit: str) -> None:
        self.attempt(lambda: self.desk.arrive(self.ids[n], unit, actor=unit))

    @rule(unit=st.sampled_from(UNITS), status=st.sampled_from(UnitStatus))
    def status(self, unit: str, status: UnitStatus) -> None:
        self.attempt(lambda: self.desk.set_unit_status(unit, status, actor="desk", reason="r"))

    @rule(a=st.integers(0, 2), b=st.integers(0, 2))
    def merge(self, a: int, b: int) -> None:
        self.attempt(lambda: self.desk.merge(self.ids[a], self.ids[b], actor="desk"))

    @rule(n=st.integers(0, 2))
    def split(self, n: int) -> None:
        self.attempt(lambda: self.desk.split(self.ids[n], actor="desk"))

    @rule(n=st.integers(0, 2))
    def close(self, n: int) -> None:
        evidence = [Evidence(kind=kind) for kind in KINDS]
        self.attempt(lambda: self.desk.close(self.ids[n], actor="desk", disposition="d", evidence=evidence))

    @rule(n=st.integers(0, 2))
    def repeat(self, n: int) -> None:
        """The same command again: nothing is changed, and the answer is the present state."""
        key = f"{self.timeline}-{next(self.keys)}"
        for again in (False, True):
            head = self.store.head()
            done = self.attempt(
                lambda: self.desk.move(self.ids[n], "note", actor="a", role="dispatcher", note="n", key=key)
            )
            if not done:
                return
            assert (self.store.head() == head) is again

    # --- what happens outside ----------------------------------------------------------------------------------

    @rule(unit=st.sampled_from(UNITS), status=st.sampled_from(UnitStatus), ahead_s=st.sampled_from([0, 90, -90]))
    def terminal(self, unit: str, status: UnitStatus, ahead_s: int) -> None:
        """A terminal reports, by a clock that may be wrong, and the router lets the cases follow."""
        bound = next(u.incident for u in self.store.snapshot(self.timeline).units if u.id == unit)
        payload = UnitStatusPayload(unit=unit, status=status, incident=bound)
        at = self.clock.now() + timedelta(seconds=ahead_s)
        record = Record(Kind.UNIT_STATUS, "terminal", f"s{next(self.said)}", at, payload, timeline=self.timeline)
        self.store.append([record])
        for id in self.ids:
            self.desk.follow(id)

    @rule(n=st.integers(0, 2))
    def source_closes(self, n: int) -> None:
        id = f"i{n}"
        event = EventPayload(category="0101", severity=1 + n, title="t", times={"closed": self.clock.now()})
        version = 1 + next(self.said)
        self.store.append(
            [Record(Kind.EVENT, "feed", id, self.clock.now(), event, 116.8, 35.5, version, self.timeline)]
        )
        self.desk.follow(self.ids[n])

    @rule(minutes=st.integers(0, 3000))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(60 * minutes)

    # --- what must hold ----------------------------------------------------------------------------------------

    @invariant()
    def the_case_is_what_its_records_say(self) -> None:
        for id in self.ids:
            life = self.store.timeline_of(id, self.timeline)
            assert self.row(id).case == case_of(life, id)

    @invariant()
    def following_again_changes_nothing(self) -> None:
        for id in self.ids:
            self.desk.follow(id)
        head = self.store.head()
        for id in self.ids:
            assert self.desk.follow(id) is None
        assert self.store.head() == head

    @invariant()
    def no_path_skips_verification(self) -> None:
        for id in self.ids:
            verified = False
            for payload in self.moves_of(id):
                workflow = shipped().workflows[payload.workflow]
                if payload.step == workflow.verify:
                    verified = True
                if payload.step != payload.before and payload.before and workflow.steps[payload.step].final:
                    by_source = payload.role == "system" and payload.move == "source_closed"
                    assert verified or not workflow.verify or payload.move in EXCEPTIONAL or by_source
                if payload.before and workflow.steps.get(payload.before) and workflow.steps[payload.before].final:
                    verified = payload.step == workflow.verify

    @invariant()
    def deadlines_stay_where_they_are(self) -> None:
        """Only an extension or a resumption moves a deadline; only limits that say so begin anew."""
        for id in self.ids:
            due: dict[str, datetime] = {}
            stopped: set[str] = set()
            for payload in self.moves_of(id):
                workflow = shipped().workflows[payload.workflow]
                for change in payload.clocks:
                    if change.op is ClockOp.STOP:
                        stopped.add(change.clock)
                    if change.due is None:
                        continue
                    before = due.get(change.clock)
                    if change.op is ClockOp.START and before is not None:
                        limit = workflow.limit(change.clock)
                        assert limit is not None
                        assert limit.restart
                        assert change.clock in stopped
                    elif before is not None:
                        assert change.op in (ClockOp.EXTEND, ClockOp.RESUME)
                        assert change.due >= before
                        if payload.move == "split":
                            assert change.due == before
                    if change.op is ClockOp.START:
                        stopped.discard(change.clock)
                    due[change.clock] = change.due
                    assert list(change.warn) == sorted(change.warn)
            case = self.row(id).case
            assert case is not None
            assert {clock.id: clock.due for clock in case.clocks} == due

    @invariant()
    def ended_cases_have_no_running_clock_and_no_unit(self) -> None:
        units = self.store.snapshot(self.timeline).units
        for id in self.ids:
            row = self.row(id)
            case = row.case
            assert case is not None
            if shipped().workflows[case.workflow].steps[case.step].final:
                assert row.closed_at is not None
                assert all(clock.stopped_at is not None for clock in case.clocks)
                assert not [u.id for u in units if u.incident == id]
            elif case.parent is None:
                assert row.closed_at is None

    @invariant()
    def times_of_moves_do_not_go_back(self) -> None:
        for id in self.ids:
            times = [r.at for r in self.store.timeline_of(id, self.timeline) if r.kind is Kind.INCIDENT_MOVED]
            assert times == sorted(times)

    @invariant()
    def the_third_return_goes_to_the_district(self) -> None:
        for id in self.ids:
            returns = 0
            waits = False
            for payload in self.moves_of(id):
                if waits and payload.move not in ("note", "merge", "split", "source_closed"):
                    assert payload.role == "district"
                    waits = payload.owner == "district"
                if payload.move == "return":
                    returns += 1
                    assert returns <= 3
                    assert payload.owner == ("district" if returns == 3 else "triage")
                    waits = returns == 3

    def moves_of(self, id: str) -> list[IncidentMoved]:
        life = self.store.timeline_of(id, self.timeline)
        return [r.payload for r in life if isinstance(r.payload, IncidentMoved) and r.payload.incident == id]


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_whatever_is_commanded_cases_stay_sound(store: SqlStore, clock: ManualClock, store_url: str) -> None:
    examples = 12 if store_url.startswith("sqlite") else 4
    run_state_machine_as_test(
        lambda: Casework(store, clock),
        settings=settings(max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=SLOW),
    )
    before = store.snapshot("run-0")
    store.rebuild()
    assert store.snapshot("run-0") == before


def test_a_stale_move_is_a_conflict_that_names_who_and_when(store: SqlStore, clock: ManualClock) -> None:
    desk = Dispatcher(store, clock, book=shipped())
    row = desk.open(actor="desk 1", category="0101", workflow="grid-5").incident
    assert row is not None
    desk.move(row.id, "assign", actor="desk 2", role="dispatcher", owner="dep")
    clock.advance(timedelta(seconds=7).total_seconds())
    with pytest.raises(VersionConflict, match=rf"^incident {row.id} was changed by desk 2, 7 s ago"):
        desk.move(row.id, "accept", actor="dep", role="owner", expected=row.seq)
    with pytest.raises(Refused, match="possible now"):
        desk.move(row.id, "answer", actor="dep", role="owner")
