"""Bring a store to the newest schema. Runs on every open, under a lock; mostly there is nothing to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK = 0x67726964
"""PostgreSQL advisory lock that openers take while they migrate."""


def migrate(engine: Engine) -> None:
    """Upgrade to the newest revision. Two openers at once: one does it, the other waits."""
    with engine.connect() as plain:
        conn = plain.execution_options(gridcommand_write=True)
        with conn.begin():
            if _current(conn) == newest():
                return
            if engine.dialect.name == "postgresql":
                conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                if _current(conn) == newest():
                    return
            _upgrade(conn)


def newest() -> str:
    """The newest revision. Files of revisions begin with theirs, which grow: Alembic is asked when there is work to do,
    for loading it takes longer than opening a store."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _upgrade(conn: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _current(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
