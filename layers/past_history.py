"""The history of a timeline: every version that its incidents, units, sites, feeds and documents had.

Read from the log once, then kept up with it. A record that comes late is put where it belongs (`data/moment_walk.py`);
what lies further back than can be undone is read anew as a whole.
"""

from __future__ import annotations

import gc
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, NamedTuple

from data.codec import micros
from data.failures import translated
from data.moment_counts import Counts
from data.moment_tracks import TrackReader
from data.moment_walk import KEPT, Walk, place_of
from data.moment_worked import WorkedReader, named_by
from data.projection import Document, Feed, Site, Unit
from data.projection.changes import DocumentKey
from data.records import LIVE, Kind, Record, incident_of
from data.sql_store import SqlStore
from layers.columns import ms
from layers.log_rows import uncollected
from layers.past_base import CHUNK, BaseIncidents
from layers.past_contacts import Contacts
from layers.past_incidents import Change, IncidentVersions
from layers.past_versions import Versions
from layers.reader import Reader
from layers.state import LiveState

MOST_DEAD = 0.5
"""Share of versions taken back beyond which all are read anew."""

MOST_WAITING = 10_000
"""Versions that are gathered before they become columns."""


class Told(NamedTuple):
    """What one record of the walk added, so that it can be taken back."""

    incidents: Sequence[Change]
    units: Sequence[str]
    sites: Sequence[str]
    feeds: Sequence[str]
    documents: Sequence[DocumentKey]


_NONE: tuple[Any, ...] = ()


