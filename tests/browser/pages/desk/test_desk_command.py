"""The command line: opened by key, completed, done, refused in place; the help lists all there is. Keys alone."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

INPUT = "#command-input"


def ready(page: Any) -> None:
    """The line knows the units and the workflows once they were read."""
    page.wait_for_function(
        "() => gc.desk.units.all().length >= 3 && gc.desk.names.known('workflows').size > 0"
        " && gc.desk.names.known('owners').size > 0"
    )


def options(page: Any) -> list[str]:
    return list(page.locator("#command-list .command-option b").all_inner_texts())


def test_a_unit_is_sent_by_keys_alone_with_completion(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    page = window(quiet).desk("?layers=areas")
    ready(page)
    page.keyboard.press(":")
    page.keyboard.type("派")
    page.wait_for_selector("#command-list .command-option")
    assert "派遣" in options(page)
    page.keyboard.type("遣 E0")
    page.wait_for_selector("#command-list .command-option:has-text('消防车 1')")
    assert "可用" in page.locator("#command-list .command-option").first.inner_text()
    page.keyboard.press("ArrowDown")
    assert page.locator("#command-list [aria-selected='true'] b").inner_text() == "E01"
    page.keyboard.press("Enter")
    assert page.input_value(INPUT) == "派遣 E01 "
    page.keyboard.type(id[-5:])
    page.keyboard.press("Tab")
    assert page.input_value(INPUT) == f"派遣 E01 {id} "
    assert "消防车 1" in page.locator("#command-says").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("#command", state="hidden")
    page.wait_for_selector(".toast:has-text('已派遣 消防车 1')")
    page.wait_for_selector("#units [data-key='E01'][data-status='dispatched']")
    assert quiet.life(id)["incident"]["units"] == ["E01"]

    page.keyboard.press("Control+k")
    page.keyboard.press("ArrowUp")
    assert page.input_value(INPUT) == f"派遣 E01 {id}", "the line before is there again"
    page.keyboard.press("Escape")
    page.wait_for_selector("#command", state="hidden")


def test_the_case_in_hand_is_meant_and_another_choice_needs_its_reason(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    page = window(quiet).open(f"/desk?lang=en&layers=areas&incident={id}")
    page.wait_for_selector("#detail [data-action='dispatch:E01']")
    ready(page)
    page.keyboard.press(":")
    page.keyboard.type("dispatch e02")
    page.keyboard.press("Enter")
    page.wait_for_selector("#command.is-refused")
    assert "first choice" in page.locator("#command-says").inner_text()
    assert quiet.life(id)["incident"]["units"] == []
    page.wait_for_selector("#command-list .command-option")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.wait_for_selector(".part-sent [data-action='sure:recall:E02']")
    (sent,) = [r["payload"] for r in quiet.life(id)["records"] if r["kind"] == "incident.dispatched"]
    assert (sent["units"], sent["reason"], sent["recommended"][0]["unit"]) == (["E02"], "equipment", "E01")

    page.keyboard.press(":")
    page.keyboard.type("recall E02 false alarm")
    page.keyboard.press("Enter")
    page.locator(".part-sent").wait_for(state="detached")
    recalled = [r["payload"] for r in quiet.life(id)["records"] if r["kind"] == "incident.recalled"]
    assert [(it["units"], it["reason"]) for it in recalled] == [(["E02"], "false alarm")]


def test_the_servers_refusal_stands_in_the_line_and_the_text_stays(quiet: Any, window: Any) -> None:
    first, second = quiet.opened("库房冒烟"), quiet.opened("车间起火", lon=116.15)
    view = window(quiet)
    page = view.desk("?layers=areas")
    ready(page)
    quiet.post(f"/incidents/{first}/dispatch", units=["E01"], actor="坐席 9")
    text = f"dispatch E01 {second} closer"
    page.keyboard.press(":")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_selector("#command.is-refused")
    says = page.locator("#command-says").inner_text()
    assert "E01" in says
    assert "坐席 9" in says
    assert page.input_value(INPUT) == text
    assert page.evaluate("document.activeElement.id") == "command-input"
    page.keyboard.press("Backspace")
    page.wait_for_selector("#command:not(.is-refused)")
    view.problems[:] = [each for each in view.problems if "409" not in each]


def test_moves_of_the_workflow_are_commands_too(quiet: Any, window: Any) -> None:
    id = quiet.opened("井盖破损", category="1301", severity=3)
    page = window(quiet).open(f"/desk?lang=en&layers=areas&incident={id}")
    page.wait_for_selector("#detail h2")
    ready(page)
    owner = page.evaluate("gc.desk.names.owners().find((it) => !['triage', 'district'].includes(it))")
    page.keyboard.press(":")
    page.keyboard.type("assign ")
    page.keyboard.type(owner)
    page.keyboard.press("Enter")
    page.wait_for_selector("#command", state="hidden")
    case = quiet.life(id)["case"]
    assert case["owner"] == owner
    moved = [r["payload"] for r in quiet.life(id)["records"] if r["kind"] == "incident.moved"][-1]
    assert (moved["move"], moved["owner"]) == ("assign", owner)


def test_faults_are_said_before_anything_is_sent(quiet: Any, window: Any) -> None:
    id = quiet.opened("库房冒烟")
    view = window(quiet)
    page = view.open(f"/desk?lang=en&layers=areas&incident={id}")
    page.wait_for_selector("#detail h2")
    ready(page)
    before = len(quiet.life(id)["records"])
    for text, said in {
        "dance": "no command “dance”",
        "dispatch E0": "write more",
        "dispatch E99": "No unit matches",
        "close 9999 done": "No case matches “9999”",
        "status E01 out_of_service": "needs a reason",
        "merge": "Still missing",
        "supervise": "Still missing: reason",
    }.items():
        page.keyboard.press(":") if page.locator("#command").is_hidden() else page.fill(INPUT, "")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.wait_for_selector("#command.is-refused")
        assert said in page.locator("#command-says").inner_text(), text
        assert page.input_value(INPUT).strip() == text
    assert len(quiet.life(id)["records"]) == before
    view.problems[:] = [each for each in view.problems if "404" not in each]


def test_the_focus_goes_back_and_the_queue_is_not_covered(quiet: Any, window: Any) -> None:
    quiet.flood(40)
    view = window(quiet, width=1366, height=768)
    page = view.desk("?lang=en&layers=areas")
    ready(page)
    view.first_incident()
    page.keyboard.press("End")
    page.wait_for_selector("#incident-grid .ag-row-selected")
    page.focus("#by-need")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#command-input:focus")
    cut = page.evaluate(
        "() => { const a = document.getElementById('command').getBoundingClientRect();"
        " const b = document.querySelector('#incident-grid .ag-row-selected').getBoundingClientRect();"
        " return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom }"
    )
    assert cut is False
    page.keyboard.type("find F0007")
    page.keyboard.press("Enter")
    page.wait_for_selector("#command", state="hidden")
    assert page.evaluate("document.activeElement.id") == "by-need"
    assert page.input_value("#list-filter") == "F0007"


def test_the_help_lists_every_action_and_every_command(quiet: Any, window: Any) -> None:
    page = window(quiet).open("/desk?lang=en&layers=areas")
    ready(page)
    page.keyboard.press("?")
    page.wait_for_selector("#help:not([hidden]) .help-row")
    listed = set(page.eval_on_selector_all(".help-row", "nodes => nodes.map((it) => it.dataset.id)"))
    wanted = set(
        page.evaluate("[...gc.desk.actions.values()].filter((it) => it.shortcut || it.shown).map((it) => it.id)")
    )
    assert listed == wanted
    assert {"command", "dispatch", "view-back", "view-keep", "units", "help"} <= listed
    verbs = set(page.eval_on_selector_all(".help-command", "nodes => nodes.map((it) => it.dataset.verb)"))
    assert {"dispatch", "recall", "assign", "accept", "return", "extend", "merge", "status", "open", "go"} <= verbs
    page.evaluate("gc.desk.action('later', 'desk.close', () => {}, { shortcut: 'x' })")
    page.keyboard.press("?")
    page.keyboard.press("?")
    assert "Close" in page.locator(".help-row[data-id='later']").inner_text(), "what is added later is listed"
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")


def test_a_unit_that_cannot_go_is_said_before_a_reason_and_a_case_is_chosen_first(quiet: Any, window: Any) -> None:
    first, second = quiet.opened("库房冒烟"), quiet.opened("车间起火", lon=116.15)
    quiet.post(f"/incidents/{first}/dispatch", units=["E01"], actor="坐席 9")
    page = window(quiet).desk("?lang=en&layers=areas")
    ready(page)
    before = len(quiet.life(second)["records"])

    def refused(text: str) -> str:
        page.keyboard.press(":") if page.locator("#command").is_hidden() else page.fill(INPUT, "")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.wait_for_selector("#command.is-refused")
        return str(page.locator("#command-says").inner_text())

    assert "choose a case first" in refused("close all done here").lower()
    page.wait_for_function("() => gc.desk.units.of('E01').status === 'dispatched'")
    says = refused(f"dispatch E01 {second}")
    assert "cannot go" in says
    assert "first choice" not in says
    assert len(quiet.life(second)["records"]) == before
