"""A routing file is refused with all its faults, each with its line; an operator's table replaces or extends."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.routing import Matter
from dispatch.routing_file import NAME, SHIPPED, BadRouting, load, load_routing, parse

HEAD = """\
zone = "Asia/Shanghai"
workflow = "grid-5"
fallback = "last"

[[owners]]
id = "last"
zh = "综合科"
en = "Coordination"

[[owners]]
id = "water"
zh = "水务局"
en = "Water bureau"
"""
RULE = """
[[rules]]
id = "water-1"
zh = "防汛"
en = "Flooding"
category = "13"
owner = "water"
"""
AT = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)


def problems(text: str, **more: object) -> list[str]:
    with pytest.raises(BadRouting) as caught:
        parse(text, "my/routing.toml", **more)  # type: ignore[arg-type]
    assert str(caught.value).splitlines() == list(caught.value.problems)
    return list(caught.value.problems)


def test_a_file_becomes_a_table() -> None:
    table = parse(HEAD + RULE)
    assert [rule.id for rule in table.rules] == ["water-1"]
    assert table.rules[0].category == ("13",)
    assert table.rules[0].line == 15
    assert (table.urgent, table.fallback, table.workflow) == (1, "last", "grid-5")


def test_all_faults_are_said_at_once_with_their_lines() -> None:
    faults = problems(
        HEAD
        + """
[[rules]]
id = "a"
zh = "甲"
owner = "watre"
severity = 5
colour = "red"
workflow = "grid-6"

[[rules]]
id = "a"
zh = "乙"
en = "B"
category = ["01", ""]
owner = "water"
when = { days = ["mon", "funday"], from = "25:00" }
""",
        workflows={"grid-5"},
    )
    assert faults == [
        "my/routing.toml:15: rule a: en is missing: rules are named in Chinese and in English",
        "my/routing.toml:18: rule a: owner: there is no owner 'watre' (did you mean water?); name it under [[owners]]",
        "my/routing.toml:19: severity is a whole number from 1 to 4",
        "my/routing.toml:20: a rule has no key 'colour'; known are id, zh, en, category, area, source, severity, when, "
        "workflow, owner, fallback, first_asked, triage",
        "my/routing.toml:21: there is no workflow 'grid-6'; known are grid-5",
        "my/routing.toml:24: rule a is there twice",
        "my/routing.toml:27: category is a text or a list of texts, none of them empty",
        "my/routing.toml:29: rule a: '25:00' is no time of day such as 08:30",
        "my/routing.toml:29: rule a: 'funday' are no days; expected mon, tue, wed, thu, fri, sat, sun, or a span: "
        "mon-fri",
    ]


def test_a_rule_that_can_never_match_is_refused_with_the_rule_that_hides_it() -> None:
    hidden = RULE.replace('"water-1"', '"water-2"').replace('"13"', '["1301", "1302"]')
    assert problems(HEAD + RULE + hidden) == [
        "my/routing.toml:22: rule water-2 can never match: rule water-1 in line 15 takes everything that it would; "
        "put it before that one, or take it out"
    ]
    assert len(parse(HEAD + hidden + RULE).rules) == 2


def test_a_rule_for_a_part_of_the_week_hides_only_what_is_inside_it() -> None:
    day = RULE + 'when = { days = ["mon-fri"], from = "08:00", to = "18:00" }\n'
    noon = RULE.replace("water-1", "water-2") + 'when = { days = ["tue"], from = "12:00", to = "13:00" }\n'
    assert len(problems(HEAD + day + noon)) == 1
    night = noon.replace("12:00", "17:00").replace("13:00", "19:00")
    assert len(parse(HEAD + day + night).rules) == 2
    elsewhere = noon.replace('to = "13:00"', 'to = "13:00", zone = "Europe/Berlin"')
    assert len(parse(HEAD + day + elsewhere).rules) == 2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('workflow = "grid-5"\n', ""), ":1: workflow is missing"),
        (('fallback = "last"\n', ""), ":1: fallback is missing"),
        (('fallback = "last"', 'fallback = "lost"'), ":3: fallback: there is no owner 'lost'"),
        (('zone = "Asia/Shanghai"', 'zone = "Asia/Peking"'), ":1: zone 'Asia/Peking' is no IANA time zone"),
        (('zone = "Asia/Shanghai"', "urgent = 9"), ":1: urgent is a whole number from 0 to 4"),
        (('en = "Coordination"', 'en = "Coordination"\nareas = ["01"]'), ":3: fallback: owner last serves some areas"),
        (('id = "water"\nzh', 'id = "triage"\nzh'), "owner triage: this id is kept for the triage queue"),
        (('id = "water"\nzh', 'id = "last"\nzh'), "owner last is there twice"),
        (('zh = "水务局"\n', ""), "owner water: zh is missing"),
        (('zone = "Asia/Shanghai"', "extends = true"), ":1: extends: there is no shipped table"),
        (('zone = "Asia/Shanghai"', "first_asked = 3"), ":1: first_asked is a table"),
        (('zone = "Asia/Shanghai"', "zone ="), ":1: is not TOML"),
    ],
)
def test_faults_of_the_file_itself(change: tuple[str, str], fault: str) -> None:
    assert any(fault in each for each in problems(HEAD.replace(*change) + RULE))


def test_an_unreadable_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadRouting, match=r"none\.toml:1: cannot be read"):
        load(tmp_path / "none.toml")


def test_without_a_table_of_its_own_an_operator_has_the_shipped_one(tmp_path: Path) -> None:
    assert load_routing(tmp_path).path == load_routing(None).path == str(SHIPPED)


def test_an_operators_table_stands_instead_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(HEAD + RULE, encoding="utf-8")
    assert [rule.id for rule in load_routing(tmp_path).rules] == ["water-1"]


def test_an_operators_table_may_stand_before_the_shipped_one(tmp_path: Path) -> None:
    own = """\
extends = true
[[owners]]
id = "water"
zh = "水利局"
en = "Water office"
[[rules]]
id = "own-1"
zh = "路灯"
en = "Lamps"
category = "0203"
owner = "power-company"
"""
    (tmp_path / NAME).write_text(own, encoding="utf-8")
    table = load_routing(tmp_path)
    shipped = load_routing()
    assert [rule.id for rule in table.rules] == ["own-1", *(rule.id for rule in shipped.rules)]
    assert table.decide(Matter("0203", None, "hotline", 4, AT)).owner == "power-company"
    assert table.decide(Matter("0201", None, "hotline", 4, AT)).owner == "municipal-works"
    assert table.name_of("water", "en") == "Water office"
    assert table.fallback == shipped.fallback


def test_one_broken_file_of_an_operator_is_refused_and_says_where(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(HEAD + RULE.replace('owner = "water"', ""), encoding="utf-8")
    with pytest.raises(BadRouting, match=r"routing\.toml:15: rule water-1: owner is missing"):
        load_routing(tmp_path)
