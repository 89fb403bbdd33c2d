"""Bring a store to the newest schema. Runs on every open, under a lock; mostly there is nothing to do."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK = 0x67726964
"""PostgreSQL advisory lock that openers take while they migrate."""


def migrate(engine: Engine) -> None:
    """Upgrade to the newest revision. Two openers at once: one does it, the other waits."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as plain:
        conn = plain.execution_options(gridcommand_write=True)
        with conn.begin():
            if _current(conn) == newest:
                return
            if engine.dialect.name == "postgresql":
                conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                if _current(conn) == newest:
                    return
            config.attributes["connection"] = conn
            command.upgrade(config, "head")


def _current(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()
