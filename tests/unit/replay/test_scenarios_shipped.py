"""The scenarios that ship are sound, fit the demonstration district, and have their guide."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from dispatch.book import shipped
from feeds.demo.district import SEED, draw_district
from feeds.demo.resources import cameras, gauge_ids, vehicles, workers
from feeds.demo.taxonomy import names_json
from replay.scenario import Measure, Scenario
from replay.scenario_file import SHIPPED, load

ROOT = Path(__file__).parents[3]
NAMES = ("typhoon", "factory-fire", "festival")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _load(name: str) -> Scenario:
    return _read(SHIPPED / f"{name}.toml")


def _read(path: Path) -> Scenario:
    return load(
        path,
        draw_district(SEED).region,
        shipped(),
        categories=set(orjson.loads(names_json())),
        units={v.id for v in vehicles(SEED)} | {w.id for w in workers(SEED)},
        sites={*gauge_ids(SEED), *(c.id for c in cameras(SEED))},
    )


def test_these_ship_and_no_others() -> None:
    assert sorted(path.stem for path in SHIPPED.glob("*.toml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_is_sound(name: str) -> None:
    scenario = _load(name)
    assert scenario.id == name
    assert 3 <= len(scenario.objectives) <= 6
    assert 25 <= len(scenario.injects) <= 60
    assert scenario.zone == "Asia/Shanghai"
    assert scenario.start > datetime(2026, 1, 1, tzinfo=UTC)
    for told in (*scenario.injects, *scenario.objectives, *scenario.places):
        assert CHINESE.search(told.zh), told
        assert not CHINESE.search(told.en), told
    assert sum(inject.expected is not None for inject in scenario.injects) > len(scenario.injects) / 2
    times = [inject.at for inject in scenario.injects]
    assert times == sorted(times)
    # Something to judge every objective by.
    for objective in scenario.objectives:
        named = [i for i in scenario.injects if i.expected is not None and i.expected.objective == objective.id]
        if objective.target.measure is Measure.ACTIONS:
            assert len(named) >= 2, objective.id


@pytest.mark.parametrize("name", NAMES)
def test_its_guide_speaks_of_every_objective_in_both_languages(name: str) -> None:
    guide = (ROOT / "docs" / "drills" / f"{name}.md").read_text(encoding="utf-8")
    scenario = _load(name)
    for objective in scenario.objectives:
        assert guide.count(f"`{objective.id}`") >= 2, objective.id
    for id in set(re.findall(r"\b(?:TY|FF|FE)-\d\d\b", guide)):
        assert id in scenario.inject, id
    assert len(CHINESE.findall(guide)) > 600
    assert len(re.findall(r"[A-Za-z]+", guide)) > 500


def test_the_example_of_the_manual_is_sound(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "drill.md").read_text(encoding="utf-8"), re.S)
    path = tmp_path / "quay.toml"
    path.write_text(example, encoding="utf-8")
    assert [inject.id for inject in _read(path).injects] == ["Q-01", "Q-02"]
