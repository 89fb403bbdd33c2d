"""The harness for the map's tests; Chromium comes from the folder above."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout

sys.path.insert(0, str(Path(__file__).parent))

from harness import Script, serving
from scene import Scene

WAIT_MS = 90_000
"""What comes late on a slow machine still comes; what never comes fails after this."""

SEEN = """(() => {
  const e = engine(), m = e.maplibre, c = m && m.getCanvas(), gl = c && c.getContext('webgl2')
  return JSON.stringify({
    box: [e.host.clientWidth, e.host.clientHeight], canvas: c && [c.width, c.height], ratio: m && m.getPixelRatio(),
    buffer: gl && [gl.drawingBufferWidth, gl.drawingBufferHeight],
    most: m && m._maxCanvasSize, lost: gl && gl.isContextLost(),
    share: e.sizing.share, known: e.sizing.coarse.known, resting: e.sizing.coarse.rest !== null,
    frame_ms: e.meter.frameMs(),
    moving: m && m.isMoving(), loaded: e.loaded, losses: e.losses, status: window.out && window.out.status,
  })
})()"""
"""What a map looked like when something that was waited for did not come."""


SIZE = {"width": 1000, "height": 640}
CAMERA = (
    "(() => { const m = engine().maplibre, c = m.getCenter(); return {lon: c.lng, lat: c.lat, zoom: m.getZoom(),"
    " pitch: m.getPitch(), bearing: m.getBearing()} })()"
)


class Stage:
    """A page with the map on it, the script that feeds it, and what went wrong on it: one test's after another."""

    def __init__(self, page: Any, script: Script, url: str) -> None:
        self.page = page
        self.script = script
        self.url = url
        page.set_default_timeout(WAIT_MS)
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.opened = ""
        """What the page was loaded with, while another test may have it; "" when none may."""
        self.home: Any = None
        """Where the camera stood then."""
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, query: str = "lang=zh") -> None:
        """Load the page for this test alone, with the script's scene from its first frame on."""
        self.opened = ""
        self.page.goto("about:blank")
        self.rewind()
        self.page.set_viewport_size(SIZE)
        self.page.goto(f"{self.url}/?{query}")
        self.until("window.out.status && window.out.status.stamps.paint")
        self.settle()

    def show(self, query: str = "lang=zh") -> None:
        """The same on a page that other tests may have had before, brought back to how it was loaded; for a test that
        leaves nothing behind but what is brought back. The map stays: making another takes seconds by software."""
        if self.opened == query:
            self.opened = ""  # until it stands: what goes wrong on the way is not handed on
            self.get("leave()")
            self.rewind()
            self.page.mouse.move(1, 1)
            self.set(focus={"camera": self.home, "still": True})
            self.set(focus=None)
            self.get("begin()")
            self.until("window.out.status && window.out.status.stamps.paint")
            self.settle()
        else:
            self.open(query)
            self.home = self.get(CAMERA)
        self.opened = query

    def rewind(self) -> None:
        """The script to its first frame, once nobody watches."""
        end = time.monotonic() + WAIT_MS / 1000
        while self.script.sockets:
            assert time.monotonic() < end, "a page still watches"
            time.sleep(0.01)
        self.script.rewind()

    def settle(self) -> None:
        """Until the camera rests, the areas are there and the last frame is drawn."""
        self.until(
            "engine().maplibre && engine().loaded && engine().areas.size() > 0 && !engine().maplibre.isMoving()"
            " && engine().maplibre.isStyleLoaded() && engine().maplibre.areTilesLoaded()",
        )
        self.drawn()

    def drawn(self) -> None:
        """Until the map has drawn itself once more."""
        self.get(
            "new Promise((done) => { const m = engine().maplibre; m.once('render', () => done()); m.triggerRepaint() })"
        )

    def set(self, **changes: Any) -> None:
        self.page.evaluate("changes => setPage(changes)", changes)

    def until(self, condition: str) -> None:
        # Asked by a clock: a page that draws by software may not come to its next animation frame for a second.
        try:
            self.page.wait_for_function(condition, timeout=WAIT_MS, polling=50)
        except PlaywrightTimeout:
            raise AssertionError(f"never came: {condition}; the page has {self.get(SEEN)}") from None

    def told(self, condition: str) -> None:
        """Until the page was told a status of which the condition holds, be it past by now; it is called `s`."""
        self.until(f"window.out.events.some(([, name, s]) => name === 'status' && ({condition}))")

    def rests_at(self, bbox: Sequence[float]) -> None:
        """Until the camera rests over this box."""
        west, south, east, north = bbox
        self.until(
            f"(() => {{ const m = engine().maplibre, c = m.getCenter(), v = window.out.viewportInfo;"
            f" return !m.isMoving() && {west} < c.lng && c.lng < {east} && {south} < c.lat && c.lat < {north}"
            f" && v && Math.abs(v.lon - c.lng) < 1e-5 && Math.abs(v.zoom - m.getZoom()) < 0.01 }})()"
        )

    def get(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Pixel of a point on the ground."""
        at = self.get(f"(() => {{const p = engine().maplibre.project([{lon}, {lat}]); return [p.x, p.y]}})()")
        return at[0], at[1]


def _stages(browser: Any, **context: Any) -> Iterator[Stage]:
    script = Script(Scene())
    with serving(script) as url:
        opened = browser.new_context(viewport=SIZE, **context)
        yield Stage(opened.new_page(), script, url)
        opened.close()


def _lent(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A small scene: about 250 cells, 10 towns of which two are silent, a few points."""
    stage.script.renew(Scene(most_cells=600, incidents=12, units=12, cameras=60))
    stage.problems.clear()
    stage.requests.clear()
    failed = request.session.testsfailed
    yield stage
    if request.session.testsfailed > failed or stage.problems:
        stage.opened = ""
    assert stage.problems == []


@pytest.fixture(scope="module")
def still_page(browser: Any) -> Iterator[Stage]:
    yield from _stages(browser, reduced_motion="reduce")


@pytest.fixture(scope="module")
def moving_page(browser: Any) -> Iterator[Stage]:
    yield from _stages(browser)


@pytest.fixture
def stage(still_page: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The map with motion reduced."""
    yield from _lent(still_page, request)


@pytest.fixture
def moving(moving_page: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The map with motion allowed."""
    yield from _lent(moving_page, request)
