"""What is wrong with the shapes and the hierarchy of a level: gaps, overlaps, orphans, duplicate codes.

Set operations run in lon/lat degrees, where the data's own edges are straight, and only the pieces they leave are
measured on the ellipsoid (`geo.equal_area`). Projecting first would bend a parent's long edge away from its children's
short ones and report slivers that are not there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.area import Area, Region
from geo.equal_area import area_m2

MIN_SHARE = 0.5
"""A child with less than this share of its area inside its parent is reported as outside it."""


@dataclass(frozen=True, slots=True)
class LevelReport:
    """Topology of one level. Areas in square metres on the WGS 84 ellipsoid.

    gaps_m2       below the top: each parent's polygon minus the union of its children, summed; at the top: holes
                  and slivers that the union of the level encloses
    overlaps_m2   what two areas of the level both cover, summed over pairs
    orphans       codes without a parent in the level above (never at the top)
    duplicates    codes of this level that occur more than once in the region
    outside_m2    children's area beyond their parent's polygon, summed
    misplaced     codes of areas that lie mostly outside their parent
    childless     codes of areas in the level above without any child; each counts as a gap of its whole size
    invalid       codes of areas whose geometry is not valid or empty
    gap_areas     parents with gaps of at least 1 m2, largest first: (code, m2)
    overlap_pairs pairs with overlaps of at least 1 m2, largest first: (code, code, m2)
    """

    level: str
    areas: int
    area_m2: float
    gaps_m2: float
    overlaps_m2: float
    orphans: tuple[str, ...]
    duplicates: tuple[str, ...]
    outside_m2: float
    misplaced: tuple[str, ...]
    childless: tuple[str, ...]
    invalid: tuple[str, ...]
    gap_areas: tuple[tuple[str, float], ...]
    overlap_pairs: tuple[tuple[str, str, float], ...]


def check_level(region: Region, level: str) -> LevelReport:
    """Topology of `level`. Raises KeyError for a level the region does not have."""
    areas = region.by_level[level]
    at = region.levels.index(level)
    above = {area.code: area for area in region.by_level[region.levels[at - 1]]} if at else {}
    counts = Counter(area.code for area in region.areas)
    shapes = np.array([area.geometry for area in areas], dtype=object)
    invalid = tuple(area.code for area in areas if not _sound(area.geometry))
    usable = np.array([shape if _sound(shape) else shapely.make_valid(shape) for shape in shapes], dtype=object)
    pairs = _overlaps(areas, usable)
    if at:
        gaps, outside, misplaced = _against_parents(areas, usable, above)
    else:
        gaps, outside, misplaced = _enclosed(usable), 0.0, ()
    return LevelReport(
        level=level,
        areas=len(areas),
        area_m2=float(area_m2(usable).sum()) if len(usable) else 0.0,
        gaps_m2=sum((m2 for _, m2 in gaps), 0.0),
        overlaps_m2=sum((m2 for _, _, m2 in pairs), 0.0),
        orphans=tuple(area.code for area in areas if at and area.parent not in above),
        duplicates=tuple(sorted({area.code for area in areas if counts[area.code] > 1})),
        outside_m2=outside,
        misplaced=misplaced,
        childless=tuple(sorted(set(above) - {area.parent for area in areas})),
        invalid=invalid,
        gap_areas=tuple(sorted((gap for gap in gaps if gap[1] >= 1.0), key=lambda gap: -gap[1])),
        overlap_pairs=tuple(sorted((pair for pair in pairs if pair[2] >= 1.0), key=lambda pair: -pair[2])),
    )


def check_region(region: Region) -> tuple[LevelReport, ...]:
    """Topology of every level, coarsest first."""
    return tuple(check_level(region, level) for level in region.levels)


def _sound(shape: BaseGeometry | None) -> bool:
    return shape is not None and not shape.is_empty and shape.is_valid


def _overlaps(areas: Sequence[Area], shapes: NDArray[np.object_]) -> list[tuple[str, str, float]]:
    if len(areas) < 2:
        return []
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = a < b
    a, b = a[once], b[once]
    shared = area_m2(shapely.intersection(shapes[a], shapes[b]))
    return [(areas[i].code, areas[j].code, float(m2)) for i, j, m2 in zip(a, b, shared, strict=True) if m2 > 0]


def _against_parents(
    areas: Sequence[Area], shapes: NDArray[np.object_], above: dict[str, Area]
) -> tuple[list[tuple[str, float]], float, tuple[str, ...]]:
    """Gaps by parent, square metres of children outside their parents, codes of children mostly outside."""
    by_parent: dict[str, list[int]] = {code: [] for code in above}
    for i, area in enumerate(areas):
        if area.parent in by_parent:
            by_parent[area.parent].append(i)
    gaps: list[tuple[str, float]] = []
    outside_total, misplaced = 0.0, list[str]()
    for code, members in by_parent.items():
        parent = above[code].geometry if _sound(above[code].geometry) else shapely.make_valid(above[code].geometry)
        children = shapes[members]
        gap = float(area_m2(shapely.difference(parent, shapely.union_all(children))))
        if gap > 0:
            gaps.append((code, gap))
        beyond, whole = area_m2(shapely.difference(children, parent)), area_m2(children)
        outside_total += float(beyond.sum())
        misplaced += [
            areas[i].code for i, out, all_ in zip(members, beyond, whole, strict=True) if out > all_ * MIN_SHARE
        ]
    return gaps, outside_total, tuple(sorted(misplaced))


def _enclosed(shapes: NDArray[np.object_]) -> list[tuple[str, float]]:
    """Holes in the union of a level without a parent, as one gap with the code ''."""
    if not len(shapes):
        return []
    parts = shapely.get_parts(shapely.union_all(shapes))
    holes = [shapely.polygons(ring) for part in parts for ring in part.interiors]
    m2 = float(area_m2(holes).sum()) if holes else 0.0
    return [("", m2)] if m2 > 0 else []
