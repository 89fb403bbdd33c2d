"""Rows on their way to PostgreSQL: as the binary values that COPY takes, or as one statement.

Values come as COPY takes them: times in microseconds since 2000, documents with the version byte of JSONB.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Double, Integer, LargeBinary, Table
from sqlalchemy.dialects.postgresql import JSONB

from data.rows import Write

PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
JSONB_VERSION = b"\x01"
_POINT = struct.Struct("<BIIdd")
_POINT_SRID = 0x20000001

Rows = Sequence[tuple[Any, ...]]


def with_points(table: Table, columns: Sequence[str], rows: Rows) -> tuple[tuple[str, ...], Rows]:
    """The columns and rows with a point of `lon` and `lat`, as EWKB, where the table has one."""
    names = tuple(columns)
    if "lon" not in names or "geom" not in table.c:
        return names, rows
    at = names.index("lon")
    pack = _POINT.pack
    return (*names, "geom"), [
        (*row, None if row[at] is None else pack(1, _POINT_SRID, 4326, row[at], row[at + 1])) for row in rows
    ]


_Shape = tuple[Table, tuple[str, ...], bool, int]
"""A table, its columns to write, whether over rows with the same key, how many rows."""


def at_once(writes: Sequence[Write], head: str, seq: int, channel: str, payload: str) -> tuple[bytes, list[Any]]:
    """One statement that writes all rows, moves the head to `seq` and rings, and its parameters.

    Rows that come twice are written as they come last: one statement may change a row but once.
    """
    tables: dict[str, tuple[Table, tuple[str, ...], bool, dict[Any, tuple[Any, ...]]]] = {}
    for write in writes:
        names, rows = with_points(write.table, write.columns, write.rows)
        found = tables.setdefault(write.table.name, (write.table, names, write.key is not None, {}))
        at = _key_of(write.table, names)
        found[3].update((tuple([row[i] for i in at]), row) for row in rows)
    values: list[Any] = []
    shapes: list[_Shape] = []
    for table, names, over, kept in tables.values():
        shapes.append((table, names, over, len(kept)))
        documents, times = _special(table, names)
        for row in kept.values():
            own = list(row)
            for i in times:
                if own[i] is not None:
                    own[i] = PG_EPOCH + timedelta(microseconds=own[i])
            for i in documents:
                if own[i] is not None:
                    own[i] = own[i][len(JSONB_VERSION) :].decode()
            values += own
    return _statement(tuple(shapes), head), [*values, seq, channel, payload]


@lru_cache(maxsize=256)
def _statement(shapes: tuple[_Shape, ...], head: str) -> bytes:
    """The statement for rows of these shapes: as text it is the same each time, so that the server keeps its plan."""
    numbers = count(1)
    parts: list[str] = []
    for table, names, over, rows in shapes:
        kinds = [table.c[name].type for name in names]
        listed = ", ".join(f'"{name}"' for name in names)
        marks = ["(" + ", ".join(f"${next(numbers)}{_cast(kind)}" for kind in kinds) + ")" for _ in range(rows)]
        insert = f"INSERT INTO {table.name} ({listed}) VALUES {', '.join(marks)}"
        if over:
            key = [column.name for column in table.primary_key.columns]
            changed = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in names if name not in key)
            insert += f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"
        parts.append(f"w{len(parts)} AS ({insert})")
    parts.append(f"moved AS (UPDATE {head} SET seq = ${next(numbers)})")
    return f"WITH {', '.join(parts)} SELECT pg_notify(${next(numbers)}, ${next(numbers)})".encode()


@lru_cache(maxsize=64)
def _special(table: Table, names: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Where documents and times are among the columns."""
    kinds = [table.c[name].type for name in names]
    documents = [i for i, kind in enumerate(kinds) if isinstance(kind, JSONB)]
    return documents, [i for i, kind in enumerate(kinds) if isinstance(kind, DateTime)]


@lru_cache(maxsize=64)
def _key_of(table: Table, names: tuple[str, ...]) -> list[int]:
    return [names.index(column.name) for column in table.primary_key.columns]


def _cast(kind: object) -> str:
    if isinstance(kind, JSONB):
        return "::jsonb"
    return "::bytea::geometry" if type(kind).__name__ == "Geometry" else ""


def copy_type(kind: object) -> str:
    """The name of the wire type that a column's bulk values already have."""
    if isinstance(kind, DateTime | BigInteger):
        return "int8"
    if isinstance(kind, JSONB | LargeBinary) or type(kind).__name__ == "Geometry":
        return "bytea"
    if isinstance(kind, Integer):
        return "int4"
    if isinstance(kind, Double):
        return "float8"
    if isinstance(kind, Boolean):
        return "bool"
    return "text"
