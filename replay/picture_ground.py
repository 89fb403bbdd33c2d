"""The ground of map pictures: the region with its base map, and where things are on a picture of a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from data.store import Store
from geo.area import Region
from replay.picture import Line, Mark, Points, Shape, polygon

WIDTH, HEIGHT = 480.0, 384.0
TOP, BOTTOM = 22.0, 54.0
"""Heights of the strip with the time and of that with the legend."""

LAND, BORDER, WATER, COAST = "#f6f3ea", "#b4ac98", "#bdd7e6", "#8d8672"
ROADS = {"motorway": ("#c2b48f", 2.6), "main": ("#cfc4a6", 1.9), "street": ("#dad1ba", 1.1), "lane": ("#e2dac7", 0.7)}
"""Colour and width of the classes of the base map's roads; others are drawn as streets."""

NEAR_M = 25.0
"""Where a unit of the picture is less than this many metres, lanes and the names of units are shown."""

M_LAT = 111_132.0
"""Metres in a degree of latitude, in the middle."""

Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north, degrees."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies under every picture of a region. Read once, `ground_of`."""

    region: Region
    land: BaseGeometry
    towns: tuple[tuple[BaseGeometry, str, str], ...]
    water: tuple[BaseGeometry, ...]
    roads: tuple[tuple[str, BaseGeometry], ...]

    @property
    def box(self) -> Box:
        """The whole region."""
        west, south, east, north = self.land.bounds
        return west, south, east, north


def ground_of(store: Store) -> Ground:
    """The region and its base map. A store without a region gives an empty ground of a degree."""
    region = store.region()
    land = shapely.union_all([area.geometry for area in region.roots]) if region.roots else shapely.box(0, 0, 1, 1)
    level = region.levels[1] if len(region.levels) > 1 else ""
    towns = tuple((area.geometry, area.name, area.name_en) for area in region.areas if area.level == level)
    water = tuple(shape for _, shape in _layer(store, "water"))
    roads = sorted(_layer(store, "roads"), key=lambda each: _rank(each[0]))
    return Ground(region, land, towns, water, tuple(roads))


def _layer(store: Store, name: str) -> list[tuple[str, BaseGeometry]]:
    body = store.basemap(name)
    features = [] if body is None else orjson.loads(body)["features"]
    geometries = shapely.from_geojson([orjson.dumps(each["geometry"]).decode() for each in features])
    return [
        (str(each["properties"].get("class") or ""), shape) for each, shape in zip(features, geometries, strict=True)
    ]


def _rank(road: str) -> int:
    order = list(ROADS)
    return -order.index(road) if road in ROADS else -order.index("street")


@dataclass(frozen=True, slots=True)
class View:
    """Degrees to the picture's units: plane in the middle of the box, which is good to a thousandth over a district."""

    west: float
    north: float
    x_scale: float
    y_scale: float
    m: float
    """Metres of one unit."""
    box: Box

    @classmethod
    def of(cls, box: Box) -> View:
        """That shows the whole box, and more where the shapes differ."""
        west, south, east, north = box
        cos = float(np.cos(np.radians((south + north) / 2)))
        width, height = WIDTH, HEIGHT - TOP - BOTTOM
        m = max((east - west) * cos * M_LAT / (width * 0.94), (north - south) * M_LAT / (height * 0.94))
        lon, lat = (west + east) / 2, (south + north) / 2
        half_x, half_y = width * m / 2 / (cos * M_LAT), height * m / 2 / M_LAT
        whole = (lon - half_x, lat - half_y, lon + half_x, lat + half_y)
        return cls(whole[0], whole[3], cos * M_LAT / m, M_LAT / m, m, whole)

    @property
    def near(self) -> bool:
        """Whether small things are shown as well."""
        return self.m < NEAR_M

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a point is on the picture."""
        return (lon - self.west) * self.x_scale, TOP + (self.north - lat) * self.y_scale

    def points(self, lonlat: Points) -> Points:
        """The same for (n, 2) degrees, lon and lat."""
        return np.column_stack(
            ((lonlat[:, 0] - self.west) * self.x_scale, TOP + (self.north - lonlat[:, 1]) * self.y_scale)
        )

    def holds(self, lon: float, lat: float) -> bool:
        """Whether a point is seen, and not at the very border."""
        x, y = self.at(lon, lat)
        return 4 <= x <= WIDTH - 4 and TOP + 4 <= y <= HEIGHT - BOTTOM - 4

    def frame(self) -> Points:
        """The ring of the map's frame."""
        return rectangle(0, TOP, WIDTH, HEIGHT - BOTTOM)

    def circle(self, lon: float, lat: float, radius_m: float) -> Points:
        """A ring around a point; never so small that it is not seen."""
        x, y = self.at(lon, lat)
        turn = np.linspace(0, 2 * np.pi, 33)[:-1]
        r = max(radius_m / self.m, 7.0)
        return np.column_stack((x + r * np.cos(turn), y + r * np.sin(turn)))


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    """The ring of a rectangle."""
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def clipped(view: View, shape: BaseGeometry) -> BaseGeometry:
    """What of a shape is seen, without corners that are closer than a third of a unit."""
    west, south, east, north = view.box
    pad_x, pad_y = (east - west) * 0.01, (north - south) * 0.01
    return shapely.clip_by_rect(shape, west - pad_x, south - pad_y, east + pad_x, north + pad_y).simplify(
        0.33 / view.y_scale
    )


def rings_of(view: View, shape: BaseGeometry) -> tuple[Points, ...]:
    """The rings of what is seen of a shape, on the picture."""
    polygons = [part for part in shapely.get_parts(clipped(view, shape)) if part.geom_type == "Polygon"]
    rings = [ring for part in polygons for ring in (part.exterior, *part.interiors)]
    return tuple(view.points(shapely.get_coordinates(ring)[:-1]) for ring in rings)


def ground_marks(ground: Ground, view: View) -> list[Mark]:
    """Land, water, roads and the borders of the areas below the region's highest level."""
    marks: list[Mark] = []
    if land := rings_of(view, ground.land):
        marks.append(Shape(land, fill=LAND))
    for water in ground.water:
        if rings := rings_of(view, water):
            marks.append(Shape(rings, fill=WATER))
    for road, shape in ground.roads:
        if road == "lane" and not view.near:
            continue
        colour, width = ROADS.get(road, ROADS["street"])
        for part in shapely.get_parts(clipped(view, shape)):
            line = view.points(shapely.get_coordinates(part))
            if len(line) > 1 and (view.near or road in ("motorway", "main") or np.ptp(line, axis=0).max() > 3):
                marks.append(Line(line, colour, width * (1.6 if view.near else 0.7)))
    for town, _, _ in ground.towns:
        if rings := rings_of(view, town):
            marks.append(Shape(rings, stroke=BORDER, width=0.7, dash=(4, 2)))
    if land:
        marks.append(Shape(land, stroke=COAST, width=1.1))
    return marks
