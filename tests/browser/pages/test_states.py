"""What a page says when it does not show the present of a living server, and what it loads."""

from __future__ import annotations

import time
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def now_on(page: Any) -> float:
    """Milliseconds since 1970 by the page's clock."""
    return float(page.evaluate("() => gc.now()"))


def test_a_past_time_is_never_taken_for_now(past: Any, window: Any) -> None:
    assert past.get("/readyz")["past"] is True
    page = window(past).wall("?lang=en&layers=areas")
    page.wait_for_selector("#live[data-state=past]")
    assert page.locator("#live-word").inner_text() == "Past"
    assert 1.9 < (time.time() - now_on(page) / 1000) / 3600 < 2.1
    shown, of_page = page.evaluate("() => [document.querySelector('#past').innerText, gc.minute(gc.now())]")
    assert shown.startswith(f"Past: {of_page[:13]}")
    assert page.locator("#clock-time").inner_text()[:2] == of_page[11:13]
    frame = "() => getComputedStyle(document.querySelector('.page'), '::after').borderTopStyle"
    assert page.evaluate(frame) == "solid"
    assert page.locator("#stamps").inner_text() == ""
    assert page.locator("#live-lag").inner_text() == ""


def test_a_past_time_takes_no_commands_and_says_why(past: Any, window: Any) -> None:
    view = window(past)
    page = view.desk("?lang=en&layers=areas")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.wait_for_function("() => document.querySelector('.head').scrollWidth <= innerWidth")
    reason = page.evaluate("() => gc.t('past.commands')")
    fresh = page.locator("[data-action=new-incident]")
    assert fresh.is_disabled()
    assert fresh.get_attribute("title") == reason
    view.first_incident()
    page.wait_for_selector("#detail .past-reason")
    assert page.locator("#detail .past-reason").inner_text() == reason
    # That time goes on too: the list and the incident in hand say the same as soon as both have heard.
    page.wait_for_function(
        "() => { const of = (where) => document.querySelector(`${where} .step`)?.textContent;"
        " const inHand = of('#detail .detail-head');"
        " return inHand && of('#incident-grid .ag-row-selected') === inHand }"
    )
    commands = page.locator("#detail button[data-action]:not(.link)")
    assert all(button.is_disabled() for button in commands.all())
    page.keyboard.press("n")
    page.wait_for_selector("#toasts .is-refused")
    assert page.locator("#new-form").is_hidden()


def test_the_clock_is_the_servers_on_a_screen_that_goes_wrong(demo: Any, window: Any) -> None:
    view = window(demo)
    view.page.add_init_script("{ const now = Date.now; Date.now = () => now() - 3_600_000 }")
    page = view.wall("?layers=areas")
    page.wait_for_function("() => gc.offset !== null && gc.offset !== 0")
    assert abs(now_on(page) / 1000 - time.time()) < 30
    page.wait_for_function("() => document.querySelector('#clock-time').textContent === gc.clock(gc.now())")
    page.wait_for_function("() => document.querySelectorAll('#stamps .stamp').length === 4")
    assert "小时" not in page.locator("#stamps").inner_text()


def test_a_store_that_is_away_and_a_lost_server_are_told_apart(demo: Any, window: Any) -> None:
    sockets: list[Any] = []
    gone: list[bool] = []

    def between(socket: Any) -> None:
        if gone:
            socket.close()
            return
        socket.connect_to_server()
        sockets.append(socket)

    view = window(demo)
    view.page.route_web_socket("**/stream", between)
    page = view.wall("?lang=en&layers=areas")
    page.wait_for_selector("#live[data-state=live]")
    since = (int(time.time()) - 90) * 1000 + 500  # amid a second: the page reckons by the server's clock
    sockets[-1].send(f'{{"op":"state","store":"away","since":{since}}}')
    page.wait_for_selector("#banner[data-says=store]", state="visible")
    assert page.evaluate("ms => gc.clock(ms)", since) in page.locator("#banner").inner_text()
    page.wait_for_function("() => document.querySelector('#live-word').textContent === 'Stale'")
    sockets[-1].send('{"op":"state","store":"ok","since":0}')
    page.wait_for_selector("#banner", state="hidden")

    gone.append(True)
    sockets[-1].close()
    page.wait_for_selector("#banner[data-says=closed]", state="visible")
    assert "reconnecting" in page.locator("#banner").inner_text()
    gone.clear()
    page.wait_for_selector("#banner", state="hidden")
    page.wait_for_function("() => document.querySelector('#live-word').textContent === 'Live'")


