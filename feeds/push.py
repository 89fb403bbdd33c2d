"""The body of `POST /api/v1/records` -> records and refusals. Reference: docs/feeds.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from data.codec import check
from data.errors import BadInput, BadRecord
from data.records import LIVE, EventPayload, Kind, Record, parse_payload
from data.store import DeadLetter
from feeds.lines import KEPT, MAX_LINE
from feeds.rows import checked_point, in_wgs84
from feeds.times import check_range, parse_iso
from geo.datum import Datum

NDJSON = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")

MAX_RECORDS = 20_000
"""Most records of one body."""

AHEAD = timedelta(days=1)
"""How far a source's clock may run ahead before its times are refused."""

RESERVED_SOURCES = frozenset({"desk"})
"""Sources of records that people make through commands; nothing from outside may speak for them."""

_ALLOWED = frozenset(
    {"kind", "source", "source_id", "at", "payload", "lon", "lat", "datum", "version", "timeline"}
)  # fmt: skip
_STAMPED = frozenset({"received_at", "cell", "area", "seq"})
_COMMANDS = {
    "incident.dispatched": "incidents/<id>/dispatch",
    "incident.arrived": "incidents/<id>/arrive",
    "incident.closed": "incidents/<id>/close",
    "incident.recalled": "incidents/<id>/recall",
    "incident.moved": "incidents/<id>/moves",
    "incident.merged": "incidents/<id>/merge",
    "rule": "rules",
}
_OWN = (Kind.EXERCISE, Kind.FORK, Kind.LOOK, Kind.BOOKMARK, Kind.SCENE)
_KINDS = {kind.value: kind for kind in Kind if kind.value not in _COMMANDS and kind not in _OWN}
PUSHABLE = tuple(_KINDS)
"""Kinds that other systems may send: what they observe, never what people decide."""

_DATUMS = {datum.value: datum for datum in Datum}


@dataclass(frozen=True, slots=True)
class Rejected:
    """One refused record: its position in the body, and what is kept of it."""

    index: int
    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class Push:
    """A parsed body. `records` are in WGS 84 and fit the store."""

    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def parse_push(body: bytes, content_type: str, now: datetime) -> Push:
    """Parse one body: an object, an array, or JSON lines when the content type says so.

    A record that cannot be taken is refused alone, with its index; BadInput is raised only when the body as a
    whole is no JSON, or holds more than MAX_RECORDS. `now` stamps refusals and bounds times.
    """
    push = Push()
    by_datum: dict[Datum, list[int]] = {}
    for index, raw in enumerate(_items(body, content_type)):
        if index >= MAX_RECORDS:
            raise BadInput(f"more than {MAX_RECORDS} records in one body; send smaller batches")
        try:
            record, datum = _record(raw, now)
        except BadRecord as error:
            push.rejected.append(Rejected(index, _letter(raw, error, now)))
            continue
        if datum is not Datum.WGS84 and record.lon is not None:
            by_datum.setdefault(datum, []).append(len(push.records))
        push.records.append(record)
    for datum, places in by_datum.items():
        for place, moved in zip(places, in_wgs84([push.records[p] for p in places], datum), strict=True):
            push.records[place] = moved
    return push


def _items(body: bytes, content_type: str) -> Iterator[Any]:
    """The records of a body as parsed JSON; a line that is none as its bytes."""
    if content_type.partition(";")[0].strip().lower() in NDJSON:
        for line in body.split(b"\n"):
            if not line or line.isspace():
                continue
            try:
                yield orjson.loads(line) if len(line) <= MAX_LINE else line
            except orjson.JSONDecodeError:
                yield line
        return
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(
            f"the body is not JSON: {error}; send one record, an array, or JSON lines as application/x-ndjson"
        ) from None
    if isinstance(parsed, list):
        yield from parsed
    else:
        yield parsed


