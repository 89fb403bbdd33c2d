"""A watched wall over a long time: `python -m bench.soak [--minutes 120]`, or `make soak`.

Serves the demonstration district, keeps one wall open in Chromium, drilled into a town with a window, layers and a
camera of its own, and looks at both every half minute: the page's JavaScript heap after a collection, its DOM nodes,
what it holds in WebGL, the server's memory and processor. Meanwhile it does to them what two months do: the WebGL
context is lost, the screen's clock is set an hour ahead, an hour back and right again, the page is frozen as by a
sleep, the server stands still, and is stopped and started. After each the wall must be live again by itself, with the
server's time, and with the view that it had.

Prints the samples and how much each figure grew from the end of the warm-up (the first fifth) to the end; flat means
within 5 %. The server's memory is compared within its first process. Graphics memory is what the page asked WebGL for
(buffers, textures, renderbuffers not deleted) and, beside it, how many WebGL objects live: exact, and the same on every
machine; what a driver adds for itself is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import CDPSession, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bench.stream_clients import cpu_seconds, rss_mb
from tests import watched
from tests.chromium import FLAGS, find

ROOT = Path(__file__).resolve().parents[1]
PORT = 8164
SAMPLE_S = 30.0
BACK_S = 120.0
"""By when a wall must be live again after whatever was done to it: a server that starts is slower than a line."""
HOUR_MS = 3_600_000
CAMERA = "() => document.getElementById('map').gridmap.maplibre.jumpTo({ zoom: 13.2, pitch: 38, bearing: 24 })"


@dataclass(frozen=True)
class Sample:
    """One look: minutes since the start, MB, share of a core, the server's process, and what the page says."""

    minute: float
    held: watched.Held
    server_mb: float
    server_cpu: float
    server: int
    clock: str
    state: str

    def line(self) -> str:
        held = self.held
        return (
            f"  {self.minute:6.1f} min  heap {held.heap_mb:6.1f} MB  nodes {held.nodes:5d}  "
            f"gpu {held.gpu_mb:6.1f} MB {held.gpu_objects:4d} objects  "
            f"server {self.server_mb:5.0f} MB {self.server_cpu:5.1%}  clock {self.clock}  {self.state}"
        )


