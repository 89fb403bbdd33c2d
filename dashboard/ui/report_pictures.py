"""Pictures drawn into a PDF: the same marks that the page shows as SVG, as operators of the page's content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from replay.picture import Disc, Line, Mark, Picture, Points, Shape, Words

KAPPA = 0.5523
"""How far from its corner points the handles of a quarter circle lie, of the radius."""


@dataclass(frozen=True, slots=True)
class Pen:
    """Where a picture goes: `emit` takes operators, `write` sets text (x, y, text, size) with the paper's own font, all
    in points from the lower left corner; `measure` says how wide a text of a size is."""

    emit: Callable[[str], None]
    write: Callable[[float, float, str, float], None]
    measure: Callable[[str, float], float]


def draw_picture(pen: Pen, picture: Picture, left: float, top: float, width: float) -> None:
    """Draw it with its upper left corner at (left, top), `width` wide, in points from the lower left of the page."""
    scale = width / picture.width
    height = picture.height * scale
    pen.emit(f"q {left:.2f} {top - height:.2f} {width:.2f} {height:.2f} re W n 1 J 1 j")
    for mark in picture.marks:
        if isinstance(mark, Words):
            _words(pen, mark, left, top, scale)
        else:
            _shape(pen, mark, left, top, scale)
    pen.emit("Q")


def _shape(pen: Pen, mark: Mark, left: float, top: float, scale: float) -> None:
    fill, dash = "", ""
    match mark:
        case Line():
            path, stroke, thick = _path(mark.points, left, top, scale), mark.stroke, mark.width
            dash = _dash(mark.dash, scale)
        case Shape():
            path = " h ".join(_path(ring, left, top, scale) for ring in mark.rings) + " h"
            fill, stroke, thick, dash = mark.fill, mark.stroke, mark.width, _dash(mark.dash, scale)
        case Disc():
            path = _disc(left + mark.x * scale, top - mark.y * scale, mark.r * scale)
            fill, stroke, thick = mark.fill, mark.stroke, mark.width
        case _:
            return
    drawn = bool(stroke and thick)
    if not drawn and not fill:
        return
    paint = "B*" if drawn and fill else "S" if drawn else "f*"
    set_fill = f"{_rgb(fill)} rg " if fill else ""
    set_stroke = f"{_rgb(stroke)} RG {thick * scale:.3f} w {dash}" if drawn else ""
    pen.emit(f"{set_fill}{set_stroke}{path} {paint}")


def _words(pen: Pen, mark: Words, left: float, top: float, scale: float) -> None:
    size = mark.size * scale
    width = pen.measure(mark.text, size)
    x = left + mark.x * scale - {"start": 0.0, "middle": width / 2, "end": width}[mark.anchor]
    y = top - mark.y * scale
    for colour, stroke in ((mark.halo, size / 4), (mark.fill, size * 0.03 if mark.bold else 0.0)):
        if colour:
            way = f"2 Tr {stroke:.3f} w [] 0 d" if stroke else "0 Tr"
            pen.emit(f"q {way} {_rgb(colour)} RG {_rgb(colour)} rg")
            pen.write(x, y, mark.text, size)
            pen.emit("Q")


def _path(points: Points, left: float, top: float, scale: float) -> str:
    placed = np.column_stack((left + points[:, 0] * scale, top - points[:, 1] * scale))
    (x, y), *others = placed.tolist()
    return " ".join((f"{x:.2f} {y:.2f} m", *(f"{x:.2f} {y:.2f} l" for x, y in others)))


def _disc(x: float, y: float, r: float) -> str:
    h = r * KAPPA
    start = f"{x + r:.2f} {y:.2f} m"
    quarters = [
        f"{x + r:.2f} {y + h:.2f} {x + h:.2f} {y + r:.2f} {x:.2f} {y + r:.2f} c",
        f"{x - h:.2f} {y + r:.2f} {x - r:.2f} {y + h:.2f} {x - r:.2f} {y:.2f} c",
        f"{x - r:.2f} {y - h:.2f} {x - h:.2f} {y - r:.2f} {x:.2f} {y - r:.2f} c",
        f"{x + h:.2f} {y - r:.2f} {x + r:.2f} {y - h:.2f} {x + r:.2f} {y:.2f} c h",
    ]
    return " ".join((start, *quarters))


def _dash(dash: tuple[float, ...], scale: float) -> str:
    return f"[{' '.join(f'{each * scale:.2f}' for each in dash)}] 0 d "


def _rgb(colour: str) -> str:
    return " ".join(f"{int(colour[n : n + 2], 16) / 255:.3f}" for n in (1, 3, 5))
