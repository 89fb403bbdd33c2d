"""The signs of a map picture, each state by shape and shade: legible in black and white, and their legend."""

from __future__ import annotations

from collections.abc import Mapping

from data.records import IncidentState, UnitStatus
from replay.picture import Disc, Line, Mark, Shape, Words, polygon
from replay.picture_scene import FREE, UNDER_WAY

INK, MUTED, PAPER = "#1d2536", "#5a6273", "#ffffff"
WAITS, SENT, WORKED, OVER, BLOCKED = "#a0205f", "#a0205f", "#0d6b55", "#8a8f9a", "#7a2f5f"

LEGEND = (
    "waits", "sent", "worked", "closed", "site_open", "site_closed", "free", "under_way", "at_work", "out", "blocked",
)  # fmt: skip
"""Keys of the words that a legend needs, in its order."""


def incident_mark(x: float, y: float, severity: int, state: IncidentState, *, chosen: bool = False) -> list[Mark]:
    """An incident. Waiting: a full diamond; units sent: an open one; worked on: a full circle; closed: a small ring.
    Inside is its severity."""
    if state is IncidentState.CLOSED:
        return [Disc(x, y, 2.6, PAPER, OVER, 1.1)]
    r = 8.5
    marks: list[Mark] = [Disc(x, y, r + 4, stroke=INK, width=1.2)] if chosen else []
    diamond = polygon((x, y - r), (x + r, y), (x, y + r), (x - r, y))
    if state is IncidentState.ON_SCENE:
        marks.append(Disc(x, y, 6.6, WORKED, PAPER, 0.8))
        colour = PAPER
    elif state is IncidentState.OPEN:
        marks.append(Shape((diamond,), WAITS, PAPER, 0.8))
        colour = PAPER
    else:
        marks.append(Shape((diamond,), PAPER, SENT, 1.6))
        colour = SENT
    return [*marks, Words(x, y + 3.2, str(severity), 9, colour, "middle", bold=True)]


def unit_mark(x: float, y: float, status: UnitStatus, *, crowded: bool = False) -> list[Mark]:
    """A unit. Free: a small open square, a tiny one where there are hundreds; under way: a triangle; at work: a full
    square; out of service: a cross."""
    r = 1.1 if crowded and status in FREE else 2.6
    if status in UNDER_WAY:
        return [Shape((polygon((x, y - 4.6), (x + 4.2, y + 3.4), (x - 4.2, y + 3.4)),), INK, PAPER, 0.7)]
    if status is UnitStatus.OUT_OF_SERVICE:
        return [Line(polygon((x - r, y - d * r), (x + r, y + d * r)), MUTED, 1.1) for d in (1, -1)]
    square = polygon((x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r))
    if status in FREE:
        return [Shape((square,), PAPER, OVER, 0.5) if crowded else Shape((square,), PAPER, MUTED, 0.9)]
    return [Shape((square,), INK, PAPER, 0.6)]


def site_mark(x: float, y: float, online: bool) -> list[Mark]:
    """A shelter or depot: a house, full when it is open."""
    house = polygon(
        (x, y - 5.5), (x + 5.5, y - 0.5), (x + 4, y - 0.5), (x + 4, y + 4.5), (x - 4, y + 4.5), (x - 4, y - 0.5),
        (x - 5.5, y - 0.5),
    )  # fmt: skip
    return [Shape((house,), INK if online else PAPER, INK if not online else PAPER, 0.9)]


def legend(words: Mapping[str, str], width: float, top: float) -> list[Mark]:
    """The legend below a picture, in three rows of four: signs and what they mean."""
    marks: list[Mark] = []
    for number, key in enumerate(LEGEND):
        x, y = 12 + number // 3 * width / 4, top + 13 + number % 3 * 15.5
        marks += _sign(key, x, y - 3.5)
        marks.append(Words(x + 13, y, words[key], 10.5, INK))
    return marks


def _sign(key: str, x: float, y: float) -> list[Mark]:
    match key:
        case "waits":
            return incident_mark(x, y, 1, IncidentState.OPEN)
        case "sent":
            return incident_mark(x, y, 1, IncidentState.DISPATCHED)
        case "worked":
            return incident_mark(x, y, 1, IncidentState.ON_SCENE)
        case "closed":
            return incident_mark(x, y, 1, IncidentState.CLOSED)
        case "free":
            return unit_mark(x, y, UnitStatus.AVAILABLE)
        case "under_way":
            return unit_mark(x, y, UnitStatus.EN_ROUTE)
        case "at_work":
            return unit_mark(x, y, UnitStatus.ON_SCENE)
        case "out":
            return unit_mark(x, y, UnitStatus.OUT_OF_SERVICE)
        case "site_open" | "site_closed":
            return site_mark(x, y, key == "site_open")
    return [Disc(x, y, 5.5, stroke=BLOCKED, width=1.2), *cross(x, y, 2.4)]


def cross(x: float, y: float, r: float = 3.2) -> list[Mark]:
    """No way through."""
    return [Line(polygon((x - r, y - d * r), (x + r, y + d * r)), BLOCKED, 1.5) for d in (1, -1)]
