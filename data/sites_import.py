"""Import of sites (cameras, hospitals, shelters, ...) from CSV or GeoJSON into site records and dead letters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from data.area_columns import listed, storable
from data.clock import Clock
from data.codec import check
from data.errors import BadInput, BadRecord
from data.records import Kind, Record, SitePayload, parse_payload
from data.site_files import site_rows
from data.store import DeadLetter, SiteRow, Store
from geo.datum import Datum, to_wgs84

_BATCH = 1000
_POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_COMPASS = {name: i * 22.5 for i, name in enumerate(_POINTS)}
_ON = {"on", "online", "true", "yes", "1", "在线"}
_OFF = {"off", "offline", "false", "no", "0", "离线"}
_NOT_A_NAME = frozenset({"none", "null", "nan"})


@dataclass(frozen=True, slots=True)
class SiteColumns:
    """Names of a file's columns (properties). Without `lon` and `lat` a GeoJSON feature's point is used.

    `id` and `name` are looked for under usual names when they are not given.
    """

    id: str | None = None
    name: str | None = None
    name_en: str | None = None
    lon: str | None = None
    lat: str | None = None
    bearing: str | None = None
    fov: str | None = None
    online: str | None = None


@dataclass(frozen=True, slots=True)
class SiteRefused:
    """A row that was not taken: its 1-based number, its id and name as far as it has them, and why."""

    row: int
    id: str
    name: str
    reason: str
    error: str


@dataclass(frozen=True, slots=True)
class SitesReport:
    """What an import of sites did."""

    source: str
    kind: str
    rows: int
    accepted: int
    changed: int
    duplicate: int
    rejected: int
    reasons: Mapping[str, int]
    refused: tuple[SiteRefused, ...]


@dataclass(frozen=True, slots=True)
class LoadedSites:
    """Records and dead letters of a file, nothing stored yet."""

    source: str
    kind: str
    rows: int
    records: tuple[Record, ...]
    refused: tuple[SiteRefused, ...] = ()
    letters: tuple[DeadLetter, ...] = field(default=(), repr=False)
    says_online: bool = False


def load_sites(
    path: Path, kind: str, columns: SiteColumns, *, now: datetime, datum: Datum = Datum.WGS84, source: str = ""
) -> LoadedSites:
    """Read and judge every row. Raises BadInput when the file as a whole cannot be read."""
    source = source or f"sites:{kind}"
    records: dict[str, Record] = {}
    refused: list[SiteRefused] = []
    letters: list[DeadLetter] = []
    rows = list(site_rows(path))
    if not rows:
        raise BadInput(f"{path.name}: no rows")
    columns = _complete(columns, path, rows[0])
    for number, row in enumerate(rows, 1):
        try:
            record = _record(row, kind, columns, datum, source, now)
            if record.source_id in records:
                raise BadRecord(f"the id {record.source_id} came before in this file", reason="duplicate_id")
            check(record)  # what no store can hold must refuse this row, not the whole file when it is appended
            records[record.source_id] = record
        except BadRecord as error:
            id_, name = _text(row, columns.id), _text(row, columns.name)
            refused.append(SiteRefused(number, id_, name, error.reason, str(error)))
            body = orjson.dumps(row, default=str)[:65536]
            letters.append(DeadLetter(source, error.reason, f"row {number} ({id_} {name}): {error}", body, now))
    return LoadedSites(
        source, kind, len(rows), tuple(records.values()), tuple(refused), tuple(letters), columns.online is not None
    )


def import_sites(store: Store, loaded: LoadedSites, clock: Clock) -> SitesReport:
    """Append what is new or has changed, keep what was refused. A second run of the same file adds nothing.

    A changed site becomes a record of a higher version: the seconds of the clock, which only rise.
    """
    known = {row.id: row for row in store.snapshot().sites}
    fresh: list[Record] = []
    changed = unchanged = 0
    for record in loaded.records:
        before = known.get(record.source_id)
        if before is None:
            fresh.append(record)
        elif _same(before, record, online=loaded.says_online):
            unchanged += 1
        else:
            fresh.append(replace(record, version=int(clock.now().timestamp())))
            changed += 1
    accepted = 0
    for at in range(0, len(fresh), _BATCH):
        appended = store.append(fresh[at : at + _BATCH])
        accepted += appended.accepted
        unchanged += appended.duplicates
    if loaded.letters:
        kept = {(letter.reason, letter.body) for letter in store.dead_letters(source=loaded.source, limit=1_000_000)}
        store.add_dead_letters([letter for letter in loaded.letters if (letter.reason, letter.body) not in kept])
    return SitesReport(
        source=loaded.source,
        kind=loaded.kind,
        rows=loaded.rows,
        accepted=accepted,
        changed=changed,
        duplicate=unchanged,
        rejected=len(loaded.refused),
        reasons=dict(Counter(refused.reason for refused in loaded.refused)),
        refused=loaded.refused,
    )


def _same(row: SiteRow, record: Record, *, online: bool) -> bool:
    """Whether the log says of a site what the record would. Its status counts only if the file tells one."""
    site = record.payload
    if not isinstance(site, SitePayload):
        raise TypeError(f"a site import made a {record.kind} record")
    return (
        (row.kind, row.name, row.name_en, row.bearing, row.fov, dict(row.attrs))
        == (site.site_kind, site.name, site.name_en, site.bearing, site.fov, dict(site.attrs))
        and math.isclose(row.lon, record.lon or 0.0, abs_tol=1e-9)
        and math.isclose(row.lat, record.lat or 0.0, abs_tol=1e-9)
        and (row.online == site.online or not online)
    )


def _complete(columns: SiteColumns, path: Path, first: Mapping[str, Any]) -> SiteColumns:
    """The columns with those not given looked for under usual names. Raises BadInput for one that is not there."""
    usual = {
        "id": ("id", "ID", "code"),
        "name": ("name", "NAME", "名称"),
        "lon": ("_lon", "lon", "lng", "longitude", "Longitude"),
        "lat": ("_lat", "lat", "latitude", "Latitude"),
    }
    found: dict[str, str] = {}
    for key, names in usual.items():
        given = getattr(columns, key)
        # a first feature without a point must not hide the points of the others
        column = given or next((name for name in names if name in first), names[0] if key in ("lon", "lat") else None)
        if column is None:
            raise BadInput(f"{path.name}: no column for --{key}; there are: {_listed(first)}")
        found[key] = column
    for key in ("id", "name", "name_en", "bearing", "fov", "online"):
        given = getattr(columns, key)
        if given and given not in first:
            raise BadInput(
                f"{path.name}: no column {given!r} for --{key.replace('_', '-')}; there are: {_listed(first)}"
            )
    return replace(columns, **found)


def _listed(row: Mapping[str, Any]) -> str:
    return listed({key: value for key, value in row.items() if key not in ("_lon", "_lat")})


def _record(
    row: Mapping[str, Any], kind: str, columns: SiteColumns, datum: Datum, source: str, now: datetime
) -> Record:
    id_ = _text(row, columns.id)
    if not id_:
        raise BadRecord(f"has no id in column {columns.id}", reason="no_id")
    lon, lat = _degrees(row, columns.lon, "lon", 180.0), _degrees(row, columns.lat, "lat", 90.0)
    if lon == 0.0 and lat == 0.0:
        raise BadRecord("is at 0,0 (null island): the source has no position for it", reason="null_island")
    x, y = to_wgs84([lon], [lat], datum)
    named = {
        columns.id,
        columns.name,
        columns.name_en,
        columns.lon,
        columns.lat,
        columns.bearing,
        columns.fov,
        columns.online,
    }
    payload: dict[str, Any] = {
        "name": _text(row, columns.name) or id_,
        "name_en": _text(row, columns.name_en),
        "site_kind": kind,
        "bearing": _bearing(_text(row, columns.bearing)),
        "fov": _number(_text(row, columns.fov), "fov"),
        "online": _online(_text(row, columns.online)),
        "attrs": {
            str(storable(key)): storable(value)
            for key, value in row.items()
            if key not in named and isinstance(value, (str, int, float, bool)) and value != ""
        },
    }
    return Record(Kind.SITE, source, id_, now, parse_payload(Kind.SITE, payload), lon=float(x[0]), lat=float(y[0]))


def _text(row: Mapping[str, Any], column: str | None) -> str:
    value = row.get(column) if column else None
    text = "" if value is None else str(storable(value)).strip()
    return "" if text.lower() in _NOT_A_NAME else text


def _degrees(row: Mapping[str, Any], column: str | None, what: str, limit: float) -> float:
    text = _text(row, column)
    if not text:
        raise BadRecord(f"has no {what}", reason="no_position")
    value = _number(text, what)
    if value is None or not abs(value) <= limit:
        raise BadRecord(f"{what} {text[:20]} is not within +-{limit:g} degrees", reason="out_of_range")
    return value


def _number(text: str, what: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise BadRecord(f"{what} {text[:20]!r} is not a number", reason=f"bad_{what}") from None
    if not math.isfinite(value):
        raise BadRecord(f"{what} {text[:20]!r} is not finite", reason=f"bad_{what}")
    return value


def _bearing(text: str) -> float | None:
    """Degrees clockwise from north, from a number or a compass point (N, NNE, ...)."""
    if text.upper() in _COMPASS:
        return _COMPASS[text.upper()]
    value = _number(text, "bearing")
    return None if value is None else value % 360.0


def _online(text: str) -> bool:
    word = text.lower()
    if not word or word in _ON:
        return True
    if word in _OFF:
        return False
    raise BadRecord(f"online status {text[:20]!r} is neither on nor off", reason="bad_online")
