"""skills.toml and reasons.toml: what ships fits the demonstration district, an operator's own, every fault said."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from dispatch.reasons import BadReasons, load_reasons
from dispatch.reasons import parse as parse_reasons
from dispatch.skills import Need
from dispatch.skills_file import BadSkills, load_skills, parse
from feeds.demo import resources

TAXONOMY = Path(resources.__file__).with_name("taxonomy.csv")
FLEET = {kind: skills for kind, _, _, _, skills, _, _ in resources._FLEET} | {"grid_worker": ("patrol",)}
COUNT = {kind: count for kind, _, _, _, _, count, _ in resources._FLEET} | {"grid_worker": 1}

SMALL = """
[[kinds]]
id = "boat"
zh = "船"
en = "boat"
[[skills]]
id = "dive"
zh = "潜水"
en = "diving"
[[needs]]
category = ["13", "14"]
severity = 2
units = [{ kinds = ["boat"], skills = ["dive"], count = 2 }]
"""


def classes() -> list[dict[str, str]]:
    with TAXONOMY.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if len(row["code"]) == 4]


def test_every_class_of_the_demonstration_district_can_be_met_by_its_units() -> None:
    skills = load_skills()
    assert len(classes()) == 131
    for row in classes():
        for severity in (1, 2, 3, 4):
            needs = skills.needs(row["code"], severity)
            assert needs, row
            for need in needs:
                fit = [kind for kind, has in FLEET.items() if need.fits(kind, has)]
                assert fit, (row["code"], need)
                assert sum(COUNT[kind] for kind in fit) >= need.count


def test_every_entry_that_ships_is_for_classes_that_there_are() -> None:
    codes = [row["code"] for row in classes()]
    for entry in load_skills().entries:
        assert any(code.startswith(entry.category) for code in codes), entry


@pytest.mark.parametrize(
    ("feed", "kind"), [("110", "patrol_car"), ("119", "fire_engine"), ("120", "ambulance"), ("122", "patrol_car")]
)
def test_what_an_emergency_number_alone_takes_gets_its_own_units(feed: str, kind: str) -> None:
    alone = [row["code"] for row in classes() if row["feeds"] == feed]
    assert alone
    for code in alone:
        assert any(kind in need.kinds for need in load_skills().needs(code, 2)), code


def test_all_kinds_and_skills_of_the_fleet_are_named_in_both_languages() -> None:
    skills = load_skills()
    assert FLEET.keys() == skills.kinds.keys()
    assert {skill for has in FLEET.values() for skill in has} == skills.names.keys()
    for name in (*skills.kinds.values(), *skills.names.values()):
        assert name.en.isascii()
        assert not name.zh.isascii()
    worker = skills.kind("grid_worker")
    assert (worker.own_area, worker.walk_kmh) == (True, 5.0)
    assert not skills.kind("patrol_car").own_area


def test_an_operators_file_stands_instead_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "skills.toml").write_text(SMALL, "utf-8")
    skills = load_skills(tmp_path)
    assert list(skills.kinds) == ["boat"]
    assert skills.needs("1301", 2) == skills.needs("14", 1) == (Need(("boat",), frozenset({"dive"}), 2),)
    assert skills.needs("1301", 3) == skills.needs("05", 1) == (Need(),)


def test_or_extends_it(tmp_path: Path) -> None:
    own = (
        'extends = true\n[[kinds]]\nid = "ambulance"\nzh = "急救车"\nen = "rescue car"\nposition_max_age_s = 60\n'
        + SMALL
    )
    own += '[[needs]]\ncategory = "0501"\nunits = [{ kinds = ["fire_engine"], count = 3 }]\n'
    (tmp_path / "skills.toml").write_text(own, "utf-8")
    skills = load_skills(tmp_path)
    assert (skills.kind("ambulance").en, skills.kind("ambulance").position_max_age_s) == ("rescue car", 60.0)
    assert skills.kind("fire_engine").zh == "消防车"
    assert skills.needs("0501", 1) == (Need(("fire_engine",), count=3),)  # the shipped needs of the same are replaced
    assert skills.needs("0502", 1) == load_skills().needs("0502", 1)
    assert skills.needs("1301", 1)[0].kinds == ("repair_team",)  # a longer prefix of the shipped file still holds
    assert skills.needs("1305", 1)[0].kinds == ("boat",)


def test_without_a_file_in_the_folder_the_shipped_ones_hold(tmp_path: Path) -> None:
    assert load_skills(tmp_path) == load_skills()
    assert load_reasons(tmp_path) == load_reasons()


def test_every_fault_of_a_skills_file_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "skills.toml"
    path.write_text(
        """extends = "yes"
