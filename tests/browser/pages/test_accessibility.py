"""axe looks at every page: nothing serious or critical, in either language."""

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
    ],
)
def test_axe_finds_nothing_serious(demo: Any, window: Any, path: str, there: str) -> None:
    page = window(demo).open(path)
    page.wait_for_selector(there)
    page.wait_for_selector("#live[data-state=live]")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(LOOK)
    assert not found, "\n".join(found)
