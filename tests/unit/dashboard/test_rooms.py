"""Rooms: opened when asked for, bounded in number, closed when unused, and never opened twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard import rooms as module
from dashboard.rooms import MOST, UNUSED_S, Room, Rooms
from dashboard.shown import ShownRoom
from data.clock import ManualClock
from data.errors import NotFound, Refused
from data.open_store import open_store
from data.settings import Settings
from data.sql_store import SqlStore
from dispatch.book import shipped
from replay.hosted import Told

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass
class Hosted:
    timeline: str
    over: bool = False

    def now(self) -> datetime:
        return NOW

    def told(self) -> Told:
        return Told(self.timeline, "演练", "Exercise", "running", 1.0)

    def acting(self) -> datetime:
        if self.over:
            raise Refused("the exercise is over", zh="演练已经结束")
        return NOW


class Hosts(dict[str, Hosted]):
    """Who has all the drills but those whose names end with none."""

    def __call__(self, timeline: str) -> Hosted:
        if timeline.endswith("none"):
            raise NotFound(f"no drill {timeline}", zh=f"没有演练 {timeline}")
        return self.setdefault(timeline, Hosted(timeline, timeline.endswith("over")))


class Hours:
    """What `time.monotonic` says in the rooms."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    found = Hours()
    monkeypatch.setattr(module, "time", found)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    yield store
    store.close()


@pytest.fixture
def rooms(store: SqlStore, hours: Hours) -> Iterator[Rooms]:
    found = Rooms({"drill:": Hosts()}, store, Settings(), shipped())
    yield found
    found.close()


def names(rooms: Rooms) -> list[str]:
    return [room.timeline for room in rooms.all()]


def test_a_room_opens_once_however_many_ask_at_once(rooms: Rooms):
    found: list[Room] = []
    asking = [threading.Thread(target=lambda: found.append(rooms.open("drill:a"))) for _ in range(8)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    assert names(rooms) == ["drill:a"]


def test_what_nobody_hosts_is_not_found_and_opens_nothing(rooms: Rooms):
    for name in ("drill:none", "fork:x", "", "live:x"):
        with pytest.raises(NotFound) as refused:
            rooms.open(name)
        assert refused.value.zh
        assert not rooms.known(name)
    assert rooms.known("live")
    assert rooms.known("drill:a"), "without opening it"
    assert names(rooms) == []


def test_the_room_that_was_unused_longest_makes_room_and_watched_ones_stay(rooms: Rooms, hours: Hours):
    watched = [rooms.watch(f"drill:{n}") for n in range(MOST - 1)]
    rooms.open("drill:idle")
    hours.now += 5
    rooms.open("drill:new")
    assert "drill:idle" not in names(rooms)
    assert len(names(rooms)) == MOST
    rooms.watch("drill:new")
    with pytest.raises(Refused) as refused:
        rooms.open("drill:more")
    assert "演练" in refused.value.zh
    rooms.leave(watched[3])
    hours.now += 1
    rooms.open("drill:more")
    assert "drill:3" not in names(rooms)


def test_a_room_closes_when_nobody_used_it_for_a_quarter_of_an_hour(rooms: Rooms, hours: Hours):
    watched = rooms.watch("drill:watched")
    asked = rooms.open("drill:asked")
    hours.now += UNUSED_S
    rooms.tidy()
    assert names(rooms) == ["drill:watched", "drill:asked"]
    hours.now += 1
    rooms.tidy()
    assert names(rooms) == ["drill:watched"]
    assert asked.reader._thread is not None
    assert not asked.reader._thread.is_alive()
    rooms.leave(watched)
    hours.now += UNUSED_S
    rooms.open("drill:watched")
    rooms.tidy()
    assert names(rooms) == ["drill:watched"], "somebody asked"


def test_what_was_made_anew_under_its_name_has_a_room_of_its_own_for_who_watches_as_well(store: SqlStore):
    hosts = Hosts()
    rooms = Rooms({"drill:": hosts}, store, Settings(), shipped())
    with closing(rooms):
        shown = ShownRoom("drill:a", rooms, Settings())
        with shown.scene():
            old = rooms.open("drill:a")
        assert (old.watchers, old.hosted) == (1, hosts["drill:a"])
        del hosts["drill:a"]
        new = rooms.open("drill:a")
        assert new.hosted is hosts["drill:a"] is not old.hosted
        assert rooms.open("drill:a") is new
        assert rooms.all() == [new]
        assert old.reader._thread is not None
        assert not old.reader._thread.is_alive()
        with shown.scene() as scene, scene.reading() as state:
            assert state is new.reader._state
        assert (old.watchers, new.watchers) == (0, 1)
        shown.close()
        assert new.watchers == 0


def test_commands_in_a_room_bear_its_time_and_are_refused_when_it_is_over(rooms: Rooms, store: SqlStore):
    room = rooms.open("drill:a")
    done = room.dispatcher.open(actor="desk", category="0501", outside=True, lon=120.0, lat=33.0)
    assert done.incident is not None
    assert (done.incident.timeline, done.incident.opened_at) == ("drill:a", NOW)
    assert store.incident(done.incident.id) is None
    with pytest.raises(Refused, match="over"):
        rooms.open("drill:over").dispatcher.open(actor="desk", category="0501", outside=True, lon=120.0, lat=33.0)


def test_rooms_that_were_closed_open_no_more(rooms: Rooms):
    rooms.open("drill:a")
    rooms.close()
    assert names(rooms) == []
    with pytest.raises(NotFound):
        rooms.open("drill:a")
