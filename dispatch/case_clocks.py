"""What a move does to the clocks of a case: which start, stop, pause, resume, are extended. Pure.

A clock starts once. What is returned or done again runs on against the deadline it has, unless its limit says
`restart`. Nothing but an extension or a resumption moves the deadline of a clock that runs.
"""

from __future__ import annotations

from datetime import datetime

from data.casework import Case
from data.records import ClockChange, ClockOp
from data.store import IncidentRow
from dispatch import clocks
from dispatch.book import Book
from dispatch.spans import Span
from dispatch.workflow import Effect, Transition, Workflow


def changes(
    row: IncidentRow, case: Case, workflow: Workflow, t: Transition, at: datetime, book: Book, by: Span | None
) -> tuple[ClockChange, ...]:
    """The changes that transition `t` makes at `at`. `by`: the length of an extension."""
    step = t.to or case.step
    happens = {t.move} if step == case.step else {t.move, step}
    ends = step != case.step and workflow.steps[step].final
    made: list[ClockChange] = []
    stopped: set[str] = set()
    limits = {limit.clock: limit for limit in workflow.limits}
    for clock in case.clocks:
        if clock.stopped_at is not None:
            continue
        limit = limits.get(clock.id)
        if ends or (limit is not None and happens.intersection(limit.stop_on)):
            if clock.paused_at is not None and clock.calendar in book.calendars:
                # What was suspended did not run: it is judged by the deadline that resuming it now would give.
                made.append(clocks.resumed(clock, at, book.calendar(clock.calendar)))
            made.append(clocks.stopped(clock, at))
            stopped.add(clock.id)
        elif t.effect is Effect.SUSPEND and clock.runs:
            made.append(clocks.paused(clock, at))
        elif t.effect is Effect.RESUME and clock.paused_at is not None:
            made.append(clocks.resumed(clock, at, book.calendar(clock.calendar)))
        elif t.effect is Effect.EXTEND and clock.runs and by is not None:
            change = clocks.extended(clock, by, book.calendar(clock.calendar))
            made.append(change.model_copy(update={"limit": str(by)}))
    for limit in workflow.limits:
        if ends or not happens.intersection(limit.start_on) or happens.intersection(limit.stop_on):
            continue
        before = case.clock(limit.clock)
        if before is None or (limit.restart and (before.stopped_at is not None or limit.clock in stopped)):
            holds = limit.of(row.category, row.severity)
            made.append(clocks.started(holds, at, book.calendar(holds.calendar)))
    return tuple(made)


def held(case: Case, at: datetime) -> tuple[ClockChange, ...]:
    """All running clocks held, as when the case becomes part of another."""
    return tuple(clocks.paused(clock, at) for clock in case.clocks if clock.runs)


def let_go(case: Case) -> tuple[ClockChange, ...]:
    """What `held` held last runs on against the deadlines it had: being part of another gave no time."""
    return tuple(
        ClockChange(clock=clock.id, op=ClockOp.RESUME, due=clock.due, warn=clock.warn)
        for clock in case.clocks
        if clock.paused_at is not None and clock.paused_at == case.moved_at
    )


def ended(case: Case, at: datetime) -> tuple[ClockChange, ...]:
    """All clocks stopped."""
    return tuple(clocks.stopped(clock, at) for clock in case.clocks if clock.stopped_at is None)
