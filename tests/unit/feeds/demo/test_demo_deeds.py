"""What the simulated offices do next, decided from where a case stands; real workflows, no store."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from cli.demo_offices import EVIDENCE_NOTE, OfficeCommands
from data.casework import Case
from data.clock import ManualClock
from data.records import IncidentMoved, IncidentState
from data.store import IncidentRow
from dispatch.book import Book
from feeds.demo import deeds
from feeds.demo.deeds import DISTRICT, DUTY, PEOPLE_S, SIMULATED, TRIAGE_S, next_deed, of_people
from feeds.demo.fates import Fate
from feeds.demo.ledger import Ledger
from feeds.demo.timetable import Timetable

OPENED = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)  # 9:00 in the district
HOUR = 3600.0


@cache
def book() -> Book:
    return Book.load(None)


def incident(source: str = "grid", category: str = "0101", severity: int = 3, **more: object) -> IncidentRow:
    row = IncidentRow(
        "x-1", "live", IncidentState.OPEN, OPENED, None, None, None, category, severity, "t", "t", "", source,
        120.7, 33.0, None, "990101001001001", (), 1, "", 1,
    )  # fmt: skip
    return replace(row, **more)  # type: ignore[arg-type]


def table(fate: Fate = Fate.PLAIN, hours: float = 6) -> Timetable:
    start = OPENED.timestamp()
    return Timetable("x-1", start, start + 600, start + 1800, start + hours * HOUR, fate)


class Life:
    """One case led by the offices alone, at their own times, by the real dispatcher."""

    def __init__(self, row: IncidentRow, times: Timetable, until: timedelta = timedelta(days=3)) -> None:
        self.ledger, self.clock = Ledger([row], ()), ManualClock(OPENED + timedelta(seconds=2))
        commands = OfficeCommands(self.ledger, self.clock, book())  # type: ignore[arg-type]
        commands.file(row.id)
        for _ in range(60):
            deed = next_deed(self.row, times, "W001001001")
            if deed is None or deed.at > (OPENED + until).timestamp():
                break
            assert deed.at >= self.clock.now().timestamp()
            self.clock.set(datetime.fromtimestamp(deed.at, UTC))
            commands.do(self.row, deed, f"k{len(self.ledger.records)}")

    @property
    def row(self) -> IncidentRow:
        row = self.ledger.incident("x-1")
        assert row is not None
        return row

    @property
    def moves(self) -> list[IncidentMoved]:
        return [r.payload for r in self.ledger.records if isinstance(r.payload, IncidentMoved)]

    @property
    def path(self) -> list[str]:
        return [p.move for p in self.moves]


@pytest.mark.parametrize(
    ("source", "category", "path"),
    [
        ("grid", "0101", ["file", "assign", "accept", "start", "answer", "verify"]),
        ("hotline", "0101", ["file", "assign", "accept", "start", "answer", "verify", "close"]),
        ("hotline", "1201", ["file", "assign", "accept", "start", "answer", "verify", "close"]),
    ],
)
def test_a_case_goes_its_way_to_the_end_at_the_scripts_time(source: str, category: str, path: list[str]) -> None:
    life = Life(incident(source, category), table())
    assert life.path == path
    assert life.row.state is IncidentState.CLOSED
    assert life.row.closed_at is not None
    assert abs(life.row.closed_at.timestamp() - table().end) < 1200


def test_everything_is_marked_as_simulated() -> None:
    life = Life(incident(), table(Fate.REWORKED | Fate.SUSPENDED | Fate.EXTENDED))
    acted = {p.actor for p in life.moves} - {"router"}
    assert acted
    assert all(actor.startswith(SIMULATED) for actor in acted)
    evidence = [piece for p in life.moves for piece in p.evidence]
    assert evidence
    assert all("simulated" in piece.note for piece in evidence)
    assert f"{SIMULATED}W001001001" in acted, "what a grid worker found is worked on by the grid worker"


def test_what_is_returned_goes_to_another_owner() -> None:
    life = Life(incident(category="0204"), table(Fate.RETURNED))  # signals: traffic police, then municipal works
    owners = [p.owner for p in life.moves if p.move == "assign"]
    assert life.path.count("return") == 1
    assert len(set(owners)) == 2
    assert all(p.reason for p in life.moves if p.move == "return")
    assert life.row.state is IncidentState.CLOSED


def test_after_the_third_return_the_district_decides_and_that_binds() -> None:
    life = Life(incident("hotline", "0204"), table(Fate.CONTESTED, hours=30))
    assert life.path.count("return") == 3
    last = [p for p in life.moves if p.move == "assign"][-1]
    assert (last.actor, last.role) == (DISTRICT, "district")
    assert life.row.state is IncidentState.CLOSED


@pytest.mark.parametrize(
    ("fate", "moves"),
    [
        (Fate.REWORKED, ["rework"]),
        (Fate.EXTENDED, ["extend"]),
        (Fate.SUSPENDED, ["suspend", "resume"]),
        (Fate.REWORKED | Fate.EXTENDED | Fate.SUSPENDED | Fate.RETURNED | Fate.STALLED, ["rework", "suspend"]),
    ],
)
@pytest.mark.parametrize(("source", "category"), [("grid", "0101"), ("hotline", "0101"), ("hotline", "1201")])
def test_detours_come_to_an_end(source: str, category: str, fate: Fate, moves: list[str]) -> None:
    life = Life(incident(source, category), table(fate, hours=20))
    assert set(moves) <= set(life.path)
    assert life.row.state is IncidentState.CLOSED
    assert len(life.path) < 24


def test_a_stalled_hotline_case_is_supervised() -> None:
    assert "supervise" in Life(incident("hotline"), table(Fate.STALLED, hours=40)).path


def test_offices_do_nothing_at_night() -> None:
    life = Life(incident("hotline"), table(hours=30))
    local = [r.at.astimezone(UTC).hour + 8 for r in life.ledger.records]
    assert all(7 <= hour % 24 < 22 for hour in local)


def test_triage_is_left_to_people_first_and_then_taken_by_the_duty_officer() -> None:
    life = Life(incident(category="0501", source="119", severity=1), table(), until=timedelta(seconds=TRIAGE_S[0] - 1))
    assert life.path == ["file"]
    deed = next_deed(life.row, table())
    assert deed is not None
    assert (deed.move, deed.actor) == ("assign", DUTY)
    assert TRIAGE_S[0] <= deed.at - (OPENED.timestamp() + 2) <= TRIAGE_S[1]


def test_a_case_that_a_person_has_just_touched_is_left_alone() -> None:
    before = Life(incident(), table(), until=timedelta(minutes=1)).row
    usual = next_deed(before, table())
    assert usual is not None
    case = before.case or Case()
    touched = OPENED + timedelta(seconds=usual.at - OPENED.timestamp() - 5)
    after = replace(before, last_actor="Desk 3", case=replace(case, moved_at=touched))
    later = next_deed(after, table())
    assert later is not None
    assert later.at >= touched.timestamp() + PEOPLE_S > usual.at


def test_what_a_person_suspended_stays_so_for_a_day() -> None:
    life = Life(incident(), table(Fate.SUSPENDED), until=timedelta(hours=3))
    assert life.path[-1] == "suspend"
    by_desk = replace(life.row, last_actor="Desk 3")
    deed, usual = next_deed(by_desk, table(Fate.SUSPENDED)), next_deed(life.row, table(Fate.SUSPENDED))
    assert deed is not None
    assert usual is not None
    assert life.row.case is not None
    assert life.row.case.moved_at is not None
    assert deed.at >= life.row.case.moved_at.timestamp() + 86_400 > usual.at


@pytest.mark.parametrize("machine", ["router", "terminal:E01", "cad:auto", "sim:water", "hotline", "unit E01", ""])
def test_machines_are_no_people(machine: str) -> None:
    assert not of_people(machine)
    assert of_people("坐席 1")


def test_an_emergency_is_controlled_and_cleared_by_its_crew() -> None:
    row = incident("119", "0501", 2)
    life = Life(row, table(), until=timedelta(minutes=5))
    assert life.path[:2] == ["file", "assign"]
    assert life.row.case is not None
    on_scene = replace(life.row, case=replace(life.row.case, step="on_scene"))
    controlled = replace(life.row, case=replace(life.row.case, step="controlled"))
    for there, move in ((on_scene, "answer"), (controlled, "close")):
        deed = next_deed(there, table())
        assert deed is not None
        assert (deed.move, deed.role) == (move, "worker")


def test_no_case_nothing_to_do() -> None:
    assert next_deed(incident(), table()) is None
    life = Life(incident(), table())
    assert next_deed(life.row, table()) is None
    assert life.row.case is not None
    part = replace(life.row, state=IncidentState.OPEN, case=replace(life.row.case, parent="y"))
    assert next_deed(part, table()) is None


def test_what_is_said_at_work_is_said_in_both_languages() -> None:
    """In the form that the desk shows in the reader's language (`written` in 43-desk-timeline.js)."""
    both = re.compile(r"^[^|]*[\u4e00-\u9fff][^|]* \| [^|\u4e00-\u9fff]+$")
    texts = [each for name, value in vars(deeds).items() if name.startswith("_") and not name.startswith("__")
             for each in (value if isinstance(value, tuple) else (value,))
             if isinstance(each, str) and re.search(r"[\u4e00-\u9fff]", each)]  # fmt: skip
    assert len(texts) >= 26
    assert [text for text in [*texts, EVIDENCE_NOTE] if not both.match(text)] == []
