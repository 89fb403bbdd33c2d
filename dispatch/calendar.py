"""Deadlines in natural and in working time: `add(start, span)` and its inverse `between(a, b)`. Pure.

A moment is working time when its local wall time in the calendar's zone lies in a window of a working day. Windows
are half-open, [08:00, 12:00). One working day is 8 working hours, counted inside the windows (`day`; DOMAIN: "one
working day = 8 working hours"); natural time is absolute, a natural day is 24 hours. Daylight saving follows: a
window that a clock change lengthens or shortens holds that much more or less working time.

`add(s, x)` is the earliest moment t >= s, in a window or at its end, with x of working time between s and t. So a
start outside the windows begins at the next one, and work that fills a window is due at its end, not at the next
one's beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from data.clock import require_utc
from data.errors import BadInput
from dispatch.both import Both
from dispatch.spans import Span
from dispatch.working_time import US, Pieces, micros, moment

MAX_YEARS = 100
"""The farthest that working time is counted, years."""

_KEPT_YEARS = 64

YEAR_END = (12, 26)
"""From this day on the next year's notice may still change a year: new year's make-up days lie in December
(29 December 2018 was a working Saturday by the notice for 2019)."""


class TimeKind(StrEnum):
    """How a calendar counts."""

    NATURAL = "natural"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class Window:
    """Working hours [start, end) of local wall time; minutes after midnight, 0 <= start < end <= 1440."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


@dataclass(frozen=True, slots=True)
class Season:
    """Days of every year, (month, day) both included, that have windows of their own. May span a year's end."""

    first: tuple[int, int]
    last: tuple[int, int]
    windows: tuple[Window, ...]

    def holds(self, day: date) -> bool:
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last

    def __str__(self) -> str:
        (m1, d1), (m2, d2) = self.first, self.last
        return f"{m1:02}-{d1:02} to {m2:02}-{d2:02}"


