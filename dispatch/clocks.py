"""What happens to an SLA clock: each function gives the change to put on record. Pure.

Remaining time is counted in the clock's own calendar: a pause keeps the working time that was left, not the hours. A
missed deadline stays where it was, and no change but `extended` moves a deadline at an officer's wish.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from data.casework import CaseClock
from data.errors import BadInput, Refused
from data.records import ClockChange, ClockOp
from dispatch.calendar import NATURAL, Calendar, TimeKind
from dispatch.spans import Span

_URGENT_ZH = "紧急"
_URGENT_EN = "urgent"
_NOT_URGENT = ("非紧急", "不紧急", "non-urgent", "not urgent", "nonurgent")


class TimeLimit(Protocol):
    """A limit of a workflow, as far as a clock needs it. `warn`: fractions of its working time, 0 < f < 1."""

    @property
    def clock(self) -> str: ...
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...
    @property
    def amount(self) -> int | float: ...
    @property
    def unit(self) -> str: ...
    @property
    def warn(self) -> tuple[float, ...]: ...


def is_urgent(*texts: str) -> bool:
    """Whether a limit's text says urgent (紧急): such a limit is always natural time (DOMAIN.md section 5)."""
    for text in texts:
        plain = text.lower()
        for negation in _NOT_URGENT:
            plain = plain.replace(negation, "")
        if _URGENT_ZH in plain or _URGENT_EN in plain:
            return True
    return False


def started(limit: TimeLimit, at: datetime, calendar: Calendar, *, span: Span | None = None) -> ClockChange:
    """The clock of `limit`, started at `at`. `span` stands for the limit's own length where one overrides it.

    A limit whose text says urgent counts natural time whatever `calendar` is.
    """
    counted = NATURAL if is_urgent(limit.zh, limit.en) else calendar
    length = span or Span.of(limit.amount, limit.unit)
    due = counted.add(at, length)
    return ClockChange(
        clock=limit.clock,
        op=ClockOp.START,
        due=due,
        warn=warn_moments(at, due, limit.warn, counted),
        limit=f"{length} {'working' if counted.kind is TimeKind.WORKING else 'natural'}",
        calendar=counted.id,
    )


def paused(clock: CaseClock, at: datetime) -> ClockChange:
    """The clock held at `at`. Raises Refused when it does not run."""
    _running(clock, "pause")
    return ClockChange(clock=clock.id, op=ClockOp.PAUSE)


def resumed(clock: CaseClock, at: datetime, calendar: Calendar) -> ClockChange:
    """The paused clock running on from `at` with the working time that was left when it was paused.

    Warnings still to come keep their distance likewise; those that had come stay. A deadline that was missed before
    the pause stays missed, and none moves back, even if the calendar was changed meanwhile.
    """
    _same(clock, calendar)
    if clock.stopped_at is not None or clock.paused_at is None:
        raise Refused(f"clock {clock.id} is not paused; only a paused clock can be resumed")
    held = clock.paused_at
    if at < held:
        raise Refused(f"clock {clock.id} was paused at {held.isoformat()}; it cannot be resumed before that")

    def later(moment: datetime) -> datetime:
        return moment if moment < held else max(moment, calendar.add(at, calendar.between(held, moment)))

    return ClockChange(
        clock=clock.id, op=ClockOp.RESUME, due=later(clock.due), warn=tuple(later(w) for w in clock.warn)
    )


def extended(clock: CaseClock, by: timedelta | Span, calendar: Calendar) -> ClockChange:
    """The deadline moved back by `by` of the calendar's time; `original` stays. Paused or overdue clocks too.

    Warnings keep their share of the time from the clock's start to its deadline: 80 % of ten days becomes 80 % of
    fifteen. (Time that the clock was paused counts in both, so after a pause the share is near, not exact.)
    """
    _same(clock, calendar)
    if clock.stopped_at is not None:
        raise Refused(f"clock {clock.id} stopped at {clock.stopped_at.isoformat()}; there is nothing left to extend")
    due = calendar.add(clock.due, by)
    if due <= clock.due:
        raise BadInput(f"an extension of {by} moves nothing; give a longer one")
    start = clock.started_at
    before, after = calendar.between(start, clock.due), calendar.between(start, due)

    def scaled(moment: datetime) -> datetime:
        return calendar.add(start, calendar.between(start, moment) * (after / before)) if before else moment

    return ClockChange(clock=clock.id, op=ClockOp.EXTEND, due=due, warn=tuple(scaled(w) for w in clock.warn))


def stopped(clock: CaseClock, at: datetime) -> ClockChange:
    """What the clock waited for was done at `at`. Raises Refused when it had stopped."""
    if clock.stopped_at is not None:
        raise Refused(f"clock {clock.id} had stopped at {clock.stopped_at.isoformat()}")
    return ClockChange(clock=clock.id, op=ClockOp.STOP)


def remaining(clock: CaseClock, t: datetime, calendar: Calendar) -> timedelta:
    """Time left in the clock's calendar at t (at its pause, at its stop); negative when overdue."""
    _same(clock, calendar)
    return calendar.between(clock.stopped_at or clock.paused_at or t, clock.due)


def warn_moments(
    start: datetime, due: datetime, fractions: Iterable[float], calendar: Calendar
) -> tuple[datetime, ...]:
    """The moments at which these fractions (0 < f < 1) of the calendar's time from start to due have passed."""
    whole = calendar.between(start, due)
    shares = sorted(set(fractions))
    if any(not 0 < f < 1 for f in shares):
        raise BadInput(f"warning fractions {shares}: each must be more than 0 and less than 1")
    return tuple(calendar.add(start, whole * f) for f in shares)


def _running(clock: CaseClock, what: str) -> None:
    if clock.stopped_at is not None:
        raise Refused(f"clock {clock.id} stopped at {clock.stopped_at.isoformat()}; there is nothing to {what}")
    if clock.paused_at is not None:
        raise Refused(f"clock {clock.id} is paused since {clock.paused_at.isoformat()}; resume it first")


def _same(clock: CaseClock, calendar: Calendar) -> None:
    if clock.calendar and clock.calendar != calendar.id:
        raise BadInput(f"clock {clock.id} counts by calendar {clock.calendar}, not by {calendar.id}; give that one")
