"""Where things happen: pools of points in the grids, at hot spots, on the roads, at the gauges. Drawn once per seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from feeds.demo.district import District, draw_district
from feeds.demo.grids import spacing_at
from feeds.demo.plane import Points, to_degrees
from feeds.demo.terrain import KM

PER_GRID = 28
"""Points kept for each grid."""


@dataclass(frozen=True, slots=True)
class HotSpot:
    """A place that draws matters of some majors or minors: centre in km, spread in metres, share of its kind."""

    name: str
    name_en: str
    centre: tuple[float, float]
    spread: float
    kinds: tuple[str, ...]
    weight: float


HOT_SPOTS: tuple[HotSpot, ...] = (
    HotSpot("云岚农贸市场", "Yunlan Market Hall", (0.7, -0.1), 130, ("0102", "0101", "10", "0401", "0301"), 1.0),
    HotSpot(
        "实验学校片区", "Experimental School quarter", (2.5, 0.6), 190, ("0411", "0301", "0302", "1107", "0308"), 0.8
    ),
    HotSpot("云岚大道东环路口", "Yunlan Avenue and East Ring junction", (3.4, 1.3), 110, ("03", "0204", "0207"), 0.9),
    HotSpot("云岚客运站", "Yunlan Coach Station", (-0.8, -0.7), 150, ("0306", "0307", "0406", "0410", "0405"), 0.8),
    HotSpot(
        "滨江夜市", "Riverside Night Market", (1.8, -3.0), 140, ("0102", "0702", "0704", "0403", "0408", "0703"), 1.0
    ),
    HotSpot("湖滨小区群", "Lakeside estates", (3.0, 3.4), 330, ("09", "0701", "0703", "1201", "0609"), 0.8),
    HotSpot("经济开发区", "Development Zone", (5.6, -1.9), 480, ("0705", "0706", "08", "1203", "1102", "0507"), 0.7),
    HotSpot("中心医院", "Central Hospital", (0.1, 1.0), 120, ("06", "1206", "0304"), 0.6),
    HotSpot("云港码头", "Yungang Wharf", (15.5, 5.4), 260, ("0311", "0305", "0707", "1203"), 0.5),
    HotSpot("枫渡集市", "Fengdu Fair", (-13.2, 7.5), 170, ("0102", "1008", "0401", "0301"), 0.5),
)


@dataclass(frozen=True)
class Places:
    """Point pools. Every point is in WGS 84 and knows its grid (position in District.grid_codes)."""

    grid_points: Points  # [grids * PER_GRID]
    grid_weight: NDArray[np.float64]  # probability of each grid
    spot_points: tuple[Points, ...]
    spot_grids: tuple[NDArray[np.int64], ...]
    road_points: Points
    road_grids: NDArray[np.int64]
    road_weight: NDArray[np.float64]
    gauges: Points
    gauge_grids: NDArray[np.int64]


@lru_cache(maxsize=2)
def find_places(seed: int) -> Places:
    """The pools of a seed."""
    district = draw_district(seed)
    rng = np.random.default_rng([seed, 6])
    spots = []
    for spot in HOT_SPOTS:
        centre = np.array(spot.centre) * KM
        spots.append(to_degrees(centre + rng.normal(0, spot.spread, (120, 2))))
    road_points, road_weight = _on_roads(district, rng)
    gauges = _gauges(district, rng)
    inside = [_locate(district, points) for points in (*spots, road_points, gauges)]
    spots = [points[at >= 0] for points, at in zip(spots, inside, strict=False)]
    on_land = inside[-2] >= 0
    weight = np.where(on_land, road_weight, 0)
    return Places(
        _in_grids(district, rng),
        _population(district, rng),
        tuple(spots),
        tuple(at[at >= 0] for at in inside[: len(HOT_SPOTS)]),
        road_points,
        np.maximum(inside[-2], 0),
        weight / weight.sum(),
        gauges[inside[-1] >= 0],
        inside[-1][inside[-1] >= 0],
    )


def _locate(district: District, points: Points) -> NDArray[np.int64]:
    """Grid of each point, -1 outside."""
    areas = district.region.by_level["grid"]
    found = np.full(len(points), -1)
    tree = shapely.STRtree([area.geometry for area in areas])
    at, grid = tree.query(shapely.points(points), predicate="within")
    found[at] = grid
    return found


def _in_grids(district: District, rng: np.random.Generator) -> Points:
    out = np.empty((len(district.grid_codes), PER_GRID, 2))
    for i, area in enumerate(district.region.by_level["grid"]):
        shapely.prepare(area.geometry)
        west, south, east, north = area.geometry.bounds
        have = np.empty((0, 2))
        while len(have) < PER_GRID:
            tries = np.column_stack([rng.uniform(west, east, 64), rng.uniform(south, north, 64)])
            have = np.vstack([have, tries[shapely.contains_xy(area.geometry, *tries.T)]])
        out[i] = have[:PER_GRID]
    return np.round(out.reshape(-1, 2), 6)


def _population(district: District, rng: np.random.Generator) -> NDArray[np.float64]:
    """Share of matters of each grid: about equal people per grid in the towns, half of that in the fields."""
    urban = spacing_at(district.grid_centres) < 620
    weight = np.where(urban, 1.0, 0.42) * rng.lognormal(0, 0.55, len(urban))
    return np.asarray(weight / weight.sum())


def _on_roads(district: District, rng: np.random.Generator) -> tuple[Points, NDArray[np.float64]]:
    streets = district.streets
    load = np.array([3.0, 4.0, 1.2, 0.25])[streets.edge_class]
    middle = (streets.nodes[streets.edge_from] + streets.nodes[streets.edge_to]) / 2
    load = load * np.where(spacing_at(middle) < 620, 2.2, 1.0) * streets.metres
    edge = rng.choice(len(load), 3500, p=load / load.sum())
    part = rng.beta(0.7, 0.7, len(edge))[:, None]  # towards the junctions
    xy = streets.nodes[streets.edge_from[edge]] * (1 - part) + streets.nodes[streets.edge_to[edge]] * part
    return to_degrees(xy), rng.lognormal(0, 0.8, len(edge))


def _gauges(district: District, rng: np.random.Generator) -> Points:
    """Points on the rivers, about 5 km apart, and six underpasses in the seat."""
    points = [[river.line[i] for i in range(30, len(river.line) - 20, 22)] for river in district.terrain.rivers]
    under = np.array([1.3, -0.6]) * KM + rng.normal(0, 1500, (6, 2))
    return to_degrees(np.vstack([*[np.array(p) for p in points if p], under]))
