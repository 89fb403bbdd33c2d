"""The simulated offices at work: on a fake of casework, and for days of accelerated time on the real one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from cli.demo_offices import OfficeCommands
from data.casework import Case
from data.clock import Clock, ManualClock
from data.errors import Refused, StoreUnavailable
from data.open_store import open_store
from data.records import IncidentMoved, IncidentState, Kind, Record
from data.store import IncidentRow, Store
from dispatch.book import Book
from dispatch.dispatcher import Dispatcher
from feeds.demo.catch_up import WITHIN, CaughtUp, catch_up
from feeds.demo.deeds import EMERGENCY, PEOPLE_S, SIMULATED, Deed, of_people
from feeds.demo.district import SEED
from feeds.demo.offices import PER_STEP, Offices
from feeds.demo.script import DayPlan, days_between, plan_day

START = datetime(2026, 5, 20, 3, 0, tzinfo=UTC)  # a Wednesday, 11:00 in the district


@cache
def book() -> Book:
    return Book.load(None)


class FakeStore:
    """Rows and records in memory; what the offices read of a store."""

    def __init__(self, rows: Iterable[IncidentRow]) -> None:
        self.rows = {row.id: row for row in rows}
        self.records: list[Record] = []
        self.away = False

    def unsettled(self, since: datetime) -> tuple[int, list[IncidentRow]]:
        self._answer()
        return len(self.records), list(self.rows.values())

    def head(self) -> int:
        self._answer()
        return len(self.records)

    def read_after(self, seq: int, *, limit: int, positions: bool) -> list[Record]:
        self._answer()
        return self.records[seq : seq + limit]

    def incident(self, id: str) -> IncidentRow | None:
        self._answer()
        return self.rows.get(id)

    def moved(self, id: str, at: datetime, actor: str, move: str = "note", step: str | None = None) -> None:
        """The log and the row say that somebody made a move."""
        row = self.rows[id]
        case = row.case or Case()
        step = step or case.step
        payload = IncidentMoved(
            incident=id, move=move, workflow=case.workflow, step=step, phase=row.state, owner=case.owner, actor=actor
        )
        seq = len(self.records) + 1
        self.records.append(Record(Kind.INCIDENT_MOVED, "desk", f"m{seq}", at, payload, seq=seq))
        self.rows[id] = replace(
            row, last_actor=actor, seq=seq, case=replace(case, moved_at=at, move=move, step=step, owner=case.owner)
        )

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("away")


class FakeCommands:
    """Makes what it is asked, and remembers it."""

    def __init__(self, store: FakeStore, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.given: list[tuple[str, str]] = []
        self.keys: list[str] = []
        self.refuse = ""

    def file(self, incident: str) -> None:
        raise AssertionError("the router files")

    def follow(self, incident: str) -> None:
        raise AssertionError("the router follows")

    def do(self, row: IncidentRow, deed: Deed, key: str) -> None:
        if self.refuse:
            raise Refused(self.refuse)
        self.given.append((row.id, deed.move))
        self.keys.append(key)
        steps = {"accept": "handling", "answer": "verifying", "verify": "closed"}
        self.store.moved(row.id, self.clock.now(), deed.actor, deed.move, steps.get(deed.move))


def case_row(id: str, opened: datetime = START) -> IncidentRow:
    case = Case("grid-5", step="assigned", owner="sanitation", since=opened, moved_at=opened, move="assign")
    return IncidentRow(
        id, "live", IncidentState.OPEN, opened, None, None, None, "0101", 3, "t", "t", "", "grid",
        120.7, 33.0, None, "990101001001001", (), 1, "router", 0, case,
    )  # fmt: skip


class Bench:
    """Offices over the fakes."""

    def __init__(self, ids: Iterable[str] = ("D-1",)) -> None:
        self.clock = ManualClock(START)
        self.store = FakeStore(case_row(id) for id in ids)
        self.commands = FakeCommands(self.store, self.clock)
        self.at_work: set[str] = set()
        self.offices = Offices(
            cast(Store, self.store), self.clock, self.commands, SEED, lambda incident: incident in self.at_work
        )

    def run(self, hours: float, every_s: float = 20.0) -> None:
        end = self.clock.now() + timedelta(hours=hours)
        while self.clock.now() < end:
            self.clock.advance(every_s)
            self.offices.step()


def test_offices_bring_a_case_to_its_end() -> None:
    bench = Bench()
    bench.run(12)
    assert [move for _, move in bench.commands.given] == ["accept", "start", "answer", "verify"]
    assert bench.offices.done == 4
    assert len(set(bench.commands.keys)) == 4


def test_no_more_than_a_few_commands_at_a_time() -> None:
    bench = Bench(f"D-{n}" for n in range(50))
    bench.clock.advance(86_400 * 2)
    assert bench.offices.step() == PER_STEP
    assert len(bench.commands.given) == PER_STEP
    bench.run(0.05, every_s=1.0)
    assert len(bench.commands.given) >= 50


def test_a_case_that_a_person_touches_in_the_last_moment_is_left_alone() -> None:
    bench = Bench()
    bench.offices.step()
    due = bench.offices._heap[0][0]
    bench.clock.set(datetime.fromtimestamp(due, UTC) - timedelta(seconds=1))
    touched = bench.clock.now()
    bench.store.moved("D-1", touched, "坐席 1")
    while bench.clock.now() < touched + timedelta(seconds=PEOPLE_S - 10):
        bench.clock.advance(10)
        assert bench.offices.step() == 0
    bench.run(1)
    assert bench.commands.given


def test_a_touch_that_the_log_has_not_told_of_yet_counts_too() -> None:
    bench = Bench()
    bench.offices.step()
    bench.clock.set(datetime.fromtimestamp(bench.offices._heap[0][0], UTC) + timedelta(seconds=1))
    row = bench.store.rows["D-1"]
    assert row.case is not None
    case = replace(row.case, moved_at=bench.clock.now())
    bench.store.rows["D-1"] = replace(row, last_actor="坐席 1", case=case)
    assert bench.offices.step() == 0


def test_nothing_is_reported_done_while_a_unit_is_at_work_there() -> None:
    bench = Bench()
    bench.at_work.add("D-1")
    bench.run(12)
    assert [move for _, move in bench.commands.given] == ["accept", "start"]
    bench.at_work.clear()
    bench.run(20)
    assert [move for _, move in bench.commands.given][-1] == "verify"


def test_what_is_refused_is_left_to_people_for_a_while() -> None:
    bench = Bench()
    bench.commands.refuse = "no such move here"
    bench.run(8)
    assert 1 <= bench.offices.refused <= 9
    bench.commands.refuse = ""
    bench.run(12)
    assert bench.commands.given[-1] == ("D-1", "verify")


def test_a_store_that_is_away_costs_nothing_but_time() -> None:
    bench = Bench()
    bench.offices.step()
    bench.store.away = True
    bench.run(6)
    assert not bench.commands.given
    bench.store.away = False
    bench.run(12)
    assert bench.commands.given[-1] == ("D-1", "verify")


# --- the real casework ---------------------------------------------------------------------------------------------


def office_commands(store: Store, clock: Clock) -> OfficeCommands:
    return OfficeCommands(store, clock, book())


class Days:
    """The script's matters, every `thin`-th, on a real store; the offices work them in accelerated time."""

    def __init__(self, store: Store, clock: ManualClock, thin: int) -> None:
        self.store, self.clock, self.thin = store, clock, thin
        self.caught_up = self._begin()
        self.commands = office_commands(store, clock)
        self.offices = Offices(store, clock, self.commands, SEED)
        self.emergencies: set[str] = set()
        self.filed = 0

    def _matters(self, start: datetime, end: datetime) -> Iterator[tuple[float, DayPlan, int, int]]:
        """(time, plan, matter, version) of milestones in (start, end]."""
        low, high = start.timestamp(), end.timestamp()
        for day in days_between(start - timedelta(days=9), end):
            plan = plan_day(SEED, day)
            for i in range(0, len(plan), self.thin):
                for version in range(3):
                    if low < plan.at[i, version] <= high:
                        yield float(plan.at[i, version]), plan, i, version

    def _begin(self) -> CaughtUp:
        """The matters that are open at the start, as the history tells of them."""
        now = self.clock.now().timestamp()
        records = []
        for day in days_between(self.clock.now() - timedelta(days=3), self.clock.now()):
            plan = plan_day(SEED, day)
            version = plan.version_at(now)
            records += [plan.record(i, int(version[i])) for i in range(0, len(plan), self.thin) if -1 < version[i] < 3]
        self.store.append(records)
        return catch_up(self.store, self.clock, office_commands, SEED)

    def run(self, span: timedelta, tick: timedelta = timedelta(minutes=10)) -> None:
        end = self.clock.now() + span
        agenda = sorted(self._matters(self.clock.now(), end), key=lambda entry: entry[0])
        at = 0
        while self.clock.now() < end:
            self.clock.set(min(self.clock.now() + tick, end))
            fresh: list[tuple[DayPlan, int, int]] = []
            while at < len(agenda) and agenda[at][0] <= self.clock.now().timestamp():
                fresh.append(agenda[at][1:])
                at += 1
            self._report(fresh)
            while self.offices.step():
                pass

    def _report(self, fresh: list[tuple[DayPlan, int, int]]) -> None:
        told = [(p, i, v) for p, i, v in fresh if v == 0 or p.ids[i] in self.emergencies]
        if told:
            self.store.append([plan.record(i, version) for plan, i, version in told])
        for plan, i, version in told:
            id = plan.ids[i]
            if version == 0:
                self.commands.file(id)
                self.filed += 1
                row = self.store.incident(id)
                assert row is not None
                assert row.case is not None
                if row.case.workflow == EMERGENCY:
                    self.emergencies.add(id)
            else:
                self.commands.follow(id)

    def open(self) -> list[IncidentRow]:
        _, rows = self.store.unsettled(self.clock.now())
        return [row for row in rows if row.state is not IncidentState.CLOSED]

    def moves(self) -> Counter[str]:
        records = self.store.read_after(0, limit=1_000_000)
        return Counter(r.payload.move for r in records if isinstance(r.payload, IncidentMoved))


