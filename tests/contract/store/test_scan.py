"""Reading many records as they are stored: the same on both stores, and the same as the records themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from data.records import (
    EventPayload,
    IncidentClosed,
    IncidentMerged,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import Fact, Opened

T0 = datetime(2026, 5, 1, 8, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def event(id: str, minutes: float = 0, version: int = 0, timeline: str = "live", **payload) -> Record:
    body = EventPayload(**{"category": "c", **payload})
    return Record(Kind.EVENT, "s", id, at(minutes), body, 121.5, 31.2, version, timeline)


def closed(incident: str, minutes: float) -> Record:
    return Record(
        Kind.INCIDENT_CLOSED, "desk", f"c{minutes}", at(minutes), IncidentClosed(incident=incident, actor="w")
    )


def moved(incident: str, minutes: float, phase: IncidentState) -> Record:
    payload = IncidentMoved(incident=incident, move="m", workflow="w", step="s", phase=phase, actor="a")
    return Record(Kind.INCIDENT_MOVED, "desk", f"m{minutes}", at(minutes), payload)


def ids(facts) -> list[str]:
    return sorted(fact.source_id for fact in facts)


def test_a_fact_is_the_record_with_its_payload_as_text(store):
    store.append([event("a", 1.5, title="路灯 “1”", incident="I", times={"closed": at(3)}, attrs={"n": 1})])
    (fact,) = store.scan((Kind.EVENT,))
    (record,) = store.read_after(0)
    assert isinstance(fact, Fact)
    assert fact[:10] == (1, "event", "s", "a", 0, record.at, 121.5, 31.2, None, "I")
    assert EventPayload.model_validate_json(fact.body) == record.payload
    assert json.loads(fact.body)["title"] == "路灯 “1”"


def test_events_come_at_their_latest_version_whatever_came_first(store):
    store.append([event("a", 0, 2), event("b", 0, 7), event("c"), event("a", 1, 5)])
    store.append([event("a", 2, 3), event("b", 3, 0), event("c", 0, 0, "drill")])
    assert sorted((f.source_id, f.version) for f in store.scan((Kind.EVENT,))) == [("a", 5), ("b", 7), ("c", 0)]
    assert [f.source_id for f in store.scan((Kind.EVENT,), "drill")] == ["c"]


def test_a_period_holds_rows_by_their_time_or_by_that_of_their_incident(store):
    store.append([event("a", 0, incident="I"), event("b", 5, incident="I"), event("c", 5), event("d", 9)])
    assert ids(store.scan((Kind.EVENT,), start=at(5), end=at(9))) == ["b", "c"]
    assert ids(store.scan((Kind.EVENT,), end=at(5))) == ["a"]
    assert ids(store.scan((Kind.EVENT,), end=at(5), by_incident=True)) == ["a", "b"]
    assert ids(store.scan((Kind.EVENT,), start=at(1), by_incident=True)) == ["c", "d"]
    assert ids(store.scan((Kind.EVENT,), by_incident=True)) == ["a", "b", "c", "d"]


def test_only_rows_that_name_a_unit(store):
    store.append([event("a", unit="U"), event("b", title='"unit":"x"'), event("c", attrs={"unit": "x"})])
    assert ids(store.scan((Kind.EVENT,), with_unit=True)) == ["a"]
    assert ids(store.scan((Kind.EVENT,))) == ["a", "b", "c"]


def test_other_kinds_come_in_seq_order_after_the_events_and_positions_never(store):
    status = UnitStatusPayload(unit="U", status=UnitStatus.EN_ROUTE)
    store.append(
        [
            Record(Kind.UNIT_STATUS, "t", "s1", at(9), status),
            closed("x", 1),
            Record(Kind.UNIT_POSITION, "gps", "p", at(1), UnitPosition(unit="U"), 1.0, 2.0),
            event("a"),
            Record(Kind.UNIT_STATUS, "t", "s2", at(0), status),
            Record(Kind.INCIDENT_MERGED, "desk", "g", at(1), IncidentMerged(incident="a", into="b", actor="w")),
        ]
    )
    found = list(store.scan((Kind.UNIT_STATUS, Kind.INCIDENT_CLOSED, Kind.EVENT)))
    assert [f.seq for f in found] == [4, 1, 2, 5]
    assert [f.kind for f in store.scan((Kind.INCIDENT_MERGED,))] == ["incident.merged"]
    assert list(store.scan((Kind.UNIT_POSITION,))) == []
    assert list(store.scan((Kind.RULE,))) == []


def test_opened_by_leaves_out_only_what_was_surely_closed(store):
    store.append(
        [
            event("open", 1, incident="open"),
            event("open2", 2, incident="open"),
            event("later", 6, incident="later"),
            event("over", 0, incident="over", times={"closed": at(4)}),
            event("just", 0, incident="just", times={"closed": at(5)}),
            event("not yet", 0, incident="not yet", times={"closed": at(6)}),
            event("by desk", 0, incident="by desk"),
            closed("by desk", 2),
            event("back", 0, incident="back", times={"closed": at(1)}),
            moved("back", 2, IncidentState.CLOSED),
            moved("back", 3, IncidentState.OPEN),
            closed("nobody reported it", 3),
        ]
    )
    assert sorted(store.opened_by(at(5))) == [
        Opened("back", at(1), 1),
        Opened("by desk", None, 1),
        Opened("not yet", at(6), 1),
        Opened("open", None, 2),
    ]
    assert store.opened_by(at(5), "drill") == []


def test_an_unfinished_scan_gives_its_connection_back(store):
    store.append([event(f"e{i}") for i in range(20)])
    for _ in range(60):  # more often than there are connections
        facts = store.scan((Kind.EVENT,))
        assert next(facts).kind == "event"
        facts.close()
    assert store.append([event("last")]).accepted == 1
