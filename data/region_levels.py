"""Putting a level into a region: its place among the levels, and whose child each area is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import shapely

from data.code_profiles import load_profile
from data.errors import BadRegion
from data.parents import Adoption, adopt, adopt_stated
from data.rings import polygonal
from geo.area import Area, Region
from geo.topology import LevelReport, check_level


@dataclass(frozen=True, slots=True)
class Placed:
    """A region with one level put in, and how its areas found their parents."""

    region: Region
    replaced: int
    adoption: Adoption
    reparented: int
    topology: LevelReport
    notes: tuple[str, ...]


def place_level(
    region: Region, level: str, areas: list[Area], stated: Mapping[str, str], above: str | None = None
) -> Placed:
    """Put `areas` into the region as `level`. `stated` maps codes to what the source says about their parent."""
    levels = _levels_with(region.levels, level, above)
    kept = [area for area in region.areas if area.level != level]
    others = {area.code: area.level for area in kept}
    taken = next((area.code for area in areas if area.code in others), None)
    if taken is not None:
        raise BadRegion(f"code {taken} is in level {others[taken]} already; codes are unique in a region")
    at = levels.index(level)
    parents = [area for area in kept if at and area.level == levels[at - 1]]
    notes: list[str] = []
    if stated and not parents:
        notes.append("there is no level above yet: the stated parents wait, overlap will find them when it is imported")
    adoption = adopt_stated(areas, parents, stated) if stated and parents else adopt(areas, parents)
    children = [area for area in kept if at + 1 < len(levels) and area.level == levels[at + 1]]
    codes = {area.code for area in areas}
    lost = [child for child in children if child.parent not in codes]
    refound = {area.code: area for area in adopt(lost, list(adoption.areas)).areas}
    kept = [refound.get(area.code, area) if area.level != level else area for area in kept]
    placed = Region.of(levels, [*kept, *adoption.areas])
    replaced = sum(area.level == level for area in region.areas)
    return Placed(placed, replaced, adoption, len(lost), check_level(placed, level), tuple(notes))


def derive_level(
    region: Region, level: str, code: str, name: str, source: str, *, name_en: str = "", profile: str = "any"
) -> tuple[Region, Placed]:
    """The region with a new level above `source` made of one area: the union of all areas of `source`."""
    check_level_name(level)
    if source not in region.levels:
        raise BadRegion(f"no level {source!r} to derive from; the region has {', '.join(region.levels) or 'no levels'}")
    if fault := load_profile(profile).fault(code):
        raise BadRegion(fault)
    if level in region.levels:
        if region.level_below(level) != source:
            raise BadRegion(f"level {level} is not directly above {source}; region remove it first to derive it")
        if [area.code for area in region.by_level[level]] != [code]:
            raise BadRegion(f"level {level} has other areas than {code}; region remove it first to derive it")
    union = polygonal(shapely.union_all([area.geometry for area in region.by_level[source]]))
    if union is None:
        raise BadRegion(f"level {source} encloses no area to derive {level} from")
    above = None if level in region.levels else source
    placed = place_level(region, level, [Area(code, name, level, union, name_en=name_en)], {}, above)
    return placed.region, placed


def remove_level(region: Region, level: str) -> tuple[Region, int]:
    """The region without `level`, and how many areas below it found a parent anew, by overlap."""
    if level not in region.levels:
        raise BadRegion(f"no level {level!r} to remove; the region has {', '.join(region.levels) or 'no levels'}")
    at = region.levels.index(level)
    levels = (*region.levels[:at], *region.levels[at + 1 :])
    below = region.level_below(level)
    parents = list(region.by_level[region.levels[at - 1]]) if at else []
    moved = adopt(list(region.by_level[below]), parents).areas if below else ()
    kept = [area for area in region.areas if area.level not in (level, below)]
    return Region.of(levels, [*kept, *moved]), len(moved)


def _levels_with(levels: tuple[str, ...], level: str, above: str | None) -> tuple[str, ...]:
    if above is not None and above not in levels:
        raise BadRegion(f"no level {above!r} to put {level} above; the region has {', '.join(levels) or 'no levels'}")
    if level in levels:
        if above is not None and levels.index(level) > levels.index(above):
            raise BadRegion(f"level {level} lies below {above} already; region remove it first to put it above")
        return levels
    at = levels.index(above) if above is not None else len(levels)
    return (*levels[:at], level, *levels[at:])


def check_level_name(level: str) -> None:
    if fault := load_profile("any").fault(level):
        raise BadRegion(f"level {level[:70]!r}: expected a short word such as district, town, grid ({fault})")
