"""What can be sent and seen: 80 units with stations, 930 grid workers, 8,600 cameras, the gauges. All simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from data.records import (
    FeedPayload,
    Kind,
    Record,
    SitePayload,
    UnitPayload,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from feeds.demo.district import District, draw_district
from feeds.demo.grids import spacing_at
from feeds.demo.names import COUNTY, TOWNS, URBAN_CENTRE
from feeds.demo.places import find_places
from feeds.demo.plane import Points, to_degrees
from feeds.demo.sources import SOURCES, TERMINALS, Source
from feeds.demo.spells import silent_terminals
from feeds.demo.terrain import KM
from feeds.registry import feed_record
from geo.roads import RoadGraph

CAMERAS = 8600
ONLINE = 0.96
"""Share of cameras that are online at a start."""

# kind, call-sign letter, Chinese, English, skills, how many, how many stand in the seat
_FLEET: tuple[tuple[str, str, str, str, tuple[str, ...], int, int], ...] = (
    ("patrol_car", "P", "巡逻车", "Patrol car", ("police", "traffic"), 34, 14),
    ("fire_engine", "F", "消防车", "Fire engine", ("fire", "rescue"), 12, 5),
    ("ambulance", "A", "救护车", "Ambulance", ("medical",), 16, 6),
    ("repair_team", "R", "抢修队", "Repair team", ("repair", "water", "power"), 18, 7),
)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One of the 80 units: where it is stationed (WGS 84) and what it can do."""

    id: str
    kind: str
    name: str
    name_en: str
    skills: tuple[str, ...]
    station: tuple[float, float]
    town: int


@dataclass(frozen=True, slots=True)
class Worker:
    """The grid worker of one grid: its terminal's id and where it stands at a start (WGS 84)."""

    id: str
    grid: int
    name: str
    name_en: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera. `id` is a GB/T 28181 device id of 20 digits; bearing and field of view in degrees."""

    id: str
    name: str
    name_en: str
    lon: float
    lat: float
    bearing: float | None
    fov: float | None
    online: bool
    form: str


def road_graph(district: District) -> RoadGraph:
    """The district's roads, drivable both ways. Made once per process."""
    return _road_graph(district.seed)


@lru_cache(maxsize=2)
def _road_graph(seed: int) -> RoadGraph:
    streets = draw_district(seed).streets
    lon, lat = to_degrees(streets.nodes).T
    a, b, seconds = streets.edge_from, streets.edge_to, streets.seconds
    return RoadGraph(lon, lat, np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([seconds, seconds]))


@lru_cache(maxsize=2)
def vehicles(seed: int) -> tuple[Vehicle, ...]:
    """The 80 units in call-sign order."""
    district = draw_district(seed)
    rng = np.random.default_rng([seed, 8])
    nodes = district.streets.nodes
    out = []
    for kind, letter, name, name_en, skills, count, central in _FLEET:
        for number in range(1, count + 1):
            if number <= central:
                town, centre = number % 3, np.array(URBAN_CENTRE) * KM + rng.normal(0, 1500, 2)
            else:
                town = 3 + number % 7
                centre = np.array(TOWNS[town].centre) * KM + rng.normal(0, 350, 2)
            at = int(np.argmin(np.hypot(*(nodes - centre).T)))
            lon, lat = to_degrees(nodes[at]).tolist()
            call = f"{letter}{number:02d}"
            out.append(Vehicle(call, kind, f"{name} {call}", f"{name_en} {call}", skills, (lon, lat), town))
    return tuple(out)


@lru_cache(maxsize=2)
def workers(seed: int) -> tuple[Worker, ...]:
    """One grid worker for each grid, in grid order."""
    district = draw_district(seed)
    points = find_places(seed).grid_points.reshape(len(district.grid_codes), -1, 2)[:, 0]
    return tuple(
        Worker(f"W{code[6:]}", i, f"网格员 {name}", f"Grid worker {code[6:]}", *points[i].tolist())
        for i, (code, name) in enumerate(zip(district.grid_codes, district.grid_names, strict=True))
    )


