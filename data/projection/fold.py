"""Folds a batch of records into the rows it changes: loads what it touches, then applies record by record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from data.projection import casework, commands, resources
from data.projection.changes import Changes, DocumentKey, EventKey, EventLookup, Lookup
from data.projection.events import merge_events
from data.projection.feeds import MUTE, describe_feed, hear
from data.records import (
    EventPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Record,
    SiteStatusPayload,
    UnitPosition,
    UnitStatusPayload,
    incident_of,
)

_APPLY: Mapping[Kind, Callable[[Changes, Record], None]] = {
    **resources.APPLY,
    **commands.APPLY,
    **casework.APPLY,
    Kind.FEED: describe_feed,
}


def fold(timeline: str, records: list[Record], lookup: Lookup) -> Changes:
    """The rows that `records` (new, of one timeline, stamped, in seq order) change."""
    out = Changes(timeline)
    touched = _touched(records)
    versions = _load(out, touched, lookup)
    if touched.events:
        merge_events(out, records, versions, lookup)
    for record in records:
        apply = _APPLY.get(record.kind)
        if apply is not None:
            apply(out, record)
        if record.kind not in MUTE:
            hear(out, record)
    return out


def fold_one(out: Changes, record: Record, lookup: EventLookup) -> None:
    """What one record alone changes, on an `out` that finds rows when it is asked for them: nothing is loaded before.
    Who was heard from is left out."""
    if record.kind is Kind.EVENT:
        versions = lookup.event_versions({(record.source, record.source_id)})
        merge_events(out, [record], versions, lookup)
        return
    apply = _APPLY.get(record.kind)
    if apply is not None:
        apply(out, record)


@dataclass(slots=True)
class _Touched:
    """Ids that a batch names, by table."""

    incidents: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    feeds: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)
    """Incidents whose units matter: they are closed, or are back where nobody was sent."""
    merged: set[str] = field(default_factory=set)
    events: set[EventKey] = field(default_factory=set)
    documents: set[DocumentKey] = field(default_factory=set)


def _touched(records: list[Record]) -> _Touched:
    found = _Touched()
    incidents, units, feeds, areas, events = found.incidents, found.units, found.feeds, found.areas, found.events
    for record in records:
        payload = record.payload
        if record.kind not in MUTE:
            feeds.add(record.source)
        elif record.kind is Kind.FEED:
            feeds.add(record.source_id)
        if record.area is not None and record.kind is not Kind.SITE:
            areas.add(record.area)
        if isinstance(payload, EventPayload):
            incidents.add(incident_of(record))
            events.add((record.source, record.source_id))
        elif isinstance(payload, UnitPosition):
            units.add(payload.unit)
        elif isinstance(payload, UnitStatusPayload):
            units.add(payload.unit)
            if payload.incident is not None:
                incidents.add(payload.incident)
        elif isinstance(payload, (IncidentDispatched, IncidentRecalled)):
            incidents.add(payload.incident)
            units.update(payload.units)
        elif isinstance(payload, IncidentArrived):
            incidents.add(payload.incident)
            units.add(payload.unit)
        elif isinstance(payload, IncidentClosed):
            incidents.add(payload.incident)
            found.leaving.add(payload.incident)
        elif isinstance(payload, IncidentMoved):
            incidents.add(payload.incident)
            if payload.phase in (IncidentState.CLOSED, IncidentState.OPEN):
                found.leaving.add(payload.incident)
        elif isinstance(payload, IncidentMerged):
            incidents.update({payload.incident, payload.into or payload.incident})
            found.merged.add(payload.incident)
        elif isinstance(payload, SiteStatusPayload):
            found.sites.add(payload.site)
        elif record.kind is Kind.UNIT:
            units.add(record.source_id)
        elif record.kind is Kind.SITE:
            found.sites.add(record.source_id)
        elif record.kind in casework.DOCUMENTS:
            found.documents.add((record.kind, record.source_id))
    return found


def _load(out: Changes, touched: _Touched, lookup: Lookup) -> dict[EventKey, tuple[int, str]]:
    """Bring in the rows that the batch touches. Returns the versions of its event rows known before."""
    versions = lookup.event_versions(touched.events) if touched.events else {}
    wanted = touched.incidents
    wanted.update(incident for _, incident in versions.values())
    if wanted:
        out.incidents = {row.id: row for row in lookup.incidents(wanted)}
    parents: set[str] = set()
    for id in touched.merged:
        held = out.incidents.get(id)
        if held is not None and held.case is not None and held.case.parent is not None:
            parents.add(held.case.parent)
    if parents := parents - wanted:
        out.incidents.update((row.id, row) for row in lookup.incidents(parents))
    units = touched.units
    for id in touched.leaving:
        if id in out.incidents:
            units.update(out.incidents[id].cmd_units)
    if units:
        out.units = {row.id: row for row in lookup.units(units)}
    if touched.sites:
        out.sites = {row.id: row for row in lookup.sites(touched.sites)}
    out.feeds = {row.id: row for row in lookup.feeds(touched.feeds)}
    if touched.areas:
        out.contacts = {row.area: row for row in lookup.contacts(touched.areas)}
    if touched.documents:
        out.documents = {(row.kind, row.id): row for row in lookup.documents(touched.documents)}
    out.known = {
        "incident": set(out.incidents),
        "unit": set(out.units),
        "site": set(out.sites),
        "feed": set(out.feeds),
        "contact": set(out.contacts),
    }
    return versions
