"""The workflow that a case goes by; a stand-in where its file, or its step in the file, is gone.

An operator may take a profile away while cases stand in it. Such a case is not stuck: it can be noted, merged, sent
units to, and closed by force; everything else waits until the file is put back.
"""

from __future__ import annotations

from dataclasses import replace

from data.records import IncidentState
from data.store import IncidentRow
from dispatch.book import Book
from dispatch.both import Both
from dispatch.refusals import sentence
from dispatch.words import listed, plain
from dispatch.workflow import DISTRICT, FORCE_CLOSE, SUPERVISOR, Step, Transition, Workflow

ENDED = "closed"
"""The final step of a case whose workflow is gone."""


def workflow_of(book: Book, row: IncidentRow) -> Workflow:
    """The workflow of a case, with its step in it. `lost` of the answer says what is gone."""
    case = row.case
    assert case is not None
    held = book.workflows.get(case.workflow)
    if held is not None and case.step in held.steps:
        return held
    ended = row.state is IncidentState.CLOSED and case.parent is None
    here = Step(case.step, case.step, case.step, IncidentState.CLOSED if ended else _phase(row), final=ended)
    if held is None:
        lost = sentence("lost_workflow", workflow=case.workflow, known=listed(book.workflows, plain))
        end = f"{ENDED}_by_force" if case.step == ENDED else ENDED
        steps = {end: Step(end, "已结案", "closed", IncidentState.CLOSED, final=True), case.step: here}
        bare = Workflow(case.workflow, case.workflow, case.workflow, case.revision, case.step, steps, ())
        return replace(bare, transitions=_ways_out(case.step, end, ended), lost=lost)
    end = next(id for id, step in held.steps.items() if step.final)
    name = Both(held.zh, held.en)
    lost = sentence("lost_step", revision=case.revision, workflow=name, path=held.path)
    transitions = (*held.transitions, *_ways_out(case.step, end, ended))
    return replace(held, steps={**held.steps, case.step: here}, transitions=transitions, lost=lost)


def _phase(row: IncidentRow) -> IncidentState:
    return IncidentState.OPEN if row.state is IncidentState.CLOSED else row.state


def _ways_out(step: str, end: str, ended: bool) -> tuple[Transition, ...]:
    if ended:
        return ()
    by_force = Transition(
        FORCE_CLOSE, (step,), end, (SUPERVISOR, DISTRICT), "强制结案", "close by force", needs_reason=True
    )
    return (by_force,)