@contextmanager
def days(path: Path, thin: int) -> Iterator[Days]:
    clock = ManualClock(START)
    store = open_store(f"sqlite:///{path}", clock, repeatable=True)
    try:
        yield Days(store, clock, thin)
    finally:
        store.close()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Days, list[int]]]:
    with days(tmp_path_factory.mktemp("offices") / "demo.db", thin=30) as world:
        counts = [len(world.open())]
        for _ in range(3):
            world.run(timedelta(days=1))
            counts.append(len(world.open()))
        yield world, counts


def test_the_first_start_looks_like_a_room_at_work(tmp_path: Path) -> None:
    with days(tmp_path / "demo.db", thin=4) as world:
        rows = [row for row in world.open() if row.opened_at >= START - WITHIN]
        cases = [row.case for row in rows if row.case is not None]
        assert len(cases) == len(rows)
        steps = {(case.workflow, case.step) for case in cases}
        assert {("grid-5", "handling"), ("grid-5", "verifying"), ("hotline-6", "assigned")} <= steps
        assert {("hotline-6", "answered"), ("dispute", "mediating"), ("emergency", "on_scene")} <= steps
        now = world.clock.now()
        states = Counter(due.state(now).value for case in cases if (due := case.next_due()) is not None)
        assert states["running"] > states["overdue"] > 0
        assert states["warning"] > 0
        assert any(case.returns for case in cases)
        assert any(case.reworks for case in cases)
        assert any(case.suspended for case in cases)
        assert 0 < sum(case.owner in ("triage", "district") for case in cases) < 0.05 * len(cases)
        assert all(r.at <= now for r in world.store.read_after(0, limit=1_000_000))


