"""A wall with nothing to show, with nothing yet, and with too much: on the quiet centre, where that is easy to make."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

SAID = "id => document.querySelector(`#${id} .empty`)?.textContent"


def test_an_area_without_anything_says_so_in_every_panel(quiet: Any, window: Any) -> None:
    leaf = quiet.get("/region")["roots"][0]
    while children := quiet.get(f"/areas/{leaf}")["children"]:
        leaf = children[0]["code"]
    page = window(quiet).wall(f"?lang=en&layers=areas&area={leaf}")
    page.wait_for_selector("#ticker .empty")
    said = {id: page.evaluate(SAID, id) for id in ("ticker", "categories", "roster")}
    assert said == {
        "ticker": "No events in this window.",
        "categories": "Nothing was reported in this window.",
        "roster": "No unit has duty here.",
    }
    assert page.locator("#kpi-open").inner_text() == "0"
    assert page.locator(".skeleton:visible").count() == 0


def test_until_figures_come_there_are_skeletons_and_a_word(quiet: Any, window: Any) -> None:
    let: list[bool] = []

    def between(socket: Any) -> None:
        if let:
            socket.connect_to_server()

    view = window(quiet)
    view.page.route_web_socket("**/stream", between)
    page = view.open("/?lang=zh&layers=areas")
    page.wait_for_selector("#live[data-state=connecting]")
    assert page.locator("#live-word").inner_text() == "连接中"
    assert page.locator("#ticker.skeleton, #ranking.skeleton, #categories.skeleton").count() == 3
    assert page.locator("[id^=kpi-][data-value]").count() == 0
    let.append(True)
    page.reload()
    page.wait_for_selector("#live[data-state=live]")
    page.wait_for_selector("#kpi-open[data-value]", state="attached")
    assert page.locator(".skeleton:visible").count() == 0


def test_too_many_at_once_are_told_in_groups_above_the_list(quiet: Any, window: Any) -> None:
    page = window(quiet).wall("?lang=en&layers=areas")
    assert page.locator("#flood").count() == 0
    quiet.flood(700)
    page.wait_for_selector("#flood")
    page.wait_for_function(
        "() => [...document.querySelectorAll('#flood .flood-group b')]"
        ".reduce((sum, it) => sum + Number(it.textContent.replace(/,/g, '')), 0) === 700"
    )
    page.locator("#flood button.flood-group").first.click()
    page.wait_for_function("() => location.search.includes('category=13')")
