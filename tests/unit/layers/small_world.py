"""A small region with its things, made by dice: what the layers are tested on."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from shapely.geometry import box

from data.casework import Case, CaseClock, Returned
from data.records import LIVE, IncidentState, UnitStatus
from data.store import AreaContact, FeedRow, IncidentRow, SiteRow, Snapshot, UnitRow
from geo.area import Area, Region

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW_MS = NOW.timestamp() * 1000
CATEGORIES = ("0101", "0102", "0201", "1301", "Fire", "Fire alarm")
SOURCES = ("hotline", "patrol")


def region(towns: int = 3, grids: int = 4) -> Region:
    """One district of `towns` strips, each cut into `grids` boxes; a strip of the last town has no grid (a gap)."""
    areas = [Area("D", "区", "district", box(120, 30, 120 + 0.1 * towns, 30.4), None, "District")]
    for i in range(towns):
        west, east = 120 + 0.1 * i, 120.1 + 0.1 * i
        areas.append(Area(f"T{i}", f"镇{i}", "town", box(west, 30, east, 30.4), "D", f"Town {i}"))
        for j in range(grids - (i == towns - 1)):
            low, high = 30 + 0.4 * j / grids, 30 + 0.4 * (j + 1) / grids
            areas.append(Area(f"T{i}G{j}", f"网格{i}-{j}", "grid", box(west, low, east, high), f"T{i}"))
    return Region.of(("district", "town", "grid"), areas)


def area_of(region: Region, lon: float, lat: float) -> str | None:
    """Code of the finest area that holds the point, found by looking at each."""
    from shapely.geometry import Point

    for level in reversed(region.levels):
        hits = [a.code for a in region.by_level[level] if a.geometry.intersects(Point(lon, lat))]
        if hits:
            return min(hits)
    return None


def incident(id: str, opened: datetime = NOW, **changes: object) -> IncidentRow:
    values: dict[str, object] = {
        "id": id, "timeline": LIVE, "state": IncidentState.OPEN, "opened_at": opened, "dispatched_at": None,
        "arrived_at": None, "closed_at": None, "category": "0101", "severity": 3, "title": f"事 {id}", "title_en": "",
        "address": "", "source": "hotline", "lon": 120.05, "lat": 30.05, "cell": None, "area": "T0G0", "units": (),
        "rows": 1, "last_actor": "", "seq": 1,
    }  # fmt: skip
    return IncidentRow(**(values | changes))  # type: ignore[arg-type]


def unit(id: str, **changes: object) -> UnitRow:
    values: dict[str, object] = {
        "id": id, "timeline": LIVE, "name": id, "name_en": "", "kind": "patrol_car", "skills": (), "duty_area": None,
        "status": UnitStatus.AVAILABLE, "status_at": None, "status_actor": "", "incident": None, "lon": 120.05,
        "lat": 30.05, "position_at": NOW, "bearing": None, "simulated": False, "seq": 1,
    }  # fmt: skip
    return UnitRow(**(values | changes))  # type: ignore[arg-type]


def camera(id: str, **changes: object) -> SiteRow:
    values: dict[str, object] = {
        "id": id, "timeline": LIVE, "kind": "camera", "name": id, "name_en": "", "lon": 120.05, "lat": 30.05,
        "bearing": None, "fov": None, "online": True, "status_at": None, "area": "T0G0", "attrs": {}, "seq": 1,
    }  # fmt: skip
    return SiteRow(**(values | changes))  # type: ignore[arg-type]


def feed(id: str, **changes: object) -> FeedRow:
    values: dict[str, object] = {
        "id": id, "timeline": LIVE, "name": id, "name_en": "", "rhythm_s": 60.0, "areas": False, "simulated": False,
        "last_at": NOW, "last_received_at": NOW, "accepted": 1, "rejected": 0, "seq": 1,
    }  # fmt: skip
    return FeedRow(**(values | changes))  # type: ignore[arg-type]


def snapshot(seq: int = 1, **rows: object) -> Snapshot:
    empty: dict[str, object] = {name: [] for name in ("incidents", "units", "sites", "feeds", "contacts")}
    return Snapshot(seq, **(empty | rows))  # type: ignore[arg-type]


def dice_case(dice: random.Random) -> Case | None:
    """A case, or none: late, warning, paused, answered, without clocks, merged into another."""
    if dice.random() < 0.3:
        return None

    def clock(id: str) -> CaseClock:
        due = NOW + timedelta(seconds=dice.choice((-1, 0, 1, 3600, dice.uniform(-9e6, 9e6))))
        warn = tuple(due - timedelta(seconds=s) for s in (dice.choice((1, 4000)), 0.5))[: dice.randint(0, 2)]
        stopped, paused = dice.choice(((None, None), (None, None), (NOW, None), (None, NOW)))
        return CaseClock(id, NOW, due - timedelta(hours=2), due, warn, "1 day", "cn", paused, stopped)

    return Case(
        workflow=dice.choice(("grid-5", "hotline-6", "")), step=dice.choice("abc"), owner=dice.choice(("", "水务")),
        clocks=tuple(clock(id) for id in ("accept", "answer", "close")[: dice.randint(0, 3)]),
        returns=(Returned(NOW, "o", "a", "r"),) * dice.choice((0, 0, 1, 300)),
        parent=dice.choice((None, None, None, "I0")), children=dice.choice(((), ("I1", "I2"))),
    )  # fmt: skip


def dice_world(seed: int, incidents: int = 300) -> tuple[Region, Snapshot]:
    """A region and things all over it, also outside, without points, without times, in the future."""
    dice = random.Random(seed)
    where = region()

    def point() -> tuple[float, float, str | None]:
        lon, lat = dice.uniform(119.98, 120.32), dice.uniform(29.98, 30.42)
        return lon, lat, area_of(where, lon, lat)

    def later(t: datetime | None) -> datetime | None:
        return None if t is None or dice.random() < 0.4 else t + timedelta(seconds=dice.choice((0, 1, 600, 90_000)))

    matters = []
    for i in range(incidents):
        opened = NOW - timedelta(seconds=dice.choice((-5, 0, 899, 900, 901, 3600, dice.uniform(0, 6_000_000))))
        dispatched = later(opened)
        arrived = later(dispatched)
        lon, lat, area = point() if dice.random() < 0.9 else (None, None, None)
        matters.append(
            incident(
                f"I{i}", opened, dispatched_at=dispatched, arrived_at=arrived, closed_at=later(opened), lon=lon,
                lat=lat,
                area=area, category=dice.choice(CATEGORIES), severity=dice.randint(1, 4), source=dice.choice(SOURCES),
                case=dice_case(dice), units=("U1", "U2")[: dice.randint(0, 2)], title_en=dice.choice(("", "e")), seq=i,
                rows=1 if dice.random() < 0.97 else 0,
            )
        )  # fmt: skip
    units = []
    for i in range(20):
        lon, lat, _ = point() if dice.random() < 0.8 else (None, None, None)
        units.append(
            unit(
                f"U{i}", kind=dice.choice(("grid_worker", "patrol_car")), lon=lon, lat=lat,
                position_at=None if lon is None else NOW - timedelta(seconds=dice.uniform(-60, 600)),
                duty_area=dice.choice((None, "T0G0", "T1G2", "T2")), status=dice.choice(list(UnitStatus)),
                bearing=dice.choice((None, 90.0)),
            )
        )  # fmt: skip
    sites = []
    for i in range(30):
        lon, lat, area = point()
        sites.append(camera(f"C{i}", lon=lon, lat=lat, area=area, online=dice.random() < 0.8, kind=dice.choice(
            ("camera", "camera", "hospital"))))  # fmt: skip
    feeds = [feed("hotline", rhythm_s=300.0, areas=True), feed("patrol", rhythm_s=3600.0, areas=True)]
    contacts = [
        AreaContact(area.code, NOW - timedelta(seconds=dice.choice((0, 299, 300, 301, 9000))), 1)
        for area in where.areas
        if dice.random() < 0.6
    ]
    return where, Snapshot(1, matters, units, sites, feeds, contacts)
