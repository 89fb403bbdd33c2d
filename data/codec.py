"""Records to rows and back, for both stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from data.clock import require_utc
from data.errors import BadRecord
from data.records import (
    PAYLOADS,
    EventPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    Kind,
    Payload,
    Record,
    SiteStatusPayload,
    UnitPosition,
    UnitStatusPayload,
    incident_of,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_TEXT = 200
"""Longest source, source_id or timeline, characters: three of them fit one PostgreSQL index entry."""
MAX_NAMED = 2 * MAX_TEXT + 1
"""Longest id that a payload names: an incident's own carries its source and its source_id."""
MAX_VERSION = 2**31 - 1
MAX_PAYLOAD = 256 * 1024
"""Largest payload kept, bytes of JSON. A record is a fact, not a file."""

RECORD_COLUMNS = (
    "seq", "timeline", "kind", "source", "source_id", "version", "at", "received_at", "lon", "lat", "cell", "area",
    "incident", "payload",
)  # fmt: skip
TRACK_COLUMNS = (
    "seq", "timeline", "source", "source_id", "version", "unit", "at", "received_at", "lon", "lat", "cell", "area",
    "speed_kmh", "bearing",
)  # fmt: skip

_KINDS = {kind.value: kind for kind in Kind}
KIND_NAMES = {kind: kind.value for kind in Kind}
"""An enum's own `value` is a function call."""
_WRITE = {cls: cls.__pydantic_serializer__.to_json for cls in PAYLOADS.values()}
_READ = {kind.value: cls.__pydantic_validator__.validate_json for kind, cls in PAYLOADS.items()}
_NEED_POINT = frozenset({Kind.SITE, Kind.UNIT_POSITION})
_ABOUT = (
    IncidentDispatched, IncidentArrived, IncidentClosed, IncidentRecalled, IncidentMoved, IncidentMerged,
    UnitStatusPayload,
)  # fmt: skip
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def micros(t: datetime) -> int:
    """Microseconds since 1970, exact (a float would round)."""
    d = t - EPOCH
    return (d.days * 86_400 + d.seconds) * 1_000_000 + d.microseconds


def instant(us: int) -> datetime:
    """The inverse of `micros`, aware, UTC."""
    return EPOCH + timedelta(0, 0, us)  # by name it takes three times as long


def about_incident(record: Record) -> str | None:
    """Id of the incident a record is about: what the incident index goes by.

    A merge is about the incident that was merged; that it is about the parents too is projected (table `mention`).
    """
    payload = record.payload
    if isinstance(payload, EventPayload):
        return incident_of(record)
    if isinstance(payload, _ABOUT):
        return payload.incident
    return None


def _named(payload: Payload) -> tuple[str, ...]:
    """Ids of other things that the payload names."""
    if isinstance(payload, EventPayload):
        return () if payload.incident is None else (payload.incident,)
    if isinstance(payload, (IncidentDispatched, IncidentRecalled)):
        return (payload.incident, *payload.units)
    if isinstance(payload, IncidentArrived):
        return (payload.incident, payload.unit)
    if isinstance(payload, (IncidentClosed, IncidentMoved)):
        return (payload.incident,)
    if isinstance(payload, IncidentMerged):
        return (payload.incident,) if payload.into is None else (payload.incident, payload.into)
    if isinstance(payload, UnitStatusPayload):
        return (payload.unit,) if payload.incident is None else (payload.unit, payload.incident)
    if isinstance(payload, UnitPosition):
        return (payload.unit,)
    if isinstance(payload, SiteStatusPayload):
        return (payload.site,)
    return ()


def payload_from(kind: Kind, body: str | bytes) -> Payload:
    """The payload that `payload_json` wrote."""
    payload: Payload = _READ[kind.value](body)
    return payload


def payload_json(payload: Payload) -> bytes:
    """The payload as JSON bytes, UTF-8."""
    return _WRITE[type(payload)](payload)


