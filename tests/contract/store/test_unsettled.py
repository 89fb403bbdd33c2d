"""`unsettled`: the incidents somebody may still have to do something about, and the head they belong to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from data.records import EventPayload, IncidentMoved, IncidentState, Kind, Record
from data.sql_store import SqlStore

T0 = datetime(2026, 5, 1, tzinfo=UTC)


def event(id: str, closed_h: float | None = None, **more: object) -> Record:
    times = {} if closed_h is None else {"closed": T0 + timedelta(hours=closed_h)}
    return Record(Kind.EVENT, "hotline", id, T0, EventPayload(category="01", incident=id, times=times), **more)  # type: ignore[arg-type]


def test_open_incidents_and_those_closed_since_then(store: SqlStore) -> None:
    store.append([event("open"), event("before", 1), event("just", 2), event("after", 3)])
    store.append([event("drill", timeline="drill:1")])
    head, rows = store.unsettled(T0 + timedelta(hours=2))
    assert head == store.head()
    assert [row.id for row in rows] == ["after", "just", "open"]
    snapshot = {row.id: row for row in store.snapshot().incidents}
    assert all(row == snapshot[row.id] for row in rows)
    assert [row.id for row in store.unsettled(T0, "drill:1")[1]] == ["drill"]


def test_rows_come_with_their_cases(store: SqlStore) -> None:
    store.append([event("a")])
    move = IncidentMoved(
        incident="a", move="file", workflow="w", step="s", phase=IncidentState.OPEN, owner="triage", actor="desk"
    )
    store.append([Record(Kind.INCIDENT_MOVED, "desk", "m1", T0, move)])
    (row,) = store.unsettled(T0)[1]
    assert row.case is not None
    assert row.case.step == "s"


def test_an_incident_whose_rows_were_taken_away_is_none(store: SqlStore) -> None:
    store.append([event("a")])
    moved_on = Record(Kind.EVENT, "hotline", "a", T0, EventPayload(category="01", incident="b"), version=1)
    store.append([moved_on])
    assert [row.id for row in store.unsettled(T0)[1]] == ["b"]
