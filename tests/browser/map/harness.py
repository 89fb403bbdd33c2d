"""A small server for the browser components alone: bundle, areas, base map and a scripted `/stream`. No Dash.

`python tests/browser/map/harness.py --port 8150` serves it to look at; tests use `serving()`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import dash
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from scene import T0, Scene, areas_geojson, district  # noqa: E402

from layers.table import Table, apply, diff  # noqa: E402
from layers.wire import Frame, Stamps, encode  # noqa: E402

PAGE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>map harness</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/bundle/gridcommand.css">
<style>html,body{margin:0;height:100%;background:#0b1220}#root{height:100%}</style></head><body><div id="root"></div>
<script src="/react/react@18.3.1.min.js"></script><script src="/react/react-dom@18.3.1.min.js"></script>
<script src="/bundle/maplibre.js"></script><script src="/bundle/gridcommand.js"></script><script>
const q = new URLSearchParams(location.search)
window.out = {events: []}
const first = {lang: q.get('lang') || 'zh', options: {}, focus: null, selection: null, view: q.get('view') || ''}
let props = {...first, watching: 1}
const set = (who) => (values) => { Object.assign(window.out, values); for (const k of Object.keys(values))
  window.out.events.push([who, k, values[k]]); if (window.out.events.length > 500) window.out.events.shift() }
const root = ReactDOM.createRoot(document.getElementById('root'))
const h = React.createElement
const sets = {map: set('map'), stream: set('stream')}
// At once, with its effects: what a test does next finds the page as it was told to be.
const draw = () => ReactDOM.flushSync(() => root.render(h(React.Fragment, null,
  props.watching ? h(gridcommand.Stream, {id: 's', view: props.view, lang: props.lang, setProps: sets.stream}) : null,
  h(gridcommand.GridMap, {id: 'map', stream: 's', focus: props.focus, selection: props.selection, lang: props.lang,
    options: props.options, basemap: props.basemap, areas: props.areas, setProps: sets.map}))))
window.setPage = (changes) => { props = {...props, ...changes}; draw() }
// As it was opened, but for the camera, and nothing is watched: for the next test, which watches anew.
window.leave = () => { props = {...first, watching: 0}; draw(); delete window.engine().meter.frameMs }
window.begin = () => { window.out = {events: []}; window.setPage({watching: 1}) }
window.engine = () => document.getElementById('map').gridmap
draw()
</script></body></html>"""


