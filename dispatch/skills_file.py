"""Reads what matters need from TOML (`skills.toml`). All that is wrong with a file is said at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import BadInput
from dispatch.skills import Entry, Name, Need, Skills, UnitKind
from dispatch.toml_lines import TomlLines
from dispatch.toml_reader import TomlReader, nearest

NAME = "skills.toml"
SHIPPED = Path(__file__).with_name(NAME)
COUNT_MAX = 50

_TOP = ("extends", "kinds", "skills", "needs")
_KIND = ("id", "zh", "en", "own_area", "walk_kmh", "position_max_age_s")
_SKILL = ("id", "zh", "en")
_NEEDS = ("category", "severity", "units")
_UNIT = ("kinds", "skills", "count")


class BadSkills(BadInput):
    """A skills file that cannot be used. `problems` are its lines, each `file:line: reason`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_skills(folder: Path | None = None) -> Skills:
    """What is shipped, or the operator's (`skills.toml` in `folder`): instead of it, or before it (`extends`).

    Raises BadSkills.
    """
    shipped = load(SHIPPED)
    own = None if folder is None else folder / NAME
    return load(own, shipped=shipped) if own is not None and own.exists() else shipped


def load(path: Path, *, shipped: Skills | None = None) -> Skills:
    """The skills of a file; `shipped` is what it may extend. Raises BadSkills with every problem of the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSkills([f"{path}:1: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None
    return parse(text, str(path), shipped=shipped)


def parse(text: str, path: str = NAME, *, shipped: Skills | None = None) -> Skills:
    """The skills of a file's text. Raises BadSkills."""
    lines = TomlLines(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSkills([f"{path}:{lines.of_fault(str(error))}: is not TOML: {error}"]) from None
    reader = _Reader(lines, raw, path=path, shipped=shipped)
    skills = reader.read()
    if reader.problems:
        raise BadSkills([f"{path}:{line}: {reason}" for line, reason in sorted(reader.problems)])
    return skills


@dataclass
class _Reader(TomlReader):
    """One reading of one skills file."""

    path: str = NAME
    shipped: Skills | None = None

    def read(self) -> Skills:
        self.known_keys(self.raw, _TOP, "the file", "", 0)
        base = self._base()
        self._kinds = {**(base.kinds if base else {}), **self._own_kinds()}
        self._names = {**(base.names if base else {}), **self._own_names()}
        own = self._entries()
        if not own and base is None:
            self.say(1, 'no [[needs]]: say what kinds of unit the matters need; category = "" is for all of them')
        taken = {(entry.category, entry.severity) for entry in own}
        kept = () if base is None else (e for e in base.entries if (e.category, e.severity) not in taken)
        return Skills(self._kinds, self._names, (*own, *kept))

    def _base(self) -> Skills | None:
        extends = self.flag(self.raw, "extends", "", 0)
        if extends and self.shipped is None:
            self.say(self.lines.of("", 0, "extends"), "extends: there is no shipped file to extend here")
        return self.shipped if extends else None

    def _own_kinds(self) -> dict[str, UnitKind]:
        found: dict[str, UnitKind] = {}
        for n, raw in self.many("kinds"):
            self.known_keys(raw, _KIND, "a kind of unit", "kinds", n)
            named = self._named("a kind of unit", "kinds", n, raw, found)
            if named is not None:
                found[named[0]] = UnitKind(
                    *named,
                    own_area=self.flag(raw, "own_area", "kinds", n) or False,
                    walk_kmh=self._positive(raw, "walk_kmh", n, 30.0),
                    position_max_age_s=self._positive(raw, "position_max_age_s", n, 864_000.0),
                )
        return found

    def _own_names(self) -> dict[str, Name]:
        found: dict[str, Name] = {}
        for n, raw in self.many("skills"):
            self.known_keys(raw, _SKILL, "a skill", "skills", n)
            named = self._named("a skill", "skills", n, raw, found)
            if named is not None:
                found[named[0]] = Name(*named[1:])
        return found

    def _named(
        self, what: str, table: str, n: int, raw: Mapping[str, Any], found: Mapping[str, object]
    ) -> tuple[str, str, str] | None:
        id, zh, en = (self.text(raw, key, table, n) for key in ("id", "zh", "en"))
        here = self.lines.of(table, n, "id")
        if not id:
            self.say(here, f"{what} needs an id")
            return None
        if id in found:
            self.say(here, f"{what}, {id}, is there twice")
        for lang, name in (("zh", zh), ("en", en)):
            if not name:
                self.say(self.lines.of(table, n, lang), f"{id}: {lang} is missing: names are in Chinese and in English")
        return id, zh, en

    def _positive(self, raw: Mapping[str, Any], key: str, n: int, high: float) -> float | None:
        value = raw.get(key)
        if value is None:
            return None
        if type(value) in (int, float) and 0 < value <= high:
            return float(value)
        self.say(self.lines.of("kinds", n, key), f"{key} is a number above 0, at most {high:g}")
        return None

    def _entries(self) -> list[Entry]:
        found: dict[tuple[str, int], Entry] = {}
        for n, raw in self.many("needs"):
            self.known_keys(raw, _NEEDS, "a need", "needs", n)
            categories = self._categories(raw, n)
            severity = self.whole(raw, "severity", "needs", n, 1, 4) or 4
            units = self._units(raw, n)
            where = f"{self.path}:{self.lines.of('needs', n)}"
            for category in categories:
                if (category, severity) in found:
                    self.say(self.lines.of("needs", n, "category"),
                             f"category {category!r} with severity {severity} has needs already, at "
                             f"{found[category, severity].where}")  # fmt: skip
                found[category, severity] = Entry(category, units, severity, where)
        return list(found.values())

    def _categories(self, raw: Mapping[str, Any], n: int) -> tuple[str, ...]:
        if raw.get("category") == "":
            return ("",)
        if "category" not in raw:
            self.say(self.lines.of("needs", n), 'category is missing: a prefix, a list of them, or "" for all the rest')
            return ()
        return self.texts(raw, "category", "needs", n)

    def _units(self, raw: Mapping[str, Any], n: int) -> tuple[Need, ...]:
        line = self.lines.of("needs", n, "units")
        units = raw.get("units")
        if not isinstance(units, list) or not units or not all(isinstance(each, dict) for each in units):
            self.say(line, 'units is a list of tables, at least one, such as units = [{ kinds = ["ambulance"] }]')
            return ()
        return tuple(self._need(each, number, line) for number, each in enumerate(units, 1))

    def _need(self, raw: Mapping[str, Any], number: int, line: int) -> Need:
        what = f"units, entry {number}"
        self.known_keys(raw, _UNIT, what, "needs", 0, line)
        kinds = self._ids(raw, "kinds", what, line, self._kinds, "[[kinds]]")
        skills = self._ids(raw, "skills", what, line, self._names, "[[skills]]")
        count = raw.get("count", 1)
        if type(count) is not int or not 1 <= count <= COUNT_MAX:
            self.say(line, f"{what}: count is a whole number from 1 to {COUNT_MAX}")
            count = 1
        return Need(kinds, frozenset(skills), count)

    def _ids(
        self, raw: Mapping[str, Any], key: str, what: str, line: int, known: Mapping[str, object], table: str
    ) -> tuple[str, ...]:
        ids = raw.get(key, [])
        if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
            self.say(line, f"{what}: {key} is a list of ids")
            return ()
        for id in ids:
            if id not in known:
                self.say(line, f"{what}: there is no {id!r} among the {table}{nearest(id, known)}")
        return tuple(dict.fromkeys(ids))
