"""Any sequence of records, in any batches: what the tables hold is what a rebuild makes, and what each case's own
records say one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.case_json import case_document, case_from
from data.casework import case_of
from data.clock import ManualClock
from data.open_store import open_store
from data.records import (
    ClockChange,
    ClockOp,
    EventPayload,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Payload,
    Record,
    RulePayload,
    UnitStatus,
    UnitStatusPayload,
)
from tests.contract.store.samples import tables

T0 = datetime(2026, 5, 1, tzinfo=UTC)
MINUTES = st.integers(0, 9).map(lambda m: T0 + timedelta(minutes=m))
INCIDENT = st.sampled_from("ABCD")
UNITS = st.sets(st.sampled_from(("U1", "U2")), min_size=1).map(tuple)
TEXT = st.sampled_from(("", "water", "理由“一”"))

CLOCKS = st.builds(
    ClockChange,
    clock=st.sampled_from(("accept", "answer")),
    op=st.sampled_from(ClockOp),
    due=st.none() | MINUTES,
    warn=st.lists(MINUTES, max_size=2).map(tuple),
    limit=TEXT,
)
MOVES = st.builds(
    IncidentMoved,
    incident=INCIDENT,
    move=st.sampled_from(("file", "assign", "return", "rework")),
    workflow=st.just("grid-5"),
    step=st.sampled_from(("a", "b", "closed")),
    phase=st.sampled_from(IncidentState),
    owner=TEXT,
    actor=st.just("w"),
    reason=TEXT,
    rule=TEXT,
    why=TEXT,
    clocks=st.lists(CLOCKS, max_size=2).map(tuple),
)
ACTS: st.SearchStrategy[Payload] = st.one_of(
    MOVES,
    MOVES,
    st.builds(IncidentMerged, incident=INCIDENT, into=st.none() | INCIDENT, actor=st.just("w")),
    st.builds(IncidentDispatched, incident=INCIDENT, units=UNITS, actor=st.just("w")),
    st.builds(IncidentRecalled, incident=INCIDENT, units=UNITS, actor=st.just("w")),
    st.builds(IncidentClosed, incident=INCIDENT, actor=st.just("w")),
    st.builds(
        UnitStatusPayload,
        unit=st.just("U1"),
        status=st.sampled_from(UnitStatus),
        incident=st.none() | INCIDENT,
    ),
)
KINDS = {
    IncidentMoved: Kind.INCIDENT_MOVED,
    IncidentMerged: Kind.INCIDENT_MERGED,
    IncidentDispatched: Kind.INCIDENT_DISPATCHED,
    IncidentRecalled: Kind.INCIDENT_RECALLED,
    IncidentClosed: Kind.INCIDENT_CLOSED,
    UnitStatusPayload: Kind.UNIT_STATUS,
}
ORDERS = st.builds(lambda n, t, p: Record(KINDS[type(p)], "desk", f"o{n}", t, p), st.integers(0, 999), MINUTES, ACTS)
EVENTS = st.builds(
    lambda row, version, t, incident, closed, unit: Record(
        Kind.EVENT, "s", f"r{row}", t,
        EventPayload(category="c", incident=incident, unit=unit, times={"closed": closed} if closed else {}),
        version=version,
    ),
    st.integers(0, 4), st.integers(0, 2), MINUTES, INCIDENT, st.none() | MINUTES, st.none() | st.just("U2"),
)  # fmt: skip
RULES = st.builds(
    lambda row, version, t, owner: Record(
        Kind.RULE, "desk", f"rule{row}", t, RulePayload(owner=owner or "o", actor="w"), version=version
    ),
    st.integers(0, 2),
    st.integers(0, 3),
    MINUTES,
    TEXT,
)
LOGS = st.lists(EVENTS | ORDERS | ORDERS | RULES, max_size=30)
SIZES = st.integers(1, 7)


def check(store, timeline: str, records: list[Record], size: int) -> None:
    mine = [replace(r, timeline=timeline) for r in records]
    for i in range(0, len(mine), size):
        store.append(mine[i : i + size])
    log = store.read_after(0, timeline=timeline)
    rows = {row.id: row for row in store.snapshot(timeline).incidents}
    for id, row in rows.items():
        assert row.case == case_of(log, id)
        assert row == store.incident(id, timeline)
        assert row.case is None or case_from(case_document(row.case)) == row.case
    parents: dict[str, str | None] = {}
    lives: dict[str, list[int | None]] = {id: [] for id in "ABCD"}
    for record in log:
        payload = record.payload
        about = {getattr(payload, "incident", None)}
        if isinstance(payload, IncidentMerged):
            about |= {payload.into, parents.get(payload.incident)}
            parents[payload.incident] = payload.into
        for id in about & set(lives):
            lives[id].append(record.seq)
    # A rule, too, names the case that it came from, but it is no part of that case's life.
    assert {id: [r.seq for r in store.timeline_of(id, timeline)] for id in lives} == lives
    newest: dict[str, Record] = {}
    for record in log:
        if record.kind is Kind.RULE:
            held = newest.get(record.source_id)
            if held is None or (record.version, record.at, record.seq) > (held.version, held.at, held.seq):
                newest[record.source_id] = record
    assert [(d.id, d.seq, d.payload) for d in store.documents(Kind.RULE, timeline)] == [
        (id, r.seq, r.payload) for id, r in sorted(newest.items())
    ]
    before = tables(store)
    store.rebuild()
    assert tables(store) == before


@pytest.fixture(scope="module")
def embedded() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gridcommand-test-") as folder:
        yield Path(folder)


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(LOGS, SIZES)
def test_the_embedded_store_folds_what_a_rebuild_and_each_case_say(embedded, records, size):
    run = test_the_embedded_store_folds_what_a_rebuild_and_each_case_say
    run.count = getattr(run, "count", 0) + 1
    store = open_store(f"sqlite:///{embedded / f'{run.count // 20}.db'}", ManualClock(T0))
    try:
        check(store, f"t{run.count}", records, size)
    finally:
        store.close()


@pytest.mark.postgis
@settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
@given(LOGS, SIZES)
def test_the_server_store_folds_the_same(postgis_url, records, size):
    run = test_the_server_store_folds_the_same
    run.count = getattr(run, "count", 0) + 1
    store = open_store(postgis_url, ManualClock(T0))
    try:
        check(store, f"t{run.count}", records, size)
    finally:
        store.close()


@settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
@given(LOGS, SIZES)
def test_one_batch_and_many_give_the_same_tables(embedded, records, size):
    run = test_one_batch_and_many_give_the_same_tables
    run.count = getattr(run, "count", 0) + 1
    stores = [open_store(f"sqlite:///{embedded / f'{side}{run.count}.db'}", ManualClock(T0)) for side in "ab"]
    try:
        for store, step in zip(stores, (max(1, len(records)), size), strict=True):
            for i in range(0, len(records), step):
                store.append(records[i : i + step])
        assert tables(stores[0]) == tables(stores[1])
    finally:
        for store in stores:
            store.close()
