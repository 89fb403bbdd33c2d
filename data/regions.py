"""Import of a level of areas into a region: read, mend, validate, find parents, report. Nothing is mended silently.

Levels are data. A level that is new is put below the levels that exist (or above one that is named), one that exists is
replaced; the parents of the level below are found again where theirs are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from data.area_columns import AreaColumns
from data.code_profiles import CodeProfile, load_profile
from data.errors import BadRegion
from data.region_files import Feature, read_areas
from data.region_levels import Placed, check_level_name, place_level
from data.rings import polygonal
from geo.area import Area, Region
from geo.datum import Datum, geometry_to_wgs84


@dataclass(frozen=True, slots=True)
class Repair:
    """What was mended on one feature (1-based in the file)."""

    feature: int
    code: str
    repairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A feature that was not imported, and why."""

    feature: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be read. `level` is the level's name; `above` puts a new level above that one."""

    level: str
    columns: AreaColumns
    datum: Datum = Datum.WGS84
    dissolve: bool = False
    profile: str = "any"
    above: str | None = None
    renumbering: Mapping[str, str] = field(default_factory=dict)
    layer: str | None = None
    encoding: str | None = None
    skip_refused: bool = False


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `stored` says whether the region changed; topology is of the level after the import."""

    level: str
    levels: tuple[str, ...]
    stored: bool
    areas: int
    replaced: int
    datum: str
    repairs: tuple[Repair, ...]
    refused: tuple[Rejected, ...]
    recoded: tuple[tuple[str, str], ...]
    parents: Mapping[str, int]
    orphans: tuple[str, ...]
    misplaced: tuple[str, ...]
    divided: tuple[tuple[str, str, float], ...]
    reparented: int
    gaps_m2: float
    overlaps_m2: float
    duplicates: tuple[str, ...]
    notes: tuple[str, ...]


class ImportRefused(BadRegion):
    """Features were refused and nothing was stored; `report` has all of them."""

    def __init__(self, message: str, report: ImportReport) -> None:
        super().__init__(message)
        self.report = report


def import_level(region: Region, path: Path, options: ImportOptions) -> tuple[Region, ImportReport]:
    """The region with the file's areas as `options.level`, and what that took.

    Raises ImportRefused when a feature is refused and `skip_refused` is not set, BadRegion when the file or the
    options cannot be used at all. The region given is not changed.
    """
    profile = load_profile(options.profile)
    check_level_name(options.level)
    source = read_areas(path, layer=options.layer, encoding=options.encoding)
    if not source.features:
        raise BadRegion(f"{path.name}: no features")
    options.columns.check(path.name, source.features[0].properties)
    harvest = _Harvest(options, profile)
    for feature in source.features:
        harvest.take(feature)
    if harvest.refused and not options.skip_refused:
        raise ImportRefused(_refusal_line(path, harvest.refused), _report(harvest, options, region.levels))
    if not harvest.areas:
        raise ImportRefused(f"{path.name}: every feature was refused", _report(harvest, options, region.levels))
    harvest.dissolve()
    placed = harvest.place(region)
    if harvest.refuse_strangers(placed.region):
        if not options.skip_refused:
            raise ImportRefused(_refusal_line(path, harvest.refused), _report(harvest, options, region.levels))
        placed = harvest.place(region)
    return placed.region, _report(harvest, options, placed.region.levels, placed, source.notes)


class _Harvest:
    """Features on their way to areas: codes, names, geometry in WGS 84, and all that was mended or refused."""

    def __init__(self, options: ImportOptions, profile: CodeProfile) -> None:
        self.options, self.profile = options, profile
        self.areas: dict[str, Area] = {}
        self.stated: dict[str, str] = {}
        self.repairs: list[Repair] = []
        self.refused: list[Rejected] = []
        self.recoded: dict[str, str] = {}
        self._first: dict[str, int] = {}
        self._parts: dict[str, list[BaseGeometry]] = {}

    def take(self, feature: Feature) -> None:
        columns, level = self.options.columns, self.options.level
        raw = columns.code_of(feature.properties)
        code = self.profile.recoded(raw, dict(self.options.renumbering))
        fault = self._fault(feature, code)
        if fault is not None or feature.shape.geometry is None:
            self.refused.append(Rejected(feature.number, code, fault or "has no geometry"))
            return
        if code != raw:
            self.recoded[raw] = code
        if feature.shape.repairs:
            self.repairs.append(Repair(feature.number, code, feature.shape.repairs))
        geometry = geometry_to_wgs84(feature.shape.geometry, self.options.datum)
        self._parts.setdefault(code, []).append(geometry)
        if code in self.areas:
            return
        self._first[code] = feature.number
        parent = columns.parent_of(feature.properties)
        if parent:
            self.stated[code] = self.profile.recoded(parent, dict(self.options.renumbering))
        self.areas[code] = Area(
            code,
            columns.name_of(feature.properties) or code,
            level,
            geometry,
            name_en=columns.name_en_of(feature.properties),
            attrs=columns.rest_of(feature.properties),
        )

    def dissolve(self) -> None:
        """Unite the parts of areas that several features make up."""
        for code, parts in self._parts.items():
            merged = polygonal(shapely.union_all(parts)) if len(parts) > 1 else None
            if merged is not None:
                self.areas[code] = replace(self.areas[code], geometry=merged)

    def place(self, region: Region) -> Placed:
        return place_level(region, self.options.level, list(self.areas.values()), self.stated, self.options.above)

    def refuse_strangers(self, region: Region) -> bool:
        """Refuse areas whose code contradicts their parent's, where the profile says that codes nest; whether any."""
        before = len(self.refused)
        for code in list(self.areas):
            parent = region.by_code[code].parent
            if parent and (fault := self.profile.child_fault(code, parent)):
                self.refused.append(Rejected(self._first[code], code, fault))
                del self.areas[code]
                self.stated.pop(code, None)
        return len(self.refused) > before

    def _fault(self, feature: Feature, code: str) -> str | None:
        if not code:
            return f"has no code in {self.options.columns.code}"
        if fault := self.profile.fault(code):
            return fault
        if feature.shape.refusal:
            return feature.shape.refusal
        if code in self.areas and not self.options.dissolve:
            return f"has the code of feature {self._first[code]}; --dissolve merges features that share a code"
        return None


