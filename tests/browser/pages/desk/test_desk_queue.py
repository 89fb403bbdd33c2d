"""The queue: what needs a hand stands first, tabs and filter, what is new comes in by itself, what is closed goes."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def row(id: str) -> str:
    return f'#incident-grid .ag-center-cols-container [row-id="{id}"]'


ORDER = """() => [...document.querySelectorAll('#incident-grid .ag-center-cols-container [row-id]')]
    .sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))
    .map((node) => node.getAttribute('row-id'))"""


def count(page: Any, tab: str, n: int) -> None:
    page.wait_for_function(
        "([tab, n]) => document.querySelector(`#queue-tabs [data-value=${tab}] .tab-count`).textContent === n",
        arg=[tab, str(n)],
    )


def test_what_needs_a_hand_stands_first_and_every_column_sorts(quiet: Any, window: Any) -> None:
    routine = quiet.opened("河道漂浮物", category="1302", severity=4)
    placed = quiet.opened("被困", category="0503", severity=1)
    urgent = quiet.opened("库房冒烟", category="0502", severity=1)
    quiet.post(f"/incidents/{placed}/dispatch", units=["E01"], actor="坐席 9")
    page = window(quiet).desk("?layers=areas")
    page.wait_for_selector(f"{row(placed)} .units-cell:text-is('1')")
    page.wait_for_function(
        f"want => JSON.stringify(({ORDER})()) === JSON.stringify(want)", arg=[urgent, placed, routine]
    )
    assert page.locator("#by-need").get_attribute("aria-pressed") == "true"
    for column, first in (("severity", None), ("what", placed), ("age", None), ("units", None), ("clock", None)):
        page.locator(f".ag-header-cell[col-id={column}]").click()
        page.wait_for_selector(f".ag-header-cell[col-id={column}][aria-sort=ascending]")
        if first:
            page.wait_for_function(f"([column, id]) => ({ORDER})().length === 3", arg=[column, first])
    assert page.locator("#by-need").get_attribute("aria-pressed") == "false"
    page.locator("#by-need").click()
    page.wait_for_function(
        f"want => JSON.stringify(({ORDER})()) === JSON.stringify(want)", arg=[urgent, placed, routine]
    )


def test_tabs_and_filter_show_what_they_say(quiet: Any, window: Any) -> None:
    fire = quiet.opened("库房冒烟")
    water = quiet.opened("街口积水", category="1301", severity=3)
    page = window(quiet).desk("?layers=areas")
    count(page, "open", 2)
    count(page, "triage", sum(quiet.life(id)["case"]["owner"] == "triage" for id in (fire, water)))
    page.locator("[data-action='tab:triage']").click()
    page.wait_for_selector(row(fire))
    page.locator("[data-action='tab:paused']").click()
    page.wait_for_selector("#list-empty:text-is('没有挂账的案件。')")
    page.locator("[data-action='tab:open']").click()
    page.wait_for_selector(row(water))
    page.keyboard.press("/")
    page.keyboard.type("街口 道路积水")  # words of the title and of the class
    page.locator(row(fire)).wait_for(state="detached")
    page.wait_for_selector(row(water))
    page.keyboard.press("Escape")
    page.wait_for_selector(row(fire))

    # Mine: what the department that this desk works for has.
    owner = quiet.life(water)["case"]["owner"]
    page.select_option("#role", "owner")
    page.select_option("#my-owner", owner)
    page.locator("[data-action='tab:mine']").click()
    page.wait_for_selector(row(water))
    page.locator(row(fire)).wait_for(state="detached")
    # A duty officer's are those in triage and those this desk had in hand; the department chosen before is not asked.
    page.select_option("#role", "dispatcher")
    waiting = {id for id in (fire, water) if quiet.life(id)["case"]["owner"] == "triage"}
    count(page, "mine", len(waiting))
    page.evaluate(
        "id => gc.desk.command('toast', `/incidents/${id}/moves`, { move: 'note', note: 'seen' }, 'ok')", water
    )
    count(page, "mine", len(waiting | {water}))
    page.wait_for_selector(row(water))
    # Closed today: it leaves the queue and is found again in its tab.
    quiet.post(f"/incidents/{fire}/dispatch", units=["E01"], actor="坐席 9")
    quiet.post(f"/incidents/{fire}/arrive", unit="E01", actor="坐席 9")
    quiet.post(f"/incidents/{fire}/close", actor="坐席 9", disposition="已扑灭")
    count(page, "open", 1)
    count(page, "closed", 1)
    page.locator("[data-action='tab:closed']").click()
    page.wait_for_selector(f"{row(fire)} .sla-done")
    assert "办结" in page.locator(f"{row(fire)} .sla-done").inner_text()


def test_five_hundred_at_once_come_in_and_what_is_in_hand_stays(quiet: Any, window: Any) -> None:
    fire = quiet.opened("库房冒烟")
    page = window(quiet).open(f"/desk?layers=areas&incident={fire}")
    page.wait_for_selector(f"{row(fire)}.ag-row-selected")
    page.wait_for_selector("#detail [data-action='dispatch:E01']")
    quiet.flood(500)
    count(page, "open", 501)
    page.wait_for_selector("#list-fresh:not([hidden])")
    assert page.locator("#detail h2").inner_text() == "库房冒烟"
    page.wait_for_selector(f"{row(fire)}.ag-row-selected")
    # Nothing was read anew for it: rows came by the stream.
    lists = page.evaluate(
        "() => performance.getEntriesByType('resource')"
        ".filter((it) => /incidents[?].*state=(active|open)/.test(it.name)).length"
    )
    assert lists == 0
    page.keyboard.press("/")
    page.keyboard.type("积水 499")
    page.wait_for_function(f"() => ({ORDER})().length === 1")


def test_keys_walk_the_queue_and_open_what_they_stop_at(quiet: Any, window: Any) -> None:
    ids = [quiet.opened(f"火情 {n}", lon=116.02 + n / 10) for n in range(3)]
    view = window(quiet)
    page = view.desk("?lang=en&layers=areas")
    count(page, "open", 3)
    order = page.evaluate(ORDER)
    assert sorted(order) == sorted(ids)
    view.first_incident()
    page.keyboard.press("End")
    page.wait_for_function("id => new URLSearchParams(location.search).get('incident') === id", arg=order[-1])
    page.keyboard.press("ArrowUp")
    page.wait_for_function("id => new URLSearchParams(location.search).get('incident') === id", arg=order[-2])
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#detail').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.wait_for_selector("#detail-none", state="visible")
    page.keyboard.press("?")
    page.wait_for_selector("#help", state="visible")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")


def test_names_that_are_still_read_are_never_shown_as_codes(quiet: Any, window: Any) -> None:
    fire = quiet.opened("库房冒烟")
    view = window(quiet)
    held: list[Any] = []
    released: list[bool] = []

    def hold(route: Any) -> None:
        if released:
            route.continue_()
        else:
            held.append(route)

    view.page.route("**/api/v1/areas?*", hold)
    view.page.route("**/api/v1/workflows", hold)
    page = view.desk("?layers=areas")
    cells = f"{row(fire)} .word-cell, {row(fire)} .step"
    page.wait_for_selector(f"{row(fire)} .step:text-is('…')")
    assert all(text == "…" or not text.isascii() for text in page.locator(cells).all_inner_texts())
    released.append(True)
    for route in held:
        route.continue_()
    page.wait_for_function(
        "cells => [...document.querySelectorAll(cells)].every((it) => it.textContent !== '…')", arg=cells
    )


def test_what_narrows_the_queue_is_said_and_lifted_and_a_case_filed_into_hiding_is_shown(
    quiet: Any, window: Any
) -> None:
    fire = quiet.opened("库房冒烟")
    water = quiet.opened("街口积水", category="1301", severity=3, lon=116.15)
    page = window(quiet).desk("?lang=en&layers=areas&severity=1")
    said = "words => document.querySelector('#list-narrowed-words').textContent === words"
    page.wait_for_function(said, arg="1 of 2 open cases shown: Critical only")
    assert page.evaluate(ORDER) == [fire]
    assert page.locator("#list-narrowed-heard").text_content() == "", "nothing was chosen yet"
    # A case that the filter over the map leaves out is not lost without a word.
    page.evaluate("() => gc.desk.draft.fill({ title: 'debris', category: '1302', severity: 4 })")
    page.evaluate("() => gc.desk.draft.place(116.2, 35.02)")
    page.locator("[data-action=save-incident]").click()
    page.wait_for_selector("#list-filed:not([hidden]) >> text=Filed, and hidden by the filter or the tab: debris")
    page.wait_for_function(said, arg="1 of 3 open cases shown: Critical only")
    page.locator("[data-action='show-filed']").click()
    page.wait_for_selector("#list-narrowed", state="hidden")
    page.wait_for_selector("#list-filed", state="hidden")
    assert page.evaluate("document.activeElement.id") == "list-filter", "the focus is not lost with the button"
    page.wait_for_function(f"() => ({ORDER})().length === 3")
    page.wait_for_selector("#incident-grid .ag-row-selected .what-title:text-is('debris')")
    assert page.locator("#filter-severity").input_value() == "0"
    # What is chosen now is said aloud, without counts, which change all the time.
    page.locator("#filter-severity").select_option("1")
    page.wait_for_selector("#list-narrowed-heard:text-is('Critical only')", state="attached")
    page.locator("[data-action='all-cases']").click()
    page.wait_for_selector("#list-narrowed", state="hidden")
    assert page.evaluate("document.activeElement.id") == "list-filter"
    assert page.locator("#list-narrowed-heard").text_content() == ""
    # The filter's own words find priorities, in either language, and say that they do.
    assert "priority" in page.locator("#list-filter").get_attribute("placeholder")
    for word in ("critical", "特急"):
        page.locator("#list-filter").fill(word)
        page.wait_for_function(f"want => JSON.stringify(({ORDER})()) === JSON.stringify(want)", arg=[fire])
    page.locator("#list-filter").fill("normal")
    page.wait_for_function(f"want => JSON.stringify(({ORDER})()) === JSON.stringify(want)", arg=[water])