@dataclass(frozen=True, slots=True)
class YearDays:
    """What was announced for a year. `off`: public holidays with their names (zh, en); `work`: make-up working days.

    `provisional`: not announced yet; only days that the law fixes are in it. `source` says who announced it.
    """

    source: str
    off: Mapping[date, tuple[str, str]] = field(default_factory=dict)
    work: frozenset[date] = frozenset()
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline (UTC) and what is not certain about it, in words; empty when nothing is."""

    due: datetime
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """Natural time, or working time by windows, weekends, holidays and make-up days.

    `weekend` holds weekdays, Monday = 0. `years` are the announced years; a moment in another year is counted by
    weekends only and `warnings` says so. Results are aware and UTC; microseconds are exact.
    """

    id: str
    zh: str
    en: str
    kind: TimeKind = TimeKind.NATURAL
    zone: str = "UTC"
    windows: tuple[Window, ...] = ()
    weekend: frozenset[int] = frozenset()
    day: timedelta = timedelta(hours=24)
    seasons: tuple[Season, ...] = ()
    years: Mapping[int, YearDays] = field(default_factory=lambda: MappingProxyType({}))
    _worked: dict[int, Pieces] = field(default_factory=dict, init=False, repr=False, compare=False)
    _off: frozenset[date] = field(default=frozenset(), init=False, repr=False, compare=False)
    _work: frozenset[date] = field(default=frozenset(), init=False, repr=False, compare=False)
    _zone: ZoneInfo = field(default=ZoneInfo("UTC"), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_off", frozenset(d for year in self.years.values() for d in year.off))
        object.__setattr__(self, "_work", frozenset(d for year in self.years.values() for d in year.work))
        object.__setattr__(self, "_zone", ZoneInfo(self.zone))
        if self.kind is TimeKind.WORKING and (not self.windows or len(self.weekend) > 6):
            raise ValueError(f"calendar {self.id} has no working time; it needs windows and a working weekday")

    def add(self, start: datetime, amount: timedelta | Span) -> datetime:
        """The deadline: `amount` of this calendar's time after `start`, UTC.

        A Span's days are `day` long; a timedelta is exact time, in working time as worked. Raises BadInput for a
        negative amount or a deadline more than 100 years away, ValueError for a naive start.
        """
        left = self._length(amount) // US
        at = micros(require_utc(start))
        if left < 0:
            raise BadInput(f"time span {amount} is negative; a time limit is zero or more")
        if self.kind is TimeKind.NATURAL:
            return moment(at + left)
        year = moment(at - 1).year  # a start at a year's first instant may be the end of the last year's window
        left += self._year(year).worked(at)
        for _ in range(MAX_YEARS):
            pieces = self._year(year)
            due = pieces.reached(left, at)
            if due is not None:
                return moment(due)
            left -= pieces.total
            year += 1
        raise BadInput(f"a deadline {amount} after {start.isoformat()} is more than {MAX_YEARS} years away")

    def between(self, a: datetime, b: datetime) -> timedelta:
        """This calendar's time from a to b, negative when b is before a: the inverse of `add`."""
        first, last = micros(require_utc(a)), micros(require_utc(b))
        if self.kind is TimeKind.NATURAL:
            return timedelta(microseconds=last - first)
        if last < first:
            return -self.between(b, a)
        year, until = require_utc(a).year, require_utc(b).year
        if until - year > MAX_YEARS:
            raise BadInput(f"{a.isoformat()} and {b.isoformat()} are more than {MAX_YEARS} years apart")
        done = self._year(until).worked(last) - self._year(year).worked(first)
        return timedelta(microseconds=done + sum(self._year(y).total for y in range(year, until)))

    def deadline(self, start: datetime, amount: timedelta | Span) -> Deadline:
        """`add` together with what is uncertain about it."""
        due = self.add(start, amount)
        return Deadline(due, tuple(self.warnings(start, due)))

    def warnings(self, a: datetime, b: datetime) -> list[str]:
        """`doubts`, for a terminal: in English."""
        return [doubt.en for doubt in self.doubts(a, b)]

    def doubts(self, a: datetime, b: datetime) -> list[Both]:
        """One sentence for each year between a and b whose working days are not announced; empty when all are."""
        if self.kind is TimeKind.NATURAL:
            return []
        first, last = sorted((self._local(a).date(), self._local(b).date()))
        said = [doubt for year in range(first.year, last.year + 1) if (doubt := self._doubt(year)) is not None]
        end = date(last.year, *YEAR_END)
        following = self.years.get(last.year + 1)
        if self._work and last >= end and last.year in self.years and (following is None or following.provisional):
            zh = f"日历“{self.zh}”：文件中尚无 {last.year + 1} 年的放假通知，{last.year} 年最后几天可能调整"
            en = (
                f"calendar {self.id}: the notice for {last.year + 1}, which may change the last days of {last.year}, "
                "is not in the file"
            )
            said.append(Both(zh, en))
        return said

    def open_at(self, t: datetime) -> bool:
        """Whether t is working time."""
        if self.kind is TimeKind.NATURAL:
            return True
        local = self._local(t)
        minute = local.hour * 60 + local.minute
        return any(w.start <= minute < w.end for w in self.windows_of(local.date()))

    def works_on(self, day: date) -> bool:
        """Whether a local date is a working day."""
        if day in self._work:
            return True
        return day not in self._off and day.weekday() not in self.weekend

    def windows_of(self, day: date) -> tuple[Window, ...]:
        """The windows of a local date: none on a day off, the season's where one holds the day."""
        if not self.works_on(day):
            return ()
        return next((season.windows for season in self.seasons if season.holds(day)), self.windows)

    def _length(self, amount: timedelta | Span) -> timedelta:
        return amount.length(self.day) if isinstance(amount, Span) else amount

    def _local(self, t: datetime) -> datetime:
        return require_utc(t).astimezone(self._zone)

    def _doubt(self, year: int) -> Both | None:
        known = self.years.get(year)
        if known is None:
            return Both(
                f"日历“{self.zh}”没有 {year} 年的节假日，只按周末推算；请在日历文件中补充 [years.{year}]",
                f"calendar {self.id} has no holidays of {year}: counted by weekends only; "
                f"add [years.{year}] to its file",
            )
        if known.provisional:
            return Both(
                f"日历“{self.zh}”：{year} 年的节假日为暂定，调休尚未公布（{known.source}）",
                f"calendar {self.id}: the days of {year} are provisional, make-up working days were not announced "
                f"({known.source})",
            )
        return None

    def _year(self, year: int) -> Pieces:
        pieces = self._worked.get(year)
        if pieces is None:
            if len(self._worked) >= _KEPT_YEARS:
                self._worked.clear()
            pieces = self._worked[year] = Pieces.of_year(year, self.windows_of, self._zone)
        return pieces


NATURAL = Calendar("natural", "自然时间", "Natural time")
"""24 x 7 absolute time: what urgent limits count by, whatever their workflow names."""