@lru_cache(maxsize=2)
def cameras(seed: int) -> tuple[Camera, ...]:
    """8,600 cameras: at junctions and along the roads, denser in the centres, looking along the road."""
    district = draw_district(seed)
    rng = np.random.default_rng([seed, 9])
    streets = district.streets
    middle = (streets.nodes[streets.edge_from] + streets.nodes[streets.edge_to]) / 2
    urban = spacing_at(middle) < 620
    load = np.array([0.7, 1.5, 1.0, 0.28])[streets.edge_class] * np.where(urban, 3.2, 1.0) * streets.metres
    edge = rng.choice(len(load), CAMERAS, p=load / load.sum())
    a, b = streets.nodes[streets.edge_from[edge]], streets.nodes[streets.edge_to[edge]]
    junction = rng.random(CAMERAS) < 0.45
    part = np.where(junction, np.where(rng.random(CAMERAS) < 0.5, 0.04, 0.96), rng.random(CAMERAS))[:, None]
    along = (b - a) / np.hypot(*(b - a).T)[:, None]
    side = rng.choice([-1.0, 1.0], CAMERAS)[:, None] * rng.uniform(6, 14, CAMERAS)[:, None]
    xy = a * (1 - part) + b * part + np.column_stack([-along[:, 1], along[:, 0]]) * side
    bearing = (np.degrees(np.arctan2(along[:, 0], along[:, 1])) + rng.choice([0, 180], CAMERAS)) % 360
    bearing = np.round((bearing + rng.normal(0, 14, CAMERAS)) % 360, 0) % 360
    dome = rng.random(CAMERAS) < 0.38
    fov = np.where(dome, 360, rng.choice([54, 68, 84, 102], CAMERAS))
    online = rng.random(CAMERAS) < ONLINE
    town = _towns_of(district, xy)
    lonlat = to_degrees(xy)
    where = ("路口", "Junction"), ("路段", "Road")
    out: list[Camera] = []
    for i in np.lexsort((lonlat[:, 0], town)).tolist():
        plan, serial = TOWNS[town[i]], len(out) + 1
        kind = "132" if i % 5 else "131"
        zh, en = where[0] if junction[i] else where[1]
        form, form_en = ("球机", "dome") if dome[i] else ("枪机", "fixed")
        out.append(
            Camera(
                f"{COUNTY}{plan.part[1:]}01{kind}0{serial:06d}",
                f"云岚-{plan.name}-{zh}-{serial:04d} {form}",
                f"Yunlan-{plan.short_en}-{en}-{serial:04d} {form_en}",
                float(lonlat[i, 0]),
                float(lonlat[i, 1]),
                float(bearing[i]),
                float(fov[i]),
                bool(online[i]),
                "dome" if dome[i] else "fixed",
            )
        )
    return tuple(out)


def _towns_of(district: District, xy: Points) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Town of the nearest grid centre: good enough for a camera's name."""
    return np.asarray(district.grid_town[cKDTree(district.grid_centres).query(xy)[1]])


def gauge_ids(seed: int) -> list[str]:
    """Site ids of the water-level gauges."""
    return [f"SW{number:03d}" for number in range(1, len(find_places(seed).gauges) + 1)]


def feed_payload(source: Source) -> FeedPayload:
    """What a feed of the demo says of itself."""
    return FeedPayload(
        name=source.name, name_en=source.name_en, rhythm_s=source.rhythm_s, areas=source.areas, simulated=True
    )


def feed_records(now: datetime) -> Iterator[Record]:
    """The feeds made known."""
    for source in (*SOURCES, *TERMINALS):
        yield feed_record(source.id, feed_payload(source), now)


def site_records(seed: int, now: datetime) -> Iterator[Record]:
    """Cameras and gauges."""
    for camera in cameras(seed):
        site = SitePayload.model_construct(
            name=camera.name,
            name_en=camera.name_en,
            site_kind="camera",
            bearing=camera.bearing,
            fov=camera.fov,
            online=camera.online,
            attrs={"form": camera.form, "simulated": True},
        )
        yield Record(Kind.SITE, "video", camera.id, now, site, camera.lon, camera.lat)
    for number, (gauge, (lon, lat)) in enumerate(
        zip(gauge_ids(seed), find_places(seed).gauges.tolist(), strict=True), start=1
    ):
        site = SitePayload(
            name=f"水位站 {number:02d}", name_en=f"Water level gauge {number:02d}", site_kind="gauge",
            attrs={"simulated": True},
        )  # fmt: skip
        yield Record(Kind.SITE, "water", gauge, now, site, lon, lat)


def unit_records(seed: int, now: datetime) -> Iterator[Record]:
    """Units and grid workers, available and at their stations; silent terminals were last heard from earlier."""
    district = draw_district(seed)
    mark = f"{now:%Y%m%dT%H%M%S}"
    for v in vehicles(seed):
        unit = UnitPayload(
            name=v.name, name_en=v.name_en, unit_kind=v.kind, skills=v.skills, area=TOWNS[v.town].code, simulated=True
        )
        yield Record(Kind.UNIT, "cad", v.id, now, unit, *v.station)
        yield from _available("cad", "gps", v.id, now, mark, v.station)
    silent = silent_terminals(seed, now.timestamp())
    for w in workers(seed):
        unit = UnitPayload.model_construct(
            name=w.name,
            name_en=w.name_en,
            unit_kind="grid_worker",
            skills=("patrol",),
            area=district.grid_codes[w.grid],
            simulated=True,
        )
        heard = datetime.fromtimestamp(silent[w.grid], UTC) if w.grid in silent else now
        yield Record(Kind.UNIT, "grid", w.id, heard, unit, w.lon, w.lat)
        yield from _available("grid", "grid", w.id, heard, mark, (w.lon, w.lat))


def _available(
    terminal: str, tracker: str, unit: str, now: datetime, mark: str, at: tuple[float, float]
) -> Iterator[Record]:
    status = UnitStatusPayload.model_construct(
        unit=unit, status=UnitStatus.AVAILABLE, incident=None, reason="", actor=f"terminal:{unit}"
    )
    yield Record(Kind.UNIT_STATUS, terminal, f"{unit}-s-{mark}", now, status)
    position = UnitPosition.model_construct(unit=unit, speed_kmh=0.0, bearing=None)
    yield Record(Kind.UNIT_POSITION, tracker, f"{unit}-p-{mark}", now, position, *at)
