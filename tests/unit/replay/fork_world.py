"""A morning in the towns of `exercise_world`, as real work that is over: who was sent where, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from data.records import (
    EventPayload,
    IncidentDispatched,
    Kind,
    Record,
    SiteStatusPayload,
    UnitStatus,
    UnitStatusPayload,
)
from tests.unit.replay.exercise_world import master

DAY = datetime(2026, 7, 1, tzinfo=UTC)
END = DAY + timedelta(hours=6)
NOW = DAY + timedelta(days=3)
WEST, EAST = (120.005, 33.005), (120.035, 33.005)


def at(minute: float) -> datetime:
    return DAY + timedelta(minutes=minute)


def called(id: str, minute: float, place: tuple[float, float], **fields: object) -> Record:
    payload = EventPayload(category="0501", incident=id, severity=1, title=id, times={"received": at(minute)}, **fields)
    return Record(Kind.EVENT, "119", id, at(minute), payload, *place)


def sent(id: str, unit: str, minute: float, *, turnout: float = 1, travel: float = 5, work: float = 30) -> list[Record]:
    """A desk sends a unit; its terminal tells the rest. Minutes."""
    order = IncidentDispatched(incident=id, units=(unit,), actor="zhao")
    records = [Record(Kind.INCIDENT_DISPATCHED, "desk", f"d-{id}-{unit}", at(minute), order)]
    when = minute
    steps = ((UnitStatus.EN_ROUTE, turnout), (UnitStatus.ON_SCENE, travel), (UnitStatus.AVAILABLE, work))
    for status, after in steps:
        when += after
        about = None if status is UnitStatus.AVAILABLE else id
        payload = UnitStatusPayload(unit=unit, status=status, incident=about, actor=f"terminal:{unit}")
        records.append(Record(Kind.UNIT_STATUS, "cad", f"{id}-{unit}-{status}", at(when), payload))
    return records


def history() -> list[Record]:
    """F1 stands in the west, F2 in the east; history sent the far one to three of four calls."""
    records = [
        *master(),
        *[called("X0", -30, WEST), *sent("X0", "A1", -28, work=60)],  # still at work at the beginning
        *[called("X1", 10, EAST), *sent("X1", "F1", 12, travel=9)],
        *[called("X2", 80, WEST), *sent("X2", "F2", 81, travel=8, work=20)],
        *[called("X3", 130, EAST), *sent("X3", "F2", 131, turnout=2, travel=3)],
        *[called("X4", 200, WEST), *sent("X4", "F2", 203, travel=7)],
        called("X5", 215, EAST),  # nobody was sent
        Record(Kind.SITE_STATUS, "video", "s", at(40), SiteStatusPayload(site="C1", online=False)),
        Record(Kind.UNIT_STATUS, "cad", "off", at(250), UnitStatusPayload(unit="F2", status=UnitStatus.OUT_OF_SERVICE)),
    ]
    return sorted(records, key=lambda record: (record.at, record.source_id))
