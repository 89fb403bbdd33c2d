"""A drill in the browser: made, run by its controllers, played on its own desk; nothing of it is on a live screen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from data.clock import SystemClock
from data.settings import Settings
from tests.browser.pages.conftest import Window
from tests.contract.api.api_server import serving, settled

Windows = Callable[..., Window]

CLASSES = {"05": {"zh": "消防安全", "en": "Fire safety"}, "0502": {"zh": "建筑火灾", "en": "Building fire"}}

SCENARIO = """
id = "quay"
zh = "码头火灾演练"
en = "Fire on the quay"
start = 2026-11-03T09:00:00
zone = "Asia/Shanghai"
duration = "3 h"

[[objectives]]
id = "first-order"
zh = "三十分钟内派出首批力量"
en = "First units sent within thirty minutes"
target = { measure = "interval", between = "opened:dispatched", percentile = 90, within = "30 min" }

[[objectives]]
id = "told"
zh = "三十分钟内确认"
en = "Orders acknowledged within thirty minutes"
target = { measure = "actions", share = 1 }

[[injects]]
id = "Q-01"
at = "1:00"
kind = "message"
zh = "港区封闭，请做好疏散准备"
en = "The port is closed: prepare to clear it"
expect = { action = "acknowledge", within = "30 min", objective = "told" }
notes = "只对导控可见 / for controllers only"

