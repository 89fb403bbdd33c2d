"""Moving units on a road graph, and the nearest of them by travel time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.distance import haversine_m
from geo.roads import RoadGraph
from geo.roads_search import nearest

Floats = NDArray[np.float64]


class UnitsOnRoads:
    """Units by number, 0 .. size - 1, each at no place or at a point; several may stand on one node.

    A unit drives from the node its point snaps to; the way from its point to that node, and from the incident's node
    to the incident, goes along the straight line at `kmh`. Not thread-safe.
    """

    def __init__(self, graph: RoadGraph, size: int, kmh: float = 30.0) -> None:
        self.graph = graph
        self._metres_per_s = kmh / 3.6
        self._node = np.full(size, -1, np.int32)
        self._head = np.full(graph.nodes, -1, np.int32)
        self._following = np.full(size, -1, np.int32)
        self._extra = np.zeros(size)
        self.available = np.ones(size, bool)
        """Unit -> whether it can be sent. Change it in place."""

    def move(self, units: ArrayLike, lon: ArrayLike, lat: ArrayLike) -> None:
        """Units are now at these points; NaN: at no known place."""
        numbers = np.atleast_1d(np.asarray(units, np.int64))
        x, y = (np.atleast_1d(np.asarray(v, np.float64)) for v in (lon, lat))
        known = np.isfinite(x) & np.isfinite(y)
        node = np.full(numbers.size, -1, np.int64)
        if known.any():
            node[known] = self.graph.snap(x[known], y[known])
        off = np.zeros(numbers.size)
        off[known] = haversine_m(x[known], y[known], self.graph.lon[node[known]], self.graph.lat[node[known]])
        self.put(numbers, node, off / self._metres_per_s)

    def put(self, units: ArrayLike, nodes: ArrayLike, extra_s: ArrayLike = 0.0) -> None:
        """Units are now at these nodes (-1: at no place), `extra_s` seconds away from them."""
        numbers, places, extra = np.broadcast_arrays(
            np.atleast_1d(np.asarray(units, np.int64)), np.asarray(nodes, np.int64), np.asarray(extra_s, np.float64)
        )
        if places.size and not -1 <= places.min() <= places.max() < self.graph.nodes:
            raise ValueError(f"roads: a unit on a node outside -1..{self.graph.nodes - 1}")
        if not (np.isfinite(extra) & (extra >= 0)).all():
            raise ValueError("roads: the way of a unit to its node takes 0 seconds or more")
        for unit, node, more in zip(numbers.tolist(), places.tolist(), extra.tolist(), strict=True):
            self._extra[unit] = more
            old = int(self._node[unit])
            if old == node:
                continue
            if old >= 0:
                self._unlink(unit, old)
            self._node[unit] = node
            if node >= 0:
                self._following[unit] = self._head[node]
                self._head[node] = unit

    def nearest(self, lon: float, lat: float, k: int) -> tuple[NDArray[np.int64], Floats]:
        """(the k available units that can be at the point first, ties by number; their seconds). Units that have no way
        there are left out, so that there may be fewer."""
        goal = int(self.graph.snap(lon, lat))
        units, seconds = self.nearest_to(goal, k)
        off = float(haversine_m(self.graph.lon[goal], self.graph.lat[goal], lon, lat))
        return units, seconds + off / self._metres_per_s

    def nearest_to(self, node: int, k: int) -> tuple[NDArray[np.int64], Floats]:
        """The same for a node: one search from it against the direction of travel, which ends at the k-th unit."""
        graph = self.graph.incoming
        return nearest(graph, node, k, self._head, self._following, self.available, self._extra)

    def _unlink(self, unit: int, node: int) -> None:
        after = int(self._following[unit])
        at = int(self._head[node])
        if at == unit:
            self._head[node] = after
            return
        while int(self._following[at]) != unit:
            at = int(self._following[at])
        self._following[at] = after