def _refusal_line(path: Path, refused: Iterable[Rejected]) -> str:
    listed = list(refused)
    first = listed[0]
    who = f"feature {first.feature}" + (f" ({first.code})" if first.code else "")
    more = f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
    return f"{path.name}: {who}: {first.reason}{more}; nothing was stored, --skip-refused imports the others"


def _report(
    harvest: _Harvest,
    options: ImportOptions,
    levels: tuple[str, ...],
    placed: Placed | None = None,
    notes: tuple[str, ...] = (),
) -> ImportReport:
    adoption = placed.adoption if placed else None
    topology = placed.topology if placed else None
    return ImportReport(
        level=options.level,
        levels=levels,
        stored=placed is not None,
        areas=len(harvest.areas) if placed else 0,
        replaced=placed.replaced if placed else 0,
        datum=str(options.datum),
        repairs=tuple(harvest.repairs),
        refused=tuple(harvest.refused),
        recoded=tuple(sorted(harvest.recoded.items())),
        parents=dict(adoption.ways) if adoption else {},
        orphans=topology.orphans if topology else (),
        misplaced=topology.misplaced if topology else (),
        divided=adoption.divided if adoption else (),
        reparented=placed.reparented if placed else 0,
        gaps_m2=topology.gaps_m2 if topology else 0.0,
        overlaps_m2=topology.overlaps_m2 if topology else 0.0,
        duplicates=topology.duplicates if topology else (),
        notes=(*notes, *(placed.notes if placed else ()), *(adoption.notes if adoption else ())),
    )
