"""The lie of the land: the county's outline, the great river on its south side, rivers, canals and lakes. Metres."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from feeds.demo.curves import blob, fractal, meander, smooth
from feeds.demo.plane import Points

KM = 1000.0

# Land borders run from the south-west shore clockwise to the south-east shore; the shore closes the ring.
_LAND = [
    (-19.5, -9.6), (-18.2, -6.0), (-20.4, -2.1), (-19.2, 2.6), (-20.8, 6.4), (-17.0, 8.2), (-15.6, 11.6), (-10.9, 11.2),
    (-8.6, 13.4), (-4.6, 12.6), (-2.4, 15.1), (2.8, 14.6), (4.4, 12.7), (9.2, 14.3), (13.1, 12.4), (15.0, 9.6),
    (18.8, 9.0), (19.6, 4.2), (18.2, 1.0), (20.6, -2.2), (19.4, -5.4), (21.4, -9.2),
]  # fmt: skip
_SHORE = [(21.4, -9.2), (16.5, -11.3), (11.0, -11.9), (5.0, -11.0), (-1.0, -11.7), (-6.5, -13.3), (-13.0, -12.6),
          (-19.5, -9.6)]  # fmt: skip


_FAR_BANK = [(-38, -13), (-20, -14.2), (-9, -17.3), (1, -15.8), (12, -16.4), (21, -14), (38, -14)]


@dataclass(frozen=True, slots=True)
class River:
    """A watercourse: centre line in metres, width in metres."""

    name: str
    name_en: str
    line: Points
    width: float
    kind: str  # river, canal


# name, English, width m, meander amplitude m, kind, control points km
_RIVERS: tuple[tuple[str, str, float, float, str, tuple[tuple[float, float], ...]], ...] = (
    ("青溪河", "Qingxi River", 95, 260, "river",
     ((-7.5, 14.5), (-8.6, 9.5), (-6.4, 5.6), (-7.6, 1.4), (-4.9, -3.0), (-6.2, -7.4), (-5.2, -13.0))),
    ("云岚运河", "Yunlan Canal", 70, 60, "canal",
     ((-22.0, 1.0), (-13.5, 0.6), (-7.2, 2.2), (-1.0, 2.5), (5.2, 2.2), (12.0, 2.9), (22.0, 2.4))),
    ("沙屿河", "Shayu River", 80, 230, "river",
     ((11.4, 14.5), (9.9, 9.4), (12.2, 5.4), (11.2, 1.4), (9.6, -3.0), (12.0, -7.4), (11.6, -12.0))),
    ("兰圩港", "Lanwei Creek", 45, 150, "river", ((1.2, 15.2), (0.6, 11.2), (2.0, 8.4), (1.0, 5.2), (1.4, 2.5))),
    ("石舫港", "Shifang Creek", 45, 140, "river",
     ((-21.0, -5.4), (-16.2, -6.0), (-11.6, -7.4), (-8.6, -6.6), (-5.8, -6.9))),
    ("禾丰中心河", "Hefeng Drain", 34, 30, "canal", ((20.8, -6.2), (15.6, -7.6), (11.9, -7.2))),
    ("东塘河", "Dongtang Drain", 30, 30, "canal", ((-16.6, 10.2), (-12.6, 5.0), (-13.4, 0.6))),
    ("临江引河", "Linjiang Inlet", 40, 90, "river", ((3.9, 2.3), (5.3, -2.6), (4.7, -6.6), (5.6, -11.2))),
)  # fmt: skip

# name, English, centre km, radius km, stretch
_LAKES: tuple[tuple[str, str, tuple[float, float], float, float], ...] = (
    ("东湖", "East Lake", (4.6, 5.5), 1.15, 1.5),
    ("白鹭荡", "Egret Marsh", (-16.2, 4.0), 0.85, 1.4),
    ("月牙湖", "Crescent Lake", (15.6, -2.2), 0.70, 1.8),
    ("西塘", "West Pond", (-3.0, -1.6), 0.30, 1.5),
    ("芦花荡", "Reed Marsh", (-1.9, -8.6), 0.62, 1.6),
    ("镜湖", "Mirror Lake", (-2.6, 7.6), 0.45, 1.3),
)


@dataclass(frozen=True)
class Terrain:
    """The drawn land, metres."""

    outline: Polygon
    great_river: BaseGeometry
    rivers: tuple[River, ...]
    lakes: tuple[tuple[str, str, Polygon], ...]

    @property
    def wide_water(self) -> BaseGeometry:
        """Where no road or camera belongs: lakes and the great river."""
        return shapely.union_all([self.great_river, *(lake for _, _, lake in self.lakes)])


def draw_terrain(seed: int) -> Terrain:
    """The land of a seed. Its broad shape is fixed, its detail is drawn."""
    rng = np.random.default_rng([seed, 1])
    shore = meander(smooth(np.array(_SHORE) * KM, 14), rng, 110, 5200)
    corners = np.array(_LAND) * KM
    corners[1:-1] += rng.normal(0, 280, corners[1:-1].shape)
    legs = [fractal(a, b, rng, roughness=0.115, step=170)[:-1] for a, b in pairwise(corners)]
    outline = Polygon(np.vstack([*legs, shore[:-1]]))
    if not outline.is_valid:  # a border that bites itself is cut at the bite
        outline = max(_parts(outline.buffer(0)), key=lambda p: p.area)
    outline = shapely.set_precision(outline, 0.5)

    frame = box(*outline.buffer(2600).bounds)
    bank = np.vstack([[38_000, -9_800], [29_000, -8_600], shore, [-27_000, -7_600], [-38_000, -8_800]])
    far = meander(smooth(np.array(_FAR_BANK) * KM, 10), rng, 160, 6000)
    # Unbroken: an island in it would belong to no area, and be a hole in the map.
    great = Polygon(np.vstack([bank, far])).buffer(0).intersection(frame)

    rivers = tuple(
        River(name, en, meander(smooth(np.array(points) * KM, 16), rng, amplitude, 4200), width, kind)
        for name, en, width, amplitude, kind, points in _RIVERS
    )
    lakes = tuple(
        (name, en, Polygon(blob((x * KM, y * KM), radius * KM, rng, stretch=stretch)).buffer(0))
        for name, en, (x, y), radius, stretch in _LAKES
    )
    return Terrain(outline, great, rivers, lakes)


def water_shapes(terrain: Terrain) -> list[tuple[str, str, str, BaseGeometry]]:
    """(class, name, English name, polygon) of all water, cut at the edge of the map."""
    frame = terrain.outline.buffer(1400)
    shapes: list[tuple[str, str, str, BaseGeometry]] = [("river", "澜江", "Lan River", terrain.great_river)]
    for river in terrain.rivers:
        body = LineString(river.line).buffer(river.width / 2, cap_style="flat", quad_segs=3).intersection(frame)
        shapes.append((river.kind, river.name, river.name_en, body))
    shapes += [("lake", name, en, lake) for name, en, lake in terrain.lakes]
    return [(c, n, e, s) for c, n, e, s in shapes if not s.is_empty]


def _parts(geometry: BaseGeometry) -> list[Polygon]:
    return list(geometry.geoms) if isinstance(geometry, MultiPolygon) else [geometry]
