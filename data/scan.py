"""Many records at once, as they are stored: for who counts a whole log and needs a part of each record.

Records that `read_after` gives are checked and typed again, which takes most of the time of reading. Here the payload
is JSON text and stays so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, func, literal_column, or_, select

from data import inherited
from data.lineage import belongs, belongs_key, is_fork, parts_of
from data.projection import Incident
from data.records import Kind
from data.store import Fact, Opened

if TYPE_CHECKING:
    from data.sql_store import SqlStore

CHUNK = 5_000


def events(
    store: SqlStore,
    conn: Connection,
    timeline: str,
    start: datetime | None,
    end: datetime | None,
    *,
    by_incident: bool,
    with_unit: bool,
) -> Iterator[Fact]:
    """Event rows at their latest version, in no order worth relying on. `Store.scan` says which."""
    record, incident = store.tables.record, store.tables.incident
    where = [literal_column("kind") == literal_column("'event'")]
    at = incident.c.opened_at if by_incident else record.c["at"]
    span = [] if start is None else [at >= store.time_in(start)]
    if end is not None:
        span.append(at < store.time_in(end))
    if span and by_incident:
        mine = select(incident.c.id).where(incident.c.timeline == timeline, *span)
        more = _inherited(store, conn, timeline, start, end)
        named = record.c.incident.in_(mine)
        where.append(named if not more else or_(named, store.among(record.c.incident, more)))
    else:
        where += span
    if with_unit:
        where.append(_unit(store).is_not(None))
    replaced = _replaced(store, conn, timeline)
    for fact in _facts(store, conn, timeline, where):
        if fact.seq not in replaced:
            yield fact


def others(store: SqlStore, conn: Connection, timeline: str, kinds: Collection[Kind]) -> Iterator[Fact]:
    """Records of these kinds, which are not events, in seq order."""
    record = store.tables.record
    # Said as the index `ix_record_others` says it: only then SQLite and PostgreSQL see that the index will do.
    where = [literal_column("kind") != literal_column("'event'"), record.c.kind.in_([kind.value for kind in kinds])]
    yield from sorted(_facts(store, conn, timeline, where), key=lambda fact: fact.seq)


def latest(
    store: SqlStore, conn: Connection, timeline: str, after: int, without: Collection[Kind]
) -> tuple[datetime, int] | None:
    """The latest time and the highest seq of a timeline's own records beyond a seq: see `Store.latest`."""
    record, track = store.tables.record, store.tables.track
    found = []
    for table, only in ((record, [record.c.kind.not_in([kind.value for kind in without])]), (track, [])):
        mine = and_(table.c.timeline == timeline, table.c.seq > after, *only)
        at, seq = conn.execute(select(func.max(table.c["at"]), func.max(table.c.seq)).where(mine)).one()
        if seq is not None:
            found.append((store.time_out(at), int(seq)))
    return (max(at for at, _ in found), max(seq for _, seq in found)) if found else None


def opened_by(store: SqlStore, conn: Connection, timeline: str, t: datetime) -> list[Opened]:
    """Incidents opened by `t` but for those that surely were closed by then: by their rows, and never reopened."""
    table, at, out = store.tables.incident, store.time_in(t), store.time_out
    columns = (table.c.id, table.c.src_closed_at, table.c.rows)
    query = select(*columns).where(
        table.c.timeline == timeline,
        table.c.rows > 0,
        table.c.opened_at <= at,
        or_(
            table.c.src_closed_at.is_(None),
            table.c.src_closed_at > at,
            table.c.cmd_closed_at.is_not(None),
            table.c.reopened_at.is_not(None),
        ),
    )
    found = [Opened(id, None if closed is None else out(closed), rows) for id, closed, rows in conn.execute(query)]
    for row in _rows_inherited(store, conn, timeline):
        changed = row.cmd_closed_at is not None or row.reopened_at is not None
        open_then = changed or row.src_closed_at is None or row.src_closed_at > t
        if row.rows and row.opened_at is not None and row.opened_at <= t and open_then:
            found.append(Opened(row.id, row.src_closed_at, row.rows))
    return found


def _rows_inherited(store: SqlStore, conn: Connection, timeline: str) -> list[Incident]:
    """Incidents that a fork reads from its parents' tables."""
    if not is_fork(timeline):
        return []
    table = store.tables.incident
    own = {id for (id,) in conn.execute(select(table.c.id).where(table.c.timeline == timeline))}
    return inherited.incidents(store, conn, timeline, own)


def _inherited(
    store: SqlStore, conn: Connection, timeline: str, start: datetime | None, end: datetime | None
) -> list[str]:
    """Of them, those opened in a time."""
    return [
        row.id
        for row in _rows_inherited(store, conn, timeline)
        if row.opened_at is not None
        and (start is None or row.opened_at >= start)
        and (end is None or row.opened_at < end)
    ]


def _facts(store: SqlStore, conn: Connection, timeline: str, where: list[ColumnElement[bool]]) -> Iterator[Fact]:
    record, out = store.tables.record, store.time_out
    body = record.c.payload if store.dialect == "sqlite" else cast(record.c.payload, Text)
    columns = (
        record.c.seq, record.c.kind, record.c.source, record.c.source_id, record.c.version, record.c["at"],
        record.c.lon, record.c.lat, record.c.area, record.c.incident, body,
    )  # fmt: skip
    query = select(*columns).where(belongs(store, record, parts_of(store, conn, timeline)), *where)
    found = conn.execution_options(stream_results=True).execute(query)
    for part in found.partitions(CHUNK):
        for seq, kind, source, source_id, version, at, lon, lat, area, incident, text in part:
            yield Fact(seq, kind, source, source_id, version, out(at), lon, lat, area, incident, text)


def _unit(store: SqlStore) -> ColumnElement[str | None]:
    payload = store.tables.record.c.payload
    return func.json_extract(payload, "$.unit") if store.dialect == "sqlite" else payload["unit"].astext


def _replaced(store: SqlStore, conn: Connection, timeline: str) -> set[int]:
    """Seqs of event rows that a higher version replaced. Most sources correct few rows, so few keys are looked at."""
    key = store.tables.record_key
    mine = belongs_key(store, key, parts_of(store, conn, timeline))
    newest = (
        select(key.c.source, key.c.source_id, func.max(key.c.version).label("top"))
        .where(mine, key.c.version > 0, key.c.incident.is_not(None))
        .group_by(key.c.source, key.c.source_id)
        .subquery()
    )
    query = select(key.c.seq).join(
        newest,
        and_(key.c.source == newest.c.source, key.c.source_id == newest.c.source_id, key.c.version < newest.c.top),
    )
    query = query.where(mine, key.c.incident.is_not(None))
    return {seq for (seq,) in conn.execute(query)}
