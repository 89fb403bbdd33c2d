"""The unit board and the officer's view of the map: statuses as they change, and back to the exact view."""

from __future__ import annotations

from typing import Any

import pytest

from data.records import Kind, Record, UnitPayload

pytestmark = pytest.mark.browser


def unit(id: str) -> str:
    return f"#units [data-key='{id}']"


def test_a_unit_goes_out_of_service_with_its_reason(quiet: Any, window: Any) -> None:
    page = window(quiet).open("/desk?lang=en")
    page.wait_for_selector(unit("E02"))
    page.keyboard.press("u")
    page.wait_for_selector("#unit-search:focus")
    page.keyboard.type("E02")
    page.wait_for_function("() => document.querySelectorAll('#units .unit').length === 1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("s")
    page.wait_for_selector("#unit-menu")
    page.locator("#unit-menu [data-action='unit-set:out_of_service']").press("Enter")
    page.keyboard.press("Enter")
    assert "reason" in page.locator(".unit-menu-says").inner_text()
    assert quiet.get("/units?status=out_of_service")["total"] == 0
    page.keyboard.type("flat tyre")
    page.keyboard.press("Enter")
    page.wait_for_selector("#unit-menu", state="detached")
    page.wait_for_selector(f"{unit('E02')}[data-status='out_of_service']")
    assert [it["id"] for it in quiet.get("/units?status=out_of_service")["units"]] == ["E02"]
    assert page.evaluate("document.activeElement.id") == "units", "the focus is where it was"
    assert page.locator("[data-action='unit-status:out_of_service'] b").inner_text() == "1"


def test_what_others_do_is_seen_with_the_case_and_counted(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    page = window(quiet).desk()
    page.wait_for_selector(f"{unit('E01')}[data-status='available']")
    quiet.post(f"/incidents/{id}/dispatch", units=["E01"], actor="坐席 9")
    page.wait_for_selector(f"{unit('E01')}[data-status='dispatched'] .unit-for span:text-is('库房冒烟')")
    page.wait_for_selector("[data-action='unit-status:dispatched'] b:text-is('1')")
    quiet.post(f"/incidents/{id}/arrive", unit="E01", actor="E01", role="worker")
    page.wait_for_selector(f"{unit('E01')}[data-status='on_scene']")
    page.locator("[data-action='unit-status:on_scene']").click()
    page.wait_for_function("() => document.querySelectorAll('#units .unit').length === 1")
    page.wait_for_function("() => document.querySelector('#units .unit').dataset.key === 'E01'")


def test_a_thousand_units_are_a_list_of_few_elements(quiet: Any, window: Any) -> None:
    now = quiet.services.clock.now()
    quiet.services.store.append(
        [
            Record(
                Kind.UNIT,
                "roster",
                f"G{i:04d}",
                now,
                UnitPayload(name=f"网格员 {i}", name_en=f"Grid worker {i}", unit_kind="grid_worker", area="371"),
            )
            for i in range(1010)
        ]
    )
    page = window(quiet).open("/desk")
    page.wait_for_function("() => gc.desk?.units?.all().length >= 1013")
    assert page.locator("#units .unit").count() < 60
    page.focus("#units")
    page.keyboard.press("End")
    page.wait_for_selector(unit("G1009"))
    assert page.locator("#units .unit").count() < 60
    page.locator("#unit-kind").select_option("fire_engine")
    page.wait_for_selector(unit("E01"))
    assert page.locator("#units .unit").count() == 4


def look(page: Any) -> Any:
    return page.evaluate(
        "(() => { const { lon, lat, zoom, pitch, bearing } = gc.desk.view.now();"
        " return { lon, lat, zoom, pitch, bearing } })()"
    )


def moved_by_hand(page: Any) -> Any:
    """The officer turns, tilts and zooms the map with the keys of the map itself."""
    settle(page)
    before = look(page)
    page.focus("#map canvas")
    for key, what in (
        ("Shift+ArrowRight", "bearing"),
        ("Shift+ArrowUp", "pitch"),
        ("Equal", "zoom"),
        ("ArrowLeft", "lon"),
    ):
        was = look(page)[what]
        page.keyboard.press(key)
        page.wait_for_function("([what, was]) => gc.desk.view.now()[what] !== was", arg=[what, was])
        settle(page)
    assert look(page)["zoom"] > before["zoom"]
    page.evaluate("document.activeElement.blur()")
    return look(page)


def settle(page: Any) -> None:
    """Until the map rests and has told the desk where."""
    page.wait_for_function(
        "() => { const m = document.getElementById('map').gridmap.maplibre, at = gc.desk.view.now();"
        " if (!m || m.isMoving() || !at) return false;"
        " const { lng, lat } = m.getCenter();"
        " return Math.abs(at.lon - lng) < 1e-5 && Math.abs(at.lat - lat) < 1e-5"
        " && Math.abs(at.zoom - m.getZoom()) < 0.01 && Math.abs(at.pitch - m.getPitch()) < 0.01"
        " && Math.abs(at.bearing - m.getBearing()) < 0.01 }"
    )


def test_the_exact_view_is_restored_after_looking_elsewhere(quiet: Any, window: Any) -> None:
    first, second = quiet.opened("库房冒烟"), quiet.opened("车间起火", lon=116.25)
    page = window(quiet).desk("?lang=en")
    page.wait_for_function("() => gc.desk.view.now()")
    mine = moved_by_hand(page)
    for id in (first, second):
        here = look(page)
        page.evaluate("(id) => gc.selectIncident(id)", id)
        page.wait_for_function("(here) => gc.desk.view.now().lon !== here.lon", arg=here)
        settle(page)
    assert look(page) != mine
    page.locator("#view-back").wait_for()
    page.keyboard.press("b")
    page.wait_for_function("(zoom) => gc.desk.view.now().zoom === zoom", arg=mine["zoom"])
    settle(page)
    assert look(page) == mine
    page.wait_for_selector("#view-back", state="hidden")


def test_views_are_kept_and_found_again(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    page = window(quiet).desk("?lang=en")
    page.wait_for_function("() => gc.desk.view.now()")
    mine = moved_by_hand(page)
    page.keyboard.press("Shift+Digit3")
    page.wait_for_selector(".toast:has-text('View 3 kept')")
    page.evaluate("(id) => gc.selectIncident(id)", id)
    page.wait_for_function("(zoom) => gc.desk.view.now().zoom !== zoom", arg=mine["zoom"])
    page.reload()
    page.wait_for_selector("#incident-grid .ag-row")
    page.wait_for_function("() => gc.desk.view.now()")
    page.keyboard.press("3")
    page.wait_for_function("(zoom) => gc.desk.view.now().zoom === zoom", arg=mine["zoom"])
    settle(page)
    assert look(page) == mine


def test_the_menu_of_a_unit_opens_and_nothing_else_happens(quiet: Any, window: Any) -> None:
    quiet.opened("库房冒烟")
    page = window(quiet).desk("?lang=en&layers=areas,units")
    page.wait_for_selector(unit("E02"))
    page.wait_for_function("() => gc.desk.view.now()")
    page.evaluate(
        """() => {
            window.flown = [];
            const { fly } = gc.desk.map;
            gc.desk.map.fly = (...at) => { flown.push(at); fly(...at); };
        }"""
    )
    page.locator(f"{unit('E02')} .unit-change").click()
    page.wait_for_selector("#unit-menu")
    assert page.evaluate("flown") == []
    assert page.locator(unit("E02")).get_attribute("aria-selected") == "false"
    page.keyboard.press("Escape")
    page.wait_for_selector("#unit-menu", state="detached")
    # The row itself goes there.
    page.locator(f"{unit('E02')} .unit-name").click()
    assert len(page.evaluate("flown")) == 1
