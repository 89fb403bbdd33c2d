"""Times as sources write them -> aware UTC. Zones, daylight saving and nonsense are decided here, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from data.errors import BadRecord

Overlap = Literal["earlier", "later", "refuse"]
"""A local time that happens twice (clocks put back): which of the two instants it means."""

Gap = Literal["forward", "refuse"]
"""A local time that never happens (clocks put forward): read as if the clock had not been changed, or refused."""

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Outside [EARLIEST, LATEST) a time is a fault of the source (year 1, year 9999), not a time."""

NAMED_FORMATS = ("iso", "epoch_s", "epoch_ms")
"""Formats by name; any other format is a pattern of strptime."""

_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "p": r"(?P<p>[AaPp][Mm])",
}


def check_range(t: datetime) -> datetime:
    """`t` in UTC when it is aware and lies in [EARLIEST, LATEST); otherwise BadRecord (`time.zone`, `time.range`)."""
    if t.tzinfo is None:
        raise BadRecord(f"time {t.isoformat()} has no zone; send an offset such as +08:00 or Z", reason="time.zone")
    try:
        utc = t.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or not EARLIEST <= utc < LATEST:
        raise BadRecord(
            f"time {t.isoformat()} is outside {EARLIEST.year}..{LATEST.year - 1}; correct the source",
            reason="time.range",
        )
    return utc


def parse_iso(text: str) -> datetime:
    """An ISO 8601 time with an offset, in UTC. Raises BadRecord: `time.format`, `time.zone` or `time.range`."""
    try:
        return check_range(datetime.fromisoformat(text))
    except ValueError:
        raise BadRecord(
            f"time {text[:40]!r} is not ISO 8601, such as 2026-05-01T08:00:00+08:00", reason="time.format"
        ) from None


class TimeReader:
    """Reads one source's times.

    `format` is one of NAMED_FORMATS or a strptime pattern. `zone` is the IANA zone of times that carry no
    offset; without it such times are refused (`time.zone`). Times that carry an offset keep it.
    """

    def __init__(self, format: str, zone: str | None, overlap: Overlap = "earlier", gap: Gap = "forward") -> None:
        self._format = format
        self._zone = ZoneInfo(zone) if zone else None
        self._overlap = overlap
        self._gap = gap
        self._offsets: dict[tuple[int, int, int, int], timedelta | None] = {}
        self._naive = _fast_parser(format)
        # Lifecycle stamps of one call repeat from row to row, so a small memory saves most of the parsing.
        self._parse = lru_cache(maxsize=16_384)(self._parse_text)

    def read(self, value: object) -> datetime | None:
        """The time of a cell, None when it is empty. Raises BadRecord (`time.format|zone|gap|overlap|range`)."""
        if type(value) is str:
            return self._parse(value) if value else None
        if value is None:
            return None
        if isinstance(value, datetime):
            if value != value:  # pandas' NaT is a datetime that differs from itself
                return None
            return check_range(value if value.tzinfo else self._localise(value))
        if isinstance(value, (int, float)) and not isinstance(value, bool) and self._format.startswith("epoch"):
            return self._parse(repr(value))
        raise BadRecord(f"time {str(value)[:40]!r} is not a time in format {self._format!r}", reason="time.format")

    def _parse_text(self, text: str) -> datetime | None:
        text = text.strip()
        if not text:
            return None
        try:
            if self._format == "iso":
                t = datetime.fromisoformat(text)
            elif self._format in ("epoch_s", "epoch_ms"):
                number = float(text) / (1000.0 if self._format == "epoch_ms" else 1.0)
                t = datetime.fromtimestamp(number, UTC)
            else:
                t = self._naive(text)
        except (ValueError, OverflowError, OSError):
            raise BadRecord(
                f"time {text[:40]!r} does not fit the format {self._format!r} of the mapping", reason="time.format"
            ) from None
        return check_range(t if t.tzinfo else self._localise(t))

    def _localise(self, t: datetime) -> datetime:
        """A local time made aware by the mapping's zone, with its rules for the two odd hours of a year."""
        if self._zone is None:
            raise BadRecord(
                f'time {t.isoformat()} has no zone; name one in the mapping: [time] zone = "Asia/Shanghai"',
                reason="time.zone",
            )
        if not 1900 <= t.year < 2100:
            return t.replace(tzinfo=UTC)  # refused by check_range; the zone's arithmetic would overflow at the ends
        hour = (t.year, t.month, t.day, t.hour)
        offset = self._offsets.get(hour)
        if offset is None:
            if hour not in self._offsets:
                if len(self._offsets) > 100_000:
                    self._offsets.clear()
                self._offsets[hour] = offset = self._steady_offset(t)
            if offset is None:
                return self._odd_hour(t)
        return (t - offset).replace(tzinfo=UTC)

    def _steady_offset(self, t: datetime) -> timedelta | None:
        """The offset from UTC during the whole local hour of `t`, None when it changes within it or is in doubt."""
        edges = (t.replace(minute=0, second=0, microsecond=0), t.replace(minute=59, second=59, microsecond=999_999))
        offsets = {e.replace(tzinfo=self._zone, fold=fold).utcoffset() for e in edges for fold in (0, 1)}
        return offsets.pop() if len(offsets) == 1 else None

    def _odd_hour(self, t: datetime) -> datetime:
        first = t.replace(tzinfo=self._zone, fold=0)
        second = t.replace(tzinfo=self._zone, fold=1)
        before, after = first.utcoffset(), second.utcoffset()
        if before == after:
            return first
        assert before is not None
        assert after is not None
        if before > after:
            if self._overlap == "refuse":
                raise BadRecord(f"time {t.isoformat()} happens twice in {self._zone}", reason="time.overlap")
            return first if self._overlap == "earlier" else second
        if self._gap == "refuse":
            raise BadRecord(f"time {t.isoformat()} does not exist in {self._zone}", reason="time.gap")
        return first  # fold 0 in a gap is the offset before the change: the clock that was not put forward


def _fast_parser(format: str) -> Callable[[str], datetime]:
    """A parser for the pattern: a regular expression where its directives are plain numbers, else strptime."""

    def by_strptime(text: str) -> datetime:
        return datetime.strptime(text, format)  # noqa: DTZ007 - made aware by the caller

    pattern, at = "", 0
    while at < len(format):
        if format[at] == "%":
            directive = format[at + 1 : at + 2]
            if directive not in _DIRECTIVES or f"(?P<{directive}>" in pattern:
                return by_strptime
            pattern += _DIRECTIVES[directive]
            at += 2
        else:
            pattern += re.escape(format[at])
            at += 1
    has = [d for d in "YmdHIMSp" if f"(?P<{d}>" in pattern]
    if not set("Ymd") <= set(has) or ("I" in has) != ("p" in has) or ("H" in has and "I" in has):
        return by_strptime
    match = re.compile(pattern, re.ASCII).fullmatch
    twelve = "I" in has
    given = [name for name in ("Y", "m", "d", "I" if twelve else "H", "M", "S") if name in has]
    if given != ["Y", "m", "d", "I" if twelve else "H", "M", "S"][: len(given)] or (twelve and len(given) < 6):
        return by_strptime

    def by_pattern(text: str) -> datetime:
        found = match(text)
        if found is None:
            raise ValueError(text)
        year, month, day, hour, minute, second = [*map(int, found.group(*given)), 0, 0, 0][:6]
        if twelve:
            if not 1 <= hour <= 12:
                raise ValueError(text)
            hour = hour % 12 + (12 if found["p"][0] in "Pp" else 0)
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - made aware by the caller

    return by_pattern
