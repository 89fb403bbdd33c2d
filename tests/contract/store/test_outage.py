"""Stores that go away and come back, and the writer that must survive it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from data.clock import ManualClock
from data.errors import BadRecord, StoreUnavailable
from data.open_store import open_store
from data.records import EventPayload, Kind, Record
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import DeadLetter
from data.writer import Writer

T0 = datetime(2026, 5, 1, tzinfo=UTC)


def event(id: str, **changes: object) -> Record:
    return Record(Kind.EVENT, "push", id, T0, EventPayload(category="c"), **changes)


def eventually(check: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether `check` came true in the time given."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        pause.wait(0.05)
    return False


@pytest.fixture
def writer(store: SqlStore) -> Iterator[Writer]:
    writer = Writer(store, Settings(intake_batch=100, intake_queue=1000))
    yield writer
    writer.close()


def test_what_the_writer_acknowledged_is_committed(store, writer):
    futures = [writer.submit([event(f"{i}-{k}") for k in range(3)]) for i in range(50)]
    seqs = [seq for future in futures for seq in future.result(60).seqs]
    assert seqs == list(range(1, 151))
    assert [r.source_id for r in store.read_after(0)] == [f"{i}-{k}" for i in range(50) for k in range(3)]


def test_one_bad_submission_takes_no_good_one_down(store, writer):
    with store.write() as conn:  # hold the head, so that the next submissions share a transaction
        store.lock_head(conn)
        first = writer.submit([event("first")])
        assert eventually(lambda: writer.waiting == 0)
        good = [writer.submit([event(f"g{i}")]) for i in range(5)]
        bad = writer.submit([event("b1"), event("b2", lon=200.0, lat=0.0)])
        more = [writer.submit([event(f"h{i}")]) for i in range(5)]
    assert first.result(60).accepted == 1
    assert [f.result(60).accepted for f in good + more] == [1] * 10
    with pytest.raises(BadRecord, match="-180"):
        bad.result(60)
    assert "b1" not in {r.source_id for r in store.read_after(0)}
    assert store.head() == 11


def test_a_full_queue_refuses_and_says_when_to_come_again(store):
    writer = Writer(store, Settings(intake_batch=10, intake_queue=20))
    try:
        with store.write() as conn:
            store.lock_head(conn)
            writer.submit([event("a")])
            assert eventually(lambda: writer.waiting == 0)
            accepted = [writer.submit([event(f"q{i}-{k}") for k in range(10)]) for i in range(2)]
            with pytest.raises(StoreUnavailable, match="20 records wait") as full:
                writer.submit([event("x")])
            assert full.value.retry_after > 0
        assert [f.result(60).accepted for f in accepted] == [10, 10]
        assert writer.submit([event("x")]).result(60).accepted == 1
    finally:
        writer.close()


def test_closing_commits_what_was_submitted_and_takes_no_more(store):
    writer = Writer(store, Settings())
    futures = [writer.submit([event(str(i))]) for i in range(20)]
    writer.close()
    assert all(future.done() for future in futures)
    assert store.head() == 20
    with pytest.raises(StoreUnavailable, match="closing"):
        writer.submit([event("late")])


def test_a_submission_that_was_cancelled_while_waiting_is_not_written(store, writer):
    with store.write() as conn:
        store.lock_head(conn)
        writer.submit([event("a")])
        assert eventually(lambda: writer.waiting == 0)
        gone = writer.submit([event("gone")])
        assert gone.cancel()
        last = writer.submit([event("b")])
    assert last.result(60).accepted == 1
    assert [r.source_id for r in store.read_after(0)] == ["a", "b"]


@pytest.mark.postgis
def test_postgis_away_and_back_everything_goes_on_by_itself(own_postgis_server):
    store = open_store(own_postgis_server.url(), ManualClock(T0))
    rung = threading.Event()
    unsubscribe = store.subscribe(rung.set)
    writer = Writer(store, Settings())
    try:
        assert writer.submit([event("before")]).result(60).accepted == 1
        own_postgis_server.stop()
        for call in (
            store.ping,
            store.head,
            store.snapshot,
            store.region,
            store.rebuild,
            lambda: store.read_after(0),
            lambda: store.append([event("x")]),
            lambda: store.add_dead_letters([DeadLetter("a", "b", "c", b"", T0)]),
        ):
            with pytest.raises(StoreUnavailable) as away:
                call()
            assert "\n" not in str(away.value)
        with pytest.raises(StoreUnavailable):
            writer.submit([event("during")]).result(60)
        assert eventually(lambda: writer.away)
        with pytest.raises(StoreUnavailable) as refused:
            writer.submit([event("during")])
        assert refused.value.retry_after > 0
        own_postgis_server.start()
        assert eventually(lambda: not writer.away)
        assert writer.submit([event("during")]).result(60).accepted == 1
        assert [r.source_id for r in store.read_after(0)] == ["before", "during"]
        other = open_store(store.engine.url.render_as_string(hide_password=False), ManualClock(T0))
        try:
            assert eventually(lambda: _rings(other, rung)), "the doorbell did not come back"
        finally:
            other.close()
    finally:
        unsubscribe()
        writer.close()
        store.close()


_numbers = iter(range(10_000))


def _rings(other: SqlStore, rung: threading.Event) -> bool:
    rung.clear()
    other.append([event(f"ring {next(_numbers)}")])
    return rung.wait(1)


@pytest.mark.postgis
def test_a_store_that_was_never_there_is_unavailable_in_one_line():
    with pytest.raises(StoreUnavailable) as away:
        open_store("postgresql+psycopg://u:secret@127.0.0.1:1/none", ManualClock(T0))
    assert "secret" not in str(away.value)
    assert "\n" not in str(away.value)


def test_sqlite_locked_by_another_process_is_unavailable_and_then_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("data.sqlite.BUSY_TIMEOUT_S", 0.2)
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(T0))
    holder = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            store.append([event("a")])
        assert store.head() == 0  # reading goes on
        holder.execute("ROLLBACK")
        assert store.append([event("a")]).accepted == 1
    finally:
        holder.close()
        store.close()


def test_a_full_disk_is_unavailable_loses_nothing_acknowledged_and_then_goes_on(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(T0))
    try:
        store.append([event("kept")])
        with store.read() as conn:
            pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        store.engine.dispose()
        limit = _page_limit(store, pages + 4)
        with pytest.raises(StoreUnavailable, match="full"):  # noqa: PT012
            for i in range(200):
                store.append([event(f"{i}-{k}") for k in range(50)])
        head = store.head()
        assert head % 50 == 1
        assert [r.seq for r in store.read_after(0)] == list(range(1, head + 1))
        limit[0] = 2**30
        store.engine.dispose()
        assert store.append([event("after")]).seqs == (head + 1,)
    finally:
        store.close()


def _page_limit(store: SqlStore, pages: int) -> list[int]:
    """Let the file grow to so many pages only: what a full disk does. The list's first value is the limit."""
    from sqlalchemy import event as sqlalchemy_event

    limit = [pages]

    @sqlalchemy_event.listens_for(store.engine, "connect")
    def limited(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit[0]}")

    return limit


