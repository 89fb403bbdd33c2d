"""Every page at every size and in both languages, from the demonstration district: `make pictures [ONLY=wall]`.

Serves a district of its own on a free port, plays a typhoon and a fork without people, an exercise and a replay on
it, and writes `docs/pictures/sizes/PAGE-WIDTHxHEIGHT-LANG.png`. Those that documents show are copied beside them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.chromium import FLAGS, find  # noqa: E402

FOLDER = ROOT / "docs/pictures/sizes"
WALLS = ((1920, 1080), (3840, 1080), (5760, 2160), (7680, 2160))
DESKS = ((1920, 1080), (1366, 768))
IN_DOCUMENTS = {
    "wall": "wall",
    "desk": "desk",
    "desk-light": "desk-light",
    "replay-begin": "replay-begin",
    "replay": "replay-page",
    "replay-wall": "replay-wall",
    "drills": "drill-list",
    "drill": "drill-console",
    "drill-desk": "drill-desk",
    "drill-wall": "drill-wall",
    "report": "report",
}
"""Pages that documents show, in Chinese and at 1920x1080, by the name of the file they show."""
WAIT_MS = 180_000
SETTLED = """() => {
  const map = document.getElementById('map')?.gridmap
  return !document.querySelector('.skeleton:not([hidden] *)') &&
    (!document.querySelector('#trend:not([hidden] *)') || document.querySelector('#trend .main-svg')) &&
    (!map || (map.loaded && !map.maplibre.isMoving() && map.maplibre.areTilesLoaded()))
}"""
"""Nothing waits for its content any more, and the map rests."""
NAMED = """() => {
  const map = document.getElementById('map')?.gridmap?.maplibre
  return !map || map.queryRenderedFeatures({ layers: ['area-labels'] }).length > 0
}"""
"""Names are on the map, if it has any: they are placed last."""


@dataclass(frozen=True)
class Page:
    """A page to be pictured: where it is, in which sizes (pixels)."""

    name: str
    address: str
    sizes: tuple[tuple[int, int], ...]


class District:
    """A `demo` server of our own in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, "GRIDCOMMAND_VAR_DIR": str(folder), "GRIDCOMMAND_DATABASE_URL": ""}
        self._folder, self._store = folder, f"sqlite:///{(folder / 'demo.db').as_posix()}"
        with (folder / "server.log").open("wb") as log:
            command = [sys.executable, str(ROOT / "app.py"), "demo", "--port", str(port)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=self._environment)

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def run(self, *words: str) -> Any:
        """A command of `app.py` on the district's store; what it prints as JSON."""
        command = [sys.executable, str(ROOT / "app.py"), *words, "--db", self._store, "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, cwd=self._folder, env=self._environment, check=True)
        return json.loads(done.stdout)

    def until_ready(self) -> None:
        for _ in range(600):
            try:
                if self.ask("/readyz")["ready"]:
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.5)
        raise SystemExit("the demonstration district is not ready after five minutes: look at its server.log")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def pages(district: District) -> list[Page]:
    """What there is to be pictured: an exercise under way, one that is over, a fork that is over, and a replay of an
    hour ago."""
    typhoon = district.run("drill", "run", "typhoon", "--seed", "1")["timeline"]
    at = (datetime.now(UTC) - timedelta(hours=26)).strftime("%Y-%m-%dT%H:%M:%SZ")
    until = (datetime.now(UTC) - timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fork = district.run("replay", "fork", "--at", at, "--until", until, "--policy", "nearest-by-road", "--id", "shown")
    found = district.ask("/api/v1/incidents?state=active&severity=1&limit=1")["incidents"]
    case = found[0]["id"] if found else ""
    t = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    replay = district.ask("/api/v1/replays", {"t": t})["id"]
    drill = district.ask("/api/v1/drills", {"scenario": "festival", "actor": "controller"})["timeline"]
    district.ask(f"/api/v1/drills/{drill}/start", {"actor": "controller", "rate": 60})
    if case:
        district.ask("/api/v1/scenes", {"incident": case, "wall": "pictured", "actor": "desk 1"})
    return [
        Page("wall", "/?", WALLS),
        Page("wall-compare", "/?compare=1", WALLS[:2]),
        Page("wall-days", "/?days=1", WALLS[:2]),
        Page("wall-tour", "/?tour=60", WALLS[:1]),
        Page("wall-scene", "/?seat=pictured", WALLS),
        Page("desk", f"/desk?incident={case}", DESKS),
        Page("desk-light", f"/desk?incident={case}&theme=light", DESKS),
        Page("replay-begin", "/replay?", DESKS),
        Page("replay", f"/replay?replay={replay}", DESKS),
        Page("replay-light", f"/replay?replay={replay}&theme=light", DESKS),
        Page("replay-wall", f"/?replay={replay}", WALLS[:2]),
        Page("replay-desk", f"/desk?replay={replay}&incident={case}", DESKS),
        Page("drills", "/drill?", DESKS),
        Page("drill", f"/drill?timeline={drill}", DESKS),
        Page("drill-light", f"/drill?timeline={drill}&theme=light", DESKS),
        Page("drill-desk", f"/desk?timeline={drill}", DESKS),
        Page("drill-wall", f"/?timeline={drill}", WALLS[:2]),
        Page("report", f"/report?timeline={typhoon}", DESKS),
        Page("report-light", f"/report?timeline={typhoon}&theme=light", DESKS),
        Page("fork-list", "/fork?", DESKS),
        Page("fork", f"/fork?timeline={fork['timeline']}", DESKS),
        Page("fork-light", f"/fork?timeline={fork['timeline']}&theme=light", DESKS),
    ]


def picture(browser: Browser, url: str, page: Page, size: tuple[int, int], lang: str) -> Path:
    """One picture; the file it was written to."""
    window = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    try:
        window.goto(f"{url}{page.address}&lang={lang}", timeout=WAIT_MS)
        window.wait_for_selector("main", timeout=WAIT_MS)
        window.wait_for_function(SETTLED, timeout=WAIT_MS, polling=250)
        with contextlib.suppress(PlaywrightTimeout):
            window.wait_for_function(NAMED, timeout=WAIT_MS / 6, polling=250)
        window.wait_for_timeout(2_000)  # labels and tiles of the last movement
        file = FOLDER / f"{page.name}-{size[0]}x{size[1]}-{lang}.png"
        window.screenshot(path=file, timeout=WAIT_MS)
        if page.name in IN_DOCUMENTS and size == (1920, 1080) and lang == "zh":
            shutil.copy(file, FOLDER.parent / f"{IN_DOCUMENTS[page.name]}.png")
        return file
    finally:
        window.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of pages; all of them when left out")
    parser.add_argument("--size", help="this size alone, as 1920x1080")
    arguments = parser.parse_args()
    only, size_only = arguments.only, arguments.size
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        district = District(Path(folder))
        try:
            district.until_ready()
            wanted = [page for page in pages(district) if not only or page.name in only]
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=find(), args=[*FLAGS, "--disable-gpu-compositing"])
                for page in wanted:
                    for size in page.sizes:
                        if size_only not in (None, f"{size[0]}x{size[1]}"):
                            continue
                        for lang in ("zh", "en"):
                            print(picture(browser, district.url, page, size, lang).relative_to(ROOT), flush=True)
                browser.close()
        finally:
            district.stop()


if __name__ == "__main__":
    main()
