"""`app.py region`: import, derive, check and show the levels of areas."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.common import DbOption, JsonOption, emit_json, note, open_cli_store, refusals
from data.area_columns import AreaColumns
from data.code_profiles import read_renumbering
from data.errors import NotFound
from data.region_levels import derive_level, remove_level
from data.regions import ImportOptions, ImportRefused, ImportReport, import_level
from geo.area import Area, Region
from geo.datum import Datum
from geo.topology import LevelReport, check_region

app = typer.Typer(help="Areas: import, derive, check, show.", no_args_is_help=True)

ProfileOption = Annotated[str, typer.Option(help="Code profile: any, gb2260, or the path of a .toml file")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="GeoJSON (also .gz), GeoPackage or Shapefile")],
    level: Annotated[str, typer.Option(help="Name of the level, such as town. One that exists is replaced")],
    code: Annotated[
        str, typer.Option(help="Property with the code. a.b reaches into objects, =TEXT is the text itself")
    ],
    name: Annotated[str, typer.Option(help="Property with the name")],
    name_en: Annotated[str | None, typer.Option(help="Property with the English name")] = None,
    parent: Annotated[
        str | None, typer.Option(help="Property with the parent's code or name; without it the largest overlap decides")
    ] = None,
    datum: Annotated[Datum, typer.Option(help="What the coordinates are in")] = Datum.WGS84,
    above: Annotated[str | None, typer.Option(help="Put a new level above this one, not below all")] = None,
    dissolve: Annotated[bool, typer.Option("--dissolve", help="Merge features that share a code")] = False,
    profile: ProfileOption = "any",
    recode: Annotated[
        list[str] | None, typer.Option(help="Renumbering: old=new, or a CSV file of old,new; repeatable")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of a GeoPackage with several")] = None,
    encoding: Annotated[str | None, typer.Option(help="Text encoding of a Shapefile, such as GBK")] = None,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Import the rest when features are refused")
    ] = False,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Import FILE as one level. Repairs, orphans, gaps and overlaps are reported; a refused feature stops it all."""
    with refusals(), closing(open_cli_store(db)) as store:
        options = ImportOptions(
            level=level,
            columns=AreaColumns(code, name, name_en, parent),
            datum=datum,
            dissolve=dissolve,
            profile=profile,
            above=above,
            renumbering=read_renumbering(tuple(recode or ())),
            layer=layer,
            encoding=encoding,
            skip_refused=skip_refused,
        )
        try:
            region, report = import_level(store.region(), file, options)
        except ImportRefused as refused:
            _tell(refused.report)
            if json:
                emit_json(asdict(refused.report))
            raise
        store.put_level(region)
        _tell(report)
        if json:
            emit_json(asdict(report))
        else:
            typer.echo(_imported_line(report))


