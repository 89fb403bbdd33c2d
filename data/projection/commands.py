"""Commands on an incident and its units: sent, arrived, called back, closed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from data.projection.changes import Changes
from data.projection.incident import Incident
from data.projection.tables import Unit
from data.records import (
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentRecalled,
    Kind,
    Record,
    UnitStatus,
)

_Command = IncidentDispatched | IncidentArrived | IncidentClosed | IncidentRecalled


def _dispatched(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, IncidentDispatched)
    incident = _commanded(out, record, payload)
    incident.dispatched(record.at)
    _bind(out, incident, record, payload.units, UnitStatus.DISPATCHED, payload.actor)


def _arrived(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, IncidentArrived)
    incident = _commanded(out, record, payload)
    incident.arrived(record.at)
    _bind(out, incident, record, (payload.unit,), UnitStatus.ON_SCENE, payload.actor)


def _closed(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, IncidentClosed)
    incident = _commanded(out, record, payload)
    incident.closed(record.at)
    release(out, incident, record, payload.actor)


def _recalled(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, IncidentRecalled)
    incident = _commanded(out, record, payload)
    incident.recall_units(payload.units)
    for id in payload.units:
        unit = out.unit(id)
        if unit.incident == incident.id:
            unit.set_status(UnitStatus.AVAILABLE, record.at, payload.actor, None, record.seq or 0)


def _commanded(out: Changes, record: Record, payload: _Command) -> Incident:
    """The incident of a command, which notes who gave it."""
    incident = out.incident(payload.incident)
    incident.command(record, payload.actor)
    return incident


def _bind(
    out: Changes, incident: Incident, record: Record, units: Collection[str], status: UnitStatus, actor: str
) -> None:
    """Units are on the incident from now on, unless it was closed by then."""
    incident.add_units(units)
    for id in units:
        unit = out.unit(id)
        unit.set_status(status, record.at, actor, incident.id, record.seq or 0)
        _release_late(unit, incident, record)


def release(out: Changes, incident: Incident, record: Record, actor: str) -> None:
    """Units that are still on a closed incident are available again."""
    for id in incident.cmd_units:
        unit = out.unit(id)
        if unit.incident == incident.id:
            unit.set_status(UnitStatus.AVAILABLE, record.at, actor, None, record.seq or 0)


def _release_late(unit: Unit, incident: Incident, record: Record) -> None:
    """A command that arrives after its incident's later close must not bind the unit again."""
    closed = incident.cmd_closed_at
    if closed is not None and closed >= record.at and unit.incident == incident.id:
        unit.set_status(UnitStatus.AVAILABLE, closed, unit.status_actor, None, record.seq or 0)


APPLY: Mapping[Kind, Callable[[Changes, Record], None]] = {
    Kind.INCIDENT_DISPATCHED: _dispatched,
    Kind.INCIDENT_ARRIVED: _arrived,
    Kind.INCIDENT_CLOSED: _closed,
    Kind.INCIDENT_RECALLED: _recalled,
}
