"""State at t where people and terminals speak: dispatch, arrival, closing, unit status."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.records import EventPayload, IncidentClosed, Kind, Record, UnitStatus, UnitStatusPayload
from data.store import Store
from dispatch.dispatcher import Dispatcher
from layers.state import LiveState
from layers.state_at import StateAt, state_at

START = datetime(2026, 5, 1, tzinfo=UTC)


def minute(n: float) -> datetime:
    return START + timedelta(minutes=n)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", clock)
    yield store
    store.close()


def status(unit: str, at: float, to: UnitStatus, n: int) -> Record:
    return Record(Kind.UNIT_STATUS, "mdt", f"{unit}-{n}", minute(at), UnitStatusPayload(unit=unit, status=to))


def test_a_desk_opens_sends_and_closes(store: Store, clock: ManualClock) -> None:
    desk = Dispatcher(store, clock)
    store.append([status("u1", 0, UnitStatus.AVAILABLE, 0), status("u2", 0, UnitStatus.AVAILABLE, 0)])
    clock.set(minute(1))
    opened = desk.open(actor="li", category="0203", title="x")
    assert opened.incident is not None
    id = opened.incident.id
    clock.set(minute(2))
    desk.dispatch(id, ["u1", "u2"], actor="li")
    clock.set(minute(3))
    desk.arrive(id, "u1", actor="u1")
    clock.set(minute(9))
    desk.close(id, actor="li", disposition="done")
    assert state_at(store, minute(0.5)) == StateAt((), ())
    assert state_at(store, minute(1)) == StateAt((id,), ())
    assert state_at(store, minute(2)) == StateAt((id,), ("u1", "u2"))
    assert state_at(store, minute(4)) == StateAt((id,), ("u1", "u2"))
    assert state_at(store, minute(9)) == StateAt((), ())


def test_closing_an_incident_releases_no_unit_that_has_gone_on_to_another(store: Store, clock: ManualClock) -> None:
    desk = Dispatcher(store, clock)
    store.append([status("u1", 0, UnitStatus.AVAILABLE, 0)])
    first, second = (desk.open(actor="li", category="c", title=str(n)).incident for n in range(2))
    assert first is not None
    assert second is not None
    clock.set(minute(1))
    desk.dispatch(first.id, ["u1"], actor="li")
    store.append([status("u1", 2, UnitStatus.AVAILABLE, 1)])
    clock.set(minute(3))
    desk.dispatch(second.id, ["u1"], actor="li")
    clock.set(minute(4))
    desk.close(first.id, actor="li")
    assert state_at(store, minute(5)) == StateAt((second.id,), ("u1",))
    units = LiveState(store.region(), store.snapshot()).units
    assert units.rows[units.row["u1"]].status is UnitStatus.DISPATCHED


def test_a_terminal_says_that_its_unit_is_busy(store: Store) -> None:
    store.append(
        [
            status("u1", 5, UnitStatus.AVAILABLE, 2),
            status("u1", 1, UnitStatus.EN_ROUTE, 1),
            status("u2", 1, UnitStatus.OUT_OF_SERVICE, 1),
        ]
    )
    assert state_at(store, minute(0)).busy_unit_ids == ()
    assert state_at(store, minute(1)).busy_unit_ids == ("u1",)
    assert state_at(store, minute(5)).busy_unit_ids == ()


def test_a_row_without_release_ends_when_its_unit_reports_idle(store: Store) -> None:
    call = EventPayload(category="c", unit="u1", times={"dispatch": minute(1)})
    store.append([Record(Kind.EVENT, "cad", "r1", START, call), status("u1", 7, UnitStatus.AVAILABLE, 1)])
    assert state_at(store, minute(6)) == StateAt(("cad:r1",), ("u1",))
    assert state_at(store, minute(7)) == StateAt((), ())


def test_an_incident_ends_at_the_latest_closing_that_is_known(store: Store) -> None:
    def row(n: int, closed: float | None, version: int = 0) -> Record:
        times = {"closed": minute(closed)} if closed is not None else {}
        payload = EventPayload(category="c", incident="i", times=times)
        return Record(Kind.EVENT, "s", f"r{n}", START, payload, version=version)

    store.append([row(1, None), row(2, None)])
    assert state_at(store, minute(60)).open_ids == ("i",)
    store.append([row(1, 5, 1)])  # sources leave it out of some rows
    assert state_at(store, minute(4)).open_ids == ("i",)
    assert state_at(store, minute(5)).open_ids == ()
    store.append([row(2, 8, 1)])
    assert state_at(store, minute(7)).open_ids == ("i",)
    assert state_at(store, minute(8)).open_ids == ()


def test_the_wall_and_state_agree_on_what_is_open_whoever_closed_it_and_in_what_order(store: Store) -> None:
    rng = random.Random(7)
    records = []
    for n in range(240):
        incident, start = f"i{n % 90}", rng.uniform(0, 100)
        times = {"closed": minute(start + rng.uniform(1, 60))} if rng.random() < 0.5 else {}
        event = EventPayload(category="c", incident=incident, times=times)
        records.append(Record(Kind.EVENT, "s", f"r{n}", minute(start), event))
        if rng.random() < 0.2:
            closing = IncidentClosed(incident=incident, actor="li")
            records.append(Record(Kind.INCIDENT_CLOSED, "desk", f"x{n}", minute(start + rng.uniform(0, 80)), closing))
    rng.shuffle(records)
    store.append(records)
    seen = set()
    for n in range(0, 180, 3):
        wall = LiveState(store.region(), store.moment(minute(n))).incidents
        shown = sorted(wall.ids[row] for row in wall.open_at(minute(n).timestamp() * 1000))
        assert shown == sorted(state_at(store, minute(n)).open_ids), n
        seen.add(len(shown))
    assert len(seen) > 10
