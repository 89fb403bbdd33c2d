"""A watched wall over a long time: `python -m bench.soak [--minutes 120]`, or `make soak`.

Serves the demonstration district, keeps one wall open in Chromium and looks at both every half minute: the page's
JavaScript heap after a collection, its DOM nodes, the server's memory and processor. A third of the way it takes the
WebGL context away; two thirds of the way it stops the server and starts it again. Prints the samples and how much each
grew from the end of the warm-up (the first fifth) to the end; flat means within 5 %.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.stream_clients import cpu_seconds, rss_mb
from tests.chromium import FLAGS, find

ROOT = Path(__file__).resolve().parents[1]
PORT = 8164
SAMPLE_S = 30.0
LOSE_CONTEXT = """() => { for (const c of document.querySelectorAll("canvas")) {
  const gl = c.getContext("webgl2"); const lose = gl && gl.getExtension("WEBGL_lose_context");
  if (lose) { lose.loseContext(); setTimeout(() => lose.restoreContext(), 2000); return true; } } return false; }"""


@dataclass(frozen=True)
class Sample:
    """One look: minutes since the start, MB, share of a core, and what the page says."""

    minute: float
    heap_mb: float
    nodes: int
    server_mb: float
    server_cpu: float
    clock: str
    state: str


def look(page: Page, cdp: CDPSession, pid: int, began: float, cpu_before: float, seconds: float) -> Sample:
    cdp.send("HeapProfiler.collectGarbage")
    metrics = {m["name"]: m["value"] for m in cdp.send("Performance.getMetrics")["metrics"]}
    return Sample(
        (time.monotonic() - began) / 60,
        metrics["JSHeapUsedSize"] / 2**20,
        int(metrics["Nodes"]),
        rss_mb(pid),
        (cpu_seconds(pid) - cpu_before) / seconds,
        page.inner_text("#clock-time"),
        page.inner_text("#live-word"),
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
        for _ in range(600):
            with suppress(OSError), urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.2)
        self.close()
        raise SystemExit(f"soak: nothing answers on port {PORT}")

    def close(self) -> None:
        self._running.terminate()
        self._running.wait(30)


def watch(page: Page, minutes: float) -> list[Sample]:
    """The samples, printed as they come."""
    samples: list[Sample] = []
    began = time.monotonic()
    lost = restarted = False
    server = Server()
    try:
        page.goto(f"http://127.0.0.1:{PORT}/?lang=en")
        page.wait_for_function('document.getElementById("live-word")?.innerText === "Live"', timeout=120_000)
        cdp = page.context.new_cdp_session(page)
        cdp.send("Performance.enable")
        while (minute := (time.monotonic() - began) / 60) < minutes:
            if not lost and minute > minutes / 3:
                lost = bool(page.evaluate(LOSE_CONTEXT))
                print(f"  {minute:6.1f}  WebGL context taken away: {lost}", flush=True)
            if not restarted and minute > minutes * 2 / 3:
                restarted = True
                print(f"  {minute:6.1f}  server stopped and started", flush=True)
                server.close()
                server = Server()
            pid = server.pid
            before, start = cpu_seconds(pid), time.monotonic()
            page.wait_for_timeout(min(SAMPLE_S, minutes * 2) * 1000)
            samples.append(look(page, cdp, pid, began, before, time.monotonic() - start))
            s = samples[-1]
            print(
                f"  {s.minute:6.1f} min  heap {s.heap_mb:6.1f} MB  nodes {s.nodes:5d}  server {s.server_mb:5.0f} MB "
                f"{s.server_cpu:5.1%}  clock {s.clock}  {s.state}",
                flush=True,
            )
    finally:
        server.close()
    return samples


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
        page.on("pageerror", lambda error: errors.append(str(error)))
        samples = watch(page, minutes)
        browser.close()
    print(f"\n{len(samples)} looks in {minutes:g} minutes; page errors: {len(errors)} {errors[:3]}")
    for name in ("heap_mb", "nodes", "server_mb"):
        grown = growth([getattr(s, name) for s in samples])
        print(f"  {name:10s} {grown:+.1%}   <= 5 %   {'met' if grown <= 0.05 else 'MISSED'}")
    return 1 if errors or not samples or samples[-1].state != "Live" else 0


if __name__ == "__main__":
    sys.exit(main())
