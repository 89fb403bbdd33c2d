"""A map picture of one moment, drawn on the server: areas, water, roads, incidents, units, sites, closed roads.

Made for paper: small, few colours, every state by its shape as well. The same picture goes into page and print.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

import numpy as np

from data.records import IncidentState
from replay.picture import Disc, Line, Mark, Picture, Shape, Words, polygon, text_width
from replay.picture_ground import (
    BOTTOM,
    HEIGHT,
    M_LAT,
    TOP,
    WIDTH,
    Box,
    Ground,
    View,
    clipped,
    ground_marks,
    rectangle,
    rings_of,
)
from replay.picture_labels import Taken
from replay.picture_scene import Scene
from replay.picture_symbols import BLOCKED, INK, MUTED, PAPER, cross, incident_mark, legend, site_mark, unit_mark

LEAST_M = 1_600.0
"""A picture is at least so wide, metres."""

CROWD = 60
"""Where more units are seen, those that are free are drawn tiny."""

SITES = ("shelter", "depot")
"""Kinds of sites that are shown, with their names."""


def around(scene: Scene, incident: str, ground: Ground) -> Box:
    """A box that shows an incident with the units that are sent to it; the whole region where it is not there."""
    at = next((each for each in scene.incidents if each.id == incident), None)
    if at is None:
        return ground.box
    units = [each for each in scene.units if each.incident == incident]
    lons, lats = [at.lon, *(u.lon for u in units)], [at.lat, *(u.lat for u in units)]
    west, east, south, north = min(lons), max(lons), min(lats), max(lats)
    least = LEAST_M / M_LAT
    lon_pad = max((east - west) * 0.18, (least / np.cos(np.radians(at.lat)) - (east - west)) / 2)
    lat_pad = max((north - south) * 0.18, (least * 0.65 - (north - south)) / 2)
    return west - lon_pad, south - lat_pad, east + lon_pad, north + lat_pad


def draw(
    ground: Ground, scene: Scene, box: Box, words: Mapping[str, str], zone: tzinfo, *, lang: str = "zh",
    about: str = "", title: str = "",
) -> Picture:  # fmt: skip
    """The scene within `box`. `words`: those that `picture_symbols.LEGEND` names, `mark` (what the picture is marked
    with, top right), `km` and `m`. `about`: the incident that the picture is about. Times are shown in `zone`."""
    view = View.of(box)
    marks: list[Mark] = [Shape((view.frame(),), fill="#e9ecec")]
    marks += ground_marks(ground, view)
    taken = Taken()
    for closed in scene.blocked:
        ring = (
            rings_of(view, closed.area)
            if closed.area is not None
            else (view.circle(closed.lon, closed.lat, closed.radius_m),)
        )
        marks.append(Shape(ring, stroke=BLOCKED, width=1.2, dash=(3, 2)))
        marks += cross(*view.at(closed.lon, closed.lat))
    places = {each.id: each for each in scene.incidents}
    for unit in scene.units:
        to = places.get(unit.incident or "")
        if to is not None:
            way = polygon(view.at(unit.lon, unit.lat), view.at(to.lon, to.lat))
            marks.append(Line(way, INK, 0.7, (2, 2)))
    for site in scene.sites:
        if site.kind in SITES and view.holds(site.lon, site.lat):
            x, y = view.at(site.lon, site.lat)
            marks += site_mark(x, y, site.online)
            taken.take(x, y, 6)
    units = [each for each in scene.units if view.holds(each.lon, each.lat)]
    for unit in sorted(units, key=lambda each: (each.incident is not None, each.id)):
        x, y = view.at(unit.lon, unit.lat)
        marks += unit_mark(x, y, unit.status, crowded=len(units) > CROWD)
        if unit.incident is not None:
            taken.take(x, y, 4)
    shown = [each for each in scene.incidents if view.holds(each.lon, each.lat)]
    for one in sorted(
        shown, key=lambda each: (each.state is not IncidentState.CLOSED, each.id == about, -each.severity, each.id)
    ):
        x, y = view.at(one.lon, one.lat)
        marks += incident_mark(x, y, one.severity, one.state, chosen=one.id == about)
        taken.take(x, y, 8 if one.state is not IncidentState.CLOSED else 3)
    marks += _names(scene, view, taken, about, lang)
    marks += _towns(ground, view, taken, lang)
    marks += _outside(view)
    marks += _furniture(view, scene, words, zone)
    marks += legend(words, WIDTH, HEIGHT - BOTTOM)
    return Picture(WIDTH, HEIGHT, tuple(marks), title)


def _names(scene: Scene, view: View, taken: Taken, about: str, lang: str) -> list[Mark]:
    """Names by what matters most: the incident in question, its units, those that wait, sites, other units at work."""
    wanted: list[tuple[int, float, float, float, str, str, bool]] = []
    near = view.near
    for one in scene.incidents:
        if one.id == about:
            wanted.append((0, *view.at(one.lon, one.lat), 14, one.id, INK, True))
        elif one.state is IncidentState.OPEN:
            wanted.append((2, *view.at(one.lon, one.lat), 10, one.id, INK, False))
        elif one.state is not IncidentState.CLOSED:
            wanted.append((5, *view.at(one.lon, one.lat), 10, one.id, MUTED, False))
    for unit in scene.units:
        if unit.incident is not None and (near or unit.incident == about):
            wanted.append((1 if unit.incident == about else 6, *view.at(unit.lon, unit.lat), 5, unit.id, INK, False))
    for site in scene.sites:
        if site.kind in SITES:
            name = (lang == "en" and site.en) or site.zh or site.id
            wanted.append((4, *view.at(site.lon, site.lat), 7, name, MUTED, False))
    marks: list[Mark] = []
    for _, x, y, r, text, fill, bold in sorted(wanted, key=lambda each: (each[0], each[4])):
        written = taken.write(x, y, r, text, 10.5, fill, bold=bold)
        if written is not None:
            marks.append(written)
    return marks


def _towns(ground: Ground, view: View, taken: Taken, lang: str) -> list[Mark]:
    marks: list[Mark] = []
    for shape, zh, en in ground.towns:
        seen = clipped(view, shape)
        if seen.is_empty:
            continue
        at = seen.representative_point()
        name = (lang == "en" and en) or zh
        x, y = view.at(at.x, at.y)
        written = taken.write(x - text_width(name, 11) / 2, y, 0, name, 11.0, "#7d7663")
        if written is not None:
            marks.append(written)
    return marks


def _outside(view: View) -> list[Mark]:
    """Cover what was drawn beyond the map's frame."""
    return [
        Shape((rectangle(-40, -40, WIDTH + 40, TOP),), fill=PAPER),
        Shape((rectangle(-40, HEIGHT - BOTTOM, WIDTH + 40, HEIGHT + 40),), fill=PAPER),
        Shape((view.frame(),), stroke=INK, width=0.8),
    ]