def growth(values: list[float]) -> float:
    """How much the last fifth lies above the second fifth, as a share; medians, so that one look decides nothing."""
    fifth = max(1, len(values) // 5)
    return statistics.median(values[-fifth:]) / statistics.median(values[fifth : 2 * fifth] or values[:1]) - 1


class Server:
    """The demonstration's server, ready to be watched, as long as it is not closed."""

    def __init__(self) -> None:
        command = [sys.executable, "app.py", "demo", "--port", str(PORT)]
        self._running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        self.pid = self._running.pid
        for _ in range(1500):
            with suppress(OSError), urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.2)
        self.close()
        raise SystemExit(f"soak: nothing answers on port {PORT}")

    def get(self, path: str) -> Any:
        with urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=60) as answer:
            return json.load(answer)

    def stand_still(self, seconds: float) -> None:
        """Answer nothing for so long, with every line left open."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        self._running.terminate()
        self._running.wait(60)


class Wall:
    """The wall, its server, what was done to them and what came of it."""

    def __init__(self, page: Page, minutes: float) -> None:
        self.page, self.minutes = page, minutes
        self.samples: list[Sample] = []
        self.failures: list[str] = []
        self.began = time.monotonic()
        self.server = Server()
        self.cdp: CDPSession

    @property
    def minute(self) -> float:
        return (time.monotonic() - self.began) / 60

    def open(self) -> None:
        """Drilled into a town, with a window, layers and a camera that are not the usual ones."""
        root = self.server.get("/api/v1/region")["roots"][0]
        town = self.server.get(f"/api/v1/areas/{root}")["children"][0]["code"]
        self.page.goto(
            f"http://127.0.0.1:{PORT}/?lang=en&area={town}&window=7d&layers=heat,areas,units,incidents,cameras"
        )
        self.page.wait_for_function(watched.LIVE_SINCE, arg=0, timeout=300_000)
        self.page.wait_for_function(watched.MAP_DRAWN, timeout=300_000)
        self.page.evaluate(CAMERA)
        self.cdp = watched.inspector(self.page)
        self.began = time.monotonic()

    def do(self, what: str, act: Callable[[], None]) -> None:
        """Do it, and say whether the wall came back by itself with the view that it had."""
        page = self.page
        at, before = self.minute, watched.view_of(page)
        act()
        began, done_at = time.monotonic(), time.time() * 1000
        said = []
        for name, true in (
            ("not live", watched.LIVE_SINCE),
            ("no map", watched.MAP_DRAWN),
            ("wrong time", watched.TRUE_TIME),
        ):
            try:
                page.wait_for_function(true, arg=done_at, timeout=BACK_S * 1000)
            except PlaywrightTimeout:
                said.append(name)
        after = {} if "no map" in said else watched.view_of(page)
        said += [
            f"{key}: {was} became {after.get(key)}" for key, was in before.items() if after and was != after.get(key)
        ]
        self.failures += [f"{what}: {each}" for each in said]
        print(
            f"  {at:6.1f}  {what}: {'; '.join(said) or 'live, its view kept'}, {time.monotonic() - began:.1f} s after",
            flush=True,
        )

    def freeze(self, seconds: float) -> None:
        with watched.frozen(self.cdp):
            time.sleep(seconds)

    def restart(self) -> None:
        self.server.close()
        self.server = Server()

    def deeds(self) -> list[tuple[float, str, Callable[[], None]]]:
        """What is done and at which share of the time."""
        pause = min(180.0, self.minutes * 3)
        return [
            (0.33, "WebGL context lost", lambda: watched.lose_context(self.page)),
            (0.40, "screen's clock set an hour ahead", lambda: watched.set_clock(self.page, HOUR_MS)),
            (0.45, "screen's clock set two hours back", lambda: watched.set_clock(self.page, -HOUR_MS)),
            (0.50, "screen's clock set right", lambda: watched.set_clock(self.page, 0)),
            (0.55, f"page frozen for {pause:.0f} s", lambda: self.freeze(pause)),
            (0.62, f"server still for {pause / 2:.0f} s", lambda: self.server.stand_still(pause / 2)),
            (0.70, "server stopped and started", self.restart),
        ]

    def watch(self) -> None:
        """Look until the time is over; the samples are printed as they come."""
        deeds = self.deeds()
        while self.minute < self.minutes:
            while deeds and self.minute > self.minutes * deeds[0][0]:
                self.do(*deeds.pop(0)[1:])
            pid = self.server.pid
            before, start = cpu_seconds(pid), time.monotonic()
            self.page.wait_for_timeout(min(SAMPLE_S, self.minutes * 2) * 1000)
            sample = Sample(
                self.minute,
                watched.held(self.page, self.cdp),
                rss_mb(pid),
                (cpu_seconds(pid) - before) / (time.monotonic() - start),
                pid,
                self.page.inner_text("#clock-time"),
                self.page.inner_text("#live-word"),
            )
            self.samples.append(sample)
            print(sample.line(), flush=True)
        self.failures += [f"{what}: the time was over before it" for _, what, _ in deeds]

    def report(self) -> bool:
        """Print how much each figure grew; whether all are flat, nothing failed and the wall is live."""
        of = [sample.held for sample in self.samples]
        first = [sample.server_mb for sample in self.samples if sample.server == self.samples[0].server]
        flat = True
        for name, values in (
            ("heap_mb", [each.heap_mb for each in of]),
            ("nodes", [float(each.nodes) for each in of]),
            ("gpu_mb", [each.gpu_mb for each in of]),
            ("gpu_objects", [float(each.gpu_objects) for each in of]),
            ("server_mb", first),
        ):
            grown = growth(values)
            flat = flat and grown <= 0.05
            print(f"  {name:12s} {grown:+.1%}   <= 5 %   {'met' if grown <= 0.05 else 'MISSED'}")
        for failure in self.failures:
            print(f"  FAILED {failure}")
        return flat and not self.failures and self.samples[-1].state == "Live"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0, help="how long (default 120)")
    minutes = parser.parse_args().minutes
    path = find()
    if path is None:
        print("soak: needs Chromium: apt-get install chromium, or name one in GRIDCOMMAND_CHROMIUM", file=sys.stderr)
        return 1
    errors: list[str] = []
    with tempfile.TemporaryDirectory() as var, sync_playwright() as driver:
        os.environ["GRIDCOMMAND_VAR_DIR"] = var
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.add_init_script(watched.SCRIPT)
        page.on("pageerror", lambda error: errors.append(str(error)))
        wall = Wall(page, minutes)
        try:
            wall.open()
            wall.watch()
        finally:
            wall.server.close()
        browser.close()
    print(f"\n{len(wall.samples)} looks in {minutes:g} minutes; page errors: {len(errors)} {errors[:3]}")
    return 0 if wall.report() and not errors else 1


if __name__ == "__main__":
    sys.exit(main())
