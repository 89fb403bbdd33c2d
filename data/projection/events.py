"""Event rows: merged into their incidents, and merged anew where one of them is corrected."""

from __future__ import annotations

from data.projection.changes import Changes, EventKey, EventLookup
from data.records import EventPayload, Record, incident_of


def merge_events(
    out: Changes, records: list[Record], versions: dict[EventKey, tuple[int, str]], lookup: EventLookup
) -> None:
    """Merge new rows; where a row is corrected, read its incidents' rows again and merge them anew."""
    winners: dict[EventKey, tuple[Record, EventPayload, str]] = {}
    touched: dict[str, int] = {}
    anew: set[str] = set()
    current: dict[EventKey, tuple[int, str]] = dict(versions)
    for record in records:
        payload = record.payload
        if not isinstance(payload, EventPayload):
            continue
        key = (record.source, record.source_id)
        incident = incident_of(record)
        before = current.get(key)
        if before is not None:
            if before[0] > record.version:
                continue
            touched[before[1]] = record.seq or 0
            if key in versions:
                anew.update((before[1], incident))
        current[key] = (record.version, incident)
        winners[key] = (record, payload, incident)
        touched[incident] = record.seq or 0
    if anew:
        for id in anew:
            out.incident(id).forget_rows()
        for row in lookup.current_rows(anew):
            if (row.source, row.source_id) not in winners:
                event = row.payload
                assert isinstance(event, EventPayload)
                out.incident(incident_of(row)).merge_row(row, event)
    for record, payload, incident in winners.values():
        out.incident(incident).merge_row(record, payload)
    for id, seq in touched.items():
        out.incident(id).touch(seq)
