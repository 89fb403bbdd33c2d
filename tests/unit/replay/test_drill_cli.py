"""`app.py drill`: one document on standard output, refusals in lines, a drill that is kept beside real work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from app import app
from data.clock import ManualClock
from data.open_store import open_store
from data.store import Store
from tests.unit.replay.exercise_world import BEFORE, SCENARIO, master, region


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GRIDCOMMAND_VAR_DIR", str(tmp_path / "var"))
    url = f"sqlite:///{tmp_path / 's.db'}"
    with _opened(url) as store:
        store.put_level(region())
        store.append(master())
    return url


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return str(path)


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    store = open_store(url, ManualClock(BEFORE))
    yield store
    store.close()


def _call(*words: str, status: int = 0) -> tuple[str, str]:
    done = CliRunner().invoke(app, ["drill", *words])
    assert done.exit_code == status, (done.stdout, done.stderr, done.exception)
    return done.stdout, done.stderr


def test_check_tells_what_is_planned_or_every_fault(url: str, file: str, tmp_path: Path) -> None:
    out, _ = _call("check", file, "--db", url, "--json")
    assert orjson.loads(out)["injects"] == 7
    out, _ = _call("check", file, "--db", url)
    assert "08:02 I-1 event: 草地起火 / Grass fire" in out
    (tmp_path / "bad.toml").write_text(
        SCENARIO.replace('at = "0:02"', 'at = "-0:02"').replace('unit = "A1"', 'unit = "A9"'), encoding="utf-8"
    )
    out, err = _call("check", str(tmp_path / "bad.toml"), "--db", url, status=1)
    assert not out
    assert len([line for line in err.splitlines() if "bad.toml:" in line]) == 2


def test_a_run_prints_one_document_that_is_the_same_each_time(url: str, file: str) -> None:
    documents = []
    for name in ("a", "b"):
        out, err = _call("run", file, "--seed", "5", "--name", name, "--db", url, "--json")
        documents.append(orjson.loads(out))
        assert "units go along the straight line" in err  # this store has no roads
    a, b = documents
    assert a["timeline"] == "drill:trial:a"
    assert {**a, "timeline": ""} == {**b, "timeline": ""}
    assert len(a["state_hash"]) == 64
    assert {o["id"] for o in a["objectives"]} == {"first-order", "told", "shelter", "cleared"}
    assert a["intervals"]["opened:dispatched"]["n"] == 3
    assert a["status"] == "Exercise"
    _, err = _call("run", file, "--name", "a", "--db", url, "--json", status=1)
    assert "there is a drill on timeline drill:trial:a already" in err
    _, err = _call("run", file, "--policy", "best", "--db", url, status=1)
    assert "expected one of nearest-by-road" in err


def test_reports_and_ratings_come_from_the_log(url: str, file: str) -> None:
    ran = orjson.loads(_call("run", file, "--seed", "5", "--db", url, "--json")[0])
    _call("rate", "drill:trial", "told", "S", "--actor", "zhao", "--note", "late", "--db", url)
    found = orjson.loads(_call("report", "drill:trial", "--db", url, "--json")[0])
    assert found["state_hash"] == ran["state_hash"]  # a rating is judgement, not state
    told = next(o for o in found["objectives"] if o["id"] == "told")
    assert [(r["by"], r["rating"], r["note"]) for r in told["ratings"]] == [("zhao", "S", "late")]
    assert found["deeds"][-1]["what"] == "rate"
    assert "S (zhao)" in _call("report", "drill:trial", "--db", url)[0]
    _, err = _call("rate", "drill:trial", "told", "X", "--actor", "zhao", "--db", url, status=1)
    assert "expected one of P, S, M, U" in err
    _, err = _call("report", "drill:none", "--db", url, status=1)
    assert "there is no drill on timeline 'drill:none'" in err


def test_an_export_says_on_every_line_that_it_is_an_exercise(url: str, file: str) -> None:
    _call("run", file, "--seed", "5", "--db", url)
    out, _ = _call("export", "drill:trial", "--db", url)
    lines = [orjson.loads(line) for line in out.splitlines()]
    assert len(lines) > 100
    assert all(line["status"] == "Exercise" and line["timeline"] == "drill:trial" for line in lines)
    _, err = _call("export", "live", "--db", url, status=1)
    assert "is no exercise" in err


def test_the_invented_district_is_drawn_into_an_empty_store_only(url: str) -> None:
    _, err = _call("check", "typhoon", "--demo", "--db", url, status=1)
    assert "holds" in err


def test_two_runs_stand_side_by_side(url: str, file: str) -> None:
    for name, seed in (("a", "1"), ("b", "2"), ("c", "1")):
        _call("run", file, "--seed", seed, "--name", name, "--db", url)
    found = orjson.loads(_call("compare", "drill:trial:a", "drill:trial:b", "--db", url, "--json")[0])
    assert found["same_scenario"]
    assert (found["a"]["seed"], found["b"]["seed"]) == (1, 2)
    reports = [orjson.loads(_call("report", f"drill:trial:{n}", "--db", url, "--json")[0]) for n in "ab"]
    lives = [{i["id"]: i for i in report["incidents"]} for report in reports]
    for each in found["incidents"]:
        a, b = (datetime.fromisoformat(side[each["id"]]["dispatched"]) for side in lives)
        opened = [datetime.fromisoformat(side[each["id"]]["opened"]) for side in lives]
        gained = ((a - opened[0]) - (b - opened[1])).total_seconds() / 60
        assert each["gained"]["dispatched"] == pytest.approx(gained, abs=1e-4)
    assert any(each["gained"]["dispatched"] for each in found["incidents"])
    same = orjson.loads(_call("compare", "drill:trial:a", "drill:trial:c", "--db", url, "--json")[0])
    assert all(v in (0.0, None) for each in same["incidents"] for v in each["gained"].values())
    assert "sooner" in (text := _call("compare", "drill:trial:a", "drill:trial:b", "--db", url)[0]) or "later" in text


def test_the_report_is_written_as_a_pdf_in_the_language_that_is_asked_for(url: str, file: str, tmp_path: Path) -> None:
    _call("run", file, "--db", url, "--seed", "7")
    written = [tmp_path / f"{name}.pdf" for name in ("zh", "again", "en", "two")]
    for path, more in zip(written, ([], [], ["--lang", "en"], ["--beside", "drill:trial"]), strict=True):
        out, err = _call("report", "drill:trial", "--db", url, "--json", "--pdf", str(path), *more)
        assert orjson.loads(out)["timeline"] == "drill:trial"
        assert f"wrote {path}" in err
    zh, again, en, two = (path.read_bytes() for path in written)
    assert zh == again
    assert zh[:5] == b"%PDF-"
    assert len({zh, en, two}) == 3
    _, err = _call("report", "drill:trial", "--db", url, "--pdf", str(tmp_path / "x.pdf"), "--lang", "fr", status=1)
    assert "expected one of zh, en" in err
    _, err = _call("report", "drill:trial", "--db", url, "--pdf", str(tmp_path / "none" / "x.pdf"), status=1)
    assert "cannot be written" in err
