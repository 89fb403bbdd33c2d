"""A generated district for the benchmarks: towns and irregular grids that share wiggly borders, and points in it.

Jittered lattice points are joined into quadrilaterals; every side is subdivided by midpoint displacement, once, and
used by both of its grids, so that neighbours share every vertex. Sides get different numbers of vertices: a grid has
50 to 500. Grids are gathered into ten towns by the nearest of ten seats. Everything follows from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.area import Area

WEST, SOUTH = 121.0, 31.7
WIDE, HIGH = 0.9, 0.6  # degrees: some 85 x 67 km
TOWNS = 10
_LAYOUT = {930: (31, 30), 10_000: (100, 100)}


@dataclass(frozen=True)
class District:
    """Grids in code order and the towns they make up."""

    grids: tuple[Area, ...]
    towns: tuple[Area, ...]


def district(count: int = 930, seed: int = 3) -> District:
    """`count` grids: 930 or 10,000."""
    columns, rows = _LAYOUT[count]
    rng = np.random.default_rng(seed)
    lattice = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), axis=-1)
    jitter = rng.uniform(-0.2, 0.2, lattice.shape)
    jitter[:, [0, -1], 0] = 0.0
    jitter[[0, -1], :, 1] = 0.0
    corners = (lattice + jitter) / (columns, rows) * (WIDE, HIGH) + (WEST, SOUTH)
    across = {(r, c): _wiggly(rng, corners[r, c], corners[r, c + 1]) for r in range(rows + 1) for c in range(columns)}
    up = {(r, c): _wiggly(rng, corners[r, c], corners[r + 1, c]) for r in range(rows) for c in range(columns + 1)}
    seats = rng.uniform((WEST, SOUTH), (WEST + WIDE, SOUTH + HIGH), (TOWNS, 2))
    shapes = []
    for r in range(rows):
        for c in range(columns):
            south, east, north, west = across[r, c], up[r, c + 1], across[r + 1, c], up[r, c]
            ring = np.vstack((south[:-1], east[:-1], north[:0:-1], west[:0:-1]))
            shapes.append(shapely.Polygon(ring))
    middles = shapely.get_coordinates(shapely.centroid(shapes))
    town_of = np.argmin(((middles[:, None] - seats) ** 2).sum(-1), axis=1)
    grids = []
    for number, (shape, town) in enumerate(zip(shapes, town_of.tolist(), strict=True)):
        code = f"{town:02d}{number:06d}"
        grids.append(Area(code, code, "grid", shape, parent=f"{town:02d}"))
    towns = [
        Area(
            f"{t:02d}",
            f"{t:02d}",
            "town",
            shapely.coverage_union_all([g.geometry for g in grids if g.parent == f"{t:02d}"]),
        )
        for t in sorted(set(town_of.tolist()))
    ]
    return District(tuple(sorted(grids, key=lambda area: area.code)), tuple(towns))


def _wiggly(rng: np.random.Generator, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """A line of 13 to 125 vertices from start to end, displaced sideways by up to 8 % of what is halved."""
    line = np.array([start, end])
    wanted = round(float(np.exp(rng.uniform(np.log(13), np.log(125)))))
    while len(line) < wanted:
        gaps = rng.permutation(len(line) - 1)[: wanted - len(line)]
        gaps.sort()
        ahead = line[gaps + 1] - line[gaps]
        side = np.column_stack((-ahead[:, 1], ahead[:, 0])) * rng.uniform(-0.08, 0.08, (len(gaps), 1))
        line = np.insert(line, gaps + 1, line[gaps] + ahead / 2 + side, axis=0)
    return line


def points(grids: tuple[Area, ...], count: int, seed: int = 4) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """lon, lat: 92 % anywhere in the district, 2 % on vertices, 3 % on the middles of edges, 3 % outside; shuffled."""
    rng = np.random.default_rng(seed)
    xy, ring = shapely.get_coordinates([g.geometry.exterior for g in grids], return_index=True)
    ends = np.flatnonzero(ring[1:] == ring[:-1])
    vertex = xy[rng.integers(0, len(xy), count // 50)]
    edge = rng.choice(ends, 3 * count // 100)
    middle = (xy[edge] + xy[edge + 1]) / 2
    outside = rng.uniform((WEST - 0.2, SOUTH - 0.2), (WEST, SOUTH + HIGH + 0.2), (3 * count // 100, 2))
    inside = rng.uniform((WEST, SOUTH), (WEST + WIDE, SOUTH + HIGH), (count - len(vertex) - 2 * len(middle), 2))
    everything = np.vstack((vertex, middle, outside, inside))
    rng.shuffle(everything)
    return everything[:, 0].copy(), everything[:, 1].copy()
