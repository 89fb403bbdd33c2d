"""Whatever the log holds and wherever one seeks, in whatever order: the screens of a past moment are those of the
moment's own fold, and the state reached by playing is the state reached by seeking. On SQLite and on PostGIS."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.clock import ManualClock
from data.codec import instant, micros
from data.lineage import Part, parts_of
from data.open_store import open_store
from data.records import LIVE, Kind, Record
from data.settings import Settings
from data.sql_store import SqlStore
from layers import (
    areas,
    cameras,
    heat,
    incidents,
    panel,
    past_base,
    past_history,
    past_incidents,
    past_spans,
    queue,
    row_changes,
    units,
)
from layers.columns import ms
from layers.past import Past, moment_of
from layers.reader import Reader
from layers.state import LiveState
from layers.unit_columns import TRAIL
from layers.view import View
from tests.unit.layers.small_world import NOW, region
from tests.unit.layers.test_state_follows_store import Dice, same

LAYERS = (heat, areas, incidents, units, cameras, queue)
VIEWS = (
    View(window="30d"),
    View(area="T1", measure="open", window="1h", res=9),
    View(area="T0G1", severity=2, window="7d"),
    View(category="01", source="hotline", measure="open"),
)


def slowly(store: SqlStore, t: float, timeline: str = LIVE) -> LiveState:
    """The state of t as the fold of everything makes it, with trails from all positions."""
    state = LiveState(store.region(), store.moment(moment_of(t), timeline))
    seen: dict[str, dict[float, Record]] = {}
    with store.read() as conn:
        parts = parts_of(store, conn, timeline)
    for record in store.read_after(0):
        if not any(belongs_to(record, part) for part in parts):
            continue
        if record.kind is Kind.UNIT_POSITION and ms(record.at) <= t:
            seen.setdefault(record.payload.unit, {})[(record.at, record.seq)] = record
    for unit, found in seen.items():
        last = [found[key] for key in sorted(found)][-TRAIL:]
        state.units.trails[state.units.row[unit]].clear()
        state.units.walked((unit, ms(each.at), each.lon, each.lat) for each in last)
    return state


def belongs_to(record: Record, part: Part) -> bool:
    """Whether a record is of this part of a timeline."""
    if part.until is None:
        return record.timeline == part.timeline
    return record.timeline == part.timeline and record.at <= part.until and (record.seq or 0) <= part.head


def alike(past: Past, slow: LiveState, t: float) -> None:
    """All layers and panels of a past and of the slow state are the same."""
    with past.reading() as state:
        for view in VIEWS:
            for layer in LAYERS:
                mine, slows = layer.build(state, view, t), layer.build(slow, view, t)
                same(mine, slows)
                if layer is units:
                    assert dict(zip(mine.key, mine.columns["trail"], strict=True)) == dict(
                        zip(slows.key, slows.columns["trail"], strict=True)
                    )
            assert panel.build(state, view, t) == panel.build(slow, view, t)
        assert (state.source_ms, state.commit_ms) == (slow.source_ms, slow.commit_ms)
        assert {id: doc.payload for id, doc in state.documents.items()} == {
            id: doc.payload for id, doc in slow.documents.items()
        }
        np.testing.assert_array_equal(state.contact, slow.contact)
        for id, row in slow.incidents.row.items():
            assert state.incidents.cases[state.incidents.row[id]] == slow.incidents.cases[row], id
        slow_sites = {id: (site.online, site.name, site.status_at) for id, site in slow.sites.items()}
        assert {id: (site.online, site.name, site.status_at) for id, site in state.sites.items()} == slow_sites


def moments(store: SqlStore, dice: random.Random, many: int) -> list[float]:
    """Moments of records, just before them, and between them; one before and one after all."""
    times = [record.at for record in store.read_after(0)]
    found = [ms(NOW - timedelta(days=9)), ms(NOW + timedelta(days=9))]
    for _ in range(many):
        t = dice.choice(times)
        found.append(ms(dice.choice((t, instant(micros(t) - 1), t + timedelta(seconds=dice.uniform(0, 900))))))
    dice.shuffle(found)
    return found


@pytest.fixture
def make(store_url: str, request: pytest.FixtureRequest) -> Callable[[], SqlStore]:
    """Makes a fresh store of the same engine, each time it is called."""
    count = iter(range(10_000))

    def fresh() -> SqlStore:
        if store_url.startswith("sqlite"):
            url = store_url.replace("store.db", f"store{next(count)}.db")
        else:
            url = request.getfixturevalue("postgis_server").url(template=request.getfixturevalue("migrated"))
        store = open_store(url, ManualClock(NOW), repeatable=True)
        store.put_level(region())
        return store

    return fresh


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_seeking_gives_what_the_fold_of_the_moment_gives_while_the_log_grows(make: Callable[[], SqlStore], seed: int):
    dice, records = random.Random(seed), Dice(seed)
    store = make()
    try:
        store.append([records.record() for _ in range(dice.choice((1, 40, 200)))])
        reader = Reader(store, ManualClock(NOW), Settings())
        past = Past(store, reader)
        for _ in range(3):
            for t in moments(store, dice, 3):
                past.seek(t)
                alike(past, slowly(store, t), t)
            store.append([records.record() for _ in range(dice.choice((1, 2, 30)))])
        t = past.t
        assert t is not None
        past.seek(t)
        alike(past, slowly(store, t), t)
        fresh = Past(store, reader)
        fresh.seek(t)
        alike(fresh, slowly(store, t), t)
    finally:
        store.close()


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_what_is_done_in_parts_gives_the_same_whatever_the_parts(
    make: Callable[[], SqlStore], monkeypatch: pytest.MonkeyPatch, seed: int
):
    """Copies of three rows, snapshots at every other span, changes that are soon forgotten: as with a large log."""
    monkeypatch.setattr(past_base, "CHUNK", 3)
    monkeypatch.setattr(past_history, "MOST_WAITING", 5)
    monkeypatch.setattr(past_incidents, "_FEW", 2)
    monkeypatch.setattr(past_spans, "STEP", 2)
    monkeypatch.setattr(row_changes, "KEPT", 4)
    dice, records = random.Random(seed), Dice(seed)
    store = make()
    try:
        store.append([records.record() for _ in range(60)])
        reader = Reader(store, ManualClock(NOW), Settings())
        past = Past(store, reader)
        other = past.beside()
        for _ in range(4):
            for t in moments(store, dice, 2):
                past.seek(t)
                alike(past, slowly(store, t), t)
            store.append([records.record() for _ in range(dice.choice((1, 5, 30)))])
            other.seek(t)  # brings what both share further; what the first one shows is of the log by now
            past.seek(t)
            alike(past, slowly(store, t), t)
    finally:
        store.close()
