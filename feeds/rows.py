"""One row of a source, by its mapping -> one record. Coordinates stay in the mapping's datum until `in_wgs84`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from data.codec import MAX_VERSION, check
from data.errors import BadRecord
from data.records import Kind, Record, parse_payload
from feeds.mapping import Mapping, Scalar
from feeds.times import TimeReader
from geo.datum import Datum, to_wgs84

Row = MappingABC[str, Any]


class RowReader:
    """Turns rows (column name -> value) into records. Made once per import; keeps no rows."""

    def __init__(self, mapping: Mapping) -> None:
        self._m = mapping
        self._kind = Kind(mapping.kind)
        part = mapping.time
        self._time = TimeReader(part.format, part.zone, part.overlap, part.gap).read
        self._point = re.compile(mapping.point.pattern)
        self._plain = [
            (name, column)
            for name, column in mapping.columns.items()
            if name not in ("id", "version", "time", "lon", "lat", "severity", "speed_kmh", "bearing")
        ]
        self._numbers = [(n, c) for n, c in mapping.columns.items() if n in ("speed_kmh", "bearing")]
        payload_constants = {k: v for k, v in mapping.constants.items() if k not in ("version", "lon", "lat")}
        self._constants: dict[str, Scalar] = {str(k): v for k, v in payload_constants.items()}

    def record(self, row: Row) -> Record:
        """The record of a row. Raises BadRecord; its reason is the slug that is counted."""
        m = self._m
        source_id = self._text(row, m.columns["id"])
        if source_id is None:
            raise BadRecord(f"column {m.columns['id']!r} (id) is empty", reason="id.empty")
        at = self._time(_cell(row, m.columns["time"]))
        if at is None:
            raise BadRecord(f"column {m.columns['time']!r} (time) is empty", reason="time.empty")
        lon, lat = self._lon_lat(row)
        raw = self._event(row, at) if self._kind is Kind.EVENT else self._position(row, lon)
        record = Record(
            kind=self._kind,
            source=m.source,
            source_id=source_id,
            at=at,
            payload=parse_payload(self._kind, raw),
            lon=lon,
            lat=lat,
            version=self._version(row),
        )
        check(record)  # what no store can hold is refused alone, before it could refuse its whole batch
        return record

    def _event(self, row: Row, at: datetime) -> dict[str, object]:
        m = self._m
        raw: dict[str, object] = dict(self._constants)
        for name, column in self._plain:
            text = self._text(row, column)
            value: Scalar | None = text
            if name in m.values and text is not None:
                value = self._mapped(name, text)
            if value is not None:
                raw[name] = str(value)
        if "severity" in m.columns:
            severity = self._severity(row)
            if severity is not None:
                raw["severity"] = severity
        if "category" not in raw:
            raise BadRecord(f"column {m.columns.get('category')!r} (category) is empty", reason="category.empty")
        times: dict[str, datetime] = {}
        for stage, column in m.times.items():
            t = self._time(row[column] if column in row else _nested(row, column))
            if t is not None:
                times[stage] = t
        if m.step is not None:
            word = self._text(row, m.step.column)
            if word is None:
                raise BadRecord(f"column {m.step.column!r} (step) is empty", reason="step.empty")
            times[m.step.names.get(word, word)] = at
        raw["times"] = times
        raw["attrs"] = {c: _attr(row[c] if c in row else _nested(row, c)) for c in m.attrs}
        return raw

    def _position(self, row: Row, lon: float | None) -> dict[str, object]:
        if lon is None:
            raise BadRecord("a position without lon and lat", reason="point.empty")
        raw: dict[str, object] = dict(self._constants)
        for name, column in self._plain:
            value = self._text(row, column)
            if value is None:
                raise BadRecord(f"column {column!r} ({name}) is empty", reason=f"{name}.empty")
            raw[name] = self._mapped(name, value) if name in self._m.values else value
        for field, column in self._numbers:
            number = _number(_cell(row, column), column, reason=f"{field}.number")
            if number is not None:
                raw[field] = number
        return raw

    def _text(self, row: Row, column: str) -> str | None:
        """A column as text: trimmed, None when empty, whole floats of binary files without their ".0"."""
        value = row[column] if column in row else _nested(row, column)
        if type(value) is str:
            return value.strip() or None
        if value is None:
            return None
        if isinstance(value, float):
            if math.isnan(value):
                return None
            value = int(value) if value.is_integer() else value
        elif isinstance(value, (dict, list)):
            raise BadRecord(f"column {column!r} holds a list or an object, not a value", reason="value.type")
        return str(value).strip() or None

    def _mapped(self, name: Any, text: str) -> Scalar:
        table = self._m.values[name]
        return table.get(text, table.get("*", text))

    def _severity(self, row: Row) -> int | None:
        column = self._m.columns["severity"]
        text = self._text(row, column)
        table = self._m.values.get("severity", {})
        value: Scalar | None = table.get("*") if text is None else self._mapped("severity", text) if table else text
        if value is None:
            return None
        number = _number(value, column, reason="severity.number")
        if number is None or number not in (1, 2, 3, 4):
            raise BadRecord(
                f"column {column!r} (severity) is {str(value)[:40]!r}, not 1 (most urgent) to 4; "
                "map it in [values.severity]",
                reason="severity.range",
            )
        return int(number)

    def _version(self, row: Row) -> int:
        column = self._m.columns.get("version")
        value = self._m.constants.get("version", 0) if column is None else _cell(row, column)
        number = _number(value, column or "version", reason="version.number")
        if number is None:
            return 0
        if not number.is_integer() or not 0 <= number <= MAX_VERSION:
            raise BadRecord(f"version {str(value)[:40]!r} is not a whole number from 0", reason="version.range")
        return int(number)

    def _lon_lat(self, row: Row) -> tuple[float | None, float | None]:
        m = self._m
        try:
            if m.point.column is not None:
                text = self._text(row, m.point.column)
                if text is None:
                    return None, None
                found = self._point.fullmatch(text)
                if found is None:
                    raise BadRecord(
                        f"column {m.point.column!r} is {text[:60]!r}, which [point] pattern does not match",
                        reason="point.format",
                    )
                lon = _number(found["lon"], "lon", reason="point.number")
                lat = _number(found["lat"], "lat", reason="point.number")
            elif "lon" in m.columns or "lon" in m.constants:
                lon, lat = self._coordinate(row, "lon"), self._coordinate(row, "lat")
            else:
                return None, None
            return checked_point(lon, lat)
        except BadRecord as error:
            if m.point.invalid == "omit" and error.reason.startswith("point."):
                return None, None
            raise

    def _coordinate(self, row: Row, name: Any) -> float | None:
        column = self._m.columns.get(name)
        value = self._m.constants.get(name) if column is None else _cell(row, column)
        return _number(value, column or name, reason="point.number")


def checked_point(lon: float | None, lat: float | None) -> tuple[float | None, float | None]:
    """Both coordinates when they can be a place in degrees, (None, None) when both are empty.

    Raises BadRecord: `point.half`, `point.nan`, `point.range`, `point.null_island` (0, 0: what a failed
    geocoder writes).
    """
    if lon is None and lat is None:
        return None, None
    if lon is None or lat is None:
        raise BadRecord("only one of lon and lat is given", reason="point.half")
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise BadRecord(f"lon {lon}, lat {lat} is not a place", reason="point.nan")
    if not -180.0 <= lon <= 180.0 or not -90.0 <= lat <= 90.0:
        hint = "; lon and lat look swapped" if abs(lon) <= 90 and 90 < abs(lat) <= 180 else ""
        raise BadRecord(f"lon {lon}, lat {lat} is outside -180..180, -90..90 degrees{hint}", reason="point.range")
    if lon == 0.0 and lat == 0.0:
        raise BadRecord("lon 0, lat 0 is what a failed geocoder writes, not a place", reason="point.null_island")
    return lon, lat


def in_wgs84(records: Sequence[Record], datum: Datum) -> list[Record]:
    """The records with their points moved from `datum` to WGS 84, all at once."""
    at = [i for i, r in enumerate(records) if r.lon is not None]
    out = list(records)
    if datum is Datum.WGS84 or not at:
        return out
    lon, lat = to_wgs84(
        np.array([records[i].lon for i in at], dtype=np.float64),
        np.array([records[i].lat for i in at], dtype=np.float64),
        datum,
    )
    for i, x, y in zip(at, lon.tolist(), lat.tolist(), strict=True):
        out[i] = replace(records[i], lon=x, lat=y)
    return out


def _cell(row: Row, column: str) -> Any:
    return row[column] if column in row else _nested(row, column)


def _nested(row: Row, column: str) -> Any:
    """`a.b` looks into nested objects, where there is no column of that very name."""
    value: Any = row
    for part in column.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def _attr(value: object) -> Scalar | None:
    if type(value) is str:
        return value.strip() or None
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def _number(value: object, column: str, *, reason: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, (dict, list, bool)):
            raise ValueError
        return float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        raise BadRecord(f"column {column!r} is {str(value)[:40]!r}, not a number", reason=reason) from None
