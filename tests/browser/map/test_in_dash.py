"""The components inside a real Dash application on FastAPI, as the pages use them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from dash import Input, Output, html
from fastapi import FastAPI
from harness import Script, make_app
from scene import Scene, district

from dashboard.components import GridMap, Stream
from dashboard.dash_backend import dash_on, place_pages

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    script = Script(Scene(most_cells=600, incidents=6, units=6, cameras=20))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.router.routes.extend(route for route in make_app(script).routes if getattr(route, "path", "") != "/")
    dash_app = dash_on(app, assets_folder=str(tmp_path))  # the pages' own scripts are tested with the pages
    everything_else_off = {"layers": {"heat": False, "incidents": False, "units": False, "cameras": False}}
    dash_app.layout = html.Div(
        [
            Stream(id="stream", view="", lang="zh"),
            html.Div(
                GridMap(id="map", stream="stream", lang="zh", options=everything_else_off),
                style={"height": "500px"},
            ),
            html.Pre(id="clicked"),
            html.Pre(id="status"),
            html.Pre(id="panel"),
        ]
    )

    @dash_app.callback(Output("clicked", "children"), Input("map", "clickInfo"), prevent_initial_call=True)
    def clicked(info: dict[str, Any]) -> str:
        return f"{info['kind']} {info['id']}"

    @dash_app.callback(Output("status", "children"), Input("stream", "status"), prevent_initial_call=True)
    def status(now: dict[str, Any]) -> str:
        return str(now["state"])

    @dash_app.callback(Output("panel", "children"), Input("stream", "panel"), prevent_initial_call=True)
    def panel(now: dict[str, Any]) -> str:
        return f"frame {now['seq']}"

    place_pages(dash_app)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    opened = browser.new_page(viewport={"width": 900, "height": 700})
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/")
    yield opened
    opened.close()
    server.should_exit = True
    thread.join(30)
    assert not problems, "\n".join(problems)


def test_frames_reach_the_page_and_clicks_reach_the_callbacks(page: Any) -> None:
    page.wait_for_function("document.getElementById('status')?.textContent === 'live'", timeout=60_000)
    page.wait_for_function("document.getElementById('panel').textContent === 'frame 1'", timeout=60_000)
    page.wait_for_function("document.getElementById('map').gridmap.areas.size() === 10", timeout=60_000)
    page.wait_for_function(
        "(() => { const map = document.getElementById('map').gridmap;"
        " return map.loaded && !map.maplibre.isMoving() })()",
        timeout=60_000,
    )
    area = district().region.by_level["town"][4]
    point = area.geometry.representative_point()
    x, y = page.evaluate(
        f"(() => {{const map = document.getElementById('map'); const box = map.getBoundingClientRect();"
        f" const p = map.gridmap.maplibre.project([{point.x}, {point.y}]); return [p.x + box.left, p.y + box.top]}})()"
    )
    page.mouse.click(x, y)
    page.wait_for_function(f"document.getElementById('clicked').textContent === 'area {area.code}'", timeout=60_000)


def test_the_component_scripts_come_from_the_page_itself(page: Any) -> None:
    sources = page.evaluate("[...document.scripts].map((s) => s.src).filter((s) => s.includes('gridcommand'))")
    assert len(sources) == 1
    assert "/_dash-component-suites/dashboard/assets_built/gridcommand" in sources[0]
    sheets = page.evaluate("[...document.querySelectorAll('link[rel=stylesheet]')].map((s) => s.href)")
    assert any("gridcommand" in href for href in sheets)


def test_an_unknown_prop_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="unknown prop 'colour'"):
        GridMap(id="map", colour="red")
