"""Units at work as event rows tell it: the same as `state_at`, live and in the past, whatever came in which order."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.records import (
    EventPayload,
    IncidentClosed,
    IncidentRecalled,
    Kind,
    Record,
    UnitPayload,
    UnitStatus,
    UnitStatusPayload,
)
from data.settings import Settings
from layers import panel, unit_work
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader
from layers.state_at import state_at
from layers.view import View
from tests.unit.layers.small_world import NOW, region


def minute(n: float) -> datetime:
    return NOW - timedelta(hours=2) + timedelta(minutes=n)


def row(id: str, incident: str, unit: str | None, version: int = 0, lon: float = 120.05, **times: float) -> Record:
    payload = EventPayload(
        category="fire", incident=incident, unit=unit, times={name: minute(at) for name, at in times.items()}
    )
    return Record(Kind.EVENT, "cad", id, minute(0), payload, lon, 30.05, version=version)


def status(n: float, unit: str, to: UnitStatus) -> Record:
    return Record(Kind.UNIT_STATUS, "desk", f"s{n}", minute(n), UnitStatusPayload(unit=unit, status=to))


BATCHES: list[list[Record]] = [
    [row("r1", "I1", "E1", dispatch=2, closed=20), row("r2", "I1", "E2", dispatch=3), row("r0", "I0", None)],
    [row("r3", "I2", "E2", dispatch=30), row("r4", "I2", "E3", dispatch=30), row("r5", "I2", "E4")],
    [row("r1", "I1", "E1", version=1, dispatch=2, closed=25)],  # a correction
    [
        Record(
            Kind.INCIDENT_RECALLED, "desk", "d1", minute(35), IncidentRecalled(incident="I2", units=("E3",), actor="a")
        )
    ],
    [Record(Kind.UNIT, "roster", "E5", minute(0), UnitPayload(name="E5", unit_kind="fire_engine"))],
    [row("r6", "I3", "E5", dispatch=40), status(50, "E5", UnitStatus.AVAILABLE), row("r7", "I4", "E6", dispatch=55)],
    [Record(Kind.INCIDENT_CLOSED, "desk", "d2", minute(60), IncidentClosed(incident="I4", actor="a"))],
    [row("r3", "I5", "E2", version=1, dispatch=30, closed=70)],  # it was another incident's
]


@pytest.mark.parametrize("most", [unit_work.ONE_BY_ONE, 0])
def test_live_and_past_agree_with_the_state_at_every_minute(
    tmp_path: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_work, "ONE_BY_ONE", most)  # all read again, or one by one
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    follows = Reader(store, ManualClock(NOW), Settings())
    try:
        store.put_level(region())
        follows.catch_up()
        for n, batch in enumerate(BATCHES):
            store.append(batch)
            follows.catch_up()
            fresh = Reader(store, ManualClock(NOW), Settings())
            past = Past(store, fresh)
            seen: set[str] = set()
            for m in range(0, 80, 5):
                t = ms(minute(m))
                expected = list(state_at(store, minute(m)).busy_unit_ids)
                past.seek(t)
                with past.reading() as state:
                    assert [unit for unit, _ in state.work.busy(t, state.units)] == expected, (n, m)
                    kpis: dict[str, Any] = panel.build(state, View(), t)["kpis"]
                    assert kpis["units_busy"] == len(expected)
                    with follows.reading() as live:
                        assert live.work.busy(t, state.units) == state.work.busy(t, state.units)
                seen.update(expected)
            assert seen
    finally:
        store.close()


def test_a_unit_that_a_row_sent_counts_where_its_incident_is_and_is_not_free(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    try:
        store.put_level(region())
        store.append([
            Record(Kind.UNIT, "roster", "E1", minute(0), UnitPayload(name="E1", unit_kind="fire_engine", area="T1")),
            Record(Kind.UNIT, "roster", "E9", minute(0), UnitPayload(name="E9", unit_kind="fire_engine", area="T1")),
            row("r1", "I1", "E1", dispatch=1),
            row("r2", "I1", "M7", dispatch=1),
            row("r3", "I2", "M8", dispatch=1, lon=10.0),
        ])  # fmt: skip
        reader = Reader(store, ManualClock(NOW), Settings())
        reader.catch_up()
        with reader.reading() as state:
            town = next(area.code for area in state.region.by_level["town"] if state.places.mask(area.code)[
                state.incidents["area"][state.incidents.row["I1"]]
            ])  # fmt: skip
            whole, inside = (panel.build(state, View(area=code), ms(NOW))["kpis"] for code in ("", town))
        assert (whole["units"], whole["units_busy"], whole["units_available"]) == (4, 3, 1)
        assert inside["units_busy"] >= 1
        assert inside["units_busy"] < whole["units_busy"]
    finally:
        store.close()
