"""Forks are begun, and timelines are deleted: in one transaction each, while no other writer is at work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select

from data import inherited
from data.errors import BadInput, NotFound, Refused
from data.lineage import FORK, SOURCE, beginning, fork_names, is_fork, parts_of
from data.models import PROJECTIONS
from data.records import LIVE, ForkPayload, Kind, Record

if TYPE_CHECKING:
    from data.sql_store import SqlStore
    from data.transaction import StoredTransaction


def begin(store: SqlStore, tx: StoredTransaction, record: Record) -> Record:
    """See `Store.fork`."""
    payload, timeline = record.payload, record.timeline
    if record.kind is not Kind.FORK or not isinstance(payload, ForkPayload) or record.source != SOURCE:
        raise BadInput(f"a fork begins with a record of kind {Kind.FORK} and source {SOURCE}")
    if not is_fork(timeline):
        raise BadInput(f"timeline {timeline[:80]!r}: the name of a fork begins with {FORK}")
    tx.flush()
    conn, parent = tx.conn, payload.parent
    if _has_records(store, conn, timeline):
        raise Refused(
            f"there is a timeline {timeline} already; give the fork another name",
            zh=f"时间线 {timeline} 已存在，请另取名称",
        )
    if parent == timeline or not _has_records(store, conn, parent):
        raise Refused(f"timeline {parent[:80]!r} has no records to inherit", zh=f"时间线 {parent[:80]} 没有记录可继承")
    above = beginning(store, conn, parent)
    if above is not None and record.at < above.at:
        raise Refused(
            f"{parent} itself begins at {above.at.isoformat()}; a fork of it begins then or later",
            zh=f"{parent} 始于 {above.at.isoformat()}，其推演须从当时或之后开始",
        )
    made = replace(record, payload=payload.model_copy(update={"head": tx.seq}))
    changes = inherited.changed_rows(store, conn, made)
    tx.sent = True  # what is refused from here on undoes all of it
    store.save(conn, store.io.writes(changes))
    _inherit_pruned(store, conn, timeline, parent)
    tx.rows.pop(timeline, None)
    seqs = tx.append([made]).seqs
    return replace(made, seq=seqs[0])


def remove(store: SqlStore, conn: Connection, timeline: str) -> int:
    """See `Store.delete_timeline`; the caller holds the head."""
    if timeline == LIVE:
        raise Refused("the real timeline is never deleted", zh="实际时间线不可删除")
    heirs = [
        name
        for name in fork_names(store, conn)
        if timeline in {part.timeline for part in parts_of(store, conn, name)[1:]}
    ]
    if heirs:
        raise Refused(
            f"{timeline} is inherited by {', '.join(sorted(heirs)[:5])}; delete those first",
            zh=f"{timeline} 被 {'、'.join(sorted(heirs)[:5])} 继承，请先删除后者",
        )
    tables, gone = store.tables, 0
    for table in (tables.record, tables.track):
        gone += conn.execute(select(func.count()).where(table.c.timeline == timeline)).scalar_one()
    if not gone:
        raise NotFound(f"there is no timeline {timeline[:80]!r}", zh=f"没有时间线 {timeline[:80]}")
    for table in (
        tables.record,
        tables.track,
        tables.record_key,
        tables.pruned,
        *(tables.projection(name) for name in PROJECTIONS),
    ):
        conn.execute(delete(table).where(table.c.timeline == timeline))
    return gone


def _has_records(store: SqlStore, conn: Connection, timeline: str) -> bool:
    """Every timeline with a record has a feed, or describes one."""
    feed = store.tables.feed
    return conn.execute(select(feed.c.id).where(feed.c.timeline == timeline).limit(1)).first() is not None


def _inherit_pruned(store: SqlStore, conn: Connection, timeline: str, parent: str) -> None:
    """Positions that the parent's log had, and no longer has, count for the fork's feeds as for the parent's."""
    pruned, feed = store.tables.pruned, store.tables.feed
    for source, n in conn.execute(select(pruned.c.source, pruned.c.n).where(pruned.c.timeline == parent)).all():
        conn.execute(pruned.insert().values(timeline=timeline, source=source, n=n))
        mine = (feed.c.timeline == timeline) & (feed.c.id == source)
        conn.execute(feed.update().where(mine).values(accepted=feed.c.accepted + n))
