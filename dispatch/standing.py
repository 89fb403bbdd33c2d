"""Where cases stand in their workflows, as far as who only follows them needs to know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from data.records import IncidentMoved
from data.store import IncidentRow
from dispatch.workflow import On, Workflow

LOST = (
    "router: %d open cases stand in %s, which the rules no longer have (%s): put the file back, or close them by force"
)


def goes_on(workflows: Mapping[str, Workflow], workflow: str, step: str) -> bool:
    """Whether a case in this step can still move, and by itself: only then is there anything to follow."""
    known = workflows.get(workflow)
    return known is not None and step in known.steps and not known.steps[step].final


def by_hand(workflow: Workflow, move: IncidentMoved) -> bool:
    """Whether people made the move, and not what happened."""
    return all(t.on is On.NOTHING for t in workflow.named(move.move))


def behind(workflows: Mapping[str, Workflow], row: IncidentRow) -> bool:
    """Whether something may have happened for which the workflow makes a move by itself from where the case is."""
    case = row.case
    if case is None or case.parent is not None or not goes_on(workflows, case.workflow, case.step):
        return False
    return any(workflows[case.workflow].automatic(case.step, on) is not None for on in possible(row))


def ended_by_source(workflows: Mapping[str, Workflow], row: IncidentRow) -> bool:
    """Whether the case may have ended by the closing of its source, who may take it back; its life tells."""
    case = row.case
    if case is None or case.parent is not None or row.closed_at is None or case.workflow not in workflows:
        return False
    return any(t.on is On.CLOSED and t.to == case.step for t in workflows[case.workflow].transitions)


def possible(row: IncidentRow) -> Iterable[On]:
    """What can have happened to an incident that workflows move on by; the dispatcher looks closer, at the times."""
    if row.closed_at is not None:
        return (On.CLOSED,)
    if row.dispatched_at is None and row.arrived_at is None and not row.units:
        return ()
    return (On.DISPATCHED, On.EN_ROUTE, On.ON_SCENE, On.RECALLED)


def lost_cases(rows: Iterable[IncidentRow], workflows: Mapping[str, Workflow]) -> Mapping[str, Sequence[str]]:
    """Open cases in a workflow or a step that the rules no longer have, by that: people have to see to them."""
    lost: dict[str, list[str]] = {}
    for row in rows:
        case = row.case
        if case is None or not case.workflow or row.closed_at is not None or not workflows:
            continue
        known = workflows.get(case.workflow)
        if known is None or case.step not in known.steps:
            lost.setdefault(f"workflow {case.workflow}, step {case.step}", []).append(row.id)
    return dict(sorted(lost.items()))
