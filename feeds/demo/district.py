"""The invented district as one value: areas, water, roads, and what the other demo files draw from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from feeds.demo.grids import communities, divide_into_towns, draw_cells, place_seeds, reading_order
from feeds.demo.names import DISTRICT, DISTRICT_CODE, DISTRICT_EN, TOWNS, community_name
from feeds.demo.plane import Points, geometry_to_degrees
from feeds.demo.streets import Streets, lay_streets
from feeds.demo.terrain import Terrain, draw_terrain, water_shapes
from geo.area import Area, Region

SEED = 20260501
"""The seed of the district that `make demo` shows."""

LEVELS = ("district", "town", "grid")


@dataclass(frozen=True)
class District:
    """Everything drawn for one seed. Arrays are parallel over the grids, in code order."""

    seed: int
    region: Region
    terrain: Terrain
    streets: Streets
    grid_codes: tuple[str, ...]
    grid_names: tuple[str, ...]
    grid_centres: Points  # metres, inside the grid
    grid_town: NDArray[np.int64]  # position in TOWNS
    grid_km2: NDArray[np.float64]

    def basemap(self) -> dict[str, bytes]:
        """GeoJSON by layer name, as the store keeps it."""
        water: list[tuple[dict[str, object], BaseGeometry]] = [
            ({"class": kind, "name": name, "name_en": en}, geometry_to_degrees(shape.simplify(4)))
            for kind, name, en, shape in water_shapes(self.terrain)
        ]
        roads = [(properties, geometry_to_degrees(shape)) for properties, shape in self.streets.features()]
        outline: list[tuple[dict[str, object], BaseGeometry]] = [
            ({"name": DISTRICT, "name_en": DISTRICT_EN}, self.region.by_code[DISTRICT_CODE].geometry)
        ]
        return {"water": _geojson(water), "roads": _geojson(roads), "outline": _geojson(outline)}


def draw_district(seed: int = SEED) -> District:
    """Draw the district of a seed: the same seed gives the same bytes. Takes about a second, once per process."""
    return _draw(seed)


@lru_cache(maxsize=2)
def _draw(seed: int) -> District:
    terrain = draw_terrain(seed)
    seeds = place_seeds(terrain, seed)
    cells = draw_cells(terrain, seeds, seed)
    town = divide_into_towns(cells, seeds)
    codes, names, names_en = _name_grids(seeds, town)
    shapes = [geometry_to_degrees(cell) for cell in cells]

    order = np.argsort(codes)
    areas = []
    town_shapes = []
    for number, plan in enumerate(TOWNS):
        shape = shapely.coverage_union_all([shapes[i] for i in np.flatnonzero(town == number)])
        town_shapes.append(shape)
        areas.append(Area(plan.code, plan.name, "town", shape, DISTRICT_CODE, plan.name_en))
    whole = shapely.coverage_union_all(town_shapes)
    areas.append(Area(DISTRICT_CODE, DISTRICT, "district", whole, None, DISTRICT_EN))
    areas += [Area(codes[i], names[i], "grid", shapes[i], TOWNS[town[i]].code, names_en[i]) for i in order]
    centres = np.array([c if cell.contains(shapely.Point(c)) else cell.representative_point().coords[0]
                        for c, cell in zip(seeds, cells, strict=True)])  # fmt: skip
    return District(
        seed,
        Region.of(LEVELS, areas),
        terrain,
        lay_streets(terrain, seed),
        tuple(codes[i] for i in order),
        tuple(names[i] for i in order),
        centres[order],
        town[order],
        np.array([cells[i].area / 1e6 for i in order]),
    )


def _name_grids(seeds: Points, town: NDArray[np.int64]) -> tuple[list[str], list[str], list[str]]:
    """Codes (15 digits: county 6, town 3, community 3, sequence 3) and names, numbered in reading order."""
    codes, names, names_en = ([""] * len(seeds) for _ in range(3))
    community = 0
    for number, plan in enumerate(TOWNS):
        members = np.flatnonzero(town == number)
        for part, group in enumerate(communities(seeds[members]), start=1):
            cells = members[group]
            name, name_en = community_name(community, urban=plan.urban)
            community += 1
            for sequence, at in enumerate(reading_order(seeds[cells]), start=1):
                i = cells[at]
                codes[i] = f"{plan.code[:9]}{part:03d}{sequence:03d}"
                names[i] = f"{name}{sequence:02d}网格"
                names_en[i] = f"{name_en} Grid {sequence:02d}"
    return codes, names, names_en


def _geojson(features: Iterable[tuple[dict[str, object], BaseGeometry]]) -> bytes:
    body = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}
            for properties, shape in features
        ],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
