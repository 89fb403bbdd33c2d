"""Reads the hours of a calendar file: windows such as "08:00-12:00", and seasons with hours of their own."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

from dispatch.calendar import Season, Window
from dispatch.toml_reader import TomlReader

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_WINDOW = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAY = re.compile(r"(\d\d)-(\d\d)")
_LEAP_YEAR = 2024
_SEASON = ("from", "to", "windows")


def read_windows(reader: TomlReader, raw: object, line: int, what: str) -> tuple[Window, ...] | None:
    """The windows in order; None, with the problem said, when they are faulty (or, unsaid, when `raw` is None)."""
    if raw is None:
        return None
    if not isinstance(raw, list) or not raw or not all(isinstance(each, str) for each in raw):
        reader.say(line, f'{what} is a list of hours, such as ["08:00-12:00", "14:00-18:00"]')
        return None
    windows = []
    for each in raw:
        found = _WINDOW.fullmatch(each.replace(" ", ""))
        if found is None:
            reader.say(line, f'{what}: {each!r} is no window; write "08:00-12:00"')
            continue
        start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        if end > 1440 or start >= end:
            reader.say(
                line, f'{what}: {each!r} does not end after it begins; past midnight write "22:00-24:00", "00:00-06:00"'
            )
            continue
        windows.append(Window(start, end))
    windows.sort(key=lambda w: w.start)
    for one, other in pairwise(windows):
        if other.start < one.end:
            reader.say(line, f"{what}: {one} and {other} overlap")
    return tuple(windows) if windows else None


def read_seasons(reader: TomlReader) -> tuple[Season, ...]:
    """The `[[seasons]]` of a file, none over another."""
    seasons: list[Season] = []
    for n, raw in reader.many("seasons"):
        line = reader.lines.of("seasons", n)
        reader.known_keys(raw, _SEASON, "a season", "seasons", n)
        days = [_day(reader, raw.get(key), reader.lines.of("seasons", n, key), key) for key in ("from", "to")]
        if "windows" not in raw:
            reader.say(line, "season: windows is missing")
        windows = read_windows(reader, raw.get("windows"), reader.lines.of("seasons", n, "windows"), "windows")
        first, last = days
        if first is None or last is None or windows is None:
            continue
        season = Season(first, last, windows)
        both = [other for other in seasons if any(other.holds(day) and season.holds(day) for day in _every_day())]
        if both:
            reader.say(line, f"season {season} and season {both[0]} overlap")
        seasons.append(season)
    return tuple(seasons)


def _day(reader: TomlReader, raw: object, line: int, key: str) -> tuple[int, int] | None:
    found = _DAY.fullmatch(raw) if isinstance(raw, str) else None
    try:
        if found is not None:
            day = date(_LEAP_YEAR, int(found[1]), int(found[2]))
            return day.month, day.day
    except ValueError:
        pass
    reader.say(line, f'season: {key} is a month and a day, such as "05-01"')
    return None


def _every_day() -> list[date]:
    return [date(_LEAP_YEAR, 1, 1) + timedelta(days=n) for n in range(366)]
