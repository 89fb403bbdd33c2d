"""Who reads or changes the live state waits for nobody who reads the past: not while a picture of it is drawn, not
while a moment is sought, not while the history is read. Whoever waited for them would wait for ever here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.moment_tracks import TrackReader
from data.open_store import open_store
from data.records import EventPayload, IncidentClosed, Kind, Record, UnitPayload
from data.settings import Settings
from data.sql_store import SqlStore
from layers import areas, heat, incidents, panel, past_base, past_history, queue
from layers.columns import ms
from layers.past import Past
from layers.past_incidents import IncidentVersions
from layers.reader import Reader
from layers.state import LiveState
from layers.view import View
from tests.unit.layers.small_world import NOW, region

LONG_S = 60.0


class World:
    def __init__(self, store: SqlStore) -> None:
        self.store, self.many = store, 0
        self.reader = Reader(store, ManualClock(NOW), Settings())

    def more(self, many: int = 3) -> None:
        """New incidents, the first of which is closed."""
        first = self.many
        self.many += many
        at = NOW - timedelta(hours=2)
        made = [
            Record(Kind.EVENT, "calls", f"e{n}", at, EventPayload(category="0101", incident=f"I{n}"), 120.05, 30.05)
            for n in range(first, self.many)
        ]
        closed = IncidentClosed(incident=f"I{first}", actor="a")
        self.store.append([*made, Record(Kind.INCIDENT_CLOSED, "desk", f"c{first}", at + timedelta(hours=1), closed)])

    def live_goes_on(self) -> None:
        """The live state takes over what is new and is drawn, on a thread of its own, while the caller stands still."""
        seen: list[int] = []

        def look() -> None:
            self.more()
            self.reader.catch_up()
            with self.reader.reading() as state:
                for layer in (heat, areas, incidents, queue):
                    layer.build(state, View(), ms(NOW))
                panel.build(state, View(), ms(NOW))
                seen.append(len(state.incidents))

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        thread.join(LONG_S)
        assert seen == [self.many]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    made = World(store)
    try:
        store.put_level(region())
        store.append([Record(Kind.UNIT, "roster", "U1", NOW, UnitPayload(name="U1", unit_kind="patrol_car"))])
        made.more()
        made.reader.catch_up()
        yield made
    finally:
        made.reader.close()
        store.close()


def test_live_goes_on_while_a_picture_of_the_past_is_drawn_and_the_picture_stays(world: World):
    past, t = Past(world.store, world.reader), ms(NOW - timedelta(minutes=90))
    past.seek(t)
    with past.reading() as state:
        before = [layer.build(state, View(), t) for layer in (heat, areas, incidents, queue)]
        world.live_goes_on()
        after = [layer.build(state, View(), t) for layer in (heat, areas, incidents, queue)]
        assert [table.key.tolist() for table in before] == [table.key.tolist() for table in after]
        assert len(state.incidents) == 3
    past.seek(t)
    with past.reading() as state:
        assert len(state.incidents) == world.many
        assert state.incidents.open_at(t).size == world.many


@pytest.mark.parametrize("step", ["history", "columns", "positions"])
def test_live_goes_on_at_every_step_of_a_seek(world: World, monkeypatch: pytest.MonkeyPatch, step: str):
    owner, name = {
        "history": (past_history.WorkedReader, "read"),
        "columns": (IncidentVersions, "settle"),
        "positions": (TrackReader, "last"),
    }[step]
    plain: Callable[..., object] = getattr(owner, name)
    met: list[str] = []

    def meanwhile(*args: object, **more: object) -> object:
        if not met:
            met.append(step)
            world.live_goes_on()
        return plain(*args, **more)

    monkeypatch.setattr(owner, name, meanwhile)
    past, t = Past(world.store, world.reader), ms(NOW - timedelta(minutes=30))
    past.seek(t)
    assert met == [step]
    past.seek(t)
    with past.reading() as state:
        assert state.incidents.open_at(t).size == world.many - 2


def test_the_live_state_is_held_still_for_a_few_rows_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(past_base, "CHUNK", 4)
    held: list[int] = []
    reading = world.reader.reading

    @contextmanager
    def watched() -> Iterator[LiveState]:
        with reading() as state:
            held.append(0)
            yield state

    plain = past_base._copied

    def copied(source: past_base.IncidentColumns, rows: past_base.Rows) -> object:
        held[-1] += len(rows)
        return plain(source, rows)

    monkeypatch.setattr(world.reader, "reading", watched)
    monkeypatch.setattr(past_base, "_copied", copied)
    for _ in range(10):
        world.more()
    past, t = Past(world.store, world.reader), ms(NOW - timedelta(minutes=30))
    past.seek(t)
    with past.reading() as state:
        assert len(state.incidents) == world.many == 33
    assert sum(held) == 33
    assert max(held) <= 2 * 4  # so many rows that are new, and so many that changed
