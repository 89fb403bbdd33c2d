"""New columns for a table that migrations make richer, on both stores with the outcome that the models describe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text


class NewColumn(NamedTuple):
    """A column to add, its name as SQL writes it. `start` is an SQL constant that rows of before get; such a column is
    NOT NULL. Without it they get NULL."""

    name: str
    postgresql: str
    sqlite: str
    start: str | None = None


def add_columns(conn: Connection, table: str, columns: Sequence[NewColumn]) -> None:
    """Add the columns after the table's last one."""
    if conn.dialect.name == "postgresql":
        _alter(conn, table, columns)
    else:
        _make_anew(conn, table, columns)


def _alter(conn: Connection, table: str, columns: Sequence[NewColumn]) -> None:
    for column in columns:
        given = "" if column.start is None else f" NOT NULL DEFAULT {column.start}"
        conn.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column.name} {column.postgresql}{given}")
        if column.start is not None:
            conn.exec_driver_sql(f"ALTER TABLE {table} ALTER COLUMN {column.name} DROP DEFAULT")


def _make_anew(conn: Connection, table: str, columns: Sequence[NewColumn]) -> None:
    """SQLite adds no NOT NULL column without leaving its default in the schema, so the table is made again from its own
    statement. The table's key must be its statement's last part."""
    query = text("SELECT sql FROM sqlite_master WHERE type = :type AND tbl_name = :table AND sql IS NOT NULL")
    made = conn.execute(query, {"type": "table", "table": table}).scalar_one()
    indexes = list(conn.execute(query, {"type": "index", "table": table}).scalars())
    names = [f'"{row[1]}"' for row in conn.exec_driver_sql(f"PRAGMA table_info({table})")]
    body, key = made.rsplit("PRIMARY KEY", 1)
    added = "".join(f"{c.name} {c.sqlite}{'' if c.start is None else ' NOT NULL'}, " for c in columns)
    started = [column for column in columns if column.start is not None]
    kept, new = ", ".join(names), "".join(f", {c.name}" for c in started)
    values = "".join(f", {c.start}" for c in started)
    conn.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_before")
    conn.exec_driver_sql(f"{body}{added}PRIMARY KEY{key}")
    conn.exec_driver_sql(f"INSERT INTO {table} ({kept}{new}) SELECT {kept}{values} FROM {table}_before")
    conn.exec_driver_sql(f"DROP TABLE {table}_before")  # and its indexes, whose names are free again
    for statement in indexes:
        conn.exec_driver_sql(statement)
