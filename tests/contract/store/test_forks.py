"""A fork has what its parent had when it left, and never what came later; read from tables, folded, sought or rebuilt
it is the same. On SQLite and on PostGIS."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import NotFound, Refused
from data.lineage import parts_of
from data.moment_counts import Counts
from data.moment_tracks import TrackReader
from data.records import (
    LIVE,
    EventPayload,
    ForkPayload,
    IncidentClosed,
    IncidentDispatched,
    Kind,
    Record,
    UnitPayload,
    UnitPosition,
)
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import Snapshot
from layers.past import Past
from layers.reader import Reader
from tests.contract.store.test_past_seeks import alike, belongs_to, make, moments, slowly  # noqa: F401  (`make` is a fixture)
from tests.unit.layers.small_world import NOW
from tests.unit.layers.test_state_follows_store import Dice

EPS = timedelta(microseconds=1)


def begin(store: SqlStore, name: str, parent: str, at) -> Record:
    payload = ForkPayload(parent=parent, head=0, actor="tester")
    return store.fork(Record(Kind.FORK, "fork", name, at, payload, timeline=name))


def plain(snapshot: Snapshot, *, moment: bool = False) -> dict[str, list[object]]:
    """What a snapshot says. A moment has no seqs of feeds; the seq of a row is that of its last change in time there,
    and in the log in the tables."""

    def cleaned(rows, **without):
        found = [replace(row, **without) for row in rows]
        return sorted(
            found, key=lambda row: (getattr(row, "kind", ""), getattr(row, "id", ""), getattr(row, "area", "") or "")
        )

    return {
        "incidents": cleaned(snapshot.incidents, seq=0),
        "units": cleaned(snapshot.units, seq=0, status_seq=0),
        "sites": cleaned(snapshot.sites, seq=0),
        "feeds": cleaned(snapshot.feeds, seq=0),
        "contacts": cleaned(snapshot.contacts, seq=0),
        "documents": cleaned(snapshot.documents, seq=0),
    }  # fmt: skip


def in_time(records: list[Record]) -> list[Record]:
    """In the order of their times, as a log that nobody tells anything late."""
    return sorted(records, key=lambda record: record.at)


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_a_fork_is_the_fold_of_what_it_inherited_and_of_its_own(make: Callable[[], SqlStore], seed: int):  # noqa: F811
    dice, records = random.Random(seed), Dice(seed)
    store = make()
    try:
        store.append([records.record() for _ in range(dice.choice((5, 60, 250)))])
        times = sorted(record.at for record in store.read_after(0))
        at = dice.choice(times)
        before = store.moment(at)
        begin(store, "fork:a", LIVE, at)
        inherited = store.snapshot("fork:a")
        assert sans(plain(inherited)) == sans(plain(named(before, "fork:a")))
        # What the real timeline learns later, also of before, changes nothing here.
        store.append([records.record() for _ in range(40)])
        assert plain(store.snapshot("fork:a")) == plain(inherited)
        # Its own records count on top.
        own = in_time([r for r in (records.record() for _ in range(120)) if r.at > at])
        store.append([replace(each, timeline="fork:a") for each in own])
        late = at + timedelta(days=20)
        assert plain(store.snapshot("fork:a")) == plain(store.moment(late, "fork:a"))
        # A fork of the fork, between two of its records.
        second = dice.choice([at, *(each.at for each in own)])
        before = store.moment(second, "fork:a")
        begin(store, "fork:b", "fork:a", second)
        assert sans(plain(store.snapshot("fork:b"))) == sans(plain(named(before, "fork:b")))
        more = in_time([r for r in (records.record() for _ in range(60)) if r.at > second])
        store.append([replace(each, timeline="fork:b") for each in more])
        store.append([replace(records.record(), timeline="fork:a") for _ in range(20)])
        assert plain(store.snapshot("fork:b")) == plain(store.moment(late, "fork:b"))
        for name in ("fork:a", "fork:b"):
            sought(store, dice, name)
        held = {name: store.snapshot(name) for name in (LIVE, "fork:a", "fork:b")}
        store.rebuild()
        assert {name: store.snapshot(name) for name in held} == held
    finally:
        store.close()


def sought(store: SqlStore, dice: random.Random, name: str) -> None:
    """Whatever moment is sought, in whatever order, it is the moment's fold."""
    past = Past(store, Reader(store, store.clock, Settings(), name))
    for t in moments(store, dice, 3):
        past.seek(t)
        alike(past, slowly(store, t, name), t)


