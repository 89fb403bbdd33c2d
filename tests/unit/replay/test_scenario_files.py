"""Scenario files: what a good one reads as, and everything that a bad one is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.records import UnitStatus
from dispatch.book import shipped
from replay.scenario import Action, InjectKind, Measure
from replay.scenario_file import BadScenario, load, parse, parse_inject
from tests.unit.replay.exercise_world import SCENARIO, region

KNOWN = {"units": ["A1", "F1"], "sites": ["C1"], "categories": ["0504", "0305", "0604"]}


def _load(tmp_path: Path, text: str, **known: list[str]):
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, region(), shipped(), **(known or KNOWN))


def _problems(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(BadScenario) as caught:
        _load(tmp_path, text)
    found = []
    for problem in caught.value.problems:
        match = re.fullmatch(r".*s\.toml:(\d+): (.+)", problem)
        assert match, problem
        said = re.fullmatch(r".*s\.toml:(\d+)：(.+)", problem.zh)
        assert said, problem.zh
        assert said[1] == match[1], "the same line in Chinese"
        assert re.search("[\u4e00-\u9fff]", said[2]), problem.zh
        assert not re.search(r"\b(is|are|expected|missing|the|known)\b", said[2]), problem.zh
        found.append((int(match[1]), match[2]))
    return found


def _line(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


def test_a_scenario_reads_as_it_is_written(tmp_path: Path) -> None:
    s = _load(tmp_path, SCENARIO)
    assert s.start == datetime(2026, 7, 1, tzinfo=UTC)  # 08:00 in Shanghai
    assert s.end - s.start == timedelta(hours=1)
    assert [i.id for i in s.injects] == [f"I-{n}" for n in range(1, 8)]
    assert s.inject["I-5"].at == timedelta(minutes=15)  # given as a local time
    assert s.inject["I-5"].status is UnitStatus.OUT_OF_SERVICE
    assert s.inject["I-2"].kind is InjectKind.BLOCKED
    assert s.inject["I-2"].until == timedelta(minutes=40)
    first = s.inject["I-1"].expected
    assert first is not None
    assert (first.action, first.within, first.units) == (Action.DISPATCH, timedelta(minutes=3), (("fire_engine", 1),))
    target = s.objective["first-order"].target
    assert (target.measure, target.between, target.percentile) == (Measure.INTERVAL, ("opened", "dispatched"), 90)
    assert s.rules.admits("F1", "fire_engine", None)
    assert not s.rules.admits("W1", "grid_worker", "1000")


def test_the_log_keeps_the_text_and_reads_the_same_from_it(tmp_path: Path) -> None:
    s = _load(tmp_path, SCENARIO)
    assert parse(s.text, "log") == s


def test_all_problems_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = SCENARIO
    for old, new in (
        ('id = "I-3"', 'id = "I-1"'),  # twice
        ('at = "0:20"', 'at = "-0:20"'),  # before the start
        ("2026-07-01T08:15:00", "2026-07-01T07:15:00"),  # before the start, as a local time
        ('at = "0:22"', 'at = "1:22"'),  # after the end
        ('kind = "site_status"', 'kind = "sight_status"'),  # unknown kind
        ("lon = 120.021", "lon = 121.021"),  # outside the region
        ('area = "1000"', 'area = "9999"'),
        ('category = "0504"', 'category = "0599"'),
        ('objective = "first-order"', 'objective = "first-oder"'),
        ('unit = "A1"', 'unit = "A9"'),
        ('target = { measure = "site", site = "S1", by = "0:50" }', 'target = { measure = "site", site = "S1" }'),
        ('zh = "通报均确认"', 'zh = ""'),
        ("severity = 3", "severity = 9"),
        ('duration = "1 h"', 'duration = "1 hour"\ncolour = "red"'),
    ):
        assert old in text
        text = text.replace(old, new)
    found = _problems(tmp_path, text)
    for line, words in (
        (_line(text, 'at = "-0:20"'), "I-6: at is 0:20 before the start"),
        (_line(text, "07:15"), "I-5: at is 0:45 before the start"),
        (_line(text, "sight_status"), "expected one of event, unit_status, site_status"),
        (_line(text, "121.021"), "the point 121.021000, 33.019000 is in no area"),
        (_line(text, '"9999"'), "area '9999' is not in the region"),
        (_line(text, '"0599"'), "category '0599' is not known"),
        (_line(text, "first-oder"), "did you mean first-order?"),
        (_line(text, '"A9"'), "unit 'A9' is not known"),
        (_line(text, 'site = "S1" }'), "by None: expected a time after the start"),
        (_line(text, 'zh = ""'), "zh is missing"),
        (_line(text, "severity = 9"), "severity is a whole number from 1 to 4"),
        (_line(text, "colour"), "the file has no key 'colour'"),
    ):
        assert any(line == at and words in said for at, said in found), (line, words, found)
    second = [n for n, row in enumerate(text.splitlines(), 1) if row == 'id = "I-1"'][1]
    assert any(at == second and "I-1 is there twice" in said for at, said in found), found
    assert [at for at, _ in found] == sorted(at for at, _ in found)


def test_what_comes_after_the_end_is_refused(tmp_path: Path) -> None:
    (found,) = _problems(tmp_path, SCENARIO.replace('at = "0:22"', 'at = "1:22"'))
    assert "I-7: at 1:22 is after the end; the exercise lasts 1:00" in found[1]


def test_an_action_that_an_inject_cannot_call_for_is_refused(tmp_path: Path) -> None:
    text = SCENARIO.replace('action = "acknowledge"', 'action = "dispatch"')
    (found,) = _problems(tmp_path, text)
    assert found == (_line(text, 'action = "dispatch", within = "5 min"'), found[1])
    assert "a message cannot call for dispatch; expected acknowledge, site" in found[1]


def test_an_objective_that_nothing_can_meet_is_refused(tmp_path: Path) -> None:
    assert (
        "no inject is of the category"
        in _problems(
            tmp_path, SCENARIO.replace('measure = "closed", category = "05"', 'measure = "closed", category = "07"')
        )[0][1]
    )
    alone = SCENARIO.replace(', objective = "told"', "")
    assert "no inject expects an action for it" in _problems(tmp_path, alone)[0][1]


def test_a_continued_incident_must_have_been_opened(tmp_path: Path) -> None:
    text = SCENARIO.replace('area = "1000"', 'area = "1000"\nincident = "I-3"')
    assert "'I-3' is no inject that opens one" in _problems(tmp_path, text)[0][1]
    text = SCENARIO.replace("lat = 33.003\nzh", 'lat = 33.003\nincident = "I-6"\nzh')
    assert "continues I-6, which comes later" in _problems(tmp_path, text)[0][1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Nowhere"', "zone 'Asia/Nowhere' is not known"),
        ("start = 2026-07-01T08:00:00", 'start = "tomorrow"', "start is a date and time"),
        ('duration = "1 h"', 'duration = "1 week"', "duration"),
        ('between = "opened:dispatched"', 'between = "dispatched:opened"', "two of opened, dispatched"),
        ('within = "3 min", severity = 2', 'within = "soon", severity = 2', "within: time span 'soon'"),
        ("share = 1.0 }", "share = 1.5 }", "share 1.5: expected more than 0 and at most 1"),
        ("lat = 33.011", "", "lon and lat come together"),
        ("units = { fire_engine = 1 }", "units = { fire_engin = 1 }", "did you mean fire_engine?"),
        ("radius_m = 150", "radius_m = -1", "radius_m -1: expected a number from 1"),
        ('until = "0:40"', 'until = "0:04"', "until is not after at"),
        ('p90 = "15 min"', 'p90 = "5 min"', "p90 must be longer"),
        ('id = "trial"', 'id = "tri al"', "letters, digits, dots and dashes"),
        ("online = false", 'online = "no"', "online is true or false"),
    ],
)
def test_each_fault_has_its_words(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in SCENARIO
    found = _problems(tmp_path, SCENARIO.replace(old, new, 1))
    assert any(words in said for _, said in found), found


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    found = _problems(tmp_path, 'id = "a"\nzh = \n')
    assert found[0][0] == 2
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadScenario, match=r"b\.toml:1: cannot be read"):
        load(tmp_path / "b.toml", region(), shipped())
    with pytest.raises(BadScenario, match="No such file"):
        load(tmp_path / "none.toml", region(), shipped())


def test_an_empty_file_is_told_what_it_lacks(tmp_path: Path) -> None:
    found = " ".join(said for _, said in _problems(tmp_path, ""))
    for words in ("id is missing", "start is a date", "duration", "no objectives", "no injects"):
        assert words in found


def test_what_a_controller_adds_is_one_inject() -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)
    text = '[[injects]]\nid = "X-1"\nat = "0:30"\nkind = "message"\nzh = "停电"\nen = "Power cut"\n'
    assert parse_inject(text, "added", "UTC", start).at == timedelta(minutes=30)
    with pytest.raises(BadScenario, match="there are 2"):
        parse_inject(text + text.replace("X-1", "X-2"), "added", "UTC", start)
    with pytest.raises(BadScenario, match="added:4: inject X-1: kind 'massage'"):
        parse_inject(text.replace("message", "massage"), "added", "UTC", start)


@given(st.lists(st.integers(0, len(SCENARIO.splitlines()) - 1), min_size=1, max_size=8), st.randoms())
def test_a_mangled_file_is_refused_in_lines_or_read_never_half(cuts: list[int], random) -> None:
    lines = SCENARIO.splitlines()
    for at in cuts:
        lines[at] = random.choice([lines[at][: len(lines[at]) // 2], "", lines[at] + " x", lines[at].replace('"', "")])
    problems: tuple[str, ...] = ()
    try:
        scenario = parse("\n".join(lines), "m.toml")
    except BadScenario as error:
        problems = error.problems
    assert all(re.match(r"m\.toml:\d+: .", problem) for problem in problems)
    if not problems:
        assert scenario.id
        assert all(inject.id and inject.zh and inject.en for inject in scenario.injects)
