"""Who an area's parent is: as the source states it (by code or by name), else the largest overlap."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from geo.area import Area
from geo.equal_area import area_m2

CLEAR_SHARE = 0.9
"""An area found by overlap with less of itself than this inside its parent is reported as divided."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Areas with their parents. `ways` counts how: code, name, overlap, none.

    `divided`: (code, parent, share) of areas found by overlap that lie less than CLEAR_SHARE inside their parent.
    """

    areas: tuple[Area, ...]
    ways: Mapping[str, int]
    divided: tuple[tuple[str, str, float], ...] = ()
    notes: tuple[str, ...] = ()


def plain_name(name: str) -> str:
    """A name for comparing: full and half width, case, spaces and 台/臺 are the same."""
    folded = unicodedata.normalize("NFKC", name).casefold().replace("臺", "台")
    return "".join(folded.split())


def adopt(areas: Sequence[Area], parents: Sequence[Area]) -> Adoption:
    """Parents by the largest overlap, ties by the smallest code; no parent where nothing overlaps."""
    if not areas or not parents:
        return Adoption(tuple(replace(area, parent=None) for area in areas), {"none": len(areas)} if areas else {})
    best, shares = _largest_overlap(areas, parents)
    adopted, divided = [], []
    for area, at, share in zip(areas, best, shares, strict=True):
        parent = parents[at].code if at >= 0 else None
        adopted.append(replace(area, parent=parent))
        if parent is not None and share < CLEAR_SHARE:
            divided.append((area.code, parent, round(float(share), 4)))
    orphans = [area for area in adopted if area.parent is None]
    ways = _count(overlap=len(adopted) - len(orphans), none=len(orphans))
    return Adoption(tuple(adopted), ways, tuple(divided), _swapped(orphans, parents))


def adopt_stated(areas: Sequence[Area], parents: Sequence[Area], stated: Mapping[str, str]) -> Adoption:
    """Parents as stated: by code if any stated value is a parent's code, else by name.

    Several parents of one name are told apart by overlap. What matches nothing has no parent and is noted: a
    statement that is wrong must be seen, not guessed around. Areas that state nothing are found by overlap.
    """
    codes = {parent.code for parent in parents}
    if any(value in codes for value in stated.values()):
        way, options = "code", {parent.code: [parent] for parent in parents}
    else:
        way, options = "name", dict[str, list[Area]]()
        for parent in parents:
            for name in {plain_name(parent.name), plain_name(parent.name_en)} - {""}:
                options.setdefault(name, []).append(parent)
    known: dict[str, str] = {}
    notes: list[str] = []
    for area in areas:
        value = stated.get(area.code)
        if value is None:
            continue
        candidates = options.get(value if way == "code" else plain_name(value), [])
        if len(candidates) > 1:
            candidates = [c for c in candidates if c.code == adopt([area], candidates).areas[0].parent]
        if candidates:
            known[area.code] = candidates[0].code
        else:
            notes.append(f"{area.code}: its stated parent {value[:60]!r} is no {way} in the level above")
    silent = adopt([area for area in areas if area.code not in stated], parents)
    by_overlap = {area.code: area.parent for area in silent.areas}
    adopted = tuple(replace(area, parent=known.get(area.code, by_overlap.get(area.code))) for area in areas)
    found = sum(parent is not None for parent in by_overlap.values())
    ways = _count(**{way: len(known)}, overlap=found, none=len(adopted) - len(known) - found)
    return Adoption(adopted, ways, silent.divided, (*notes, *silent.notes))


def _swapped(orphans: Sequence[Area], parents: Sequence[Area]) -> tuple[str, ...]:
    """Remarks on orphans that would lie in the level above if their latitude were their longitude."""
    homes = shapely.STRtree([parent.geometry for parent in parents])
    turned = [shapely.transform(area.geometry, lambda xy: xy[:, ::-1]) for area in orphans]
    inside = {int(i) for i in homes.query(turned, predicate="intersects")[0]} if turned else set[int]()
    return tuple(
        f"{area.code}: its coordinates look like lat/lon; turned round it would lie in the level above"
        for i, area in enumerate(orphans)
        if i in inside
    )


def _count(**ways: int) -> dict[str, int]:
    return {way: n for way, n in ways.items() if n}


def _largest_overlap(areas: Sequence[Area], parents: Sequence[Area]) -> tuple[list[int], list[float]]:
    """Position of each area's parent (-1: none) and the share of the area that lies in it."""
    shapes = np.array([area.geometry for area in areas], dtype=object)
    homes = np.array([parent.geometry for parent in parents], dtype=object)
    child, home = shapely.STRtree(homes).query(shapes, predicate="intersects")
    shared = area_m2(shapely.intersection(shapes[child], homes[home]))
    whole = area_m2(shapes)
    best: list[int] = [-1] * len(areas)
    most: list[float] = [0.0] * len(areas)
    for i, j, m2 in zip(child.tolist(), home.tolist(), shared.tolist(), strict=True):
        if m2 > most[i] or (m2 == most[i] > 0 and parents[j].code < parents[best[i]].code):
            best[i], most[i] = j, m2
    return best, [m2 / all_ if all_ else 0.0 for m2, all_ in zip(most, whole.tolist(), strict=True)]
