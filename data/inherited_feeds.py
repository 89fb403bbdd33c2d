"""What a fork inherits of feeds and of areas heard from: how much had arrived, and when the last did.

Positions are counted by the index of their identities, which names source and time and is a fifth of what the table is;
areas are asked one by one for their last. So what a fork costs to begin hardly grows with the positions of its parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, and_, func, select

from data.lineage import Part, belongs
from data.projection import Contact, Feed
from data.projection.feeds import MUTE
from data.records import Kind

if TYPE_CHECKING:
    from data.sql_store import SqlStore

RECEIVED_ROWS = 10_000
"""The latest receipt is looked for among so many seqs before a source's last: receipt grows with seq, but for clocks
that differ a little between servers, or are set back."""


class _Arrived(NamedTuple):
    """What came of one source: how much, its last time, its last receipt (both as stored), its last seq."""

    source: str
    n: int
    at: Any
    received: Any
    seq: int


def feeds(
    store: SqlStore, conn: Connection, timeline: str, parts: Sequence[Part], described: dict[str, Feed]
) -> dict[str, Feed]:
    """Feeds as they were described, with what had arrived of each in these parts, the parents' of a fork."""
    found = {id: feed for id, feed in described.items() if feed.master_at is not None}
    for feed in found.values():
        feed.accepted, feed.last_at, feed.last_received_at = 0, None, None
    for part in parts:
        for each in (*_records(store, conn, part), *_positions(store, conn, part)):
            feed = found.setdefault(each.source, Feed(timeline, each.source, name=each.source))
            feed.accepted += each.n
            feed.last_at = max(filter(None, (feed.last_at, store.time_out(each.at))))
            feed.last_received_at = max(filter(None, (feed.last_received_at, store.time_out(each.received))))
            feed.seq = max(feed.seq, each.seq)
    return found


def contacts(store: SqlStore, conn: Connection, timeline: str, parts: Sequence[Part]) -> dict[str, Contact]:
    """When areas were last heard from in these parts, the parents' of a fork."""
    found: dict[str, Contact] = {}
    for part in parts:
        for area, at, seq in (*_heard_in_records(store, conn, part), *_heard_in_positions(store, conn, part)):
            new = Contact(timeline, area, store.time_out(at), seq)
            held = found.get(area)
            if held is None or (held.last_at, held.seq) < (new.last_at, new.seq):
                found[area] = new
    return found


def _records(store: SqlStore, conn: Connection, part: Part) -> Iterator[_Arrived]:
    table = store.tables.record
    query = select(
        table.c.source, func.count(), func.max(table.c["at"]), func.max(table.c.received_at), func.max(table.c.seq)
    )
    heard = table.c.kind.not_in([kind.value for kind in MUTE])
    for row in conn.execute(query.where(belongs(store, table, [part]), heard).group_by(table.c.source)):
        yield _Arrived(*row)


def _positions(store: SqlStore, conn: Connection, part: Part) -> Iterator[_Arrived]:
    table = store.tables.track
    mine = belongs(store, table, [part])
    query = select(table.c.source, func.count(), func.max(table.c["at"]), func.max(table.c.seq))
    for source, n, at, seq in conn.execute(query.where(mine).group_by(table.c.source)).all():
        last = and_(table.c.seq.between(seq - RECEIVED_ROWS, seq), table.c.source == source)
        received = conn.execute(select(func.max(table.c.received_at)).where(mine, last)).scalar_one()
        yield _Arrived(source, n, at, received, seq)


def _heard_in_records(store: SqlStore, conn: Connection, part: Part) -> list[tuple[str, Any, int]]:
    """(area, time as stored, seq) of its last."""
    table = store.tables.record
    silent = [Kind.SITE.value, *(kind.value for kind in MUTE)]
    mine = and_(belongs(store, table, [part]), table.c.area.is_not(None), table.c.kind.not_in(silent))
    last = select(table.c.area, func.max(table.c["at"]).label("last")).where(mine).group_by(table.c.area).subquery()
    query = select(table.c.area, table.c["at"], func.max(table.c.seq)).where(mine)
    query = query.join(last, and_(last.c.area == table.c.area, last.c["last"] == table.c["at"]))
    return [(area, at, seq) for area, at, seq in conn.execute(query.group_by(table.c.area, table.c["at"]))]


def _heard_in_positions(store: SqlStore, conn: Connection, part: Part) -> list[tuple[str, Any, int]]:
    """As above. Each area that the timeline ever heard from is looked up in the index `ix_track_area`."""
    table, contact = store.tables.track, store.tables.contact
    last = select(table.c.seq).where(belongs(store, table, [part]), table.c.area == contact.c.area)
    last = last.order_by(table.c["at"].desc(), table.c.seq.desc()).limit(1)
    seqs = select(last.correlate(contact).scalar_subquery()).where(contact.c.timeline == part.timeline)
    found = [seq for (seq,) in conn.execute(seqs) if seq is not None]
    if not found:
        return []
    rows = select(table.c.area, table.c["at"], table.c.seq).where(store.among(table.c.seq, found))
    return [(area, at, seq) for area, at, seq in conn.execute(rows)]
