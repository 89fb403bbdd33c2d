"""What SQLite and PostGIS do alike: the log, its projections, the region and the dead letters, over SQLAlchemy Core.

Every writer takes the head first (`_write`), so writers go one after the other, seqs are 1, 2, 3, ... in commit order,
and a reader that has seen seq n has seen everything up to n (docs/decisions/0003).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, func, select, update

from data import codec, inherited, scan
from data.clock import Clock
from data.codec import TRACK_COLUMNS
from data.dead_letters import DeadLetters
from data.doorbell import Doorbell
from data.exercise import refused_on
from data.failures import translated
from data.forks import begin, remove
from data.lineage import beginning, belongs, belongs_key, first_seq, fork_names, is_fork, parts_of
from data.locate import locator_of
from data.models import PROJECTIONS, Dialect, tables_of
from data.moment import moment
from data.plain_columns import PlainEvents
from data.plain_rows import PlainBatch
from data.projection import fold
from data.projection_io import ProjectionIO
from data.pruning import add_pruned, prune
from data.records import LIVE, Kind, Record
from data.region_tables import RegionTables
from data.rows import RowCodec, Write
from data.store import (
    Appended,
    DeadLetter,
    DocumentRow,
    Fact,
    IncidentRow,
    Locator,
    Opened,
    Pruned,
    Snapshot,
    Transaction,
    UnitRow,
)
from data.stored_lookup import StoredLookup
from data.transaction import Batch, Headed, Sought, Then, appended
from data.turns import Turns
from geo.area import Region

REBUILD_CHUNK = 5_000


class SqlStore(ABC):
    """Base of both stores. Subclasses say how to connect, to insert in bulk, to ring and to listen."""

    dialect: Dialect
    shares_commits = False
    """Whether writers that queue share a commit, each behind a savepoint."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tables = tables_of(self.dialect)
        self.bell = Doorbell()
        self.io = ProjectionIO(self)
        self.letters = DeadLetters(self)
        self.regions = RegionTables(self)
        self.turns = Turns(self)
        self._locator: tuple[int, Locator] = (0, locator_of(Region((), ())))
        self._locator_lock = Lock()

    # --- what the two stores do differently --------------------------------------------------------------------

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """A connection that sees one state of the store from its first query to its last."""

    @abstractmethod
    def write(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction that commits at the end, or rolls back."""

    @abstractmethod
    def lock_head(self, conn: Connection) -> tuple[int, int]:
        """Take the head for this transaction: (highest seq, version of the region)."""

    @abstractmethod
    def among(self, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
        """`column` is one of `values`, with one bound parameter however many there are."""

    @abstractmethod
    def insert(self, conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert new rows in bulk; values as `time_in_row` and `document_in_row` make them."""

    def remove(self, conn: Connection, table: Table, where: Mapping[str, str], key: str, ids: Iterable[str]) -> None:
        """Delete the rows in which these columns have these values and `key` is one of `ids`."""
        these = [table.c[name] == value for name, value in where.items()]
        conn.execute(delete(table).where(*these, self.among(table.c[key], ids)))

    @contextmanager
    def headed(self, sought: Sought | None = None) -> Iterator[Headed]:
        """`write` with the head taken. What is sought is looked up where that costs no trip of its own."""
        with self.write() as conn:
            yield Headed(conn, *self.lock_head(conn), None)

    def put(self, conn: Connection, writes: Sequence[Write], records: int, seq: int, then: Then) -> None:
        """Write rows that so many records made, and the head; ring others when it commits."""
        self.save(conn, writes)
        conn.execute(update(self.tables.head).values(seq=seq))
        self.ring_others(conn)

    def save(self, conn: Connection, writes: Iterable[Write]) -> None:
        """Write rows of any number."""
        for write in writes:
            if write.key is None:
                self.insert(conn, write.table, write.columns, write.rows)
            else:
                self.replace(conn, write.table, write.columns, write.rows, write.where, write.key, write.known)

    def savepoint(self, conn: Connection) -> None:
        """Where `back_to_savepoint` goes back to, of a store whose writers share commits."""
        raise NotImplementedError

    def back_to_savepoint(self, conn: Connection) -> None:
        raise NotImplementedError

    def intact(self, conn: Connection) -> bool:
        """Whether the transaction can go on: no statement of it has failed."""
        return True

    def rolled_back(self) -> None:
        """What a transaction made may not be there."""
        return

    @abstractmethod
    def replace(
        self, conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]],
        where: Mapping[str, str], key: str, known: Collection[str],
    ) -> None:  # fmt: skip
        """Write whole rows over those of `where` whose `key` is `known`, beside the others."""

    @abstractmethod
    def time_in(self, t: datetime) -> Any:
        """A time as a query's parameter."""

    @abstractmethod
    def time_in_row(self, t: datetime) -> Any:
        """A time as `insert` takes it."""

    def times_in_row(self, times: list[int]) -> list[Any]:
        """Times, microseconds since 1970, as `insert` takes them."""
        return [self.time_in_row(codec.instant(t)) for t in times]

    @abstractmethod
    def time_out(self, value: Any) -> datetime:
        """A stored time as an aware UTC datetime."""

    @abstractmethod
    def document_in_row(self, body: bytes) -> Any:
        """JSON bytes as `insert` takes them."""

    @abstractmethod
    def record_columns(self) -> list[ColumnElement[Any]]:
        """RECORD_COLUMNS to select, the payload as JSON text."""

    @abstractmethod
    def prepare_partitions(self, conn: Connection, received_at: datetime, track_times: Iterable[datetime]) -> None:
        """Make sure that rows with these times have a place."""

    @abstractmethod
    def ring_others(self, conn: Connection) -> None:
        """Tell other processes, when this transaction commits."""

    @abstractmethod
    def watch(self) -> None:
        """Start noticing other processes' commits, once."""

    @abstractmethod
    def close(self) -> None: ...

    # --- the log -----------------------------------------------------------------------------------------------

    def append(self, records: Sequence[Record]) -> Appended:
        """Append in one transaction; returns after commit. Raises BadRecord before anything is written."""
        return self.append_each([records])[0]

    def append_each(self, groups: Sequence[Sequence[Record]]) -> list[Appended]:
        """Append several groups in one transaction and say what became of each. One bad record refuses them all."""
        batch = self.prepare([record for group in groups for record in group])
        if not batch.records:
            return [Appended((), 0) for _ in groups]
        with self.turns.turn(LIVE, "append") as transaction:
            seqs = transaction.append_batch(batch)
        done, at = [], 0
        for group in groups:
            done.append(appended(seqs[at : at + len(group)]))
            at += len(group)
        return done

    def append_plain(self, events: PlainEvents) -> Appended:
        if not len(events):
            return Appended((), 0)
        batch = PlainBatch(events, *self._locator)
        with self.turns.turn(LIVE, "append") as transaction:
            return transaction.append_plain(batch)

    def transact(
        self, timeline: str = LIVE, sought: tuple[str, Sequence[str]] | None = None
    ) -> AbstractContextManager[Transaction]:
        names = None if sought is None else Sought(timeline, sought[0], tuple(sought[1]))
        return self.turns.turn(timeline, "transact", names)

    def prepare(self, records: Sequence[Record]) -> Batch:
        """Check and stamp outside the lock, with the region known so far. Raises BadRecord."""
        return Batch(records, *self._locator)

    def head(self) -> int:
        with translated("head"), self.read() as conn:
            return self.head_of(conn)

    def head_of(self, conn: Connection) -> int:
        return int(conn.execute(select(self.tables.head.c.seq)).scalar_one())

    def read_after(
        self, seq: int, *, limit: int = 10_000, timeline: str | None = None, positions: bool = True
    ) -> list[Record]:
        record, track = self.tables.record, self.tables.track
        logged = select(*self.record_columns()).where(record.c.seq > seq).order_by(record.c.seq).limit(limit)
        tracks = select(*self.track_columns()).where(track.c.seq > seq).order_by(track.c.seq).limit(limit)
        if timeline is not None:
            logged = logged.where(record.c.timeline == timeline)
            tracks = tracks.where(track.c.timeline == timeline)
        with translated("read_after"), self.read() as conn:
            found = self.records_of(conn, logged)
            moved = self.tracks_of(conn, tracks) if positions else []
        if not moved:
            return found
        merged = sorted([*found, *moved], key=lambda r: r.seq or 0) if found else moved
        return merged[:limit]

    def incident(self, id: str, timeline: str = LIVE) -> IncidentRow | None:
        with translated("incident"), self.read() as conn:
            return self.io.incident(conn, timeline, id)

    def timeline_of(self, incident: str, timeline: str = LIVE) -> list[Record]:
        with translated("timeline_of"), self.read() as conn:
            return self.life(conn, incident, timeline)

    def life(self, conn: Connection, incident: str, timeline: str) -> list[Record]:
        """Records that name the incident first, and those that mention it: merges of others into it."""
        record, mention = self.tables.record, self.tables.mention
        parts = parts_of(self, conn, timeline)
        own = belongs(self, record, parts)
        named = select(*self.record_columns()).where(record.c.incident == incident, own)
        life = self.records_of(conn, named.order_by(record.c.seq))
        mine = (mention.c.incident == incident) & self.among(mention.c.timeline, {part.timeline for part in parts})
        seqs = [seq for (seq,) in conn.execute(select(mention.c.seq).where(mine))]
        if seqs:
            mentions = select(*self.record_columns()).where(self.among(record.c.seq, seqs), own)
            life = sorted([*life, *self.records_of(conn, mentions)], key=lambda r: r.seq or 0)
        return life

    def units(self, timeline: str = LIVE) -> list[UnitRow]:
        with translated("units"), self.read() as conn:
            return self.io.unit_rows(conn, timeline)

    def documents(self, kind: Kind, timeline: str = LIVE) -> list[DocumentRow]:
        with translated("documents"), self.read() as conn:
            return self.io.documents(conn, timeline, kind)

    def scan(
        self,
        kinds: Collection[Kind],
        timeline: str = LIVE,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        by_incident: bool = False,
        with_unit: bool = False,
    ) -> Iterator[Fact]:
        rest = [kind for kind in kinds if kind is not Kind.EVENT]
        with translated("scan"), self.read() as conn:
            if Kind.EVENT in kinds:
                yield from scan.events(self, conn, timeline, start, end, by_incident=by_incident, with_unit=with_unit)
            if rest:
                yield from scan.others(self, conn, timeline, rest)

    def latest(self, timeline: str, *, after: int = 0, without: Collection[Kind] = ()) -> tuple[datetime, int] | None:
        with translated("latest"), self.read() as conn:
            return scan.latest(self, conn, timeline, after, without)

    def opened_by(self, t: datetime, timeline: str = LIVE) -> list[Opened]:
        with translated("opened_by"), self.read() as conn:
            return scan.opened_by(self, conn, timeline, t)

    def records_of(self, conn: Connection, query: Select[Any]) -> list[Record]:
        out = self.time_out
        return [codec.record_from_row((*row[:6], out(row[6]), out(row[7]), *row[8:])) for row in conn.execute(query)]

    def tracks_of(self, conn: Connection, query: Select[Any]) -> list[Record]:
        out = self.time_out
        return [codec.track_from_row((*row[:6], out(row[6]), out(row[7]), *row[8:])) for row in conn.execute(query)]

    def records_by_seq(self, conn: Connection, seqs: Iterable[int]) -> list[Record]:
        record = self.tables.record
        return self.records_of(conn, select(*self.record_columns()).where(self.among(record.c.seq, seqs)))

    def seqs_of(self, conn: Connection, sought: Sought) -> list[int]:
        """The seqs of what a source has in the log under these ids (positions aside), inherited ones among them."""
        key = self.tables.record_key
        own = key.c.timeline == sought.timeline
        if is_fork(sought.timeline):
            own = belongs_key(self, key, parts_of(self, conn, sought.timeline))
        mine = and_(own, key.c.source == sought.source)
        return list(conn.scalars(select(key.c.seq).where(mine, self.among(key.c.source_id, sought.ids))))

    def rows_by_key(
        self, conn: Connection, codec: RowCodec[Any], timeline: str, keys: Collection[str]
    ) -> Iterable[Sequence[Any]]:
        """The projected rows of a table with these keys, columns as the codec reads them."""
        table = codec.table
        return conn.execute(
            select(*codec.columns).where(table.c.timeline == timeline, self.among(table.c[codec.key], keys))
        )

    def track_columns(self) -> list[ColumnElement[Any]]:
        return [self.tables.track.c[name] for name in TRACK_COLUMNS]

    # --- projections -------------------------------------------------------------------------------------------

    def snapshot(self, timeline: str = LIVE, unsettled_since: datetime | None = None) -> Snapshot:
        with translated("snapshot"), self.read() as conn:
            return self.io.snapshot(conn, self.head_of(conn), 0, timeline, unsettled_since)

    def changed_since(self, seq: int, timeline: str = LIVE) -> Snapshot:
        """As `snapshot`, but only the rows that a record after `seq` changed: how a reader follows corrections."""
        with translated("snapshot"), self.read() as conn:
            head = self.head_of(conn)
            return self.io.snapshot(conn, head, seq, timeline)

    def unsettled(self, since: datetime, timeline: str = LIVE) -> tuple[int, list[IncidentRow]]:
        with translated("unsettled"), self.read() as conn:
            return self.head_of(conn), self.io.unsettled(conn, timeline, since)

    def moment(self, t: datetime, timeline: str = LIVE) -> Snapshot:
        return moment(self, t, timeline)

    # --- forks -------------------------------------------------------------------------------------------------

    def fork(self, record: Record) -> Record:
        with self.turns.turn(record.timeline, "fork") as tx:
            return begin(self, tx, record)

    def forks(self) -> list[Record]:
        with translated("forks"), self.read() as conn:
            found = [beginning(self, conn, name) for name in fork_names(self, conn)]
        return sorted((each for each in found if each is not None), key=lambda each: each.seq or 0)

    def first_seq(self, timeline: str) -> int | None:
        with translated("first_seq"), self.read() as conn:
            return first_seq(self, conn, timeline)

    def delete_timeline(self, timeline: str) -> int:
        with translated("delete_timeline"), self.turns.alone(), self.write() as conn:
            seq, _ = self.lock_head(conn)
            gone = remove(self, conn, timeline)
            # It takes a seq, as every writer does: rows that other processes have in hand are of before.
            conn.execute(update(self.tables.head).values(seq=seq + 1))
            self.ring_others(conn)
        self.bell.ring()
        return gone

    def rebuild(self) -> int:
        """Compute all projections again from the log, in one transaction. Returns the records read."""
        with translated("rebuild"), self.turns.alone(), self.write() as conn:
            head, version = self.lock_head(conn)
            # Rows that other processes hold in hand, and the states of their screens, are of before: all are read anew.
            conn.execute(update(self.tables.head).values(region=version + 1))
            count = self._rebuild(conn, head)
            self.ring_others(conn)
        self.bell.ring()
        return count

    def _rebuild(self, conn: Connection, head: int) -> int:
        for name in PROJECTIONS:
            conn.execute(delete(self.tables.projection(name)))
        record, track = self.tables.record, self.tables.track
        for first in range(1, head + 1, REBUILD_CHUNK):
            last = first + REBUILD_CHUNK - 1
            logged = select(*self.record_columns()).where(record.c.seq.between(first, last)).order_by(record.c.seq)
            tracks = select(*self.track_columns()).where(track.c.seq.between(first, last)).order_by(track.c.seq)
            records = [*self.records_of(conn, logged), *self.tracks_of(conn, tracks)]
            records.sort(key=lambda r: r.seq or 0)
            for some in _from_forks(records):
                for timeline, part in _by_timeline(some).items():
                    if part[0].kind is Kind.FORK:
                        self.save(conn, self.io.writes(inherited.changed_rows(self, conn, part[0])))
                    before = some[0].seq or first
                    changes = fold(timeline, part, StoredLookup(self, conn, timeline, before, None))
                    self.save(conn, self.io.writes(changes))
        add_pruned(self, conn)
        return head

    def prune_positions(self, received_before: datetime, *, after: int = 0, limit: int = 5_000) -> Pruned:
        with translated("prune_positions"), self.write() as conn:
            self.lock_head(conn)
            return prune(self, conn, received_before, after, limit)

    # --- region ------------------------------------------------------------------------------------------------

    def region(self) -> Region:
        with translated("region"), self.read() as conn:
            return self.regions.shared(conn)

    def region_version(self) -> int:
        """Grows with every `put_level` and `rebuild`."""
        with translated("region_version"), self.read() as conn:
            return int(conn.execute(select(self.tables.head.c.region)).scalar_one())

    def put_level(self, region: Region) -> None:
        with translated("put_level"), self.turns.alone(), self.write() as conn:
            head, version = self.lock_head(conn)
            self.regions.save(conn, region)
            conn.execute(update(self.tables.head).values(region=version + 1))
            changed = self.regions.restamp(conn, locator_of(region))
            if changed:
                self._rebuild(conn, head)
            self.ring_others(conn)
        self.bell.ring()

    def put_basemap(self, layer: str, geojson: bytes) -> None:
        with translated("put_basemap"), self.write() as conn:
            self.lock_head(conn)
            self.regions.save_basemap(conn, layer, geojson)

    def basemap(self, layer: str) -> bytes | None:
        with translated("basemap"), self.read() as conn:
            return self.regions.basemap(conn, layer)

    def locator(self, conn: Connection, version: int) -> Locator:
        """The locator of the stored region; loaded again when another process has put another one."""
        with self._locator_lock:
            cached = self._locator
        if cached[0] == version:
            return cached[1]
        made = locator_of(self.regions.load(conn))
        with self._locator_lock:
            self._locator = (version, made)
        return made

    # --- dead letters ------------------------------------------------------------------------------------------

    def rejected(self, conn: Connection, timeline: str = LIVE) -> dict[str, int]:
        """Source -> how much of it was refused, as far as that is told on a timeline."""
        letters = self.tables.dead_letter_count
        counted = select(letters.c.source, func.sum(letters.c.n)).group_by(letters.c.source)
        return {source: int(n) for source, n in conn.execute(counted) if refused_on(source, timeline)}

    def add_dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        self.letters.add(letters)

    def dead_letters(self, *, source: str | None = None, limit: int = 100) -> list[DeadLetter]:
        return self.letters.newest(source, limit)

    def dead_letter_counts(self) -> dict[tuple[str, str], int]:
        return self.letters.counts()

    # --- life --------------------------------------------------------------------------------------------------

    def ping(self) -> None:
        self.head()

    def subscribe(self, ring: Callable[[], None]) -> Callable[[], None]:
        unsubscribe = self.bell.subscribe(ring)
        self.watch()
        return unsubscribe


def _from_forks(records: list[Record]) -> Iterator[list[Record]]:
    """The records in order, cut where a fork begins: it inherits what was projected by then."""
    some: list[Record] = []
    for record in records:
        if record.kind is Kind.FORK and some:
            yield some
            some = []
        some.append(record)
    if some:
        yield some


def _by_timeline(records: list[Record]) -> dict[str, list[Record]]:
    parts: dict[str, list[Record]] = {}
    for record in records:
        parts.setdefault(record.timeline, []).append(record)
    return parts
