"""The wall against the real server: figures, drill-down, address, language, states."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.browser


BEHIND_S = 10.0
"""By how much a figure on a screen of a busy machine may be older than the API's."""


def kpi(page: Any, name: str) -> int:
    return int(page.locator(f"#kpi-{name}").get_attribute("data-value"))


def agree(page: Any, read: Any, name: str) -> None:
    """The district lives: wait until the wall shows what the API said not long ago. A slow screen is behind it."""
    end = time.monotonic() + 90
    said: list[tuple[float, int]] = []
    while time.monotonic() < end:
        said.append((time.monotonic(), read()))
        shown = kpi(page, name)
        if shown in [figure for at, figure in said if at > time.monotonic() - BEHIND_S] or shown == read():
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{name}: the wall shows {shown}, the API said {[figure for _, figure in said[-9:]]}")


def test_figures_are_those_of_the_api(demo: Any, window: Any) -> None:
    page = window(demo).wall("?layers=areas")
    agree(page, lambda: demo.get("/api/v1/incidents?state=active&limit=1")["total"], "open")
    agree(page, lambda: demo.get("/api/v1/units?status=available&limit=1")["total"], "units_available")
    agree(page, lambda: demo.get("/api/v1/sites?kind=camera&online=true&limit=1")["total"], "cameras_online")
    assert demo.get("/api/v1/sites?kind=camera&limit=1")["total"] == 8600
    assert "8,600" in page.locator("#kpi-cameras_online-note").inner_text()


def test_trend_adds_up_to_the_figure_beside_it(demo: Any, window: Any) -> None:
    page = window(demo).wall("?layers=areas")
    page.wait_for_function(
        """() => {
          const drawn = document.querySelector('#trend .js-plotly-plot')?.data?.[0]?.y;
          const shown = Number(document.querySelector('#kpi-reported').dataset.value);
          return drawn && shown > 0 && drawn.reduce((a, b) => a + b, 0) === shown;
        }"""
    )


def test_drill_down_by_ranking_and_map_to_a_grid_and_back(demo: Any, window: Any) -> None:
    view = window(demo)
    page = view.wall("?lang=en")
    assert view.crumbs() == ["Yunlan District"]
    whole = kpi(page, "reported")
    row = page.locator("#ranking .rank-row button").first
    town = row.locator(".bar-name").inner_text()
    code = row.get_attribute("data-nav").removeprefix("area=")
    row.click()
    page.wait_for_function("name => document.querySelector('#crumbs .is-here').textContent === name", arg=town)
    page.wait_for_function("n => Number(document.querySelector('#kpi-reported').dataset.value) < n", arg=whole)
    assert f"area={code}" in view.query()
    agree(page, lambda: demo.get(f"/api/v1/incidents?state=active&limit=1&area={code}")["total"], "open")
    names = {child["name_en"] for child in demo.get(f"/api/v1/areas/{code}")["children"]}
    page.wait_for_function(
        "names => names.includes(document.querySelector('#ranking .bar-name')?.textContent)", arg=sorted(names)
    )

    # The map flies there; a click on it goes one level deeper, to the grid that holds the point.
    area = demo.get(f"/api/v1/areas/{code}")
    grid = area["children"][0]["code"]
    at = demo.get(f"/api/v1/areas/{grid}")
    page.wait_for_function(
        "([grid, [w, s, e, n]]) => { const map = document.getElementById('map').gridmap, m = map?.maplibre;"
        " if (!m || m.isMoving() || !map.areas.shapes.has(grid)) return false;"
        " const c = m.getCenter(); return w < c.lng && c.lng < e && s < c.lat && c.lat < n }",
        arg=[grid, area["bbox"]],
    )
    x, y = page.evaluate(
        "([lon, lat]) => { const map = document.getElementById('map');"
        " const p = map.gridmap.maplibre.project([lon, lat]); "
        "const box = map.getBoundingClientRect(); return [p.x + box.x, p.y + box.y] }",
        [at["lon"], at["lat"]],
    )
    # Scripts write into the address without Dash; the click does not bring the former one back.
    page.evaluate("history.replaceState(history.state, '', `${location.pathname}${location.search}&list=mine`)")
    page.mouse.click(x, y)
    page.wait_for_function("() => document.querySelectorAll('#crumbs .crumb').length === 3 || !card.hidden")
    if page.locator("#card").is_visible():  # something stood on that very point: its card opened instead
        page.keyboard.press("Escape")
        page.locator("#ranking .rank-row button").first.click()
        page.wait_for_function("() => document.querySelectorAll('#crumbs .crumb').length === 3")
    assert "list=mine" in view.query()
    page.wait_for_selector("#roster .roster-row")
    assert page.locator("#panel-ranking").is_hidden()
    assert page.locator("#panel-sites").is_visible()

    page.go_back()
    page.wait_for_function("name => document.querySelector('#crumbs .is-here').textContent === name", arg=town)
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelectorAll('#crumbs .crumb').length === 1")
    assert "area" not in view.query()
    assert "lang=en" in view.query()


