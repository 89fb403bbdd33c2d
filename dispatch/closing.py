"""How a case ends: the move that closes it from where it stands, and what ends with it."""

from __future__ import annotations

from datetime import datetime

from data.errors import Refused
from data.records import Kind, UnitStatus, UnitStatusPayload
from data.store import IncidentRow
from dispatch import words
from dispatch.book import Book
from dispatch.both import Both
from dispatch.merging import close_children
from dispatch.moves import listed_moves, possible
from dispatch.refusals import refuse, sentence
from dispatch.routing_words import both
from dispatch.turn import Turn
from dispatch.workflow import Workflow


def closing_move(row: IncidentRow, workflow: Workflow, role: str) -> str:
    """The workflow's regular move from the case's step to a final one. Raises Refused where it has none there."""
    case = row.case
    assert case is not None
    closing = workflow.closing(case.step)
    mine = [t.move for t in closing if role in t.roles]
    if closing:
        return mine[0] if mine else closing[0].move
    before = dict.fromkeys(step for t in workflow.transitions for step in t.sources if t in workflow.closing(step))
    now = listed_moves(possible(row, workflow)) or sentence("now_nothing")
    step = words.step(workflow, case.step)
    if workflow.lost is not None:
        raise refuse(Refused, "lost", id=row.id, step=step, lost=Both(*workflow.lost), now=now)
    steps = words.either(before, lambda id: words.step(workflow, id))
    raise refuse(Refused, "closes_from", id=row.id, step=step, steps=steps, now=now)


def wind_up(turn: Turn, book: Book, row: IncidentRow, actor: str, at: datetime) -> None:
    """What ends with an incident that closed at `at`: the cases that are part of it, and its units' work.

    The closing itself releases units. One whose terminal runs ahead said something at a later time, which the closing
    does not undo; it is released at that time.
    """
    for unit in turn.units_on(row):
        if unit.status_at is not None and unit.status_at > at:
            why = both(f"案件 {row.id} 已结案", f"incident {row.id} closed")
            free = UnitStatusPayload(unit=unit.id, status=UnitStatus.AVAILABLE, reason=why, actor=actor)
            turn.add(Kind.UNIT_STATUS, free, unit.status_at)
    close_children(turn, book, row, actor)