def test_a_file_that_is_no_database_is_unavailable_in_one_line(tmp_path):
    (tmp_path / "a.db").write_bytes(b"this is no database, it is a letter to somebody" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(T0))


def test_writers_that_queue_while_the_store_is_away_are_told_at_once(open_another, monkeypatch):
    """One connection that takes its time to fail, not one after the other."""
    store = open_another()
    begun, go_on, tries = threading.Event(), threading.Event(), []

    def away(_sought: object) -> object:
        tries.append(1)
        begun.set()
        assert go_on.wait(30)
        raise StoreUnavailable("store: no answer")

    monkeypatch.setattr(store, "headed", away)
    told: list[BaseException] = []

    def write() -> None:
        with pytest.raises(StoreUnavailable) as refused:
            store.append([event("a")])
        told.append(refused.value)

    threads = [threading.Thread(target=write)]
    threads[0].start()
    assert begun.wait(30)
    for n in range(1, 9):
        threads.append(threading.Thread(target=write))
        threads[-1].start()
        assert eventually(lambda n=n: len(store.turns._waiting) == n)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert (len(told), len(tries)) == (9, 1)
    assert all("no answer" in str(each) for each in told)
    # Who comes afterwards tries again.
    monkeypatch.undo()
    assert store.append([event("b")]).accepted == 1
