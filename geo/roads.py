"""A directed road graph: fastest ways, travel times, what can be reached in time, the nearest junction.

Nodes are all vertices of the roads, so that a way's nodes are its geometry. Travel times may depend on the time of
day: `at` gives the graph of an hour. A way is costed with the times of the hour it is asked for, not of the hours in
which each of its edges will be driven; for ways within a district (minutes) that is the same.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from geo.distance import EARTH_RADIUS_M
from geo.roads_chains import Chains, chains_of
from geo.roads_search import Csr, reach, way

HOURS = 24


class RoadGraph:
    """Nodes in WGS 84 degrees and directed edges with travel times in seconds. Immutable.

    `profile` names for each edge a row of `profiles`: 24 factors of its travel time, one per hour of the local day
    (1.4: takes 1.4 times as long); edges with -1 take the same time always. Of parallel edges the fastest counts.

    Raises ValueError for an edge to a node that is not there, for seconds that are not positive and finite, and for
    profiles that are not.
    """

    def __init__(
        self, lon: ArrayLike, lat: ArrayLike, start: ArrayLike, end: ArrayLike, seconds: ArrayLike,
        profile: ArrayLike | None = None, profiles: ArrayLike | None = None,
    ) -> None:  # fmt: skip
        self.lon = np.asarray(lon, np.float64)
        self.lat = np.asarray(lat, np.float64)
        self.start, self.end = np.asarray(start, np.int64), np.asarray(end, np.int64)
        self.seconds = np.asarray(seconds, np.float64)
        n = self.lon.size
        if self.lat.size != n or not self.start.size == self.end.size == self.seconds.size:
            raise ValueError("roads: node and edge arrays must have equal lengths")
        if self.start.size and (
            min(self.start.min(), self.end.min()) < 0 or max(self.start.max(), self.end.max()) >= n
        ):
            raise ValueError(f"roads: an edge names a node outside 0..{n - 1}")
        wrong = ~(np.isfinite(self.seconds) & (self.seconds > 0))
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"roads: edge {at}: {self.seconds[at]} seconds; expected a positive number")
        self.profile = np.full(self.start.size, -1) if profile is None else np.asarray(profile, np.int64)
        self.profiles = np.empty((0, HOURS)) if profiles is None else np.asarray(profiles, np.float64)
        if self.profiles.ndim != 2 or self.profiles.shape[1] != HOURS or not (self.profiles > 0).all():
            raise ValueError(f"roads: a profile is {HOURS} positive factors, one per hour of the day")
        if (
            self.profile.size != self.start.size
            or not ((self.profile >= -1) & (self.profile < len(self.profiles))).all()
        ):
            raise ValueError(f"roads: each edge needs a profile from -1 to {len(self.profiles) - 1}")
        self._out = Csr.of(self.start, self.end, self.seconds, n)
        self._hours: dict[int, RoadGraph] = {}

    @property
    def nodes(self) -> int:
        return int(self.lon.size)

    @property
    def edges(self) -> int:
        """Directed edges, parallel ones counted once."""
        return int(self._out.to.size)

    @property
    def outgoing(self) -> Csr:
        """Edges by the node they leave."""
        return self._out

    @cached_property
    def incoming(self) -> Csr:
        """Edges by the node they lead to, turned round."""
        return Csr.of(self._out.to.astype(np.int64), self._out.start, self._out.seconds, self.nodes)

    @cached_property
    def core(self) -> NDArray[np.int64]:
        """Nodes of the largest strongly connected part: each can be reached from each."""
        if not self.nodes:
            return np.empty(0, np.int64)
        _, label = connected_components(self._out.matrix, connection="strong")
        return np.flatnonzero(label == np.bincount(label).argmax())

    @cached_property
    def _tree(self) -> cKDTree | None:
        return cKDTree(_on_sphere(self.lon[self.core], self.lat[self.core])) if self.nodes else None

    def at(self, hour: int) -> RoadGraph:
        """The graph with the travel times of an hour of the local day, 0 to 23. The same object without profiles."""
        if not 0 <= hour < HOURS:
            raise ValueError(f"roads: hour {hour}; expected 0 to {HOURS - 1}")
        if not len(self.profiles):
            return self
        found = self._hours.get(hour)
        if found is None:
            factor = np.append(self.profiles[:, hour], 1.0)[self.profile]
            found = RoadGraph(self.lon, self.lat, self.start, self.end, self.seconds * factor)
            found.__dict__.update(core=self.core, _tree=self._tree)  # the same nodes in the same places
            self._hours[hour] = found
        return found

    def snap(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int64]:
        """Nearest node of the core for each point, by great-circle distance. Dead ends that cannot be left again, and
        islands of roads, are never chosen."""
        if self._tree is None:
            raise ValueError("roads: the graph has no nodes to snap to")
        lon, lat = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        _, at = self._tree.query(_on_sphere(lon.ravel(), lat.ravel()))
        return self.core[at].reshape(lon.shape)

    def route(self, a: int, b: int) -> NDArray[np.int64]:
        """Nodes of a fastest way from a to b, both included: its geometry. Empty when there is none."""
        a, b = self._node(a), self._node(b)
        found = self._chains.way(a, b) if self._chains is not None else None
        return way(self._out, a, b) if found is None else found

    @cached_property
    def _chains(self) -> Chains | None:
        return chains_of(self._out, self.incoming)

    def route_line(self, a: int, b: int) -> NDArray[np.float64]:
        """(lon, lat) along a fastest way, one row per vertex; no rows when there is none."""
        nodes = self.route(a, b)
        return np.column_stack((self.lon[nodes], self.lat[nodes]))

    def travel_seconds(self, node: int, *, towards: bool = False) -> NDArray[np.float64]:
        """Seconds from `node` to every node (`towards`: from every node to it), inf where there is no way."""
        nodes, seconds, _ = reach(self.incoming if towards else self._out, self._node(node))
        found = np.full(self.nodes, np.inf)
        found[nodes] = seconds
        return found

    def within(self, node: int, limit_s: float, *, towards: bool = False) -> tuple[NDArray[np.int64],
                                                                                   NDArray[np.float64]]:  # fmt: skip
        """(nodes at most `limit_s` seconds from `node`, ascending; their seconds)."""
        nodes, seconds, _ = reach(self.incoming if towards else self._out, self._node(node), limit_s)
        return nodes, seconds

    def isochrone(self, lon: float, lat: float, limit_s: float, *, towards: bool = False,
                  width_m: float = 60.0) -> BaseGeometry:  # fmt: skip
        """Where one is after at most `limit_s` seconds from a point (`towards`: whence one can be there in time).

        All roads, and parts of roads, that can be driven within the limit, with `width_m` metres of land on each side:
        a polygon or several, in WGS 84 degrees.
        """
        graph = self.incoming if towards else self._out
        nodes, seconds = self.within(int(self.snap(lon, lat)), limit_s, towards=towards)
        scale = np.array([np.cos(np.radians(lat)), 1.0]) * np.radians(EARTH_RADIUS_M)
        places = np.column_stack((self.lon, self.lat)) * scale
        edge = np.concatenate([np.arange(graph.first[n], graph.first[n + 1]) for n in nodes.tolist()])
        origin = np.repeat(np.arange(nodes.size), np.diff(graph.first)[nodes])
        part = np.minimum(1.0, (limit_s - seconds[origin]) / graph.seconds[edge])
        leaves, leads = nodes[origin], graph.to[edge].astype(np.int64)
        street = np.minimum(leaves, leads) * self.nodes + np.maximum(leaves, leads)  # one for both directions
        whole = part == 1.0
        driven, once = np.unique(street[whole], return_index=True)
        drawn = np.concatenate([np.flatnonzero(whole)[once], np.flatnonzero(~whole & ~np.isin(street, driven))])
        a, b = places[leaves[drawn]], places[leads[drawn]]
        lines = shapely.linestrings(np.stack((a, a + (b - a) * part[drawn, None]), axis=1))
        here = shapely.Point(places[nodes[np.argmin(seconds)]])
        area = shapely.union_all(shapely.buffer([*lines, here], width_m, quad_segs=4))
        return shapely.transform(shapely.simplify(area, width_m / 10), lambda xy: xy / scale)

    def _node(self, node: int) -> int:
        if not 0 <= node < self.nodes:
            raise ValueError(f"roads: node {node}; expected 0 to {self.nodes - 1}")
        return int(node)


def _on_sphere(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the unit sphere: the straight distance orders them as the great-circle distance does."""
    lam, phi = np.radians(lon), np.radians(lat)
    return np.column_stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))
