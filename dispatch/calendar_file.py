"""Reads one calendar file: its hours, its weekend, and the days that were announced for each year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from dispatch.calendar import Calendar, TimeKind, YearDays
from dispatch.calendar_windows import WEEKDAYS, read_seasons, read_windows
from dispatch.toml_lines import TomlLines
from dispatch.toml_reader import TomlReader, nearest

_TOP = ("id", "extends", "zh", "en", "kind", "zone", "windows", "weekend", "day_hours", "seasons", "years")
_WORKING_ONLY = ("zone", "windows", "weekend", "day_hours", "seasons", "years")
_YEAR = ("source", "off", "work", "provisional")
_OFF = ("from", "to", "zh", "en")
_LONGEST_HOLIDAY = 31


class CalendarLines(TomlLines):
    """Lines of tables with a dot in their name: [years.2027]."""

    def of(self, table: str, n: int, key: str = "") -> int:
        if "." not in table:
            return super().of(table, n, key)
        return self._places.at(*table.split("."), *((key,) if key else ()))


@dataclass
class CalendarFile(TomlReader):
    """One reading of one calendar file."""

    path: Path = Path()
    words: list[str] = field(default_factory=list)

    @property
    def extends(self) -> str:
        value = self.raw.get("extends", "")
        return value if isinstance(value, str) else ""

    def text_of(self, key: str) -> str:
        value = self.raw.get(key, "")
        return value.strip() if isinstance(value, str) else ""

    def line(self, key: str) -> int:
        return self.lines.of("", 0, key)

    def calendar(self, id: str, base: Calendar | None) -> Calendar | None:
        """The calendar, or None when a problem keeps it from being one."""
        self.known_keys(self.raw, _TOP, "a calendar", "", 0)
        if "extends" in self.raw and not self.extends:
            self.say(self.line("extends"), "extends is the id of another calendar")
        names = {lang: self.text_of(lang) or (getattr(base, lang) if base else "") for lang in ("zh", "en")}
        for lang, name in names.items():
            if not name:
                self.say(self.line(lang), f"{lang} is missing: a calendar is named in Chinese and in English")
        kind = self._kind(base)
        if kind is TimeKind.NATURAL:
            for key in _WORKING_ONLY:
                if key in self.raw:
                    self.say(self.line(key), f"natural time is every hour of every day: it has no {key}")
            return None if self.problems else Calendar(id, names["zh"], names["en"])
        windows = read_windows(self, self.raw.get("windows"), self.line("windows"), "windows")
        if windows is None and base is None and "windows" not in self.raw:
            self.say(
                1, 'windows is missing: working time needs hours, such as windows = ["08:00-12:00", "14:00-18:00"]'
            )
        seasons = read_seasons(self) if "seasons" in self.raw else None
        zone, weekend, day = self._zone(base), self._weekend(base), self._day(base)
        years = self._years(weekend)
        if self.problems:
            return None
        return Calendar(
            id,
            names["zh"],
            names["en"],
            kind,
            zone,
            windows or (base.windows if base else ()),
            weekend,
            day,
            seasons if seasons is not None else (base.seasons if base else ()),
            {**(base.years if base else {}), **years},
        )

    def _kind(self, base: Calendar | None) -> TimeKind:
        value = self.raw.get("kind", base.kind if base else None)
        try:
            return TimeKind(value)
        except ValueError:
            self.say(self.line("kind"), 'kind is "natural" (24 x 7) or "working" (hours, weekends, holidays)')
            return TimeKind.WORKING

    def _zone(self, base: Calendar | None) -> str:
        value = self.raw.get("zone", base.zone if base else None)
        if value is None:
            self.say(1, "zone is missing: the windows are local times of an IANA zone such as Asia/Shanghai")
        elif not isinstance(value, str) or value not in _zones():
            close = nearest(str(value), _zones())
            self.say(self.line("zone"), f"{value!r} is no IANA time zone such as Asia/Shanghai{close}")
        else:
            return value
        return "UTC"

    def _weekend(self, base: Calendar | None) -> frozenset[int]:
        if "weekend" not in self.raw:
            return base.weekend if base else frozenset({5, 6})
        names = self.texts(self.raw, "weekend", "", 0) if self.raw["weekend"] != [] else ()
        for name in names:
            if name not in WEEKDAYS:
                self.say(self.line("weekend"), f"{name!r} is no weekday; known are {', '.join(WEEKDAYS)}")
        days = frozenset(WEEKDAYS.index(name) for name in names if name in WEEKDAYS)
        if len(days) == 7:
            self.say(self.line("weekend"), "weekend has all seven days: nobody would ever work")
        return days

    def _day(self, base: Calendar | None) -> timedelta:
        value = self.raw.get("day_hours")
        if value is None:
            return base.day if base and base.kind is TimeKind.WORKING else timedelta(hours=8)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 24:
            self.say(
                self.line("day_hours"), "day_hours is how many working hours one day counts, more than 0, at most 24"
            )
            return timedelta(hours=8)
        return timedelta(hours=value)

    def _years(self, weekend: frozenset[int]) -> dict[int, YearDays]:
        raw = self.raw.get("years", {})
        if not isinstance(raw, dict):
            self.say(self.line("years"), "years holds a table for each year: [years.2027]")
            return {}
        years = {}
        for key, table in raw.items():
            name = f"years.{key}"
            if not (key.isdigit() and 1949 <= int(key) <= 2200) or not isinstance(table, dict):
                self.say(self.lines.of(name, 0), f"[{name}] is no year; write for example [years.2027]")
                continue
            years[int(key)] = self._year(int(key), table, name, weekend)
        return years

    def _year(self, year: int, raw: Mapping[str, Any], name: str, weekend: frozenset[int]) -> YearDays:
        self.known_keys(raw, _YEAR, "a year", name, 0)
        source = raw.get("source", "")
        if not isinstance(source, str) or not source.strip():
            self.say(self.lines.of(name, 0, "source"), f"source of {year} is missing: say who announced these days")
        off: dict[date, tuple[str, str]] = {}
        for first, last, zh, en in self._holidays(year, raw, name):
            for n in range((last - first).days + 1):
                day = first + timedelta(days=n)
                if day in off:
                    self.say(self._at(name, first), f"{day} is off twice: {off[day][1]} and {en}")
                off[day] = (zh, en)
        work: set[date] = set()
        for day in self._days(raw, "work", name):
            self._fits(year, day, name)
            if day in off:
                self.say(self._at(name, day, "work"), f"{day} is both a holiday and a make-up working day")
            elif day.weekday() not in weekend:
                self.say(
                    self._at(name, day, "work"),
                    f"{day} is a {WEEKDAYS[day.weekday()]}, a working day anyway; a make-up day lies on a weekend",
                )
            elif day in work:
                self.say(self._at(name, day, "work"), f"{day} is there twice")
            work.add(day)
        provisional = self.flag(raw, "provisional", name, 0) or False
        return YearDays(str(source).strip(), off, frozenset(work), provisional)

    def _holidays(self, year: int, raw: Mapping[str, Any], name: str) -> Iterable[tuple[date, date, str, str]]:
        listed = raw.get("off", [])
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            self.say(
                self.lines.of(name, 0, "off"), 'off is a list of { from = 2027-01-01, zh = "元旦", en = "New Year" }'
            )
            return
        for each in listed:
            first, last = each.get("from"), each.get("to", each.get("from"))
            if not _is_date(first) or not _is_date(last):
                self.say(
                    self.lines.of(name, 0, "off"),
                    "a holiday has from (and to), dates without quotes: from = 2027-01-01",
                )
                continue
            line = self._at(name, first)
            self.known_keys(each, _OFF, f"holiday {first}", name, 0, line)
            for lang in ("zh", "en"):
                if not isinstance(each.get(lang), str) or not each[lang].strip():
                    self.say(line, f"holiday {first}: {lang} is missing: it is named in Chinese and in English")
            if not 0 <= (last - first).days < _LONGEST_HOLIDAY:
                self.say(line, f"holiday {first} to {last}: it ends before it begins or is longer than a month")
                continue
            self._fits(year, first, name)
            self._fits(year, last, name)
            yield first, last, str(each.get("zh", "")), str(each.get("en", ""))

    def _days(self, raw: Mapping[str, Any], key: str, name: str) -> list[date]:
        listed = raw.get(key, [])
        if isinstance(listed, list) and all(_is_date(day) for day in listed):
            return listed
        self.say(self.lines.of(name, 0, key), f"{key} is a list of dates without quotes: {key} = [2027-01-10]")
        return []

    def _fits(self, year: int, day: date, name: str) -> None:
        # A notice reaches back to the December before: 29 December 2018 was a working day by that for 2019.
        if not date(year - 1, 12, 1) <= day <= date(year, 12, 31):
            self.say(self._at(name, day), f"{day} is not of {year}; write it under [years.{day.year}]")

    def _at(self, name: str, day: date, key: str = "") -> int:
        """The line of a day: the first one with its digits at or after the key (or the table's header)."""
        start = self.lines.of(name, 0, key)
        digits = day.isoformat()
        found = (n for n in range(start, len(self.words) + 1) if digits in self.words[n - 1])
        return next(found, start)


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
