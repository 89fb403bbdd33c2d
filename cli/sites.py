"""`app.py sites`: import cameras and other fixed points."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.common import DbOption, JsonOption, emit_json, note, open_cli_store, refusals
from data.clock import SystemClock
from data.sites_import import SiteColumns, import_sites, load_sites
from geo.datum import Datum

app = typer.Typer(help="Cameras and other fixed points.", no_args_is_help=True)


@app.callback()
def sites() -> None:
    """Cameras and other fixed points."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV (also .gz) or GeoJSON (also .gz)")],
    kind: Annotated[str, typer.Option(help="camera, hospital, depot, shelter, hydrant, gauge, station, ...")],
    id: Annotated[str | None, typer.Option(help="Column with the id [id]")] = None,
    name: Annotated[str | None, typer.Option(help="Column with the name [name]")] = None,
    name_en: Annotated[str | None, typer.Option(help="Column with the English name")] = None,
    lon: Annotated[str | None, typer.Option(help="Column with the longitude [a GeoJSON point, or lon]")] = None,
    lat: Annotated[str | None, typer.Option(help="Column with the latitude [a GeoJSON point, or lat]")] = None,
    datum: Annotated[Datum, typer.Option(help="What the coordinates are in")] = Datum.WGS84,
    bearing: Annotated[str | None, typer.Option(help="Column with degrees from north, or N, NNE, ...")] = None,
    fov: Annotated[str | None, typer.Option(help="Column with the field of view, degrees")] = None,
    online: Annotated[str | None, typer.Option(help="Column with ON/OFF, true/false, 1/0")] = None,
    source: Annotated[str, typer.Option(help="Name of the source in the log [sites:KIND]")] = "",
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Import sites. Rows that cannot be taken are named, counted and kept as dead letters; the others go in."""
    with refusals(), closing(open_cli_store(db)) as store:
        clock = SystemClock()
        columns = SiteColumns(id, name, name_en, lon, lat, bearing, fov, online)
        loaded = load_sites(file, kind, columns, now=clock.now(), datum=datum, source=source)
        report = import_sites(store, loaded, clock)
        for row in report.refused:
            note(f"refused: row {row.row}: {row.id or 'no id'} ({row.name or 'no name'}): {row.error}")
        if json:
            emit_json(asdict(report))
        else:
            typer.echo(
                f"{report.kind}: {report.rows} rows, {report.accepted} accepted ({report.changed} changed), "
                f"{report.duplicate} there before, {report.rejected} refused"
            )
