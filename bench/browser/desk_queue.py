"""`python -m bench.browser.desk_queue`: the desk's queue with 20,000 open cases, in the browser.

The page is the real desk from the real server; its stream is played by this program, over a WebSocket, with frames of
layers/wire.py, so that decoding, order, tabs, the table and its painting are all in the figures. Each figure ends when
the page shows what it should: the row on top is the one that a plain sort of all rows puts there, the tabs count right.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from websockets.sync.server import ServerConnection, serve

from layers.table import Table, diff
from layers.wire import Frame, Stamps, encode
from tests.chromium import FLAGS, find

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).with_suffix(".js")
ROWS = 20_000
FLOOD = 500
REPEATS = 9
STEP_MS = 60_000.0

OWNERS = ("triage", "city-management", "water", "public-security", "fire-rescue", "housing", "ecology", "market")
STEPS = ("reported", "assigned", "handling", "verifying")


class Cases:
    """Made-up open cases, and the frames that change them."""

    def __init__(self, rows: int, now: float) -> None:
        self.rng = np.random.default_rng(7)
        self.now = now
        self.made = 0
        self.seq = 1
        self.table = self._rows(rows)

    def _rows(self, n: int) -> Table:
        rng = self.rng
        keys = np.array([f"110-20260501-{self.made + i:05d}" for i in range(n)], dtype=object)
        names = rng.integers(0, 4000, n)
        opened = self.now - rng.random(n) * 3 * 86_400_000
        due = self.now + (rng.random(n) - 0.15) * 2 * 86_400_000
        due[rng.random(n) < 0.1] = np.nan
        self.made += n
        return Table(
            keys,
            {
                "severity": rng.choice([1, 2, 3, 4], n, p=[0.02, 0.18, 0.5, 0.3]).astype(np.uint8),
                "state": rng.integers(0, 3, n).astype(np.uint8),
                "category": rng.integers(0, 131, n).astype(np.uint16),
                "workflow": np.ones(n, np.uint8),
                "step": rng.integers(1, len(STEPS) + 1, n).astype(np.uint16),
                "owner": rng.integers(1, len(OWNERS) + 1, n).astype(np.uint16),
                "source": np.zeros(n, np.uint16),
                "area": np.array([f"370812{i:03d}" for i in rng.integers(0, 930, n)], dtype=object),
                "title": np.array([f"城东街道第{i}网格上报：路面积水" for i in names], dtype=object),
                "title_en": np.array([f"Water on the road, grid {i}" for i in names], dtype=object),
                "opened": opened,
                "due": due,
                "warn": due - 3_600_000,
                "original": due,
                "clock": np.ones(n, np.uint16),
                "paused": (rng.random(n) < 0.03).astype(np.uint8),
                "returns": np.zeros(n, np.uint8),
                "units": rng.integers(0, 3, n).astype(np.uint8),
                "children": np.zeros(n, np.uint8),
                "parent": np.zeros(n, np.uint8),
                "seq": np.full(n, float(self.seq)),
            },
            {
                "categories": [f"{major:02d}{minor:02d}" for major in range(1, 14) for minor in range(1, 11)]
                + ["1311"],
                "workflows": ["", "grid-5"],
                "steps": ["", *STEPS],
                "owners": ["", *OWNERS],
                "sources": ["110"],
                "clocks": ["", "accept"],
                "total": self.made,
                "shown": self.made,
            },
        )

    def change(self, rows: int, new: int) -> Table:
        """Some rows with other deadlines and owners, and some new ones at the end."""
        self.seq += 1
        old = self.table
        some = self.rng.choice(len(old.key) - 1, rows, replace=False)
        some = np.append(some, len(old.key) - 1)  # the last one is what the page waits for
        columns = {name: values.copy() for name, values in old.columns.items()}
        columns["seq"][some] = self.seq
        columns["due"][some] = self.now + self.rng.random(len(some)) * 86_400_000
        columns["owner"][some] = self.rng.integers(1, len(OWNERS) + 1, len(some))
        key = old.key
        if new:
            more = self._rows(new)
            key = np.concatenate([key, more.key])
            columns = {name: np.concatenate([values, more.columns[name]]) for name, values in columns.items()}
        self.table = Table(key, columns, {**old.meta, "total": len(key), "shown": len(key)})
        return old

    def first(self) -> str:
        """Whose need is the greatest just now, by `docs/screens.md`: so the page must have it on top."""
        of = self.table.columns
        now = time.time() * 1000
        late = (of["paused"] == 0) & (of["due"] < now)
        urgent = (of["severity"] == 1) & (of["state"] == 0) & (of["units"] == 0) & (of["paused"] == 0)
        soon = (of["paused"] == 0) & (of["warn"] <= now)
        waits = (of["paused"] == 0) & (of["owner"] == 1 + OWNERS.index("triage"))
        need = np.select([urgent, of["paused"] > 0, waits | late, soon], [0, 4, 1, 2], 3)
        due = np.where(np.isnan(of["due"]), np.inf, of["due"])
        return str(self.table.key[np.lexsort((of["opened"], due, of["severity"], need))[0]])

    def triage(self) -> int:
        return int((self.table.columns["owner"] == 1 + OWNERS.index("triage")).sum())


class Played:
    """The stream of one page: answers what the page says, sends what the bench says."""

    def __init__(self, cases: Cases) -> None:
        self.cases = cases
        self.socket: ServerConnection | None = None
        self.view: str | None = None
        self.sent = 0
        self.bytes = 0

    @contextmanager
    def serving(self) -> Iterator[int]:
        """A port of this machine where the page finds its stream."""
        with serve(self._opened, "127.0.0.1", 0, compression=None) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield server.socket.getsockname()[1]
            finally:
                server.shutdown()
                thread.join(30)

    def _opened(self, socket: ServerConnection) -> None:
        self.socket = socket
        for text in socket:
            said = json.loads(text)
            if said["op"] == "watch":
                self.view = said["view"]
                socket.send(json.dumps({"op": "watching", "id": said["id"], "view": self.view}))
            elif said["op"] == "ping":
                socket.send(json.dumps({"op": "pong", "n": said["n"], "t": time.time() * 1000}))

    def leave(self) -> None:
        """Forget the page that was there."""
        self.view, self.sent = None, 0

    def frame(self, old: Table | None) -> None:
        """Send the table: all of it, or what changed since `old`."""
        change = None if old is None else diff(old, self.cases.table)
        layer = self.cases.table if change is None else change
        base = None if change is None else self.sent
        self.sent += 1
        now = time.time() * 1000
        body = encode(
            Frame(self.view or "", self.sent, base, now, self.sent, Stamps(None, None, now), {"queue": layer})
        )
        self.bytes = len(body)
        assert self.socket
        self.socket.send(body)


@contextmanager
def serving() -> Iterator[str]:
    """The real server on a store with one area and nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        ring = [[116.0, 35.0], [116.5, 35.0], [116.5, 35.5], [116.0, 35.5], [116.0, 35.0]]
        area = {"type": "Feature", "properties": {"code": "370812", "name": "区"}}
        area["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        file = var / "area.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [area]}), encoding="utf-8")
        environment = {**os.environ, "GRIDCOMMAND_VAR_DIR": str(var), "GRIDCOMMAND_DATABASE_URL": ""}
        app = [sys.executable, str(ROOT / "app.py")]
        imported = ["region", "import", str(file), "--level", "district", "--code", "code", "--name", "name"]
        subprocess.run([*app, *imported], env=environment, cwd=var, check=True, stdout=sys.stderr)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (var / "serve.log").open("wb") as log:
            server = subprocess.Popen(
                [*app, "serve", "--port", str(port)], env=environment, cwd=var, stdout=log, stderr=log
            )
        try:
            until_ready(f"http://127.0.0.1:{port}", server, var / "serve.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text(errors='replace')[-500:]}")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                if json.load(answer)["ready"]:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.2)
    raise RuntimeError("the server was not ready within 300 s")


