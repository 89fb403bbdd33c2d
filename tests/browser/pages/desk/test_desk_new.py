"""A new incident: its form names what is missing and shows look-alikes; then it is worked to its end."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def written(page: Any, title: str, search: str, code: str) -> None:
    """Fill in the form; the place is clicked on the map."""
    page.keyboard.press("n")
    page.locator("#new-title").fill(title)
    page.locator("#new-category").fill(search)
    page.locator(f"#new-category-list [data-code='{code}']").wait_for()
    page.keyboard.press("Enter")
    page.locator("#new-severity [data-value='1']").click()
    page.wait_for_function(
        "() => { const m = document.getElementById('map').gridmap?.maplibre; return m && !m.isMoving() }"
    )
    at = page.evaluate(
        "() => { const { maplibre } = document.getElementById('map').gridmap; const { x, y } ="
        " maplibre.project([116.1, 35.03]); const box = maplibre.getCanvas().getBoundingClientRect();"
        " return { x: box.x + x, y: box.y + y } }"
    )
    page.mouse.click(at["x"], at["y"])
    page.wait_for_selector("#new-place.is-set")


def test_the_form_names_what_is_missing_and_searches_classes_in_both_languages(quiet: Any, window: Any) -> None:
    quiet.opened("库房冒烟")
    page = window(quiet).desk("?lang=en&layers=areas")
    page.keyboard.press("n")
    page.locator("[data-action=save-incident]").click()
    page.wait_for_selector("#new-error", state="visible")
    assert page.locator("#new-error").inner_text() == "Still missing: Matter, Category, Place"
    assert page.locator("#new-category").input_value() == "", "no class is chosen for the reporter"

    def offered(words: str) -> list[str]:
        page.locator("#new-category").fill(words)
        page.wait_for_selector("#new-category-list", state="visible")
        return page.eval_on_selector_all("#new-category-list [data-code]", "nodes => nodes.map((n) => n.dataset.code)")

    assert offered("") == ["0502", "0503", "1301", "1302"]
    assert offered("fire") == ["0502", "0503"], "by the name, then by the group's"
    assert offered("积水") == ["1301"]
    assert offered("1302") == ["1302"]
    assert offered("no such class") == []
    assert page.locator("#new-category-list").inner_text() == "No category matches."
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector("#new-form", state="hidden")


def test_an_incident_is_opened_worked_and_closed_and_the_wall_sees_it(quiet: Any, window: Any) -> None:
    quiet.opened("别处", lon=116.35)
    wall = window(quiet).wall("?layers=areas")
    desk = window(quiet).desk("?layers=areas")
    written(desk, "河堤渗水", "火灾", "0502")
    desk.locator("[data-action=save-incident]").click()
    desk.wait_for_function("() => document.querySelector('#detail h2')?.textContent === '河堤渗水'")
    incident = desk.evaluate("() => new URLSearchParams(location.search).get('incident')")
    ticker = f'#ticker [data-action="incident:{incident}"]'
    wall.wait_for_selector(f"{ticker} .state-open")

    desk.locator("#detail .is-best [data-action^='dispatch:']").first.click()
    wall.wait_for_selector(f"{ticker} .state-dispatched")
    unit = quiet.life(incident)["incident"]["units"][0]
    desk.locator(f"#detail [data-action='arrive:{unit}']").click()
    wall.wait_for_selector(f"{ticker} .state-on_scene")
    desk.locator("#detail [data-action='move:close']").click()
    wall.wait_for_selector(f"{ticker} .state-closed")
    desk.wait_for_selector("#detail .detail-head .step[data-phase=closed]")
    assert desk.locator("#detail [data-action^='dispatch:']").count() == 0
    assert quiet.life(incident)["incident"]["last_actor"] == "坐席 1"


def test_what_is_there_already_is_shown_while_it_is_written(quiet: Any, window: Any) -> None:
    there = quiet.opened("库房冒烟")
    page = window(quiet).desk("?layers=areas")
    page.keyboard.press("n")
    page.locator("#new-title").fill("起火")
    page.locator("#new-category").fill("0502")
    page.locator("#new-category-list [data-code='0502']").click()
    # As a click on the map beside it would say.
    page.evaluate("() => gc.onMapClick({ kind: 'none', id: null, lon: 116.0451, lat: 35.0501 })")
    page.locator(f"#new-alike [data-action='open-instead:{there}']").click()
    page.wait_for_function("() => document.querySelector('#detail h2')?.textContent === '库房冒烟'")
    page.wait_for_selector("#new-form", state="hidden")
    assert quiet.get("/incidents?state=active")["total"] == 1


def test_the_place_is_written_by_key_and_the_caller_is_kept_covered(quiet: Any, window: Any) -> None:
    quiet.opened("别处", lon=116.35)
    page = window(quiet, width=1366, height=768).desk("?lang=en&layers=areas")
    page.wait_for_function("() => gc.desk.names.known('places').size > 0 && gc.desk.view.now()")
    page.keyboard.press("n")
    form, sea = (page.locator(it).bounding_box() for it in ("#new-form", "#map"))
    assert form["x"] >= sea["x"] + sea["width"], "the map stays free to be clicked"
    page.locator("#new-title").fill("smoke")
    page.locator("#new-category").fill("0502")
    page.keyboard.press("Enter")
    placed = "() => document.querySelector('#new-place').classList.contains('is-set')"
    page.locator("#new-where").fill("no such area")
    page.wait_for_selector("#new-where-list .empty")
    assert page.evaluate(placed) is False
    # An area by its name: the point inside it.
    town = page.evaluate("() => [...gc.desk.names.known('places').values()].find((it) => it.lon !== undefined)")
    page.locator("#new-where").fill(town["code"])
    page.wait_for_selector("#new-where-list [aria-selected=true]")
    page.keyboard.press("Enter")
    page.wait_for_function(placed)
    assert f"{town['lon']:.5f}" in page.locator("#new-place").inner_text()
    # The centre of the map, then numbers.
    page.locator("#new-where").fill("map cen")
    page.wait_for_selector("#new-where-list .combo-option:has-text('Map centre')")
    page.keyboard.press("Enter")
    assert page.locator("#new-where").input_value() == "Map centre"
    page.locator("#new-where").fill("116.045, 35.05")
    page.wait_for_function("() => document.querySelector('#new-place').textContent.includes('116.04500, 35.05000')")
    page.locator("#new-contact").fill("13812345678")
    page.locator("[data-action=save-incident]").click()
    page.wait_for_function("() => document.querySelector('#detail h2')?.textContent === 'smoke'")
    page.wait_for_selector("#detail .facts >> text=138****5678")
    incident = page.evaluate("() => new URLSearchParams(location.search).get('incident')")
    kept = quiet.life(incident)["incident"]
    assert (kept["lon"], kept["lat"]) == (116.045, 35.05)


def test_a_place_outside_the_district_is_asked_about_and_can_be_insisted_on(quiet: Any, window: Any) -> None:
    quiet.opened("别处", lon=116.35)
    view = window(quiet)
    page = view.desk("?lang=en&layers=areas")
    asked: list[Any] = []
    page.on("request", lambda it: asked.append(it.post_data_json) if it.method == "POST" else None)
    page.keyboard.press("n")
    page.locator("#new-title").fill("smoke")
    page.locator("#new-category").fill("0502")
    page.keyboard.press("Enter")
    page.locator("#new-where").fill("10.5,50.25")
    assert page.locator("#new-outside").is_hidden()
    page.locator("[data-action=save-incident]").click()
    page.locator("#new-outside").wait_for()
    assert "outside the district" in page.locator("#new-error").inner_text()
    page.locator("#new-outside").click()
    page.wait_for_function("() => document.querySelector('#detail h2')?.textContent === 'smoke'")
    assert [it.get("outside") for it in asked] == [None, True]
    kept = quiet.life(page.evaluate("() => new URLSearchParams(location.search).get('incident')"))["incident"]
    assert (kept["lon"], kept["lat"], kept["area"]) == (10.5, 50.25, None)
    view.problems[:] = [each for each in view.problems if "409" not in each]  # the refusal, as the browser tells it
