"""What the log and the projections hold already: looked up for a batch before it is folded in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, exists, select

from data import inherited
from data.lineage import belongs_key, is_fork, parts_of
from data.projection import Contact, Document, EventKey, Feed, Incident, Site, Unit
from data.projection.changes import DocumentKey
from data.records import Kind, Record
from data.rows import Row, RowCodec

if TYPE_CHECKING:
    from data.sql_store import SqlStore

Identity = tuple[str, str, str]
Seen = dict[str, dict[str, Any]]
"""Projected rows by table and key that a transaction has read or written; None for what is not there."""


class KnownKeys:
    """Identities of a batch that the log has already, and those the batch itself brings: first wins."""

    def __init__(self) -> None:
        self.versions: dict[Identity, set[int]] = {}
        self.events: dict[Identity, tuple[int, str]] = {}
        self.moves: set[tuple[Any, ...]] = set()

    @staticmethod
    def load(store: SqlStore, conn: Connection, records: Iterable[Record]) -> KnownKeys:
        known = KnownKeys()
        logged: dict[tuple[str, str], set[str]] = {}
        moved: dict[tuple[str, str], list[Record]] = {}
        for record in records:
            if record.kind is Kind.UNIT_POSITION:
                moved.setdefault((record.timeline, record.source), []).append(record)
            else:
                logged.setdefault((record.timeline, record.source), set()).add(record.source_id)
        key, track = store.tables.record_key, store.tables.track
        for (timeline, source), ids in logged.items():
            rows = conn.execute(
                select(key.c.source_id, key.c.version, key.c.incident).where(
                    key.c.timeline == timeline, key.c.source == source, store.among(key.c.source_id, ids)
                )
            )
            for source_id, version, incident in rows:
                identity = (timeline, source, source_id)
                known.versions.setdefault(identity, set()).add(version)
                known._note_event(identity, version, incident)
            if is_fork(timeline):
                known._note_inherited(store, conn, timeline, source, ids)
        for (timeline, source), part in moved.items():
            at = [record.at for record in part]
            rows = conn.execute(
                select(track.c.source_id, track.c.version, track.c["at"]).where(
                    track.c.timeline == timeline,
                    track.c.source == source,
                    store.among(track.c.source_id, {record.source_id for record in part}),
                    track.c["at"].between(store.time_in(min(at)), store.time_in(max(at))),
                )
            )
            known.moves.update((timeline, source, id, version, store.time_out(t)) for id, version, t in rows)
        return known

    def _note_inherited(self, store: SqlStore, conn: Connection, timeline: str, source: str, ids: set[str]) -> None:
        """What a fork has of its parents under these ids."""
        key = store.tables.record_key
        parts = parts_of(store, conn, timeline)[1:]
        if not parts:
            return
        mine = (belongs_key(store, key, parts), key.c.source == source, store.among(key.c.source_id, ids))
        for source_id, version, incident in conn.execute(
            select(key.c.source_id, key.c.version, key.c.incident).where(*mine)
        ):
            identity = (timeline, source, source_id)
            self.versions.setdefault(identity, set()).add(version)
            self._note_event(identity, version, incident)

    def _note_event(self, identity: Identity, version: int, incident: str | None) -> None:
        if incident is not None and (identity not in self.events or self.events[identity][0] < version):
            self.events[identity] = (version, incident)

    def take(self, record: Record) -> bool:
        """Whether the record is new; from now on it is known."""
        identity = (record.timeline, record.source, record.source_id)
        if record.kind is Kind.UNIT_POSITION:
            move = (*identity, record.version, record.at)
            if move in self.moves:
                return False
            self.moves.add(move)
            return True
        versions = self.versions.get(identity)
        if versions is None:
            self.versions[identity] = {record.version}
            return True
        if record.version in versions:
            return False
        versions.add(record.version)
        return True


class StoredLookup:
    """What the projector asks for, from the tables, as they were before seq `before`."""

    def __init__(
        self, store: SqlStore, conn: Connection, timeline: str, before: int, known: KnownKeys | None,
        seen: Seen | None = None, flush: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """`seen`: rows at hand, those that wait to be written among them; `flush` writes them."""
        self.store, self.conn, self.timeline, self.before, self.known = store, conn, timeline, before, known
        self.seen, self.flush = seen, flush

    def incidents(self, ids: set[str]) -> list[Incident]:
        return self._load(self.store.io.incidents, ids)

    def units(self, ids: set[str]) -> list[Unit]:
        return self._load(self.store.io.units, ids)

    def sites(self, ids: set[str]) -> list[Site]:
        return self._load(self.store.io.sites, ids)

    def feeds(self, ids: set[str]) -> list[Feed]:
        return self._load(self.store.io.feeds, ids)

    def contacts(self, areas: set[str]) -> list[Contact]:
        return self._load(self.store.io.contacts, areas)

    def documents(self, keys: set[DocumentKey]) -> list[Document]:
        if self.flush is not None:
            self.flush()
        by_kind: dict[Kind, set[str]] = {}
        for kind, id in keys:
            by_kind.setdefault(kind, set()).add(id)
        return [
            d for kind, ids in by_kind.items() for d in self.store.io.documents_of(self.conn, self.timeline, kind, ids)
        ]

    def _load(self, codec: RowCodec[Row], ids: set[str]) -> list[Row]:
        if self.seen is None:
            return self._query(codec, ids)
        there = self.seen.setdefault(codec.table.name, {})
        missing = ids - there.keys()
        if missing:
            found = {getattr(row, codec.key): row for row in self._query(codec, missing)}
            there.update((id, found.get(id)) for id in missing)
        return [row for id in ids if (row := there[id]) is not None]

    def _query(self, codec: RowCodec[Row], ids: set[str]) -> list[Row]:
        found = [codec.from_table(row) for row in self.store.rows_by_key(self.conn, codec, self.timeline, ids)]
        if is_fork(self.timeline) and codec.table.name == "incident":
            own = {getattr(row, codec.key) for row in found}
            found += self._inherited(own, ids - own)
        return found

    def _inherited(self, own: set[str], ids: set[str]) -> list[Any]:
        """Incidents that a fork has not touched so far."""
        if not ids:
            return []
        if self.flush is not None:
            self.flush()
        return inherited.incidents(self.store, self.conn, self.timeline, own, ids)

    def event_versions(self, keys: set[EventKey]) -> dict[EventKey, tuple[int, str]]:
        if self.known is not None:
            events = self.known.events
            found = ((key, events.get((self.timeline, *key))) for key in keys)
            return {key: event for key, event in found if event is not None}
        key = self.store.tables.record_key
        by_source: dict[str, set[str]] = {}
        for source, source_id in keys:
            by_source.setdefault(source, set()).add(source_id)
        versions: dict[EventKey, tuple[int, str]] = {}
        mine = belongs_key(self.store, key, parts_of(self.store, self.conn, self.timeline))
        for source, ids in by_source.items():
            rows = self.conn.execute(
                select(key.c.source_id, key.c.version, key.c.incident).where(
                    mine,
                    key.c.source == source,
                    key.c.seq < self.before,
                    key.c.incident.is_not(None),
                    self.store.among(key.c.source_id, ids),
                )
            )
            for source_id, version, incident in rows:
                identity = (source, source_id)
                if identity not in versions or versions[identity][0] < version:
                    versions[identity] = (version, incident)
        return versions

    def current_rows(self, incidents: set[str]) -> list[Record]:
        if self.flush is not None:
            self.flush()
        key = self.store.tables.record_key
        newer = key.alias("newer")
        parts = parts_of(self.store, self.conn, self.timeline)
        query = select(key.c.seq).where(
            belongs_key(self.store, key, parts),
            key.c.seq < self.before,
            self.store.among(key.c.incident, incidents),
            ~exists().where(
                belongs_key(self.store, newer, parts),
                newer.c.source == key.c.source,
                newer.c.source_id == key.c.source_id,
                newer.c.version > key.c.version,
                newer.c.seq < self.before,
                newer.c.incident.is_not(None),
            ),
        )
        return self.store.records_by_seq(self.conn, [seq for (seq,) in self.conn.execute(query)])
