"""Records and views of a store that its tests share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shapely.geometry import MultiPolygon, box
from sqlalchemy import select

from data.models import PROJECTIONS
from data.records import (
    EventPayload,
    IncidentDispatched,
    Kind,
    Record,
    UnitPosition,
)
from geo.area import Area, Region

T0 = datetime(2026, 5, 1, 8, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def event(
    id: str,
    minutes: float = 0,
    *,
    version: int = 0,
    source: str = "hotline",
    lon=121.5,
    lat=31.2,
    timeline="live",
    **payload,
) -> Record:
    body = EventPayload(**{"category": "lamp", "incident": id, **payload})
    return Record(Kind.EVENT, source, id, at(minutes), body, lon, lat, version, timeline)


def command(kind: Kind, payload, minutes: float, id: str) -> Record:
    return Record(kind, "desk", id, at(minutes), payload)


def dispatched(incident: str, units: tuple[str, ...], minutes: float, id: str = "d1") -> Record:
    return command(
        Kind.INCIDENT_DISPATCHED, IncidentDispatched(incident=incident, units=units, actor="wang"), minutes, id
    )


def position(unit: str, minutes: float, lon: float = 121.5, lat: float = 31.2, id: str | None = None) -> Record:
    return Record(
        Kind.UNIT_POSITION,
        "gps",
        id or f"{unit}@{minutes}",
        at(minutes),
        UnitPosition(unit=unit, bearing=90.0),
        lon,
        lat,
    )


def incidents(store, timeline="live"):
    return {row.id: row for row in store.snapshot(timeline).incidents}


def units(store):
    return {row.id: row for row in store.snapshot().units}


def tables(store) -> dict[str, list[tuple]]:
    """All projection tables, row by row, as the database holds them."""
    found = {}
    with store.read() as conn:
        for name in PROJECTIONS:
            table = store.tables.projection(name)
            found[name] = [tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key.columns))]
    return found


REGION = Region.of(
    ("town", "grid"),
    [
        Area("T", "镇", "town", box(121, 31, 122, 32), None, "Town", {"population": 12}),
        Area("T1", "西格", "grid", box(121, 31, 121.5, 32), "T"),
        Area("T2", "东格", "grid", MultiPolygon([box(121.5, 31, 122, 32)]), "T"),
    ],
)
