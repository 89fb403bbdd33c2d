"""A part of the week in a named zone: when a routing rule holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES

_DAYS_ZH = "一二三四五六日"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` until before `end`, minutes of the local day, on `days` (0 Monday .. 6 Sunday).

    An end that is not after its start is on the next day: 22:00-06:00 on Friday goes on until Saturday 06:00, and
    equal ends are 24 hours. A local time is what the wall clock in `zone` shows, on both sides of a clock change.
    """

    days: tuple[int, ...]
    start: int
    end: int
    zone: str

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies inside. `at` is aware."""
        local = at.astimezone(ZoneInfo(self.zone))
        minute = local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
        return bool(self.mask() >> minute & 1)

    def mask(self) -> int:
        """The local minutes of a week, from Monday 00:00, as a bit set."""
        long = (self.end - self.start) % DAY_MINUTES or DAY_MINUTES
        week = 0
        for day in self.days:
            begin = day * DAY_MINUTES + self.start
            week |= ((1 << long) - 1) << begin
        # What reaches over Sunday midnight is on Monday.
        return (week | week >> WEEK_MINUTES) & ((1 << WEEK_MINUTES) - 1)

    def covers(self, other: Hours) -> bool:
        """Whether the other's moments all lie inside. Hours of two zones are never said to cover each other, unless
        these are the whole week.
        """
        if self.mask() == (1 << WEEK_MINUTES) - 1:
            return True
        return self.zone == other.zone and other.mask() & ~self.mask() == 0

    def words(self, lang: str) -> str:
        """For a person: "周一至周五 08:00-18:00" or "Mon-Fri 08:00-18:00"."""
        span = "" if self.start == self.end == 0 else f" {_clock(self.start)}-{_clock(self.end or DAY_MINUTES)}"
        names = [f"周{c}" for c in _DAYS_ZH] if lang == "zh" else _DAYS_EN
        if len(self.days) == 7:
            return ("每天" if lang == "zh" else "daily") + span
        run = len(self.days) > 2 and self.days == tuple(range(self.days[0], self.days[-1] + 1))
        if run:
            between = "至" if lang == "zh" else "-"
            return f"{names[self.days[0]]}{between}{names[self.days[-1]]}{span}"
        return ("、" if lang == "zh" else ", ").join(names[day] for day in self.days) + span


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
