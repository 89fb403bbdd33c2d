"""Preparing a store: everything at the first start, only the gap later, nothing over somebody else's region."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely.geometry import box

from data.clock import ManualClock
from data.errors import Refused
from data.open_store import open_store
from data.records import IncidentState
from data.store import Store
from feeds.demo.district import SEED, draw_district
from feeds.demo.history import history
from feeds.demo.names import DISTRICT_CODE
from feeds.demo.prepare import DemoReport, prepare
from geo.area import Area, Region

START = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)
DAYS = 5
"""Shorter than the month of a real start, whose size tests of the history look at."""

Prepared = tuple[Store, ManualClock, DemoReport]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    clock = ManualClock(START)
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}", clock)
    yield store, clock, prepare(store, clock, days=DAYS)
    store.close()


def test_a_first_start_fills_the_store(prepared: Prepared) -> None:
    store, _, report = prepared
    assert report.first
    assert report.records > 5 * 3000 + 8600 + 3 * 1010
    assert report.duplicates == 0
    assert report.have is None
    assert store.region().roots[0].code == DISTRICT_CODE
    state = store.snapshot()
    assert len(state.units) == 1010
    assert len([s for s in state.sites if s.kind == "camera"]) == 8600
    assert all(f.rhythm_s and f.simulated for f in state.feeds)
    assert len([f for f in state.feeds if f.areas]) == 1
    opened = [i for i in state.incidents if i.state is not IncidentState.CLOSED]
    assert 350 < len(opened) < 1000
    assert {i.state for i in opened} == {IncidentState.OPEN, IncidentState.DISPATCHED, IncidentState.ON_SCENE}


def test_the_store_keeps_the_names_of_the_classes_and_the_notice(prepared: Prepared) -> None:
    store = prepared[0]
    categories = json.loads(store.basemap("categories") or b"{}")
    assert len(categories) == 144
    assert categories["03"]["en"] == "Traffic and transport"
    assert "云岚区" in json.loads(store.basemap("notice") or b"{}")["zh"]
    for layer in ("water", "roads", "outline"):
        assert json.loads(store.basemap(layer) or b"{}")["type"] == "FeatureCollection"


def test_some_terminals_are_silent_from_the_start(prepared: Prepared) -> None:
    silent = [c for c in prepared[0].snapshot().contacts if START - c.last_at > timedelta(minutes=10)]
    assert 2 <= len(silent) <= 25


def test_a_second_start_adds_nothing_and_a_later_one_fills_the_gap(prepared: Prepared) -> None:
    store, clock, _ = prepared
    clock.set(START)
    again = prepare(store, clock, days=DAYS)
    assert not again.first
    assert again.records == 0
    assert again.have is not None

    before = {i.id for i in store.snapshot().incidents}
    clock.set(START + timedelta(hours=8))
    later = prepare(store, clock, days=DAYS)
    expected = {r.source_id for r in history(SEED, START, clock.now())}
    state = store.snapshot()
    after = {i.id for i in state.incidents}
    assert after - before == expected
    assert later.records >= len(expected)
    assert len(after) == len(state.incidents)
    # what was open is as far on as the script says, not left behind
    ages = [clock.now() - i.opened_at for i in state.incidents if i.state is not IncidentState.CLOSED]
    assert max(ages) < timedelta(days=9)
    still = [i for i in state.incidents if i.id in before and i.state is not IncidentState.CLOSED]
    assert len(still) < 600
    clock.set(START)


def test_another_region_is_refused_in_one_sentence(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'other.db'}", ManualClock(START))
    try:
        store.put_level(Region.of(["city"], [Area("1", "Elsewhere", "city", box(0, 0, 1, 1))]))
        with pytest.raises(Refused, match=r"Elsewhere.*GRIDCOMMAND_VAR_DIR"):
            prepare(store, ManualClock(START))
        assert store.head() == 0
    finally:
        store.close()


def test_a_store_made_with_another_seed_is_refused_with_the_way_out(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'seed.db'}", ManualClock(START))
    try:
        store.put_level(draw_district(3).region)
        with pytest.raises(Refused, match="another version or seed"):
            prepare(store, ManualClock(START))
    finally:
        store.close()
