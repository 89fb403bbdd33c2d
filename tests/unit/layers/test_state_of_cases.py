"""`state --at` and `stats --interval` where cases move: reopenings, merges, recalls, late and paused clocks."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from cli import stats as stats_cli
from data.casework import ClockState, case_of
from data.clock import ManualClock
from data.open_store import open_store
from data.records import (
    ClockChange,
    ClockOp,
    EventPayload,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Payload,
    Record,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import Store
from layers.case_columns import clock_state
from layers.state import LiveState
from layers.state_at import CaseAt, state_at

START = datetime(2026, 5, 1, tzinfo=UTC)
OPEN, DISPATCHED, ON_SCENE, CLOSED = IncidentState

app = Typer()
app.command("stats")(stats_cli.stats)
app.command("state")(stats_cli.state)


def minute(n: float) -> datetime:
    return START + timedelta(minutes=n)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 's.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = open_store(url, ManualClock(START))
    yield store
    store.close()


def ask(url: str, *args: str) -> Any:
    done = CliRunner().invoke(app, [*args, "--json", "--db", url])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


class Log:
    """Appends commands, each with an identity of its own."""

    def __init__(self, store: Store) -> None:
        self.store, self.n = store, 0

    def event(self, id: str, at: float = 0, version: int = 0, **payload: Any) -> None:
        body = EventPayload(**{"category": "c", "incident": id, **payload})
        self.store.append([Record(Kind.EVENT, "s", f"row-{id}", minute(at), body, version=version)])

    def say(self, kind: Kind, at: float, payload: Payload) -> None:
        self.n += 1
        self.store.append([Record(kind, "desk", f"c{self.n}", minute(at), payload)])

    def move(self, id: str, at: float, step: str, phase: IncidentState = OPEN, **more: Any) -> None:
        body = {"move": f"to-{step}", "workflow": "grid-5", "owner": "water", "actor": "w", **more}
        self.say(Kind.INCIDENT_MOVED, at, IncidentMoved(incident=id, step=step, phase=phase, **body))

    def merge(self, id: str, at: float, into: str | None) -> None:
        self.say(Kind.INCIDENT_MERGED, at, IncidentMerged(incident=id, into=into, actor="w"))

    def dispatch(self, id: str, at: float, *units: str) -> None:
        self.say(Kind.INCIDENT_DISPATCHED, at, IncidentDispatched(incident=id, units=units, actor="w"))

    def recall(self, id: str, at: float, *units: str) -> None:
        self.say(Kind.INCIDENT_RECALLED, at, IncidentRecalled(incident=id, units=units, actor="w"))


@pytest.fixture
def log(store: Store) -> Log:
    return Log(store)


def open_during(store: Store, id: str, until: int = 20) -> list[int]:
    return [n for n in range(until) if id in state_at(store, minute(n)).open_ids]


def clock(op: ClockOp, due: float | None = None, *warn: float, id: str = "answer") -> dict[str, Any]:
    change = ClockChange(clock=id, op=op, due=None if due is None else minute(due), warn=tuple(minute(w) for w in warn))
    return {"clocks": (change,)}


def test_a_case_is_where_its_moves_had_brought_it_by_then(store: Store, log: Log, url: str) -> None:
    log.event("A")
    log.event("B", 1)
    log.move("A", 2, "registered", owner="triage")
    log.move("A", 5, "assigned", owner="roads", **clock(ClockOp.START, 10, 8))
    assert state_at(store, minute(1)).cases == ()
    assert state_at(store, minute(4)).cases == (CaseAt("A", "grid-5", "registered", "triage", None),)
    assert state_at(store, minute(5)).cases == (CaseAt("A", "grid-5", "assigned", "roads", ClockState.RUNNING),)
    assert [(s.overdue, s.warning) for s in (state_at(store, minute(n)) for n in (7, 8, 10, 11))] == [
        (0, 0), (0, 1), (0, 1), (1, 0),
    ]  # fmt: skip
    answer = ask(url, "state", "--at", minute(11).isoformat())
    assert (answer["open_ids"], answer["overdue"], answer["warning"], answer["suspended"]) == (["A", "B"], 1, 0, 0)
    assert answer["cases"] == [
        {"id": "A", "workflow": "grid-5", "step": "assigned", "owner": "roads", "clock": "overdue"}
    ]
    lines = CliRunner().invoke(app, ["state", "--at", minute(11).isoformat(), "--db", url]).stdout.splitlines()
    assert "overdue 1" in lines[1]
    assert lines[2] == "A\tgrid-5\tassigned\troads\toverdue"


def test_a_suspended_case_is_counted_as_such_and_is_not_late(store: Store, log: Log) -> None:
    log.event("A")
    log.move("A", 1, "s", **clock(ClockOp.START, 5))
    log.move("A", 3, "s", **clock(ClockOp.PAUSE))
    log.move("A", 9, "s", **clock(ClockOp.RESUME, 12))
    found = [state_at(store, minute(n)) for n in (2, 3, 8, 10, 13)]
    assert [(s.suspended, s.overdue) for s in found] == [(0, 0), (1, 0), (1, 0), (0, 0), (0, 1)]


def test_a_case_that_came_back_was_closed_in_between(store: Store, log: Log) -> None:
    log.event("A", 1)
    log.move("A", 3, "closed", CLOSED)
    log.move("A", 6, "handling", ON_SCENE, move="rework")
    log.move("A", 9, "closed", CLOSED)
    assert open_during(store, "A", 12) == [1, 2, 6, 7, 8]


def test_a_source_that_closes_later_closes_what_had_come_back(store: Store, log: Log) -> None:
    log.event("A", 0, times={"closed": minute(2)})
    log.move("A", 3, "closed", CLOSED)
    log.move("A", 5, "again", OPEN, move="appeal")
    assert open_during(store, "A", 8) == [0, 1, 5, 6, 7]  # at 2 nothing but the source was known to close it
    log.event("A", 0, 1, times={"closed": minute(7)})
    assert open_during(store, "A", 9) == list(range(7))  # the latest closing that is known holds, as on the wall


def test_a_note_on_a_closed_case_changes_nothing(store: Store, log: Log) -> None:
    log.event("A", unit="U2", times={"dispatch": minute(1)})
    log.move("A", 3, "closed", CLOSED)
    log.event("A", 0, 1, unit="U2", times={"dispatch": minute(1), "closed": minute(9)})
    before = [state_at(store, minute(n)) for n in range(14)]
    log.move("A", 5, "closed", CLOSED, move="note", before="closed", note="called back")
    log.move("A", 11, "closed", CLOSED, move="note", before="closed", note="and again")
    assert [state_at(store, minute(n)) for n in range(14)] == before
    log.event("B", unit="U3", times={"dispatch": minute(1)})
    log.move("B", 6, "closed", CLOSED, move="note", before="closed")  # told by another system: closes nothing
    assert state_at(store, minute(7)).busy_unit_ids == ("U3",)


def test_a_merged_incident_is_gone_until_it_is_split_off(store: Store, log: Log) -> None:
    log.event("A")
    log.event("B")
    log.merge("B", 3, "A")
    log.merge("B", 5, "A")
    log.merge("B", 6, None)
    assert open_during(store, "B", 9) == [0, 1, 2, 6, 7, 8]
    assert open_during(store, "A", 9) == list(range(9))


def test_a_unit_called_back_is_busy_until_then(store: Store, log: Log) -> None:
    log.event("A")
    log.event("B", unit="U2", times={"dispatch": minute(1)})
    log.dispatch("A", 2, "U1")
    log.recall("A", 4, "U1")
    log.recall("B", 5, "U2")
    busy = [state_at(store, minute(n)).busy_unit_ids for n in range(7)]
    assert busy == [(), ("U2",), ("U1", "U2"), ("U1", "U2"), ("U2",), (), ()]


def test_a_recall_leaves_a_unit_busy_that_works_elsewhere_by_then(store: Store, log: Log) -> None:
    log.event("A")
    log.event("B")
    log.dispatch("A", 1, "U1")
    log.dispatch("B", 2, "U1")
    log.recall("A", 3, "U1")
    assert state_at(store, minute(4)).busy_unit_ids == ("U1",)


def test_a_move_to_a_closed_step_releases_the_units(store: Store, log: Log) -> None:
    log.event("A", unit="U2", times={"dispatch": minute(1)})
    log.dispatch("A", 1, "U1")
    log.move("A", 4, "closed", CLOSED)
    assert state_at(store, minute(3)).busy_unit_ids == ("U1", "U2")
    assert state_at(store, minute(4)).busy_unit_ids == ()


def test_a_case_does_not_end_because_its_unit_went_elsewhere(store: Store, log: Log) -> None:
    log.event("A", unit="U1", times={"dispatch": minute(1)})
    log.event("B", unit="U1", times={"dispatch": minute(4)})
    assert open_during(store, "A", 7) == [0, 1, 2, 3]
    log.move("A", 2, "handling", ON_SCENE)
    assert open_during(store, "A", 7) == list(range(7))


def test_interval_between_moves_is_from_the_first_to_the_first(store: Store, log: Log, url: str) -> None:
    for id, answered in (("A", 9), ("B", 5), ("C", None)):
        log.event(id)
        log.move(id, 1, "assigned")
        log.move(id, 3, "assigned")
        if answered:
            log.move(id, answered, "answered", move="answer")
            log.move(id, answered + 30, "answered", move="answer")
    log.event("D")
    for pair in ("assigned:answered", "to-assigned:answer"):
        answer = ask(url, "stats", "--interval", pair, "--of", "incidents")
        assert answer["all"] == {"n": 2, "p50": 6.0, "p90": 7.6, "excluded": 2}
    assert ask(url, "stats", "--interval", "at:assigned")["all"]["p50"] == 1.0
    refused = CliRunner().invoke(app, ["stats", "--interval", "at:moon", "--db", url])
    assert refused.exit_code == 1
    assert "moves and steps of cases: answer, answered, assigned" in refused.output


def test_a_time_that_rows_have_is_not_taken_from_moves(store: Store, log: Log, url: str) -> None:
    log.event("A", times={"dispatch": minute(1), "on_scene": minute(4)})
    log.event("B", times={"dispatch": minute(1)})
    log.move("B", 2, "on_scene")
    assert ask(url, "stats", "--interval", "dispatch:on_scene")["all"] == {
        "n": 1, "p50": 3.0, "p90": 3.0, "excluded": 1,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_now_is_what_the_tables_say_whatever_was_done(store: Store, seed: int) -> None:
    """At a moment after everything, the log's answer is that of the projections: open, busy by desk, step, owner."""
    dice, log = random.Random(seed), Log(store)
    for n in range(150):
        id, at = f"I{dice.randrange(25)}", n + dice.random()
        act = dice.randrange(9)
        if act <= 1:
            times = {"closed": minute(at + dice.uniform(-20, 5))} if dice.random() < 0.4 else {}
            log.event(id, at - 5, version=n, times=times)
        elif act <= 4:
            change = clock(
                dice.choice((ClockOp.START, ClockOp.START, *ClockOp)),
                n + dice.uniform(-9, 200),
                n + dice.uniform(-9, 90),
            )
            log.move(id, at, dice.choice("xyz"), dice.choice((*IncidentState, OPEN)), owner=dice.choice("pq"), **change)
        elif act == 5:
            log.merge(id, at, dice.choice((None, f"I{dice.randrange(25)}")))
        elif act == 6:
            log.dispatch(id, at, f"U{dice.randrange(6)}")
        elif act == 7:
            log.recall(id, at, *(f"U{u}" for u in range(6)))
        else:
            log.say(Kind.INCIDENT_CLOSED, at, IncidentClosed(incident=id, actor="w"))
    log.say(Kind.UNIT_STATUS, 151, UnitStatusPayload(unit="U0", status=UnitStatus.EN_ROUTE))
    now = minute(400)
    found = state_at(store, now)
    wall = LiveState(store.region(), store.snapshot()).incidents
    assert sorted(wall.ids[row] for row in wall.open_at(now.timestamp() * 1000)) == list(found.open_ids)
    idle = (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE)
    assert [u.id for u in store.snapshot().units if u.status not in idle] == list(found.busy_unit_ids)
    records = store.read_after(0)
    expected = []
    for id in found.open_ids:
        case = case_of(records, id)
        if case is not None and case.workflow:
            expected.append(CaseAt(id, case.workflow, case.step, case.owner, clock_state(case, now)))
    assert list(found.cases) == expected
    assert found.cases
    assert 0 < len(found.open_ids) < len(wall)
