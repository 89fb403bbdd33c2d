"""The roads of an exercise: a graph of which parts are blocked for a time, and trips along it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.distance import EARTH_RADIUS_M, haversine_m
from geo.roads import RoadGraph

CRAWL_MS = 1.0 / 3.6
"""How fast a blocked road is passed, m/s: on foot, with the equipment. Who has another way takes it; who is sent into
the middle of it, or has no other way, still gets there, late."""
OFF_ROAD_MS = 30.0 / 3.6
"""Speed between a point and the junction nearest to it, m/s; and everywhere where there are no roads."""

MOST_JUNCTIONS = 10_000
"""Points whose nearest junction is remembered."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trip:
    """A way with a timetable: WGS 84 degrees, seconds since it began. `nodes` are those of the graph it passes."""

    lonlat: Floats
    at: Floats
    nodes: tuple[int, ...] = ()

    @cached_property
    def edges(self) -> frozenset[tuple[int, int]]:
        """Those of the graph that it takes: asked for only where a road is blocked."""
        return frozenset(pairwise(self.nodes))

    @property
    def seconds(self) -> int:
        """Whole seconds that it takes, rounded up."""
        return int(np.ceil(self.at[-1]))

    def place(self, seconds: float) -> tuple[float, float]:
        """(lon, lat) so many seconds after its beginning."""
        before = int(self.at.searchsorted(seconds, side="right")) - 1
        lon, lat = self.lonlat[max(before, 0)].tolist()
        if 0 <= before < len(self.at) - 1:
            since, until = self.at[before : before + 2].tolist()
            next_lon, next_lat = self.lonlat[before + 1].tolist()
            lon = (next_lon - lon) / (until - since) * (seconds - since) + lon
            lat = (next_lat - lat) / (until - since) * (seconds - since) + lat
        return round(lon, 6), round(lat, 6)


@dataclass
class Roads:
    """A road graph (None: there are no roads, all go straight) and what is blocked on it, by a name."""

    base: RoadGraph | None
    _blocked: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    _now: RoadGraph | None = None
    _junctions: dict[tuple[float, float], int] = field(default_factory=dict)

    @property
    def now(self) -> RoadGraph | None:
        """The graph with what is blocked at present, the same object until that changes."""
        if not self._blocked or self.base is None:
            return self.base
        if self._now is None:
            shut = np.unique(np.concatenate(list(self._blocked.values())))
            base, seconds = self.base, self.base.seconds.copy()
            a, b = base.start[shut], base.end[shut]
            metres = haversine_m(base.lon[a], base.lat[a], base.lon[b], base.lat[b])
            seconds[shut] = np.maximum(seconds[shut], metres / CRAWL_MS)
            self._now = RoadGraph(base.lon, base.lat, base.start, base.end, seconds, base.profile, base.profiles)
            self._now.__dict__.update(core=base.core, _tree=base._tree)  # the same nodes in the same places
        return self._now

    def block_round(self, name: str, lon: float, lat: float, radius_m: float) -> frozenset[tuple[int, int]]:
        """Nothing can be driven within so many metres of a point. Returns the edges that this touches."""
        if self.base is None:
            return frozenset()
        scale = np.radians(EARTH_RADIUS_M) * np.array([np.cos(np.radians(lat)), 1.0])
        points = (np.column_stack((self.base.lon, self.base.lat)) - (lon, lat)) * scale
        a, b = points[self.base.start], points[self.base.end]
        way = b - a
        length = np.maximum((way**2).sum(1), 1e-12)
        part = np.clip(-(a * way).sum(1) / length, 0.0, 1.0)
        near = np.hypot(*(a + way * part[:, None]).T) <= radius_m
        return self._block(name, np.flatnonzero(near))

    def block_area(self, name: str, area: BaseGeometry) -> frozenset[tuple[int, int]]:
        """Nothing can be driven in an area."""
        if self.base is None:
            return frozenset()
        points = np.column_stack((self.base.lon, self.base.lat))
        lines = shapely.linestrings(np.stack((points[self.base.start], points[self.base.end]), axis=1))
        shapely.prepare(area)
        return self._block(name, np.flatnonzero(shapely.intersects(area, lines)))

    def free(self, name: str) -> frozenset[tuple[int, int]]:
        """It can be driven again."""
        self._now = None
        return self._edges(self._blocked.pop(name, np.empty(0, np.int64)))

    def trip(self, start: tuple[float, float], goal: tuple[float, float], hour: int, walk_ms: float = 0.0) -> Trip:
        """The fastest way at an hour of the local day; straight at `walk_ms` (m/s) for who walks."""
        graph = None if walk_ms or self.now is None else self.now.at(hour)
        if graph is None:
            speed = walk_ms or OFF_ROAD_MS
            metres = float(haversine_m(*start, *goal))
            return Trip(np.array([start, goal]), np.array([0.0, max(1.0, metres / speed)]))
        a, b = (self._junction(graph, point) for point in (start, goal))
        direct = float(haversine_m(*start, *goal))
        ends = np.array([start, goal])
        to_road = haversine_m(ends[:, 0], ends[:, 1], graph.lon[[a, b]], graph.lat[[a, b]])
        if a == b or direct < float(to_road.sum()):
            return Trip(ends, np.array([0.0, max(1.0, direct / OFF_ROAD_MS)]))
        nodes = graph.route(a, b)
        way = nodes.tolist()
        seconds = graph.outgoing.seconds[np.searchsorted(_ends(graph), nodes[:-1] * graph.nodes + nodes[1:])]
        legs = np.concatenate(([to_road[0] / OFF_ROAD_MS], seconds, [to_road[1] / OFF_ROAD_MS]))
        places = np.vstack([ends[:1], np.column_stack((graph.lon[way], graph.lat[way])), ends[1:]])
        return Trip(places, np.concatenate([[0.0], np.cumsum(legs)]), tuple(way))

    def _junction(self, graph: RoadGraph, point: tuple[float, float]) -> int:
        """The junction that is nearest to a point; those of homes are asked for again and again."""
        found = self._junctions.get(point)
        if found is None:
            if len(self._junctions) >= MOST_JUNCTIONS:
                self._junctions.clear()
            found = self._junctions[point] = int(graph.snap(*point))  # blocked or not, the junctions are the same
        return found

    def _block(self, name: str, edges: NDArray[np.int64]) -> frozenset[tuple[int, int]]:
        self._blocked[name] = edges
        self._now = None
        return self._edges(edges)

    def _edges(self, numbers: NDArray[np.int64]) -> frozenset[tuple[int, int]]:
        if self.base is None:
            return frozenset()
        pairs = zip(self.base.start[numbers].tolist(), self.base.end[numbers].tolist(), strict=True)
        return frozenset(pairs)


def _ends(graph: RoadGraph) -> NDArray[np.int64]:
    """Each edge as one number, from its two nodes, ascending: made once for a graph."""
    made: NDArray[np.int64] | None = graph.__dict__.get("_ends")
    if made is None:
        csr = graph.outgoing
        leaves = np.repeat(np.arange(graph.nodes, dtype=np.int64), np.diff(csr.first))
        made = graph.__dict__["_ends"] = leaves * graph.nodes + csr.to.astype(np.int64)
    return made
