"""Working time of a year as pieces of absolute time: how much lies before a moment, and when so much is worked. Pure.

Moments are whole microseconds since 1970, so sums are exact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from data.errors import BadInput

US = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000


class Hours(Protocol):
    """Working hours [start, end) of local wall time, minutes after midnight."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Pieces:
    """The working pieces of one UTC year: piece i is [starts[i], ends[i]).

    `before[i]` is the working time in the pieces before i; `total` that of all.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    total: int

    @classmethod
    def of_year(cls, year: int, hours_of: Callable[[date], Sequence[Hours]], zone: ZoneInfo) -> Pieces:
        """`hours_of` says the hours of a local date of the zone. Raises BadInput for a year that cannot be counted."""
        if not 2 <= year <= 9998:
            raise BadInput(f"working time cannot be counted in the year {year}; give a nearer time")
        begin, end = (micros(datetime(y, 1, 1, tzinfo=UTC)) for y in (year, year + 1))
        first = date(year, 1, 1) - timedelta(days=2)
        pieces: list[tuple[int, int]] = []
        for n in range((date(year + 1, 1, 1) - first).days + 2):
            day = first + timedelta(days=n)
            pieces += _pieces(day, hours_of(day), zone)
        starts: list[int] = []
        ends: list[int] = []
        before: list[int] = []
        total = 0
        for a, b in sorted(pieces):
            if a < end and b > begin:
                starts.append(max(a, begin))
                ends.append(min(b, end))
                before.append(total)
                total += ends[-1] - starts[-1]
        return cls(tuple(starts), tuple(ends), tuple(before), total)

    def worked(self, at: int) -> int:
        """Working time of the year before `at`."""
        i = bisect_right(self.starts, at) - 1
        return 0 if i < 0 else self.before[i] + min(at, self.ends[i]) - self.starts[i]

    def reached(self, done: int, at: int) -> int | None:
        """The earliest moment from `at` on, in a piece or at its end, before which `done` of the year's working time
        lies; None when the year does not reach so far.
        """
        if not self.starts or at > self.ends[-1] or done > self.total:
            return None
        i = max(bisect_right(self.before, done) - 1, 0)
        if i and self.before[i] == done:
            i -= 1  # the end of the piece before, not the beginning of this one
        return max(self.starts[i] + done - self.before[i], self._next(at))

    def _next(self, at: int) -> int:
        """`at` itself in a piece or at its end, else the next piece's start (the year has one)."""
        i = bisect_right(self.starts, at) - 1
        if i >= 0 and at <= self.ends[i]:
            return at
        return self.starts[i + 1]


def micros(t: datetime) -> int:
    return (t - _EPOCH) // US


def moment(at: int) -> datetime:
    """Raises BadInput beyond the year 9999."""
    try:
        return _EPOCH + timedelta(microseconds=at)
    except OverflowError:
        raise BadInput("the deadline lies beyond the year 9999; give a shorter time span") from None


def _pieces(day: date, hours: Iterable[Hours], zone: ZoneInfo) -> list[tuple[int, int]]:
    """The moments whose wall time lies in the hours of this local date."""
    hours = tuple(hours)
    if not hours:
        return []
    midnight = micros(datetime.combine(day, time(), tzinfo=UTC))
    found = []
    for a, b, offset in _steady(midnight - _DAY_US, midnight + 2 * _DAY_US, zone):
        for window in hours:
            low = max(a, midnight + window.start * _MINUTE_US - offset)
            high = min(b, midnight + window.end * _MINUTE_US - offset)
            if low < high:
                found.append((low, high))
    return found


def _steady(a: int, b: int, zone: ZoneInfo) -> list[tuple[int, int, int]]:
    """[a, b) cut where the zone's offset changes: (from, to, offset), microseconds. At most one change."""
    offset, after = _offset(a, zone), _offset(b, zone)
    if offset == after:
        return [(a, b, offset)]
    low, high = a // 1_000_000, b // 1_000_000  # zones change on whole seconds
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle * 1_000_000, zone) == offset:
            low = middle
        else:
            high = middle
    change = high * 1_000_000
    return [(a, change, offset), (change, b, after)]


def _offset(at: int, zone: ZoneInfo) -> int:
    offset = moment(at).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // US
