"""A page that is watched for long: what is done to it, and what is read of it. For the soak and for its short test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page

SCRIPT = Path(__file__).with_name("watched.js").read_text(encoding="utf-8")
"""Give it to a page before it is opened; the others here need it."""

_LOSE = """() => new Promise((done) => {
  const canvas = document.getElementById("map").gridmap.maplibre.getCanvas()
  canvas.addEventListener("webglcontextlost", () => done(), { once: true })
  canvas.getContext("webgl2").getExtension("WEBGL_lose_context").loseContext()
})"""
LIVE_SINCE = (
    """(since) => document.getElementById("live-word")?.textContent === "Live" && watched.frameTime() > since"""
)
"""Live, with a frame that the server made after a time, ms since 1970."""
MAP_DRAWN = """() => {
  const map = document.getElementById("map").gridmap
  return map?.loaded && !map.maplibre.isMoving()
}"""
TRUE_TIME = "() => Math.abs(gc.now() - watched.trueTime()) < 5000"
"""The page shows the server's time, which here is the machine's own."""
_VIEW = """() => {
  const map = document.getElementById("map").gridmap.maplibre
  const { lng, lat } = map.getCenter()
  const { focus, view, lang } = gc.address
  return {
    address: location.search, area: focus.code, path: focus.path.map((it) => it.code), lang, view: JSON.stringify(view),
    pressed: [...document.querySelectorAll('[aria-pressed="true"]')].map((it) => it.dataset.action ?? it.dataset.nav ?? it.dataset.value),
    camera: [lng.toFixed(5), lat.toFixed(5), map.getZoom().toFixed(3), map.getPitch().toFixed(1), map.getBearing().toFixed(1)],
  }
}"""  # noqa: E501


@dataclass(frozen=True)
class Held:
    """What a page holds after a collection: MB of JavaScript and of graphics memory, DOM nodes, WebGL objects."""

    heap_mb: float
    nodes: int
    gpu_mb: float
    gpu_objects: int


def inspector(page: Page) -> CDPSession:
    """The page's inspector, ready for `held` and `frozen`."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    return cdp


def held(page: Page, cdp: CDPSession) -> Held:
    """What the page holds now. Graphics memory is what WebGL was asked for: buffers, textures and renderbuffers that
    were not deleted, of every context that lives; the canvas itself is not in it."""
    cdp.send("HeapProfiler.collectGarbage")
    page.wait_for_timeout(50)  # what was collected is struck off in a task of its own
    metrics = {m["name"]: m["value"] for m in cdp.send("Performance.getMetrics")["metrics"]}
    gpu: dict[str, int] = page.evaluate("() => watched.gpu()")
    size = gpu.pop("bytes")
    return Held(metrics["JSHeapUsedSize"] / 2**20, int(metrics["Nodes"]), size / 2**20, sum(gpu.values()))


def view_of(page: Page) -> dict[str, Any]:
    """What a person chose: the address, the area, the window, layers, what is pressed, and where the camera stands."""
    found: dict[str, Any] = page.evaluate(_VIEW)
    return found


def lose_context(page: Page) -> None:
    """Take the map's WebGL context away, as a crash of the graphics process does."""
    page.evaluate(_LOSE)


def set_clock(page: Page, ms: int) -> None:
    """Set the screen's clock so far ahead of the true time; negative: behind it."""
    page.evaluate("(ms) => watched.setClock(ms)", ms)


@contextmanager
def frozen(cdp: CDPSession) -> Iterator[None]:
    """No script of the page runs meanwhile: a screen whose machine sleeps."""
    cdp.send("Page.setWebLifecycleState", {"state": "frozen"})
    try:
        yield
    finally:
        cdp.send("Page.setWebLifecycleState", {"state": "active"})
