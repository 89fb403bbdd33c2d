"""Areas, their levels and the region they make up.

A region is any hierarchy of polygons: district > town > grid, city > neighborhood > tract, ...
Levels are data (an ordered tuple, coarsest first), codes are opaque text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class Area:
    """One polygon of a region.

    `geometry` is a Polygon or MultiPolygon in WGS 84 lon/lat degrees. `name` is what the source calls
    it (Chinese where the source is Chinese); `name_en` is empty when the source gives none.
    `parent` is the code of the area one level up, or None at the top.
    `attrs` holds what a source adds (population, grid leader's post, ...), never used for logic.
    """

    code: str
    name: str
    level: str
    geometry: BaseGeometry
    parent: str | None = None
    name_en: str = ""
    attrs: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Region:
    """An immutable hierarchy of areas. `levels` is ordered from the coarsest to the finest.

    An empty region (no levels, no areas) is valid: it is what a first start has.
    """

    levels: tuple[str, ...]
    areas: tuple[Area, ...]

    @staticmethod
    def of(levels: Iterable[str], areas: Iterable[Area]) -> Region:
        """Build a region with its areas in (level, code) order, so that equal input gives equal regions."""
        order = tuple(levels)
        rank = {level: i for i, level in enumerate(order)}
        return Region(order, tuple(sorted(areas, key=lambda a: (rank[a.level], a.code))))

    @cached_property
    def by_code(self) -> dict[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def _children(self) -> dict[str | None, tuple[Area, ...]]:
        found: dict[str | None, list[Area]] = {}
        for area in self.areas:
            found.setdefault(area.parent, []).append(area)
        return {parent: tuple(areas) for parent, areas in found.items()}

    @cached_property
    def by_level(self) -> dict[str, tuple[Area, ...]]:
        """Areas of each level in code order."""
        return {level: tuple(a for a in self.areas if a.level == level) for level in self.levels}

    @property
    def finest(self) -> str | None:
        """Name of the lowest level, None for an empty region."""
        return self.levels[-1] if self.levels else None

    @property
    def roots(self) -> tuple[Area, ...]:
        """Areas without a parent, in code order."""
        return self._children.get(None, ())

    def children(self, code: str) -> tuple[Area, ...]:
        return self._children.get(code, ())

    def path(self, code: str) -> tuple[Area, ...]:
        """The area and its ancestors, coarsest first: what a breadcrumb shows. Empty for an unknown code."""
        chain: list[Area] = []
        area = self.by_code.get(code)
        while area is not None and area not in chain:
            chain.append(area)
            area = self.by_code.get(area.parent) if area.parent else None
        return tuple(reversed(chain))

    def ancestor(self, code: str, level: str) -> str | None:
        """Code of the ancestor (or self) of `code` at `level`, None where there is none."""
        return next((a.code for a in self.path(code) if a.level == level), None)

    def level_below(self, level: str) -> str | None:
        """The next finer level, None at the finest."""
        at = self.levels.index(level)
        return self.levels[at + 1] if at + 1 < len(self.levels) else None
