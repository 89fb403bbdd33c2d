"""Workflow files: the shipped ones hold, a broken one is refused with every problem and its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.book import BadBook, Book, shipped
from dispatch.workflow import EXCEPTIONAL, On, Workflow
from dispatch.workflow_file import SHIPPED, BadWorkflow, load, parse

CALENDARS = ("natural", "cn-working")

GOOD = """\
id = "permit"
zh = "许可"
en = "Permit"
initial = "asked"
verify = "checked"

[roles]
clerk = { zh = "窗口", en = "clerk" }

[steps.asked]
zh = "已申请"
en = "asked"
phase = "open"

[steps.checked]
zh = "已审核"
en = "checked"
phase = "on_scene"

[steps.done]
zh = "已办结"
en = "done"
phase = "closed"
final = true

[[moves]]
move = "stamp"
zh = "盖章"
en = "stamp"
from = ["asked"]
to = "checked"
roles = ["clerk"]
evidence = ["form"]

[[moves]]
move = "hand_out"
zh = "发证"
en = "hand out"
from = ["checked"]
to = "done"
roles = ["clerk", "supervisor"]

[[limits]]
clock = "decide"
zh = "十日内决定"
en = "decided in 10 days"
amount = "10 days"
calendar = "cn-working"
start = ["asked"]
stop = ["done"]
warn = [0.8, 0.5]