def test_the_first_start_is_the_same_every_time_and_done_once(tmp_path: Path) -> None:
    said = []
    for name in ("a.db", "b.db"):
        with days(tmp_path / name, thin=30) as world:
            before = world.store.head()
            catch_up(world.store, world.clock, office_commands, SEED)
            assert world.store.head() == before
            records = world.store.read_after(0, limit=1_000_000)
            said.append([(r.kind, r.source_id, r.version, r.at, r.payload) for r in records])
    assert said[0] == said[1]


def test_the_projection_is_what_the_log_says(tmp_path: Path) -> None:
    with days(tmp_path / "demo.db", thin=30) as world:
        before = world.store.snapshot().incidents
        world.store.rebuild()
        assert world.store.snapshot().incidents == before


def test_over_three_days_the_queue_moves_and_does_not_grow(three: tuple[Days, list[int]]) -> None:
    world, counts = three
    assert world.filed > 250
    assert counts[0] > 20
    assert max(counts[1:]) < 1.7 * counts[0] + 10
    assert min(counts[1:]) > 0.4 * counts[0]
    assert world.offices.refused == 0


def test_over_three_days_all_that_happens_in_offices_happens(three: tuple[Days, list[int]]) -> None:
    world, _ = three
    moves = world.moves()
    assert {"file", "assign", "accept", "start", "answer", "verify", "rework", "return", "close"} <= set(moves)
    answered = moves["answer"]
    assert 0.02 < moves["rework"] / answered < 0.2
    assert 0.01 < moves["return"] / moves["assign"] < 0.2
    assert not moves["force_close"]