def _record(raw: Any, now: datetime) -> tuple[Record, Datum]:
    if isinstance(raw, bytes):
        if len(raw) > MAX_LINE:
            raise BadRecord("a line is longer than 1 MiB", reason="line.length")
        raise BadRecord("the line is not JSON", reason="json.syntax")
    if not isinstance(raw, dict):
        raise BadRecord("a record is a JSON object", reason="json.object")
    if not raw.keys() <= _ALLOWED:
        _refuse_keys(raw)
    kind = _kind(raw.get("kind", "event"))
    source = _name(raw, "source")
    if source in RESERVED_SOURCES:
        raise BadRecord(f"source {source!r} is kept for people's commands; name your system", reason="source.reserved")
    if raw.get("timeline", LIVE) != LIVE:
        raise BadRecord(f"timeline: only {LIVE!r} takes records from outside; leave it out", reason="timeline")
    version = raw.get("version", 0)
    if type(version) is not int:
        raise BadRecord("version: must be a whole number from 0", reason="version")
    payload_raw = raw.get("payload")
    if not isinstance(payload_raw, dict):
        raise BadRecord("payload: must be an object", reason="payload")
    datum = _DATUMS.get(raw.get("datum", "wgs84")) if isinstance(raw.get("datum", ""), str) else None
    if datum is None:
        raise BadRecord(f"datum: must be one of {', '.join(_DATUMS)}", reason="datum")
    lon, lat = checked_point(_degrees(raw, "lon"), _degrees(raw, "lat"))
    payload = parse_payload(kind, payload_raw)
    if isinstance(payload, EventPayload):
        for name, t in payload.times.items():
            try:
                check_range(t)
            except BadRecord as error:
                raise BadRecord(f"payload.times.{name}: {error}", reason=error.reason) from None
    record = Record(
        kind=kind,
        source=source,
        source_id=_name(raw, "source_id"),
        at=_at(raw, now),
        payload=payload,
        lon=lon,
        lat=lat,
        version=version,
    )
    check(record)
    return record, datum


def _refuse_keys(raw: dict[str, Any]) -> None:
    for key in raw:
        if key in _STAMPED:
            raise BadRecord(f"{key}: is stamped by the log and cannot be set; leave it out", reason="field.stamped")
        if key not in _ALLOWED:
            raise BadRecord(
                f"{key[:40]}: unknown field; known are {', '.join(sorted(_ALLOWED))}", reason="field.unknown"
            )


def _kind(value: object) -> Kind:
    kind = _KINDS.get(value) if isinstance(value, str) else None
    if kind is not None:
        return kind
    if isinstance(value, str) and value in _COMMANDS:
        raise BadRecord(
            f"kind {value!r} is the outcome of a command and is not pushed; call POST /api/v1/{_COMMANDS[value]}",
            reason="kind.command",
        )
    raise BadRecord(f"kind: must be one of {', '.join(_KINDS)}", reason="kind.unknown")


def _name(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadRecord(f"{key}: must be text of 1 to 200 characters", reason=key)
    return value


def _degrees(raw: dict[str, Any], key: str) -> float | None:
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRecord(f"{key}: must be a number of degrees", reason="point.number")
    return float(value)


def _at(raw: dict[str, Any], now: datetime) -> datetime:
    value = raw.get("at")
    if not isinstance(value, str):
        raise BadRecord("at: must be an ISO 8601 time such as 2026-05-01T08:00:00+08:00", reason="time.format")
    at = parse_iso(value)
    if at > now + AHEAD:
        raise BadRecord(
            f"at: {value[:40]} is more than a day ahead of this server's clock; correct the clock", reason="time.future"
        )
    return at


def _letter(raw: Any, error: BadRecord, now: datetime) -> DeadLetter:
    source = raw.get("source") if isinstance(raw, dict) else None
    named = isinstance(source, str) and 0 < len(source) <= 200 and source.isprintable()
    body = raw if isinstance(raw, bytes) else orjson.dumps(raw, option=orjson.OPT_NON_STR_KEYS)
    return DeadLetter(
        source=source if named and isinstance(source, str) else "push",
        reason=error.reason,
        message=str(error)[:500],
        body=body[:KEPT],
        received_at=now,
    )