def check(record: Record) -> bytes:
    """Refuse what no store can hold. Returns the payload's JSON. Raises BadRecord naming the field and the way out."""
    names = record.timeline + record.source + record.source_id
    whole = record.timeline and record.source and record.source_id
    if not whole or len(names) > MAX_TEXT or "\x00" in names or not names.isascii():
        _check_names(record)
    at, lon, lat, payload = record.at, record.lon, record.lat, record.payload
    if not 0 <= record.version <= MAX_VERSION:
        raise BadRecord(
            f"{_name(record)}: version: expected 0 to {MAX_VERSION}, got {record.version}", reason="version"
        )
    if at.tzinfo is None:
        raise BadRecord(f"{_name(record)}: at: time without a zone; give an offset such as +08:00 or Z", reason="at")
    if not _EARLIEST <= at < _LATEST:
        raise BadRecord(f"{_name(record)}: at: {at.isoformat()} is not between 1900 and 2200", reason="at")
    if (lon is None) != (lat is None):
        raise BadRecord(f"{_name(record)}: lon and lat: give both or neither", reason="point")
    if lon is not None and lat is not None:
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # nor is what is no number
            raise BadRecord(
                f"{_name(record)}: lon and lat: expected -180..180 and -90..90 degrees, got {lon}, {lat}",
                reason="point",
            )
    elif record.kind in _NEED_POINT:
        raise BadRecord(f"{_name(record)}: lon and lat: a {record.kind} record needs a point", reason="point")
    if type(payload) is not PAYLOADS[record.kind]:
        raise BadRecord(
            f"{_name(record)}: payload: expected {PAYLOADS[record.kind].__name__}, got {type(payload).__name__}",
            reason="payload",
        )
    for text in _named(payload):
        if not 1 <= len(text) <= MAX_NAMED:
            raise BadRecord(f"{_name(record)}: payload: ids are 1 to {MAX_NAMED} characters", reason="payload.id")
    body = payload_json(payload)
    if len(body) > MAX_PAYLOAD:
        raise BadRecord(
            f"{_name(record)}: payload: {len(body)} bytes, at most {MAX_PAYLOAD} are kept", reason="payload.size"
        )
    if b"\\u0000" in body and b"\\u0000" in body.replace(b"\\\\", b""):
        # PostgreSQL's text and JSONB cannot hold NUL; refused on both stores so that they hold the same.
        raise BadRecord(f"{_name(record)}: payload: a text holds a NUL character; remove it", reason="payload.nul")
    return body


def _check_names(record: Record) -> None:
    """The texts of the record's identity, one by one: together they are too long for a quick look, or not ASCII."""
    for field, text in (("timeline", record.timeline), ("source", record.source), ("source_id", record.source_id)):
        if not text or len(text) > MAX_TEXT or "\x00" in text:
            raise BadRecord(f"{_name(record)}: {field}: expected 1 to {MAX_TEXT} characters without NUL", reason=field)
        if not text.isascii():
            _encodable(record, field, text)


def _name(record: Record) -> str:
    """The record in an error's words; half a surrogate pair would make the error itself unprintable."""
    text = f"{record.kind} record {record.source_id[:80]!r} of {record.source[:80]!r}"
    return text.encode("utf-8", "backslashreplace").decode()


def _encodable(record: Record, field: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRecord(f"{_name(record)}: {field}: holds half a surrogate pair; send UTF-8", reason=field) from None


def record_from_row(row: Sequence[Any]) -> Record:
    """A record from RECORD_COLUMNS with `at` and `received_at` as datetimes and the payload as JSON text."""
    seq, timeline, kind, source, source_id, version, at, received_at, lon, lat, cell, area, _, payload = row
    return Record(
        _KINDS[kind], source, source_id, at, _READ[kind](payload), lon, lat, version, timeline, received_at, cell,
        area, seq,
    )  # fmt: skip


def track_from_row(row: Sequence[Any]) -> Record:
    """A position record from TRACK_COLUMNS, times as datetimes."""
    seq, timeline, source, source_id, version, unit, at, received_at, lon, lat, cell, area, speed, bearing = row
    payload = UnitPosition.model_construct(unit=unit, speed_kmh=speed, bearing=bearing)
    return Record(
        Kind.UNIT_POSITION, source, source_id, at, payload, lon, lat, version, timeline, received_at, cell, area, seq
    )


def utc(record: Record) -> datetime:
    """`record.at` in UTC."""
    return record.at if record.at.tzinfo is UTC else require_utc(record.at)
