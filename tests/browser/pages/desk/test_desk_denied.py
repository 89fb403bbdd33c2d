"""What a person may not do in their role: it stands there with who may."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_what_a_role_may_not_do_stands_there_with_who_may(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟", contact="13812345678")
    page = window(quiet).desk(f"?lang=en&desk=Ann&role=worker&layers=areas&incident={id}")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.wait_for_selector("#detail .denied")
    assert page.locator("#detail .denied b").inner_text() == "As Worker you cannot move this case on"
    moves = {it["move"]: it["roles"] for it in quiet.life(id)["moves"]}
    barred = page.locator("#detail .denied li button")
    assert barred.count() >= sum("worker" not in roles for roles in moves.values()) > 0
    assert all(button.is_disabled() for button in barred.all())
    assert all("Worker" not in who for who in page.locator("#detail .denied-by").all_inner_texts())
    assert "138****5678 · covered for every role" in page.locator("#detail .facts").inner_text()

    page.locator("[data-action=language]").click()
    page.wait_for_function(
        "() => document.querySelector('#detail .denied b').textContent === '以“处置人员”身份不能办理此案'"
    )
    assert "值班员" in page.locator("#detail .denied").inner_text()

    page.select_option("#role", "dispatcher")
    page.wait_for_selector("#detail .denied", state="detached")
    assert page.locator("#detail .moves button:not(:disabled)").count() > 1