[[limits.except]]
severity = 1
amount = "4 h"
calendar = "natural"
"""


def line_of(text: str, needle: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if needle in line)


def problems(text: str) -> list[str]:
    with pytest.raises(BadWorkflow) as caught:
        parse(text, "w.toml", calendars=CALENDARS)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def test_an_operators_workflow_is_read_as_it_is_written() -> None:
    workflow = parse(GOOD, "w.toml", calendars=CALENDARS)
    assert list(workflow.steps) == ["asked", "checked", "done"]
    assert workflow.roles["clerk"] == ("窗口", "clerk")
    assert [t.move for t in workflow.moves("asked")] == ["stamp", "note"]
    limit = workflow.limits[0]
    assert (limit.span, limit.warn) == ("10 days", (0.5, 0.8))
    assert (limit.of("01", 1).span, limit.of("01", 1).calendar) == ("4 h", "natural")
    assert limit.of("01", 2) is limit


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda p: p.stem)
def test_shipped_workflows_hold_and_are_named_in_both_languages(path: Path) -> None:
    workflow = load(path, calendars=CALENDARS)
    assert workflow.id == path.stem
    named = [*workflow.steps.values(), *workflow.transitions, *workflow.limits, workflow]
    assert all(thing.zh and thing.en for thing in named)


def test_the_shipped_limits_are_those_of_the_domain() -> None:
    book = shipped()
    grid = {limit.clock: (limit.span, limit.calendar) for limit in book.workflows["grid-5"].limits}
    assert grid["accept"] == ("1 day", "cn-working")
    assert grid["handle"] == ("2 days", "cn-working")
    assert grid["answer"] == ("3 days", "cn-working")
    feedback = book.workflows["hotline-6"].limit("feedback")
    assert feedback is not None
    said = {
        "urgent": feedback.of("0101", 1),
        "utilities": feedback.of("0207", 3),
        "general": feedback.of("0101", 3),
    }
    assert {name: (limit.span, limit.calendar) for name, limit in said.items()} == {
        "urgent": ("2 h", "natural"),
        "utilities": ("24 h", "natural"),
        "general": ("7 days", "cn-working"),
    }
    seconds = {limit.clock: limit.span for limit in book.workflows["emergency"].limits}
    assert seconds == {"order": "45 s", "turnout": "80 s", "travel": "240 s"}
    turnout = book.workflows["emergency"].limit("turnout")
    assert turnout is not None
    assert turnout.of("0601", 1).span == "60 s"


def test_side_moves_of_the_domain_are_in_every_casework_profile() -> None:
    for id in ("grid-5", "hotline-6", "dispute"):
        moves = {t.move: t for t in shipped().workflows[id].transitions}
        wanted = {"assign", "accept", "start", "answer", "verify", "rework", "return", "extend", "suspend", "resume",
                  "supervise", "appeal", "force_close"}  # fmt: skip
        assert wanted <= moves.keys(), id
        assert moves["extend"].roles == ("supervisor", "district")


def ways_around(workflow: Workflow) -> list[list[str]]:
    """Every way (without a circle) from the start to an end that does not touch the verifying step: by walking all."""
    found: list[list[str]] = []

    def walk(step: str, way: list[str], seen: frozenset[str]) -> None:
        for t in workflow.transitions:
            if step not in t.sources or t.to is None or t.move in EXCEPTIONAL or t.on is On.CLOSED:
                continue
            if t.to == workflow.verify or t.to in seen:
                continue
            if workflow.steps[t.to].final:
                found.append([*way, t.move])
            else:
                walk(t.to, [*way, t.move], seen | {t.to})

    walk(workflow.initial, [], frozenset({workflow.initial}))
    return found


@pytest.mark.parametrize("id", ["grid-5", "hotline-6", "dispute"])
def test_no_way_goes_around_verification(id: str) -> None:
    assert shipped().workflows[id].verify
    assert ways_around(shipped().workflows[id]) == []


BROKEN = {
    "unreachable": (GOOD + '\n[steps.lost]\nzh = "x"\nen = "x"\nphase = "open"\n', "[steps.lost]",
                    "step lost is never reached from asked; add a move to it or remove it"),
    "dead end": (GOOD.replace('to = "done"\nroles', 'to = "asked"\nroles'), "[steps.asked]",
                 "step asked is a dead end: no move leads on to a final step"),
    "unknown step": (GOOD.replace('to = "checked"', 'to = "chekced"'), 'to = "chekced"',
                     "move stamp: 'chekced' is no step; known are asked, checked, done"),
    "unknown role": (GOOD.replace('roles = ["clerk"]', 'roles = ["clark"]'), '["clark"]',
                     "move stamp: 'clark' is no role; known are"),
    "limit without calendar": (GOOD.replace('calendar = "cn-working"\n', ""), "[[limits]]",
                               "limit decide: calendar is missing"),
    "unknown calendar": (GOOD.replace("cn-working", "jp-working"), "jp-working", "no calendar 'jp-working'; known are"),
    "limit without start": (GOOD.replace('start = ["asked"]\n', ""), "[[limits]]", "limit decide: start is missing"),
    "limit without stop": (GOOD.replace('stop = ["done"]\n', ""), "[[limits]]", "limit decide: stop is missing"),
    "unknown start": (GOOD.replace('start = ["asked"]', 'start = ["askt"]'), "askt", "start 'askt' is no step and no"),
    "no zh": (GOOD.replace('zh = "盖章"\n', ""), "[[moves]]", "move stamp: zh is missing"),
    "no en": (GOOD.replace('en = "decided in 10 days"\n', ""), "[[limits]]", "limit decide: en is missing"),
    "skips verification": (GOOD.replace('from = ["checked"]', 'from = ["checked", "asked"]'), 'move = "hand_out"',
                           "move hand_out from asked ends a case that never was in step checked"),
    "nobody": (GOOD.replace('roles = ["clerk"]\n', ""), 'move = "stamp"', "move stamp: nobody may make it"),
    "unknown key": (GOOD.replace('evidence = ["form"]', 'evidnce = ["form"]'), "evidnce", "has no key 'evidnce'"),
    "bad amount": (GOOD.replace('"10 days"', '"ten days"'), '"ten days"', "amount 'ten days' is no length such as"),
    "bad warn": (GOOD.replace("[0.8, 0.5]", "[80]"), "[80]", "warn is a list of fractions"),
    "final phase": (GOOD.replace('phase = "closed"', 'phase = "open"'), "[steps.done]", 'has phase "closed"'),
    "except without condition": (GOOD.replace("severity = 1\n", ""), "[[limits.except]]", "it holds always"),
    "kept name": (GOOD.replace('move = "stamp"', 'move = "merge"'), 'move = "merge"', "kept for the command"),
    "urgent by working time": (GOOD.replace("十日内决定", "紧急决定"), 'calendar = "cn-working"', "counts natural"),
    "syntax": (GOOD.replace('initial = "asked"', "initial = asked"), "initial = asked", "is not TOML"),
}  # fmt: skip


def at_table(text: str, needle: str) -> int:
    """The line of the needle, or of the header above it where the fault is the whole table's."""
    n = line_of(text, needle)
    return n if not needle.startswith("move = ") or "merge" in needle else n - 1


