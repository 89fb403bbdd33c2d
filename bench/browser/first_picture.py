"""`python -m bench.browser.first_picture [URL]`: from navigation to the page's first meaningful picture, its cost.

URL is a server that is warm already; without one the demonstration district is made and served. The wall's picture is
there when its figures are and its map has drawn them; the desk's when rows of the queue are there, with their time
limits, and the map as well. Each visit has a browser context of its own, so nothing is in its cache.
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
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.browser.desk_queue import until_ready
from tests.chromium import FLAGS, find

ROOT = Path(__file__).parents[2]

TARGET_S = 2.5
MOST_BYTES = 1_500_000

_DRAWN = "document.querySelector('.gc-map')?.gridmap?.maplibre?.loaded()"
PICTURES = {
    "/": f"() => document.querySelector('#kpi-reported[data-value]') && {_DRAWN}",
    "/desk": f"() => document.querySelector('#incident-grid .ag-row .sla-words')?.textContent && {_DRAWN}",
}


@contextmanager
def demonstration() -> Iterator[str]:
    """The demonstration district, made anew and served until the end."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        environment = {**os.environ, "GRIDCOMMAND_VAR_DIR": folder, "GRIDCOMMAND_DATABASE_URL": ""}
        log = Path(folder) / "demo.log"
        with log.open("wb") as out:
            command = [sys.executable, str(ROOT / "app.py"), "demo", "--port", port]
            server = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out)
        try:
            until_ready(f"http://127.0.0.1:{port}", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def visit(browser: Browser, url: str, path: str) -> dict[str, float]:
    """Seconds until the picture, of them the main thread's; requests and bytes as they travelled, frames apart."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(120_000)
    session = context.new_cdp_session(page)
    sizes: dict[str, float] = {}
    session.on("Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}))
    session.send("Network.enable")
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(f"{url}{path}", wait_until="commit")
    page.wait_for_function(PICTURES[path], polling="raf")
    took = float(page.evaluate("() => performance.now()")) / 1000
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    page.wait_for_timeout(3000)  # what comes after the picture weighs as well
    context.close()
    return {
        "picture_s": took,
        "main_thread_s": metrics["TaskDuration"],
        "script_s": metrics["ScriptDuration"],
        "layout_s": metrics["LayoutDuration"] + metrics["RecalcStyleDuration"],
        "requests": len(sizes),
        "bytes": sum(sizes.values()),
    }


def measure(url: str, visits: int) -> dict[str, dict[str, float]]:
    """The median of each figure, by page."""
    out: dict[str, dict[str, float]] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find(), args=list(FLAGS))
        for path in PICTURES:
            seen = [visit(browser, url, path) for _ in range(visits)]
            out[path] = {name: statistics.median(each[name] for each in seen) for name in seen[0]}
        browser.close()
    return out


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.browser.first_picture", description=__doc__)
    options.add_argument("url", nargs="?", default="", help="a running server, e.g. http://127.0.0.1:8050")
    options.add_argument("--visits", type=int, default=5, help="visits of each page (default 5)")
    options.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = options.parse_args()
    with nullcontext(chosen.url.rstrip("/")) if chosen.url else demonstration() as url:
        found: dict[str, Any] = measure(url, chosen.visits)
    if chosen.json:
        json.dump(found, sys.stdout)
        return
    print(f"first picture, 1920x1080, nothing cached (targets {TARGET_S} s, {MOST_BYTES / 1e6} MB)")
    for path, of in found.items():
        thread = f"{of['main_thread_s']:.2f} s (script {of['script_s']:.2f}, layout and style {of['layout_s']:.2f})"
        weight = f"{of['requests']:.0f} requests, {of['bytes'] / 1e6:.2f} MB"
        print(f"  {path:<8}{of['picture_s']:>6.2f} s, main thread {thread}; {weight}")


if __name__ == "__main__":
    main()