def _furniture(view: View, scene: Scene, words: Mapping[str, str], zone: tzinfo) -> list[Mark]:
    """Time, what the picture is marked with, scale bar, north."""
    told = scene.t.astimezone(zone)
    marks: list[Mark] = [
        Words(2, 16, f"{told:%Y-%m-%d %H:%M:%S}", 14, INK, bold=True),
        Words(WIDTH - 2, 16, words["mark"], 13, BLOCKED, "end", bold=True),
    ]
    length = nice_length(view.m * 110)
    said = f"{length / 1000:g} {words['km']}" if length >= 1000 else f"{length:g} {words['m']}"
    left, base = 10.0, HEIGHT - BOTTOM - 10
    right = left + length / view.m
    marks.append(
        Shape(
            (rectangle(left - 5, base - 16, max(right, left + text_width(said, 10.5)) + 6, base + 5),), fill="#ffffff"
        )
    )
    marks.append(Line(polygon((left, base - 4), (left, base), (right, base), (right, base - 4)), INK, 1.2))
    marks.append(Words(left + 2, base - 4, said, 10.5, INK))
    x, y = WIDTH - 16, TOP + 24
    marks.append(Disc(x, y - 4, 14, fill="#ffffff"))
    marks.append(Shape((polygon((x, y - 14), (x + 5, y + 3), (x, y), (x - 5, y + 3)),), fill=INK))
    marks.append(Words(x, y + 9.5, "N", 8, INK, "middle", bold=True))
    return marks


def nice_length(most: float) -> float:
    """The longest of 1, 2, 5 times a power of ten that is not longer than `most`."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in (1, 2, 5) if step * power <= most))
