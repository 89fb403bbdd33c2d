"""Point to area by a tree of boxes and prepared polygons: what answers before the raster of `area_index` does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


class AreaTree:
    """Immutable; safe to ask from several threads. Geometries in ascending order of their areas' codes."""

    def __init__(self, geometries: Sequence[BaseGeometry]) -> None:
        self._geoms = np.array(geometries, dtype=object)
        self._tree = shapely.STRtree(self._geoms)
        shapely.prepare(self._geoms)
        if len(self._geoms):
            # GEOS builds the tree and each prepared polygon at its first use, without a lock: use each once here.
            west, south, east, north = shapely.bounds(self._geoms).T
            middle = (west + east) / 2, (south + north) / 2
            shapely.intersects_xy(self._geoms, *middle)
            self._tree.query(shapely.points(*middle))

    def locate(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int32]:
        """Of the geometries that intersect a point the first, by its position; -1 where there is none."""
        found = np.full(x.size, -1, np.int32)
        if not len(self._geoms) or not x.size:
            return found
        point, area = self._tree.query(shapely.points(x, y))
        hit = shapely.intersects_xy(self._geoms[area], x[point], y[point])
        point, area = point[hit], area[hit]
        order = np.lexsort((-area, point))  # of a point's areas the smallest is written last, and stays
        found[point[order]] = area[order]
        return found