def test_a_past_of_a_fork_that_was_made_anew_under_its_name_is_of_the_new_one(make: Callable[[], SqlStore]):  # noqa: F811
    dice, records = random.Random(5), Dice(5)
    store = make()
    try:
        store.append([records.record() for _ in range(120)])
        times = sorted(record.at for record in store.read_after(0))
        past = Past(store, Reader(store, store.clock, Settings(), "fork:a"))
        for at in (times[30], times[100], times[60]):
            begin(store, "fork:a", LIVE, at)
            for t in moments(store, dice, 2):
                past.seek(t)
                alike(past, slowly(store, t, "fork:a"), t)
            store.delete_timeline("fork:a")
            store.append([records.record() for _ in range(20)])
    finally:
        store.close()


def test_what_can_have_nothing_of_a_timeline_is_not_counted_through(make: Callable[[], SqlStore]):  # noqa: F811
    """The part of the log before a drill, or a fork's own part before it began."""
    records = Dice(5)
    store = make()

    def ranges(name: str, after: int, until: int) -> list[tuple[str, int, int]]:
        with store.read() as conn:
            found = TrackReader(store, name)._ranges(conn, after, until)
            return [(each["timeline"], each["after"], each["until"]) for each in found]

    try:
        store.append([records.record() for _ in range(60)])
        at = max(record.at for record in store.read_after(0))
        one = store.head()
        begin(store, "fork:a", LIVE, at)
        store.append([replace(records.record(), timeline="fork:a") for _ in range(20)])
        two = store.head()
        begin(store, "fork:b", "fork:a", at + timedelta(days=30))
        store.append([replace(records.record(), timeline="drill:x") for _ in range(20)])
        end = store.head()
        parts = [("fork:b", two, end), ("fork:a", one, two), (LIVE, 0, one)]
        assert ranges("fork:b", 0, end) == parts
        assert ranges("fork:b", one + 1, end) == [parts[0], ("fork:a", one + 1, two)]
        assert ranges("fork:b", two + 1, end) == [("fork:b", two + 1, end)]
        assert ranges("fork:b", 0, one) == parts[2:]
        with store.read() as conn:
            assert TrackReader(store, "drill:x").first(conn) == two + 2
            assert TrackReader(store, "drill:none").first(conn) is None
        for name in ("fork:b", "fork:a", "drill:x", "drill:none", LIVE):
            counts, tracks = Counts(TrackReader(store, name)), TrackReader(store, name)
            counts.follow()
            with store.read() as conn:
                lately = tracks.lately(conn, [], NOW + timedelta(days=99))
                found = counts.until(conn, lately, NOW + timedelta(days=99))
                parts_of_it = parts_of(store, conn, name)
            mine = [r for r in store.read_after(0) if any(belongs_to(r, part) for part in parts_of_it)]
            heard = Counter(r.source for r in mine if r.kind not in (Kind.FEED, Kind.LOOK))
            assert {source: each.n for source, each in found.items()} == heard
    finally:
        store.close()


def named(snapshot: Snapshot, timeline: str) -> Snapshot:
    """The same rows on another timeline."""

    def of(rows):
        return [replace(row, timeline=timeline) for row in rows]

    return replace(
        snapshot, incidents=of(snapshot.incidents), units=of(snapshot.units), sites=of(snapshot.sites),
        feeds=of(snapshot.feeds), documents=of(snapshot.documents),
    )  # fmt: skip


def sans(found: dict[str, list[object]]) -> dict[str, list[object]]:
    """Without the feed that a fork is of itself."""
    return found | {"feeds": [feed for feed in found["feeds"] if feed.id != "fork"]}


def event(id: str, at, **fields) -> Record:
    payload = EventPayload(category="0101", incident=fields.pop("incident", id), **fields)
    return Record(Kind.EVENT, "hotline", id, at, payload, 120.05, 30.05)


def test_commands_of_a_fork_act_on_what_it_inherited_and_on_nothing_else(store: SqlStore):
    old = NOW - timedelta(days=1)
    store.append([
        Record(Kind.UNIT, "roster", "U1", old, UnitPayload(name="U1", unit_kind="patrol_car")),
        Record(Kind.UNIT_POSITION, "gps", "U1", old, UnitPosition(unit="U1"), 120.05, 30.05),
        event("E1", old), event("E2", old, times={"closed": old + timedelta(hours=1)}), event("E3", old),
    ])  # fmt: skip
    begin(store, "fork:a", LIVE, NOW)
    store.append([Record(Kind.INCIDENT_CLOSED, "desk", "x", NOW, IncidentClosed(incident="E3", actor="a"))])
    with store.transact("fork:a") as tx:
        assert tx.incident("E2").closed_at == old + timedelta(hours=1)  # read from its parent
        assert tx.incident("E3").closed_at is None
        sent = IncidentDispatched(incident="E2", units=("U1",), actor="a")
        tx.append([Record(Kind.INCIDENT_DISPATCHED, "desk", "y", NOW, sent, timeline="fork:a")])
    assert store.incident("E2", "fork:a").units == ("U1",)
    assert store.incident("E2").units == ()
    assert [row.id for row in store.snapshot("fork:a").incidents] == ["E1", "E2", "E3"]
    assert [record.source_id for record in store.timeline_of("E2", "fork:a")] == ["E2", "y"]
    # A correction of a row that was inherited corrects it here, and is no duplicate of the one that came elsewhere.
    again = replace(event("E1", old, title="corrected"), version=1)
    store.append([again])
    assert store.incident("E1", "fork:a").title == ""
    assert store.append([replace(again, timeline="fork:a")]).accepted == 1
    assert store.incident("E1", "fork:a").title == "corrected"
    assert store.incident("E1", "fork:a").rows == 1
    assert store.append([replace(event("E1", old), timeline="fork:a")]).duplicates == 1


