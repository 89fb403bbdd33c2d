"""Positions that are too old go; what the projections were made from stays, so that a rebuild makes the same.

A vehicle sends thousands of positions a day and each but the latest matters less every hour; nothing else in the log
comes in such numbers, and nothing else is deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from data.lineage import fork_names, parts_of
from data.store import Pruned

if TYPE_CHECKING:
    from data.sql_store import SqlStore


def prune(store: SqlStore, conn: Connection, received_before: datetime, after: int, limit: int) -> Pruned:
    """One step of `Store.prune_positions`; the caller holds the head."""
    track = store.tables.track
    columns = ("seq", "timeline", "source", "unit", "area", "at", "received_at")
    query = select(*(track.c[name] for name in columns)).where(track.c.seq > after).order_by(track.c.seq).limit(limit)
    looked_at = conn.execute(query).all()
    # Receipt grows with seq but where the clock was set back; what such a row hides is found in a later run.
    old = []
    for row in looked_at:
        if store.time_out(row.received_at) >= received_before:
            break
        old.append(row)
    if not old:
        return Pruned(0, None)
    needed = _Needed(store, conn, old)
    gone = [row for row in old if not needed.has(row)]
    if gone:
        at = [row.at for row in gone]
        conn.execute(
            delete(track).where(
                store.among(track.c.seq, [row.seq for row in gone]),
                track.c["at"].between(min(at), max(at)),  # spares PostgreSQL the partitions of other days
            )
        )
        _count(store, conn, Counter((name, row.source) for row in gone for name in (row.timeline, *needed.heirs(row))))
    return Pruned(len(gone), old[-1].seq if len(old) == limit else None)


def add_pruned(store: SqlStore, conn: Connection) -> None:
    """Add what was deleted to the counts of feeds that were projected anew."""
    feed, pruned = store.tables.feed, store.tables.pruned
    for timeline, source, n in conn.execute(select(pruned.c.timeline, pruned.c.source, pruned.c.n)).all():
        mine = (feed.c.timeline == timeline) & (feed.c.id == source)
        conn.execute(update(feed).where(mine).values(accepted=feed.c.accepted + n))


class _Needed:
    """Which positions a rebuild needs: the latest of a unit, of an area, and of a source by either time."""

    def __init__(self, store: SqlStore, conn: Connection, rows: Iterable[Any]) -> None:
        rows = list(rows)
        tables = store.tables
        # What a fork inherited is counted for it, and kept where its units, areas and feeds are as it says.
        names = {row.timeline for row in rows}
        forks = {name: parts_of(store, conn, name)[1:] for name in fork_names(store, conn)}
        self._forks = {
            name: [(part.timeline, store.time_in(part.until), part.head) for part in parts if part.until is not None]
            for name, parts in forks.items()
            if any(part.timeline in names for part in parts)
        }

        def latest(table: Table, key: str, value: str, ids: set[str]) -> Mapping[tuple[str, str], Any]:
            columns = (table.c.timeline, table.c[key], table.c[value])
            found = conn.execute(select(*columns).where(store.among(table.c[key], ids)))
            return {(timeline, id): t for timeline, id, t in found if t is not None}

        sources = {row.source for row in rows}
        self._unit = latest(tables.unit, "id", "position_at", {row.unit for row in rows})
        self._area = latest(tables.contact, "area", "last_at", {row.area for row in rows} - {None})
        self._at = latest(tables.feed, "id", "last_at", sources)
        self._received = latest(tables.feed, "id", "last_received_at", sources)

    def has(self, row: Any) -> bool:
        heirs = self.heirs(row)

        def reaches(latest: Mapping[tuple[str, str], Any], id: str | None, t: Any) -> bool:
            if id is None:
                return False
            known = latest.get((row.timeline, id))
            return (known is not None and t >= known) or any(
                (held := latest.get((name, id))) is not None and t >= held for name in heirs
            )

        return (
            reaches(self._unit, row.unit, row.at)
            or reaches(self._area, row.area, row.at)
            or reaches(self._at, row.source, row.at)
            or reaches(self._received, row.source, row.received_at)
        )

    def heirs(self, row: Any) -> list[str]:
        """The forks that inherited it."""
        return [
            name
            for name, parts in self._forks.items()
            if any(row.timeline == of and row.at <= until and row.seq <= head for of, until, head in parts)
        ]


def _count(store: SqlStore, conn: Connection, gone: Counter[tuple[str, str]]) -> None:
    table = store.tables.pruned
    insert = sqlite.insert if store.dialect == "sqlite" else postgresql.insert
    for (timeline, source), n in gone.items():
        new = insert(table).values(timeline=timeline, source=source, n=n)
        key = [table.c.timeline, table.c.source]
        conn.execute(new.on_conflict_do_update(index_elements=key, set_={"n": table.c.n + new.excluded.n}))
