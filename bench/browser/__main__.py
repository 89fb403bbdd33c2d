"""`python -m bench.browser`: frame received -> painted, script time of a delta, frames per second while panning.

Every contender gets the same frames (bytes of layers/wire.py) over the same cells, in the same Chromium, one after the
other; a frame counts as painted when a pixel can be read back after its render. Ratios are what matters: the absolute
times are those of the machine, here most often software rendering.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h3
import numpy as np
import plotly
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from layers.table import Table, TableDelta, diff
from layers.wire import Frame, Stamps, encode
from tests.chromium import find

HERE = Path(__file__).parent
BROWSER = HERE.parents[1] / "dashboard/browser"
FRAMES = 8

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
)
SOFTWARE = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")

PAGE = """<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/built/bench.css"><style>html,body,#map{margin:0;width:100%;height:100%}</style>
<div id="map"></div><script src="/built/maplibre.js"></script><script src="/built/bench.js"></script>"""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def build() -> None:
    """The bench's bundle, from the sources as they are."""
    for folder in (BROWSER, HERE):
        if not (folder / "node_modules").exists():
            say(f"npm ci in {folder.name} ...")
            subprocess.run(["npm", "ci"], cwd=folder, check=True, stdout=sys.stderr)
    subprocess.run(["node", "build.mjs"], cwd=HERE, check=True, stdout=sys.stderr)


def disk(n: int) -> np.ndarray:
    """The n cells of resolution 9 nearest to the middle of the picture, in H3 order."""
    k = 0
    while 3 * k * (k + 1) + 1 < n:
        k += 1
    found = h3.grid_disk(h3.latlng_to_cell(33.0, 120.6, 9), k)[:n]
    return np.sort(np.array([h3.str_to_int(c) for c in found], dtype=np.uint64))


def frames(n: int) -> dict[str, bytes]:
    """A snapshot, frames in which every value is new, and deltas of 5 % of the values."""
    rng = np.random.default_rng(1)
    keys = disk(n)

    def table(values: np.ndarray) -> Table:
        meta = {"res": 9, "measure": "reported", "max": 100.0, "total": 0.0}
        return Table(keys, {"value": values.astype(np.float32)}, meta)

    def pack(seq: int, layer: Table | TableDelta) -> bytes:
        base = None if isinstance(layer, Table) else seq - 1
        return encode(Frame("", seq, base, 0.0, 1, Stamps(None, None, 0.0), {"heat": layer}))

    now = rng.integers(1, 100, n)
    out = {"snapshot": pack(0, table(now))}
    for i in range(FRAMES):
        out[f"full{i}"] = pack(i + 1, table(rng.integers(1, 100, n)))
    for i in range(FRAMES * 4):
        after = now.copy()
        some = rng.choice(n, n // 20, replace=False)
        after[some] = rng.integers(1, 100, len(some))
        change = diff(table(now), table(after))
        assert change is not None, "5 % of the values must be a delta"
        out[f"delta{i}"] = pack(i + 1, change)
        now = after
    return out


@contextlib.contextmanager
def serving(sets: dict[str, dict[str, bytes]]) -> Iterator[str]:
    async def page(_: Request) -> Response:
        return HTMLResponse(PAGE)

    async def frame(request: Request) -> Response:
        return Response(sets[request.path_params["n"]][request.path_params["name"]])

    async def plotly_js(_: Request) -> Response:
        return FileResponse(Path(plotly.__file__).parent / "package_data/plotly.min.js")

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/frames/{n}/{name}", frame),
            Route("/plotly.min.js", plotly_js),
            Mount("/built", StaticFiles(directory=HERE / "built")),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def measure(url: str, *, hardware: bool) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    out: dict[str, Any] = {}
    with sync_playwright() as driver:
        chromium = find()
        browser = driver.chromium.launch(
            executable_path=chromium, args=[*CHROMIUM_FLAGS, *(() if hardware else SOFTWARE)]
        )
        for who in ("ours", "hexagon", "plotly"):
            say(f"{who} ...")
            page = browser.new_page(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
            page.set_default_timeout(180_000)
            page.on("pageerror", lambda error: say(f"page: {error}"))
            page.goto(url)
            page.evaluate(f"bench.start('{who}')")
            out[who] = {"paint": page.evaluate(f"bench.paint('5000', {FRAMES})")}
            out[who]["fps"] = page.evaluate("bench.pan(4000)")
            if who == "ours":
                out[who]["delta"] = page.evaluate(f"bench.deltas('50000', {FRAMES * 4})")
            page.close()
        browser.close()
    return out


def report(found: dict[str, Any]) -> dict[str, Any]:
    paint = {who: statistics.median(found[who]["paint"]) for who in found}
    delta = found["ours"]["delta"]
    apply_ms, draw_ms = statistics.median(delta["apply"]), statistics.median(delta["draw"])
    return {
        "paint_5000_ms": {who: round(ms, 1) for who, ms in paint.items()},
        "times_h3hexagon": round(paint["hexagon"] / paint["ours"], 1),
        "times_plotly": round(paint["plotly"] / paint["ours"], 1),
        "fps_5000": {who: round(found[who]["fps"], 1) for who in found},
        "delta_50000_script_ms": {
            "decode_and_apply": round(apply_ms, 2),
            "upload_and_draw_calls": round(draw_ms, 2),
            "sum": round(apply_ms + draw_ms, 2),
        },
        "delta_50000_painted_ms": round(statistics.median(delta["painted"]), 1),
    }


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.browser", description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON document")
    options.add_argument("--hardware", action="store_true", help="let Chromium use the graphics card")
    chosen = options.parse_args()
    build()
    with serving({"5000": frames(5000), "50000": frames(50_000)}) as url:
        result = report(measure(url, hardware=chosen.hardware))
    if chosen.json:
        print(json.dumps(result))
        return
    paint, fps, delta = result["paint_5000_ms"], result["fps_5000"], result["delta_50000_script_ms"]
    names = {"ours": "HeatLayer (ours)", "hexagon": "H3HexagonLayer", "plotly": "Plotly choropleth_map (flat)"}
    print("5,000 cells, 1280x720, every value new     received -> painted   panning")
    for who, name in names.items():
        print(f"  {name:<38}{paint[who]:>14.1f} ms {fps[who]:>12.1f} fps")
    hexagon, flat = result["times_h3hexagon"], result["times_plotly"]
    print(f"  H3HexagonLayer / ours {hexagon}x (target 6), Plotly / ours {flat}x (target 4)")
    print(f"50,000 cells, delta of 5 %: script {delta['sum']} ms (target 2), of it")
    print(f"  {delta['decode_and_apply']} decode and apply, {delta['upload_and_draw_calls']} upload and draw calls;")
    print(f"  painted after {result['delta_50000_painted_ms']} ms")


if __name__ == "__main__":
    main()