class History:
    """See the head of this file. `live` gives the numbers of areas and codes; with another one it is read anew.

    `base` and `work` are copies of what the live state has of incidents and of units at work: what is drawn of a past
    is drawn from them, so that nobody holds the live state still meanwhile. Not thread-safe but for `lock`, which
    whoever uses it holds.
    """

    def __init__(self, store: SqlStore, reader: Reader) -> None:
        self.lock = threading.RLock()
        self.timeline = reader.timeline
        self._read_by(store)
        self.seq = -1
        self.version = 0
        """Grows with every change."""
        self._store, self._reader = store, reader
        self._live: LiveState | None = None
        self._copied: LiveState | None = None

    def _read_by(self, store: SqlStore) -> None:
        """Nothing is known yet of what the timeline inherits, nor counted."""
        self.tracks, self._worked = TrackReader(store, self.timeline), WorkedReader(store, self.timeline)
        self.counts = Counts(self.tracks)

    @property
    def ready(self) -> bool:
        """Whether it was read, and whole."""
        return self._live is not None

    def follow(self, live: LiveState) -> None:
        """Take over what the log has and this has not. Raises StoreUnavailable."""
        self._copy(live)
        if self._live is not live or self.incidents.dead > MOST_DEAD * len(self.incidents) + 1000:
            # The database counts positions, which takes nothing of the interpreter, while records are folded here.
            with ThreadPoolExecutor(1, "past-counts") as beside:
                counted = beside.submit(self.counts.follow)
                self._read(live)
                counted.result()
            return
        self.counts.follow()
        news = self._worked.since(self.seq)
        if news and not self._add(news):
            self._read(live)

    def _copy(self, live: LiveState) -> None:
        """Bring the copies of the live state up to it, a part at a time."""
        if self._copied is not live:
            self._live = None
            self.base, self.work = BaseIncidents(live.places, live.incidents), live.work.copy()
            self._begin(live)  # lets go of what there was of another one
            if self._copied is not None and self.timeline != LIVE:
                self._read_by(self._store)  # it may have been made anew under its name: nothing of it is the same
            self._copied = live
        if self.base.follow(self._reader, live):
            self.version += 1
        done = False
        while not done:
            with self._reader.reading() as now:
                done = now is not live or self.work.take(live.work, CHUNK)

    # --- from the beginning ------------------------------------------------------------------------------------------

    def _begin(self, live: LiveState) -> None:
        """Nothing is known yet."""
        self.incidents = IncidentVersions(self.base)
        self.units: Versions[str, Unit] = Versions()
        self.sites: Versions[str, Site] = Versions()
        self.feeds: Versions[str, Feed] = Versions()
        self.documents: Versions[DocumentKey, Document] = Versions()
        self.contacts = Contacts(live.places)
        self._walk = Walk(self.timeline)
        self._told: deque[Told] = deque(maxlen=KEPT)

    def _read(self, live: LiveState) -> None:
        again, self._live = self.seq >= 0, None
        self._begin(live)
        with uncollected(), translated("past"), self._store.read() as conn:
            worked = self._worked.read(conn)
            self._commanded = worked.commanded
            self.contacts.read(self._store, conn, self.timeline)
            for record in worked.walk:
                self._take(record)
                if len(self.incidents.waiting) > MOST_WAITING:
                    self.incidents.settle()
            self._tell(worked.tied)
            for _, rows in groupby(worked.stories, incident_of):
                self._tell(rows)
                if len(self.incidents.waiting) > MOST_WAITING:
                    self.incidents.settle()
        self.incidents.settle()
        self.seq = worked.head
        self.version += 1
        self._live = live
        # What was read lives as long as it is replayed. Left to the collector, each full collection walks it all and
        # holds every screen up for half a second. What was taken out of its hands before may be in nobody's by now,
        # which is looked at only where this took the place of such: it is a walk through all that any past holds.
        if again:
            gc.unfreeze()
        gc.collect()
        gc.freeze()

    # --- what is new -------------------------------------------------------------------------------------------------

    def _add(self, news: list[Record]) -> bool:
        """Take over new records. False when they belong where nothing can be changed any more."""
        upto = max(record.seq or 0 for record in news)
        walked = [record for record in news if record.kind not in (Kind.EVENT, Kind.LOOK)]
        rows = [record for record in news if record.kind is Kind.EVENT]
        named = {id for record in walked for id in named_by(record)}
        asked = {incident_of(record) for record in rows} | (named - self._commanded)
        groups = self._worked.again(asked, upto) if asked else []
        fresh: set[str] = set()  # commanded from now on
        free: dict[int, Record] = {}  # rows of theirs: nothing folded so far has to do with them
        stories: list[Record] = []
        for incidents, events in groups:
            if incidents & (self._commanded | named):
                untouched = not incidents & self._commanded
                joining = incidents - self._commanded
                fresh |= joining
                mine = [r for r in events if incident_of(r) in joining and (untouched or (r.seq or 0) <= self.seq)]
                free.update((record.seq or 0, record) for record in mine)
            elif len(events) > 1:
                for id in incidents:
                    self.incidents.forget(id)
                stories += events
        for id in fresh:
            self.incidents.forget(id)
        self._commanded |= fresh | named
        regular = [r for r in rows if r.seq not in free and incident_of(r) in self._commanded]
        if not self._fold([*walked, *regular], list(free.values())):
            return False
        self._tell(stories)
        for record in news:
            self.contacts.add(record)
        self.incidents.settle()
        self.seq = upto
        self.version += 1
        return True

    def _fold(self, regular: list[Record], free: list[Record]) -> bool:
        """Fold records where they belong. False when that is further back than can be undone."""
        again: list[Record] = []
        first = min(map(place_of, regular), default=None)
        if first is not None and self._walk.place is not None and first < self._walk.place:
            undone = self._walk.back(first)
            if undone is None:
                return False
            for _ in undone:
                self._untell(self._told.pop())
            again = undone
        for record in sorted([*again, *regular, *free], key=place_of):
            self._take(record)
        return True

    def _take(self, record: Record) -> None:
        made, since, us = self._walk.take(record), ms(record.at), micros(record.at)
        told = Told(
            [self.incidents.add(row, since) for row in made.incidents] if made.incidents else _NONE,
            [row.id for row in made.units] if made.units else _NONE,
            [row.id for row in made.sites] if made.sites else _NONE,
            [row.id for row in made.feeds] if made.feeds else _NONE,
            [(row.kind, row.id) for row in made.documents] if made.documents else _NONE,
        )
        for unit in made.units:
            self.units.add(unit.id, us, unit)
        for site in made.sites:
            self.sites.add(site.id, us, site)
        for feed in made.feeds:
            self.feeds.add(feed.id, us, feed)
        for document in made.documents:
            self.documents.add((document.kind, document.id), us, document)
        self._told.append(told)

    def _untell(self, told: Told) -> None:
        for change in reversed(told.incidents):
            self.incidents.drop(change)
        for unit in told.units:
            self.units.drop(unit)
        for site in told.sites:
            self.sites.drop(site)
        for feed in told.feeds:
            self.feeds.drop(feed)
        for document in told.documents:
            self.documents.drop(document)

    def _tell(self, stories: Iterable[Record]) -> None:
        """Versions of incidents that no command named, from their rows in order."""
        walk = Walk(self.timeline, kept=0)
        for record in stories:
            for row in walk.take(record).incidents:
                self.incidents.add(row, ms(record.at))
