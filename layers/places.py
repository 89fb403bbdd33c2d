"""The region as arrays: which area holds which, by number instead of by code."""

from __future__ import annotations

import hashlib
import math
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from data.errors import BadView
from geo.area import Area, Region
from layers.view import View

Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]

_HEX_KM2 = {5: 252.904, 6: 36.1290, 7: 5.16129, 8: 0.737328, 9: 0.105333, 10: 0.015048}
"""Average area of an H3 cell, km2 (h3geo.org, table of cell statistics)."""

_MOST_CELLS = 6000
_REGION_RES, _MIDDLE_RES, _FINEST_RES = 8, 9, 10


class Places:
    """Numbers for the areas of a region. Immutable.

    An area's number is its place in `region.areas`; -1 is "outside". Arrays that are indexed by area numbers have one
    entry more, so that -1 finds the answer for outside.
    """

    def __init__(self, region: Region) -> None:
        self.region = region
        self.codes: list[str] = [area.code for area in region.areas]
        self.number: dict[str, int] = {code: i for i, code in enumerate(self.codes)}
        self.mask = lru_cache(maxsize=256)(self._mask)
        self.heat_res = lru_cache(maxsize=256)(self._heat_res)

    def of(self, code: str | None) -> int:
        """Number of an area, -1 for None and for a code the region does not have."""
        return -1 if code is None else self.number.get(code, -1)

    @cached_property
    def code_column(self) -> NDArray[np.object_]:
        """Codes by number, "" for outside, as a text column."""
        column: NDArray[np.object_] = np.empty(len(self.codes) + 1, object)
        column[:] = [*self.codes, ""]
        return column

    @cached_property
    def version(self) -> str:
        """Another one when any area's code, name, level, parent or outline is: what a page drew is then out of date."""
        digest = hashlib.sha256(repr(self.region.levels).encode())
        for area in self.region.areas:
            digest.update(repr((area.code, area.name, area.name_en, area.level, area.parent)).encode())
            digest.update(area.geometry.wkb)
        return digest.hexdigest()[:12]

    @cached_property
    def levels(self) -> dict[str, list[Area]]:
        """Areas of each level; an area's place in this list is its place in the level."""
        return {level: list(areas) for level, areas in self.region.by_level.items()}

    @cached_property
    def ancestor(self) -> dict[str, Ints]:
        """Per level: area number -> place in the level of the area itself or its ancestor there, -1 where none."""
        found = {level: np.full(len(self.codes) + 1, -1, np.int32) for level in self.levels}
        place = {area.code: i for areas in self.levels.values() for i, area in enumerate(areas)}
        for number, code in enumerate(self.codes):
            for area in self.region.path(code):
                found[area.level][number] = place[area.code]
        return found

    def _mask(self, focus: str) -> Mask:
        """Area number -> whether it is `focus` or inside it. The focus "" holds everything, outside too."""
        if not focus:
            return np.ones(len(self.codes) + 1, bool)
        inside = np.zeros(len(self.codes) + 1, bool)
        todo = [focus]
        while todo:
            code = todo.pop()
            inside[self.number[code]] = True
            todo += [child.code for child in self.region.children(code)]
        return inside

    def check(self, view: View) -> None:
        """Raises BadView when the view names an area or a level that this region does not have."""
        if view.area and view.area not in self.number:
            raise BadView(f"view: area: there is no area {view.area[:40]!r} in this region; /api/v1/areas lists them")
        if view.level and view.level not in self.region.levels:
            known = ", ".join(self.region.levels) or "none yet: import a region first"
            raise BadView(f"view: level: {view.level[:40]!r} is not a level of this region; known are {known}")

    def focus(self, view: View) -> Area | None:
        """The area in focus. The whole region is its only root when there is just one, else None."""
        if view.area:
            return self.region.by_code[view.area]
        roots = self.region.roots
        return roots[0] if len(roots) == 1 else None

    def shown_level(self, view: View) -> str:
        """Level of the polygons that a view shows, "" for an empty region."""
        if view.level or not self.region.levels:
            return view.level
        focus = self.focus(view)
        if focus is None:
            return self.region.levels[0]
        return self.region.level_below(focus.level) or focus.level

    def children(self, view: View) -> tuple[Area, ...]:
        """Areas one below the focus, in code order."""
        focus = self.focus(view)
        return self.region.roots if focus is None else self.region.children(focus.code)

    def shown(self, view: View) -> list[int]:
        """Numbers of the areas whose polygons a view shows, in code order."""
        inside = self.mask(view.area)
        level = self.shown_level(view)
        return [n for n in (self.number[a.code] for a in self.levels.get(level, ())) if inside[n]]

    def _heat_res(self, focus: str) -> int:
        """H3 resolution for a focus: the finest of its level's that keeps it under about 6,000 cells."""
        levels = self.region.levels
        area = self.region.by_code.get(focus)
        if area is None or area.level == levels[0]:
            best = _REGION_RES if len(levels) != 1 or area is None else _FINEST_RES
        else:
            best = _FINEST_RES if area.level == levels[-1] else _MIDDLE_RES
        size = sum(_km2(a) for a in ([area] if area else self.region.roots))
        fits = [res for res, km2 in _HEX_KM2.items() if res <= best and size / km2 <= _MOST_CELLS]
        return max(fits, default=min(_HEX_KM2))


def _km2(area: Area) -> float:
    """About the size of an area, km2: good enough to choose a resolution (one degree of latitude = 111.2 km)."""
    _, south, _, north = area.geometry.bounds
    return float(area.geometry.area) * 111.2**2 * math.cos(math.radians((south + north) / 2))