def test_what_was_opened_on_the_first_day_is_nearly_all_closed_on_the_third(three: tuple[Days, list[int]]) -> None:
    world, _ = three
    late = [row for row in world.open() if row.opened_at < START + timedelta(days=1)]
    assert len(late) < 0.08 * world.filed


def test_what_a_person_does_stands_and_the_owners_go_on(tmp_path: Path) -> None:
    with days(tmp_path / "demo.db", thin=120) as world:
        row = next(
            row for row in world.open() if row.case and (row.case.workflow, row.case.step) == ("grid-5", "handling")
        )
        desk = Dispatcher(world.store, world.clock, book=book())
        desk.move(row.id, "assign", actor="坐席 1", role="dispatcher", owner="housing")
        touched = world.clock.now()
        world.run(timedelta(days=2))
        life = [r for r in world.store.timeline_of(row.id) if isinstance(r.payload, IncidentMoved) and r.at > touched]
        assert life
        assert life[0].at >= touched + timedelta(seconds=PEOPLE_S)
        assert isinstance(life[0].payload, IncidentMoved)
        assert (life[0].payload.actor, life[0].payload.owner) == (f"{SIMULATED}housing", "housing")
        assert not any(of_people(getattr(r.payload, "actor", "")) for r in life)


def test_a_person_who_acts_during_the_catching_up_wins(tmp_path: Path) -> None:
    with days(tmp_path / "demo.db", thin=40) as world:
        row = next(row for row in world.open() if row.case and row.case.step == "handling")
        world.clock.advance(86_400)

        def commands_for(store: Store, clock: Clock) -> OfficeCommands:
            # By now the state has been read; a person moves the case before what is made of it is stored.
            desk = Dispatcher(world.store, world.clock, book=book())
            desk.move(row.id, "assign", actor="坐席 1", role="dispatcher", owner="housing")
            return office_commands(store, clock)

        catch_up(world.store, world.clock, commands_for, SEED)
        after = world.store.incident(row.id)
        assert after is not None
        assert after.case is not None
        assert (after.last_actor, after.case.owner, after.case.step) == ("坐席 1", "housing", "assigned")
