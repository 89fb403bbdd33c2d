"""The tables. One description for both stores; what differs (geometry, JSON, partitions) is decided by `dialect`.

The log is `record` and `track`; `record_key` holds the identities. The projections (`PROJECTIONS`) can be thrown away
and computed again from the log; nothing else can.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

Dialect = Literal["sqlite", "postgresql"]

PROJECTIONS = ("incident", "unit", "site", "feed", "contact", "document", "mention")
"""Names of the tables that `rebuild` empties and computes again."""


@dataclass(frozen=True)
class Tables:
    """All tables of one dialect."""

    metadata: MetaData
    head: Table
    record: Table
    track: Table
    record_key: Table
    pruned: Table
    incident: Table
    unit: Table
    site: Table
    feed: Table
    contact: Table
    document: Table
    mention: Table
    level: Table
    area: Table
    basemap: Table
    dead_letter: Table
    dead_letter_count: Table

    def projection(self, name: str) -> Table:
        return self.metadata.tables[name]


def build_tables(dialect: Dialect) -> Tables:
    """The tables as `dialect` holds them: times are timestamptz or integer microseconds since 1970 (UTC), documents
    JSONB or JSON text, points a PostGIS geometry (SRID 4326) beside lon and lat or just lon and lat."""
    pg = dialect == "postgresql"
    meta = MetaData()
    instant: TypeEngine[Any] = DateTime(timezone=True) if pg else BigInteger()
    document: TypeEngine[Any] = Text()
    if pg:
        from geoalchemy2 import Geometry
        from sqlalchemy.dialects.postgresql import JSONB

        document = JSONB()
    holds = {id(instant): "time", id(document): "document"}
    # In SQLite only INTEGER PRIMARY KEY is the row's own number; BIGINT would cost a second index.
    number: TypeEngine[Any] = BigInteger() if pg else Integer()

    def col(name: str, kind: TypeEngine[Any], *, null: bool = False) -> Column[Any]:
        return Column(name, kind, nullable=null, info={"holds": holds.get(id(kind), "")})

    def point() -> list[Column[Any]]:
        return [col("lon", Double(), null=True), col("lat", Double(), null=True)]

    def geom(kind: str = "POINT") -> list[Column[Any]]:
        return [Column("geom", Geometry(kind, 4326, spatial_index=True), nullable=True)] if pg else []

    def key(*names: str) -> list[Column[Any]]:
        return [Column(name, Text(), primary_key=True, nullable=False) for name in names]

    def table(name: str, *parts: SchemaItem, **options: Any) -> Table:
        return Table(name, meta, *parts, **options)

    def only(where: Any) -> dict[str, Any]:
        """An index of these rows alone."""
        return {f"{dialect}_where": where}

    cell = BigInteger()
    head = table(
        "log_head",
        Column("id", Integer(), primary_key=True, autoincrement=False),
        col("seq", BigInteger()),
        col("region", BigInteger()),
    )
    # A partitioned table's unique keys must contain the partition key, so (timeline, source, source_id, version)
    # cannot be unique here: record_key holds it for both stores.
    record = table(
        "record",
        Column("seq", number, primary_key=True, autoincrement=False),
        col("timeline", Text()),
        col("kind", Text()),
        col("source", Text()),
        col("source_id", Text()),
        col("version", Integer()),
        col("at", instant),
        Column("received_at", instant, primary_key=pg, nullable=False),
        *point(),
        col("cell", cell, null=True),
        col("area", Text(), null=True),
        col("incident", Text(), null=True),
        col("payload", document),
        *geom(),
        **({"postgresql_partition_by": "RANGE (received_at)"} if pg else {}),
    )
    # Nothing here asks the log by cell or area. A server's log is open to other programs, which do; the embedded file
    # is not, and each index costs every record.
    for name in ("at", "cell", "area", "incident") if pg else ("at", "incident"):
        Index(f"ix_record_{name}", record.c[name])
    # Commands are few among events, and who looks for them should not read the events. It costs an event nothing.
    Index(
        "ix_record_others",
        record.c.timeline,
        record.c.kind,
        record.c.seq,
        **only(text("kind <> 'event'")),
    )
    track = table(
        "track",
        Column("seq", number, primary_key=True, autoincrement=False),
        col("timeline", Text()),
        col("source", Text()),
        col("source_id", Text()),
        col("version", Integer()),
        col("unit", Text()),
        Column("at", instant, primary_key=pg, nullable=False),
        col("received_at", instant),
        *point(),
        col("cell", cell, null=True),
        col("area", Text(), null=True),
        col("speed_kmh", Double(), null=True),
        col("bearing", Double(), null=True),
        *geom(),
        **({"postgresql_partition_by": "RANGE (at)"} if pg else {}),
    )
    Index(
        "ux_track_identity",
        *(track.c[name] for name in ("timeline", "source", "source_id", "version", "at")),
        unique=True,
    )
    Index("ix_track_unit", track.c.timeline, track.c.unit, track.c["at"])
    Index("ix_track_area", track.c.timeline, track.c.area, track.c["at"])
    if pg:
        Index("ix_track_cell", track.c.cell)
    record_key = table(
        "record_key",
        *key("timeline", "source", "source_id"),
        Column("version", Integer(), primary_key=True, autoincrement=False),
        col("seq", BigInteger()),
        col("incident", Text(), null=True),
        **({} if pg else {"sqlite_with_rowid": False}),
    )
    # Positions that were deleted by age, counted so that a rebuilt feed still knows how many it ever sent.
    pruned = table("pruned", *key("timeline", "source"), col("n", BigInteger()))
    present = record_key.c.incident.is_not(None)
    Index(
        "ix_record_key_incident",
        record_key.c.timeline,
        record_key.c.incident,
        **only(present),
    )
    incident = table(
        "incident",
        *key("timeline", "id"),
        col("opened_at", instant, null=True),
        col("dispatched_at", instant, null=True),
        col("arrived_at", instant, null=True),
        col("closed_at", instant, null=True),
        col("category", Text()),
        col("severity", Integer()),
        col("title", Text()),
        col("title_en", Text()),
        col("address", Text()),
        col("source", Text()),
        *point(),
        col("cell", cell, null=True),
        col("area", Text(), null=True),
        col("units", document),
        col("rows", Integer()),
        col("last_actor", Text()),
        col("seq", BigInteger()),
        # The rest but `case` is what the projector needs to go on from here: which row leads, which gave the point, and
        # what commands alone have said (rows of events are read again when one of them is corrected).
        col("lead_at", instant, null=True),
        col("lead_source", Text(), null=True),
        col("lead_id", Text(), null=True),
        col("point_at", instant, null=True),
        col("point_source", Text(), null=True),
        col("point_id", Text(), null=True),
        col("cmd_dispatched_at", instant, null=True),
        col("cmd_arrived_at", instant, null=True),
        col("cmd_closed_at", instant, null=True),
        col("cmd_units", document),
        col("actor_at", instant, null=True),
        col("case", document, null=True),  # casework as data/case_json.py writes it, NULL while it has none
        # What rows alone say of the closing, when a move last took a closing back, when it became part of another, and
        # which of the units sent were called back.
        col("src_closed_at", instant, null=True),
        col("reopened_at", instant, null=True),
        col("merged_at", instant, null=True),
        col("recalled", document),
        # What rows alone say of the sending, and when a move last took the sending back.
        col("src_dispatched_at", instant, null=True),
        col("src_arrived_at", instant, null=True),
        col("withdrawn_at", instant, null=True),
    )
    Index("ix_incident_seq", incident.c.timeline, incident.c.seq)
    unit = table(
        "unit",
        *key("timeline", "id"),
        col("name", Text()),
        col("name_en", Text()),
        col("kind", Text()),
        col("skills", document),
        col("duty_area", Text(), null=True),
        col("status", Text()),
        col("status_at", instant, null=True),
        col("status_actor", Text()),
        col("incident", Text(), null=True),
        *point(),
        col("position_at", instant, null=True),
        col("bearing", Double(), null=True),
        col("simulated", Boolean()),
        col("seq", BigInteger()),
        col("master_at", instant, null=True),
        col("master_version", Integer()),
        col("status_seq", BigInteger()),
    )
    Index("ix_unit_seq", unit.c.timeline, unit.c.seq)
    site = table(
        "site",
        *key("timeline", "id"),
        col("kind", Text()),
        col("name", Text()),
        col("name_en", Text()),
        *point(),
        col("bearing", Double(), null=True),
        col("fov", Double(), null=True),
        col("online", Boolean()),
        col("status_at", instant, null=True),
        col("area", Text(), null=True),
        col("attrs", document),
        col("seq", BigInteger()),
        col("master_at", instant, null=True),
        col("master_version", Integer()),
    )
    Index("ix_site_seq", site.c.timeline, site.c.seq)
    feed = table(
        "feed",
        *key("timeline", "id"),
        col("name", Text()),
        col("name_en", Text()),
        col("rhythm_s", Double(), null=True),
        col("areas", Boolean()),
        col("simulated", Boolean()),
        col("last_at", instant, null=True),
        col("last_received_at", instant, null=True),
        col("accepted", BigInteger()),
        col("seq", BigInteger()),
        col("master_at", instant, null=True),
        col("master_version", Integer()),
    )
    contact = table("contact", *key("timeline", "area"), col("last_at", instant), col("seq", BigInteger()))

    held = table(
        "document",
        *key("timeline", "kind", "id"),
        col("at", instant),
        col("version", Integer()),
        col("payload", document),
        col("seq", BigInteger()),
    )
    # Records that are about a second incident besides the one that `record.incident` names: a merge, about its parent.
    mention = table(
        "mention",
        *key("timeline", "incident"),
        Column("seq", BigInteger(), primary_key=True, autoincrement=False),
    )

    level = table("level", Column("position", Integer(), primary_key=True, autoincrement=False), col("name", Text()))
    area = table(
        "area",
        *key("code"),
        col("name", Text()),
        col("name_en", Text()),
        col("level", Text()),
        col("parent", Text(), null=True),
        col("attrs", document),
        Column("geom", Geometry("GEOMETRY", 4326, spatial_index=True), nullable=False)
        if pg
        else Column("geom", LargeBinary(), nullable=False),
    )
    basemap = table("basemap", *key("layer"), col("body", LargeBinary()))

    dead_letter = table(
        "dead_letter",
        Column("id", number, primary_key=True, autoincrement=True),
        col("source", Text()),
        col("reason", Text()),
        col("message", Text()),
        col("body", LargeBinary()),
        col("size", Integer()),
        col("received_at", instant),
    )
    Index("ix_dead_letter_reason", dead_letter.c.source, dead_letter.c.reason, dead_letter.c.id)
    Index("ix_dead_letter_size", dead_letter.c.id, dead_letter.c.size)
    dead_letter_count = table("dead_letter_count", *key("source", "reason"), col("n", BigInteger()))
    return Tables(
        meta, head, record, track, record_key, pruned, incident, unit, site, feed, contact, held, mention,
        level, area, basemap, dead_letter, dead_letter_count,
    )  # fmt: skip


@cache
def tables_of(dialect: Dialect) -> Tables:
    """Built once per process: the tables are values, not connections."""
    return build_tables(dialect)
