"""Refused input: counted exactly and for ever, kept only as far as a person would look.

Per (source, reason) the newest KEEP_PER_REASON letters are kept, and KEEP_BYTES of bodies altogether. Reasons and
sources come from outside, so their number is bounded too: past the bound they are counted as OTHER.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from data.failures import translated
from data.store import DeadLetter

if TYPE_CHECKING:
    from data.sql_store import SqlStore

KEEP_PER_REASON = 10_000
KEEP_BYTES = 64 * 1024 * 1024
KEEP_BODY = 64 * 1024
"""Bytes kept of one body."""
MAX_MESSAGE = 1_000
MAX_NAME = 100
MAX_COUNTERS = 2_000
"""Most (source, reason) pairs counted apart."""
OTHER = "other"
TRIM_EVERY_BYTES = 1024 * 1024


class DeadLetters:
    """The dead letter tables of one store."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self._since_trim = KEEP_BYTES  # bytes kept before this process are unknown: look at the first chance

    def add(self, letters: Iterable[DeadLetter]) -> None:
        batch = list(letters)
        if not batch:
            return
        with translated("add_dead_letters"), self.store.write() as conn:
            named = self._named(conn, batch)
            self._count(conn, named)
            self._keep(conn, named)

    def _named(self, conn: Connection, batch: list[DeadLetter]) -> list[tuple[str, str, DeadLetter]]:
        """Letters with source and reason cut to what is counted apart."""
        known = set(self._counts(conn))
        named = []
        for letter in batch:
            key = (_text(letter.source, MAX_NAME) or OTHER, _text(letter.reason, MAX_NAME) or OTHER)
            if key not in known:
                if len(known) >= MAX_COUNTERS:
                    key = (OTHER, OTHER)
                known.add(key)
            named.append((*key, letter))
        return named

    def _count(self, conn: Connection, named: list[tuple[str, str, DeadLetter]]) -> None:
        table = self.store.tables.dead_letter_count
        insert = sqlite.insert if self.store.dialect == "sqlite" else postgresql.insert
        counts = Counter((source, reason) for source, reason, _ in named)
        for (source, reason), n in sorted(counts.items()):  # one order for every writer: no deadlock
            new = insert(table).values(source=source, reason=reason, n=n)
            conn.execute(
                new.on_conflict_do_update(
                    index_elements=[table.c.source, table.c.reason], set_={"n": table.c.n + new.excluded.n}
                )
            )

    def _keep(self, conn: Connection, named: list[tuple[str, str, DeadLetter]]) -> None:
        table = self.store.tables.dead_letter
        kept: Counter[tuple[str, str]] = Counter()
        rows: list[dict[str, Any]] = []
        size = 0
        for source, reason, letter in reversed(named):
            kept[source, reason] += 1
            if kept[source, reason] > KEEP_PER_REASON or size > KEEP_BYTES:
                continue
            body = bytes(letter.body[:KEEP_BODY])
            size += len(body)
            rows.append(
                {
                    "source": source,
                    "reason": reason,
                    "message": _text(letter.message, MAX_MESSAGE),
                    "body": body,
                    "size": len(body),
                    "received_at": self.store.time_in(letter.received_at),
                }
            )
        if rows:
            conn.execute(table.insert(), rows[::-1])
        for source, reason in kept:
            mine = (table.c.source == source) & (table.c.reason == reason)
            beyond = select(table.c.id).where(mine).order_by(table.c.id.desc()).offset(KEEP_PER_REASON).limit(1)
            conn.execute(delete(table).where(mine, table.c.id <= beyond.scalar_subquery()))
        self._since_trim += size
        if self._since_trim >= TRIM_EVERY_BYTES:
            running = select(
                table.c.id, func.sum(table.c.size).over(order_by=table.c.id.desc()).label("bytes")
            ).subquery()
            beyond = select(func.max(running.c.id)).where(running.c.bytes > KEEP_BYTES)
            conn.execute(delete(table).where(table.c.id <= beyond.scalar_subquery()))
            self._since_trim = 0

    def newest(self, source: str | None, limit: int) -> list[DeadLetter]:
        table = self.store.tables.dead_letter
        names = ("source", "reason", "message", "body", "received_at", "id")
        query = select(*(table.c[name] for name in names)).order_by(table.c.id.desc()).limit(limit)
        if source is not None:
            query = query.where(table.c.source == source)
        with translated("dead_letters"), self.store.read() as conn:
            return [
                DeadLetter(who, why, message, bytes(body), self.store.time_out(t), id)
                for who, why, message, body, t, id in conn.execute(query)
            ]

    def counts(self) -> dict[tuple[str, str], int]:
        with translated("dead_letter_counts"), self.store.read() as conn:
            return self._counts(conn)

    def _counts(self, conn: Connection) -> dict[tuple[str, str], int]:
        table = self.store.tables.dead_letter_count
        rows = conn.execute(select(table.c.source, table.c.reason, table.c.n))
        return {(source, reason): int(n) for source, reason, n in rows}


def _text(text: str, most: int) -> str:
    """Text that every store can hold: cut, without NUL, half surrogates shown as ?."""
    return text[:most].replace("\x00", "").encode("utf-8", "replace").decode()
