"""What a fork inherits, as a condition on the log: of its own records all, of its parents' those up to where it left.

A fork copies nothing. Its first record says whose it is, at which moment it left and how long the log was then; from
that follow its parts, and every reader of the log asks for the records of these parts (docs/decisions/0012).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal_column, or_, select
from sqlalchemy.sql.selectable import FromClause

from data.records import ForkPayload, Kind, Record

if TYPE_CHECKING:
    from data.sql_store import SqlStore

FORK = "fork:"
"""How the timelines of forks begin."""
SOURCE = "fork"
"""The source of what a fork says of itself."""


class Part(NamedTuple):
    """A timeline as far as it belongs to another: records with at <= `until` and seq <= `head`; None: all."""

    timeline: str
    until: datetime | None = None
    head: int | None = None


def is_fork(timeline: str) -> bool:
    """Whether a timeline is a fork by its name: decisions on it were never taken in fact."""
    return timeline.startswith(FORK)


def beginning(store: SqlStore, conn: Connection, timeline: str) -> Record | None:
    """The record that a fork begins with; None for a timeline that is none."""
    if not is_fork(timeline):
        return None
    record = store.tables.record
    # Said as the index `ix_record_others` says it: this is asked in every transaction on a fork.
    mine = and_(
        record.c.timeline == timeline, literal_column("kind") != literal_column("'event'"),
        record.c.kind == Kind.FORK.value,
    )  # fmt: skip
    found = store.records_of(conn, select(*store.record_columns()).where(mine).order_by(record.c.seq).limit(1))
    return found[0] if found else None


def first_seq(store: SqlStore, conn: Connection, timeline: str) -> int | None:
    """The seq of the record that an exercise or a fork begins with: as long as it is this, it is the same one. Of the
    index `ix_record_others` the entries of its acts are read."""
    record = store.tables.record
    mine = and_(
        record.c.timeline == timeline, literal_column("kind") != literal_column("'event'"),
        record.c.kind.in_([Kind.FORK.value, Kind.EXERCISE.value]),
    )  # fmt: skip
    found: int | None = conn.execute(select(func.min(record.c.seq)).where(mine)).scalar_one()
    return found


def fork_names(store: SqlStore, conn: Connection) -> list[str]:
    """The timelines that are forks. Each was heard from by its own source, so that a small table tells."""
    feed = store.tables.feed
    found = conn.execute(select(feed.c.timeline).where(feed.c.id == SOURCE))
    return [name for (name,) in found if is_fork(name)]


def parts_of(store: SqlStore, conn: Connection, timeline: str) -> list[Part]:
    """Itself, its parent up to where it left, the parent's parent, and so on. One alone for what is no fork."""
    found = [Part(timeline)]
    while (made := beginning(store, conn, found[-1].timeline)) is not None:
        payload = made.payload
        assert isinstance(payload, ForkPayload)
        found.append(Part(payload.parent, made.at, payload.head))
    return found


def belongs(store: SqlStore, table: FromClause, parts: list[Part]) -> ColumnElement[bool]:
    """A row of `record` or `track` is of one of these parts."""
    return or_(*(_of_part(store, table, part) for part in parts))


def belongs_key(store: SqlStore, key: FromClause, parts: list[Part]) -> ColumnElement[bool]:
    """The same for `record_key`, which does not know when things happened: its record is asked."""
    record = store.tables.record.alias()
    found = []
    for part in parts:
        mine = key.c.timeline == part.timeline
        if part.until is not None:
            said = exists().where(record.c.seq == key.c.seq, record.c["at"] <= store.time_in(part.until))
            mine = and_(mine, key.c.seq <= part.head, said)
        found.append(mine)
    return or_(*found)


def _of_part(store: SqlStore, table: FromClause, part: Part) -> ColumnElement[bool]:
    mine = table.c.timeline == part.timeline
    if part.until is None:
        return mine
    return and_(mine, table.c["at"] <= store.time_in(part.until), table.c.seq <= part.head)
