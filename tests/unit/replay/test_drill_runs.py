"""Whole exercises without people, and beside them: what is sent, who drives where, what the report makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.records import Kind, UnitStatus
from data.settings import Settings
from data.store import Store
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher
from replay.drill import Drill
from replay.drill_engine import Engine
from replay.drill_run import run
from replay.policies import NONE, ROAD, STRAIGHT, policy
from replay.report import report_of
from replay.report_document import document
from replay.report_log import read_log
from replay.scenario import Scenario
from replay.scenario_file import load
from replay.state_hash import state_hash
from tests.unit.replay.exercise_world import SCENARIO, master, region, roads

START = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = open_store(f"sqlite:///{tmp_path / 's.db'}", ManualClock(START))
    one.put_level(region())
    one.append(master())
    yield one
    one.close()


def _scenario(tmp_path: Path, text: str = SCENARIO) -> Scenario:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, region(), shipped())


def _play(store: Store, scenario: Scenario, policy_name: str = ROAD, *, seed: int = 7, name: str = "") -> str:
    return run(store, scenario, shipped(), Settings(), roads(), seed=seed, policy_name=policy_name, name=name).timeline


def _objectives(store: Store, timeline: str) -> dict[str, object]:
    return {o["id"]: o["met"] for o in document(report_of(store, timeline))["objectives"]}


def test_an_exercise_without_people_plays_to_its_end(store: Store, tmp_path: Path) -> None:
    timeline = _play(store, _scenario(tmp_path))
    found = document(report_of(store, timeline))
    assert found["phase"] == "ended"
    assert found["counts"]["injects"] == {"waiting": 0, "fired": 7, "skipped": 0}
    assert found["to"] == START + timedelta(hours=1)
    fired = {d["about"]: d["at"] for d in found["deeds"] if d["what"] == "fire"}
    assert fired["I-1"] == START + timedelta(minutes=2)
    assert fired["I-5"] == START + timedelta(minutes=15)
    lives = {i["id"]: i for i in found["incidents"]}
    assert lives["I-1"]["units"] == ["F1"]  # on this side of the river
    assert lives["I-6"]["units"] == ["A2"]  # A1 broke down
    for life in lives.values():
        steps = [life[k] for k in ("opened", "dispatched", "en_route", "arrived", "closed")]
        assert steps == sorted(steps)


def test_units_move_on_the_roads_at_their_speeds(store: Store, tmp_path: Path) -> None:
    timeline = _play(store, _scenario(tmp_path))
    life = read_log(store, timeline).lives["I-1"]
    assert life.en_route is not None
    assert life.arrived is not None
    graph = roads()
    a, b = int(graph.snap(120.003, 33.003)), int(graph.snap(120.011, 33.003))
    assert (life.arrived - life.en_route).total_seconds() == pytest.approx(graph.travel_seconds(a)[b], abs=1)
    fixes = [r for r in store.read_after(0, limit=10_000, timeline=timeline) if r.kind is Kind.UNIT_POSITION]
    way = [r for r in fixes if r.payload.unit == "F1" and life.en_route <= r.at <= life.arrived]  # type: ignore[union-attr]
    assert len(way) >= 3
    assert all(r.lat == 33.003 for r in way)
    assert [r.lon for r in way] == sorted(r.lon for r in way)


def test_by_road_and_as_the_crow_flies_choose_otherwise_where_a_river_is_in_between(
    store: Store, tmp_path: Path
) -> None:
    west = SCENARIO
    for old, new in (
        ("lon = 120.011\nlat = 33.003\nzh", "lon = 120.019\nlat = 33.003\nzh"),  # on the bank
        ("radius_m = 150", "radius_m = 1"),
        ('category = "0504"', 'category = "0604"'),
        ('category = "05"', 'category = "06"'),
        ("fire_engine = 1", "ambulance = 1"),
    ):
        assert old in west
        west = west.replace(old, new)
    by_road, by_line = (
        _play(store, _scenario(tmp_path, west), p, name=f"w{n}") for n, p in enumerate((ROAD, STRAIGHT))
    )
    assert read_log(store, by_road).lives["I-1"].sent[0][1] == "A1"
    assert read_log(store, by_line).lives["I-1"].sent[0][1] == "A2"  # nearer, beyond the river
    took = [read_log(store, t).lives["I-1"] for t in (by_road, by_line)]
    assert took[0].arrived is not None
    assert took[1].arrived is not None
    assert took[0].arrived < took[1].arrived


def test_the_seed_decides_and_nothing_else(store: Store, tmp_path: Path) -> None:
    scenario = _scenario(tmp_path)
    hashes = [state_hash(store, _play(store, scenario, seed=s, name=str(n))) for n, s in enumerate((1, 1, 2))]
    assert hashes[0] == hashes[1] != hashes[2]


def test_when_nobody_decides_nobody_is_sent_and_the_objectives_are_missed(store: Store, tmp_path: Path) -> None:
    timeline = _play(store, _scenario(tmp_path), NONE)
    assert not any(life.sent for life in read_log(store, timeline).lives.values())
    assert _objectives(store, timeline) == {
        "first-order": False, "told": False, "shelter": True, "cleared": False,
    }  # fmt: skip
    first = document(report_of(store, timeline))["objectives"][0]
    assert first["done"] == "p90 never, n 2"


def test_beside_people_crews_obey_the_desk(store: Store, tmp_path: Path) -> None:
    """People decide on their own clock; the engine is called now and then and moves the crews."""
    scenario, wall, hands = _scenario(tmp_path), ManualClock(datetime(2026, 11, 1, tzinfo=UTC)), ManualClock(START)
    with Drill.make(store, wall, scenario, actor="li") as drill:
        engine = Engine(
            store, drill, shipped(), Settings(), hands=hands, roads=roads(), policy=None, seed=1,
        )  # fmt: skip
        desk = Dispatcher(store, drill, drill.timeline, shipped())
        drill.start(actor="li", rate=60)
        wall.advance(3)  # three minutes of the exercise
        engine.play_to(drill.now())
        (row,) = store.snapshot(drill.timeline).incidents
        assert (row.id, row.case is not None) == ("I-1", True)
        desk.dispatch("I-1", ["F2"], actor="chen")  # from the other side of the river
        for _ in range(4):
            wall.advance(1)
            engine.play_to(drill.now())
        unit = next(u for u in store.snapshot(drill.timeline).units if u.id == "F2")
        assert unit.status is UnitStatus.EN_ROUTE
        desk.recall("I-1", ["F2"], actor="chen")
        wall.advance(1)
        engine.play_to(drill.now())
        assert not engine.crews.at_work("I-1")
        drill.pause(actor="li")
        wall.advance(600)
        head = store.head()
        engine.play_to(drill.now())
        assert store.head() == head  # nothing moves in a pause
        drill.resume(actor="li", rate=3600)
        wall.advance(2)
        engine.play_to(drill.now())
        assert drill.state.phase == "ended"
        assert engine.players.refused == 0


def test_an_engine_called_often_plays_what_one_that_is_called_once_plays(store: Store, tmp_path: Path) -> None:
    scenario = _scenario(tmp_path)
    whole = _play(store, scenario, seed=5, name="whole")
    hands = ManualClock(START)
    players = policy(ROAD, shipped().skills, region(), scenario.zone)
    with Drill.make(store, hands, scenario, actor="clock", run="parts", seed=5, policy=ROAD) as drill:
        engine = Engine(store, drill, shipped(), Settings(), hands=hands, roads=roads(), policy=players, seed=5)
        drill.start(actor="clock")
        for minute in range(1, 61):
            engine.play_to(START + timedelta(minutes=minute))
    assert state_hash(store, drill.timeline) == state_hash(store, whole)


def test_a_unit_that_drops_out_is_replaced(store: Store, tmp_path: Path) -> None:
    text = SCENARIO.replace('unit = "A1"', 'unit = "F1"').replace("08:15:00", "08:04:30")
    timeline = _play(store, _scenario(tmp_path, text))
    life = read_log(store, timeline).lives["I-1"]
    assert [unit for _, unit in life.sent] == ["F1", "F2"]
    assert [unit for _, unit in life.there] == ["F2"]


def test_ratings_are_part_of_the_report(store: Store, tmp_path: Path) -> None:
    timeline = _play(store, _scenario(tmp_path))
    with Drill(store, ManualClock(START + timedelta(days=1)), timeline) as drill:
        drill.rate("told", "S", actor="zhao", note="slow")
        drill.rate("told", "M", actor="qian")
    told = next(o for o in document(report_of(store, timeline))["objectives"] if o["id"] == "told")
    assert [(r["by"], r["rating"]) for r in told["ratings"]] == [("zhao", "S"), ("qian", "M")]


@pytest.mark.parametrize("stop", [2, 3, 5, 9, 15, 23, 30, 50])
def test_another_engine_goes_on_where_one_was_stopped(store: Store, tmp_path: Path, stop: int) -> None:
    scenario = _scenario(tmp_path)
    hands = ManualClock(START)
    with Drill.make(store, hands, scenario, actor="clock", seed=5, policy=ROAD) as drill:
        drill.start(actor="clock")
        for until in (stop, 60):  # each with an engine of its own: the first one's process was stopped
            players = policy(ROAD, shipped().skills, region(), scenario.zone)
            with Drill(store, hands, drill.timeline) as again:
                engine = Engine(store, again, shipped(), Settings(), hands=hands, roads=roads(), policy=players, seed=5)
                engine.play_to(START + timedelta(minutes=until))
        assert drill.state.phase == "ended"
    log = read_log(store, drill.timeline)
    assert {id: life.closed is not None for id, life in log.lives.items()} == {"I-1": True, "I-2": True, "I-6": True}
    assert all(life.dispatched is not None and life.arrived is not None for life in log.lives.values())
    assert log.state.acknowledged.keys() == {"I-3", "I-4", "I-5", "I-7"}
    left = {u.id: u.status for u in store.snapshot(drill.timeline).units}
    assert left.pop("A1") is UnitStatus.OUT_OF_SERVICE
    assert set(left.values()) <= {UnitStatus.AVAILABLE, UnitStatus.LEAVING}
