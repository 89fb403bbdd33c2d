"""The parts of a report, in words and in one language: what its page and its print are both made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from replay.picture import Picture

Tone = Literal["", "good", "bad", "open"]
"""How a row or a verdict is marked, beside its words."""

SIGNS: dict[Tone, str] = {"good": "● ", "bad": "▲ ", "open": "○ ", "": ""}
"""The sign of each, before its words."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A section begins. `id` is its anchor on the page."""

    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. A `quiet` one explains."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and what they say."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: what it holds and how much of the width it takes. Numbers and times are set to the right
    where `right`."""

    label: str
    share: float
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `tones` marks the last cell of each row; `empty` is said where there are no rows."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[Tone, ...] = ()
    empty: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Pictures with what is written below them; `wide` ones take the whole width, the others half of it."""

    pictures: tuple[tuple[Picture, str], ...]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Aim:
    """An objective: what was expected and what was done, item by item, and how evaluators rated it."""

    id: str
    title: str
    verdict: str
    tone: Tone
    facts: Facts
    items: Table
    ratings: Table


Part: TypeAlias = Heading | Text | Facts | Table | Figures | Aim


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report: its title, a line below it, its parts. `other` is what it stands beside, in a comparison."""

    title: str
    subtitle: str
    timeline: str
    parts: tuple[Part, ...]
    lang: str
    to: datetime
    """Up to when of the exercise it tells: the date of its print."""
    as_of: str
    """The same in words."""
    other: str = ""
    running: str = ""
    """Said of an exercise that is not over."""
