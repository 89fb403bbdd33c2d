"""The server store: PostgreSQL with PostGIS, through psycopg 3.

Rows go in by binary COPY with points packed as EWKB; `record` is partitioned by month of `received_at`, `track` by day
of `at`, partitions made when first needed. NOTIFY rings other processes when a transaction commits.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Event, Lock, Thread
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Engine,
    Table,
    Text,
    any_,
    cast,
    create_engine,
    event,
    literal,
    make_url,
    select,
    text,
)

from data.clock import Clock
from data.closing import shut
from data.codec import RECORD_COLUMNS
from data.errors import StoreUnavailable
from data.lineage import is_fork
from data.postgis_rows import JSONB_VERSION, PG_EPOCH, at_once, copy_type, with_points
from data.rows import RowCodec, Write
from data.sql_store import SqlStore
from data.transaction import Headed, Sought, Then

log = logging.getLogger(__name__)

CHANNEL = "gridcommand_log"
CONNECT_TIMEOUT_S = 3
FEW = 8
"""Up to so many records, as a command makes, are written in one trip to the server; more go by COPY, which costs two
trips for each table and is many times faster for thousands."""
MAX_TRACK_DAYS = 400
"""Day partitions of the track table; positions of further days go to its default partition, so that a feed with absurd
times cannot fill the catalogue."""

# force_custom_plan: after ten runs PostgreSQL would plan `id = ANY($1)` without looking at the ids and scan the whole
# index instead of looking each up: ten times slower, and slower with every record.
_SERVER_OPTIONS = (
    "-c statement_timeout=60000 -c lock_timeout=20000 -c idle_in_transaction_session_timeout=60000 -c jit=off "
    "-c timezone=UTC -c plan_cache_mode=force_custom_plan "
    # A process that vanished is gone for the server too within half a minute, and what it held is free again (held.py).
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
_CONNECT: dict[str, Any] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_THEN: dict[Then, LiteralString] = {"savepoint": "SAVEPOINT turn", "commit": "COMMIT"}


def postgis_engine(url: str) -> Engine:
    """An engine that notices dead connections before it uses them and gives up on silent ones within seconds."""
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=16,
        pool_timeout=10,
        connect_args={**_CONNECT, "options": _SERVER_OPTIONS},
    )

    @event.listens_for(engine, "connect")
    def connected(connection: psycopg.Connection[Any], _: object) -> None:
        # Acknowledged means on disk, also on a server that is set to forget the last moments at a power cut.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.commit()

    return engine


class PostgisStore(SqlStore):
    """The server store."""

    dialect = "postgresql"
    shares_commits = True

    def __init__(self, engine: Engine, clock: Clock) -> None:
        super().__init__(clock)
        self.engine = engine
        self._me = uuid4().hex
        self._partitions: set[str] = set()
        self._writer: Connection | None = None  # of whoever has the turn
        self._stop = Event()
        self._listen_lock = Lock()
        self._listener: Thread | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as plain:
            conn = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with conn.begin():
                yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self.engine.begin() as conn:
            yield conn

    @contextmanager
    def headed(self, sought: Sought | None = None) -> Iterator[Headed]:
        """On a connection that is kept for it. One that the server has dropped meanwhile is replaced."""
        kept = self._writer
        try:
            headed = self._begun(kept, sought)
        except Exception:
            if kept is None or self._writer is not None:
                raise
            headed = self._begun(None, sought)
        conn = headed.conn
        try:
            yield headed
            driver = _driver(conn)
            if driver.info.transaction_status == TransactionStatus.INERROR:  # whose COMMIT would roll back in silence
                raise psycopg.OperationalError("a statement of the transaction has failed")
            driver.commit()
            conn.commit()
        except BaseException:
            self._give_up(conn)
            raise

    def _begun(self, conn: Connection | None, sought: Sought | None) -> Headed:
        if sought is not None and is_fork(sought.timeline):
            sought = None  # what it inherits is asked for part by part
        if conn is None:
            conn = self._writer = self.engine.connect()
        try:
            driver = _driver(conn)
            with driver.pipeline():  # with BEGIN in one trip; what is sought sees what was committed before the head
                head = driver.execute(f"SELECT seq, region FROM {self.tables.head.name} FOR UPDATE".encode())
                keys = None if sought is None else driver.execute(_SEQS_OF, _bound(sought))
            row = head.fetchone()
            assert row is not None
            found = None if keys is None else [seq for (seq,) in keys]
        except BaseException:
            self._give_up(conn)
            raise
        return Headed(conn, row[0], row[1], found)

    def _give_up(self, conn: Connection) -> None:
        """Roll back; a connection that cannot is let go."""
        try:
            driver = _driver(conn)
            driver.rollback()
            conn.rollback()
            lost = driver.closed
        except Exception:
            lost = True
        if lost:
            self._writer = None
            with suppress(Exception):
                conn.invalidate()
            with suppress(Exception):
                conn.close()

    def lock_head(self, conn: Connection) -> tuple[int, int]:
        head = self.tables.head
        seq, region = conn.execute(select(head.c.seq, head.c.region).with_for_update()).one()
        return seq, region

    def seqs_of(self, conn: Connection, sought: Sought) -> list[int]:
        if is_fork(sought.timeline):
            return super().seqs_of(conn, sought)
        return [seq for (seq,) in _driver(conn).execute(_SEQS_OF, _bound(sought))]

    def rows_by_key(
        self, conn: Connection, codec: RowCodec[Any], timeline: str, keys: Collection[str]
    ) -> Iterable[Sequence[Any]]:
        return _driver(conn).execute(_rows_by_key(codec.table, codec.names, codec.key), (timeline, list(keys)))

    def among(self, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
        return column == any_(literal(list(values), ARRAY(column.type)))

    def insert(self, conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        names, rows = with_points(table, columns, rows)
        listed = ", ".join(f'"{name}"' for name in names)
        with (
            _driver(conn).cursor() as cursor,
            cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types([copy_type(table.c[name].type) for name in names])
            write = copy.write_row
            for row in rows:
                write(row)

    def replace(
        self, conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]],
        where: Mapping[str, str], key: str, known: Collection[str],
    ) -> None:  # fmt: skip
        if known:
            self.remove(conn, table, where, key, known)
        self.insert(conn, table, columns, rows)

    def put(self, conn: Connection, writes: Sequence[Write], records: int, seq: int, then: Then) -> None:
        """Few rows go as one statement, which is answered once; many by COPY, each table a trip of its own."""
        driver = _driver(conn)
        if records > FEW:
            self.save(conn, writes)
            writes = ()
        statement, values = at_once(writes, self.tables.head.name, seq, CHANNEL, self._me)
        with driver.pipeline():
            psycopg.RawCursor(driver).execute(statement, values)
            end = driver.execute(_THEN[then]) if then else None
        if then == "commit" and end is not None and end.statusmessage != "COMMIT":
            raise psycopg.OperationalError(f"the server answered {end.statusmessage} to COMMIT")

    def savepoint(self, conn: Connection) -> None:
        _driver(conn).execute(_THEN["savepoint"])

    def back_to_savepoint(self, conn: Connection) -> None:
        _driver(conn).execute("ROLLBACK TO SAVEPOINT turn")
        self.rolled_back()

    def intact(self, conn: Connection) -> bool:
        return _driver(conn).info.transaction_status == TransactionStatus.INTRANS

    def rolled_back(self) -> None:
        self._partitions.clear()

    def time_in(self, t: datetime) -> datetime:
        return t

    def time_in_row(self, t: datetime) -> int:
        """COPY takes a timestamptz as PostgreSQL keeps it: microseconds since 2000."""
        d = t - PG_EPOCH
        return (d.days * 86_400 + d.seconds) * 1_000_000 + d.microseconds

    def time_out(self, value: datetime) -> datetime:
        return value.astimezone(UTC)

    def document_in_row(self, body: bytes) -> bytes:
        return JSONB_VERSION + body

    def record_columns(self) -> list[ColumnElement[Any]]:
        record = self.tables.record
        return [*(record.c[name] for name in RECORD_COLUMNS[:-1]), cast(record.c.payload, Text)]

    def prepare_partitions(self, conn: Connection, received_at: datetime, track_times: Iterable[datetime]) -> None:
        month = received_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        wanted = {f"record_{month:%Y_%m}": (month, (month + timedelta(days=32)).replace(day=1))}
        for day in {t.date() for t in track_times}:
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            wanted[f"track_{day:%Y_%m_%d}"] = (start, start + timedelta(days=1))
        missing = wanted.keys() - self._partitions
        if not missing:
            return
        # Only what was there before this transaction is remembered: what it makes may yet be rolled back.
        there = {
            name
            for (name,) in conn.execute(
                text(
                    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                    "WHERE i.inhparent IN ('record'::regclass, 'track'::regclass)"
                )
            )
        }
        self._partitions = there
        days = sum(name.startswith("track_") for name in there)
        for name in sorted(missing - there):
            parent = name.split("_", 1)[0]
            if parent == "track":
                if days >= MAX_TRACK_DAYS:
                    continue
                days += 1
            start, end = wanted[name]
            conn.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {parent} "
                    f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
                )
            )

    def ring_others(self, conn: Connection) -> None:
        _driver(conn).execute("SELECT pg_notify(%s, %s)", [CHANNEL, self._me])

    def watch(self) -> None:
        with self._listen_lock:
            if self._listener is None and not self._stop.is_set():
                self._listener = Thread(target=self._listen, name="gridcommand-doorbell", daemon=True)
                self._listener.start()

    def _listen(self) -> None:
        """Ring for other processes' commits; connect again, with patience, when the connection is lost."""
        url = make_url(self.engine.url).set(drivername="postgresql").render_as_string(hide_password=False)
        wait = 0.5
        while not self._stop.is_set():
            try:
                with psycopg.connect(url, autocommit=True, **_CONNECT) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.bell.ring()  # something may have been committed while nobody listened
                    wait = 0.5
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=0.5, stop_after=1):
                            if notice.payload != self._me:
                                self.bell.ring()
            except psycopg.Error as error:
                log.warning("doorbell: lost (%s); again in %.1f s", str(error).splitlines()[:1], wait)
                self._stop.wait(wait)
                wait = min(wait * 2, 5.0)

    def close(self) -> None:
        self._stop.set()
        with self._listen_lock:
            listener = self._listener
        if listener is not None:
            listener.join()
        with suppress(StoreUnavailable), self.turns.alone():
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        shut(self.engine)


# What every command asks for, written out: to have SQLAlchemy put such a query together takes longer than it does.
_SEQS_OF = b"SELECT seq FROM record_key WHERE timeline = %s AND source = %s AND source_id = ANY(%s)"


def _bound(sought: Sought) -> tuple[str, str, list[str]]:
    return sought.timeline, sought.source, list(sought.ids)


@cache
def _rows_by_key(table: Table, names: tuple[str, ...], key: str) -> bytes:
    listed = ", ".join(f'"{name}"' for name in names)
    return f'SELECT {listed} FROM {table.name} WHERE timeline = %s AND "{key}" = ANY(%s)'.encode()


def _driver(conn: Connection) -> psycopg.Connection[Any]:
    """The driver's own connection under SQLAlchemy's: for COPY, and for several statements in one trip."""
    return conn.connection.driver_connection  # type: ignore[return-value]
