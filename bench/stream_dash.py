"""The obvious Dash way, to compare with: a page whose dcc.Interval asks every second for the same content as a figure.

Run by `bench.stream`: `python -m bench.stream_dash DATABASE_URL PORT`. It follows the same store with the same reader
and the same layers; only the way to the page differs. The views and the log's seq travel as the callback's input and
output, so that latency can be measured alike.
"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import parse_qsl

import h3.api.numpy_int as h3
import plotly.graph_objects as go
import uvicorn
from dash import Dash, Input, Output, dcc, html
from fastapi import FastAPI

from data.clock import SystemClock
from data.open_store import open_store
from data.settings import Settings
from layers import areas, cameras, heat, incidents, panel, units
from layers.columns import ms
from layers.reader import Reader
from layers.view import parse_view


def figure(state: Any, query: str, t: float) -> tuple[go.Figure, dict[str, Any]]:
    """Heat, areas, incidents, units with trails and cameras of a view as one Plotly map, and the panel."""
    view = parse_view(dict(parse_qsl(query)))
    cells = heat.build(state, view, t)
    centres = [h3.cell_to_latlng(cell) for cell in cells.key.tolist()]
    polygons = areas.build(state, view, t)
    made = go.Figure()
    made.add_choroplethmap(  # by reference: the page fetches the geometry once
        geojson="/api/v1/areas", locations=polygons.key.tolist(), z=polygons.columns["count"].tolist()
    )
    made.add_scattermap(
        lat=[lat for lat, _ in centres], lon=[lon for _, lon in centres], mode="markers",
        marker={"color": cells.columns["value"].tolist(), "size": 8, "colorscale": "Viridis"},
    )  # fmt: skip
    for layer in (incidents, units, cameras):
        table = layer.build(state, view, t)
        made.add_scattermap(
            lat=table.columns["lat"].tolist(), lon=table.columns["lon"].tolist(), mode="markers",
            text=table.key.tolist(), customdata=[
                list(row) for row in zip(*(c.tolist() for n, c in table.columns.items() if n not in ("lon", "lat")),
                                         strict=True)
            ],
        )  # fmt: skip
    return made, panel.build(state, view, t)


def main() -> None:
    url, port = sys.argv[1], int(sys.argv[2])
    clock = SystemClock()
    store = open_store(url, clock)
    reader = Reader(store, clock, Settings())
    reader.start()
    reader.wait(60)
    server = FastAPI()
    app = Dash(server=server)
    app.layout = html.Div(
        [dcc.Store(id="view"), dcc.Interval(id="tick", interval=1000), dcc.Graph(id="map"), dcc.Store(id="panel")]
    )

    @app.callback(Output("map", "figure"), Output("panel", "data"), Input("tick", "n_intervals"), Input("view", "data"))
    def update(_n: int, query: str) -> tuple[go.Figure, dict[str, Any]]:
        with reader.reading() as state:
            made, figures = figure(state, query or "", ms(clock.now()))
            return made, figures | {"log": state.seq}

    try:
        uvicorn.run(server, port=port, log_config=None, access_log=False)
    finally:
        reader.close()
        store.close()


if __name__ == "__main__":
    main()
