"""The embedded store: one SQLite file in WAL mode, through the standard library's driver.

Times are integer microseconds since 1970, documents JSON text, areas WKB. `synchronous=FULL` makes every commit reach
the disk before it is acknowledged. Other processes are noticed by polling `PRAGMA data_version`.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Engine, Table, create_engine, event, func, select

from data.clock import Clock
from data.closing import shut
from data.codec import RECORD_COLUMNS, instant, micros
from data.errors import StoreUnavailable
from data.rows import RowCodec
from data.sql_store import SqlStore

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 5.0
"""How long a writer waits for another process before the store counts as unavailable."""
TURN_TIMEOUT_S = 60.0
"""How long a writer waits for the others of its own process."""
AT_ONCE = 500
"""Rows that one statement inserts. The driver lets other threads run during a statement, and only then; it may have
32,766 values."""
POLL_S = 0.25
"""How often another process's commits are looked for."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
    "PRAGMA mmap_size=268435456",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA wal_autocheckpoint=4000",  # 16 MB: a page that many commits change is copied back once
)


def sqlite_engine(url: str, *, repeatable: bool = False) -> Engine:
    """An engine that leaves BEGIN to us: the driver's own would start transactions too late and as readers.

    `repeatable`: what is written here can be written again, so commits need not wait for the disk one by one. After a
    power cut the last ones may be missing; the file is whole all the same.
    """
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=8, max_overflow=24, pool_timeout=10)

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        _patiently(connection, _PRAGMAS[0])
        for pragma in _PRAGMAS[1:]:
            connection.execute(pragma)
        if repeatable:
            connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("gridcommand_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Execute it; a new file that another process turns to WAL at this moment is waited for, which SQLite does not."""
    end = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.005)


class SqliteStore(SqlStore):
    """The embedded store."""

    dialect = "sqlite"

    def __init__(self, engine: Engine, clock: Clock) -> None:
        super().__init__(clock)
        self.engine = engine
        self.path = Path(engine.url.database or "")
        self._turn = Lock()  # writers of this process queue here, without SQLite's sleeping retries
        self._stop = Event()
        self._watch_lock = Lock()
        self._watcher: Thread | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as conn, conn.begin():
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if not self._turn.acquire(timeout=TURN_TIMEOUT_S):
            raise StoreUnavailable("store: another writer of this process does not finish; try again")
        try:
            with self.engine.connect() as plain:
                conn = plain.execution_options(gridcommand_write=True)
                with conn.begin():
                    yield conn
        finally:
            self._turn.release()

    def lock_head(self, conn: Connection) -> tuple[int, int]:
        head = self.tables.head
        seq, region = conn.execute(select(head.c.seq, head.c.region)).one()
        return seq, region

    def rows_by_key(
        self, conn: Connection, codec: RowCodec[Any], timeline: str, keys: Collection[str]
    ) -> Iterable[Sequence[Any]]:
        driver = conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver.execute(
            _rows_by_key(codec.table, codec.names, codec.key), (timeline, orjson.dumps(list(keys)).decode())
        )

    def among(self, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
        each = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
        return column.in_(select(each.c.value))

    def insert(self, conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        _insert(conn, "INSERT", table, columns, rows)

    def replace(
        self, conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]],
        where: Mapping[str, str], key: str, known: Collection[str],
    ) -> None:  # fmt: skip
        _insert(conn, "INSERT OR REPLACE", table, columns, rows)

    def time_in(self, t: datetime) -> int:
        return micros(t)

    time_in_row = staticmethod(micros)

    def times_in_row(self, times: list[int]) -> list[int]:
        return times

    def time_out(self, value: Any) -> datetime:
        return instant(value)

    def document_in_row(self, body: bytes) -> str:
        return body.decode()

    def record_columns(self) -> list[ColumnElement[Any]]:
        return [self.tables.record.c[name] for name in RECORD_COLUMNS]

    def prepare_partitions(self, conn: Connection, received_at: datetime, track_times: Iterable[datetime]) -> None:
        """SQLite has no partitions."""

    def ring_others(self, conn: Connection) -> None:
        """Others see `data_version` change."""

    def watch(self) -> None:
        with self._watch_lock:
            if self._watcher is None and not self._stop.is_set():
                self._watcher = Thread(target=self._poll, name="gridcommand-doorbell", daemon=True)
                self._watcher.start()

    def _poll(self) -> None:
        seen: int | None = None
        connection: sqlite3.Connection | None = None
        try:
            while not self._stop.wait(POLL_S):
                try:
                    if connection is None:
                        connection = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
                    (version,) = connection.execute("PRAGMA data_version").fetchone()
                except sqlite3.Error as error:
                    log.warning("doorbell: %s cannot be watched (%s); readers poll meanwhile", self.path, error)
                    if connection is not None:
                        connection.close()
                    connection = seen = None
                    continue
                if seen is not None and version != seen:
                    self.bell.ring()
                seen = version
        finally:
            if connection is not None:
                connection.close()

    def close(self) -> None:
        self._stop.set()
        with self._watch_lock:
            watcher = self._watcher
        if watcher is not None:
            watcher.join()
        shut(self.engine)


@cache
def _rows_by_key(table: Table, names: tuple[str, ...], key: str) -> str:
    """Written out: to have SQLAlchemy put it together takes longer than it does."""
    listed = ", ".join(f'"{name}"' for name in names)
    return f'SELECT {listed} FROM {table.name} WHERE timeline = ? AND "{key}" IN (SELECT value FROM json_each(?))'


def _insert(conn: Connection, verb: str, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Many rows go by statements of AT_ONCE rows, during which other threads run; the rest one by one."""
    names, one = ", ".join(f'"{name}"' for name in columns), f"({', '.join('?' * len(columns))})"
    whole = len(rows) - len(rows) % AT_ONCE
    if whole:
        driver = conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        statement = f"{verb} INTO {table.name} ({names}) VALUES {', '.join([one] * AT_ONCE)}"
        for start in range(0, whole, AT_ONCE):
            driver.execute(statement, tuple(chain.from_iterable(rows[start : start + AT_ONCE])))
    if whole < len(rows):
        conn.exec_driver_sql(f"{verb} INTO {table.name} ({names}) VALUES {one}", list(rows[whole:]))
