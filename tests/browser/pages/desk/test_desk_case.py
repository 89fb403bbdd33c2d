"""The case in hand: its moves with what each needs, its clocks in words, look-alikes, and both languages."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from data.records import EventPayload, Kind, Record
from tests.browser.pages.desk.conftest import PLACE

pytestmark = pytest.mark.browser

HAN = re.compile(r"[\u4e00-\u9fff]")
CHROME = (
    "#queue-tabs, .ag-header, #detail .step, #detail .part-head h3, #detail .moves, #detail .sla-words, #detail "
    ".clock-name, #detail .life-what, #detail .detail-owner, #incident-grid .step, #incident-grid .sla-words, .identity"
)


def row(id: str) -> str:
    return f'#incident-grid .ag-center-cols-container [row-id="{id}"]'


def test_a_move_asks_for_what_it_needs_and_the_queue_follows(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    view = window(quiet)
    page = view.open(f"/desk?layers=areas&incident={id}")
    page.wait_for_selector(f"{row(id)} .word-cell:text-is('待分拨')")
    page.locator("#detail [data-action='move:assign']").click()
    form = page.locator("#detail .move-form")
    # The rule proposes an owner; without one the form says what is missing and nothing is sent.
    proposed = form.locator("#move-owner").input_value()
    assert proposed
    form.locator("#move-owner").fill("")
    form.locator("[data-action='make:assign']").click()
    assert "还缺：承办单位" in form.locator("#move-missing").inner_text()
    form.locator("#move-owner").fill(proposed)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{row(id)} .word-cell:text-is('{proposed}')")
    form.wait_for(state="detached")

    # The department hands it back and must say why.
    page.select_option("#role", "owner")
    page.locator("#detail [data-action='move:return']").click()
    form.locator("[data-action='make:return']").click()
    assert "理由" in form.locator("#move-missing").inner_text()
    form.locator("#move-reason").fill("不属本单位职责")
    form.locator("[data-action='make:return']").click()
    page.wait_for_selector(f"{row(id)} .what-flags:text-is('退1')")
    page.wait_for_function("() => document.querySelector('#detail .flag')?.textContent.includes('不属本单位职责')")
    returned = quiet.life(id)["case"]["returns"]
    assert [(it["reason"], it["actor"]) for it in returned] == [("不属本单位职责", "坐席 1")]
    life = page.locator("#detail .life").inner_text()
    assert "不属本单位职责" in life
    assert "坐席 1（承办单位）" in life
    # What only others may do is named with who may.
    assert page.locator("#detail .denied-by").count() > 0


def test_time_limits_are_said_in_words_and_tick(quiet: Any, window: Any) -> None:
    quiet.opened("库房冒烟", severity=2)
    page = window(quiet).desk("?layers=areas")
    cell = page.locator("#incident-grid .ag-row .sla").first
    cell.wait_for()
    before = cell.inner_text()
    assert re.search(r"[剩超] \d+分\d\d秒", before)
    page.wait_for_function("was => document.querySelector('#incident-grid .ag-row .sla').innerText !== was", arg=before)

    said = """([clock, lang]) => {
        gc.setLanguage(lang);
        const now = gc.now();
        const at = (s) => (s === null ? null : now + s * 1000 + 400);
        const { paused = false, stopped = null } = clock;
        const from = now - 3.6e6;
        const node = gc.sla.node({ due: at(clock.due), warn: at(clock.warn), stopped: at(stopped), paused, from });
        return [node.dataset.state, node.firstChild.textContent, node.children[1].textContent];
    }"""
    hour = 3600
    assert page.evaluate(said, [{"due": 2 * hour + 300, "warn": hour}, "zh"]) == ["running", "●", "剩 2时05分"]
    assert page.evaluate(said, [{"due": 2 * hour + 300, "warn": hour}, "en"]) == ["running", "●", "2h 05m left"]
    assert page.evaluate(said, [{"due": 754, "warn": -60}, "zh"]) == ["warning", "▲", "剩 12分34秒"]
    assert page.evaluate(said, [{"due": -3 * hour - 1, "warn": -4 * hour}, "en"]) == ["overdue", "■", "3h 00m over"]
    assert page.evaluate(said, [{"due": -60, "warn": -90, "paused": True}, "zh"]) == ["paused", "❚❚", "已暂停"]
    assert page.evaluate(said, [{"due": 76 * hour, "warn": None}, "en"]) == ["running", "●", "3d 4h left"]
    assert page.evaluate(said, [{"due": -60, "warn": None, "stopped": -120}, "en"]) == ["met", "✓", "In time"]
    assert page.evaluate(said, [{"due": -180, "warn": None, "stopped": -60}, "en"]) == ["missed", "✕", "2m 00s late"]
    assert page.evaluate(said, [{"due": None, "warn": None}, "zh"])[::2] == ["none", "无时限"]


def test_the_later_of_two_is_merged_into_the_first_after_being_asked_once_more(quiet: Any, window: Any) -> None:
    first = quiet.opened("库房冒烟")
    later = quiet.opened("库房起火", lon=116.0452)
    page = window(quiet).open(f"/desk?layers=areas&incident={later}")
    button = page.locator(f"#detail [data-action='sure:merge:{first}']")
    button.click()
    assert "确认" in button.inner_text()
    assert quiet.life(later)["case"]["parent"] is None
    button.click()
    # The desk goes on with the one that is worked.
    page.wait_for_function("id => new URLSearchParams(location.search).get('incident') === id", arg=first)
    page.locator(row(later)).wait_for(state="detached")
    page.wait_for_selector(f"{row(first)} .what-flags:text-is('并1')")
    assert quiet.life(later)["case"]["parent"] == first
    page.wait_for_function("id => document.querySelector('#detail .flag')?.textContent.includes(id)", arg=later)


def test_nothing_on_the_screen_is_in_the_other_language(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    quiet.post(f"/incidents/{id}/dispatch", units=["E01"], actor="desk 9")
    quiet.post(f"/incidents/{id}/arrive", unit="E01", actor="desk 9")
    page = window(quiet).open(f"/desk?lang=en&layers=areas&incident={id}")
    page.wait_for_selector("#detail .life-row")
    page.wait_for_selector(f"{row(id)} .step")
    page.wait_for_function("() => document.querySelector('#detail .clock-name')?.textContent.length > 3")
    texts = f"() => [...document.querySelectorAll('{CHROME}')].map((node) => node.innerText).filter(Boolean)"
    english = page.evaluate(texts)
    assert len(english) > 15
    # Units of this centre have Chinese names only; all else is the page's own words.
    assert [text for text in english if HAN.search(text.replace("消防车", ""))] == []
    page.locator("[data-action=language]").click()
    page.wait_for_selector("html[data-lang=zh]")
    page.wait_for_function(
        "() => document.querySelector('#detail .part-head h3').textContent.match(/[\\u4e00-\\u9fff]/)"
    )
    chinese = page.evaluate(texts)
    assert [text for text in chinese if not HAN.search(text)] == []


def test_the_main_button_is_the_next_step_and_never_the_way_out(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    page = window(quiet).open(f"/desk?lang=en&layers=areas&incident={id}")
    page.wait_for_selector("#detail [data-action='move:cancel']")
    page.wait_for_selector("#detail .is-best .primary")
    assert page.locator("#detail .moves .primary").count() == 0, "a unit is to be sent first"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.dataset.action?.startsWith('dispatch:')")
    quiet.post(f"/incidents/{id}/dispatch", units=["E01"], actor="坐席 9")
    quiet.post(f"/incidents/{id}/arrive", unit="E01", actor="坐席 9")
    page.wait_for_selector("#detail .moves .primary[data-action='move:answer']")


def test_the_third_return_is_the_districts_and_is_found_by_it_alone(quiet: Any, window: Any) -> None:
    id = quiet.opened("街口积水", category="1301", severity=3)
    for _ in range(3):
        quiet.post(f"/incidents/{id}/moves", move="assign", owner="municipal-works", actor="坐席 9")
        quiet.post(f"/incidents/{id}/moves", move="return", reason="not ours", actor="works", role="owner")
    assert quiet.life(id)["case"]["owner"] == "district"
    page = window(quiet).open(f"/desk?lang=en&layers=areas&incident={id}")
    page.wait_for_selector("#detail .flag-district")
    assert "only the role District" in page.locator("#detail .flag-district").inner_text()
    page.wait_for_selector(f"{row(id)} .what-flags:has-text('District')")
    assert page.locator("#detail .moves [data-action='move:assign']").count() == 0
    mine = "n => document.querySelector('#queue-tabs [data-value=mine] .tab-count').textContent === n"
    page.wait_for_function(mine, arg="0")
    page.select_option("#role", "district")
    page.wait_for_function(mine, arg="1")
    page.wait_for_selector("#detail .moves .primary[data-action='move:assign']")
    page.locator("[data-action='tab:mine']").click()
    page.wait_for_selector(row(id))
    page.select_option("#role", "owner")
    page.locator(row(id)).wait_for(state="detached")
    # The decision becomes a rule: what it would take is said before, and the button asks once more.
    page.select_option("#role", "district")
    quiet.post(f"/incidents/{id}/moves", move="assign", owner="water", actor="district 1", role="district")
    adopt = page.locator("#detail .part-ruling [data-action='sure:adopt-ruling']")
    adopt.wait_for()
    assert "Water on the road" in page.locator("#detail .ruling-rule").inner_text()
    adopt.click()
    adopt.click()
    page.wait_for_selector("#detail .ruling-told:has-text('It is a rule')")
    (rule,) = (it for it in quiet.get("/rules")["rules"] if it["adopted"])
    assert (rule["owner"], rule["category"], rule["incident"]) == ("water", ["1301"], id)


@pytest.fixture
def undated(tmp_path: Path) -> None:
    """The centre's own working calendar, in which no year was announced."""
    file = tmp_path / "casework" / "calendars" / "cn-working.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        'id = "cn-working"\nzh = "本区工作日"\nen = "District days"\nkind = "working"\nzone = "Asia/Shanghai"\n'
        'windows = ["08:00-12:00", "14:00-18:00"]\n',
        encoding="utf-8",
    )


