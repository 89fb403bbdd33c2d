"""A source takes its closing back: the case that ended by it goes back to the step that it had, with its clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from data.casework import CaseClock, case_of
from data.records import ClockChange, ClockOp, EventPayload, IncidentMoved, IncidentState, Kind, Record, incident_of
from data.store import IncidentRow
from dispatch import clocks
from dispatch.book import Book
from dispatch.turn import Turn
from dispatch.workflow import SYSTEM, On

MOVE = "source_reopened"


def reopen(turn: Turn, book: Book, row: IncidentRow, life: Sequence[Record]) -> bool:
    """Add the move back, where the case stands closed by its source alone and no row of the source says so any more.

    The deadlines are those that held before, a suspension holds on, and what ended with the case (its parts, the work
    of its units) stays ended. Says whether there was a move.
    """
    case = row.case
    if case is None or case.parent is not None:
        return False
    closing = _closing(book, row, life)
    if closing is None or _says_closed(turn, row.id, life):
        return False
    move = closing.payload
    assert isinstance(move, IncidentMoved)
    workflow = book.workflows[case.workflow]
    before = case_of((each for each in life if (each.seq or 0) < (closing.seq or 0)), row.id)
    if before is None or move.before not in workflow.steps:
        return False
    at = turn.at(row)
    stopped = {change.clock for change in move.clocks if change.op is ClockOp.STOP}
    back = [change for clock in before.clocks if clock.id in stopped for change in _running_again(clock, at, book)]
    said = IncidentMoved(
        incident=row.id, move=MOVE, workflow=workflow.id, revision=workflow.revision, before=case.step,
        step=move.before, phase=workflow.steps[move.before].phase, owner=case.owner, actor=row.source, role=SYSTEM,
        clocks=tuple(back),
    )  # fmt: skip
    turn.add(Kind.INCIDENT_MOVED, said, at)
    return True


def _closing(book: Book, row: IncidentRow, life: Sequence[Record]) -> Record | None:
    """The move by which its source ended the case, None where the case stands elsewhere, or was ended otherwise."""
    case = row.case
    assert case is not None
    for record in reversed(life):
        move = record.payload
        if not isinstance(move, IncidentMoved) or move.incident != row.id or move.step == move.before:
            continue
        workflow = book.workflows.get(case.workflow)
        t = None if workflow is None else workflow.automatic(move.before, On.CLOSED)
        by_source = t is not None and t.move == move.move and move.role == SYSTEM
        return record if by_source and move.phase is IncidentState.CLOSED else None
    return None


def _says_closed(turn: Turn, id: str, life: Sequence[Record]) -> bool:
    """Whether a row of the incident, as it was last told, has a closing. A row may have gone on to another incident."""
    rows: dict[str, set[str]] = {}
    for record in life:
        if isinstance(record.payload, EventPayload):
            rows.setdefault(record.source, set()).add(record.source_id)
    for source, ids in rows.items():
        last: dict[str, Record] = {}
        for record in turn.tx.recorded(source, sorted(ids)):
            known = last.get(record.source_id)
            if record.kind is Kind.EVENT and (known is None or record.version >= known.version):
                last[record.source_id] = record
        for record in last.values():
            event = record.payload
            if isinstance(event, EventPayload) and incident_of(record) == id and "closed" in event.times:
                return True
    return False


def _running_again(clock: CaseClock, at: datetime, book: Book) -> list[ClockChange]:
    """A clock that the closing stopped, as it was: running, or held with the time that was left when it was held."""
    due, warn = clock.due, clock.warn
    held = clock.paused_at is not None
    if held and clock.calendar in book.calendars:
        later = clocks.resumed(clock, at, book.calendar(clock.calendar))
        due, warn = later.due or due, later.warn
    start = ClockChange(
        clock=clock.id, op=ClockOp.START, due=due, warn=warn, limit=clock.limit, calendar=clock.calendar
    )
    return [start, ClockChange(clock=clock.id, op=ClockOp.PAUSE)] if held else [start]
