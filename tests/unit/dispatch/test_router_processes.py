"""Two server processes on one store, one of them killed in the middle: every incident becomes a case exactly once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from data.clock import SystemClock
from data.open_store import open_store
from data.records import EventPayload, IncidentMoved, Kind, Record
from data.sql_store import SqlStore

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("router_process.py")
N = 120


@contextmanager
def routing(url: str) -> Iterator[subprocess.Popen[str]]:
    """A router in a process of its own; stopped in order at the end, unless it is dead by then."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), url], cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        yield process
    finally:
        process.communicate(timeout=60)


def event(id: str) -> Record:
    at = SystemClock().now() - timedelta(minutes=5)
    return Record(Kind.EVENT, "hotline", id, at, EventPayload(category="0203", incident=id, severity=4))


def moves(store: SqlStore) -> list[IncidentMoved]:
    return [r.payload for r in store.read_after(0) if isinstance(r.payload, IncidentMoved)]


def test_a_killed_router_leaves_nothing_undone_and_nothing_done_twice(store_url: str) -> None:
    store = open_store(store_url, SystemClock())
    try:
        with routing(store_url) as first, routing(store_url):
            store.append([event(f"i{n}") for n in range(N)])
            wait_for(lambda: len(moves(store)) >= 10)
            first.kill()
            first.wait()
            store.append([event("after the kill")])
            with routing(store_url):
                wait_for(lambda: len(moves(store)) >= 2 * (N + 1))
        done = moves(store)
    finally:
        store.close()
    ids = sorted([*(f"i{n}" for n in range(N)), "after the kill"])
    assert sorted(m.incident for m in done if m.move == "file") == ids
    assert sorted(m.incident for m in done if m.move == "assign") == ids


def wait_for(true: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Until the condition holds; fails after a time that only a hang can reach."""
    gate = threading.Event()
    for _ in range(int(timeout_s / 0.05)):
        if true():
            return
        gate.wait(0.05)
    pytest.fail("did not happen")
