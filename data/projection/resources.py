"""Units and sites: their master data, statuses and positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from data.projection.changes import Changes
from data.projection.tables import takes
from data.records import (
    Kind,
    Record,
    SitePayload,
    SiteStatusPayload,
    UnitPayload,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)

IDLE = (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE)


def _unit(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, UnitPayload)
    unit = out.unit(record.source_id)
    if not takes(unit, record):
        return
    unit.name, unit.name_en, unit.kind = payload.name, payload.name_en, payload.unit_kind
    unit.skills, unit.duty_area, unit.simulated = list(payload.skills), payload.area, payload.simulated
    unit.changed(record.seq or 0)
    if record.lon is not None and unit.position_at is None:
        unit.lon, unit.lat = record.lon, record.lat


def _unit_status(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, UnitStatusPayload)
    unit = out.unit(payload.unit)
    if payload.status in IDLE:
        bound = None  # whatever it was on: closing that must not bring back a unit that is out of service
    else:
        bound = payload.incident or unit.incident  # under way, on scene: a terminal seldom repeats for whom
    unit.set_status(payload.status, record.at, payload.actor, bound, record.seq or 0)
    if payload.incident is not None:
        incident = out.incident(payload.incident)
        on_it = payload.unit in incident.cmd_units and payload.unit not in incident.recalled
        left = payload.status in IDLE and payload.unit in incident.recalled  # it confirms that it was called back
        if not on_it and not left:
            incident.add_units((payload.unit,))
            incident.touch(record.seq)
        if payload.status is UnitStatus.ON_SCENE:  # a terminal's word that its unit is there
            incident.arrived(record.at)
            incident.touch(record.seq)


def _unit_position(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, UnitPosition)
    unit = out.unit(payload.unit)
    if unit.position_at is not None and record.at < unit.position_at:
        return
    unit.lon, unit.lat, unit.position_at = record.lon, record.lat, record.at
    unit.bearing, unit.seq = payload.bearing, record.seq or 0


def _site(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, SitePayload)
    site = out.site(record.source_id)
    if not takes(site, record):
        return
    site.kind, site.name, site.name_en = payload.site_kind, payload.name, payload.name_en
    site.lon, site.lat, site.area = record.lon, record.lat, record.area
    site.bearing, site.fov, site.attrs = payload.bearing, payload.fov, dict(payload.attrs)
    site.seq = record.seq or 0
    if site.status_at is None or record.at >= site.status_at:
        site.online, site.status_at = payload.online, record.at


def _site_status(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, SiteStatusPayload)
    site = out.site(payload.site)
    if site.status_at is None or record.at >= site.status_at:
        site.online, site.status_at, site.seq = payload.online, record.at, record.seq or 0


APPLY: Mapping[Kind, Callable[[Changes, Record], None]] = {
    Kind.UNIT: _unit,
    Kind.UNIT_STATUS: _unit_status,
    Kind.UNIT_POSITION: _unit_position,
    Kind.SITE: _site,
    Kind.SITE_STATUS: _site_status,
}
