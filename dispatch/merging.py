"""An incident turns out to be part of another, or is split off again."""

from __future__ import annotations

from datetime import datetime, timedelta

from data.casework import Case
from data.errors import Refused
from data.records import ClockChange, IncidentMerged, IncidentMoved, IncidentState, Kind, UnitStatusPayload
from data.store import IncidentRow
from dispatch import words
from dispatch.book import Book
from dispatch.case_clocks import ended, held, let_go
from dispatch.refusals import refuse
from dispatch.routing_words import both
from dispatch.stand_in import workflow_of
from dispatch.turn import Turn, unchanged, workable
from dispatch.workflow import DISPATCHER, DISTRICT, MERGE, SPLIT, SUPERVISOR, SYSTEM

ARRANGERS = (DISPATCHER, SUPERVISOR, DISTRICT, SYSTEM)
"""Who may merge and split: it takes a case out of the queue, so nobody who has the case does it to their own."""


def merge(turn: Turn, book: Book, payload: IncidentMerged, expected: int | None) -> None:
    """Make an incident part of another: its clocks are held, its units and what is part of it go on to the other."""
    child, into = turn.incident(payload.incident), payload.into
    assert into is not None
    _arranger(child.id, MERGE, payload.role)
    workable(child, turn.now)
    unchanged(turn, child, expected)
    parent = turn.reported(into)
    if parent.id == child.id:
        raise refuse(Refused, "into_itself", id=child.id)
    above = None if parent.case is None else parent.case.parent
    if above == child.id:
        raise refuse(Refused, "into_child", parent=parent.id, child=child.id)
    if above is not None:
        raise refuse(Refused, "into_part", parent=parent.id, child=child.id, above=above)
    workable(parent, turn.now)
    units = turn.units_on(child)
    at = _moment(child, turn.at(child, *(unit.status_at for unit in units)))
    turn.add(Kind.INCIDENT_MERGED, payload, at)
    for id in () if child.case is None else child.case.children:
        turn.add(Kind.INCIDENT_MERGED, payload.model_copy(update={"incident": id, "note": _with(child.id)}), at)
    if child.case is not None and child.case.workflow:
        _note(turn, book, child, MERGE, held(child.case, at), payload, at)
    for unit in units:
        status = UnitStatusPayload(
            unit=unit.id, status=unit.status, incident=parent.id, actor=payload.actor, role=payload.role
        )
        turn.add(Kind.UNIT_STATUS, status, at)


def split(turn: Turn, book: Book, payload: IncidentMerged, expected: int | None) -> None:
    """Take an incident out of the one it is part of. Its clocks run on against the deadlines it had.

    One that ended with the other stays ended: it is reopened by its workflow's own move, if that is what is wanted.
    """
    child = turn.incident(payload.incident)
    _arranger(child.id, SPLIT, payload.role)
    case = child.case
    if case is None or case.parent is None:
        raise refuse(Refused, "no_part", id=child.id)
    unchanged(turn, child, expected)
    at = turn.at(child)
    turn.add(Kind.INCIDENT_MERGED, payload, at)
    if case.workflow:
        _note(turn, book, child, SPLIT, let_go(case), payload, at)


def close_children(turn: Turn, book: Book, parent: IncidentRow, actor: str) -> None:
    """What is part of a case ends with it: each child's case comes to its final step, by the move `merge`."""
    for id in parent.case.children if parent.case is not None else ():
        child = turn.incident(id)
        case = child.case
        if case is None or not case.workflow:
            continue
        workflow = workflow_of(book, child)
        if workflow.steps[case.step].final:
            continue
        at = turn.at(child)
        final = workflow.ended(case.step)
        moved = _outcome(child, case, MERGE, ended(case, at), actor, SYSTEM, _with(parent.id))
        turn.add(
            Kind.INCIDENT_MOVED,
            moved.model_copy(update={"step": final, "phase": workflow.steps[final].phase}),
            at,
        )


def _with(other: str) -> str:
    return both(f"随 {other}", f"with {other}")


def _arranger(id: str, move: str, role: str) -> None:
    if role not in ARRANGERS:
        by = words.either(ARRANGERS[:-1], lambda id: words.role(None, id))
        said = {"move": words.move(None, move), "roles": by, "role": words.role(None, role)}
        raise refuse(Refused, "arranged_by", id=id, **said)


def _moment(row: IncidentRow, at: datetime) -> datetime:
    """A moment of the merge's own: `let_go` knows by it which clocks the merge held, and which a suspension did."""
    case = row.case
    return at + timedelta(microseconds=1) if case is not None and at == case.moved_at else at


def _note(
    turn: Turn, book: Book, row: IncidentRow, move: str, clocks: tuple[ClockChange, ...], payload: IncidentMerged,
    at: datetime,
) -> None:  # fmt: skip
    case = row.case
    assert case is not None
    reason = both(f"并入 {payload.into}", f"into {payload.into}") if payload.into else both("拆分", "split off")
    said = _outcome(row, case, move, clocks, payload.actor, payload.role, reason)
    if workflow_of(book, row).steps[case.step].final:
        said = said.model_copy(update={"phase": IncidentState.CLOSED})
    turn.add(Kind.INCIDENT_MOVED, said, at)


def _outcome(
    row: IncidentRow, case: Case, move: str, clocks: tuple[ClockChange, ...], actor: str, role: str, reason: str
) -> IncidentMoved:
    """A record that leaves the case where it is."""
    state = row.state if row.state is not IncidentState.CLOSED else IncidentState.OPEN
    return IncidentMoved(
        incident=row.id,
        move=move,
        workflow=case.workflow,
        revision=case.revision,
        before=case.step,
        step=case.step,
        phase=state,
        owner=case.owner,
        actor=actor,
        role=role,
        reason=reason,
        clocks=clocks,
    )
