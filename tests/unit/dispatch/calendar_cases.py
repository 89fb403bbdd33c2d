"""What the calendar tests share: the shipped calendar, times as people write them, and a slow calendar to compare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.calendar import Calendar, TimeKind, Window, YearDays
from dispatch.calendars import load_calendars

CN = load_calendars()["cn-working"]
MORNING, AFTERNOON = Window(8 * 60, 12 * 60), Window(14 * 60, 18 * 60)


def cn(text: str) -> datetime:
    """A time in China: cn("2024-02-04 09:00")."""
    return local(text, "Asia/Shanghai")


def local(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def working(
    zone: str,
    windows: tuple[Window, ...] = (MORNING, AFTERNOON),
    weekend: frozenset[int] = frozenset({5, 6}),
    off: tuple[date, ...] = (),
    work: tuple[date, ...] = (),
    year: int = 2025,
) -> Calendar:
    days = YearDays("test", dict.fromkeys(off, ("假", "off")), frozenset(work))
    return Calendar(
        "test", "测试", "Test", TimeKind.WORKING, zone, windows, weekend, timedelta(hours=8), (), {year: days}
    )


def open_by_rule(calendar: Calendar, off: tuple[date, ...], work: tuple[date, ...]) -> Callable[[datetime], bool]:
    """Whether a minute is working time, from the words of the rule alone: no block, no piece, no offset."""
    zone = ZoneInfo(calendar.zone)

    def is_open(t: datetime) -> bool:
        wall = t.astimezone(zone)
        day = wall.date()
        works = day in work or (day not in off and day.weekday() not in calendar.weekend)
        minute = wall.hour * 60 + wall.minute
        return works and any(w.start <= minute < w.end for w in calendar.windows)

    return is_open


def add_by_walking(is_open: Callable[[datetime], bool], start: datetime, minutes: int) -> datetime:
    """The slow way: look at every minute from `start` (whole minutes) on and count the open ones."""
    t, minute = start.astimezone(UTC), timedelta(minutes=1)
    if not minutes:
        while not is_open(t) and not is_open(t - minute):  # in a window, or just at its end
            t += minute
        return t
    while minutes:
        minutes -= is_open(t)
        t += minute
    return t


def between_by_walking(is_open: Callable[[datetime], bool], a: datetime, b: datetime) -> int:
    t, until, minutes = a.astimezone(UTC), b.astimezone(UTC), 0
    while t < until:
        minutes += is_open(t)
        t += timedelta(minutes=1)
    return minutes