def test_an_address_opened_elsewhere_shows_the_same(demo: Any, window: Any) -> None:
    first = window(demo)
    page = first.wall("?layers=areas")
    page.locator("#ranking .rank-row button").nth(2).click()
    page.wait_for_function("() => document.querySelectorAll('#crumbs .crumb').length === 2")
    page.locator('[data-nav="window=7d"]').click()
    page.wait_for_selector('[data-nav="window=7d"][aria-pressed="true"]')
    second = window(demo)
    other = second.wall(first.query())
    assert second.crumbs() == first.crumbs()
    other.wait_for_selector('[data-nav="window=7d"][aria-pressed="true"]')
    page.wait_for_function("() => document.querySelector('#kpi-reported-note').textContent.includes('7天')")
    code = dict(part.split("=") for part in first.query()[1:].split("&"))["area"]
    for shown in (page, other):
        agree(shown, lambda: demo.get(f"/api/v1/incidents?state=active&limit=1&area={code}")["total"], "open")


def test_language_changes_every_word_and_keeps_the_view(demo: Any, window: Any) -> None:
    view = window(demo)
    page = view.wall("?window=7d&layers=areas")
    assert page.locator("h1").inner_text() == "区域社会治理指挥中心"
    page.locator("[data-action=language]").click()
    page.wait_for_function("() => document.querySelector('h1').textContent === 'District Command Centre'")
    assert view.query() == "?window=7d&layers=areas&lang=en"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator(".panel-title").first.inner_text() == "Situation"
    page.wait_for_function("() => !/[\\u4e00-\\u9fff]/.test(document.querySelector('#ranking').textContent)")
    left = page.evaluate(
        "() => [...document.querySelectorAll('[data-i18n]')].filter(n => n.dataset.i18n !== 'nav.lang')"
        ".map(n => n.textContent).filter(t => /[\\u4e00-\\u9fff]/.test(t))"
    )
    assert left == []
    page.locator("[data-action=language]").click()
    page.wait_for_function("() => document.querySelector('h1').textContent === '区域社会治理指挥中心'")
    assert view.query() == "?window=7d&layers=areas"


def test_filters_are_part_of_the_address(demo: Any, window: Any) -> None:
    view = window(demo)
    page = view.wall()
    whole = kpi(page, "reported")
    page.select_option("#filter-severity", "1")
    page.wait_for_function(
        "n => { const v = Number(document.querySelector('#kpi-reported').dataset.value); return v > 0 && v < n }",
        arg=whole,
    )
    assert "severity=1" in view.query()
    page.locator('[data-action="layer:cameras"]').click()
    page.wait_for_selector('[data-action="layer:cameras"][aria-pressed="false"]')
    assert "cameras" not in view.query()
    assert "layers=" in view.query()
    page.reload()
    page.wait_for_selector('[data-action="layer:cameras"][aria-pressed="false"]')
    assert page.locator("#filter-severity").input_value() == "1"


def test_silent_areas_and_feeds_are_named_and_never_zero(demo: Any, window: Any) -> None:
    page = window(demo).wall("?layers=areas")
    page.wait_for_selector("#feeds .feed")
    feeds = {feed["id"]: feed for feed in demo.get("/api/v1/feeds")["feeds"]}
    page.wait_for_function("n => document.querySelectorAll('#feeds .feed').length >= n", arg=len(feeds))
    for row in page.locator("#feeds .feed").all():
        words = row.locator(".feed-state").inner_text()
        state = row.get_attribute("data-state")
        assert words
        assert (state == "ok") == words.endswith("正常")
    page.wait_for_function(
        """() => {
          const said = Number(document.querySelector('#kpi-areas_silent').dataset.value);
          const named = document.querySelectorAll('#silent .silent-area').length;
          return named === Math.min(said, 20);
        }"""
    )


def test_a_bad_address_says_so_and_offers_a_way_out(demo: Any, window: Any) -> None:
    view = window(demo)
    for path, sentence in (
        ("/?area=" + quote("不存在"), "不存在"),
        ("/nowhere", "/nowhere"),
    ):
        page = view.open(path)
        page.wait_for_selector("#bad-address", state="visible")
        assert sentence in page.locator("#bad-address").inner_text()
    page.locator("#bad-back").click()
    page.wait_for_selector("#kpi-reported[data-value]", state="attached")
    assert page.locator("#bad-address").is_hidden()


