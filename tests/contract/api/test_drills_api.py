"""`/drills`: from the list of scenarios to the report, as a console, a desk and an evaluator call it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.clock import ManualClock
from tests.contract.api.api_server import Server, eventually
from tests.contract.exercise_server import API, TRIAL, exercised
from tests.unit.replay.exercise_world import SCENARIO

START = datetime(2026, 7, 1, tzinfo=UTC)
"""When the trial exercise begins."""

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
DRILLS = f"{API}/drills"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def server(tmp_path: Path, clock: ManualClock) -> Iterator[Server]:
    own = tmp_path / "var" / "scenarios"
    own.mkdir(parents=True)
    (own / "trial.toml").write_text(SCENARIO, encoding="utf-8")
    (own / "worse.toml").write_text(SCENARIO.replace('at = "0:20"', 'at = "9:20"'), encoding="utf-8")
    (own / "broken.toml").write_text('id = "broken', encoding="utf-8")
    with exercised(f"sqlite:///{tmp_path / 'a.db'}", clock, var_dir=tmp_path / "var") as running:
        yield running


def post(server: Server, path: str, expected: int = 200, **body: Any) -> Any:
    answer = server.client.post(f"{DRILLS}{path}", json={"actor": "zhao", **body})
    assert answer.status_code == expected, answer.text
    return answer.json()


def get(server: Server, path: str = f"/{TRIAL}", **query: str) -> Any:
    answer = server.client.get(f"{DRILLS}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def inject(server: Server, id: str, **query: str) -> Any:
    return next(each for each in get(server, **query)["injects"] if each["id"] == id)


@pytest.fixture
def made(server: Server) -> Server:
    post(server, "", 201, scenario="trial", seed=7)
    return server


def test_scenarios_are_listed_with_what_is_wrong_with_them(server: Server):
    found = {each["id"]: each for each in get(server, "/scenarios") if not each["shipped"]}
    assert found["trial"]["faults"] == []
    assert "trial.toml" in found["worse"]["faults"][0], "its id is another's"
    assert found["worse"]["faults"][1].startswith("worse.toml:104: inject I-6")
    assert (found["trial"]["injects"], found["trial"]["objectives"], found["trial"]["duration_s"]) == (7, 4, 3600.0)
    assert found["trial"]["start"] == "2026-07-01T00:00:00Z"
    assert found["broken"]["faults"][0].startswith("broken.toml:1: is not TOML")
    assert found["broken"]["faults_zh"][0].startswith("broken.toml:1：不是有效的 TOML")
    assert "编号 trial 与 trial.toml 相同" in found["worse"]["faults_zh"][0]
    assert all(len(each["faults"]) == len(each["faults_zh"]) for each in found.values())
    shipped = {each["id"] for each in get(server, "/scenarios") if each["shipped"]}
    assert shipped == {"typhoon", "factory-fire", "festival"}
    refused = post(server, "", 400, scenario="broken")
    assert "broken.toml:1" in refused["error"]
    assert "处错误" in refused["error_zh"]
    assert post(server, "", 404, scenario="none")["reason"] == "not_found"


def test_a_scenario_that_does_not_fit_the_place_cannot_be_played(server: Server):
    typhoon = next(each for each in get(server, "/scenarios") if each["id"] == "typhoon")
    assert typhoon["zh"], "it is named all the same"
    assert any("outside" in line or "no such" in line or "unit" in line for line in typhoon["faults"])
    assert post(server, "", 400, scenario="typhoon")["error"].count("typhoon.toml:") == len(typhoon["faults"])


def test_a_drill_from_its_making_to_its_report(made: Server, clock: ManualClock):
    state = get(made)
    assert (state["phase"], state["now"], state["end"]) == ("prepared", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00Z")
    assert (state["seed"], state["policy"], state["zone"], state["made_by"]) == (7, "", "Asia/Shanghai", "zhao")
    assert [each["id"] for each in state["injects"]] == [f"I-{n}" for n in range(1, 8)]
    assert post(made, "", 409, scenario="trial")["error_zh"]

    state = post(made, f"/{TRIAL}/start", rate=10)
    assert (state["phase"], state["rate"]) == ("running", 10)
    clock.advance(12.5)  # 2:05 of the exercise
    eventually(lambda: inject(made, "I-1")["fate"] == "fired")
    fired = inject(made, "I-1")
    assert (fired["fired_at"], fired["by"]) == ("2026-07-01T00:02:00Z", "clock")
    assert fired["expect"]["due"] == "2026-07-01T00:05:00Z"
    assert fired["expect"]["met"] is None
    sent = made.client.post(
        f"{API}/incidents/I-1/dispatch", params={"timeline": TRIAL}, json={"actor": "desk", "units": ["F1"]}
    )
    assert sent.status_code == 200, sent.text
    expected = inject(made, "I-1")["expect"]
    assert (expected["done_at"], expected["met"]) == ("2026-07-01T00:02:05Z", True)

    state = post(made, f"/{TRIAL}/pause", note="lunch")
    clock.advance(3600)
    assert get(made)["now"] == state["now"] == "2026-07-01T00:02:05Z"
    state = post(made, f"/{TRIAL}/fire", inject="I-3")
    assert [(each["inject"], each["acknowledged_at"]) for each in state["messages"]] == [("I-3", None)]
    state = post(made, f"/{TRIAL}/acknowledge", inject="I-3", actor="desk 2")
    assert state["messages"][0]["acknowledged_by"] == "desk 2"
    again = post(made, f"/{TRIAL}/acknowledge", 409, inject="I-3", actor="desk 3")
    assert "desk 2" in again["error"]
    state = post(made, f"/{TRIAL}/skip", inject="I-5", note="spared")
    skipped = inject(made, "I-5")
    assert (skipped["fate"], skipped["note"], skipped["by"]) == ("skipped", "spared", "zhao")
    version = state["version"]
    assert get(made)["version"] == version

    post(made, f"/{TRIAL}/resume", rate=60)
    clock.advance(70)
    eventually(lambda: get(made)["phase"] == "ended")
    state = post(made, f"/{TRIAL}/rate", objective="first-order", rating="P", note="quick", actor="li")
    rated = next(each for each in state["objectives"] if each["id"] == "first-order")
    assert [(each["rating"], each["by"], each["note"]) for each in rated["ratings"]] == [("P", "li", "quick")]
    assert "3 min" in rated["target"]["en"]
    assert "3 分钟" in rated["target"]["zh"]
    report = get(made, f"/{TRIAL}/report")
    assert report["status"] == "Exercise"
    judged = {each["id"]: each for each in report["objectives"]}
    assert judged["first-order"]["ratings"][0]["rating"] == "P"
    late = made.client.post(
        f"{API}/incidents", params={"timeline": TRIAL}, json={"actor": "desk", "category": "0504", "title": "x"}
    )
    assert late.status_code == 409
    assert "over" in late.json()["error"]


def test_a_player_does_not_see_what_is_planned(made: Server, clock: ManualClock):
    assert get(made, role="player")["injects"] == []
    post(made, f"/{TRIAL}/start", rate=60)
    clock.advance(11)
    eventually(lambda: len(get(made, role="player")["injects"]) == 4)
    seen = get(made, role="player")
    assert seen["objectives"] == []
    assert {each["fate"] for each in seen["injects"]} == {"fired"}
    assert all(each["expect"] is None and not each["notes"] and not each["by"] for each in seen["injects"])
    assert [each["inject"] for each in seen["messages"]] == ["I-3", "I-4"]
    assert inject(made, "I-2")["notes"], "a controller does"


def test_an_inject_is_added_as_a_file_words_it_or_refused_with_all_its_faults(made: Server, clock: ManualClock):
    good = {
        "id": "X-1", "at": "0:01", "kind": "event", "source": "119", "category": "0504", "severity": 1,
        "lon": 120.011, "lat": 33.003, "zh": "又一处“起火”\n", "en": 'Another "fire" \\ here',
        "expect": {"action": "dispatch", "within": "3 min", "objective": "first-order", "units": {"fire_engine": 1}},
    }  # fmt: skip
    post(made, f"/{TRIAL}/add", inject=good)
    added = inject(made, "X-1")
    assert (added["added"], added["fate"], added["by"], added["fired_at"]) == (True, "waiting", "zhao", None)
    assert added["en"] == good["en"]
    assert added["expect"]["units"] == {"fire_engine": 1}
    assert added["at"] == "2026-07-01T00:01:00Z"
    local = {**good, "id": "X-2", "at": (START + timedelta(minutes=30)).isoformat()}
    post(made, f"/{TRIAL}/add", inject=local)
    assert inject(made, "X-2")["at"] == "2026-07-01T00:30:00Z"
    twice = post(made, f"/{TRIAL}/add", 409, inject=good)
    assert "already" in twice["error"]
    assert "已存在" in twice["error_zh"]
    away = post(made, f"/{TRIAL}/add", 409, inject={**good, "id": "X-3", "lon": 10.0, "at": "5:00"})
    assert "no area" in away["error"]
    assert "end" in away["error"]
    odd = post(made, f"/{TRIAL}/add", 400, inject={**good, "id": "X-4", "at": "soon", "unit": "F1"})
    assert "'unit'" in odd["error"]
    assert "'soon'" in odd["error"]
    assert odd["error_zh"].startswith("追加的注入")
    post(made, f"/{TRIAL}/start", rate=60)
    clock.advance(2)
    eventually(lambda: inject(made, "X-1")["fate"] == "fired")


def test_runs_of_one_scenario_stand_side_by_side_and_say_that_they_are_exercises(made: Server):
    post(made, "", 201, scenario="trial", run="b", policy="nearest-by-road", actor="qian")
    drills = get(made, "")
    assert [(each["timeline"], each["run"], each["policy"], each["made_by"]) for each in drills] == [
        (TRIAL, "", "", "zhao"),
        (f"{TRIAL}:b", "b", "nearest-by-road", "qian"),
    ]
    answer = made.client.get(f"{DRILLS}/{TRIAL}")
    assert answer.headers["x-gridcommand-exercise"] == "1"
    refused = made.client.post(f"{DRILLS}/{TRIAL}/pause", json={"actor": "zhao"})
    assert refused.status_code == 409
    assert refused.headers["x-gridcommand-exercise"] == "1"
    assert "已准备" in refused.json()["error_zh"]
    assert post(made, "/drill:none/start", 404)["error_zh"]
    assert post(made, f"/{TRIAL}/start", 400, rate=0)["reason"] == "invalid"
    assert post(made, "", 400, scenario="trial", run="a b")["reason"] == "invalid"
    assert post(made, "", 400, scenario="trial", run="c", policy="best")["error_zh"]