def test_a_failed_preparation_is_shown_with_its_reason(broken_server: Any, window: Any) -> None:
    failed = broken_server.get("/readyz")["failed"]
    view = window(broken_server)
    page = view.open("/?lang=en")
    page.wait_for_selector("#failed", state="visible")
    assert failed in page.locator("#failed").inner_text()
    assert "mapping.toml" in failed
    assert page.locator("#preparing").is_hidden()
    assert page.locator("#no-region").is_hidden()
    view.problems[:] = [
        said for said in view.problems if "503" not in said
    ]  # /readyz, which a page without a region asks


def test_while_a_start_prepares_its_step_is_shown_and_no_figure(preparing: Any, window: Any) -> None:
    wall, desk = window(preparing), window(preparing)
    for view, path in ((wall, "/"), (desk, "/desk")):
        page = view.open(f"{path}?lang=en&layers=areas")
        page.wait_for_selector("#preparing", state="visible")
        assert "the demonstration district is being made" in page.locator("#preparing").inner_text()
        page.wait_for_selector("#live[data-state=preparing]")  # the stream flows by now
        page.wait_for_function("() => gc.panel")  # and brought figures, which are not true yet
        assert page.locator("#live-word").inner_text() == "Preparing"
        assert page.locator("#main").is_hidden()
        assert page.locator("[id^=kpi-][data-value]").count() == 0
        assert page.locator("#incident-grid .ag-row").count() == 0 or page.locator("#incident-grid").is_hidden()
        assert page.locator("#no-region").is_hidden()
        page.locator("[data-action=language]").click()
        page.wait_for_function("() => document.querySelector('#preparing-step').textContent.includes('演示区')")

    (preparing.log.parent / "done").touch()
    for view, filled in ((wall, "#kpi-reported[data-value]"), (desk, "#incident-grid .ag-row")):
        view.page.wait_for_selector("#live[data-state=live]")
        view.page.wait_for_selector(filled)
        assert view.page.locator("#preparing").is_hidden()
        assert view.page.locator("#main").is_visible()
        view.problems[:] = [said for said in view.problems if "503" not in said]  # /readyz, asked until it is ready


def test_a_page_says_what_it_is_before_any_script_runs(empty_server: Any, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        for query, title, loading in (
            ("", "区域社会治理指挥中心", "正在载入"),
            ("?lang=en", "District Command", "Loading"),
        ):
            page.goto(f"{empty_server.url}/{query}")
            shown = page.locator("#react-entry-point").inner_text()
            assert title in shown
            assert loading in shown
    finally:
        context.close()


def test_each_page_loads_what_it_draws_and_one_small_plotly(demo: Any, window: Any) -> None:
    for path, charts in (("/", 1), ("/desk", 0)):
        view = window(demo, cold=True)
        sent = view.page.context.new_cdp_session(view.page)
        sent.send("Network.enable")
        bytes_of: list[float] = []
        sent.on("Network.loadingFinished", lambda done, into=bytes_of: into.append(done["encodedDataLength"]))
        page = view.wall("?layers=areas") if path == "/" else view.desk("?layers=areas")
        if charts:
            page.wait_for_selector("#trend .js-plotly-plot .plot-container")
        plotly = page.evaluate("() => [...document.scripts].map(s => s.src).filter(s => s.includes('plotly'))")
        assert len(plotly) == charts, plotly
        assert all("plotly-basic" in script for script in plotly)
        assert 500_000 < sum(bytes_of) < (1_750_000 if charts else 2_350_000), path


def test_the_legend_has_the_numbers_of_what_is_drawn(demo: Any, window: Any) -> None:
    page = window(demo).wall("?lang=en")
    page.wait_for_selector("#legend-ticks > span")
    page.wait_for_function(
        "() => Number(document.querySelector('#legend-ticks > :last-child').textContent.replace(/,/g, ''))"
        " === document.getElementById('map').gridmap.legend().max"
    )
    assert page.locator("#legend-ticks > span").first.inner_text() == "1"
    assert page.locator("#legend-title").inner_text().startswith("Reported per cell of ")


def test_a_matter_without_a_title_is_called_by_its_category(demo: Any, window: Any) -> None:
    page = window(demo).wall("?lang=en&layers=areas")
    names = demo.get("/api/v1/categories")
    code = next(iter(names))
    page.wait_for_function("code => gc.title({ id: 'x', category: code, title: '' }) !== code", arg=code)
    assert page.evaluate("code => gc.title({ id: 'x', category: code, title: '' })", code) == names[code]["en"]
