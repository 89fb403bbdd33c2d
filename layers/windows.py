"""Windows of time: what a view looks back over at t, and the same window before.

Three kinds, by name:

    15m 1h 24h 7d 30d    back from t: (t - length, t]. The window before is as long and ends where this one begins.
    today                the calendar day of t in the region's time zone, from its midnight to t. Before: yesterday to
                         the same time by the clock.
    FROM/TO              two local times to the minute, `2026-04-01T08:00/2026-04-03T20:00`: an ISO 8601 interval
                         without offsets. Before: as long by the clock, ending at FROM; of one that is not over at t,
                         the same part of it.

By the clock means as the clock on the wall counts: a day of 23 hours is compared with the whole day before it. A local
time that the clock shows twice is its first, one that it skips the moment of the change. Windows by the calendar hold
their first moment and not their last: midnight belongs to the day it begins.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from data.errors import BadView

TRAILING: Mapping[str, int] = {
    "15m": 900,
    "1h": 3600,
    "24h": 86_400,
    "7d": 604_800,
    "30d": 2_592_000,
}
"""Windows that look back from t by name, seconds."""

TODAY = "today"
WINDOWS: tuple[str, ...] = ("15m", "1h", TODAY, "24h", "7d", "30d")
"""Windows that have a name, shortest first."""

LONGEST = timedelta(days=366)
"""The longest window that can be chosen by its ends."""

YEARS = 1971, 2200
"""Years of a chosen window: first, and the one after the last."""

BINS_S = (60, 300, 900, 3600, 21_600, 86_400, 604_800)
MOST_BINS = 53
"""A trend has bins of the shortest of these lengths that makes no more than so many."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_INTERVAL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)/(\d{4}-\d\d-\d\dT\d\d:\d\d)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """A window at a moment; times in ms since 1970, as floats.

    after, until                 it holds what happened in (after, until]; nothing where until <= after
    before_after, before_until   the same of the window before
    earlier                      what t is compared with, where something is counted at a moment and not over a window
    length_s                     its whole length, also of one that is not over, seconds
    """

    after: float
    until: float
    before_after: float
    before_until: float
    earlier: float
    length_s: float

    @property
    def bin_s(self) -> int:
        """Length of a bin of its trend, seconds."""
        return next((s for s in BINS_S if self.length_s / s <= MOST_BINS), BINS_S[-1])

    @property
    def bins(self) -> int:
        """How many bins there are so far, at least one; the last one of a window that is not over may be part."""
        return max(1, math.ceil((self.until - self.after) / (self.bin_s * 1000.0) - 1e-9))


def checked(name: str) -> str:
    """The name of a window as views carry it. Raises BadView that says what is allowed."""
    if name in WINDOWS:
        return name
    chosen = _chosen(name)
    if chosen is None:
        raise BadView(
            f"view: window: {name[:40]!r} is not one of {', '.join(WINDOWS)} or FROM/TO in local time, "
            "such as 2026-04-01T08:00/2026-04-02T08:00"
        )
    start, end = chosen
    if not start < end or end - start > LONGEST or not YEARS[0] <= start.year <= end.year < YEARS[1]:
        raise BadView(
            f"view: window: {name!r} must end after it begins, within {LONGEST.days} days, "
            f"in the years {YEARS[0]} to {YEARS[1] - 1}"
        )
    return name


def window(name: str, t: float, zone: tzinfo) -> Window:
    """The window of a checked name at t (ms since 1970) where clocks show `zone`."""
    if name in TRAILING:
        length = TRAILING[name] * 1000.0
        return Window(t - length, t, t - 2 * length, t - length, t - length, TRAILING[name])
    if name == TODAY:
        midnight = day_of(t, zone)
        return _calendar(midnight, midnight + _DAY, t, zone)
    chosen = _chosen(name)
    assert chosen is not None, name
    return _calendar(*chosen, t, zone)


def day_of(t: float, zone: tzinfo) -> datetime:
    """The midnight, local time without a zone, with which the local day of t (ms since 1970) begins."""
    return _local(t, zone).replace(hour=0, minute=0, second=0, microsecond=0)


def instant(local: datetime, zone: tzinfo) -> float:
    """A local time without a zone as ms since 1970. One that comes twice is the first, one that is skipped the moment
    of the change."""
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return _ms(first)
    # The clock goes over it: read by the offset after the change it lies before the change, and the other way round.
    low, high = local.replace(tzinfo=zone, fold=1).astimezone(UTC), first
    after = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle <= low:
            break
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return _ms(high.replace(microsecond=0))


def before(t: float) -> float:
    """The last moment before t: (before(t), ..] holds t itself."""
    return math.nextafter(t, -math.inf)


def _calendar(start: datetime, end: datetime, t: float, zone: tzinfo) -> Window:
    first, last = before(instant(start, zone)), before(instant(end, zone))
    shift = end - start
    earlier = instant(_local(t, zone) - shift, zone)
    over = t >= last
    return Window(
        after=first,
        until=last if over else t,
        before_after=before(instant(start - shift, zone)),
        before_until=first if over else min(earlier, first),
        earlier=earlier,
        length_s=(last - first) / 1000.0,
    )


def _chosen(name: str) -> tuple[datetime, datetime] | None:
    found = _INTERVAL.match(name)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1]), datetime.fromisoformat(found[2])
    except ValueError:
        return None


def _local(t: float, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=round(t * 1000.0))).astimezone(zone).replace(tzinfo=None)


def _ms(t: datetime) -> float:
    return (t - _EPOCH) / timedelta(milliseconds=1)
