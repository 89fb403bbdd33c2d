"""Writers that queue share one commit on PostGIS: each is undone alone, all are answered after it, and rows at hand are
those of the head."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import text

from data.clock import ManualClock
from data.errors import Refused, StoreUnavailable
from data.open_store import open_store
from data.records import IncidentState, Kind, UnitStatus, UnitStatusPayload
from data.sql_store import SqlStore
from dispatch.dispatcher import Dispatcher
from tests.contract.store.samples import command, dispatched, event, units


@pytest.fixture
def postgis(postgis_url: str, clock: ManualClock):
    store = open_store(postgis_url, clock)
    yield store
    store.close()


def queued(store: SqlStore, first: Callable[..., object], others: list[Callable[..., object]]) -> list[object]:
    """Run `first` while the others queue behind it; what came of each, None when all went well."""
    results: list[object] = [None] * (1 + len(others))
    inside, go_on = threading.Event(), threading.Event()

    def run(number: int, work: Callable[..., object]) -> None:
        try:
            with store.transact() as tx:
                if number == 0:
                    inside.set()
                    assert go_on.wait(30)
                work(tx)
        except BaseException as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(0, first))]
    threads[0].start()
    assert inside.wait(30)
    for number, work in enumerate(others, 1):
        threads.append(threading.Thread(target=run, args=(number, work)))
        threads[-1].start()
        while len(store.turns._waiting) < number:
            threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


@pytest.fixture
def patient(monkeypatch):
    """A commit is shared however long the first writer took."""
    monkeypatch.setattr("data.turns.SHARE_S", 60.0)


def test_those_who_queue_are_committed_together(postgis, patient, monkeypatch):
    commits = []
    put = postgis.put
    monkeypatch.setattr(postgis, "put", lambda *args: (commits.append(args[-1]), put(*args)))
    results = queued(postgis, lambda tx: tx.append([event("A")]),
                     [lambda tx, n=n: tx.append([event(f"B{n}")]) for n in range(5)])  # fmt: skip
    assert results == [None] * 6
    assert postgis.head() == 6
    assert [r.source_id for r in postgis.read_after(0)] == ["A", "B0", "B1", "B2", "B3", "B4"]
    assert commits == ["savepoint"] * 5 + ["commit"]


def test_what_is_refused_is_undone_alone(postgis, patient):
    postgis.append([event("X")])
    seen = []

    def refused_before(tx):
        raise Refused("before")

    def refused_after(tx):
        tx.append([event("gone"), dispatched("X", ("U9",), 1, "gone-d")])
        raise Refused("after")

    def refused_written(tx):
        tx.append([event("gone"), dispatched("X", ("U9",), 1, "gone-d")])
        assert {r.source_id for r in tx.timeline_of("X")} >= {"gone-d"}  # so it is in the database by now
        raise Refused("written")

    def looks(tx):
        seen.append((tx.incident("X").state, tx.incident("gone"), tx.unit("U9"), tx.incident("A") is not None))
        tx.append([event("C")])

    def fails(tx):
        tx.append([event("gone")])
        tx.conn.execute(text("SELECT 1/0"))

    results = queued(
        postgis, lambda tx: tx.append([event("A")]),
        [refused_before, refused_after, looks, refused_written, looks, fails, lambda tx: tx.append([event("D")])],
    )  # fmt: skip
    assert [type(r).__name__ for r in results] == [
        "NoneType", "Refused", "Refused", "NoneType", "Refused", "NoneType", "BadRecord", "NoneType",
    ]  # fmt: skip
    assert seen == [(IncidentState.OPEN, None, None, True)] * 2
    assert [r.source_id for r in postgis.read_after(0)] == ["X", "A", "C", "D"]
    assert postgis.head() == 4
    assert "U9" not in units(postgis)
    before = postgis.snapshot()
    postgis.rebuild()
    assert postgis.snapshot() == before


def test_none_is_told_of_a_commit_that_did_not_happen(postgis, patient):
    """The connection breaks under the last of them: those before it are told, and nothing of them is there."""

    def breaks(tx):
        tx.append([event("B")])
        tx.timeline_of("B")
        tx.conn.connection.driver_connection.close()

    results = queued(postgis, lambda tx: tx.append([event("A")]), [lambda tx: tx.append([event("C")]), breaks])
    assert all(isinstance(r, StoreUnavailable) for r in results)
    assert postgis.head() == 0
    assert postgis.append([event("A")]).seqs == (1,)
    assert [i.id for i in postgis.snapshot().incidents] == ["A"]


def test_a_command_takes_two_trips(postgis, clock, monkeypatch):
    """One for the head and what the key has made, one for all rows and the commit: pipelines, answered at their end."""
    desk = Dispatcher(postgis, clock)
    postgis.append([event("A"), event("B")])
    for id in ("A", "B"):
        desk.dispatch(id, [unit(postgis, id)], actor="d", key=f"before {id}")
    waits = []
    wait = psycopg.Connection.wait

    def counted(self, work, *args):
        waits.append((work.__name__, self.pgconn.pipeline_status != 0))
        return wait(self, work, *args)

    monkeypatch.setattr(psycopg.Connection, "wait", counted)
    assert not desk.close("A", actor="d", key="end").repeated
    assert waits.count(("_exit_gen", True)) == 2
    assert ("_execute_gen", False) not in waits
    assert desk.close("A", actor="d", key="end").repeated


def unit(store: SqlStore, id: str) -> str:
    """A unit that is free."""
    status = UnitStatusPayload(unit=f"U-{id}", status=UnitStatus.AVAILABLE)
    store.append([command(Kind.UNIT_STATUS, status, 0, f"free {id}")])
    return f"U-{id}"


def test_a_refusal_of_a_lone_writer_leaves_the_store_ready(postgis):
    with pytest.raises(Refused), postgis.transact() as tx:  # noqa: PT012
        tx.append([event("A")])
        raise Refused("no")
    with postgis.transact() as tx:
        assert tx.incident("A") is None
        assert tx.append([event("A")]).seqs == (1,)


def test_rows_at_hand_are_those_of_the_head(store, open_another):
    """What another process wrote meanwhile is read."""
    other = open_another()
    store.append([event("A")])
    with store.transact() as tx:
        assert tx.incident("A").state is IncidentState.OPEN
        assert tx.incident("B") is None
    other.append([dispatched("A", ("U1",), 1), event("B")])
    with store.transact() as tx:
        assert tx.incident("A").state is IncidentState.DISPATCHED
        assert tx.unit("U1").incident == "A"
        assert tx.incident("B") is not None


def test_a_connection_that_the_server_dropped_is_replaced(postgis, postgis_url):
    postgis.append([event("A")])
    with psycopg.connect(postgis_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert postgis.append([event("B")]).seqs == (2,)
