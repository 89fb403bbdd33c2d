"""What nobody reads any more of a past is let go at once: a history is the largest thing a server holds, and the
collector never looks at it again once it was taken out of its hands."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.records import EventPayload, IncidentDispatched, Kind, Record, UnitPayload, UnitPosition
from data.settings import Settings
from data.sql_store import SqlStore
from geo.area import Region
from layers import incidents, panel, queue, units
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader
from layers.view import View
from tests.unit.layers.small_world import NOW, region


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = open_store(f"sqlite:///{tmp_path / 'released.db'}", ManualClock(NOW))
    made.put_level(region())
    at = NOW - timedelta(hours=3)
    event = EventPayload(category="0101", incident="I1", title="a")
    sent = IncidentDispatched(incident="I1", units=("u1",), actor="a")
    made.append(
        [
            Record(Kind.UNIT, "roster", "u1", at, UnitPayload(name="u1", unit_kind="patrol_car")),
            Record(Kind.UNIT_POSITION, "gps", "p1", at, UnitPosition(unit="u1"), 120.05, 30.05),
            Record(Kind.EVENT, "calls", "e1", at, event, 120.05, 30.05),
            Record(Kind.INCIDENT_DISPATCHED, "desk", "d1", at + timedelta(minutes=5), sent),
        ]
    )
    yield made
    made.close()


@pytest.fixture
def uncollected() -> Iterator[None]:
    """What is let go in here was in no cycle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def drawn(past: Past, t: float) -> None:
    past.seek(t)
    with past.reading() as state:
        for layer in (incidents, queue, units):
            layer.build(state, View(), t)
        panel.build(state, View(), t)
        assert state.incidents.titles[0] == ("a", "")
        assert state.incidents.cases[0] is None
        assert [row.id for row in state.units.rows] == ["u1"]


def held_by(past: Past) -> list[weakref.ref[Any]]:
    history = past.history
    return [weakref.ref(each) for each in (history.base, history.base.cube, history.incidents, history._walk)]


@pytest.mark.usefixtures("uncollected")
def test_a_history_that_is_read_anew_lets_go_of_the_one_before(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(store, ManualClock(NOW), Settings())
    past = Past(store, reader)
    t = ms(NOW) - 9_000_000
    drawn(past, t)
    before = held_by(past)
    seen: list[object] = []
    read = type(past.history)._read

    def reading(self: Any, live: Any) -> None:
        seen.extend(each() for each in before if each() is not None)
        read(self, live)

    monkeypatch.setattr(type(past.history), "_read", reading)
    old = region()
    renamed = [replace(area, name=f"{area.name} new") for area in old.areas]
    store.put_level(Region.of(old.levels, renamed))
    drawn(past, t)
    assert not seen, "the old history is let go before another is read: two take twice the memory"


@pytest.mark.usefixtures("uncollected")
def test_a_past_that_nobody_holds_lets_go_of_its_history(store: SqlStore) -> None:
    reader = Reader(store, ManualClock(NOW), Settings())
    past = Past(store, reader)
    other = past.beside()
    for each in (past, other):
        drawn(each, ms(NOW) - 9_000_000)
        drawn(each, ms(NOW) - 8_000_000)
    held = held_by(past)
    del past, each
    assert all(each() is not None for each in held), "the other one still reads it"
    del other
    assert [each() for each in held] == [None] * len(held)
