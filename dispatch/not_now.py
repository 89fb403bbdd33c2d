"""The moves of a workflow that a case cannot make now, each with why: what a person misses on the screen. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from data.store import IncidentRow
from dispatch import words
from dispatch.both import Both
from dispatch.moves import hindrance, possible
from dispatch.refusals import sentence
from dispatch.workflow import DISTRICT, Transition, Workflow


@dataclass(frozen=True, slots=True)
class NotNow:
    """A move that nobody can make now. `why` stands after its name: "at the step handling", "it is not suspended"."""

    transition: Transition
    why: Both


def not_now(row: IncidentRow, workflow: Workflow) -> list[NotNow]:
    """Moves that people make at other steps or in other circumstances, in the order of the file, one for each name.

    None for an incident that is closed, part of another or without a case: there it is not the step that is in the way.
    """
    case = row.case
    if case is None or case.parent is not None or row.closed_at is not None or workflow.lost is not None:
        return []
    now = {t.move for t in possible(row, workflow)}
    first: dict[str, Transition] = {}
    for t in workflow.transitions:
        if t.manual and t.move not in now:
            first.setdefault(t.move, t)
    return [NotNow(t, _why(row, workflow, t)) for t in first.values()]


def _why(row: IncidentRow, workflow: Workflow, t: Transition) -> Both:
    case = row.case
    assert case is not None
    here = workflow.find(case.step, t.move)
    if here is None:
        steps = dict.fromkeys(step for each in workflow.named(t.move) if each.manual for step in each.sources)
        return sentence("in_steps", steps=words.either(steps, lambda id: words.step(workflow, id)))
    hinders = hindrance(case, here, workflow)
    if hinders is not None:
        return hinders
    return sentence("district_first", times=len(case.returns), district=words.role(workflow, DISTRICT))
