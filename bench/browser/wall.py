"""`python -m bench.browser.wall [URL]`: what the wall costs where it is largest, and how soon a hand sees an answer.

Frames: the map turns by itself on a page of the size given (7680x2160 unless told otherwise), without motion being
reduced, and its drawn frames are counted; the size of its canvas says how far it was capped. Interactions: the
durations that the browser itself reports from input to the next paint (Event Timing API, w3.org/TR/event-timing;
rounded to 8 ms), for a drill, a filter and a selection on the wall and for a dispatch on a desk, by their 75th
percentile as Interaction to Next Paint takes them. URL is a server that is warm already; without one the
demonstration district is made and served.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bench.browser.first_picture import demonstration
from tests.chromium import FLAGS, find

TARGET_MS = 200
WAIT_MS = 240_000

_THERE = {
    "/": "() => document.querySelector('#kpi-reported[data-value]') && document.querySelector('#map').gridmap?.loaded",
    "/desk": "() => document.querySelector('#incident-grid .ag-row .sla-words')?.textContent",
}
"""What a page has when a hand can begin: on a slow machine a map that gets news twice a second never waits for none."""
_OBSERVE = """() => {
  window.took = new Map()
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId) window.took.set(interactionId, Math.max(duration, window.took.get(interactionId) ?? 0))
  }).observe({ type: 'event', durationThreshold: 16, buffered: false })
}"""
_TOLD = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))))"""
_OPEN = """(n) => fetch(`/api/v1/incidents?state=open&limit=${n}`)
  .then((answer) => answer.json()).then((body) => body.incidents.map((it) => it.id))"""
_TURN = """(seconds) => new Promise((done) => {
  const map = document.querySelector('.gc-map').gridmap.maplibre
  let frames = 0
  map.on('render', () => { frames += 1 })
  const began = performance.now()
  const canvas = map.getCanvas()
  map.easeTo({ bearing: map.getBearing() + 60, duration: seconds * 1000, easing: (t) => t, essential: true })
  map.once('moveend', () => done({
    fps: (1000 * frames) / (performance.now() - began), frames, canvas: [canvas.width, canvas.height],
  }))
})"""


def opened(browser: Browser, url: str, path: str, size: tuple[int, int], *, reduced: bool) -> Page:
    """A page whose first picture is there."""
    motion: Any = "reduce" if reduced else "no-preference"
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion=motion)
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{url}{path}", timeout=WAIT_MS)
    page.wait_for_function(_THERE[path], polling=250)
    return page


def frames(browser: Browser, url: str, size: tuple[int, int], seconds: float) -> dict[str, Any]:
    page = opened(browser, url, "/", size, reduced=False)
    page.wait_for_timeout(3000)
    found: dict[str, Any] = page.evaluate(_TURN, seconds)
    page.close()
    return found


class Hand:
    """Clicks on a page, and how long each took to be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.evaluate(_OBSERVE)

    def click(self, selector: str, n: int = 0) -> float:
        """Milliseconds from a click to its paint; what is quicker than it tells counts as its threshold, 16."""
        self.page.evaluate("() => window.took.clear()")
        target = self.page.locator(selector).nth(n)
        target.wait_for()
        target.click()
        # Entries are told after the frame they belong to: two frames and a task later they are here.
        self.page.evaluate(_TOLD)
        with suppress(PlaywrightTimeout):  # on a busy machine the browser tells late
            self.page.wait_for_function("() => window.took.size > 0", timeout=5_000, polling=100)
        return float(self.page.evaluate("() => Math.max(16, ...window.took.values())"))


def interactions(browser: Browser, url: str, times: int) -> dict[str, list[float]]:
    out: dict[str, list[float]] = {"drill": [], "filter": [], "select": [], "dispatch": []}
    wall = Hand(opened(browser, url, "/", (1920, 1080), reduced=True))
    for i in range(times):
        out["drill"].append(wall.click("#ranking .rank-row button", i % 5))
        wall.page.wait_for_function("() => document.querySelectorAll('#crumbs .crumb').length > 1")
        wall.page.keyboard.press("Escape")
        wall.page.wait_for_function("() => document.querySelectorAll('#crumbs .crumb').length <= 1")
        out["filter"].append(wall.click(f'[data-nav="window={("1h", "24h")[i % 2]}"]'))
        out["select"].append(wall.click("#ticker .tick button, #ticker .tick", i % 4))
    wall.page.close()
    desk = Hand(opened(browser, url, "/desk", (1920, 1080), reduced=True))
    asked = desk.page.evaluate(_OPEN, times * 3)
    for id in asked:
        if len(out["dispatch"]) == times:
            break
        desk.page.evaluate("id => gc.actions.incident(id)", id)
        best = desk.page.locator("#detail .is-best [data-action^='dispatch:']")
        try:
            best.first.wait_for(timeout=15_000)
        except PlaywrightTimeout:
            continue  # closed in the meantime, or nobody can be sent
        out["dispatch"].append(desk.click("#detail .is-best [data-action^='dispatch:']"))
    desk.page.close()
    return out


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.browser.wall", description=__doc__)
    options.add_argument("url", nargs="?", default="", help="a running server, e.g. http://127.0.0.1:8050")
    options.add_argument("--size", default="7680x2160", help="of the page whose frames are counted (default 7680x2160)")
    options.add_argument(
        "--seconds", type=float, default=6.0, help="for which the map turns (default 6; 0: not at all)"
    )
    options.add_argument("--times", type=int, default=8, help="each interaction (default 8; 0: none)")
    options.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = options.parse_args()
    size = tuple(int(edge) for edge in chosen.size.split("x"))
    with (
        nullcontext(chosen.url.rstrip("/")) if chosen.url else demonstration() as url,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=find(), args=list(FLAGS))
        drawn = frames(browser, url, (size[0], size[1]), chosen.seconds) if chosen.seconds > 0 else None
        took = interactions(browser, url, chosen.times) if chosen.times > 0 else {}
        browser.close()
    if chosen.json:
        json.dump({"frames": drawn, "interactions_ms": took}, sys.stdout)
        return
    if drawn:
        canvas = "x".join(map(str, drawn["canvas"]))
        print(f"wall {chosen.size}, map turning: {drawn['fps']:.1f} frames a second, canvas {canvas}")
    if took:
        print(f"interaction to next paint, 75th percentile (target {TARGET_MS} ms)")
    for name, each in took.items():
        said = (
            f"{np.percentile(each, 75):.0f} ms ({len(each)} times, most {max(each):.0f})"
            if each
            else "none was possible"
        )
        print(f"  {name:<10}{said}")


if __name__ == "__main__":
    main()
