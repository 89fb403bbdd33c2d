"""The schema that the migrations make is the one the models describe; partitions and geometry on PostgreSQL."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from data.clock import ManualClock
from data.models import build_tables
from data.open_store import open_store
from data.records import EventPayload, Kind, Record, UnitPosition
from data.sqlite import SqliteStore

T0 = datetime(2026, 5, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


def event(id: str, lon: float = 121.5, lat: float = 31.2) -> Record:
    return Record(Kind.EVENT, "s", id, T0, EventPayload(category="c"), lon, lat)


def position(id: str, at: datetime) -> Record:
    return Record(Kind.UNIT_POSITION, "gps", id, at, UnitPosition(unit="U"), 121.5, 31.2)


def test_migrations_make_what_the_models_describe(store):
    def ours(name: str | None, kind: str, parents: object) -> bool:
        """Not partitions (the parent describes them), PostGIS's own tables or GeoAlchemy2's indexes on geometry."""
        if kind == "table":
            return name in store.tables.metadata.tables
        return not (kind == "index" and str(name).startswith("idx_"))

    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "include_name": ours})
        differences = compare_metadata(context, build_tables(store.dialect).metadata)
    differences = [d for d in differences if not (d[0] == "remove_index" or "idx_" in str(getattr(d[1], "name", "")))]
    assert differences == []


def test_the_embedded_schema_is_the_models_to_the_letter(tmp_path):
    migrated = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(T0))
    described = create_engine(f"sqlite:///{tmp_path / 'b.db'}")
    assert isinstance(migrated, SqliteStore)
    query = text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND sql IS NOT NULL ORDER BY name")
    try:
        build_tables("sqlite").metadata.create_all(described)
        with migrated.engine.connect() as a, described.connect() as b:
            left, right = ([(name, " ".join(sql.split())) for name, sql in c.execute(query)] for c in (a, b))
        assert left == right
        assert left
    finally:
        migrated.close()
        described.dispose()


def _partitions(store, parent: str) -> list[str]:
    with store.read() as conn:
        rows = conn.execute(
            text(
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                "WHERE i.inhparent = CAST(:parent AS regclass) ORDER BY 1"
            ),
            {"parent": parent},
        )
        return [name for (name,) in rows]


@pytest.fixture
def postgis(postgis_url, clock):
    store = open_store(postgis_url, clock)
    yield store
    store.close()


@pytest.mark.postgis
def test_partitions_are_made_when_first_needed_and_hold_what_belongs_to_them(postgis, clock):
    postgis.append([event("a"), position("p1", T0), position("p2", T0 + timedelta(hours=23, minutes=59))])
    clock.advance(40 * 86_400)
    postgis.append([event("b"), position("p3", T0 + timedelta(days=1))])
    assert _partitions(postgis, "record") == ["record_2026_05", "record_2026_06"]
    assert _partitions(postgis, "track") == ["track_2026_05_01", "track_2026_05_02", "track_default"]
    with postgis.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM record_2026_06")).scalar_one() == 1
        assert conn.execute(text("SELECT count(*) FROM track_2026_05_01")).scalar_one() == 2
    assert [r.source_id for r in postgis.read_after(0)] == ["a", "p1", "p2", "b", "p3"]


@pytest.mark.postgis
def test_a_partition_of_a_transaction_that_failed_is_made_again(postgis):
    with pytest.raises(RuntimeError), postgis.transact() as tx:  # noqa: PT012
        tx.append([event("a"), position("p", T0)])
        raise RuntimeError
    assert _partitions(postgis, "record") == []
    assert postgis.append([event("a"), position("p", T0)]).accepted == 2


@pytest.mark.postgis
def test_absurd_track_times_go_to_the_default_partition(postgis, monkeypatch):
    monkeypatch.setattr("data.postgis.MAX_TRACK_DAYS", 5)
    days = [position(f"p{i}", T0 + timedelta(days=30 * i)) for i in range(12)]
    assert postgis.append(days).accepted == 12
    assert postgis.append(days).duplicates == 12
    assert len(_partitions(postgis, "track")) <= 6
    assert len(postgis.read_after(0)) == 12


@pytest.mark.postgis
def test_points_are_geometry_with_an_index(postgis):
    postgis.append([event("in", 121.5, 31.2), event("out", 10.0, 50.0), position("p", T0)])
    with postgis.read() as conn:
        for table, found in (("record", ["in"]), ("track", ["p"])):
            rows = conn.execute(
                text(
                    f"SELECT source_id FROM {table} "
                    "WHERE ST_Intersects(geom, ST_MakeEnvelope(121, 31, 122, 32, 4326)) ORDER BY seq"
                )
            )
            assert [id for (id,) in rows] == found
            kinds = conn.execute(text("SELECT indexdef FROM pg_indexes WHERE tablename = :t"), {"t": table})
            assert any("USING gist" in definition for (definition,) in kinds)


@pytest.mark.postgis
def test_every_connection_plans_by_values_and_gives_up_on_what_hangs(postgis):
    """A plan made without looking at the ids scans the whole key index: ten times slower at 10,000 records."""
    with postgis.read() as a, postgis.write() as b:
        for conn in (a, b):
            settings = {name: conn.execute(text(f"SHOW {name}")).scalar_one() for name in SETTINGS}
            assert settings == SETTINGS


SETTINGS = {
    "plan_cache_mode": "force_custom_plan",
    "statement_timeout": "1min",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "1min",
    "TimeZone": "UTC",
}

CRASH = """
import sys
from datetime import UTC, datetime
from data.clock import SystemClock
from data.open_store import open_store
from data.records import EventPayload, Kind, Record
store = open_store(sys.argv[1], SystemClock())
n = int(sys.argv[2])
while True:
    at, payload = datetime(2026, 5, 1, tzinfo=UTC), EventPayload(category="c")
    store.append([Record(Kind.EVENT, "s", f"{n}-{k}", at, payload) for k in range(7)])
    print(n, flush=True)
    n += 1