colour = 1
[[kinds]]
id = "boat"
zh = "船"
walk_kmh = -1
[[kinds]]
id = "boat"
zh = "船"
en = "boat"
own_area = 3
[[skills]]
zh = "潜水"
en = "diving"
[[needs]]
category = "13"
severity = 7
units = [{ kinds = ["baot"], skills = ["dive"], count = 0, speed = 1 }]
[[needs]]
units = []
[[needs]]
category = "13"
units = [{ kinds = "boat" }]
""",
        "utf-8",
    )
    with pytest.raises(BadSkills) as error:
        load_skills(tmp_path)
    assert [problem.removeprefix(f"{path}:").split(":")[0] for problem in error.value.problems] == [
        "1", "2", "3", "6", "8", "11", "12", "17", "18", "18", "18", "18", "19", "20", "22", "23",
    ]  # fmt: skip
    said = str(error.value)
    assert f"{path}:2: the file has no key 'colour'; known are extends, kinds, skills, needs" in said
    assert f"{path}:3: boat: en is missing: names are in Chinese and in English" in said
    assert f"{path}:18: units, entry 1: there is no 'baot' among the [[kinds]] (did you mean boat?)" in said
    assert f"{path}:22: category '13' with severity 4 has needs already, at {path}:15" in said


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = [", "skills.toml:1: is not TOML"),
        ("", 'skills.toml:1: no [[needs]]: say what kinds of unit the matters need; category = "" is for all of them'),
        ("extends = true", "skills.toml:1: extends: there is no shipped file to extend here"),
        ("needs = 3", "skills.toml:1: needs is a list of tables"),
    ],
)
def test_a_skills_file_that_says_nothing_is_refused(text: str, fault: str) -> None:
    with pytest.raises(BadSkills, match=r"skills\.toml") as error:
        parse(text)
    assert any(problem.startswith(fault) for problem in error.value.problems)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "skills.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSkills, match=r"skills\.toml:1: cannot be read"):
        load_skills(tmp_path)
    (tmp_path / "reasons.toml").mkdir()
    with pytest.raises(BadReasons, match=r"reasons\.toml:1: cannot be read"):
        load_reasons(tmp_path)


def test_nine_reasons_ship_each_with_its_key_and_in_both_languages() -> None:
    reasons = load_reasons()
    assert [reason.press for reason in reasons.values()] == list(range(1, 10))
    assert all(id == reason.id for id, reason in reasons.items())
    assert all(reason.en.isascii() and not reason.zh.isascii() for reason in reasons.values())


def test_an_operators_reasons_stand_instead(tmp_path: Path) -> None:
    text = '[[reasons]]\npress = {}\nid = "{}"\nzh = "因"\nen = "for"\n'
    (tmp_path / "reasons.toml").write_text(text.format(7, "b") + text.format(2, "a"), "utf-8")
    assert [(r.press, r.id) for r in load_reasons(tmp_path).values()] == [(2, "a"), (7, "b")]


def test_every_fault_of_a_list_of_reasons_is_said_with_its_line() -> None:
    text = """[[reasons]]
press = 1
id = "a"
zh = "因"
en = "for"
[[reasons]]
press = 1
id = "a"
zh = "因"
[[reasons]]
press = 10
id = "No good"
zh = "因"
en = "for"
[[reasons]]
id = "c"
zh = "因"
en = "for"
"""
    with pytest.raises(BadReasons) as error:
        parse_reasons(text)
    assert [problem.split(":")[1] for problem in error.value.problems] == ["6", "7", "8", "11", "12", "15"]
    assert "reasons.toml:7: key 1 gives reason a already" in error.value.problems
    with pytest.raises(BadReasons, match="must have one to give"):
        parse_reasons("")
    with pytest.raises(BadReasons, match=r"reasons\.toml:2: is not TOML"):
        parse_reasons("[[reasons]]\npress")


def test_the_files_in_the_manual_are_read() -> None:
    manual = (Path(__file__).resolve().parents[3] / "docs" / "casework.md").read_text("utf-8")
    section = manual.split("\n## Recommendation\n")[1].split("\n## ")[0]
    own_reasons, own_needs = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    assert list(parse_reasons(own_reasons)) == ["ferry"]
    skills = parse(own_needs)
    assert [need.count for need in skills.needs("Structure Fire", 2)] == [3, 2, 1]
    assert [need.count for need in skills.needs("Medical Incident", 1)] == [2]
    assert len(skills.needs("Medical Incident", 3)) == 2
    assert skills.needs("Alarms", 3) == (Need(("ENGINE",)),)
    assert skills.kind("MEDIC").position_max_age_s == 120.0
    said = set(re.findall(r"`([a-z_]+)`", section.split("| reason | said |")[1].split("\n\n")[0]))
    assert said == {
        "at_incident", "busy", "occupied", "out_of_service", "kind", "skills", "no_position", "old_position",
        "other_area", "no_duty_area", "no_way",
    }  # fmt: skip
