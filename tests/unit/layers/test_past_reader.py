"""`serve --at T` shows units, cameras and cases as they were at T, and goes on with its clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.errors import StoreUnavailable
from data.open_store import open_store
from data.records import (
    EventPayload,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    SitePayload,
    SiteStatusPayload,
    UnitPayload,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from data.settings import Settings
from layers import cameras, panel, queue, units
from layers.columns import ms
from layers.past_reader import PastReader
from layers.view import View
from tests.unit.layers.small_world import NOW, region


def minute(n: float) -> datetime:
    return NOW + timedelta(minutes=n)


def moved(n: float, step: str, phase: IncidentState, owner: str) -> Record:
    payload = IncidentMoved(
        incident="I1", move=step, workflow="grid-5", step=step, phase=phase, owner=owner, actor="a", before=""
    )
    return Record(Kind.INCIDENT_MOVED, "desk", f"m{n}", minute(n), payload)


def status(n: float, to: UnitStatus) -> Record:
    return Record(Kind.UNIT_STATUS, "desk", f"s{n}", minute(n), UnitStatusPayload(unit="U1", status=to))


def position(n: float, lon: float) -> Record:
    return Record(Kind.UNIT_POSITION, "gps", "U1", minute(n), UnitPosition(unit="U1"), lon, 30.05)


LOG = [
    Record(Kind.UNIT, "roster", "U1", minute(0), UnitPayload(name="U1", unit_kind="patrol_car")),
    Record(Kind.SITE, "cams", "C1", minute(0), SitePayload(name="C1", site_kind="camera"), 120.05, 30.05),
    Record(Kind.EVENT, "calls", "e1", minute(1), EventPayload(category="0101", incident="I1"), 120.05, 30.05),
    position(1, 120.01),
    moved(2, "a", IncidentState.OPEN, "water"),
    status(3, UnitStatus.EN_ROUTE),
    position(3, 120.02),
    moved(4, "closed", IncidentState.CLOSED, "water"),
    Record(Kind.SITE_STATUS, "cams", "c1", minute(5), SiteStatusPayload(site="C1", online=False)),
    moved(6, "b", IncidentState.OPEN, "roads"),
    status(7, UnitStatus.AVAILABLE),
    position(7, 120.04),
    moved(8, "closed", IncidentState.CLOSED, "roads"),
]


def test_a_past_reader_shows_what_was_and_follows_its_clock(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(minute(60)))
    shown = ManualClock(minute(3.5))
    reader = PastReader(store, shown, Settings())
    try:
        store.put_level(region())
        store.append(LOG)
        with pytest.raises(StoreUnavailable), reader.reading():
            pass
        assert reader.seq is None

        def look() -> tuple[object, ...]:
            assert reader.catch_up()
            t = ms(shown.now())
            with reader.reading() as state:
                cars, listed = units.build(state, View(), t), queue.build(state, View(), t)
                owner = [listed.meta["owners"][n] for n in listed.columns["owner"]]
                kpis = panel.build(state, View(), t)["kpis"]
                online = cameras.build(state, View(), t).meta["online"]
            assert kpis["units_busy"] == (1 if "en_route" in cars.meta["counts"] else 0)
            return cars.columns["lon"].tolist(), cars.meta["counts"], owner, kpis["open"], kpis["closed"], online

        assert look() == ([120.02], {"en_route": 1}, ["water"], 1, 0, 1)
        shown.advance(90)
        assert look() == ([120.02], {"en_route": 1}, [], 0, 1, 0)
        shown.advance(90)
        assert look() == ([120.02], {"en_route": 1}, ["roads"], 1, 0, 0)
        shown.advance(200)
        assert look() == ([120.04], {"available": 1}, [], 0, 1, 0)
    finally:
        reader.close()
        store.close()