@pytest.mark.parametrize("case", BROKEN, ids=list(BROKEN))
def test_a_broken_file_is_refused_with_the_line_and_the_reason(case: str) -> None:
    text, needle, reason = BROKEN[case]
    lines = [line for line in problems(text) if reason in line]
    assert lines, problems(text)
    assert lines[0].startswith(f"w.toml:{at_table(text, needle)}: ")


def test_all_problems_of_a_file_are_told_at_once() -> None:
    text = GOOD.replace('zh = "盖章"\n', "").replace('to = "done"', 'to = "dnoe"').replace('"10 days"', '"0 days"')
    found = problems(text)
    for part in ("zh is missing", "'dnoe' is no step", "amount '0 days'"):
        assert sum(part in line for line in found) == 1, found
    numbers = [int(line.split(":")[1]) for line in found]
    assert numbers == sorted(numbers)


def test_duplicate_ids_are_refused() -> None:
    twice = GOOD + GOOD[GOOD.index("[[moves]]") : GOOD.index("[[limits]]")] + GOOD[GOOD.index("[[limits]]") :]
    found = problems(twice)
    assert any("move stamp from asked is there twice" in line for line in found)
    assert any("limit decide is there twice" in line for line in found)


def test_the_shipped_casework_profiles_cannot_lose_their_verifying_step() -> None:
    text = (SHIPPED / "grid-5.toml").read_text(encoding="utf-8").replace('verify = "verifying"\n', "")
    assert any("workflow grid-5 needs verify" in line for line in problems(text))


def test_the_revision_follows_the_files_text() -> None:
    one = parse(GOOD, "w.toml").revision
    assert parse(GOOD, "elsewhere.toml").revision == one
    assert parse(GOOD.replace("10 days", "9 days"), "w.toml").revision != one


def test_a_folder_adds_and_replaces_workflows(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "permit.toml").write_text(GOOD, encoding="utf-8")
    own = (SHIPPED / "grid-5.toml").read_text(encoding="utf-8").replace('amount = "2 days"', 'amount = "4 days"')
    (folder / "grid.toml").write_text(own, encoding="utf-8")
    book = Book.load(tmp_path)
    assert {"permit", "grid-5", "emergency"} <= book.workflows.keys()
    handle = book.workflows["grid-5"].limit("handle")
    assert handle is not None
    assert handle.span == "4 days"


def test_a_third_return_that_nobody_could_decide_is_refused() -> None:
    text = (SHIPPED / "grid-5.toml").read_text(encoding="utf-8")
    told = problems(text.replace('roles = ["dispatcher", "supervisor", "district"]', 'roles = ["dispatcher"]', 1))
    (line,) = (line for line in told if "move return" in line)
    assert "after the third only district moves the case on, but step reported has no move for it" in line


def test_one_broken_file_refuses_the_book_with_its_lines(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "a.toml").write_text(GOOD, encoding="utf-8")
    (folder / "b.toml").write_text(GOOD, encoding="utf-8")
    (folder / "c.toml").write_text(GOOD.replace('"permit"', '"other"').replace('zh = "盖章"\n', ""), encoding="utf-8")
    (tmp_path / "routing.toml").write_text("rules = 1\n", encoding="utf-8")
    with pytest.raises(BadBook) as caught:
        Book.load(tmp_path)
    told = "\n".join(caught.value.problems)
    assert f"{folder / 'b.toml'}:1: workflow permit is in {folder / 'a.toml'} too" in told
    assert f"{folder / 'c.toml'}:{line_of(GOOD, '[[moves]]')}: move stamp: zh is missing" in told
    assert "routing.toml:1: rules is a list of tables" in told