"""


def test_a_process_killed_in_the_middle_loses_and_doubles_nothing(store, store_url):
    acknowledged: list[int] = []
    for _ in range(3):
        first = acknowledged[-1] + 1 if acknowledged else 0
        with subprocess.Popen(
            [sys.executable, "-c", CRASH, store_url, str(first)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                acknowledged.append(int(line))
                if len(acknowledged) % 9 == 0:
                    process.send_signal(signal.SIGKILL)
                    break
            acknowledged += [int(line) for line in process.stdout.read().split()]
    kept = [r.source_id for r in store.read_after(0)]
    assert len(kept) == len(set(kept)) == store.head()
    assert {f"{n}-{k}" for n in acknowledged for k in range(7)} <= set(kept)
    assert len(kept) % 7 == 0  # a batch is there whole or not at all
    assert len(store.snapshot().incidents) == len(kept)


def test_a_store_moves_by_copying_its_file(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(T0))
    store.append([event("a")])
    store.close()
    shutil.copy(tmp_path / "a.db", tmp_path / "b.db")  # the WAL is folded in when the last connection closes
    copy = open_store(f"sqlite:///{tmp_path / 'b.db'}", ManualClock(T0))
    assert copy.head() == 1
    copy.close()


@pytest.mark.postgis
def test_acknowledged_means_on_disk_on_a_server_that_is_set_to_be_quicker_than_that(postgis_url):
    admin = create_engine(postgis_url)
    try:
        with admin.begin() as conn:
            name = conn.execute(text("SELECT current_database()")).scalar_one()
            conn.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    finally:
        admin.dispose()
    store = open_store(postgis_url, ManualClock(T0))
    try:
        for _ in range(2):  # a new connection, then one from the pool
            with store.write() as conn:
                assert conn.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    finally:
        store.close()
