"""A wall that hangs for weeks, in a minute: the short form of `make soak` (bench/soak.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import watched
from tests.browser.pages.conftest import SHOWN, Server, copy_of

pytestmark = pytest.mark.browser

HOUR_MS = 3_600_000


class Still:
    """A server on a copy of the district in which nothing happens but what a test reports. It can be started again."""

    def __init__(self, demo: Server, var: Path) -> None:
        self.var = var
        self.options = ("serve", "--db", copy_of(demo, var))
        self.server = Server(var, *self.options)
        self.ready()

    def ready(self) -> None:
        self.server.until("/readyz", lambda ready: bool(ready["ready"]))
        self.server.until(SHOWN, lambda found: found.get("total", 0) > 0)

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = Server(self.var, *self.options, port=self.server.port)
        self.ready()


@pytest.fixture
def still(demo: Server, tmp_path: Path) -> Iterator[Still]:
    one = Still(demo, tmp_path)
    yield one
    one.stop()


class Town:
    """What is reported in the town that the wall shows, and what the wall says of it."""

    def __init__(self, server: Server, page: Any) -> None:
        self.server, self.page, self.told = server, page, 0
        area = server.get("/api/v1/region")["roots"][0]
        self.code = server.get(f"/api/v1/areas/{area}")["children"][0]["code"]
        self.at = server.get(f"/api/v1/areas/{self.code}")

    def report(self) -> str:
        """One more; its title."""
        self.told += 1
        title = f"积水 {self.told}"
        body = {"category": "0307", "title": title, "severity": 3, "lon": self.at["lon"], "lat": self.at["lat"]}
        self.server.give("/api/v1/incidents", {**body, "actor": "观察员"})
        return title

    def shows(self, title: str) -> None:
        """What was reported stands on the wall, so its line is alive; it says that, and the server's time."""
        self.page.locator("#ticker .tick-title", has_text=title).first.wait_for()
        self.page.wait_for_selector("#live[data-state=live]")
        self.page.wait_for_function(watched.TRUE_TIME)
        self.page.wait_for_function(watched.MAP_DRAWN)


def turn_the_wheel(page: Any) -> None:
    """A hand comes nearer: from then on the camera is the reader's."""
    zoom = "() => document.getElementById('map').gridmap.maplibre.getZoom()"
    before = page.evaluate(zoom)
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5)
    page.mouse.wheel(0, -240)
    page.wait_for_function(f"before => ({zoom})() > before + 0.05", arg=before)
    page.wait_for_function(watched.MAP_DRAWN)


def test_a_wall_survives_what_weeks_do_to_it_and_keeps_its_view(still: Still, window: Any) -> None:
    view = window(still.server)
    page = view.page
    page.add_init_script(watched.SCRIPT)
    town = Town(still.server, page)
    view.wall(f"?lang=en&area={town.code}&window=7d&layers=areas,units,incidents")
    town.shows(town.report())
    turn_the_wheel(page)
    chosen = watched.view_of(page)
    inspector = watched.inspector(page)

    def kept(title: str) -> None:
        town.shows(title)
        assert watched.view_of(page) == chosen

    watched.lose_context(page)
    kept(town.report())
    for ahead in (HOUR_MS, -HOUR_MS, 0):
        watched.set_clock(page, ahead)
        kept(town.report())
    with watched.frozen(inspector):
        meanwhile = town.report()
    kept(meanwhile)
    still.stop()
    page.wait_for_selector("#banner[data-says=closed]", state="visible")
    still.start()
    page.wait_for_selector("#banner", state="hidden")
    kept(town.report())
    inspector.detach()
    view.problems[:] = [said for said in view.problems if "ERR_CONNECTION_REFUSED" not in said]  # while none was there
