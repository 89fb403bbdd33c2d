"""Reads values out of a TOML file and gathers what is wrong with them, each fault with its line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dispatch.toml_lines import TomlLines


class Fault(str):
    """What is wrong with a file, or a part of such a sentence, in English; `zh` says it in Chinese."""

    zh: str

    def __new__(cls, en: str, zh: str) -> Fault:
        made = super().__new__(cls, en)
        made.zh = zh
        return made


def zh_of(words: str) -> str:
    """In Chinese where somebody wrote it."""
    return words.zh if isinstance(words, Fault) else words


@dataclass
class TomlReader:
    """One reading of one file. `problems` are (line, reason); a faulty value reads as if it were not there. What every
    file can get wrong is said in both languages."""

    lines: TomlLines
    raw: Mapping[str, Any]
    problems: list[tuple[int, str]] = field(default_factory=list)

    def say(self, line: int, reason: str) -> None:
        self.problems.append((line, reason))

    def many(self, name: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
        raw = self.raw.get(name, [])
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            en = f"{name} is a list of tables: write [[{name}]] before each"
            self.say(self.lines.of("", 0, name), Fault(en, f"{name} 是表的列表：每一项前写 [[{name}]]"))
            return []
        return enumerate(raw)

    def known_keys(
        self, raw: Mapping[str, Any], known: Sequence[str], what: str, table: str, n: int, line: int | None = None
    ) -> None:
        for key in raw:
            if key not in known:
                at = line or self.lines.of(table, n, key)
                self.say(at, no_key(what, key, known))

    def text(self, raw: Mapping[str, Any], key: str, table: str, n: int) -> str:
        value = raw.get(key, "")
        if isinstance(value, str) and len(value) <= 200:
            return value.strip()
        said = Fault(f"{key} is a text of at most 200 characters", f"{key} 应为不超过 200 字的文本")
        self.say(self.lines.of(table, n, key), said)
        return ""

    def texts(self, raw: Mapping[str, Any], key: str, table: str, n: int) -> tuple[str, ...]:
        value = raw.get(key, [])
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and all(isinstance(t, str) and t.strip() for t in texts):
            return tuple(dict.fromkeys(t.strip() for t in texts))
        en = f"{key} is a text or a list of texts, none of them empty"
        self.say(self.lines.of(table, n, key), Fault(en, f"{key} 应为文本或文本列表，且不得为空"))
        return ()

    def whole(self, raw: Mapping[str, Any], key: str, table: str, n: int, low: int, high: int) -> int | None:
        value = raw.get(key)
        if value is None or (type(value) is int and low <= value <= high):
            return value
        said = Fault(f"{key} is a whole number from {low} to {high}", f"{key} 应为 {low} 至 {high} 的整数")
        self.say(self.lines.of(table, n, key), said)
        return None

    def flag(self, raw: Mapping[str, Any], key: str, table: str, n: int) -> bool | None:
        value = raw.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.say(self.lines.of(table, n, key), Fault(f"{key} is true or false", f"{key} 应为 true 或 false"))
        return None


def no_key(what: str, key: str, known: Sequence[str]) -> Fault:
    """A key that a table does not have."""
    near, listed = nearest(key, known), ", ".join(known)
    return Fault(
        f"{what} has no key {key!r}{near}; known are {listed}", f"{zh_of(what)} 没有键 {key!r}{near.zh}；可用：{listed}"
    )


def nearest(word: str, known: Iterable[str]) -> Fault:
    """What may have been meant, to be put behind a sentence; empty where nothing is near."""
    close = difflib.get_close_matches(word, list(known), 1)
    return Fault(f" (did you mean {close[0]}?)", f"（是否为 {close[0]}？）") if close else Fault("", "")
