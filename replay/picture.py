"""A picture as a list of marks: what both the page (SVG) and the printed report draw, so that they cannot differ.

Lengths are in the picture's own units, x to the right, y downwards. Colours are `#rrggbb`; "" draws nothing.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]
"""(n, 2): x, y."""

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """An open line through the points. `dash`: lengths drawn and left out by turns."""

    points: Points
    stroke: str
    width: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """An area bounded by closed rings, by the even-odd rule: a ring within another is a hole."""

    rings: tuple[Points, ...]
    fill: str = ""
    stroke: str = ""
    width: float = 0.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Disc:
    """A circle."""

    x: float
    y: float
    r: float
    fill: str = ""
    stroke: str = ""
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text, (x, y) on its base line. `halo` is drawn around the letters."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    anchor: Anchor = "start"
    bold: bool = False
    halo: str = ""


Mark: TypeAlias = Line | Shape | Disc | Words


@dataclass(frozen=True, slots=True)
class Picture:
    """Marks in the order in which they are drawn. What lies outside `width` x `height` is not seen. `title` says in
    words what is shown, for who cannot see it."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str = ""


def polygon(*corners: tuple[float, float]) -> Points:
    """One ring of these corners."""
    return np.array(corners, dtype=np.float64)


def text_width(text: str, size: float) -> float:
    """About how wide a text is set: full-width characters take their size, others a bit more than half of it."""
    wide = sum(unicodedata.east_asian_width(c) in "WFA" for c in text)
    return size * (wide + 0.56 * (len(text) - wide))
