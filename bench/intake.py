"""Durable intake into PostGIS at batches of 1,000: records in, committed and flushed to disk.

Contestants, taking turns batch by batch in one run, each into a database of its own on one server with fsync on, all
starting from the same records and writing the same tables with the same indexes:

- ours         `store.append`: checks, stamps, duplicates, log and projections
- ours, log    the same without projections: what the two below do, and duplicates found besides
- core         SQLAlchemy Core insertmany of the stamped records
- orm          SQLAlchemy ORM add_all of the stamped records

Then the embedded store with its projections, for scale. "x core" is the median of the batches' ratios. The target is
ours, log >= 1.8 x core.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session, registry

from data import codec, turns
from data.clock import SystemClock
from data.locate import locator_of
from data.open_store import open_store
from data.postgis import PostgisStore
from data.projection import Changes
from data.records import EventPayload, Kind, Record
from data.sql_store import SqlStore
from data.transaction import StoredTransaction, stamps_of
from geo.area import Region
from tests.postgis_server import PostgisServer

T0 = datetime(2026, 5, 1, tzinfo=UTC)


def records(n: int, seed: int) -> list[Record]:
    """Tickets of an invented hotline, spread over a district."""
    draw = random.Random(seed)
    return [
        Record(
            Kind.EVENT,
            "hotline",
            f"T-{seed}-{i}",
            T0 + timedelta(seconds=i),
            EventPayload(
                category=f"{i % 13:02d}.{i % 131:03d}",
                severity=1 + i % 4,
                title="路灯不亮，影响夜间通行",
                address=f"解放路 {i % 900} 号",
                times={"received": T0 + timedelta(seconds=i)},
                attrs={"channel": "12345", "visits": i % 5},
            ),
            121.4 + draw.random() / 5,
            31.1 + draw.random() / 5,
        )
        for i in range(n)
    ]


class LogOnly(PostgisStore):
    """Our store without projections."""


class LogTransaction(StoredTransaction):
    """What it is appended with."""

    def _folded(self, *_: Any, **__: Any) -> list[Changes]:
        return []


def transaction(store: SqlStore, *args: Any) -> StoredTransaction:
    return (LogTransaction if isinstance(store, LogOnly) else StoredTransaction)(store, *args)


class Plain:
    """What one would write without us: the same rows as dictionaries, through Core or the ORM."""

    def __init__(self, store: SqlStore, *, orm: bool) -> None:
        self.store, self.orm, self.seq = store, orm, 0
        self.locate = locator_of(Region((), ()))
        tables = store.tables
        mapper = registry()
        self.record_class = type("RecordRow", (), {})
        self.key_class = type("KeyRow", (), {})
        mapper.map_imperatively(self.record_class, tables.record, primary_key=[tables.record.c.seq])
        mapper.map_imperatively(self.key_class, tables.record_key)
        with store.write() as conn:
            store.prepare_partitions(conn, store.clock.now(), ())

    def append(self, batch: list[Record]) -> None:
        now = self.store.clock.now()
        rows: list[dict[str, Any]] = []
        keys: list[dict[str, Any]] = []
        for record, (cell, area) in zip(batch, stamps_of(batch, self.locate), strict=True):
            self.seq += 1
            incident = codec.about_incident(record)
            key = {
                "seq": self.seq,
                "timeline": record.timeline,
                "source": record.source,
                "source_id": record.source_id,
                "version": record.version,
                "incident": incident,
            }
            keys.append(key)
            rows.append(
                {
                    **key,
                    "kind": record.kind.value,
                    "at": record.at,
                    "received_at": now,
                    "lon": record.lon,
                    "lat": record.lat,
                    "cell": cell,
                    "area": area,
                    "payload": record.payload.model_dump(mode="json"),
                    "geom": f"SRID=4326;POINT({record.lon} {record.lat})",
                }
            )
        tables, engine = self.store.tables, self.store.engine  # type: ignore[attr-defined]
        if self.orm:
            with Session(engine) as session, session.begin():
                session.add_all([_filled(self.record_class, row) for row in rows])
                session.add_all([_filled(self.key_class, key) for key in keys])
                session.flush()
                session.execute(update(tables.head).values(seq=self.seq))
        else:
            with engine.begin() as conn:
                conn.execute(insert(tables.record), rows)
                conn.execute(insert(tables.record_key), keys)
                conn.execute(update(tables.head).values(seq=self.seq))


def _beside_core(rates: dict[str, list[float]], name: str) -> list[float]:
    """How many times as fast as core, batch by batch: what slows the machine for a while slows both."""
    return [a / b for a, b in zip(rates[name], rates["core"], strict=True)]


def _filled(cls: type[Any], row: dict[str, Any]) -> Any:
    made = cls()
    for name, value in row.items():
        setattr(made, name, value)
    return made


def contestants(server: PostgisServer, folder: Path) -> Iterator[tuple[str, SqlStore, Callable[[list[Record]], Any]]]:
    clock = SystemClock()
    ours = open_store(server.url("ours"), clock)
    yield "ours", ours, ours.append
    opened = open_store(server.url("log"), clock)
    assert isinstance(opened, PostgisStore)
    log_only = LogOnly(opened.engine, clock)
    yield "ours, log", log_only, log_only.append
    core = open_store(server.url("core"), clock)
    yield "core", core, Plain(core, orm=False).append
    orm = open_store(server.url("orm"), clock)
    yield "orm", orm, Plain(orm, orm=True).append
    embedded = open_store(f"sqlite:///{folder / 'bench.db'}", clock)
    yield "sqlite", embedded, embedded.append


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.intake", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batches", type=int, default=4, help="batches per round")
    parser.add_argument("--batch", type=int, default=1000)
    args = parser.parse_args()
    turns.StoredTransaction = transaction  # type: ignore[misc, assignment]
    server = PostgisServer(durable=True)
    with tempfile.TemporaryDirectory(prefix="gridcommand-bench-") as folder:
        opened = list(contestants(server, Path(folder)))
        try:
            rates: dict[str, list[float]] = {name: [] for name, _, _ in opened}
            used: dict[str, list[float]] = {name: [] for name, _, _ in opened}
            warm = args.batches  # batches that warm caches and make partitions
            for n in range(warm + args.rounds * args.batches):
                batch = records(args.batch, n)
                for name, _, append in opened[n % len(opened) :] + opened[: n % len(opened)]:
                    start, cpu = perf_counter(), process_time()
                    append(batch)
                    took, cpu = perf_counter() - start, process_time() - cpu
                    if n >= warm:
                        rates[name].append(args.batch / took)
                        used[name].append(cpu / args.batch)
            print(f"batch {args.batch}, {args.rounds * args.batches} batches; records/s, median (quartiles)")
            for name, found in rates.items():
                low, middle, high = statistics.quantiles(found, n=4)
                cpu = statistics.median(used[name]) * 1e6
                times = statistics.median(_beside_core(rates, name))
                print(
                    f"{name:10} {middle:9,.0f}  ({low:,.0f}..{high:,.0f})  {times:5.2f} x core   "
                    f"processor {cpu:6.1f} us each"
                )
            low, middle, high = statistics.quantiles(_beside_core(rates, "ours, log"), n=4)
            print(
                f"ours, log : core of the same batch, median (quartiles): {middle:.2f} ({low:.2f}..{high:.2f}), >= 1.8"
            )
            counts = {name: store.head() for name, store, _ in opened}
            assert len(set(counts.values())) == 1, counts
        finally:
            for _, store, _ in opened:
                store.close()
            server.close()


if __name__ == "__main__":
    main()