[[injects]]
id = "Q-02"
at = "2:00"
kind = "event"
source = "119"
category = "0502"
severity = 1
lon = 116.045
lat = 35.05
zh = "码头仓库起火"
en = "A warehouse on the quay burns"
expect = { action = "dispatch", within = "30 min", objective = "first-order", units = { fire_engine = 1 } }
"""


@dataclass
class Centre:
    """A quiet centre with a scenario of its own, and one that has a fault."""

    url: str
    client: httpx.Client

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Centre]:
    var = tmp_path_factory.mktemp("drill")
    (var / "scenarios").mkdir()
    (var / "scenarios" / "quay.toml").write_text(SCENARIO, encoding="utf-8")
    broken = SCENARIO.replace('"quay"', '"broken"').replace("116.045", "12.5")
    (var / "scenarios" / "broken.toml").write_text(broken, encoding="utf-8")
    settings = Settings(var_dir=var, database_url="", tick_min_s=0.05, silence_poll_s=0.2)
    with serving(settings, SystemClock()) as server:
        server.services.store.put_basemap("categories", json.dumps(CLASSES).encode())
        settled(server.services)
        yield Centre(f"http://127.0.0.1:{server.port}", server.client)


def make(page: Any, run: str) -> str:
    """A drill of the scenario, by its page; the console follows. Returns the timeline."""
    page.click('[data-action="drill-choose:quay"]')
    page.fill("#drill-run", run)
    page.click("#drill-make:not([disabled])")
    page.wait_for_selector('#drill-board[data-phase="prepared"]')
    return str(page.evaluate("gc.timeline"))


def fire(page: Any, inject: str) -> None:
    """By hand, before its time: pressed once it asks, pressed again it is done."""
    button = f'[data-action="drill-fire:{inject}"]'
    page.click(f"{button}:not(.is-sure):not([disabled])")
    page.click(f"{button}.is-sure:not([disabled])")
    page.wait_for_selector(f'[data-inject="{inject}"][data-fate="fired"]')


def test_a_drill_is_run_and_played_on_its_own_screens_and_live_ones_show_nothing_of_it(centre: Centre, window: Windows):
    listed = window(centre, width=1600, height=900)
    page = listed.open("/drill?lang=en")
    faulty = page.locator('[data-key="broken"].is-faulty')
    faulty.wait_for()
    assert "broken.toml:37: inject Q-02: the point" in faulty.inner_text()
    assert faulty.locator("button").is_disabled()
    timeline = make(page, "one")
    assert timeline == "drill:quay:one"
    page.click("#drill-go")
    page.wait_for_selector('#drill-board[data-phase="running"]')
    fire(page, "Q-01")
    fire(page, "Q-02")

    played = window(centre, width=1600, height=900)
    desk = played.desk(f"?lang=en&timeline={timeline}")
    desk.wait_for_function("document.getElementById('live')?.dataset.state === 'exercise'")
    assert desk.title().startswith("(1) EXERCISE")
    assert "Fire on the quay" in desk.inner_text("#exercise-name")
    marked = "getComputedStyle(document.querySelector('.map-host'), '::before')"
    assert "EXERCISE" in desk.evaluate(f"{marked}.backgroundImage")
    assert desk.evaluate(f"{marked}.pointerEvents") == "none"
    # What the page calls now is the exercise's time: three hours of a day that is none of today.
    assert desk.evaluate("new Date(gc.now()).toISOString().slice(0, 12)") == "2026-11-03T0"
    assert "prepare to clear it" in desk.inner_text("#exercise-message")
    assert "for controllers" not in desk.inner_text("body")
    desk.fill("#actor", "Desk 7")
    desk.keyboard.press("Tab")
    desk.click('#exercise-message [data-action^="exercise-acknowledge"]')
    desk.wait_for_function("!document.documentElement.classList.contains('has-message')")
    desk.click("#exercise-messages-open")
    assert "acknowledged by Desk 7" in desk.inner_text("#exercise-list")
    desk.keyboard.press("Escape")
    played.first_incident()
    assert "A warehouse on the quay burns" in desk.inner_text("#detail h2")
    desk.wait_for_selector('#detail [data-action^="dispatch:"]:not([disabled])')
    desk.keyboard.press("d")
    desk.wait_for_selector("#detail .part-sent")

    for inject in ("Q-01", "Q-02"):
        page.wait_for_selector(f'[data-inject="{inject}"] .msel-result[data-state="met"]')
    page.click('[data-action="drill-show:done"]')
    page.wait_for_function("document.querySelectorAll('#msel > [data-inject]').length === 2")

    live = window(centre).wall("?lang=en")
    live.wait_for_selector('#live[data-state="live"]')
    assert (live.locator("#exercise").count(), live.evaluate("gc.exercise ?? null")) == (0, None)
    assert "EXERCISE" not in live.title()
    assert live.get_attribute("#kpi-reported", "data-value") == "0"
    assert "quay" not in live.inner_text("body")
    assert centre.get("/incidents")["total"] == 0
    assert [unit["status"] for unit in centre.get("/units")["units"] if unit["status"] != "available"] == []


def test_a_controller_adds_an_inject_an_evaluator_rates_and_the_end_is_asked_for_twice(centre: Centre, window: Windows):
    one = window(centre, width=1600, height=900)
    page = one.open("/drill?lang=en")
    timeline = make(page, "two")
    page.fill("#drill-actor", "Zhao")
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    page.wait_for_selector("#inject-zh")
    page.click('[data-action="drill-draft:kind=event"]')
    page.fill("#inject-zh", "另一处起火")
    page.fill("#inject-en", "Another fire")
    page.fill("#inject-source", "119")
    page.fill("#inject-category", "0502")
    page.fill("#inject-lon", "12.5, 35.05")
    page.click('[data-action="drill-add-save"]')
    page.wait_for_function(
        "document.querySelector('[data-name=lon] .field-fault').textContent.includes('is in no area')"
    )
    one.problems.clear()  # the console tells of the refusal as well
    page.fill("#inject-lon", "116.05, 35.05")
    page.click('[data-action="drill-add-save"]')
    page.wait_for_selector('[data-inject="X-01"][data-fate="waiting"]')
    assert page.inner_text('[data-inject="X-01"] .msel-fate').splitlines() == ["added, to come", "by Zhao"]
    page.fill('[data-objective="told"] .objective-note', "late")
    page.click('[data-action="drill-judge:told:M"]')
    page.wait_for_selector('[data-objective="told"] .objective-said')
    assert page.inner_text('[data-objective="told"] .objective-said').split() == ["M", "Zhao", "late"]
    page.click("#drill-end")
    page.wait_for_selector("#drill-end.is-sure")
    assert centre.get(f"/drills/{timeline}")["phase"] == "prepared"
    page.click("#drill-end")
    page.wait_for_selector('#drill-board[data-phase="ended"]')
    assert page.locator("#msel .msel-do button").count() == 0
    ratings = {each["id"]: each["ratings"] for each in centre.get(f"/drills/{timeline}")["objectives"]}
    assert [(each["rating"], each["by"], each["note"]) for each in ratings["told"]] == [("M", "Zhao", "late")]
