"""Opening a store, and hearing of commits: on SQLite and on PostGIS."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy

from data.clock import SystemClock
from data.errors import Misconfigured
from data.open_store import open_store
from tests.contract.store.samples import event


def test_the_doorbell_rings_for_own_commits_and_for_those_of_another_process(store, open_another):
    other = open_another()
    rung = threading.Event()
    unsubscribe = store.subscribe(rung.set)
    store.append([event("A")])
    assert rung.wait(60)
    for attempt in range(100):  # the watcher may not be watching yet
        rung.clear()
        other.append([event(f"B{attempt}")])
        if rung.wait(1):
            break
    assert rung.is_set()
    unsubscribe()
    rung.clear()
    store.append([event("C")])
    other.append([event("D")])
    assert not rung.wait(0.7)


def test_a_subscriber_that_raises_does_not_keep_others_from_hearing(store, caplog):
    rung = threading.Event()

    def bad() -> None:
        raise RuntimeError("broken reader")

    store.subscribe(bad)
    store.subscribe(rung.set)
    store.append([event("A")])
    assert rung.wait(60)
    assert "broken reader" in caplog.text


def test_opening_again_keeps_everything_and_migrates_nothing(store, open_another):
    store.append([event("A")])
    again = open_another()
    assert again.snapshot() == store.snapshot()
    again.ping()


def test_many_may_open_a_new_store_at_once(bare_store_url, clock):
    opened, failures = [], []

    def attempt() -> None:
        try:
            opened.append(open_store(bare_store_url, clock))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert failures == []
        for i, one in enumerate(opened):
            one.append([event(f"E{i}")])
        assert opened[0].head() == 6
    finally:
        for one in opened:
            one.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "postgresql://u@h/d"]
)
def test_a_url_that_names_no_store_is_refused_in_one_line(url):
    with pytest.raises(Misconfigured, match="database_url") as refused:
        open_store(url, SystemClock())
    assert "\n" not in str(refused.value)


def test_a_connection_in_use_when_the_store_closes_is_closed_when_it_comes_back(store):
    closed = []
    sqlalchemy.event.listen(store.engine, "close", lambda connection, entry: closed.append(connection))
    with store.read() as conn:
        used = conn.connection.dbapi_connection
        store.close()
        assert used not in closed
    assert used in closed
