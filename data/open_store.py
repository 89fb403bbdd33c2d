"""Open a store by its URL, creating and migrating it first."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError

from data.clock import Clock
from data.errors import Misconfigured, StoreUnavailable
from data.failures import translated
from data.migrate import migrate
from data.sql_store import SqlStore

FORMS = "sqlite:///path/to/file.db or postgresql+psycopg://user:password@host/database"


def missing_file(url: str) -> Path | None:
    """The file of an embedded store that was never made; None when it is there, or `url` names no such store."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None  # what is wrong with it, opening says
    if not parsed.drivername.startswith("sqlite") or not parsed.database or parsed.database == ":memory:":
        return None
    file = Path(parsed.database)
    return None if file.exists() else file


def open_store(url: str, clock: Clock, *, repeatable: bool = False) -> SqlStore:
    """The store at `url`, ready for use. Raises Misconfigured for a URL that names none, StoreUnavailable when it
    does not answer.

    `repeatable` is for one who can make again what it writes: the embedded store then waits less for the disk.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Misconfigured(f"database_url: expected {FORMS}") from None
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if not parsed.database or parsed.database == ":memory:":
            raise Misconfigured("database_url: the embedded store needs a file, e.g. sqlite:///var/gridcommand.db")
        from data.sqlite import SqliteStore, sqlite_engine

        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"store: open: {error}") from error
        with translated("open"):
            engine = _ready(sqlite_engine(url, repeatable=repeatable))
        return SqliteStore(engine, clock)
    if parsed.drivername == "postgresql+psycopg":
        from data.postgis import PostgisStore, postgis_engine

        with translated("open"):
            engine = _ready(postgis_engine(url))
        return PostgisStore(engine, clock)
    raise Misconfigured(f"database_url: {parsed.drivername!r} is not supported; expected {FORMS}")


def _ready(engine: Engine) -> Engine:
    """The engine, its tables as this version wants them; what cannot be used is let go of."""
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine
