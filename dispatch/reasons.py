"""Why an officer chose other units than were recommended: a list from TOML (`reasons.toml`), one key each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import BadInput
from dispatch.toml_lines import TomlLines
from dispatch.toml_reader import TomlReader

NAME = "reasons.toml"
SHIPPED = Path(__file__).with_name(NAME)

_KEYS = ("press", "id", "zh", "en")
_ID = re.compile(r"[a-z][a-z0-9-]{0,49}")


class BadReasons(BadInput):
    """A list of reasons that cannot be used. `problems` are its lines, each `file:line: reason`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason. `id` is what the log keeps, `press` the key (1 to 9) that gives it."""

    id: str
    press: int
    zh: str
    en: str


Reasons = Mapping[str, Reason]
"""Reasons by id, in the order of their keys."""


def load_reasons(folder: Path | None = None) -> Reasons:
    """The shipped list, or the operator's (`reasons.toml` in `folder`) instead of it. Raises BadReasons."""
    own = None if folder is None else folder / NAME
    return load(own if own is not None and own.exists() else SHIPPED)


def load(path: Path) -> Reasons:
    """The list of a file. Raises BadReasons with every problem of the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadReasons([f"{path}:1: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None
    return parse(text, str(path))


def parse(text: str, path: str = NAME) -> Reasons:
    """The list of a file's text. Raises BadReasons."""
    lines = TomlLines(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadReasons([f"{path}:{lines.of_fault(str(error))}: is not TOML: {error}"]) from None
    reader = TomlReader(lines, raw)
    reader.known_keys(raw, ("reasons",), "the file", "", 0)
    found: dict[str, Reason] = {}
    pressed: dict[int, str] = {}
    for n, each in reader.many("reasons"):
        reader.known_keys(each, _KEYS, "a reason", "reasons", n)
        id, zh, en = (reader.text(each, key, "reasons", n) for key in ("id", "zh", "en"))
        press = reader.whole(each, "press", "reasons", n, 1, 9)
        if not _ID.fullmatch(id):
            reader.say(lines.of("reasons", n, "id"), "a reason needs an id: small letters, digits and -, at most 50")
        elif id in found:
            reader.say(lines.of("reasons", n, "id"), f"reason {id} is there twice")
        if "press" not in each:
            reader.say(lines.of("reasons", n), f"reason {id}: press is missing: the key that gives it, 1 to 9")
        if press in pressed:
            reader.say(lines.of("reasons", n, "press"), f"key {press} gives reason {pressed[press]} already")
        for lang, name in (("zh", zh), ("en", en)):
            if not name:
                reader.say(lines.of("reasons", n, lang), f"reason {id}: {lang} is missing: reasons are worded in "
                                                         "Chinese and in English")  # fmt: skip
        if press is not None:
            pressed.setdefault(press, id)
            found[id] = Reason(id, press, zh, en)
    if not reader.problems and not found:
        reader.say(1, "no [[reasons]]: an officer who chooses otherwise must have one to give")
    if reader.problems:
        raise BadReasons([f"{path}:{line}: {reason}" for line, reason in sorted(reader.problems)])
    return dict(sorted(found.items(), key=lambda item: item[1].press))
