"""One incident as it stood at a past moment: its records until then, folded by the projector that made the tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from data.errors import NotFound
from data.projection import Contact, Document, EventKey, Feed, Incident, Site, Unit, fold
from data.projection.changes import DocumentKey
from data.projection_io import incident_row
from data.records import LIVE, EventPayload, Record
from data.store import IncidentRow
from layers.log_rows import CLOSED


def until(records: Iterable[Record], t: datetime) -> list[Record]:
    """What these records (of one incident) had said by `t`, as known now.

    Of an event row the latest version counts, and of its lifecycle only what had happened: a source sends one row that
    says when everything was.
    """
    latest: dict[EventKey, Record] = {}
    others: list[Record] = []
    for record in records:
        if isinstance(record.payload, EventPayload):
            key = (record.source, record.source_id)
            if key not in latest or latest[key].version <= record.version:
                latest[key] = record
        else:
            others.append(record)
    ends = [at for record in latest.values() if (at := _closed(record)) is not None]
    # Closed is an incident at the last closing of its rows: until then the earlier ones have ended nothing.
    open_still = bool(ends) and max(ends) > t
    found = [_happened(record, t, open_still) for record in (*latest.values(), *others) if record.at <= t]
    return sorted(found, key=lambda record: record.seq or 0)


def incident_at(id: str, records: Sequence[Record], timeline: str = LIVE) -> IncidentRow:
    """The incident that these records make. Raises NotFound where none of them opened it."""
    row = fold(timeline, list(records), _Nothing()).incidents.get(id)
    if row is None or not row.rows:
        raise NotFound(f"incident {id[:64]} was not yet opened at the time shown")
    return incident_row(row)


def _closed(record: Record) -> datetime | None:
    return record.payload.times.get(CLOSED) if isinstance(record.payload, EventPayload) else None


def _happened(record: Record, t: datetime, open_still: bool) -> Record:
    payload = record.payload
    if not isinstance(payload, EventPayload):
        return record
    known = {name: at for name, at in payload.times.items() if at <= t and not (open_still and name == CLOSED)}
    return replace(record, payload=payload.model_copy(update={"times": known}))


class _Nothing:
    """What the projector asks for, where nothing was projected before."""

    def incidents(self, ids: set[str]) -> list[Incident]:
        return []

    def units(self, ids: set[str]) -> list[Unit]:
        return []

    def sites(self, ids: set[str]) -> list[Site]:
        return []

    def feeds(self, ids: set[str]) -> list[Feed]:
        return []

    def contacts(self, areas: set[str]) -> list[Contact]:
        return []

    def documents(self, keys: set[DocumentKey]) -> list[Document]:
        return []

    def event_versions(self, keys: set[EventKey]) -> dict[EventKey, tuple[int, str]]:
        return {}

    def current_rows(self, incidents: set[str]) -> list[Record]:
        return []