def test_the_wall_fills_every_screen_without_scrolling(demo: Any, window: Any) -> None:
    page = window(demo).wall("?layers=areas")
    page.wait_for_selector("#ticker .tick")
    for lang in ("zh", "en"):
        for width, height in ((1920, 1080), (3840, 1080), (1366, 768)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(
                "([w, h]) => document.documentElement.scrollWidth === w && document.documentElement.scrollHeight === h",
                arg=[width, height],
            )
            page.wait_for_function(
                """() => [...document.querySelectorAll('.panel, .map-host, .head > *')].filter(n => n.offsetParent)
                  .map(n => [n.id || n.className, n.getBoundingClientRect()])
                  .filter(([, b]) => b.right > innerWidth + 1 || b.bottom > innerHeight + 1 || b.width < 60)
                  .length === 0"""
            )
        page.locator("[data-action=language]").click()
        page.wait_for_function("old => document.documentElement.dataset.lang !== old", arg=lang)


def test_a_first_start_says_what_to_run(empty_server: Any, window: Any) -> None:
    page = window(empty_server).open("/")
    page.wait_for_selector("#no-region", state="visible")
    words = page.locator("#no-region").inner_text()
    assert "make demo" in words
    assert "app.py region import" in words


def test_an_incident_on_the_map_is_named_and_timed_as_in_the_panel(demo: Any, window: Any) -> None:
    page = window(demo).wall("?layers=incidents&lang=en")
    page.wait_for_function("() => gc.panel?.ticker.length && document.getElementById('map').gridmap?.incidents.table")
    said = page.evaluate(
        """() => {
          const map = document.getElementById('map').gridmap;
          const known = new Set(map.incidents.table.cols.key);
          const row = gc.panel.ticker.find((it) => known.has(it.id));
          const thing = { kind: 'incident', id: row.id, area: '' };
          return {
            lines: map.picker.describe(thing, 'en', { timezone: map.content.options.timezone, title: map.titles() }),
            panel: [gc.title(row), gc.t(`severity.${row.severity}`), gc.clock(gc.ms(row.opened), false)],
          };
        }"""
    )
    title, severity, at = said["panel"]
    assert said["lines"][0] == title
    assert said["lines"][1].startswith(severity)
    assert said["lines"][1].endswith(at)


def test_without_a_window_before_nothing_is_compared(demo: Any, window: Any) -> None:
    page = window(demo).wall("?layers=areas&lang=en")
    page.wait_for_function("() => gc.panel?.trend.before.length")
    said = page.evaluate(
        """() => {
          const panel = structuredClone(gc.panel);
          panel.kpis.reported_before = null;
          gc.renderPanel(panel);
          return {
            note: document.querySelector('#kpi-reported-note').textContent,
            lines: gc.trendFigure(panel.trend, false).data.length,
            usual: gc.trendFigure(panel.trend).data.length,
          };
        }"""
    )
    assert said == {"note": "no comparison", "lines": 2, "usual": 3}


def test_a_feed_with_much_to_say_keeps_its_name(demo: Any, window: Any) -> None:
    page = window(demo).wall("?layers=areas&lang=en")
    page.wait_for_function("() => gc.panel?.feeds.length")
    seen = page.evaluate(
        """() => {
          const panel = structuredClone(gc.panel);
          const loud = { ...panel.feeds[0], id: 'push', name: '', name_en: '', state: 'silent' };
          Object.assign(loud, { age_s: 7200, rejected: 123456 });
          panel.feeds = [loud];
          gc.renderPanel(panel);
          const name = document.querySelector('.feed-name');
          return { words: name.textContent, width: name.offsetWidth, needs: name.scrollWidth };
        }"""
    )
    assert seen["words"] == "push"
    assert seen["width"] >= seen["needs"] > 0


def test_a_tour_goes_by_itself_says_why_and_stops_when_touched(demo: Any, window: Any) -> None:
    page = window(demo).wall("?lang=en&layers=areas&tour=5")
    why = "document.querySelector('#tour .tour-why')?.textContent ?? ''"
    page.wait_for_function(f"() => /reported in 24 h, .* critical/.test({why})")
    page.wait_for_function(
        f"() => document.querySelectorAll('#crumbs .crumb').length > 1 && /(most|rose|silent|New critical)/.test({why})"
    )
    page.keyboard.press("ArrowDown")
    assert page.locator("#tour .tour-why").text_content() == "Touched: the tour has stopped"
    page.wait_for_function("() => !location.search.includes('tour=')")
    assert page.locator("#tour-button").get_attribute("aria-pressed") == "false"


def test_a_unit_is_followed_and_the_page_follows_its_address(demo: Any, window: Any) -> None:
    unit = demo.get("/api/v1/units?limit=1")["units"][0]["id"]
    page = window(demo).wall(f"?lang=en&layers=areas,units&follow={unit}")
    page.wait_for_function("id => document.querySelector('#follow-chip')?.textContent.includes(id)", arg=unit)
    page.wait_for_function("() => document.getElementById('map').gridmap?.maplibre?.getZoom() >= 12.9")
    whole = kpi(page, "reported")
    page.locator("#ranking .rank-row button").first.click()
    page.wait_for_function("n => Number(document.querySelector('#kpi-reported').dataset.value) < n", arg=whole)
    page.click("#follow-chip")
    page.wait_for_function("() => !document.querySelector('#follow-chip') && !location.search.includes('follow')")
