"""The past: a timeline's state as it stood at t, for the same layers that draw the live state.

`Past.seek(t)` is what a fold of all records with at <= t gives (`data/moment.py`, docs/decisions/0007), whatever was
sought before. It costs milliseconds, not a walk through the log: what is the same then as now is read from a copy of
the live state's columns, what changed since from the history of the timeline (`layers/past_history.py`, one for all
pasts), and units' positions from the track table. The live state is held still only while what changed of it is copied.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from data.clock import Clock
from data.codec import micros
from data.failures import translated
from data.moment_lately import Lately, Seen
from data.moment_tracks import Point, TrackReader
from data.records import LIVE
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import DocumentRow
from layers.columns import ms
from layers.past_columns import PastIncidents
from layers.past_history import History
from layers.past_state import CamerasKept, PastState, feed_rows
from layers.past_units import PastUnits
from layers.reader import Reader
from layers.state import LiveState

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NEAR = timedelta(minutes=30)
"""So far ahead only what units sent in between is read, not their whole trails."""


class Past:
    """The state of a timeline at the moment that was sought last. Thread-safe; others of its timeline share `history`.

    With a `clock` it follows that clock: what is read is of its time, and nobody need seek.
    """

    def __init__(self, store: SqlStore, reader: Reader, history: History | None = None, clock: Clock | None = None):
        self.timeline = reader.timeline
        self.history = history or History(store, reader)
        self._store, self._reader, self._clock = store, reader, clock
        self._lock = threading.RLock()
        self._t: float | None = None
        self._live: LiveState | None = None
        self._seen: dict[str, Seen] = {}
        self._seen_at: datetime | None = None
        self._seen_seq = 0
        self._state: PastState | None = None
        self._shown: LiveState | None = None
        self._of = -1
        self._made = 0

    @property
    def t(self) -> float | None:
        """The moment shown, ms since 1970; None before the first `seek`."""
        return self._t

    def beside(self, clock: Clock | None = None) -> Past:
        """Another past of the same timeline, at a moment of its own."""
        return Past(self._store, self._reader, self.history, clock)

    def seek(self, t_ms: float) -> None:
        """Bring the state to t. Not for the event loop's thread. Raises StoreUnavailable.

        The first one of a timeline reads its history: minutes for half a million records of work, and nobody else waits
        for it.
        """
        with self._lock, self.history.lock:
            self._reader.follow()
            while True:
                with self._reader.reading() as live:
                    units = list(live.units.ids)
                if self._shown is not live:
                    self._state = self._shown = None  # before another history is read: two take twice the memory
                self.history.follow(live)
                state = self._made_of(live, units, t_ms)
                if not self._replaced(live):
                    self._t, self._shown, self._state = t_ms, live, state
                    self._lay_over()
                    return

    @contextmanager
    def reading(self) -> Iterator[LiveState]:
        """The state, held still inside the block. Who reads another past of the timeline waits meanwhile, who reads the
        live state does not.

        Raises StoreUnavailable before there is a live state, RuntimeError before the first `seek`.
        """
        with self._lock, self.history.lock:
            if self._clock is not None:
                self.seek(ms(self._clock.now()))
            if self._t is None:
                raise RuntimeError("past: seek() a moment before its state is read")
            if self._shown is None or self._replaced(self._shown) or not self.history.ready:
                self.seek(self._t)  # the region was replaced, or the store
            if self._of != self.history.version:
                self._lay_over()  # another past of the timeline has brought it further
            assert self._state is not None
            yield self._state

    def _replaced(self, live: LiveState) -> bool:
        """Whether there is another live state by now."""
        with self._reader.reading() as now:
            return now is not live

    def _made_of(self, live: LiveState, units: list[str], t_ms: float) -> PastState:
        """The state of t but for incidents, read from history and store."""
        t, history = moment_of(t_ms), self.history
        us = micros(t)
        if self._live is not live:
            self._ways = _Ways(self._store, history.tracks)
            self._units = PastUnits(live, self.timeline, self._ways)
            self._cameras = CamerasKept(live)
            self._finest = [live.places.codes[number] for number in live.finest.tolist()]
            self._live, self._seen_at = live, None
        with translated("past"), self._store.read() as conn:
            lately = history.tracks.lately(conn, units, t)
            since = self._follow_units(conn, units, t, lately)
            asked = [area for area in self._finest if area not in lately.contacts]
            contacts = history.tracks.contacts(conn, asked, t) | lately.contacts
            heard = history.counts.until(conn, lately, t)
            rejected = self._store.rejected(conn, self.timeline)
        state = PastState(live, history.work)
        self._units.bring(history.units.at(us), self._seen, since)
        state.units = self._units
        state.sites, state.cameras = self._cameras.bring(history.sites.at(us))
        state.contact = history.contacts.at(us)
        for area, at in contacts.items():
            number = live.places.of(area)
            if number >= 0:
                state.contact[number] = max(state.contact[number], at / 1e6 * 1000.0)  # as `ms` has it
        state.hear(feed_rows(self.timeline, history.feeds.at(us), heard, history.counts.pruned, rejected))
        for key, d in history.documents.at(us).items():
            state.documents[key] = DocumentRow(d.kind, d.id, self.timeline, d.at, d.version, d.payload, d.seq)
        state.seq = history.seq
        return state

    def _lay_over(self) -> None:
        """Give the state its incidents."""
        assert self._state is not None
        assert self._t is not None
        self._state.incidents = PastIncidents(self.history.base, self.history.incidents, self._t)
        self._made += 1
        self._state.version = self._made
        self._of = self.history.version

    def _follow_units(self, conn: Connection, ids: Sequence[str], t: datetime, lately: Lately) -> list[Seen] | None:
        """Bring `_seen`, the last position of each unit by t, to t. How they came there, when that is a short way."""
        tracks, head, before = self.history.tracks, self._store.head_of(conn), self._seen_at
        since = None
        if before is not None and before <= t <= before + NEAR and not tracks.late(conn, self._seen_seq, before):
            since = tracks.between(conn, ids, before, t)
            self._seen.update((each.unit, each) for each in since)
        else:
            earlier = tracks.last(conn, [id for id in ids if id not in lately.last], t, 1)
            self._seen = {each.unit: each for each in earlier} | lately.last
        self._ways.t = self._seen_at = t
        self._seen_seq = head
        return since


class _Ways:
    """The last positions of units by `t`, to draw their ways. It knows no past: a past that is in no cycle with it is
    let go at once."""

    def __init__(self, store: SqlStore, tracks: TrackReader) -> None:
        self._store, self._tracks = store, tracks
        self.t: datetime | None = None

    def __call__(self, ids: Sequence[str]) -> list[Point]:
        assert self.t is not None
        with translated("past"), self._store.read() as conn:
            return self._tracks.ways(conn, ids, self.t)


class Pasts:
    """Makes the pasts of timelines, for a server: those of the timeline that it shows on its `first` one, others' on
    readers of their own, which nobody starts: they follow when a moment is sought. Thread-safe.

    Pasts of one timeline share its history; where nobody holds one any more it is forgotten.
    """

    def __init__(self, store: SqlStore, first: Past, clock: Clock, settings: Settings) -> None:
        self._store, self._clock, self._settings, self._first = store, clock, settings, first
        self._lock = threading.Lock()
        self._others: WeakValueDictionary[str, Past] = WeakValueDictionary()

    def __call__(self, timeline: str = LIVE) -> Past:
        """A past of this timeline, at no moment yet."""
        if timeline == self._first.timeline:
            return self._first.beside()
        with self._lock:
            other = self._others.get(timeline)
            if other is None:
                made = Past(self._store, Reader(self._store, self._clock, self._settings, timeline))
            else:
                made = other.beside()
            self._others[timeline] = made  # the youngest is the last to be let go
            return made


def moment_of(t_ms: float) -> datetime:
    """Milliseconds since 1970 as a time: a record at T is in the state at ms(T)."""
    return EPOCH + timedelta(microseconds=round(t_ms * 1000.0))
