"""An incident's scene on the wall: pushed from a desk, left by hand, in the log."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

WALL = "north wall"
IN_LINE = f'"{WALL}"'


def on(told: dict[str, Any]) -> str:
    """The incident that the wall shows, "" for none."""
    return next((str(each["incident"]) for each in told["walls"] if each["wall"] == WALL), "")


def test_an_officer_pushes_a_scene_to_a_wall_and_the_wall_leaves_it(demo: Any, window: Any) -> None:
    first = demo.get("/api/v1/incidents?state=active&limit=1")["incidents"][0]
    found = demo.get(f"/api/v1/incidents/{first['id']}")
    id = found["incident"]["id"]
    wall = window(demo, width=1920, height=1080).wall(f"?lang=en&layers=areas&seat={WALL}&tour=3600")
    demo.until("/api/v1/scenes", lambda told: any(each["wall"] == WALL and each["there"] for each in told["walls"]))
    assert wall.locator("#scene").count() == 0

    desk = window(demo).desk(f"?lang=en&layers=areas&incident={id}")
    desk.wait_for_selector("#detail [data-action=wall-push]")
    desk.wait_for_function("wall => gc.desk.wall.items().some((it) => it.id === wall)", arg=WALL)

    def command(text: str) -> None:
        desk.keyboard.press("Control+k")
        desk.locator("#command-input").fill(text)
        desk.keyboard.press("Enter")
        desk.wait_for_selector("#command", state="hidden")

    command(f"wall {id} {IN_LINE}")
    wall.wait_for_selector("#scene .scene-story li")
    assert wall.locator("#scene .scene-why").inner_text().startswith("Pushed by Desk 1 at ")
    titles = [found["incident"]["title_en"], found["incident"]["title"]]
    assert wall.locator("#scene .scene-name").inner_text() in titles
    assert wall.locator("#scene .scene-units, #scene .scene-cameras, #scene .scene-clock").count() == 3
    assert wall.locator("#panel-kpis").is_hidden()
    wall.wait_for_function(
        "([lon, lat]) => { const map = document.getElementById('map').gridmap?.maplibre, at = map?.getCenter();"
        " return at && !map.isMoving() && Math.abs(at.lng - lon) < .02 && Math.abs(at.lat - lat) < .02 }",
        arg=[found["incident"]["lon"], found["incident"]["lat"]],
    )
    desk.wait_for_selector("#detail [data-action=wall-off]")
    assert WALL in desk.locator("#detail .wall-now").inner_text()

    # Left at the wall: it says so to the log, and what it showed before, its tour included, goes on.
    wall.keyboard.press("Escape")
    wall.wait_for_selector("#scene", state="hidden")
    assert wall.locator("#panel-kpis").is_visible()
    demo.until("/api/v1/scenes", lambda told: not on(told))
    assert "tour=3600" in wall.evaluate("location.search")
    desk.wait_for_selector("#detail [data-action=wall-push]")

    # Pushed once more, and taken off by the desk.
    command(f"wall {id} {IN_LINE}")
    wall.wait_for_selector("#scene", state="visible")
    assert on(demo.get("/api/v1/scenes")) == id
    command(f"unwall {id}")
    wall.wait_for_selector("#scene", state="hidden")
    demo.until("/api/v1/scenes", lambda told: not on(told))


FLOOD = """() => {
  const groups = [{ code: '01', name: '市容', name_en: 'City', count: 2900 }]
  gc.renderPanel({ ...gc.panel, flood: { n: 3000, usual: 240, groups, rest: 100 } })
  const node = document.getElementById('flood')
  const words = node.innerText.replace(/\\s+/g, ' ')
  const said = [words, node.querySelector('button').dataset.nav, node.nextElementSibling.id]
  gc.renderPanel({ ...gc.panel, flood: null })
  return [...said, document.getElementById('flood') === null]
}"""


def test_a_flood_is_said_above_the_list_in_groups_that_add_up(demo: Any, window: Any) -> None:
    page = window(demo).wall("?lang=en&layers=areas")
    said, nav, below, gone = page.evaluate(FLOOD)
    assert "3,000 reported in the last hour, usually about 240 an hour" in said
    assert said.endswith("City 2,900 Other 100")
    assert (nav, below, gone) == ("category=01", "ticker", True)
