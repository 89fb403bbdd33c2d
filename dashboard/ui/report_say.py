"""How a report says times, lengths, names and deeds in one language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from dashboard.i18n import TEXT, Lang, text
from dispatch.book import Book
from replay.picture_symbols import LEGEND

_HAN = re.compile(r"[\u4e00-\u9fff]")

MARK = " ".join(TEXT["report.exercise"])
"""What every page, print and picture of an exercise bears, in both languages whatever the reader's."""


@dataclass(frozen=True)
class Say:
    """One language, the exercise's zone, and the names of things by id: (Chinese, English)."""

    lang: Lang
    zone: tzinfo
    book: Book
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __call__(self, key: str, **values: object) -> str:
        return text(f"report.{key}", self.lang, **values)

    def of(self, thing: Mapping[str, Any]) -> str:
        """The name of what has a `zh` and an `en`."""
        return str((thing["en"] if self.lang == "en" else thing["zh"]) or thing["zh"] or thing["en"])

    def name(self, id: str) -> str:
        """The name of a thing that the exercise has; "" for others."""
        zh, en = self.names.get(id, ("", ""))
        return (en if self.lang == "en" else zh) or zh or en

    def titled(self, id: str) -> str:
        """An id with its name."""
        return f"{id} {self.name(id)}".strip()

    def half(self, note: str) -> str:
        """A note; of one in both languages, as `中文 / English`, the reader's half."""
        zh, between, en = note.partition(" / ")
        both = between and _HAN.search(zh) and not _HAN.search(en)
        return note if not both else en if self.lang == "en" else zh

    def at(self, t: datetime | None, *, seconds: bool = True) -> str:
        """The local time of day; the date is told once, at the head."""
        return "–" if t is None else f"{t.astimezone(self.zone):{'%H:%M:%S' if seconds else '%H:%M'}}"

    def day(self, t: datetime) -> str:
        """Date and time."""
        return f"{t.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def minutes(self, value: float | None) -> str:
        """A length: seconds below two minutes, else minutes, hours beyond two."""
        if value is None:
            return "–"
        sign, seconds = "−" if value < 0 else "", round(abs(value) * 60)
        if seconds < 120:
            return f"{sign}{seconds} {self('unit.s')}"
        if seconds < 7200:
            return f"{sign}{f'{seconds / 60:.1f}'.removesuffix('.0')} {self('unit.min')}"
        return f"{sign}{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"

    def since(self, start: datetime | None, end: datetime | None) -> str:
        """The length between two moments."""
        return "–" if start is None or end is None else self.minutes((end - start).total_seconds() / 60)

    def interval(self, name: str) -> str:
        """What an interval between two milestones is called."""
        key = f"interval.{name}"
        return self(key) if f"report.{key}" in TEXT else name

    def policy(self, name: str) -> str:
        """Who decided: people where it has no name."""
        key = f"policy.{name or 'people'}"
        return self(key) if f"report.{key}" in TEXT else name

    def actor(self, actor: str) -> str:
        """Who it was: people by the name they gave, the clock and simulated players by what they are."""
        if actor == "clock":
            return self("actor.clock")
        head, _, tail = actor.partition(":")
        if head in ("sim", "inject") and tail:
            known = f"report.actor.{tail}"
            return self(f"actor.{head}", name=text(known, self.lang) if known in TEXT else tail)
        key = f"actor.{actor}"
        return text(key, self.lang) if key in TEXT else actor

    def deed(self, what: str, workflow: str) -> str:
        """What was done: an act of the exercise, a command, a move of a workflow, a status of a unit."""
        flow = self.book.workflows.get(workflow)
        move = None if flow is None else next((each for each in flow.transitions if each.move == what), None)
        if move is not None:
            return move.en if self.lang == "en" else move.zh
        keys = (f"move.{what}",) if workflow else (f"report.deed.{what}", f"status.{what}", f"move.{what}")
        found = next((key for key in keys if key in TEXT), None)
        return what if found is None else text(found, self.lang)

    def signs(self) -> dict[str, str]:
        """The words of a map picture."""
        found = {key: self(f"sign.{key}") for key in LEGEND}
        return found | {"mark": MARK, "km": self("unit.km"), "m": self("unit.m")}
