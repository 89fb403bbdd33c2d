"""A store of an earlier schema is brought to the newest with everything it holds."""

from __future__ import annotations

import gc
import json
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, insert, select, text

from data.codec import micros
from data.errors import Misconfigured
from data.migrate import MIGRATIONS
from data.models import build_tables
from data.open_store import open_store
from data.records import (
    EventPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    Kind,
    Record,
    UnitPayload,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from tests.contract.store.samples import tables

T0 = datetime(2026, 5, 1, tzinfo=UTC)
NEW_COLUMNS = (
    "case",
    "src_closed_at",
    "reopened_at",
    "merged_at",
    "recalled",
    "status_seq",
    "src_dispatched_at",
    "src_arrived_at",
    "withdrawn_at",
)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def event(id: str, incident: str, version: int = 0, **times: datetime) -> Record:
    return Record(
        Kind.EVENT, "s", id, at(0), EventPayload(category="c", incident=incident, times=times), version=version
    )


def closed(incident: str, minutes: float) -> Record:
    return Record(
        Kind.INCIDENT_CLOSED, "desk", f"c:{incident}", at(minutes), IncidentClosed(incident=incident, actor="w")
    )


def sent(incident: str, unit: str, minutes: float) -> Record:
    payload = IncidentDispatched(incident=incident, units=(unit,), actor="w")
    return Record(Kind.INCIDENT_DISPATCHED, "desk", f"d:{unit}", at(minutes), payload)


def drove(unit: str, minutes: float) -> Record:
    return Record(Kind.UNIT_POSITION, "gps", unit, at(minutes), UnitPosition(unit=unit), 121.5, 31.2)


def named(unit: str, minutes: float) -> Record:
    return Record(Kind.UNIT, "cad", unit, at(minutes), UnitPayload(name=f"unit {unit}", unit_kind="ambulance"))


def status(unit: str, minutes: float) -> Record:
    payload = UnitStatusPayload(unit=unit, status=UnitStatus.OUT_OF_SERVICE)
    return Record(Kind.UNIT_STATUS, "cad", f"{unit}:{minutes}", at(minutes), payload)


RECORDS = [
    event("r1", "open", dispatch=at(2), on_scene=at(3)),
    event("r2", "by-source", dispatch=at(1), closed=at(3.25)),
    event("r3", "by-desk"),
    named("released", 0),
    sent("by-desk", "released", 2),
    Record(Kind.INCIDENT_ARRIVED, "desk", "a", at(3), IncidentArrived(incident="by-desk", unit="late", actor="w")),
    closed("by-desk", 4),
    drove("released", 5),
    drove("released", 6),
    sent("by-desk", "later", 3.5),  # told of after the closing
    drove("later", 5),
    drove("late", 6),
    named("late", 7),
    drove("nobody", 1),
    status("off", 3),
    status("off", 2),
    named("off", 2),
    drove("off", 4),
    named("off", 1),
    event("r4", "by-both", closed=at(5)),
    event("r5", "by-both", closed=at(4)),
    event("r6", "by-both", closed=at(9)),
    event("r6", "elsewhere", 1, closed=at(9)),  # corrected: no longer a row of "by-both"
    closed("by-both", 8),
    event("r7", "late-source", closed=at(30)),
    closed("late-source", 8),
    sent("open", "U", 1),
    drove("U", 2),
]


@pytest.fixture
def old_store(bare_store_url: str, clock, tmp_path) -> str:
    """The URL of a store at revision 0002, holding what a store of today would hold but for what is new since."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = create_engine(bare_store_url)
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0002")
    donor = open_store(f"sqlite:///{tmp_path / 'donor.db'}", clock)
    donor.append(RECORDS)
    now = build_tables(engine.dialect.name)
    embedded = engine.dialect.name == "sqlite"
    try:
        with donor.read() as source, engine.begin() as conn:
            if not embedded:
                conn.execute(
                    text(
                        "CREATE TABLE record_2026_05 PARTITION OF record "
                        "FOR VALUES FROM ('2026-05-01T00:00Z') TO ('2026-06-01T00:00Z')"
                    )
                )
            for name in ("record", "record_key", "track", "incident", "unit", "feed"):
                table = now.metadata.tables[name]
                columns = [c for c in donor.tables.metadata.tables[name].columns if c.name not in NEW_COLUMNS]
                rows = [dict(row._mapping) for row in source.execute(select(*columns))]
                if not embedded:
                    rows = [{key: _pg(table.c[key], value) for key, value in row.items()} for row in rows]
                conn.execute(insert(table), rows)
            conn.execute(text(f"UPDATE log_head SET seq = {donor.head()}"))
    finally:
        donor.close()
        engine.dispose()
    return bare_store_url


def _pg(column, value):
    kind = type(column.type).__name__
    if value is None:
        return None
    if kind == "DateTime":
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    return json.loads(value) if kind == "JSONB" else value


def test_an_older_store_is_what_a_rebuild_makes_of_its_log(old_store, clock):
    store = open_store(old_store, clock)
    try:
        before = tables(store)
        assert len(before["incident"]) == 6
        assert store.incident("by-both").closed_at == at(8)
        store.rebuild()
        assert tables(store) == before
        column = [c.name for c in store.tables.incident.columns].index("src_closed_at")
        said = {row[1]: row[column] for row in before["incident"]}
        seqs = {row.id: (row.seq, row.status_seq) for row in store.snapshot().units}
        assert seqs["released"] == (9, 7), "freed by the closing, then driven on"
        assert seqs["later"] == (11, 10), "a command that comes late is what freed it"
        assert seqs["nobody"] == (14, 0)
        assert seqs["off"] == (18, 17)
        expected = {
            "open": None, "by-source": at(3.25), "by-desk": None, "by-both": at(5), "elsewhere": at(9),
            "late-source": at(30),
        }  # fmt: skip
        if store.dialect == "sqlite":
            expected = {id: None if t is None else micros(t) for id, t in expected.items()}
        assert said == expected
    finally:
        store.close()


def test_an_older_store_takes_casework_after_the_upgrade(old_store, clock):
    store = open_store(old_store, clock)
    try:
        before = len(store.read_after(0))
        store.append([event("r9", "new")])
        assert store.head() == before + 1
        assert store.incident("new").case is None
    finally:
        store.close()


@pytest.mark.parametrize("named", [False, True])
def test_a_store_whose_incidents_lack_their_source_is_refused_with_the_way_out(old_store, clock, named):
    """But not one whose source itself names incidents like its rows."""
    engine = create_engine(old_store)
    without = "payload - 'incident'" if engine.dialect.name == "postgresql" else "json_remove(payload, '$.incident')"
    with engine.begin() as conn:
        if named:
            without = without.replace("json_remove", "json_set").replace("'$.incident'", "'$.incident', 'r1'")
            without = without.replace("payload - 'incident'", """payload || '{"incident": "r1"}'""")
        conn.execute(text(f"UPDATE record SET incident = source_id, payload = {without} WHERE source_id = 'r1'"))
    engine.dispose()
    if named:
        open_store(old_store, clock).close()
        return
    for _ in range(2):  # and it stays as it was
        with pytest.raises(Misconfigured, match="without their source; import its files into a new store"):
            open_store(old_store, clock)
        gc.collect()  # a connection left open would be complained of here
