"""Coverage: the share of areas that a free unit can be in within so many minutes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from geo.area import Region
from geo.distance import EARTH_RADIUS_M
from geo.roads import RoadGraph

MINUTES = 8.0
EVERY_S = 1800
NEAR_M = 1000.0
"""An area farther than this from any road is not counted where there are roads."""
SPEED_MS = 30.0 / 3.6
"""Off the roads, and everywhere where there are none."""


class Coverage:
    """Of a region's finest areas, each by a point inside it; of a road network's junctions where there is no region."""

    def __init__(
        self, region: Region, roads: RoadGraph | None, *, minutes: float = MINUTES, every_s: int = EVERY_S
    ) -> None:
        self.minutes, self.every_s = minutes, every_s
        self._roads = roads
        finest = [a for a in region.areas if a.level == region.levels[-1]] if region.levels else []
        inside = [area.geometry.representative_point() for area in finest]
        lon, lat = np.array([p.x for p in inside]), np.array([p.y for p in inside])
        if roads is None:
            self._scale = np.radians(EARTH_RADIUS_M) * np.array(
                [np.cos(np.radians(lat.mean())) if lat.size else 1.0, 1.0]
            )
            self._points = np.column_stack((lon, lat)) * self._scale
            self.of = len(lon)
            return
        nodes = roads.snap(lon, lat) if lon.size else roads.core
        self._off = np.zeros(len(nodes))
        if lon.size:
            scale = np.radians(EARTH_RADIUS_M)
            x = (roads.lon[nodes] - lon) * np.cos(np.radians(lat)) * scale
            self._off = np.hypot(x, (roads.lat[nodes] - lat) * scale)
        near = self._off <= NEAR_M
        self._nodes, self._off = nodes[near], self._off[near] / SPEED_MS
        self.of = int(near.sum())

    def share(self, places: Sequence[tuple[float, float]]) -> float:
        """Share of the areas, 0 to 1; 0 where there are none."""
        limit = self.minutes * 60.0
        if not self.of or not places:
            return 0.0
        at = np.array(places, np.float64)
        if self._roads is None:
            metres, _ = cKDTree(at * self._scale).query(self._points)
            return round(float(np.mean(metres / SPEED_MS <= limit)), 4)
        starts = np.unique(self._roads.snap(at[:, 0], at[:, 1]))
        seconds = dijkstra(self._roads.outgoing.matrix, indices=starts, min_only=True, limit=limit)
        return round(float(np.mean(seconds[self._nodes] + self._off <= limit)), 4)
