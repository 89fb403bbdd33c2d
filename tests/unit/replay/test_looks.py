"""What seats look at: written when it stood, once, and found again for any moment; bookmarks are records too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.errors import NotFound, Refused, StoreUnavailable
from data.open_store import open_store
from data.records import EventPayload, Kind, LookPayload, Record
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import Appended
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader
from layers.state_at import state_at
from layers.stats import events
from layers.view import View
from replay.bookmarks import bookmarks, mark, withdraw
from replay.histogram import histogram
from replay.looks import AGAIN_S, EVERY_S, LEFT_S, STALE_S, LookLog
from replay.moments import Moments
from replay.seats import Seats

T0 = datetime(2026, 5, 1, tzinfo=UTC)


class Room:
    """A log of looks on a store, with a clock that is moved by hand."""

    def __init__(self, store: SqlStore, clock: ManualClock) -> None:
        self.store, self.clock, self.away = store, clock, False
        self.log = LookLog(self._submit, clock, step_s=0.001)
        self.seats = Seats(store)

    def _submit(self, records: Sequence[Record]) -> Future[Appended]:
        if self.away:
            raise StoreUnavailable("away")
        done: Future[Appended] = Future()
        done.set_result(self.store.append(list(records)))
        return done

    def pass_(self, seconds: float) -> None:
        """Time goes by, and what is due is written, each second."""
        for _ in range(round(seconds)):
            self.clock.advance(1)
            if records := self.log.due():
                self._submit(records)

    def shown(self, t: datetime | None = None) -> list[tuple[str, str, str]]:
        found = self.seats.at(ms(t or self.clock.now()))
        return [(seat.seat, seat.page, seat.view) for seat in found]

    def written(self) -> list[LookPayload]:
        return [r.payload for r in self.store.read_after(0) if isinstance(r.payload, LookPayload)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(T0)


@pytest.fixture
def room(tmp_path: Path, clock: ManualClock) -> Iterator[Room]:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", clock)
    yield Room(store, clock)
    store.close()


def test_a_seat_is_found_at_every_moment_with_what_it_looked_at(room: Room) -> None:
    room.log.watches("a", "wall", "/", View())
    room.pass_(20)
    room.log.watches("a", "wall", "/", View(area="T1", window="7d"))
    room.log.watches("b", "desk 3", "/desk", View(area="T1"))
    room.pass_(20)
    room.log.leaves("a")
    room.pass_(30)
    at = [room.shown(T0 + timedelta(seconds=s)) for s in (-1, 5, 25, 45, 70)]
    desk = ("desk 3", "/desk", "area=T1")
    assert at == [[], [("wall", "/", "")], [desk, ("wall", "/", "area=T1&window=7d")], [desk], [desk]]
    (since,) = {seat.since for seat in room.seats.at(ms(T0 + timedelta(seconds=70)))}
    assert since == T0 + timedelta(seconds=20)
    assert len(room.written()) == 4
    assert Seats(room.store).at(ms(T0 + timedelta(seconds=25))) == room.seats.at(ms(T0 + timedelta(seconds=25)))


def test_only_what_changed_and_stood_is_written_at_most_once_in_a_while(room: Room) -> None:
    for n in range(30):  # a tour, or somebody who drags a filter
        room.log.watches("a", "wall", "/", View(area=f"T{n}"))
        room.log.watches("a", "wall", "/", View(area=f"T{n}", layers=("heat",)))  # layers are no other look
        room.pass_(2)
    assert 2 <= len(room.written()) <= 60 / EVERY_S
    room.pass_(2 * EVERY_S)
    before = len(room.written())
    assert room.written()[-1].view == "area=T29"
    room.log.watches("a", "wall", "/", View(area="T29"))
    room.pass_(600)
    assert len(room.written()) == before


def test_a_page_that_is_loaded_anew_never_left(room: Room) -> None:
    room.log.watches("a", "wall", "/", View())
    room.pass_(10)
    room.log.leaves("a")
    room.pass_(LEFT_S / 2)
    room.log.watches("b", "wall", "/", View())
    room.pass_(2 * LEFT_S)
    assert [look.there for look in room.written()] == [True]
    room.log.watches("c", "wall", "/", View())  # two screens of one seat: it is there until both have gone
    room.log.leaves("b")
    room.pass_(2 * LEFT_S)
    assert [look.there for look in room.written()] == [True]


def test_what_is_not_live_is_no_seat(room: Room) -> None:
    room.log.watches("a", "wall", "/", View())
    room.pass_(10)
    room.log.watches("a", "wall", "/", View(replay="5f0c12ab"))
    room.log.watches("b", "desk", "/desk", View(timeline="drill:x"))
    room.log.watches("c", "desk", "/replay", View())
    room.log.watches("d", "desk\n3", "/desk", View())
    room.log.watches("e", "x" * 61, "/desk", View())
    room.pass_(30)
    assert [(look.seat, look.there) for look in room.written()] == [("wall", True), ("wall", False)]
    assert room.shown() == []


def test_a_look_is_said_again_and_one_of_a_server_that_was_killed_goes_stale(room: Room) -> None:
    room.log.watches("a", "wall", "/", View())
    room.pass_(10)
    room.clock.advance(AGAIN_S)
    room.pass_(10)
    assert len(room.written()) == 2
    assert room.seats.at(ms(room.clock.now()))[0].since == T0
    room.clock.advance(STALE_S - 60)
    assert room.shown() == [("wall", "/", "")]
    room.clock.advance(120)
    assert room.shown() == []


async def test_while_the_store_is_away_nothing_is_lost_and_at_the_end_everybody_leaves(room: Room) -> None:
    room.away = True
    room.log.watches("a", "wall", "/", View(area="T1"))
    room.clock.advance(10)
    running = asyncio.create_task(room.log.run())
    async with asyncio.timeout(60):
        await asyncio.sleep(0.05)
        assert room.written() == []
        room.away = False
        while not room.written():
            room.clock.advance(5)
            await asyncio.sleep(0.01)
    assert room.shown() == [("wall", "/", "area=T1")]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert room.shown() == []


def test_looks_count_nowhere(room: Room) -> None:
    """Not as events, not in the scrubber's histogram, not as moments; and seeks do not see them."""
    event = Record(Kind.EVENT, "calls", "e1", T0, EventPayload(category="0101", incident="I1"))
    room.store.append([event])
    moments = Moments(room.store)
    before = moments.table()
    reader = Reader(room.store, room.clock, Settings())
    past = Past(room.store, reader)
    past.seek(ms(T0))
    room.log.watches("a", "wall", "/", View())
    room.pass_(20)
    room.log.leaves("a")
    room.pass_(20)
    assert len(room.written()) == 2
    after = moments.table()
    assert len(after) == len(before) == 1
    assert histogram(after, ms(T0) - 1, ms(room.clock.now()), 4, ()).total == 1
    assert [fact.source_id for fact in events(room.store)] == ["e1"]
    assert state_at(room.store, room.clock.now()).open_ids == ("I1",)
    past.seek(ms(room.clock.now()))
    with past.reading() as state:
        assert len(state.incidents.open_at(past.t or 0.0)) == 1
    assert room.store.rebuild()