def test_a_deadline_among_days_that_are_not_announced_is_marked(undated: None, quiet: Any, window: Any) -> None:
    id = quiet.opened("井盖缺失", severity=3, workflow="grid-5", owner="municipal-works")
    clocks = quiet.life(id)["case"]["clocks"]
    doubtful = [clock for clock in clocks if clock["doubts"]]
    assert doubtful
    view = window(quiet)
    page = view.open(f"/desk?layers=areas&incident={id}")
    note = page.locator("#detail .clock-doubts")
    note.wait_for()
    assert note.inner_text() == "※ 期限含放假安排尚未公布的日子"
    assert "日历“本区工作日”没有" in note.get_attribute("title")
    assert page.locator("#detail .clock-doubt").count() == len(doubtful)
    page.locator("[data-action=language]").click()
    page.wait_for_function(
        "() => document.querySelector('#detail .clock-doubts')?.textContent === "
        "'※ The deadline counts days whose holidays are not announced yet'"
    )
    assert not HAN.search(note.get_attribute("title"))


def test_a_deadline_among_announced_days_is_not_marked(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟", severity=2, workflow="emergency")
    page = window(quiet).open(f"/desk?layers=areas&incident={id}")
    page.wait_for_selector("#detail .clock-row")
    assert page.locator("#detail .clock-doubts").count() == 0


def test_what_is_written_in_both_languages_is_shown_in_one_and_a_persons_words_as_they_are(
    quiet: Any, window: Any
) -> None:
    id = quiet.opened("井盖缺失", severity=3, workflow="grid-5", owner="municipal-works")
    quiet.post(
        f"/incidents/{id}/moves",
        move="note",
        role="owner",
        actor="sim:municipal-works",
        note="等路政 | waits for the road office",
    )
    quiet.post(f"/incidents/{id}/moves", move="note", role="owner", actor="works", note="甲 | 乙 | a")
    by = {"role": "owner", "actor": "sim:municipal-works"}
    quiet.post(f"/incidents/{id}/moves", move="return", reason="不归本单位 | not ours", **by)
    other = quiet.opened("井盖破损", severity=3, workflow="grid-5", owner="municipal-works")
    quiet.post(f"/incidents/{other}/merge", into=id, actor="坐席 9")
    said = {
        "zh": (["等路政", "不归本单位", f"并入 {id}"], ["waits for", "not ours", f"into {id}"]),
        "en": (["waits for the road office", "not ours", f"into {id}"], ["等路政", "不归本单位", f"并入 {id}"]),
    }
    for lang, (there, absent) in said.items():
        page = window(quiet).open(f"/desk?lang={lang}&layers=areas&incident={id}")
        page.wait_for_selector("#detail .flag")
        shown = page.locator("#detail").inner_text()
        assert "甲 | 乙 | a" in shown
        page.evaluate("id => gc.selectIncident(id)", other)
        page.wait_for_function("id => document.querySelector('#detail .life')?.textContent.includes(id)", arg=id)
        shown += page.locator("#detail .life").inner_text()
        assert [words for words in there if words not in shown] == []
        assert [words for words in absent if words in shown] == []


def test_what_cannot_be_done_now_is_named_with_why_and_merging_and_evidence_are_found(quiet: Any, window: Any) -> None:
    into = quiet.opened("井盖缺失", category="1301", severity=3, workflow="grid-5", owner="municipal-works")
    id = quiet.opened("污水外溢", category="1302", severity=3, workflow="grid-5", owner="municipal-works", lon=116.3)
    page = window(quiet).open(f"/desk?lang=en&layers=areas&incident={id}")
    later = page.locator("#detail .moves-later")
    later.locator("summary").click()
    lines = dict(line.split("\n") for line in later.locator("li").all_inner_texts())
    assert lines["Report done"] == "At the step handling; by Department, Worker; with photo"
    assert lines["Resume"] == "It is not suspended"
    assert "photo" in page.locator("#detail .part-evidence .part-hint").inner_text()
    # Evidence goes with a note, at any step.
    page.locator("#detail [data-action='move:note']").click()
    form = page.locator("#detail .move-form")
    form.locator("#move-note").fill("seen")
    form.locator("#move-ref").fill("p-17")
    form.locator("[data-action='make:note']").click()
    page.wait_for_selector("#detail .evidence >> text=p-17")
    # Any two cases can be merged, by the number of the other; who works a case does not merge it.
    page.select_option("#role", "owner")
    page.wait_for_selector("#detail [data-action='move:merge']", state="detached")
    page.select_option("#role", "dispatcher")
    page.locator("#detail [data-action='move:merge']").click()
    form.locator("#move-into").fill(into)
    form.locator("[data-action='make:merge']").click()
    page.wait_for_function("id => document.querySelector('#detail .flag')?.textContent.includes(id)", arg=into)
    assert quiet.life(id)["case"]["parent"] == into


def test_an_extension_says_beforehand_what_it_moves(quiet: Any, window: Any) -> None:
    id = quiet.opened("井盖缺失", category="1301", severity=3, workflow="grid-5", owner="municipal-works")
    page = window(quiet).open(f"/desk?lang=en&layers=areas&role=supervisor&incident={id}")
    page.locator("#detail [data-action='move:extend']").click()
    page.locator("#move-amount").fill("2")
    page.locator("#move-unit").select_option("day")
    page.wait_for_selector("#move-extends[data-span='2 day']")
    told = """() => [...document.querySelectorAll('#move-extends b')].map((node) => node.textContent)"""
    page.wait_for_function(f"() => ({told})().length === 3 && ({told})().every((it) => it !== '…')")
    said = page.evaluate(told)
    assert "nobody else has to approve it" in page.locator("#move-extends").inner_text()
    page.locator("#move-reason").fill("rain")
    page.locator("[data-action='make:extend']").click()
    page.wait_for_selector("#detail .clock-due s")
    due = page.locator("#detail .clock-due > span:first-child")
    assert [text.removesuffix("※") for text in due.all_inner_texts()] == [f"by {at}" for at in said]


def test_units_that_only_the_source_tells_of_are_not_nobody(quiet: Any, window: Any) -> None:
    now = quiet.services.clock.now()
    times = {"dispatch": now - timedelta(minutes=9), "on_scene": now - timedelta(minutes=4)}
    matter = EventPayload(category="0502", severity=2, title="旧警", times=times)
    quiet.services.store.append([Record(Kind.EVENT, "119", "old-1", now - timedelta(minutes=10), matter, **PLACE)])
    page = window(quiet).open("/desk?lang=en&layers=areas&incident=119:old-1")
    assert "not which" in page.locator("#detail .part-sent .part-hint").inner_text()
    quiet.post("/scenes", incident="119:old-1", wall="", actor="desk 9")
    wall = window(quiet).wall("?lang=en&layers=areas")
    assert "not which" in wall.locator(".scene-units .empty").inner_text()
    # What happened reads as sentences begin, not as codes.
    story = wall.locator(".scene-story .scene-main").all_inner_texts()
    assert [text for text in story if text[0].islower() or "_" in text] == []
