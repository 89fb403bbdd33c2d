"""The process that makes a first start: what it leaves, what it says, and what the server does when it ends."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cli import demo
from cli.demo import _Filling
from cli.first_start import fill
from data.clock import SystemClock
from data.errors import Refused
from data.open_store import open_store
from feeds.demo.district import draw_district


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'demo.db'}"


def test_it_leaves_the_district_its_history_and_open_cases_and_says_its_steps(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(url, days=2)
    said = capsys.readouterr()
    assert said.out == "cases\n"
    with closing(open_store(url, SystemClock())) as store:
        assert len(store.region().areas) == len(draw_district().region.areas)
        snapshot = store.snapshot()
        cases = [row for row in snapshot.incidents if row.case is not None and row.case.workflow]
        assert len(snapshot.incidents) > 5_000
        assert len(cases) > 200
        assert f"{len(cases)} open cases" in said.err
        store.rebuild()
        assert store.snapshot() == snapshot


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the process that fills runs instead: Python code."""
    code: list[str] = []
    real = subprocess.Popen

    def instead(command: list[str], **options: object) -> subprocess.Popen[str]:
        assert command[:3] == [sys.executable, "-m", "cli.first_start"]
        return real([sys.executable, "-c", code[0], *command[3:]], **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(demo.subprocess, "Popen", instead)
    return code


@pytest.mark.parametrize(("status", "well"), [(0, True), (3, False)])
def test_its_steps_are_told_and_a_failure_is_noticed(
    status: int, well: bool, child: list[str], tmp_path: Path, url: str
) -> None:
    child.append(f"import sys; print('cases', flush=True); print(sys.argv[1], flush=True); sys.exit({status})")
    filling, steps = _Filling(tmp_path / "demo.db", url), []
    with filling.running():
        assert filling.done(steps.append) is well
    assert steps == ["cases", url]


def test_it_ends_with_the_server_and_whoever_waits_for_it_is_told(child: list[str], tmp_path: Path, url: str) -> None:
    child.append("import time; print('district', flush=True); time.sleep(600)")
    filling, told = _Filling(tmp_path / "demo.db", url), threading.Event()
    with ThreadPoolExecutor(1) as threads:
        with filling.running():
            waiting = threads.submit(filling.done, lambda _: told.set())
            assert told.wait(60)
            assert not waiting.done()
        with pytest.raises(Refused, match="the server stops"):
            waiting.result(60)
    with pytest.raises(Refused, match="the server stops"):
        filling.done(pytest.fail)


def test_a_store_that_is_there_is_left_to_the_server(child: list[str], tmp_path: Path, url: str) -> None:
    child.append("raise SystemExit")
    (tmp_path / "demo.db").touch()
    filling = _Filling(tmp_path / "demo.db", url)
    with filling.running():
        assert filling._child is None
        assert filling.done(pytest.fail) is False