@app.command()
def derive(
    level: Annotated[str, typer.Option(help="Name of the new level")],
    code: Annotated[str, typer.Option(help="Code of its one area")],
    name: Annotated[str, typer.Option(help="Name of its one area")],
    source: Annotated[str, typer.Option("--from", help="Level whose areas are united")],
    name_en: Annotated[str, typer.Option(help="English name")] = "",
    profile: ProfileOption = "any",
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Make a level of one area above another level: the union of its areas."""
    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        region, placed = derive_level(store.region(), level, code, name, source, name_en=name_en, profile=profile)
        store.put_level(region)
        report = placed.topology
        if json:
            emit_json({"levels": region.levels, "reparented": placed.reparented, **asdict(report)})
        else:
            km2 = report.area_m2 / 1e6
            typer.echo(f"{level}: {name} ({code}), {km2:.2f} km2, now above {placed.reparented} areas of {source}")


@app.command()
def remove(
    level: Annotated[str, typer.Option(help="Name of the level to remove")],
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Remove a level and its areas; the level below finds its parents anew."""
    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        before = store.region()
        region, reparented = remove_level(before, level)
        store.put_level(region)
        gone = len(before.areas) - len(region.areas)
        if json:
            emit_json({"level": level, "removed": gone, "reparented": reparented, "levels": region.levels})
        else:
            typer.echo(f"{level}: {gone} areas removed; levels {' > '.join(region.levels) or 'none'}")


@app.command()
def check(db: DbOption = None, json: JsonOption = False) -> None:
    """Topology of every level: gaps and overlaps in m2, orphans, duplicate codes."""
    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        reports = check_region(store.region())
        if json:
            emit_json({"levels": [asdict(report) for report in reports]})
            return
        if not reports:
            typer.echo("no region yet: app.py region import FILE --level L --code COL --name COL")
        for report in reports:
            typer.echo(_checked_line(report))


@app.command()
def show(
    code: Annotated[str | None, typer.Argument(help="Code of an area; without it the whole region")] = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """The levels, or one area with its path and its children."""
    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        region = store.region()
        shown = _region_facts(region) if code is None else _area_facts(region, code)
        if json:
            emit_json(shown)
            return
        for key, value in shown.items():
            if not isinstance(value, (list, tuple)):
                typer.echo(f"{key}: {value}")
                continue
            typer.echo(f"{key}:")
            for item in value:
                text = " ".join(str(part) for part in item.values() if part != "") if isinstance(item, dict) else item
                typer.echo(f"  {text}")


def _region_facts(region: Region) -> dict[str, object]:
    return {
        "levels": [{"level": level, "areas": len(region.by_level[level])} for level in region.levels],
        "roots": [_facts(area) for area in region.roots],
    }


def _area_facts(region: Region, code: str) -> dict[str, object]:
    area = region.by_code.get(code)
    if area is None:
        raise NotFound(f"no area with code {code!r}; app.py region show lists the top of the region")
    point = area.geometry.representative_point()
    return {
        **_facts(area),
        "parent": area.parent or "",
        "lon": point.x,
        "lat": point.y,
        "bbox": list(area.geometry.bounds),
        "path": [_facts(each) for each in region.path(code)],
        "children": [_facts(each) for each in region.children(code)],
    }


def _facts(area: Area) -> dict[str, object]:
    return {"code": area.code, "name": area.name, "name_en": area.name_en, "level": area.level}


def _tell(report: ImportReport) -> None:
    """Everything that was mended, refused or left open, one line each, on standard error."""
    for repair in report.repairs:
        note(f"repaired: feature {repair.feature} ({repair.code}): {'; '.join(repair.repairs)}")
    for rejected in report.refused:
        note(f"refused: feature {rejected.feature} ({rejected.code or 'no code'}): {rejected.reason}")
    for old, new in report.recoded:
        note(f"renumbered: {old} -> {new}")
    for orphan in report.orphans:
        note(f"orphan: {orphan} has no parent in the level above")
    for code in report.misplaced:
        note(f"misplaced: {code} lies mostly outside its parent")
    for code, parent, share in report.divided:
        note(f"divided: {code} has {share:.0%} of itself in its parent {parent}")
    for line in report.notes:
        note(f"note: {line}")


def _imported_line(report: ImportReport) -> str:
    found = ", ".join(f"{n} by {way}" for way, n in report.parents.items() if way != "none")
    parts = [
        f"{report.level}: {report.areas} areas" + (f" (replacing {report.replaced})" if report.replaced else ""),
        f"parents {found}" if found else "",
        f"gaps {report.gaps_m2:.1f} m2, overlaps {report.overlaps_m2:.1f} m2",
        f"{len(report.repairs)} repaired, {len(report.refused)} refused, {len(report.orphans)} orphans",
        f"levels {' > '.join(report.levels)}",
    ]
    return "; ".join(part for part in parts if part)


def _checked_line(report: LevelReport) -> str:
    lists = ("orphans", "duplicates", "misplaced", "childless", "invalid")
    named = [f"{name} {', '.join(codes) or 'none'}" for name in lists for codes in [getattr(report, name)]]
    figures = (
        f"{report.areas} areas, {report.area_m2 / 1e6:.3f} km2; gaps {report.gaps_m2:.1f} m2, "
        f"overlaps {report.overlaps_m2:.1f} m2, outside parents {report.outside_m2:.1f} m2"
    )
    return f"{report.level}: {figures}; {'; '.join(named)}"
