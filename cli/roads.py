"""`app.py roads`: import the road network that travel times and routes are found on."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.common import DbOption, JsonOption, emit_json, open_cli_store, refusals
from geo.datum import Datum

app = typer.Typer(help="The road network.", no_args_is_help=True)


@app.callback()
def roads() -> None:
    """The road network."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="OSM XML, GeoJSON, GraphML or CSV edge list, also .gz")],
    datum: Annotated[Datum, typer.Option(help="What the coordinates are in")] = Datum.WGS84,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Import a road network; it replaces the one before. Travel times are by road from then on."""
    from data.road_import import LAYER, RoadReport, read_roads
    from geo.roads_bytes import to_bytes

    with refusals(), closing(open_cli_store(db)) as store:
        graph = read_roads(file, datum)
        body = to_bytes(graph)
        store.put_basemap(LAYER, body)
        report = RoadReport(graph.nodes, graph.edges, int(graph.core.size), len(body))
        if json:
            emit_json(asdict(report))
        else:
            typer.echo(
                f"{report.nodes} nodes, {report.edges} directed edges; from {report.core} of the nodes every other of "
                f"them can be reached, the rest is cut off in one direction or both"
            )
