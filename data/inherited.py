"""The rows that a fork inherits: its parents' tables where they still say what was so, the log where they do not.

An incident that was over when the fork left, and that nothing has happened to since, is read from the parent's table.
What was open then, or changed afterwards, is folded from the log once, when the fork is made, and is the fork's own row
from then on; so are units, sites, feeds, areas heard from and documents, of which there are few. What the parent's log
learns later about an incident of before is not the fork's: such an incident is folded from the log when it is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, and_, func, literal_column, or_, select

from data.codec import instant
from data.inherited_feeds import contacts, feeds
from data.lineage import Part, belongs, is_fork, parts_of
from data.moment_tracks import TrackReader
from data.moment_worked import named_by
from data.projection import Changes, Incident, fold
from data.projection.changes import DocumentKey, EventKey
from data.records import (
    ForkPayload,
    IncidentArrived,
    IncidentDispatched,
    IncidentRecalled,
    Kind,
    Record,
    UnitPosition,
    UnitStatusPayload,
)

if TYPE_CHECKING:
    from data.sql_store import SqlStore


class _Nothing:
    """A lookup that finds nothing: for a fold from the beginning."""

    def incidents(self, ids: set[str]) -> list[Any]:
        return []

    units = sites = feeds = contacts = incidents

    def documents(self, keys: set[DocumentKey]) -> list[Any]:
        return []

    def event_versions(self, keys: set[EventKey]) -> dict[EventKey, tuple[int, str]]:
        return {}

    def current_rows(self, incidents: set[str]) -> list[Record]:
        return []


def changed_rows(store: SqlStore, conn: Connection, fork: Record) -> Changes:
    """What is written when a fork is made: every row that its parent's tables do not say as of then. `fork` is the
    record that it begins with; the log may not have it yet."""
    payload, timeline = fork.payload, fork.timeline
    assert isinstance(payload, ForkPayload)
    parts = [Part(timeline), Part(payload.parent, fork.at, payload.head)]
    parts += parts_of(store, conn, payload.parent)[1:]
    made = _folded(store, conn, timeline, parts[1:], _unsettled(store, conn, parts[1:]), whole=True)
    made.feeds = feeds(store, conn, timeline, parts[1:], made.feeds)
    made.contacts = contacts(store, conn, timeline, parts[1:])
    made.known = {name: set() for name in ("incident", "unit", "site", "feed", "contact")}
    return made


def incidents(
    store: SqlStore, conn: Connection, timeline: str, own: Collection[str], ids: Collection[str] | None = None
) -> list[Incident]:
    """Rows of incidents that a fork has from its parents, `own` being those that have a row of its own: of all, or of
    `ids`. For what is no fork none."""
    if not is_fork(timeline):
        return []
    parts, codec = parts_of(store, conn, timeline), store.io.incidents
    table, seen = codec.table, set(own)
    found: list[Incident] = []
    stale: set[str] = set()
    for part in parts[1:]:
        there = [table.c.timeline == part.timeline]
        if ids is not None:
            there.append(store.among(table.c.id, ids))
        current = and_(table.c.seq <= part.head, table.c.rows > 0, table.c.opened_at <= store.time_in(_at(part)))
        rows = [codec.from_table(row) for row in conn.execute(select(*codec.columns).where(*there, current))]
        found += [replace(row, timeline=timeline) for row in rows if row.id not in seen]
        later = select(table.c.id).where(*there, table.c.seq > part.head)
        stale |= {id for (id,) in conn.execute(_in_base(store, later, parts[1:])) if id not in seen}
        seen.update(row.id for row in rows)
        if len(parts) > 2:  # what a nearer parent has, a further one is not asked for
            seen.update(id for (id,) in conn.execute(select(table.c.id).where(*there)))
    if stale:
        folded = _folded(store, conn, timeline, parts[1:], stale)
        found += [folded.incidents[id] for id in stale if id in folded.incidents]
    return found


def _in_base(store: SqlStore, later: Select[Any], parts: Sequence[Part]) -> Select[Any]:
    """Of these incidents those that the log knew when the fork left."""
    record = store.tables.record.alias()
    known = select(record.c.incident).where(belongs(store, record, list(parts)), record.c.incident.is_not(None))
    return later.where(store.tables.incident.c.id.in_(known))


def _unsettled(store: SqlStore, conn: Connection, parts: Sequence[Part]) -> set[str]:
    """Incidents of the parent, the first of the parts, whose row is not what it was when the fork left, or that were
    not over then."""
    parent = parts[0]
    table, record, mention = store.tables.incident, store.tables.record, store.tables.mention
    at = store.time_in(_at(parent))
    open_then = or_(
        table.c.rows == 0,
        table.c.opened_at.is_(None),
        and_(table.c.opened_at <= at, or_(table.c.closed_at.is_(None), table.c.closed_at > at)),
    )
    mine = and_(record.c.timeline == parent.timeline, record.c.seq <= parent.head)
    known = belongs(store, record, list(parts))
    before = select(record.c.incident).where(known, record.c.incident.is_not(None))
    after = select(record.c.incident).where(mine, record.c["at"] > at, record.c.incident.is_not(None))
    told = select(mention.c.incident).join(record, record.c.seq == mention.c.seq)
    told = told.where(mention.c.timeline == parent.timeline, mine, record.c["at"] > at)
    found = {id for (id,) in conn.execute(select(table.c.id).where(table.c.timeline == parent.timeline, open_then))}
    found |= {id for (id,) in conn.execute(before.intersect(after))}
    found |= _moved(store, conn, parts)
    return found | {id for (id,) in conn.execute(told)}


def _moved(store: SqlStore, conn: Connection, parts: Sequence[Part]) -> set[str]:
    """Incidents between which a correction moved a row, at any time before the fork was made: there are few. Later ones
    are none of it, so that a rebuild finds the same."""
    key = store.tables.record_key
    inherited = or_(*(and_(key.c.timeline == part.timeline, key.c.seq <= part.head) for part in parts))
    mine = and_(inherited, key.c.incident.is_not(None))
    twice = select(key.c.source, key.c.source_id).where(mine).group_by(key.c.source, key.c.source_id)
    twice = twice.having(func.min(key.c.incident) != func.max(key.c.incident))
    ids: dict[str, set[str]] = {}
    for source, source_id in conn.execute(twice):
        ids.setdefault(source, set()).add(source_id)
    found: set[str] = set()
    for source, these in ids.items():
        query = select(key.c.incident).where(mine, key.c.source == source, store.among(key.c.source_id, these))
        found |= {id for (id,) in conn.execute(query)}
    return found


def _folded(
    store: SqlStore, conn: Connection, timeline: str, parts: Sequence[Part], ids: set[str], *, whole: bool = False
) -> Changes:
    """The fold of what was inherited, by (at, seq): incidents of `ids`; `whole`: units and all else as well.

    Commands are all read, for what one says of a unit decides what a later one does; of events those of `ids` alone.
    """
    record = store.tables.record
    mine = belongs(store, record, list(parts))
    # Said as the index `ix_record_others` says it; looks change no row, and of many screens are most of what there is.
    others = and_(literal_column("kind") != literal_column("'event'"), record.c.kind != Kind.LOOK.value, mine)
    columns = store.record_columns()
    found = store.records_of(conn, select(*columns).where(others))
    found.sort(key=_place)
    if whole:
        ids = ids | _out_of_order(found)
    events = and_(record.c.kind == Kind.EVENT.value, mine, store.among(record.c.incident, ids))
    rows = store.records_of(conn, select(*columns).where(events))
    # Rows that a correction took from one of these incidents, or gave to it, decide what the others are.
    rows += _corrected_away(store, conn, parts, ids, rows)
    if whole:
        found += _last_positions(store, conn, timeline, parts)
    found = sorted({each.seq: each for each in (*found, *rows)}.values(), key=_place)
    made = fold(timeline, found, _Nothing())
    made.incidents = {id: row for id, row in made.incidents.items() if id in ids}
    return made


def _out_of_order(records: Sequence[Record]) -> set[str]:
    """Incidents of which the log heard in another order than things happened: the parent's table says what came of the
    first, and a fork is what came of the second. `records` are in order of time."""
    last: dict[str, int] = {}
    named: dict[str, set[str]] = {}
    late: set[str] = set()
    for record in records:
        incidents, seq = named_by(record), record.seq or 0
        for thing in (*incidents, *(f"\0{unit}" for unit in _units_of(record))):
            named.setdefault(thing, set()).update(incidents)
            if seq < last.get(thing, 0):
                late.add(thing)
            last[thing] = max(seq, last.get(thing, 0))
    return {id for thing in late for id in named[thing]}


def _units_of(record: Record) -> tuple[str, ...]:
    payload = record.payload
    if isinstance(payload, (IncidentDispatched, IncidentRecalled)):
        return payload.units
    if isinstance(payload, (IncidentArrived, UnitStatusPayload)):
        return (payload.unit,)
    return ()


def _place(record: Record) -> tuple[datetime, int]:
    return record.at, record.seq or 0


def _corrected_away(
    store: SqlStore, conn: Connection, parts: Sequence[Part], ids: set[str], rows: Sequence[Record]
) -> list[Record]:
    """Versions of these rows that name another incident."""
    key, record = store.tables.record_key, store.tables.record
    names = {part.timeline for part in parts}
    sources: dict[str, set[str]] = {}
    for row in rows:
        sources.setdefault(row.source, set()).add(row.source_id)
    seqs: list[int] = []
    for source, these in sources.items():
        query = select(key.c.seq, key.c.incident).where(
            store.among(key.c.timeline, names), key.c.source == source, store.among(key.c.source_id, these),
            key.c.incident.is_not(None),
        )  # fmt: skip
        seqs += [seq for seq, incident in conn.execute(query) if incident not in ids]
    if not seqs:
        return []
    mine = and_(belongs(store, record, list(parts)), store.among(record.c.seq, seqs))
    return store.records_of(conn, select(*store.record_columns()).where(mine))


def _last_positions(store: SqlStore, conn: Connection, timeline: str, parts: Sequence[Part]) -> list[Record]:
    """Where each unit was seen last: the positions before do not matter for where it is."""
    table = store.tables.unit
    names = {part.timeline for part in parts}
    units = sorted({id for (id,) in conn.execute(select(table.c.id).where(store.among(table.c.timeline, names)))})
    seen = TrackReader(store, timeline, parts).last(conn, units, _at(parts[0]), 1)
    return [
        Record(
            Kind.UNIT_POSITION, "", each.unit, instant(each.us),
            UnitPosition.model_construct(unit=each.unit, speed_kmh=None, bearing=each.bearing), each.lon, each.lat,
            timeline=timeline, received_at=instant(each.us), seq=each.seq,
        )
        for each in seen
    ]  # fmt: skip


def _at(part: Part) -> datetime:
    assert part.until is not None
    return part.until
