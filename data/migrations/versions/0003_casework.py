"""Casework: the case of an incident, what took its closing back, documents, and records about a second incident.

`src_closed_at`, the closing that rows alone give, is new and is computed from the rows of incidents that a command
closed; of all others it is what `closed_at` says. Nothing else of an older log fills what is new.
"""

from __future__ import annotations

from alembic import op

from data.add_columns import NewColumn, add_columns
from data.rows_times import fill_from_rows

revision = "0003"
down_revision = "0002"

_INCIDENT = [
    NewColumn('"case"', "JSONB", "TEXT"),
    NewColumn("src_closed_at", "TIMESTAMP WITH TIME ZONE", "BIGINT"),
    NewColumn("reopened_at", "TIMESTAMP WITH TIME ZONE", "BIGINT"),
    NewColumn("merged_at", "TIMESTAMP WITH TIME ZONE", "BIGINT"),
    NewColumn("recalled", "JSONB", "TEXT", "'[]'"),
]
_DOCUMENT = """
CREATE TABLE document ( timeline TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, at {instant} NOT NULL,
version INTEGER NOT NULL, payload {document} NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (timeline, kind, id) )
"""
_MENTION = """
CREATE TABLE mention ( timeline TEXT NOT NULL, incident TEXT NOT NULL, seq BIGINT NOT NULL,
PRIMARY KEY (timeline, incident, seq) )
"""


def upgrade() -> None:
    conn = op.get_bind()
    add_columns(conn, "incident", _INCIDENT)
    embedded = conn.dialect.name == "sqlite"
    instant, document = ("BIGINT", "TEXT") if embedded else ("TIMESTAMP WITH TIME ZONE", "JSONB")
    conn.exec_driver_sql(_DOCUMENT.format(instant=instant, document=document))
    conn.exec_driver_sql(_MENTION)
    fill_from_rows(conn, "closed_at", "closed", max)
