"""Replay in the browser: a past moment that nobody takes for now, moved by key and scrubber, while live goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.pages.conftest import Server, Window

Windows = Callable[..., Window]
FRAMED = "window.gc?.replays?.framed"


def shown(page: Any) -> float:
    """The moment that the page shows, ms since 1970."""
    return float(page.evaluate("gc.replays.now.t"))


def until(page: Any, true: str, arg: Any = None) -> None:
    page.wait_for_function(true, arg=arg)


def one_time(page: Any) -> None:
    """The clock of the header comes to the moment that the bar says: both are those of the picture."""
    until(
        page, "document.getElementById('clock-time').textContent === document.getElementById('replay-time').textContent"
    )


@pytest.fixture
def begun(demo: Server, window: Windows) -> Callable[[str], Any]:
    """Opens a page of a replay that stands two hours ago."""

    def open_page(path: str, hours: float = 2) -> Any:
        one = window(demo)
        id = demo.give("/api/v1/replays", {"ago_s": hours * 3600})["id"]
        one.open(f"{path}?lang=en&layers=areas&replay={id}")
        until(one.page, FRAMED)
        return one.page

    return open_page


def test_a_replay_is_begun_from_its_page_and_says_everywhere_that_it_is_not_now(demo: Server, window: Windows):
    one = window(demo)
    page = one.open("/replay?lang=en")
    page.fill("#replay-when", "tomorrow")
    page.click('[data-action="replay-begin"]')
    assert "Write it as" in page.inner_text("#replay-refused")
    page.click('[data-action="replay-page:wall"]')
    page.click('[data-action="replay-ago:3"]')
    page.wait_for_url("**/?*replay=*")
    until(page, FRAMED)
    it = shown(page)
    live = page.evaluate("gc.replays.serverNow()")
    assert abs(live - it - 3 * 3_600_000) < 120_000
    one_time(page)
    assert page.inner_text(".replay-word").strip() == "REPLAY"
    assert "not now" in page.inner_text("#past-text")
    assert page.inner_text("#live-word") == "Replay"
    assert page.title().startswith("REPLAY ")
    assert "is-replay" in page.evaluate("document.documentElement.className")


def test_keys_and_the_scrubber_move_the_moment_and_live_goes_on_beside(demo: Server, window: Windows, begun: Any):
    live = window(demo).wall("?lang=en&layers=areas")
    page = begun("/")
    first = shown(page)
    page.keyboard.press("ArrowRight")
    until(page, "(t) => gc.replays.now.t > t", arg=first)
    until(page, "document.getElementById('replay-said').textContent")
    for rate in (10, 60, 300, 600, 3600):
        page.keyboard.press("]")
        until(page, "(rate) => gc.replays.now.rate === rate", arg=rate)
    page.keyboard.press(" ")
    until(page, "(t) => gc.replays.now.t > t + 1200000", arg=first)
    page.keyboard.press(" ")
    until(page, "!gc.replays.now.playing")
    track = page.locator("#replay-track").bounding_box()
    page.mouse.click(track["x"] + track["width"] * 0.1, track["y"] + track["height"] / 2)
    until(
        page,
        "Math.abs((gc.replays.now.t - gc.replays.now.from) / (gc.replays.now.to - gc.replays.now.from) - 0.1) < 0.02",
    )
    assert shown(page) < first
    one_time(page)
    # The live window beside it shows now, and is marked in no way.
    assert live.evaluate("Math.abs(gc.now() - Date.now())") < 60_000
    assert live.inner_text("#live-word") == "Live"
    assert live.locator("#replay-bar").count() == 0
    page.click('[data-action="replay-leave"]')
    page.wait_for_selector('#live[data-state="live"]')
    assert "replay" not in page.evaluate("location.search")


def test_queue_and_case_are_those_of_the_moment_and_no_command_can_be_given(demo: Server, begun: Any):
    page = begun("/desk")
    page.wait_for_selector("#incident-grid .ag-row")
    counted = (
        "Number(document.querySelector('#queue-tabs [aria-selected=true] .tab-count').textContent.replace(/\\D/g, ''))"
    )
    at = page.evaluate("new Date(gc.replays.now.t).toISOString()")
    until(page, f"(open) => {counted} === open", arg=demo.get(f"/api/v1/state?at={at}")["open"])
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#detail .past-reason")
    assert "replayed" in page.inner_text("#detail .past-reason")
    assert page.locator("#detail .primary:not(:disabled)").count() == 0
    page.keyboard.press("Escape")  # a day before it was not there yet
    page.wait_for_selector("#detail-none", state="visible")
    page.click("#replay-time")
    earlier = page.evaluate("gc.replays.moment(gc.replays.now.t - 26 * 3600000)")
    page.fill("#replay-written", earlier)
    page.keyboard.press("Enter")
    until(page, "(words) => gc.replays.moment(gc.replays.now.t) === words && gc.replays.framed", arg=earlier)
    at = page.evaluate("new Date(gc.replays.now.t).toISOString()")
    until(page, f"(open) => {counted} === open", arg=demo.get(f"/api/v1/state?at={at}")["open"])


def test_a_replay_that_ended_says_so_and_offers_to_begin_again(demo: Server, begun: Any):
    page = begun("/replay")
    assert page.locator("#happened .happened-row").first.inner_text()
    before = shown(page)
    page.evaluate("gc.replays.end(gc.replay)")
    page.wait_for_selector("#replay-ended")
    page.click('[data-action="replay-again"]')
    until(page, "!document.getElementById('replay-ended') && window.gc?.replays?.framed")
    assert abs(shown(page) - before) < 1


def test_another_browser_sees_the_bookmark_and_what_each_seat_looked_at(demo: Server, window: Windows):
    wall = window(demo).wall("?lang=en&window=7d&layers=areas&seat=north")
    # The moment at which the server heard it: a replay of it shows the seat, whatever happens to the wall afterwards.
    seen = (
        "gc.api(`/seats?at=${new Date(gc.now()).toISOString()}`).then((it) => it.seats.some((s) => s.seat === 'north'))"
    )
    wall.wait_for_function(f"() => {seen}")
    id = wall.evaluate("gc.api('/replays', {ago_s: 0.5}).then((made) => made.id)")
    pages = [window(demo).open(f"/replay?lang=en&layers=areas&replay={id}") for _ in range(2)]
    for page in pages:
        until(page, FRAMED)
    pages[0].keyboard.press("m")
    named = pages[0].locator(".mark-name")
    named.wait_for()
    named.fill("rain begins")
    named.press("Enter")
    named.blur()
    until(pages[1], "document.querySelector('.mark-name')?.value === 'rain begins'")
    pages[1].click(".mark-row [data-action^='replay-unmark']")
    until(pages[1], "!document.querySelector('.mark-row')")
    until(pages[0], "!document.querySelector('.mark-row')")
    row = pages[0].locator(".seat-row", has_text="north")
    assert "Whole region · 7 days" in row.inner_text()
    row.locator("a").click()
    pages[0].wait_for_url("**/?*window=7d*")
    until(pages[0], FRAMED)
    assert pages[0].evaluate("[gc.address.page, gc.address.view.window, gc.replay]") == ["/", "7d", id]
