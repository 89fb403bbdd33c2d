"""What a picture of a moment shows: incidents, units, sites and closed roads as they were then, read from the log."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from data.moment import Counted, Memory, snapshot_of
from data.records import IncidentState, Record, SitePayload, UnitPosition, UnitStatus
from data.store import Snapshot, Store

CHUNK = 10_000

FREE = (UnitStatus.AVAILABLE, UnitStatus.LEAVING)
UNDER_WAY = (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE)


@dataclass(frozen=True, slots=True)
class ShownIncident:
    """An incident on the picture."""

    id: str
    lon: float
    lat: float
    severity: int
    state: IncidentState


@dataclass(frozen=True, slots=True)
class ShownUnit:
    """A unit on the picture, and the incident that it is sent to."""

    id: str
    lon: float
    lat: float
    status: UnitStatus
    incident: str | None


@dataclass(frozen=True, slots=True)
class ShownSite:
    """A site on the picture. Cameras are left out: there are thousands."""

    id: str
    lon: float
    lat: float
    kind: str
    zh: str
    en: str
    online: bool


@dataclass(frozen=True, slots=True)
class Blocked:
    """Where nobody drives: a circle of `radius_m` around a point, or a whole area."""

    lon: float
    lat: float
    radius_m: float
    area: BaseGeometry | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of one timeline."""

    t: datetime
    incidents: tuple[ShownIncident, ...]
    units: tuple[ShownUnit, ...]
    sites: tuple[ShownSite, ...]
    blocked: tuple[Blocked, ...] = ()


def scene(t: datetime, snapshot: Snapshot, blocked: Sequence[Blocked] = ()) -> Scene:
    """The scene of a snapshot as of t (`Store.moment`, or `snapshots`). What has no place is not shown."""
    return Scene(
        t,
        tuple(
            ShownIncident(row.id, row.lon, row.lat, row.severity, row.state)
            for row in snapshot.incidents
            if row.lon is not None and row.lat is not None
        ),
        tuple(
            ShownUnit(row.id, row.lon, row.lat, row.status, row.incident)
            for row in snapshot.units
            if row.lon is not None and row.lat is not None
        ),
        tuple(
            ShownSite(row.id, row.lon, row.lat, row.kind, row.name, row.name_en, row.online)
            for row in snapshot.sites
            if row.kind != "camera"
        ),
        tuple(blocked),
    )


def snapshots(store: Store, timeline: str, moments: Sequence[datetime]) -> dict[datetime, Snapshot]:
    """The timeline as it stood at each moment, as `Store.moment` tells it but for cameras, feeds and contacts, in one
    walk through its log."""
    records = sorted(_records(store, timeline), key=lambda record: (record.at, record.seq or 0))
    memory, found, at = Memory(timeline), {}, 0
    for t in sorted(set(moments)):
        upto = bisect_right(records, t, lo=at, key=lambda record: record.at)
        for record in _last_positions(records[at:upto]):
            memory.take(record)
        at, found[t] = upto, snapshot_of(memory.made, 0, Counted({}, {}))
    return found


def _last_positions(records: Sequence[Record]) -> Iterator[Record]:
    """The records in their order, and of each unit's positions the last alone: what is left at the end."""
    last = {each.payload.unit: n for n, each in enumerate(records) if isinstance(each.payload, UnitPosition)}
    for n, each in enumerate(records):
        if not isinstance(each.payload, UnitPosition) or last[each.payload.unit] == n:
            yield each


def _records(store: Store, timeline: str) -> list[Record]:
    kept: list[Record] = []
    seq = 0
    while True:
        chunk = store.read_after(seq, limit=CHUNK, timeline=timeline)
        kept += [each for each in chunk if not _camera(each)]
        if len(chunk) < CHUNK:
            return kept
        seq = chunk[-1].seq or seq


def _camera(record: Record) -> bool:
    return isinstance(record.payload, SitePayload) and record.payload.site_kind == "camera"
