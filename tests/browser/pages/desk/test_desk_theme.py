"""A desk is turned light and dark where it stands: nothing is lost by it, the map follows, the browser remembers."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

FACTS = """() => {
  const root = document.documentElement
  const map = document.getElementById('map').gridmap.maplibre
  return {
    theme: root.dataset.theme, ground: getComputedStyle(document.body).backgroundColor, scheme: getComputedStyle(root).colorScheme,
    border: map.getPaintProperty('areas-line', 'line-color'), label: map.getPaintProperty('area-labels', 'text-halo-color'),
    camera: [map.getZoom(), map.getPitch(), ...map.getCenter().toArray()], map: map._gcMark ?? null,
    search: location.search, typed: document.getElementById('new-title').value, focus: document.activeElement.dataset.action ?? '',
  }
}"""  # noqa: E501


def test_a_turned_desk_keeps_what_is_in_hand_and_the_browser_remembers(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    page = window(quiet).desk(f"?lang=en&theme=dark&layers=areas&incident={id}")
    page.wait_for_selector(".detail-head h2")
    page.keyboard.press("n")
    page.locator("#new-title").fill("smoke above the market")
    # A mark on the map itself: one that was made anew would not have it.
    page.wait_for_function("() => document.getElementById('map').gridmap?.maplibre?.getLayer('areas-line')")
    page.evaluate(
        "() => { const map = document.getElementById('map').gridmap.maplibre; map._gcMark = 7;"
        " map.jumpTo({ zoom: 12.5 }) }"
    )
    before = page.evaluate(FACTS)
    assert (before["theme"], before["ground"]) == ("dark", "rgb(11, 18, 32)")

    # By the keyboard, in the words of the page.
    button = page.locator("[data-action=theme]")
    assert button.inner_text() == "Light"
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'light'")
    after = page.evaluate(FACTS)
    assert after["ground"] == "rgb(232, 236, 242)"
    assert after["scheme"] == "light"
    assert button.inner_text() == "Dark"
    assert after["border"] != before["border"]
    assert after["label"] == "#ffffff"
    for kept in ("camera", "map", "typed"):
        assert after[kept] == before[kept], kept
    assert after["typed"] == "smoke above the market"
    assert "theme" not in after["search"], "what the address asked for is no longer so"
    assert f"incident={id}" in after["search"]
    assert page.locator(".detail-head h2").text_content() == "库房冒烟"

    # Remembered: set in the head, before anything is drawn.
    page.reload()
    page.wait_for_selector(".detail-head h2")
    page.wait_for_function("() => document.getElementById('map').gridmap?.maplibre?.getLayer('areas-line')")
    again = page.evaluate(FACTS)
    assert (again["theme"], again["ground"], again["border"]) == ("light", after["ground"], after["border"])
    # Another page of this browser is light as well; the wall never is.
    said = page.evaluate(
        "async () => Promise.all(['/', '/replay'].map(async (path) =>"
        " (await (await fetch(path)).text()).includes('data-theme')))"
    )
    assert said == [False, True]
