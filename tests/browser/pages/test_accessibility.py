"""axe looks at every page: nothing serious or critical, in either language; at desks in either theme."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser

AXE = ROOT / "dashboard/browser/node_modules/axe-core/axe.min.js"
LOOK = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const found = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] })
  return found.violations.filter((it) => ['serious', 'critical'].includes(it.impact))
    .map((it) => `${it.id}: ${it.nodes.slice(0, 6).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? it.help})`).join('; ')}`)
}"""  # noqa: E501


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/?lang=en&layers=areas", "#ticker .tick"),
        ("/desk?lang=zh&layers=areas", "#incident-grid .ag-row"),
        ("/replay?lang=en", "#replay-when"),
        ("/drill?lang=zh", "main h2"),
        ("/fork?lang=zh", "#fork-list > li"),
        ("/desk?lang=en&layers=areas&theme=light", "#incident-grid .ag-row"),
        ("/replay?lang=zh&theme=light", "#replay-when"),
        ("/fork?lang=en&theme=light", "#fork-list > li"),
    ],
)
def test_axe_finds_nothing_serious(demo: Any, window: Any, path: str, there: str) -> None:
    page = window(demo).open(path)
    page.wait_for_selector(there)
    page.wait_for_selector("#live[data-state=live]")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(LOOK)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "there", "press", "opens"),
    [
        ("/desk?lang=en&layers=areas", "#incident-grid .ag-row", "[data-action=new-incident]", "#new-form"),
        ("/?lang=zh&layers=areas", "#ticker .tick", "#window-chosen", "#window-form"),
    ],
)
def test_axe_finds_nothing_serious_in_what_opens(
    demo: Any, window: Any, path: str, there: str, press: str, opens: str
) -> None:
    page = window(demo).open(path)
    page.wait_for_selector(there)
    page.wait_for_selector("#live[data-state=live]")
    page.locator(press).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(opens)
    assert page.evaluate("form => document.querySelector(form).contains(document.activeElement)", opens)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(LOOK)
    assert not found, "\n".join(found)


def test_the_map_says_what_it_shows_and_speaks_when_the_view_changes(demo: Any, window: Any) -> None:
    page = window(demo).wall("?lang=en&layers=areas,incidents")
    page.wait_for_function("() => document.getElementById('map-facts').textContent.startsWith('Yunlan District: ')")
    page.wait_for_selector("#map canvas[aria-describedby=map-facts]")
    assert page.locator("#map-heard").inner_text() == ""
    row = page.locator("#ranking .rank-row button").first
    town = row.locator(".bar-name").inner_text()
    row.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("name => document.getElementById('map-heard').textContent.startsWith(`${name}: `)", arg=town)
    heard = page.locator("#map-heard").text_content()
    assert all(words in heard for words in (" open, ", " reported ", " units free; as of ")), heard
    page.locator("[data-action=language]").click()
    page.wait_for_function("() => document.getElementById('map-heard').textContent.includes('可用力量')")
