"""What every store promises of transactions and concurrent writers, run on SQLite and on PostGIS."""

from __future__ import annotations

import threading

import pytest

from data.errors import StoreUnavailable
from data.records import (
    IncidentState,
    Kind,
    UnitStatus,
    UnitStatusPayload,
)
from tests.contract.store.samples import command, dispatched, event, position, units


def test_a_transaction_that_raises_leaves_nothing(store):
    with pytest.raises(RuntimeError, match="no"), store.transact() as tx:  # noqa: PT012
        tx.append([event("A"), position("U1", 1)])
        assert tx.incident("A") is not None
        raise RuntimeError("no")
    assert store.head() == 0
    assert store.snapshot().incidents == []
    assert store.append([event("B")]).seqs == (1,)


def test_a_transaction_reads_what_it_wrote_and_may_write_twice(store):
    with store.transact() as tx:
        assert tx.append([event("A")]).seqs == (1,)
        assert tx.append([dispatched("A", ("U1",), 1)]).seqs == (2,)
        assert tx.incident("A").state is IncidentState.DISPATCHED
        assert tx.unit("U1").incident == "A"
        assert tx.append([event("A")]).duplicates == 1
    assert store.head() == 2


def test_what_is_sought_with_the_head_is_what_others_had_committed(store, open_another):
    other = open_another()
    with store.transact(sought=("desk", ["k:0"])) as tx:
        assert tx.recorded("desk", ["k:0"]) == []
    other.append([event("A"), dispatched("A", ("U1",), 1, "k:1")])
    with store.transact(sought=("desk", ["k:1", "k:2"])) as tx:
        assert [record.source_id for record in tx.recorded("desk", ["k:1", "k:2"])] == ["k:1"]
        tx.append([dispatched("A", ("U2",), 2, "k:2")])
        assert [record.source_id for record in tx.recorded("desk", ["k:1", "k:2"])] == ["k:1", "k:2"]
        assert [record.source_id for record in tx.recorded("hotline", ["A"])] == ["A"]


def test_a_thousand_concurrent_dispatches_of_one_unit_have_one_winner(store):
    store.append([event(f"I{i}") for i in range(1000)])
    store.append([command(Kind.UNIT_STATUS, UnitStatusPayload(unit="U1", status=UnitStatus.AVAILABLE), 0, "s")])
    numbers = iter(range(1000))
    lock = threading.Lock()
    winners, losers, failures = [], [], []

    def attempt() -> None:
        while True:
            with lock:
                i = next(numbers, None)
            if i is None:
                return
            try:
                with store.transact() as tx:
                    if tx.unit("U1").status is UnitStatus.AVAILABLE and tx.incident(f"I{i}") is not None:
                        tx.append([dispatched(f"I{i}", ("U1",), 1, f"d{i}")])
                        winners.append(i)
                    else:
                        losers.append(i)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(winners) == 1
    assert len(losers) == 999
    assert units(store)["U1"].incident == f"I{winners[0]}"


def test_read_after_never_skips_under_concurrent_writers_that_commit_late(store, open_another):
    """Eight writers on two stores, some holding their transaction open; a reader polls all along.

    A writer that waited too long for its turn is told so and comes again, as a feed does.
    """
    other = open_another()
    per_writer, writers = 20, 8
    seen: list[int] = []
    failures: list[BaseException] = []
    done = threading.Event()
    wait = threading.Event()

    def write(number: int) -> None:
        mine = store if number % 2 else other
        try:
            for i in range(per_writer):
                records = [event(f"w{number}-{i}"), position(f"U{number}", i, id=f"p{number}-{i}")]
                for again in range(10):
                    try:
                        if i % 5 == number % 5:
                            with mine.transact() as tx:
                                tx.append(records)
                                wait.wait(0.01)  # the seqs are given, the commit is not yet
                        else:
                            mine.append(records)
                        break
                    except StoreUnavailable:
                        if again == 9:
                            raise
        except BaseException as error:
            failures.append(error)

    def read() -> None:
        try:
            while True:
                finished = done.is_set()
                part = store.read_after(seen[-1] if seen else 0, limit=17)
                seen.extend(r.seq for r in part)
                if finished and not part:
                    return
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
    reader = threading.Thread(target=read)
    reader.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert failures == []
    assert seen == list(range(1, 2 * per_writer * writers + 1))


def test_a_snapshot_belongs_to_its_seq(store, open_another):
    """While batches of ten incidents are appended, every snapshot holds exactly what its seq says."""
    other = open_another()
    stop = threading.Event()
    wrong: list[object] = []
    checked = 0

    def write() -> None:
        try:
            for i in range(60):
                other.append([event(f"{i}-{k}") for k in range(10)])
        except BaseException as error:
            wrong.append(error)
        finally:
            stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not stop.is_set():
        snap = store.snapshot()
        if not len(snap.incidents) == sum(f.accepted for f in snap.feeds) == snap.seq:
            wrong.append((snap.seq, len(snap.incidents)))
        checked += 1
    writer.join()
    assert wrong == []
    assert checked > 0
    assert store.snapshot().seq == 600
