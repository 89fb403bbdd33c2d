"""The reader: loads, follows, notices another region, lives through an absent store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.errors import StoreUnavailable
from data.open_store import open_store
from data.records import EventPayload, Kind, Record
from data.settings import Settings
from layers import areas, panel
from layers.reader import Reader
from layers.view import View
from tests.unit.layers.small_world import NOW, NOW_MS, region

SETTINGS = Settings(silence_poll_s=0.05)


class Flaky:
    """The real store, which can be told to be away and counts how often it is asked."""

    def __init__(self, store: object) -> None:
        self._store = store
        self.away = False
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("the store does not answer")
        return getattr(self._store, name)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Flaky]:
    held = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    held.put_level(region())
    yield Flaky(held)
    held.close()


@pytest.fixture
def reader(store: Flaky) -> Iterator[Reader]:
    made = Reader(store, ManualClock(NOW), SETTINGS)  # type: ignore[arg-type]
    yield made
    made.close()


def event(i: int) -> Record:
    return Record(Kind.EVENT, "hotline", f"E{i}", NOW, EventPayload(category="0101"), 120.05, 30.05)


def until(true: Callable[[], bool], reader: Reader) -> None:
    """Wait for a change that makes it true, at most 60 s."""
    rung = threading.Event()
    forget = reader.listen(rung.set)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if true():
                return
            rung.wait(0.05)
            rung.clear()
    finally:
        forget()
    raise AssertionError("it did not become true in 60 s")


def reported(reader: Reader) -> int:
    with reader.reading() as state:
        return int(panel.build(state, View(), NOW_MS)["kpis"]["reported"])


def test_there_is_no_state_before_it_started(reader: Reader):
    with pytest.raises(StoreUnavailable, match="not loaded yet"), reader.reading():
        pass
    assert reader.seq is None


def test_it_follows_what_is_appended(store: Flaky, reader: Reader):
    reader.start()
    assert reader.wait(60)
    assert reported(reader) == 0
    store.append([event(i) for i in range(1200)])  # type: ignore[attr-defined]
    until(lambda: reader.seq == 1200, reader)
    assert reported(reader) == 1200


def test_another_region_is_taken_over_with_its_areas(store: Flaky, reader: Reader):
    store.append([event(1)])  # type: ignore[attr-defined]
    reader.start()
    assert reader.wait(60)
    store.put_level(region(towns=1))  # type: ignore[attr-defined]

    def towns() -> list[str]:
        with reader.reading() as state:
            return areas.build(state, View(), NOW_MS).key.tolist()

    until(lambda: towns() == ["T0"], reader)


def test_a_log_that_was_put_back_to_an_earlier_state_is_loaded_anew(store: Flaky, reader: Reader, tmp_path: Path):
    store.append([event(i) for i in range(5)])
    reader.catch_up()
    older = open_store(f"sqlite:///{tmp_path / 'older.db'}", ManualClock(NOW))
    try:
        older.put_level(region())
        older.append([event(i) for i in range(2)])
        store._store = older
        assert reader.catch_up()
        with reader.reading() as state:
            assert (state.seq, sorted(state.incidents.ids)) == (2, ["hotline:E0", "hotline:E1"])
        older.append([event(7)])
        reader.catch_up()
        with reader.reading() as state:
            assert len(state.incidents) == 3
    finally:
        older.close()


def test_names_of_categories_and_the_notice_come_from_the_store(store: Flaky, reader: Reader):
    store.put_basemap("categories", '{"01":{"zh":"市容","en":"Streets"}}'.encode())  # type: ignore[attr-defined]
    store.put_basemap("notice", '{"zh":"虚构","en":"Invented"}'.encode())  # type: ignore[attr-defined]
    store.append([event(1)])  # type: ignore[attr-defined]
    reader.catch_up()
    with reader.reading() as state:
        made = panel.build(state, View(), NOW_MS)
    assert made["categories"] == [{"code": "01", "name": "市容", "name_en": "Streets", "count": 1}]
    assert made["notice"] == {"zh": "虚构", "en": "Invented"}


def test_an_absent_store_leaves_the_state_and_says_since_when_and_it_goes_on_by_itself(store: Flaky, reader: Reader):
    reader.start()
    assert reader.wait(60)
    store.append([event(1)])  # type: ignore[attr-defined]
    until(lambda: reader.seq == 1, reader)
    store.away = True
    until(lambda: reader.away_since is not None, reader)
    assert reader.away_since == NOW_MS
    assert reported(reader) == 1
    store.away = False
    store.append([event(2)])  # type: ignore[attr-defined]
    until(lambda: reader.away_since is None and reader.seq == 2, reader)
    assert reported(reader) == 2


def test_a_store_that_is_away_at_the_start_is_waited_for(store: Flaky, reader: Reader):
    store.away = True
    reader.start()
    until(lambda: reader.away_since is not None, reader)
    assert not reader.wait(0)
    store.away = False
    assert reader.wait(60)
