"""The raster of an area index: built once from the areas' edges, kept as four arrays. See `geo.kernels.area`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

_CELLS_PER_AREA = 700
_CELLS_PER_EDGE = 5
_SMALLEST, _LARGEST = 64, 2048  # cells a side
_POLYGONS = (-1, 3, 6)  # shapely's type ids of none, Polygon, MultiPolygon


@dataclass(frozen=True, eq=False)
class Raster:
    """`frame`: west, south, east, north in degrees, columns and rows per degree. `cells`: [row, column] flat, from the
    south west. `words`: the lists of the cells that an edge meets, and `reals` the same bytes as doubles."""

    frame: NDArray[np.float64]
    columns: int
    rows: int
    cells: NDArray[np.int32]
    words: NDArray[np.int64]

    @property
    def reals(self) -> NDArray[np.float64]:
        return self.words.view(np.float64)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.frame.nbytes + self.cells.nbytes + self.words.nbytes


@dataclass(frozen=True, eq=False)
class Edges:
    """All rings' edges, x1 y1 x2 y2, area by area: area a has `xyxy[starts[a]:starts[a + 1]]`."""

    xyxy: NDArray[np.float64]
    starts: NDArray[np.int64]


def edges_of(geometries: Sequence[BaseGeometry]) -> Edges | None:
    """The edges; None for what no raster can stand for: other than polygons, or coordinates that are not finite."""
    geoms = np.array(geometries, dtype=object)
    if not np.isin(shapely.get_type_id(geoms), _POLYGONS).all():
        return None
    parts, owner = shapely.get_parts(geoms, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    if not np.isfinite(xy).all():
        return None
    same = ring[1:] == ring[:-1]
    xyxy = np.hstack((xy[:-1][same], xy[1:][same])) if len(xy) else np.empty((0, 4))
    counts = np.bincount(owner[part[ring[1:][same]]], minlength=len(geoms)) if len(xy) else np.zeros(len(geoms), int)
    return Edges(np.ascontiguousarray(xyxy), np.concatenate(([0], np.cumsum(counts))).astype(np.int64))


def side(areas: int, edges: int) -> int:
    """Cells a side: enough that most cells meet no edge, a power of two from 64 to 2048."""
    wanted = max(_CELLS_PER_AREA * areas, _CELLS_PER_EDGE * edges)
    cells = _SMALLEST
    while cells < _LARGEST and cells * cells < wanted:
        cells *= 2
    return cells


def build(edges: Edges, kernels: ModuleType) -> Raster:
    """The raster of at least one edge; `kernels` is the compiled `geo.kernels.area`."""
    xyxy = edges.xyxy
    west, east = float(min(xyxy[:, 0].min(), xyxy[:, 2].min())), float(max(xyxy[:, 0].max(), xyxy[:, 2].max()))
    south, north = float(min(xyxy[:, 1].min(), xyxy[:, 3].min())), float(max(xyxy[:, 1].max(), xyxy[:, 3].max()))
    cells = side(int((np.diff(edges.starts) > 0).sum()), len(xyxy))
    columns, rows = _fit(cells, west, east), _fit(cells, south, north)
    per_x = columns / (east - west) if east > west else 1.0
    per_y = rows / (north - south) if north > south else 1.0
    frame = np.array([west, south, east, north, per_x, per_y])
    raster, words = kernels.build(xyxy, edges.starts, frame, columns, rows)
    return Raster(frame, columns, rows, raster, words)


def _fit(cells: int, low: float, high: float) -> int:
    """Fewer cells for an extent so small that rounding errors would be a part of a cell that counts."""
    finest = 1e-8 * max(abs(low), abs(high))
    return max(1, int(min(cells, (high - low) / finest))) if finest > 0 else cells