def test_what_others_inherit_from_is_not_deleted(store: SqlStore):
    store.append([event("E1", NOW)])
    begin(store, "fork:a", LIVE, NOW)
    begin(store, "fork:b", "fork:a", NOW)
    store.append([replace(event("E2", NOW), timeline="fork:a")])
    for name in (LIVE, "fork:a"):
        with pytest.raises(Refused):
            store.delete_timeline(name)
    with pytest.raises(NotFound):
        store.delete_timeline("fork:c")
    live, head = store.snapshot(), store.head()
    assert store.delete_timeline("fork:b") == 1
    assert store.delete_timeline("fork:a") == 2
    assert store.forks() == []
    assert store.read_after(0, timeline="fork:a") == []
    assert store.snapshot("fork:a").incidents == []
    assert store.snapshot() == replace(live, seq=head + 2)  # each deletion takes one
    store.rebuild()
    assert store.snapshot().incidents == live.incidents


def test_a_deletion_is_noticed_by_who_shows_that_timeline_and_by_nobody_else(
    store: SqlStore, open_another: Callable[[], SqlStore]
):
    """Readers of other processes: those of the fork load anew, those of real work go on with what they have."""
    other = open_another()
    store.append([event("E1", NOW), event("E2", NOW)])
    begin(store, "fork:a", LIVE, NOW)
    store.append([replace(event("E3", NOW), timeline="fork:a")])
    live, forked = (Reader(other, other.clock, Settings(), name) for name in (LIVE, "fork:a"))
    live.catch_up(), forked.catch_up()
    with live.reading() as real, forked.reading() as state:
        assert (len(real.incidents), len(state.incidents)) == (2, 3)
    # A row of it in hand, in a process that has nothing to do with the deletion.
    other.append([replace(event("E4", NOW), timeline="fork:a")])
    store.delete_timeline("fork:a")
    store.append([event("E5", NOW)])
    begin(store, "fork:a", LIVE, NOW - timedelta(seconds=1))
    live.catch_up(), forked.catch_up()
    with live.reading() as now, forked.reading() as anew:
        assert now is real
        assert len(now.incidents) == 3
        assert anew is not state
        assert len(anew.incidents) == 0
        assert anew.seq == now.seq == store.head()
    assert other.append([replace(event("E4", NOW), timeline="fork:a")]).accepted == 1
    assert [row.id for row in other.snapshot("fork:a").incidents] == ["E4"]


def test_a_fork_of_nothing_of_another_time_or_name_is_refused(store: SqlStore):
    with pytest.raises(Refused):
        begin(store, "fork:a", "drill:none", NOW)
    store.append([event("E1", NOW)])
    made = begin(store, "fork:a", LIVE, NOW)
    assert made.payload.head == 1
    assert [record.timeline for record in store.forks()] == ["fork:a"]
    with pytest.raises(Refused):
        begin(store, "fork:a", LIVE, NOW)
    with pytest.raises(Refused):
        begin(store, "fork:b", "fork:a", NOW - timedelta(seconds=1))
    with pytest.raises(Exception, match="begins with fork:"):
        begin(store, "drill:b", LIVE, NOW)


def test_positions_that_a_fork_rests_on_outlive_their_age(store: SqlStore, clock):
    def seen(minute: int) -> Record:
        at = NOW + timedelta(minutes=minute)
        return Record(Kind.UNIT_POSITION, "gps", "U1", at, UnitPosition(unit="U1"), 120.05 + minute / 1e4, 30.05)

    store.append([Record(Kind.UNIT, "roster", "U1", NOW, UnitPayload(name="U1", unit_kind="patrol_car"))])
    for minute in range(10):
        clock.advance(60)
        store.append([seen(minute)])
    begin(store, "fork:a", LIVE, NOW + timedelta(minutes=5))
    held = store.snapshot("fork:a")
    assert held.units[0].lon == pytest.approx(120.0505)
    deleted = store.prune_positions(clock.now() + timedelta(days=9)).deleted
    assert deleted == 8
    store.rebuild()
    assert store.snapshot("fork:a") == held
