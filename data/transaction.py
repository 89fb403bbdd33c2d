"""One writer's work in an open transaction: what it reads, and what it appends with all that follows from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from sqlalchemy import Connection, exists, select

from data import codec
from data.codec import KIND_NAMES, RECORD_COLUMNS, TRACK_COLUMNS
from data.errors import NotFound
from data.lineage import beginning, is_fork
from data.plain_columns import PlainEvents
from data.plain_rows import KEY_COLUMNS, PlainBatch, PlainRows
from data.projection import Changes, fold
from data.projection_io import incident_row, unit_row
from data.records import LIVE, Kind, Record
from data.rows import Write
from data.store import Appended, DocumentRow, IncidentRow, Locator, UnitRow
from data.stored_lookup import KnownKeys, Seen, StoredLookup

if TYPE_CHECKING:
    from data.sql_store import SqlStore

Stamp = tuple[int | None, str | None]
Then = Literal["", "savepoint", "commit"]
"""What follows what is written, in the same trip to the server."""


class Sought(NamedTuple):
    """Identities of records that a writer asks for first."""

    timeline: str
    source: str
    ids: tuple[str, ...]


class Headed(NamedTuple):
    """An open transaction that holds the head: the highest seq, the version of the region, and the seqs of what was
    sought with it, None where that was not looked up."""

    conn: Connection
    seq: int
    region: int
    found: list[int] | None


class Batch:
    """Records that passed the checks, with their JSON and stamps (valid for one version of the region)."""

    __slots__ = ("bodies", "records", "region", "stamps")

    def __init__(self, records: Sequence[Record], region: int, locate: Locator) -> None:
        """Check and stamp outside the lock, with the region known so far. Raises BadRecord."""
        self.records = list(records)
        self.bodies = [codec.check(record) for record in records]
        self.region, self.stamps = region, stamps_of(records, locate)


class StoredTransaction:
    """`Transaction` of both stores. What is appended is written by `flush`, or before something reads it."""

    def __init__(
        self, store: SqlStore, conn: Connection, timeline: str, seq: int, region: int, rows: dict[str, Seen],
        found: tuple[Sought, list[int]] | None = None,
    ) -> None:  # fmt: skip
        """`seq` and `region`: the head, which this transaction holds. `rows`: those at hand, by timeline. `found`: what
        was looked up when the head was taken."""
        self.store, self.conn, self.timeline = store, conn, timeline
        self.seq, self.region = seq, region
        self.rows = rows
        self.appended = False
        self.sent = False  # something of it is in the database's transaction
        self._absent: set[tuple[str, str, str]] = set()  # identities that were looked for in vain
        self._pending: list[Write] = []
        self._records = 0  # in `_pending`
        self._found = found

    @property
    def wrote(self) -> bool:
        return self.appended

    def incident(self, id: str) -> IncidentRow | None:
        return self.incidents((id,)).get(id)

    def incidents(self, ids: Collection[str]) -> dict[str, IncidentRow]:
        found = self._lookup().incidents(set(ids))
        if any(not row.rows and row.worked for row in found):
            self.flush()
        return {row.id: incident_row(row) for row in self.store.io.standing(self.conn, self.timeline, found)}

    def unit(self, id: str) -> UnitRow | None:
        row = next(iter(self._lookup().units({id})), None)
        return None if row is None else unit_row(row)

    def documents(self, kind: Kind) -> list[DocumentRow]:
        held = self._seen(self.timeline).setdefault("documents", {})
        found: list[DocumentRow] | None = held.get(kind.value)
        if found is None:
            self.flush()
            found = held[kind.value] = self.store.io.documents(self.conn, self.timeline, kind)
        return list(found)

    def timeline_of(self, incident: str) -> list[Record]:
        self.flush()
        return self.store.life(self.conn, incident, self.timeline)

    def recorded(self, source: str, ids: Sequence[str]) -> list[Record]:
        self.flush()
        sought = Sought(self.timeline, source, tuple(ids))
        if self._found is not None and self._found[0] == sought and not self.appended:
            seqs = self._found[1]
        else:
            seqs = self.store.seqs_of(self.conn, sought)
        found = sorted(self.store.records_by_seq(self.conn, seqs), key=lambda r: r.seq or 0) if seqs else []
        self._absent.update((self.timeline, source, id) for id in set(ids) - {record.source_id for record in found})
        return found

    def append(self, records: Sequence[Record]) -> Appended:
        if not records:
            return Appended((), 0)
        return appended(self.append_batch(self.store.prepare(records)))

    def append_batch(self, batch: Batch) -> list[int | None]:
        """Append what is new. The seq of each record, None where the log had it."""
        store = self.store
        self._require_forks(batch)
        stamps = batch.stamps
        if batch.region != self.region:
            stamps = stamps_of(batch.records, store.locator(self.conn, self.region))
        known = self._known(batch.records)
        received_at = store.clock.now()
        before = self.seq + 1
        time_in, document_in = store.time_in_row, store.document_in_row
        received = time_in(received_at)
        fresh: list[Record] = []
        logged: list[tuple[Any, ...]] = []
        keys: list[tuple[Any, ...]] = []
        tracks: list[tuple[Any, ...]] = []
        track_times = []
        given: list[int | None] = []
        seq = self.seq
        for record, body, (cell, area) in zip(batch.records, batch.bodies, stamps, strict=True):
            if not known.take(record):
                given.append(None)
                continue
            seq += 1
            given.append(seq)
            at = codec.utc(record)
            kind, source, source_id, version = record.kind, record.source, record.source_id, record.version
            timeline, lon, lat = record.timeline, record.lon, record.lat
            fresh.append(
                Record(
                    kind, source, source_id, at, record.payload, lon, lat, version, timeline, received_at, cell, area,
                    seq,
                )
            )  # fmt: skip
            when = time_in(at)
            if kind is Kind.UNIT_POSITION:
                move = record.payload
                tracks.append(
                    (seq, timeline, source, source_id, version, move.unit, when, received, lon, lat, cell, area,  # type: ignore[attr-defined]
                     move.speed_kmh, move.bearing)  # type: ignore[attr-defined]
                )  # fmt: skip
                track_times.append(at)
                continue
            incident = codec.about_incident(record)
            logged.append(
                (seq, timeline, KIND_NAMES[kind], source, source_id, version, when, received, lon, lat, cell, area,
                 incident, document_in(body))
            )  # fmt: skip
            keys.append((timeline, source, source_id, version, seq, incident if kind is Kind.EVENT else None))
        if not fresh:
            return given
        store.prepare_partitions(self.conn, received_at, track_times)
        self.appended = True
        tables = store.tables
        folded = self._folded(fresh, before, known)
        if logged:
            self._pending.append(Write(tables.record, RECORD_COLUMNS, logged))
            self._pending.append(Write(tables.record_key, KEY_COLUMNS, keys))
        if tracks:
            self._pending.append(Write(tables.track, TRACK_COLUMNS, tracks))
        for changes in folded:
            self._pending += store.io.writes(changes)
            store.io.remember(self._seen(changes.timeline), changes)
        self._records += len(fresh)
        self.seq = seq
        return given

    def append_plain(self, batch: PlainBatch) -> Appended:
        """As `append_batch`, made from columns where that gives the same: the log knows nothing of them yet."""
        store, events, bodies = self.store, batch.events, batch.bodies
        if bodies is None or self._any_known(events):
            return self.append(list(events.records()))
        cells, areas = batch.stamps(self.region, lambda: store.locator(self.conn, self.region))
        received_at = store.clock.now()
        store.prepare_partitions(self.conn, received_at, ())
        rows = PlainRows(store, events, bodies, self.seq, received_at, cells, areas)
        changes = rows.heard(self._lookup(LIVE))
        self.appended = True
        self._pending += rows.writes()
        self._pending += store.io.writes(changes)
        store.io.remember(self._seen(LIVE), changes)
        self._seen(LIVE).pop("incident", None)  # some may be there as not found
        self._absent.clear()
        self._records += len(events)
        self.seq += len(events)
        return Appended(tuple(rows.seqs), 0)

    def _require_forks(self, batch: Batch) -> None:
        """Nothing is added to a fork that is no more: who made or played it elsewhere may not know. Raises NotFound."""
        for timeline in {record.timeline for record in batch.records}:
            if not is_fork(timeline):
                continue
            known = self._seen(timeline).setdefault("begun", {})
            if not known:
                if beginning(self.store, self.conn, timeline) is not None:
                    known[timeline] = True
                elif not any(r.kind is Kind.FORK and r.timeline == timeline for r in batch.records):
                    raise NotFound(
                        f"{timeline[:80]} was never made, or was deleted: nothing is added to it",
                        zh=f"推演 {timeline[:80]} 未建立或已删除，不能添加记录",
                    )

    def _any_known(self, events: PlainEvents) -> bool:
        """Whether the log has one of these rows or incidents, or they name one twice."""
        if len(set(events.ids)) < len(events):
            return True
        self.flush()
        store, conn = self.store, self.conn
        key, incident = store.tables.record_key, store.tables.incident
        by_source: dict[str, list[str]] = {}
        for source, id in zip(events.sources, events.ids, strict=True):
            by_source.setdefault(source, []).append(id)
        found = [
            (key.c.timeline == LIVE) & (key.c.source == source) & store.among(key.c.source_id, ids)
            for source, ids in by_source.items()
        ]
        found.append((incident.c.timeline == LIVE) & store.among(incident.c.id, events.ids))
        return any(conn.execute(select(exists().where(these))).scalar_one() for these in found)

    def flush(self, then: Then = "") -> None:
        """Write what was appended, move the head, ring when it commits; and then."""
        if not self._pending:
            if then == "savepoint":
                self.store.savepoint(self.conn)
            return
        pending, records = self._pending, self._records
        self._pending, self._records = [], 0
        self.sent = True
        self.store.put(self.conn, pending, records, self.seq, then)

    def _known(self, records: Sequence[Record]) -> KnownKeys:
        """Which of them the log has. Those that were looked for in vain are not looked for again."""
        absent = self._absent
        unsure = [
            record
            for record in records
            if record.kind is Kind.UNIT_POSITION or (record.timeline, record.source, record.source_id) not in absent
        ]
        if unsure:
            self.flush()
        known = KnownKeys.load(self.store, self.conn, unsure)
        absent.difference_update([(record.timeline, record.source, record.source_id) for record in records])
        return known

    def _folded(self, records: list[Record], before: int, known: KnownKeys) -> list[Changes]:
        """What the records change, by timeline."""
        parts: dict[str, list[Record]] = {}
        for record in records:
            parts.setdefault(record.timeline, []).append(record)
        return [fold(timeline, part, self._lookup(timeline, before, known)) for timeline, part in parts.items()]

    def _lookup(
        self, timeline: str | None = None, before: int | None = None, known: KnownKeys | None = None
    ) -> StoredLookup:
        timeline = timeline or self.timeline
        before = self.seq + 1 if before is None else before
        return StoredLookup(self.store, self.conn, timeline, before, known, self._seen(timeline), self.flush)

    def _seen(self, timeline: str) -> Seen:
        return self.rows.setdefault(timeline, {})


def appended(seqs: Sequence[int | None]) -> Appended:
    """What became of records, from the seq of each, None where the log had it."""
    new = tuple(seq for seq in seqs if seq is not None)
    return Appended(new, len(seqs) - len(new))


def stamps_of(records: Sequence[Record], locate: Locator) -> list[Stamp]:
    """Cell and area of each record, (None, None) without a point."""
    at = [i for i, record in enumerate(records) if record.lon is not None]
    stamps: list[Stamp] = [(None, None)] * len(records)
    if at:
        lon = np.fromiter((records[i].lon for i in at), np.float64, len(at))
        lat = np.fromiter((records[i].lat for i in at), np.float64, len(at))
        cells, areas = locate(lon, lat)
        for i, cell, area in zip(at, cells.tolist(), areas, strict=True):
            stamps[i] = (cell, area)
    return stamps