class Script:
    """The scripted stream: what is sent when. Tests call `act` with a function that changes the scene."""

    def __init__(self, scene: Scene, *, every: float = 0.0) -> None:
        self.scene = scene
        self.every = every
        self.view = ""
        self.seq = 0
        self.sent: dict[str, Table] = {}
        self.heard: list[dict[str, Any]] = []
        self.sockets: set[WebSocket] = set()
        self.tiles: Path | None = None
        """A PMTiles file of vector tiles that the server has."""
        self.loop: asyncio.AbstractEventLoop | None = None

    def frame(self, snapshot: bool) -> bytes:
        now = time.time() * 1000
        tables = self.scene.tables()
        base = None if snapshot or not self.sent else self.seq
        self.seq += 1
        layers: dict[str, Any] = {}
        for name, table in tables.items():
            old = self.sent.get(name)
            change = diff(old, table) if old is not None and base is not None else None
            if base is not None and change is not None:
                layers[name] = change
                self.sent[name] = apply(old, change) if old is not None else table
            else:
                layers[name] = table
                self.sent[name] = table
        stamps = Stamps(source=now - 40, commit=now - 20, frame=now)
        panel = {"seq": self.seq}
        return encode(Frame(self.view, self.seq, base, T0 + self.seq * 500, self.seq, stamps, layers, panel))

    def renew(self, scene: Scene) -> None:
        """As if it were made for this scene, by the server that it has."""
        sockets, loop = self.sockets, self.loop
        self.__init__(scene, every=self.every)  # type: ignore[misc]
        self.sockets, self.loop = sockets, loop

    def rewind(self) -> None:
        """To before the first frame, once nobody watches."""
        self.view, self.seq, self.sent, self.heard = "", 0, {}, []

    async def send(self, data: bytes | str) -> None:
        for socket in list(self.sockets):
            with contextlib.suppress(Exception):
                await (socket.send_text(data) if isinstance(data, str) else socket.send_bytes(data))

    def push(self, data: bytes | str | None = None, *, change: Callable[[Scene], None] | None = None) -> None:
        """From a test's thread: change the scene and send a delta, or send these bytes or this text."""

        async def run() -> None:
            if change is not None:
                change(self.scene)
            await self.send(self.frame(snapshot=False) if data is None else data)

        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(run(), self.loop).result(60)

    def hang_up(self) -> None:
        """From a test's thread: close every socket."""

        async def run() -> None:
            for socket in list(self.sockets):
                await socket.close(1012)

        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(run(), self.loop).result(60)

    async def endpoint(self, socket: WebSocket) -> None:
        await socket.accept()
        self.loop = asyncio.get_running_loop()
        self.sockets.add(socket)
        ticking: asyncio.Task[None] | None = None

        async def ticks() -> None:
            while True:
                await asyncio.sleep(self.every)
                self.scene.tick()
                if self.seq % 6 == 0:
                    self.scene.open_incident()
                await self.send(self.frame(snapshot=False))

        try:
            while True:
                message = json.loads(await socket.receive_text())
                self.heard.append(message)
                if message["op"] in ("watch", "resync"):
                    if message["op"] == "watch":
                        self.view = message["view"]
                    await socket.send_bytes(self.frame(snapshot=True))
                    if self.every and ticking is None:
                        ticking = asyncio.create_task(ticks())
                elif message["op"] == "ping":
                    await socket.send_text(json.dumps({"op": "pong", "n": message["n"], "t": time.time() * 1000}))
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self.sockets.discard(socket)
            if ticking is not None:
                ticking.cancel()


def make_app(script: Script) -> Starlette:
    async def page(_: Request) -> Response:
        return HTMLResponse(PAGE)

    async def areas(request: Request) -> Response:
        query = parse_qs(str(request.url.query))
        return JSONResponse(
            areas_geojson(query.get("level", ["town"])[0], query.get("within", [""])[0], script.scene.east)
        )

    async def area(request: Request) -> Response:
        found = district().region.by_code.get(request.path_params["code"])
        return JSONResponse({"level": found.level}) if found else Response(status_code=404)

    async def basemap(request: Request) -> Response:
        found = district().basemap().get(request.path_params["layer"])
        return Response(found, media_type="application/json") if found else Response(status_code=404)

    async def tiles(_: Request) -> Response:
        file = {"url": "/api/v1/basemap/tiles/file", "kind": "vector"}
        return JSONResponse({"tiles": [file] if script.tiles else []})

    async def tiles_file(_: Request) -> Response:
        return FileResponse(script.tiles) if script.tiles else Response(status_code=404)

    react = Path(dash.__file__).parent / "deps"
    return Starlette(
        routes=[
            Route("/", page),
            Route("/api/v1/areas", areas),
            Route("/api/v1/areas/{code}", area),
            Route("/api/v1/basemap/tiles", tiles),
            Route("/api/v1/basemap/tiles/file", tiles_file),
            Route("/api/v1/basemap/{layer}", basemap),
            WebSocketRoute("/stream", script.endpoint),
            Mount("/bundle", StaticFiles(directory=ROOT / "dashboard/assets_built")),
            Mount("/react", StaticFiles(directory=react)),
        ]
    )


@contextlib.contextmanager
def serving(script: Script, port: int = 0) -> Iterator[str]:
    """The harness on a port of its own; gives its URL."""
    config = uvicorn.Config(
        make_app(script), host="127.0.0.1", port=port, log_level="error", ws_per_message_deflate=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    if not server.started:
        raise RuntimeError("the harness did not start within 60 s")
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


if __name__ == "__main__":
    import argparse

    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=8150)
    options.add_argument("--cells", type=int, default=6000)
    chosen = options.parse_args()
    with serving(Script(Scene(most_cells=chosen.cells), every=0.5), chosen.port) as url:
        print(url, flush=True)
        threading.Event().wait()
