"""Time on the wall: a window beside the one before, read and left again, by keyboard alone; a period of one's own."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

SEEN = """() => {
  const { panel } = gc, { kpis } = panel, map = document.getElementById('map').gridmap;
  const text = (id) => document.getElementById(id).textContent;
  return {
    note: text('kpi-reported-note'), open: text('kpi-open-note'), kpis,
    signed: gc.signed(kpis.reported - kpis.reported_before),
    change: [...document.querySelectorAll('#ranking .rank-open')].map((node) => node.textContent),
    ranking: panel.ranking.map((row) => gc.signed(row.count - row.before)),
    figures: panel.ranking.map((row) => map.areas.figures(row.code)),
    legend: document.getElementById('legend-title').textContent,
    ticks: [...document.querySelectorAll('#legend-ticks > span')].map((node) => node.textContent),
  };
}"""


def press(page: Any, selector: str) -> None:
    page.focus(selector)
    page.keyboard.press("Enter")


def test_differences_are_chosen_read_and_left_by_keyboard(demo: Any, window: Any) -> None:
    view = window(demo)
    page = view.wall("?lang=en&layers=areas")
    press(page, '[data-nav="window=today"]')
    page.wait_for_selector('[data-nav="window=today"][aria-pressed="true"]')
    press(page, "#compare-button")
    page.wait_for_selector('#compare-button[aria-pressed="true"]')
    assert "compare=1" in view.query()
    assert "window=today" in view.query()
    page.wait_for_function(
        "() => gc.panel.kpis.before && document.querySelectorAll('#legend-ticks > span').length === 3"
        " && document.getElementById('legend-title').textContent.endsWith('vs yesterday by now')"
        " && document.getElementById('map').gridmap.areas.compared()"
    )
    seen = page.evaluate(SEEN)
    kpis = seen["kpis"]
    assert kpis["before"]["reported"] == kpis["reported_before"]
    assert seen["signed"] in seen["note"]
    assert "vs yesterday by now" in seen["note"]
    assert seen["open"] == page.evaluate("n => gc.signed(n)", kpis["open"] - kpis["before"]["open"])
    assert seen["change"] == seen["ranking"]
    assert len(seen["change"]) > 5
    low, middle, high = seen["ticks"]
    assert (low[0], middle, high[0], low[1:]) == ("−", "±0", "+", high[1:])
    # The map carries the same differences: those of the areas add up to that of the ranking.
    assert all(row["before"] is not None and row["now"] == row["count"] for row in seen["figures"])

    press(page, "#compare-button")
    page.wait_for_selector('#compare-button[aria-pressed="false"]')
    page.wait_for_function("() => !document.getElementById('map').gridmap.areas.compared()")
    page.wait_for_function("() => document.getElementById('kpi-open-note').textContent === ''")
    assert "compare" not in view.query()

    # The last seven days: the newest is today's figure, and an older one opens as it was.
    press(page, "#days-button")
    page.wait_for_function(
        "() => document.querySelectorAll('#days .day').length === 7"
        " && [...document.querySelectorAll('#days canvas')].every((canvas) => canvas.dataset.seen)"
    )
    page.wait_for_function("() => gc.panel.days.days.at(-1).total === gc.panel.kpis.reported")
    wanted = page.evaluate("() => gc.panel.days.days[2]")
    press(page, "#days .day:nth-child(3) button")
    page.wait_for_function("() => new URLSearchParams(location.search).has('replay') && window.gc?.replays?.now")
    page.wait_for_function("total => window.gc?.panel?.replay && gc.panel.kpis.reported === total", arg=wanted["total"])
    shown = page.evaluate("() => [gc.replays.now.from, gc.panel.days.days.at(-1).date]")
    assert shown == [wanted["from"], wanted["date"]]
    assert page.locator("#days .day").count() == 7
    page = view.wall("?lang=en&layers=areas")

    # A period of one's own, refused in place when it ends before it begins.
    press(page, "#window-chosen")
    page.wait_for_selector("#window-form")
    assert page.evaluate("document.activeElement.id") == "window-from"
    page.fill("#window-from", "2026-01-02 08:00")
    page.fill("#window-to", "2026-01-01 20:00")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('window-refused').textContent.startsWith('Two local times')")
    page.fill("#window-to", "2026-01-03")
    page.keyboard.press("Enter")
    page.wait_for_selector('#window-chosen[aria-pressed="true"]')
    assert "window=2026-01-02T08%3A00%2F2026-01-03T00%3A00" in view.query()
    chosen = page.locator("#window-chosen").inner_text()
    assert chosen.replace("2026-", "") == "01-02 08:00 – 01-03 00:00"  # the year is left out where it is this one
    page.wait_for_function("() => document.getElementById('kpi-reported').dataset.value === '0'")
    press(page, "#window-chosen")
    page.wait_for_selector("#window-form")
    page.keyboard.press("Escape")
    page.wait_for_selector("#window-form", state="detached")
    assert page.evaluate("document.activeElement.id") == "window-chosen"
