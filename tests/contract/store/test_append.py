"""What every store promises of appending, run on SQLite and on PostGIS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data.codec import MAX_TEXT
from data.errors import BadRecord
from data.records import (
    EventPayload,
    IncidentClosed,
    Kind,
    Record,
    SitePayload,
    UnitPayload,
    UnitPosition,
)
from tests.contract.store.samples import REGION, T0, at, command, dispatched, event, incidents, position


def test_appended_records_come_back_as_they_went_in_with_the_stamps_of_the_log(store, clock):
    store.put_level(REGION)
    sent = [
        event(
            "T-1",
            title="路灯不亮 “引号” \\u0000",
            times={"received": at(0), "closed": at(5)},
            attrs={"n": 1, "x": 2.5, "b": True, "none": None},
        ),
        Record(
            Kind.UNIT,
            "roster",
            "U1",
            at(0),
            UnitPayload(name="一号", unit_kind="patrol_car", skills=("first_aid",), area="T1"),
        ),
        position("U1", 1),
        Record(Kind.SITE, "cams", "C1", at(0), SitePayload(name="口", site_kind="camera", fov=60.0), 121.6, 31.2),
        dispatched("T-1", ("U1",), 2),
    ]
    done = store.append(sent)
    assert done.seqs == (1, 2, 3, 4, 5)
    got = store.read_after(0)
    assert [(r.kind, r.source_id, r.at, r.payload, r.lon, r.lat, r.timeline) for r in got] == [
        (r.kind, r.source_id, r.at, r.payload, r.lon, r.lat, r.timeline) for r in sent
    ]
    assert [r.seq for r in got] == [1, 2, 3, 4, 5]
    assert {r.received_at for r in got} == {clock.now()}
    assert [r.area for r in got] == ["T1", None, "T1", "T2", None]  # on the shared border the smaller code
    assert got[0].cell == got[2].cell is not None
    assert all(r.at.utcoffset() == timedelta(0) for r in got)


def test_append_is_idempotent_across_batches_and_within_one(store):
    first = store.append([event("A"), event("A"), event("B"), event("A", version=1)])
    assert (first.seqs, first.duplicates) == ((1, 2, 3), 1)
    again = store.append([event("B"), event("A", version=1), event("C")])
    assert (again.seqs, again.duplicates) == ((4,), 2)
    assert store.append([event("C")]).accepted == 0
    assert store.head() == 4
    assert [r.source_id for r in store.read_after(0)] == ["A", "B", "A", "C"]


def test_of_two_records_with_one_identity_in_a_batch_the_first_wins(store):
    store.append([event("A", title="first"), event("A", title="second")])
    assert incidents(store)["A"].title == "first"


def test_one_identity_in_two_timelines_is_two_records(store):
    assert store.append([event("A"), event("A", timeline="drill-1")]).accepted == 2
    assert list(incidents(store)) == list(incidents(store, "drill-1")) == ["A"]
    assert [r.timeline for r in store.read_after(0, timeline="drill-1")] == ["drill-1"]


def test_positions_are_idempotent_too(store):
    assert store.append([position("U1", 1), position("U1", 1), position("U1", 2)]).accepted == 2
    assert store.append([position("U1", 1), position("U1", 3)]).accepted == 1


def test_the_log_can_be_read_without_its_positions(store):
    for i in range(6):
        store.append([event(f"E{i}", i), position("U1", i), position("U2", i)])
    assert [r.source_id for r in store.read_after(0, limit=4, positions=False)] == ["E0", "E1", "E2", "E3"]
    assert [r.source_id for r in store.read_after(10, positions=False)] == ["E4", "E5"]
    assert len(store.read_after(0)) == 18


def test_groups_share_a_transaction_and_each_hears_what_became_of_it(store):
    a, b, c = store.append_each([[event("A"), event("B")], [], [event("A"), event("C")]])
    assert (a.seqs, a.duplicates) == ((1, 2), 0)
    assert (b.seqs, b.duplicates) == ((), 0)
    assert (c.seqs, c.duplicates) == ((3,), 1)


def test_an_empty_append_does_nothing(store):
    assert store.append([]).accepted == 0
    assert store.head() == 0


@pytest.mark.parametrize(
    ("bad", "names"),
    [
        (lambda: event("X", lon=None), "both or neither"),
        (lambda: event("X", lon=181.0), "-180..180"),
        (lambda: event("X", lat=float("nan")), "-180..180"),
        (lambda: event("X", lat=float("inf")), "-180..180"),
        (lambda: event(""), "source_id"),
        (lambda: event("x" * (MAX_TEXT + 1), incident="i"), "source_id"),
        (lambda: event("a\x00b"), "source_id"),
        (lambda: event("a\ud800b", incident="i"), "source_id"),
        (lambda: event("X", source=""), "source"),
        (lambda: event("X", title="a\x00b"), "NUL"),
        (lambda: event("X", version=-1), "version"),
        (lambda: event("X", version=2**31), "version"),
        (lambda: Record(Kind.EVENT, "s", "X", datetime(2026, 5, 1), EventPayload(category="c")), "zone"),  # noqa: DTZ001
        (lambda: Record(Kind.EVENT, "s", "X", datetime(1, 1, 1, tzinfo=UTC), EventPayload(category="c")), "1900"),
        (lambda: Record(Kind.UNIT_POSITION, "s", "X", T0, UnitPosition(unit="U")), "needs a point"),
        (lambda: Record(Kind.SITE, "s", "X", T0, SitePayload(name="n", site_kind="camera")), "needs a point"),
        (lambda: Record(Kind.EVENT, "s", "X", T0, UnitPosition(unit="U"), 1.0, 1.0), "EventPayload"),
        (lambda: command(Kind.INCIDENT_CLOSED, IncidentClosed(incident="", actor="w"), 0, "c"), "ids are 1 to"),
        (lambda: dispatched("i" * 402, ("U",), 0), "ids are 1 to"),
        (lambda: event("X", attrs={"big": "x" * 300_000}), "bytes"),
    ],
)
def test_a_record_that_no_store_can_hold_is_refused_before_anything_is_written(store, bad, names):
    with pytest.raises(BadRecord, match=names) as refused:
        store.append([event("good"), bad()])
    assert "\n" not in str(refused.value)
    str(refused.value).encode()
    assert refused.value.reason
    assert store.head() == 0
    assert store.read_after(0) == []


def test_odd_but_legal_text_survives(store):
    texts = ["a'b\"c;--", "\t\n\r", "𠮷野家🚒", "\\N", "NULL", "{a,b}", "\x7f\x01", "%s %(x)s :x ?"]
    store.append(
        [
            event(f"id {i} {text}"[:200], title=text, incident=f"inc {text}", attrs={text: text})
            for i, text in enumerate(texts)
        ]
    )
    got = store.read_after(0)
    assert [r.payload.title for r in got] == texts
    assert [r.payload.attrs for r in got] == [{text: text} for text in texts]
    assert {row.title for row in incidents(store).values()} == set(texts)
    assert (
        store.append([event(f"id {i} {text}"[:200], incident=f"inc {text}") for i, text in enumerate(texts)]).accepted
        == 0
    )
