"""A scripted district for the map's tests: tables as layers/ builds them, on the invented district's geometry.

No store and no reader: the map is tested alone. What it draws here are test figures.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import h3
import numpy as np
import shapely
from shapely.affinity import translate

from feeds.demo.district import District, draw_district
from layers.table import Table

T0 = 1_770_000_000_000.0
"""Time of the first frame, ms since 1970."""

KINDS = ("grid_worker", "patrol_car", "fire_engine", "ambulance", "repair_team")


@lru_cache(maxsize=1)
def district() -> District:
    return draw_district()


def areas_geojson(level: str, within: str, east: float = 0.0) -> dict[str, Any]:
    """What `/api/v1/areas` answers: the areas of a level, below `within` when it is given, moved so many degrees."""
    region = district().region
    features = []
    for area in region.by_level.get(level, ()):
        if within and within not in [a.code for a in region.path(area.code)]:
            continue
        point = area.geometry.representative_point()
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "code": area.code,
                    "name": area.name,
                    "name_en": area.name_en,
                    "level": level,
                    "parent": area.parent,
                    "lon": point.x,
                    "lat": point.y,
                },
                "geometry": json.loads(shapely.to_geojson(translate(area.geometry.simplify(0.0001), east))),
            }
        )
    return {"type": "FeatureCollection", "features": features}


def cells(n: int) -> np.ndarray:
    """About n cells (never more) that cover the district, the resolution as fine as that allows, in H3 order."""
    outline = district().region.roots[0].geometry
    best: list[str] = []
    for res in range(6, 12):
        found = h3.geo_to_cells(outline, res)
        if len(found) > n:
            break
        best = list(found)
    return np.sort(np.array([int(cell, 16) for cell in best], dtype=np.uint64))


class Scene:
    """Tables that change from tick to tick the same way for the same seed."""

    def __init__(
        self, *, most_cells: int = 6000, incidents: int = 120, units: int = 80, cameras: int = 1500, level: str = "town"
    ) -> None:
        self.rng = np.random.default_rng(7)
        self.level = level
        self.region = "first"
        self.east = 0.0
        west, south, east, north = district().region.roots[0].geometry.bounds
        self.cell_ids = cells(most_cells)
        lat, lon = np.array([h3.cell_to_latlng(h3.int_to_str(int(c))) for c in self.cell_ids]).T
        hills = [
            (0.52, 0.50, 0.060, 60.0),
            (0.30, 0.62, 0.035, 34.0),
            (0.70, 0.35, 0.040, 42.0),
            (0.44, 0.33, 0.025, 30.0),
            (0.78, 0.66, 0.030, 26.0),
            (0.18, 0.40, 0.022, 18.0),
        ]
        x, y = (lon - west) / (east - west), (lat - south) / (north - south)
        rate = np.full(len(x), 0.35)
        for cx, cy, spread, height in hills:
            rate += height * np.exp(-((x - cx) ** 2 + ((y - cy) * 0.6) ** 2) / (2 * spread**2))
        self.rate = rate
        self.values = self.rng.poisson(rate).astype(np.float32)
        self.areas = list(district().region.by_level[level])
        self.counts = self.rng.integers(4, 400, len(self.areas)).astype(np.uint32)
        self.silent = np.zeros(len(self.areas), np.uint8)
        self.silent[[2, 7]] = (1, 2)
        self.counts[self.silent > 0] = 0
        self.next_incident = 0
        self.incidents: list[tuple[str, float, float, int, int, float]] = []
        for _ in range(incidents):
            self.open_incident()
        n = units
        pick = self.rng.choice(len(self.cell_ids), n, p=rate / rate.sum())
        self.unit_lon = lon[pick] + self.rng.normal(0, 0.003, n)
        self.unit_lat = lat[pick] + self.rng.normal(0, 0.003, n)
        self.unit_at = np.full(n, T0, np.float64)
        self.heading = self.rng.uniform(0, 2 * np.pi, n)
        self.unit_kind = np.where(self.rng.random(n) < 0.3, 0, self.rng.integers(1, 5, n)).astype(np.uint16)
        self.unit_status = self.rng.choice(6, n, p=[0.5, 0.1, 0.15, 0.15, 0.06, 0.04]).astype(np.uint8)
        self.trails: list[list[list[float]]] = [[] for _ in range(n)]
        for _ in range(14):
            self.move()
        pick = self.rng.choice(len(self.cell_ids), cameras, p=rate / rate.sum())
        self.cam_lon = lon[pick] + self.rng.normal(0, 0.003, cameras)
        self.cam_lat = lat[pick] + self.rng.normal(0, 0.003, cameras)
        self.cam_bearing = self.rng.uniform(0, 360, cameras).astype(np.float32)
        self.cam_online = (self.rng.random(cameras) < 0.93).astype(np.uint8)

    def open_incident(self) -> None:
        row = self.rng.choice(len(self.cell_ids), p=self.rate / self.rate.sum())
        lat, lon = h3.cell_to_latlng(h3.int_to_str(int(self.cell_ids[row])))
        self.next_incident += 1
        severity = int(self.rng.choice([1, 2, 3, 4], p=[0.08, 0.17, 0.4, 0.35]))
        state = int(self.rng.choice([0, 1, 2, 3], p=[0.4, 0.25, 0.25, 0.1]))
        self.incidents.append((f"T-{self.next_incident}", lon, lat, severity, state, T0))

    def move(self) -> None:
        self.heading += self.rng.normal(0, 0.25, len(self.heading))
        self.unit_lon += np.cos(self.heading) * 0.0012
        self.unit_lat += np.sin(self.heading) * 0.0010
        for i, trail in enumerate(self.trails):
            trail.append([round(float(self.unit_lon[i]), 6), round(float(self.unit_lat[i]), 6)])
            del trail[:-20]

    def tick(self) -> None:
        """Half a second passes."""
        some = self.rng.choice(len(self.values), max(1, len(self.values) // 20), replace=False)
        self.values = self.values.copy()
        self.values[some] = self.rng.poisson(self.rate[some])
        self.counts = self.counts + (self.rng.random(len(self.counts)) < 0.2) * (self.silent == 0)
        self.counts = self.counts.astype(np.uint32)
        self.move()

    def heat(self) -> Table:
        res = h3.get_resolution(h3.int_to_str(int(self.cell_ids[0]))) if len(self.cell_ids) else 8
        meta = {
            "res": res,
            "measure": "reported",
            "max": float(self.values.max(initial=0)),
            "total": float(self.values.sum()),
        }
        return Table(self.cell_ids, {"value": self.values}, meta)

    def area_table(self) -> Table:
        n = len(self.areas)
        columns = {
            "count": self.counts,
            "open": (self.counts // 9).astype(np.uint32),
            "silent": self.silent,
            "contact": np.full(n, T0, np.float64),
        }
        codes = np.array([a.code for a in self.areas], dtype=object)
        return Table(
            codes,
            columns,
            {
                "level": self.level,
                "region": self.region,
                "max": int(self.counts.max()),
                "total": int(self.counts.sum()),
            },
        )

    def incident_table(self) -> Table:
        ids, lon, lat, severity, state, opened = zip(*self.incidents, strict=True) if self.incidents else ((),) * 6
        columns = {
            "lon": np.array(lon, np.float64),
            "lat": np.array(lat, np.float64),
            "state": np.array(state, np.uint8),
            "severity": np.array(severity, np.uint8),
            "category": np.zeros(len(ids), np.uint16),
            "opened": np.array(opened, np.float64),
        }
        meta = {"categories": ["0101"], "total": len(ids), "shown": len(ids)}
        return Table(np.array(ids, dtype=object), columns, meta)

    def unit_table(self) -> Table:
        n = len(self.unit_lon)
        columns = {
            "lon": self.unit_lon.copy(),
            "lat": self.unit_lat.copy(),
            "status": self.unit_status,
            "kind": self.unit_kind,
            "at": self.unit_at.copy(),
            "bearing": np.full(n, np.nan, np.float32),
            "trail": np.array([json.dumps(t, separators=(",", ":")) for t in self.trails], dtype=object),
        }
        return Table(
            np.array([f"U-{i}" for i in range(n)], dtype=object), columns, {"kinds": list(KINDS), "counts": {}}
        )

    def camera_table(self) -> Table:
        n = len(self.cam_lon)
        columns = {
            "lon": self.cam_lon,
            "lat": self.cam_lat,
            "bearing": self.cam_bearing,
            "fov": np.full(n, 70, np.float32),
            "online": self.cam_online,
        }
        on = int(self.cam_online.sum())
        return Table(np.array([f"C-{i}" for i in range(n)], dtype=object), columns, {"online": on, "offline": n - on})

    def tables(self) -> dict[str, Table]:
        return {
            "heat": self.heat(),
            "areas": self.area_table(),
            "incidents": self.incident_table(),
            "units": self.unit_table(),
            "cameras": self.camera_table(),
        }
