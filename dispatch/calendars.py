"""Reads calendars from TOML (docs/casework.md, "Time limits"): those that ship, and the operator's over them.

All that is wrong with the files is said at once, each fault as `file:line: reason`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from data.errors import BadInput
from dispatch.both import Both
from dispatch.calendar import Calendar, TimeKind
from dispatch.calendar_file import CalendarFile, CalendarLines
from dispatch.toml_reader import nearest

SHIPPED = Path(__file__).with_name("calendars")
FOLDER = "calendars"


class BadCalendar(BadInput):
    """Calendar files that cannot be used. `problems` are their faults, each `file:line: reason`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_calendars(folder: Path | None = None) -> Mapping[str, Calendar]:
    """Calendars by id: the shipped ones and those of `folder`/calendars, which replace or extend them.

    Raises BadCalendar with every problem of every file.
    """
    shipped = _loaded(SHIPPED, {})
    own = None if folder is None else folder / FOLDER
    return {**shipped, **_loaded(own, shipped)} if own is not None and own.is_dir() else shipped


def load(path: Path, known: Mapping[str, Calendar] | None = None) -> Calendar:
    """The calendar of one file; `known` are those it may extend. Raises BadCalendar."""
    files, problems = _read([path])
    made = _resolved(files, known or {}, problems)
    if problems:
        raise BadCalendar(problems)
    return next(iter(made.values()))


def remarks(calendar: Calendar, today: date) -> list[Both]:
    """What is not wrong with a calendar and yet worth knowing: before the shift, not when a deadline is late."""
    if calendar.kind is TimeKind.NATURAL:
        return []
    said: list[Both] = []
    always = Both("工作时段", "the windows"), calendar.windows
    for label, windows in (always, *((Both(f"季节 {s}", f"season {s}"), s.windows) for s in calendar.seasons)):
        hours = sum(w.end - w.start for w in windows) / 60
        if hours * 60 != calendar.day / timedelta(minutes=1):
            day = calendar.day / timedelta(hours=1)
            said.append(
                Both(
                    f"{label.zh}每天共 {hours:g} 小时，而一个工作日按 {day:g} 小时计",
                    f"{label.en} hold {hours:g} h a day, and a working day counts {day:g} h",
                )
            )
    for year in (today.year, today.year + 1):
        summer = datetime(year, 7, 1, tzinfo=UTC)
        said += calendar.doubts(summer, summer)
    return said


def _loaded(folder: Path, known: Mapping[str, Calendar]) -> dict[str, Calendar]:
    files, problems = _read(sorted(folder.glob("*.toml")))
    made = _resolved(files, known, problems)
    if problems:
        raise BadCalendar(problems)
    return made


def _read(paths: Iterable[Path]) -> tuple[list[CalendarFile], list[str]]:
    files: list[CalendarFile] = []
    problems: list[str] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path}:1: cannot be read: {getattr(error, 'strerror', None) or error}")
            continue
        lines = CalendarLines(text)
        try:
            files.append(CalendarFile(lines, tomllib.loads(text), path=path, words=text.splitlines()))
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{path}:{lines.of_fault(str(error))}: is not TOML: {error}")
    return files, problems


def _resolved(files: Sequence[CalendarFile], known: Mapping[str, Calendar], problems: list[str]) -> dict[str, Calendar]:
    """The calendars of these files, each after the one it extends."""
    by_id: dict[str, CalendarFile] = {}
    for file in files:
        id = file.text_of("id")
        if not id:
            file.say(file.line("id"), "id is missing: workflows name a calendar by it")
        elif id in by_id:
            file.say(file.line("id"), f"calendar {id} is there twice, also in {by_id[id].path}")
        else:
            by_id[id] = file
    made: dict[str, Calendar] = {}
    broken: set[str] = set()
    waiting = dict(by_id)
    while waiting:
        # A file that extends its own id, or an id that no other file here has, extends a known calendar.
        ready = [id for id, file in waiting.items() if file.extends not in waiting or file.extends == id]
        if not ready:
            for id, file in waiting.items():
                file.say(file.line("extends"), f"calendar {id} extends itself by way of {file.extends}")
            break
        for id in ready:
            file = waiting.pop(id)
            base = None
            if file.extends:
                base = known.get(id) if file.extends == id else made.get(file.extends) or known.get(file.extends)
                if base is None and file.extends not in broken:
                    others = [*known, *made]
                    file.say(
                        file.line("extends"), f"there is no calendar {file.extends}{nearest(file.extends, others)}"
                    )
            found = file.calendar(id, base) if base is not None or not file.extends else None
            if found is None or file.problems:
                broken.add(id)
            else:
                made[id] = found
    for file in files:
        problems += [f"{file.path}:{line}: {reason}" for line, reason in sorted(file.problems)]
    return made
