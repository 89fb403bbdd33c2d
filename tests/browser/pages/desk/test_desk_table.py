"""A long queue in the table: it draws what is seen and no more, and every row is there when it is looked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from data.records import EventPayload, Kind, Record

pytestmark = pytest.mark.browser

CASES = 1500

ROWS = """() => [...document.querySelectorAll('#incident-grid .ag-center-cols-container > .ag-row')]
    .map((node) => [Number(node.getAttribute('row-index')), node.getAttribute('row-id'),
      node.querySelector('.what')?.title.split('\\n').at(-1), node.querySelector('.sla-words')?.textContent])
    .sort((a, b) => a[0] - b[0])"""
SCROLL = "top => { document.querySelector('#incident-grid .ag-body-viewport').scrollTop = top }"
TOP = "() => document.querySelector('#incident-grid .ag-body-viewport').scrollTop"
SETTLED = f"""() => {{
  const rows = ({ROWS})();
  const whole = rows.every(([place, id, of, clock], i) => place === rows[0][0] + i && id && id === of && clock);
  return rows.length > 5 && whole && new Set(rows.map((row) => row[1])).size === rows.length;
}}"""


def seen(page: Any) -> list[list[Any]]:
    """Place, id and case of every row that is drawn, once each has its own: no place and no case is there twice."""
    page.wait_for_function(SETTLED)
    rows: list[list[Any]] = page.evaluate(ROWS)
    return rows


def middle(page: Any, top: int = 30_000) -> list[list[Any]]:
    page.evaluate(SCROLL, top)
    page.wait_for_function(f"() => ({ROWS})().every(([place]) => place > 500)")
    return seen(page)


@pytest.fixture
def long(quiet: Any, window: Any) -> Any:
    now = quiet.services.clock.now()
    quiet.services.store.append(
        [
            Record(
                Kind.EVENT,
                "hotline",
                f"F{i:04d}",
                now - timedelta(seconds=i * 7919 % CASES),  # no two at once, and not in the order of their numbers
                EventPayload(category="1301", severity=2 + i % 3, title=f"积水 {i}", title_en=f"Water {i}"),
                lon=116.01 + (i % 90) / 1000,
                lat=35.01 + (i % 80) / 1000,
            )
            for i in range(CASES)
        ]
    )
    page = window(quiet).desk("?lang=en&layers=areas")
    page.wait_for_selector("#queue-tabs [data-value=open] .tab-count:text-is('1,500')")
    return page


def test_only_what_is_seen_is_drawn_and_the_table_says_how_long_it_is(long: Any) -> None:
    assert len(seen(long)) < 100
    assert long.locator("#incident-grid [role=grid]").get_attribute("aria-rowcount") == str(CASES + 1)
    there = middle(long)
    assert len(there) < 100
    assert there[0][0] > 500
    long.evaluate(SCROLL, 10**7)
    long.wait_for_selector(f"#incident-grid .ag-row[row-index='{CASES - 1}'] .what-title")
    assert seen(long)[-1][0] == CASES - 1


def test_keys_go_to_both_ends_and_by_pages(long: Any) -> None:
    def at(place: int) -> None:
        long.wait_for_selector(f"#incident-grid .ag-row-selected[row-index='{place}'][aria-selected=true]")
        assert long.locator("#incident-grid .ag-center-cols-container > .ag-row-selected").count() == 1

    long.keyboard.press("End")
    at(CASES - 1)
    last = seen(long)[-1][1]
    long.wait_for_function("id => new URLSearchParams(location.search).get('incident') === id", arg=last)
    long.keyboard.press("PageUp")
    at(CASES - 11)
    long.keyboard.press("Home")
    at(0)
    long.keyboard.press("PageDown")
    at(10)
    long.keyboard.press("ArrowUp")
    at(9)


def test_sorting_puts_other_cases_at_the_places_that_are_seen(long: Any) -> None:
    by_need = [row[1] for row in middle(long)]
    top = long.evaluate(TOP)
    long.locator(".ag-header-cell[col-id=age]").click()
    long.locator(".ag-header-cell[col-id=age]").click()
    long.wait_for_selector(".ag-header-cell[col-id=age][aria-sort=descending]")
    long.wait_for_function(
        f"was => JSON.stringify(({ROWS})().map((row) => row[1])) !== JSON.stringify(was)", arg=by_need
    )
    seen(long)
    assert long.evaluate(TOP) == top
    long.locator("#by-need").click()
    long.wait_for_function(
        f"was => JSON.stringify(({ROWS})().map((row) => row[1])) === JSON.stringify(was)", arg=by_need
    )


def test_what_is_in_hand_stays_marked_when_others_come_and_go_and_when_it_is_out_of_sight(
    quiet: Any, long: Any
) -> None:
    rows = middle(long)
    place, chosen = rows[len(rows) // 2][:2]
    long.locator(f'#incident-grid .ag-center-cols-container [row-id="{chosen}"]').click()
    long.wait_for_selector(f'#incident-grid .ag-row-selected[row-id="{chosen}"]')
    urgent = quiet.opened("库房冒烟")
    long.wait_for_selector("#queue-tabs [data-value=open] .tab-count:text-is('1,501')")
    long.wait_for_selector(f'#incident-grid .ag-row-selected[row-id="{chosen}"][row-index="{place + 1}"]')
    seen(long)
    long.evaluate(SCROLL, 0)
    long.wait_for_selector(f'#incident-grid .ag-row.is-fresh[row-index="0"][row-id="{urgent}"]')
    assert long.locator("#incident-grid .ag-row-selected").count() == 0
    middle(long)
    long.wait_for_selector(f'#incident-grid .ag-row-selected[row-id="{chosen}"]')


def test_the_filter_finds_rows_that_were_never_seen(long: Any) -> None:
    long.keyboard.press("/")
    long.keyboard.type("water 1234")
    long.wait_for_function(f"() => ({ROWS})().length === 1")
    assert long.locator("#list-shown").inner_text().startswith("1 ")
    assert long.locator("#incident-grid .what-title").inner_text() == "Water 1234"
    long.keyboard.press("Escape")
    long.wait_for_function(f"() => ({ROWS})().length > 5")
    seen(long)


def test_one_row_is_in_hand_when_the_queue_shrank_above_the_last_one_and_grew_again(quiet: Any, window: Any) -> None:
    quiet.flood(11)
    fire = quiet.opened("库房冒烟")
    page = window(quiet).desk("?lang=en&layers=areas")
    marked = "() => document.querySelectorAll('#incident-grid .ag-center-cols-container > .ag-row-selected').length"
    page.wait_for_function(f"() => ({ROWS})().length === 12")
    chosen = seen(page)[-1][1]
    page.keyboard.press("End")
    page.wait_for_selector(f"#incident-grid .ag-row-selected[row-id='{chosen}']")
    quiet.post(f"/incidents/{fire}/close", actor="坐席 9", disposition="已扑灭")
    page.wait_for_selector(f"#incident-grid .ag-row-selected[row-id='{chosen}'][row-index='10']")
    quiet.opened("厂房冒烟")
    page.wait_for_selector(f"#incident-grid .ag-row-selected[row-id='{chosen}'][row-index='11']")
    assert page.evaluate(marked) == 1
    page.keyboard.press("Home")
    page.wait_for_selector("#incident-grid .ag-row-selected[row-index='0']")
    assert page.evaluate(marked) == 1
