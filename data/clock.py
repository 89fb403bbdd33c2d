"""Time is asked for, never taken: code that needs "now" is given a Clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where t comes from. Live: the wall clock. Replay and drills: a timeline's own clock."""

    def now(self) -> datetime:
        """Current time of this clock, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """A clock that showed `start` when it was made and runs on at the pace of `base`."""

    def __init__(self, base: Clock, start: datetime) -> None:
        self._base = base
        self._shift = require_utc(start) - base.now()

    def now(self) -> datetime:
        return self._base.now() + self._shift


class ManualClock:
    """A clock that moves only when told to: for tests, and for timelines that are stepped."""

    def __init__(self, start: datetime) -> None:
        self._now = require_utc(start)

    def now(self) -> datetime:
        return self._now

    def set(self, t: datetime) -> None:
        self._now = require_utc(t)

    def advance(self, seconds: float) -> datetime:
        self._now += timedelta(seconds=seconds)
        return self._now


def require_utc(t: datetime) -> datetime:
    """`t` in UTC. Raises ValueError for a naive time: a time without a zone is a guess."""
    if t.tzinfo is None:
        raise ValueError(f"time {t.isoformat()} has no zone; give an offset such as +08:00 or Z")
    return t.astimezone(UTC)