def measure(url: str, rows: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    cases = Cases(rows, time.time() * 1000)
    played = Played(cases)
    out: dict[str, Any] = {"rows": rows, "cpu": {}}
    with sync_playwright() as driver, played.serving() as port:
        browser = driver.chromium.launch(executable_path=find(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: print(f"page: {error}", file=sys.stderr))
        page.add_init_script(PAGE.read_text(encoding="utf-8").replace("PORT", str(port)))
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def ask(what: str, *given: Any) -> Any:
            return page.evaluate("([what, given]) => window.bench[what](...given)", [what, given])

        def worked() -> float:
            """Processor time of the page's main thread so far, ms: what a busy machine does not lengthen."""
            metrics = session.send("Performance.getMetrics")["metrics"]
            return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration")) * 1000

        def cost(name: str, what: str, *given: Any) -> float:
            began = worked()
            answer = float(ask(what, *given))
            out["cpu"].setdefault(name, []).append(worked() - began)
            return answer

        def opened() -> float:
            """A page that comes anew, waits with everything but its queue, and is sent that."""
            played.leave()
            page.goto(f"{url}/desk")
            page.wait_for_function("() => window.gc?.desk?.begun && window.gc.desk.table.api")
            ask("begin")
            while played.view is None:
                page.wait_for_timeout(20)
            page.wait_for_function("() => document.querySelector('.gc-map')?.gridmap?.maplibre?.loaded()")
            page.wait_for_timeout(1500)
            began = worked()
            played.frame(None)
            answer = float(ask("opened", 1, cases.first(), rows, cases.triage()))
            out["cpu"].setdefault("open", []).append(worked() - began)
            return answer

        def changed(name: str, old: Table) -> float:
            began = worked()
            played.frame(old)
            answer = float(ask("changed", played.sent, str(cases.table.key[-1]), cases.seq, len(cases.table.key)))
            out["cpu"].setdefault(name, []).append(worked() - began)
            return answer

        out["open"] = statistics.median(opened() for _ in range(3))
        out["snapshot_bytes"] = played.bytes
        columns = ("clock", "severity", "step", "what", "area", "owner", "age", "units", "need")
        sorts: dict[str, list[float]] = {name: [] for name in columns}
        for _ in range(3):
            for name in columns:
                sorts[name].append(cost(f"sort {name}", "sorted", name, ask("first", name)))
        out["sort"] = {name: statistics.median(times) for name, times in sorts.items()}
        texts = ("grid 12", "water 3", "")
        out["filter"] = max(
            cost("filter", "filtered", text, ask("first", "need", text), ask("matching", text)) for text in texts
        )
        out["last"] = cost("last", "last", rows)

        changes = [changed("change", cases.change(rows // 100, 0)) for _ in range(REPEATS)]
        out["delta_bytes"] = played.bytes
        floods = [changed("flood", cases.change(10, FLOOD)) for _ in range(3)]
        out["change"], out["flood"] = statistics.median(changes), statistics.median(floods)
        out["cpu"] = {what: statistics.median(times) for what, times in out["cpu"].items()}
        browser.close()
    return out


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.browser.desk_queue", description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON document")
    options.add_argument("--rows", type=int, default=ROWS, help=f"open cases (default {ROWS})")
    chosen = options.parse_args()
    with serving() as url:
        found = measure(url, chosen.rows)
    if chosen.json:
        print(json.dumps(found))
        return
    worst = max(found["sort"], key=lambda name: found["sort"][name])
    size = found["snapshot_bytes"] / 1e6
    lines = {
        "open": (f"opens: a frame of {size:.1f} MB received -> rows painted", found["open"], "target 200"),
        f"sort {worst}": (f"sorts: slowest column ({worst})", found["sort"][worst], "target 200"),
        "filter": ("filters by text", found["filter"], ""),
        "last": ("goes to the last row (End)", found["last"], ""),
        "change": (f"1 % of the rows change, {found['delta_bytes'] / 1e3:.0f} kB", found["change"], ""),
        "flood": (f"{FLOOD} new cases at once", found["flood"], ""),
    }
    print(f"desk queue, {found['rows']:,} open cases, 1920x1080{'painted after':>36} main thread")
    for key, (what, ms, note) in lines.items():
        print(f"  {what:<56}{ms:>12.0f} ms {found['cpu'][key]:>8.0f} ms{f'   ({note})' if note else ''}")
    print(f"  sort by column, painted: {', '.join(f'{name} {ms:.0f}' for name, ms in found['sort'].items())}")


if __name__ == "__main__":
    main()
