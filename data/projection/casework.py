"""Casework: moves of cases, merged incidents, and documents that were decided at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from data import casework
from data.projection.changes import Changes
from data.projection.commands import release
from data.projection.incident import Incident
from data.projection.tables import Document
from data.records import IncidentMerged, IncidentMoved, IncidentState, Kind, Record

DOCUMENTS = frozenset({Kind.RULE, Kind.BOOKMARK, Kind.SCENE})
"""Kinds of records that are kept whole, by id, at their latest version."""


def _moved(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, IncidentMoved)
    incident = out.incident(payload.incident)
    incident.command(record, payload.actor)
    incident.case = casework.moved(incident.case, record.at, payload)
    if payload.phase is IncidentState.CLOSED:
        if casework.closes(payload):
            incident.closed(record.at)
            release(out, incident, record, payload.actor)
        return
    if incident.cmd_closed_at is not None:
        incident.reopened(record.at)
    if payload.phase is IncidentState.OPEN:
        if payload.before not in ("", payload.step) and not _attended(out, incident):
            incident.withdrawn(record.at)
    elif payload.phase is IncidentState.DISPATCHED:
        incident.dispatched(record.at)
    elif payload.phase is IncidentState.ON_SCENE:
        incident.arrived(record.at)


def _attended(out: Changes, incident: Incident) -> bool:
    """Whether a unit is on its way to it or there."""
    return any(out.unit(id).incident == incident.id for id in incident.cmd_units)


def _merged(out: Changes, record: Record) -> None:
    """The child leaves at the merge; its parents, the new one and the one it had, know their children."""
    payload = record.payload
    assert isinstance(payload, IncidentMerged)
    child = out.incident(payload.incident)
    before = None if child.case is None else child.case.parent
    child.command(record, payload.actor)
    child.case = casework.merged(child.case, payload.into)
    child.merged(None if payload.into is None else record.at)
    for id in {before, payload.into} - {None, child.id}:
        assert id is not None
        parent = out.incident(id)
        parent.command(record, payload.actor)
        change = casework.with_child if id == payload.into else casework.without_child
        parent.case = change(parent.case, child.id)
        out.mentions.append((id, record.seq or 0))


def _document(out: Changes, record: Record) -> None:
    """The highest version counts, at equal versions the later `at`, then the later seq."""
    held = out.documents.get((record.kind, record.source_id))
    if held is None or (record.version, record.at) >= (held.version, held.at):
        out.documents[record.kind, record.source_id] = Document(
            record.kind, record.source_id, record.at, record.version, record.payload, record.seq or 0
        )


APPLY: Mapping[Kind, Callable[[Changes, Record], None]] = {
    Kind.INCIDENT_MOVED: _moved,
    Kind.INCIDENT_MERGED: _merged,
    **dict.fromkeys(DOCUMENTS, _document),
}