def test_bookmarks_are_kept_renamed_and_taken_back_as_records(room: Room) -> None:
    store, clock = room.store, room.clock
    first = mark(store, clock, T0 + timedelta(seconds=5), "flood", "desk 3")
    mark(store, clock, T0, actor="desk 3")
    mark(store, clock, T0, on="drill:x")
    assert [(each.t, each.name) for each in bookmarks(store)] == [(T0, ""), (first.t, "flood")]
    assert [each.t for each in bookmarks(store, "drill:x")] == [T0]
    head = store.head()
    mark(store, clock, first.t, "flood", "desk 3")
    assert store.head() == head  # the same again
    mark(store, clock, first.t, "the flood", "desk 4")
    assert [(each.name, each.actor) for each in bookmarks(store)][1:] == [("the flood", "desk 4")]
    assert withdraw(store, clock, first.id, "desk 3") == "live"
    assert [each.t for each in bookmarks(store)] == [T0]
    with pytest.raises(NotFound):
        withdraw(store, clock, first.id)
    mark(store, clock, first.t, "again")
    assert bookmarks(store)[-1].name == "again"
    said = [record for record in store.read_after(0) if record.source_id == first.id]
    assert [record.version for record in said] == [0, 1, 2, 3]
    tables = [each for on in ("live", "drill:x") for each in bookmarks(store, on)]
    store.rebuild()
    assert [each for on in ("live", "drill:x") for each in bookmarks(store, on)] == tables


def test_there_is_an_end_to_bookmarks(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.bookmarks.MOST", 2)
    for n in range(2):
        mark(room.store, room.clock, T0 + timedelta(seconds=n))
    with pytest.raises(Refused, match="2 bookmarks"):
        mark(room.store, room.clock, T0 + timedelta(seconds=9))
    mark(room.store, room.clock, T0, "renamed")
