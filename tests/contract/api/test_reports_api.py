"""Reports of exercises by HTTP: figures, two runs, the PDF, the records, and the page; on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import pytest

from data.clock import ManualClock
from data.settings import Settings
from dispatch.book import shipped
from replay.drill_run import run
from replay.policies import NONE, ROAD
from tests.contract.api.api_server import Server
from tests.contract.exercise_server import API, call, exercised, scenario, started
from tests.unit.replay.exercise_world import roads

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
DRILLS = f"{API}/drills"
ONE, OTHER, GOING = "drill:trial", "drill:trial:idle", "drill:trial:going"
EXERCISE = ("x-gridcommand-exercise", "1")


def _fill(server: Server) -> None:
    """Two runs without people, one that is under way, and something real."""
    store = server.services.store
    for policy, name in ((ROAD, ""), (NONE, "idle")):
        run(store, scenario(), shipped(), Settings(), roads(), seed=7, policy_name=policy, name=name)
    store.append([call(NOW - timedelta(minutes=3))])
    assert server.services.drills is not None
    server.services.drills.make(scenario(), actor="zhao", run="going", policy_name=NONE)
    started(server, GOING)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reports")
    with exercised(f"sqlite:///{folder / 'r.db'}", ManualClock(NOW), var_dir=folder / "var") as running:
        _fill(running)
        yield running


def _got(server: Server, path: str, status: int = 200, **query: str) -> httpx.Response:
    answer = server.client.get(path, params=query)
    assert answer.status_code == status, answer.text
    return answer


def test_figures_say_that_they_are_of_an_exercise(server: Server) -> None:
    answer = _got(server, f"{DRILLS}/{ONE}/report")
    found = answer.json()
    assert (found["status"], found["timeline"], found["phase"]) == ("Exercise", ONE, "ended")
    assert EXERCISE in answer.headers.items()
    first = found["objectives"][0]
    assert first["target"] == {"measure": "interval", "between": "opened:dispatched", "percentile": 90, "within": 3.0}
    assert [item["about"] for item in first["items"]] == ["I-1", "I-6"]
    assert [each["id"] for each in found["injects"]] == [f"I-{n}" for n in range(1, 8)]
    assert _got(server, f"{DRILLS}/{GOING}/report").json()["phase"] == "running"


def test_two_runs_side_by_side(server: Server) -> None:
    found = _got(server, f"{DRILLS}/{ONE}/report", beside=OTHER).json()
    assert (found["a"]["timeline"], found["b"]["timeline"], found["same_scenario"]) == (ONE, OTHER, True)
    fire = next(each for each in found["incidents"] if each["id"] == "I-1")
    assert fire["a"]["dispatched"] > 0
    assert (fire["b"]["dispatched"], fire["gained"]["dispatched"]) == (None, None)
    assert _got(server, f"{DRILLS}/{ONE}/report", 404, beside="drill:none").json()["reason"] == "not_found"


@pytest.mark.parametrize("name", ["live", "drill:none", "drill:"])
@pytest.mark.parametrize("file", ["report", "report.pdf", "records.jsonl"])
def test_what_is_no_drill_has_no_report(server: Server, name: str, file: str) -> None:
    refused = _got(server, f"{DRILLS}/{name}/{file}", 404).json()
    assert name in refused["error"]
    assert "没有演练" in refused["error_zh"]
    assert "没有演练" in _got(server, "/report", 404, timeline=name, lang="zh").text


def test_the_pdf_is_the_same_each_time_and_in_both_languages_another(server: Server) -> None:
    first = _got(server, f"{DRILLS}/{ONE}/report.pdf", lang="zh")
    assert first.headers["content-type"] == "application/pdf"
    assert 'filename="EXERCISE-drill-trial.pdf"' in first.headers["content-disposition"]
    assert EXERCISE in first.headers.items()
    assert first.content.startswith(b"%PDF-")
    assert _got(server, f"{DRILLS}/{ONE}/report.pdf").content == first.content
    english = _got(server, f"{DRILLS}/{ONE}/report.pdf", lang="en").content
    beside = _got(server, f"{DRILLS}/{ONE}/report.pdf", lang="zh", beside=OTHER).content
    assert len({first.content, english, beside}) == 3
    assert _got(server, f"{DRILLS}/{ONE}/report.pdf", 400, lang="fr").json()["reason"] == "invalid"


def test_records_as_a_file_each_marked_and_nothing_real_among_them(server: Server) -> None:
    answer = _got(server, f"{DRILLS}/{ONE}/records.jsonl")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert 'filename="EXERCISE-drill-trial.jsonl"' in answer.headers["content-disposition"]
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert {(line["status"], line["timeline"]) for line in lines} == {("Exercise", ONE)}
    assert len(lines) == len(server.services.store.read_after(0, limit=100_000, timeline=ONE))


def test_the_page_in_both_languages_and_the_list_of_drills(server: Server) -> None:
    page = _got(server, "/report", timeline=ONE, lang="en")
    assert page.headers["content-type"].startswith("text/html")
    assert EXERCISE in page.headers.items()
    for said in ("Trial fire", "After-action report", "演练 EXERCISE", "First units sent within three minutes", "<svg"):
        assert said in page.text
    assert "演练评估报告" in _got(server, "/report", timeline=ONE, lang="zh").text
    assert "not over" in _got(server, "/report", timeline=GOING, lang="en").text
    assert "Two runs side by side" in _got(server, "/report", timeline=ONE, beside=OTHER, lang="en").text
    listed = _got(server, "/report").text
    assert all(f">{each}</a>" in listed for each in (ONE, OTHER, GOING))


def test_a_rating_that_is_entered_is_in_the_report_and_in_the_print(server: Server) -> None:
    before = _got(server, f"{DRILLS}/{OTHER}/report.pdf").content
    rated = server.client.post(
        f"{DRILLS}/{OTHER}/rate", json={"objective": "told", "rating": "U", "actor": "赵敏", "note": "无人值守"}
    )
    assert rated.status_code == 200, rated.text
    told = next(x for x in _got(server, f"{DRILLS}/{OTHER}/report").json()["objectives"] if x["id"] == "told")
    assert [(x["rating"], x["by"], x["note"]) for x in told["ratings"]] == [("U", "赵敏", "无人值守")]
    assert "无人值守" in _got(server, "/report", timeline=OTHER).text
    assert _got(server, f"{DRILLS}/{OTHER}/report.pdf").content != before


@pytest.mark.postgis
def test_both_stores_give_the_same_print(server: Server, postgis_url: str, tmp_path: Path) -> None:
    with exercised(postgis_url, ManualClock(NOW + timedelta(days=1)), var_dir=tmp_path / "var") as other:
        store = other.services.store
        run(store, scenario(), shipped(), Settings(), roads(), seed=7, policy_name=ROAD)
        path = f"{DRILLS}/{ONE}/report.pdf"
        assert _got(other, path).content == _got(server, path).content
