"""An incident at a past moment is folded from what its records had said by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.api.past import incident_at, until
from data.errors import NotFound
from data.records import EventPayload, IncidentDispatched, IncidentState, Kind, Record

T0 = datetime(2026, 5, 1, tzinfo=UTC)


def minutes(n: float) -> datetime:
    return T0 + timedelta(minutes=n)


def row(seq: int, at: datetime, version: int = 0, **payload: object) -> Record:
    event = EventPayload(**{"category": "fire", "incident": "I1", **payload})  # type: ignore[arg-type]
    return Record(Kind.EVENT, "cad", "R1", at, event, version=version, received_at=minutes(99), seq=seq)


def sent(seq: int, at: datetime) -> Record:
    payload = IncidentDispatched(incident="I1", units=("E1",), actor="desk")
    return Record(Kind.INCIDENT_DISPATCHED, "desk", f"d{seq}", at, payload, received_at=at, seq=seq)


def test_of_a_rows_lifecycle_only_what_had_happened_counts() -> None:
    times = {"dispatch": minutes(2), "on_scene": minutes(7), "closed": minutes(30)}
    records = [row(1, minutes(0), times=times)]
    states = [incident_at("I1", until(records, minutes(n))).state for n in (1, 2, 7, 29.9, 30)]
    assert states == [
        IncidentState.OPEN, IncidentState.DISPATCHED, IncidentState.ON_SCENE, IncidentState.ON_SCENE,
        IncidentState.CLOSED,
    ]  # fmt: skip


def test_a_command_counts_from_its_time_on() -> None:
    records = [row(1, minutes(0)), sent(2, minutes(5))]
    before, after = (incident_at("I1", until(records, minutes(n))) for n in (4, 5))
    assert (before.units, before.seq) == ((), 1)
    assert (after.units, after.seq, after.last_actor) == (("E1",), 2, "desk")


def test_a_correction_counts_as_known_now() -> None:
    records = [row(1, minutes(0), title="Smoke"), row(2, minutes(3), version=1, title="Steam")]
    assert incident_at("I1", until(records, minutes(3))).title == "Steam"
    with pytest.raises(NotFound, match="not yet opened"):
        incident_at("I1", until(records, minutes(1)))


def test_an_incident_is_open_until_its_last_row_closed() -> None:
    first = row(1, minutes(0), times={"closed": minutes(10)})
    second = replace(row(2, minutes(1), times={"closed": minutes(20)}), source_id="R2")
    seen = [incident_at("I1", until([first, second], minutes(n))).closed_at for n in (9, 10, 19, 20)]
    assert seen == [None, None, None, minutes(20)]
