"""Reads values out of a TOML file and gathers what is wrong with them, each fault with its line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dispatch.toml_lines import TomlLines


@dataclass
class TomlReader:
    """One reading of one file. `problems` are (line, reason); a faulty value reads as if it were not there."""

    lines: TomlLines
    raw: Mapping[str, Any]
    problems: list[tuple[int, str]] = field(default_factory=list)

    def say(self, line: int, reason: str) -> None:
        self.problems.append((line, reason))

    def many(self, name: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
        raw = self.raw.get(name, [])
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            self.say(self.lines.of("", 0, name), f"{name} is a list of tables: write [[{name}]] before each")
            return []
        return enumerate(raw)

    def known_keys(
        self, raw: Mapping[str, Any], known: Sequence[str], what: str, table: str, n: int, line: int | None = None
    ) -> None:
        for key in raw:
            if key not in known:
                at = line or self.lines.of(table, n, key)
                self.say(at, f"{what} has no key {key!r}{nearest(key, known)}; known are {', '.join(known)}")

    def text(self, raw: Mapping[str, Any], key: str, table: str, n: int) -> str:
        value = raw.get(key, "")
        if isinstance(value, str) and len(value) <= 200:
            return value.strip()
        self.say(self.lines.of(table, n, key), f"{key} is a text of at most 200 characters")
        return ""

    def texts(self, raw: Mapping[str, Any], key: str, table: str, n: int) -> tuple[str, ...]:
        value = raw.get(key, [])
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and all(isinstance(t, str) and t.strip() for t in texts):
            return tuple(dict.fromkeys(t.strip() for t in texts))
        self.say(self.lines.of(table, n, key), f"{key} is a text or a list of texts, none of them empty")
        return ()

    def whole(self, raw: Mapping[str, Any], key: str, table: str, n: int, low: int, high: int) -> int | None:
        value = raw.get(key)
        if value is None or (type(value) is int and low <= value <= high):
            return value
        self.say(self.lines.of(table, n, key), f"{key} is a whole number from {low} to {high}")
        return None

    def flag(self, raw: Mapping[str, Any], key: str, table: str, n: int) -> bool | None:
        value = raw.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.say(self.lines.of(table, n, key), f"{key} is true or false")
        return None


def nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f" (did you mean {close[0]}?)" if close else ""
