"""The desk on the living demonstration district."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_the_queue_lists_what_the_api_says_is_open_with_names_not_codes(demo: Any, window: Any) -> None:
    page = window(demo).desk("?lang=en&layers=areas")
    page.wait_for_function(
        "() => { const count = document.querySelector('#queue-tabs [data-value=open] .tab-count');"
        " return Number(count.textContent.replace(',', '')) > 100 }"
    )
    page.wait_for_function(
        "() => { const steps = [...document.querySelectorAll('#incident-grid .step')].map((n) => n.textContent);"
        " return steps.length > 5 && steps.every((text) => /^[A-Z][a-z ]+$/.test(text)) }"
    )
    names = demo.get("/api/v1/categories")
    named = page.locator("#incident-grid .what").first
    page.wait_for_function(
        "names => { const [, it] = document.querySelector('#incident-grid .what').title.split('\\n');"
        " return names.some((name) => it.startsWith(`${name} · `)) }",
        arg=[name["en"] for name in names.values()],
    )
    assert named.locator(".what-title").inner_text()
    # What the demonstration says of itself is there to its last word, at a narrow desk and beside one field more.
    whole = "() => { const it = document.getElementById('notice'); return it.scrollHeight <= it.clientHeight + 1 }"
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        for role in ("owner", "dispatcher"):
            page.select_option("#role", role)
            page.wait_for_function(whole)


def test_a_dispatch_key_without_a_case_says_why_nobody_was_sent(demo: Any, window: Any) -> None:
    page = window(demo).desk("?lang=en&layers=areas")
    page.wait_for_selector("#incident-grid .ag-row")
    page.keyboard.press("d")
    page.wait_for_selector(".toast.is-refused:has-text('Choose a case')")


def test_an_incident_address_opens_that_incident(demo: Any, window: Any) -> None:
    incident = demo.get("/api/v1/incidents?state=active&limit=3")["incidents"][2]
    page = window(demo).desk(f"?layers=areas&incident={incident['id']}")
    page.wait_for_function("t => document.querySelector('#detail h2')?.textContent === t", arg=incident["title"])
    assert page.locator("#detail .detail-id").inner_text() == incident["id"]


def test_the_queue_is_filtered_and_sorted(demo: Any, window: Any) -> None:
    page = window(demo).desk("?lang=en&layers=areas")
    page.keyboard.press("/")
    page.keyboard.type("no such matter anywhere")
    page.wait_for_selector("#list-empty", state="visible")
    page.wait_for_function("() => document.querySelector('#list-empty').innerText === 'No incident matches.'")
    page.keyboard.press("Escape")
    page.wait_for_selector("#incident-grid .ag-row")
    page.locator(".ag-header-cell", has_text="Priority").click()
    page.wait_for_selector("#incident-grid .ag-row[row-index='0'] .sev-1")
