"""What every store promises of reading the log, run on SQLite and on PostGIS."""

from __future__ import annotations

from data.records import (
    IncidentArrived,
    IncidentClosed,
    Kind,
)
from tests.contract.store.samples import command, dispatched, event, incidents, position


def test_read_after_merges_log_and_tracks_in_seq_order_and_stops_at_the_limit(store):
    for i in range(10):
        store.append([event(f"E{i}", i), position("U1", i), position("U2", i)])
    assert [r.seq for r in store.read_after(0, limit=1000)] == list(range(1, 31))
    seen, after = [], 0
    while part := store.read_after(after, limit=7):
        assert len(part) <= 7
        seen += [r.seq for r in part]
        after = part[-1].seq
    assert seen == list(range(1, 31))
    assert store.read_after(30) == []


def test_timeline_of_tells_the_life_of_an_incident_in_order(store):
    store.append([event("T-1"), event("T-2"), dispatched("T-1", ("U1",), 1)])
    store.append(
        [
            command(Kind.INCIDENT_ARRIVED, IncidentArrived(incident="T-1", unit="U1", actor="U1"), 2, "a1"),
            event("T-1", version=1, title="lamp 7"),
        ]
    )
    store.append(
        [
            command(Kind.INCIDENT_CLOSED, IncidentClosed(incident="T-1", actor="wang"), 3, "c1"),
            event("T-1", timeline="drill"),
        ]
    )
    life = store.timeline_of("T-1")
    assert [r.kind for r in life] == [
        Kind.EVENT,
        Kind.INCIDENT_DISPATCHED,
        Kind.INCIDENT_ARRIVED,
        Kind.EVENT,
        Kind.INCIDENT_CLOSED,
    ]
    assert len(store.timeline_of("T-1", "drill")) == 1
    assert store.timeline_of("none") == []


def test_changed_since_gives_the_rows_that_later_records_changed_and_only_those(store):
    store.append([event("A"), event("B"), position("U1", 0)])
    before = store.snapshot()
    store.append([event("B", version=1, title="corrected"), position("U2", 0)])
    changed = store.changed_since(before.seq)
    assert [row.id for row in changed.incidents] == ["B"]
    assert [row.id for row in changed.units] == ["U2"]
    assert changed.seq == store.head()
    assert store.changed_since(changed.seq).incidents == []


def test_changed_since_tells_of_an_incident_that_lost_its_last_row(store):
    store.append([event("row", incident="I1")])
    seq = store.head()
    store.append([event("row", version=1, incident="I2")])
    assert {row.id: row.rows for row in store.changed_since(seq).incidents} == {"I1": 0, "I2": 1}
    assert list(incidents(store)) == ["I2"]
