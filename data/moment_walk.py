"""A timeline walked through record by record, in the order of (at, seq): what every row was like after each.

The projector (`data/projection`) does the folding; here is only what it looks up, and a way back: a record that comes
late is put in where it belongs by going back to before it and folding anew what came after.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from data.projection import Changes, Document, EventKey, Feed, Incident, Site, Unit, fold_one
from data.projection.casework import DOCUMENTS
from data.projection.changes import DocumentKey
from data.records import EventPayload, Record, incident_of

Place = tuple[datetime, int]
"""Where a record stands in the order: (at, seq)."""

KEPT = 50_000
"""Records that can be taken back."""


def place_of(record: Record) -> Place:
    return record.at, record.seq or 0


class Changed(NamedTuple):
    """The rows that one record changed, as they are after it. They are never changed again."""

    incidents: Sequence[Incident]
    units: Sequence[Unit]
    sites: Sequence[Site]
    feeds: Sequence[Feed]
    documents: Sequence[Document]


_NONE: tuple[Any, ...] = ()


class _Step(NamedTuple):
    """A record that was folded, when (`place` grows from step to step), and what was there before."""

    place: Place
    record: Record
    before: list[tuple[dict[Any, Any], Any, Any]]


class Walk:
    """The rows after the records so far. Not for positions; what was heard of feeds and areas is left out."""

    def __init__(self, timeline: str, kept: int = KEPT) -> None:
        self.timeline = timeline
        self.incidents: dict[str, Incident] = {}
        self.units: dict[str, Unit] = {}
        self.sites: dict[str, Site] = {}
        self.feeds: dict[str, Feed] = {}
        self.documents: dict[DocumentKey, Document] = {}
        self._versions: dict[EventKey, tuple[int, str]] = {}
        self._rows: dict[str, tuple[Record, ...]] = {}
        self._steps: deque[_Step] = deque(maxlen=kept)
        self._forgot = False
        self.place: Place | None = None
        """The furthest place reached."""

    def take(self, record: Record) -> Changed:
        """Fold one record. Its place must be the furthest, unless nothing folded so far has to do with it."""
        made = _Asked(self)
        if record.kind in DOCUMENTS and (held := self.documents.get((record.kind, record.source_id))) is not None:
            made.documents[record.kind, record.source_id] = held
        fold_one(made, record, self)
        place = place_of(record)
        step = _Step(place if self.place is None or place > self.place else self.place, record, [])
        if len(self._steps) == self._steps.maxlen:
            self._forgot = True
        self._steps.append(step)
        self.place = step.place
        changed = Changed(
            self._put(step, self.incidents, made.incidents) if made.incidents else _NONE,
            self._put(step, self.units, made.units) if made.units else _NONE,
            self._put(step, self.sites, made.sites) if made.sites else _NONE,
            self._put(step, self.feeds, made.feeds) if made.feeds else _NONE,
            self._put(step, self.documents, made.documents) if made.documents else _NONE,
        )
        if isinstance(record.payload, EventPayload):
            self._note_row(step, record)
        return changed

    def back(self, place: Place) -> list[Record] | None:
        """Take back what was folded after `place`, and give it in the order in which it was folded. None when that is
        further than is kept; nothing is taken back then."""
        if self._forgot and self._steps and self._steps[0].place > place:
            return None
        undone = []
        while self._steps and self._steps[-1].place > place:
            step = self._steps.pop()
            for rows, key, row in reversed(step.before):
                if row is None:
                    del rows[key]
                else:
                    rows[key] = row
            undone.append(step.record)
        if undone:
            self.place = self._steps[-1].place if self._steps else (place if self._forgot else None)
        return undone[::-1]

    def _put(self, step: _Step, rows: dict[Any, Any], made: dict[Any, Any]) -> list[Any]:
        changed = []
        for key, row in made.items():
            if row != rows.get(key):
                self._set(step, rows, key, row)
                changed.append(row)
        return changed

    @staticmethod
    def _set(step: _Step, rows: dict[Any, Any], key: Any, row: Any) -> None:
        step.before.append((rows, key, rows.get(key)))
        rows[key] = row

    def _note_row(self, step: _Step, record: Record) -> None:
        key, incident = (record.source, record.source_id), incident_of(record)
        held = self._versions.get(key)
        if held is not None and held[0] > record.version:
            return
        if held is not None:
            others = tuple(row for row in self._rows[held[1]] if (row.source, row.source_id) != key)
            self._set(step, self._rows, held[1], others)
        self._set(step, self._versions, key, (record.version, incident))
        self._set(step, self._rows, incident, (*self._rows.get(incident, ()), record))

    # --- what the projector asks for (`EventLookup`) ------------------------------------------------------------------

    def event_versions(self, keys: set[EventKey]) -> dict[EventKey, tuple[int, str]]:
        return {key: self._versions[key] for key in keys if key in self._versions}

    def current_rows(self, incidents: set[str]) -> list[Record]:
        return [row for id in incidents for row in self._rows.get(id, ())]


class _Asked(Changes):
    """Rows of a walk, copied when they are asked for: the projector changes those it is given."""

    __slots__ = ("_walk",)

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk.timeline)
        self._walk = walk

    def incident(self, id: str) -> Incident:
        row = self.incidents.get(id)
        if row is None:
            held = self._walk.incidents.get(id)
            row = self.incidents[id] = Incident(self.timeline, id) if held is None else _copy(held)
        return row

    def unit(self, id: str) -> Unit:
        row = self.units.get(id)
        if row is None:
            held = self._walk.units.get(id)
            row = self.units[id] = Unit(self.timeline, id, name=id) if held is None else _copy(held)
        return row

    def site(self, id: str) -> Site:
        row = self.sites.get(id)
        if row is None:
            held = self._walk.sites.get(id)
            row = self.sites[id] = Site(self.timeline, id) if held is None else _copy(held)
        return row

    def feed(self, id: str) -> Feed:
        row = self.feeds.get(id)
        if row is None:
            held = self._walk.feeds.get(id)
            row = self.feeds[id] = Feed(self.timeline, id, name=id) if held is None else _copy(held)
        return row


Row = TypeVar("Row", Incident, Unit, Site, Feed)


def _copy(row: Row) -> Row:
    make = type(row)
    return make(*_VALUES[make](row))


_VALUES: dict[type[Any], attrgetter[tuple[Any, ...]]] = {
    of: attrgetter(*(field.name for field in fields(of))) for of in (Incident, Unit, Site, Feed)
}
"""All fields of a row: a copy made of them costs a third of what `copy.copy` takes for a class with slots."""
