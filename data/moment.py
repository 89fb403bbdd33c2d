"""A timeline as it stood at a moment: the slow, obvious way that everything faster is measured against.

A record counts from its `at`. The state at t is the fold (`data/projection`) of the records with at <= t, one after the
other by (at, seq): the order in which things happened, and where two happened at once that in which the log heard of
them. So the state at a later moment is the state at an earlier one with what came between added, whenever the log heard
of it (docs/decisions/0007).

- A correction is a record like others: it counts from its own `at`, which a source leaves as it was when it corrects
  what it had said wrongly all along.
- Lifecycle times of event rows are not looked at here: a row that says when everything was is there from its `at`, and
  `closed_at` and the others may lie after t. Whoever shows t compares them with it, as the layers do.
- Refused input has no time of its own, so `rejected` is that of now. Deleted positions are in nobody's track; a feed's
  `accepted` counts them at every t. `FeedRow.seq` is 0: it says nothing of a past.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from data.failures import translated
from data.lineage import belongs, parts_of
from data.projection import Changes, Contact, Document, EventKey, Feed, Incident, Site, Unit, fold
from data.projection.changes import DocumentKey
from data.projection_io import feed_row, incident_row, site_row, unit_row
from data.records import EventPayload, Record, incident_of
from data.store import AreaContact, DocumentRow, Snapshot

if TYPE_CHECKING:
    from data.sql_store import SqlStore


@dataclass(frozen=True, slots=True)
class Counted:
    """What a feed's row has from elsewhere than the log, by source."""

    rejected: dict[str, int]
    pruned: dict[str, int]


def moment(store: SqlStore, t: datetime, timeline: str) -> Snapshot:
    """See `Store.moment`: reads every record with at <= t."""
    record, track = store.tables.record, store.tables.track
    logged = select(*store.record_columns()).where(record.c["at"] <= store.time_in(t))
    tracks = select(*store.track_columns()).where(track.c["at"] <= store.time_in(t))
    with translated("moment"), store.read() as conn:
        head, parts = store.head_of(conn), parts_of(store, conn, timeline)
        logged, tracks = logged.where(belongs(store, record, parts)), tracks.where(belongs(store, track, parts))
        records = [*store.records_of(conn, logged), *store.tracks_of(conn, tracks)]
        counted = counted_elsewhere(store, conn, timeline)
    return snapshot_of(fold_by_time(timeline, records), head, counted)


def fold_by_time(timeline: str, records: Iterable[Record]) -> Changes:
    """What these records make, one after the other by (at, seq)."""
    memory = Memory(timeline)
    for record in sorted(records, key=lambda record: (record.at, record.seq or 0)):
        memory.take(record)
    return memory.made


def counted_elsewhere(store: SqlStore, conn: Connection, timeline: str) -> Counted:
    """What was refused and what was deleted, as counted now."""
    pruned = store.tables.pruned
    deleted = select(pruned.c.source, pruned.c.n).where(pruned.c.timeline == timeline)
    return Counted(store.rejected(conn, timeline), {source: int(n) for source, n in conn.execute(deleted)})


def snapshot_of(made: Changes, head: int, counted: Counted) -> Snapshot:
    """The rows of a fold from nothing, in the order in which `Store.snapshot` gives them."""
    feeds = dict(made.feeds)
    for source in counted.rejected:
        feeds.setdefault(source, Feed(made.timeline, source, name=source))
    for source, n in counted.pruned.items():
        if source in feeds:
            feeds[source] = replace(feeds[source], accepted=feeds[source].accepted + n)
    return Snapshot(
        head,
        [incident_row(row) for _, row in sorted(made.incidents.items()) if row.rows],
        [unit_row(row) for _, row in sorted(made.units.items())],
        [site_row(row) for _, row in sorted(made.sites.items()) if row.master_at is not None],
        [replace(feed_row(row, counted.rejected.get(id, 0)), seq=0) for id, row in sorted(feeds.items())],
        [AreaContact(row.area, row.last_at, row.seq) for _, row in sorted(made.contacts.items()) if row.last_at],
        [
            DocumentRow(d.kind, d.id, made.timeline, d.at, d.version, d.payload, d.seq)
            for _, d in sorted(made.documents.items())
        ],
    )


class Memory:
    """What was projected so far, as the projector looks it up (`Lookup`); it changes the rows in place."""

    def __init__(self, timeline: str) -> None:
        self.made = Changes(timeline)
        self._versions: dict[EventKey, tuple[int, str]] = {}
        self._rows: dict[EventKey, Record] = {}
        self._keys: dict[str, set[EventKey]] = {}

    def take(self, record: Record) -> None:
        new, made = fold(self.made.timeline, [record], self), self.made
        made.incidents |= new.incidents
        made.units |= new.units
        made.sites |= new.sites
        made.feeds |= new.feeds
        made.contacts |= new.contacts
        made.documents |= new.documents
        if isinstance(record.payload, EventPayload):
            key, incident = (record.source, record.source_id), incident_of(record)
            version, before = self._versions.get(key, (-1, incident))
            if record.version > version:
                self._keys.get(before, set()).discard(key)
                self._keys.setdefault(incident, set()).add(key)
                self._versions[key], self._rows[key] = (record.version, incident), record

    def incidents(self, ids: set[str]) -> list[Incident]:
        return [row for id in ids if (row := self.made.incidents.get(id)) is not None]

    def units(self, ids: set[str]) -> list[Unit]:
        return [row for id in ids if (row := self.made.units.get(id)) is not None]

    def sites(self, ids: set[str]) -> list[Site]:
        return [row for id in ids if (row := self.made.sites.get(id)) is not None]

    def feeds(self, ids: set[str]) -> list[Feed]:
        return [row for id in ids if (row := self.made.feeds.get(id)) is not None]

    def contacts(self, areas: set[str]) -> list[Contact]:
        return [row for area in areas if (row := self.made.contacts.get(area)) is not None]

    def documents(self, keys: set[DocumentKey]) -> list[Document]:
        return [row for key in keys if (row := self.made.documents.get(key)) is not None]

    def event_versions(self, keys: set[EventKey]) -> dict[EventKey, tuple[int, str]]:
        return {key: self._versions[key] for key in keys if key in self._versions}

    def current_rows(self, incidents: set[str]) -> list[Record]:
        return [self._rows[key] for id in incidents for key in self._keys.get(id, ())]
