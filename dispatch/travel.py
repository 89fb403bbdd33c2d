"""How long units need to a place: by road, along the straight line, on foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.phrases import Phrase
from geo.distance import EARTH_RADIUS_M, haversine_m
from geo.kernels.warm import compiled
from geo.roads import RoadGraph
from geo.roads_units import UnitsOnRoads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_search = compiled("geo.kernels.roads")

NEAR_M = 1000.0
"""Roads are near a point when a junction that leads anywhere is within this many metres."""


@dataclass(frozen=True, slots=True)
class First:
    """`groups`: per group (units, their seconds), first there first, ties by number. `no_way`: unit -> it has none."""

    groups: list[tuple[Ints, Floats]]
    no_way: Flags

    @staticmethod
    def of(seconds: Floats, groups: Sequence[Ints], k: int) -> First:
        """From everybody's seconds: sorted, the first k."""
        return First([smallest(group, seconds[group], k) for group in groups], ~np.isfinite(seconds))


class Travel(Protocol):
    """How long units need to a point. Units are numbered by their place in `lon`, `lat` (WGS 84 degrees)."""

    def basis(self, to_lon: float, to_lat: float, at: datetime) -> Phrase:
        """How the times to this point are found."""
        ...

    def seconds(self, lon: Floats, lat: Floats, to_lon: float, to_lat: float, at: datetime) -> Floats:
        """Seconds of every unit: inf where there is no way, NaN for a unit at no point."""
        ...

    def first(
        self, lon: Floats, lat: Floats, to_lon: float, to_lat: float, at: datetime, groups: Sequence[Ints], k: int
    ) -> First:
        """For each group of units the k that are there first. No point is NaN."""
        ...


@dataclass(frozen=True, slots=True)
class StraightLine:
    """Along the great circle at one speed: what is known where no roads are loaded."""

    kmh: float = 30.0

    def basis(self, to_lon: float, to_lat: float, at: datetime) -> Phrase:
        return Phrase("straight", {"kmh": self.kmh})

    def seconds(self, lon: Floats, lat: Floats, to_lon: float, to_lat: float, at: datetime) -> Floats:
        return haversine_m(lon, lat, to_lon, to_lat) / (self.kmh / 3.6)

    def first(
        self, lon: Floats, lat: Floats, to_lon: float, to_lat: float, at: datetime, groups: Sequence[Ints], k: int
    ) -> First:
        return First.of(self.seconds(lon, lat, to_lon, to_lat, at), groups, k)


@dataclass(frozen=True, slots=True)
class _Places:
    """Points on a road graph: the junction nearest to each, how far it is, whether roads are near, and whether the only
    ones that are lead nowhere."""

    node: Ints
    metres: Floats
    on_road: Flags
    cut_off: Flags


class ByRoad:
    """On a road graph with the travel times of the hour of the day in `zone` (UTC by default).

    A unit drives from the junction nearest to it to the junction nearest to the place; the ways to and from those go
    along the straight line at `kmh`, and so does the whole way where that is shorter than the two together. Where no
    roads are near the unit or the place, the straight line is all that is known. A unit that stands on roads from
    which the network cannot be reached (an island's) has no way.
    """

    def __init__(self, roads: RoadGraph, kmh: float = 30.0, zone: tzinfo = UTC) -> None:
        self._roads, self._kmh, self._zone = roads, kmh, zone
        self._v = kmh / 3.6
        apart = np.ones(roads.nodes, bool)
        apart[roads.core] = False
        self._apart = cKDTree(_on_sphere(roads.lon[apart], roads.lat[apart])) if apart.any() else None

    def basis(self, to_lon: float, to_lat: float, at: datetime) -> Phrase:
        if not self._place(np.array([to_lon]), np.array([to_lat])).on_road[0]:
            return Phrase("straight_no_roads_near", {"kmh": self._kmh})
        return Phrase("road_hour", {"hour": self._hour(at)}) if len(self._roads.profiles) else Phrase("road")

    def seconds(self, lon: Floats, lat: Floats, to_lon: float, to_lat: float, at: datetime) -> Floats:
        """The obvious way: one search from the place, against the direction of travel, to everywhere."""
        goal = self._place(np.array([to_lon]), np.array([to_lat]))
        direct = haversine_m(lon, lat, to_lon, to_lat)
        if not goal.on_road[0]:
            return direct / self._v
        places = self._place(lon, lat)
        on_road = self._graph(at).travel_seconds(int(goal.node[0]), towards=True)[places.node]
        return self._settled(on_road + places.metres / self._v + goal.metres[0] / self._v, direct, places, goal)

    def first(
        self, lon: Floats, lat: Floats, to_lon: float, to_lat: float, at: datetime, groups: Sequence[Ints], k: int
    ) -> First:
        """The same order, from a search that ends at a group's k-th unit."""
        if _search.module is None or not len(lon):  # not compiled yet: one search to everywhere serves all groups
            return First.of(self.seconds(lon, lat, to_lon, to_lat, at), groups, k)
        goal = self._place(np.array([to_lon]), np.array([to_lat]))
        direct = haversine_m(lon, lat, to_lon, to_lat)
        if not goal.on_road[0]:
            return First.of(direct / self._v, groups, k)
        places = self._place(lon, lat)
        units = UnitsOnRoads(self._graph(at), len(lon), self._kmh)
        drives = np.flatnonzero(places.on_road)
        units.put(drives, places.node[drives], places.metres[drives] / self._v)
        # What a search along the roads does not find, or finds too late: units that go straight.
        straight = ~places.on_road | (direct < places.metres + goal.metres[0])
        found = []
        for group in groups:
            units.available[:] = False
            units.available[group] = True
            driving, on_road = units.nearest_to(int(goal.node[0]), k)
            some = np.union1d(driving, group[straight[group]])
            seconds = np.full(len(lon), np.inf)
            seconds[driving] = on_road + goal.metres[0] / self._v
            found.append(smallest(some, self._settled(seconds, direct, places, goal)[some], k))
        return First(found, places.cut_off)

    def prepare(self, at: datetime) -> None:
        """Make the graph of an hour, and what is searched on it, before somebody asks: a quarter of a second."""
        graph = self._graph(at)
        _ = graph.incoming
        if graph.nodes:
            graph.snap(graph.lon[:1], graph.lat[:1])

    def _settled(self, driven: Floats, direct: Floats, places: _Places, goal: _Places) -> Floats:
        """Seconds along the roads, or straight where that is all there is, or quicker."""
        straight = direct / self._v
        near = direct < places.metres + goal.metres[0]
        seconds = np.where(near, np.minimum(driven, straight), driven)
        return np.where(places.on_road, seconds, np.where(places.cut_off, np.inf, straight))

    def _place(self, lon: Floats, lat: Floats) -> _Places:
        known = np.isfinite(lon) & np.isfinite(lat)
        node, metres = np.zeros(len(lon), np.int64), np.full(len(lon), np.inf)
        if self._roads.nodes and known.any():
            node[known] = self._roads.snap(lon[known], lat[known])
            metres[known] = haversine_m(lon[known], lat[known], self._roads.lon[node[known]],
                                        self._roads.lat[node[known]])  # fmt: skip
        on_road = metres <= NEAR_M
        far = np.flatnonzero(known & ~on_road)
        cut_off = np.zeros(len(lon), bool)
        if self._apart is not None and len(far):
            chord, _ = self._apart.query(_on_sphere(lon[far], lat[far]))
            cut_off[far] = chord * EARTH_RADIUS_M <= NEAR_M
        return _Places(node, metres, on_road, cut_off)

    def _hour(self, at: datetime) -> int:
        return at.astimezone(self._zone).hour

    def _graph(self, at: datetime) -> RoadGraph:
        return self._roads.at(self._hour(at))


def smallest(units: Ints, seconds: Floats, k: int) -> tuple[Ints, Floats]:
    """The k units with the smallest finite seconds, ties by number."""
    there = np.isfinite(seconds)
    units, seconds = units[there], seconds[there]
    if k < units.size:
        close = seconds <= np.partition(seconds, k - 1)[k - 1] if k > 0 else np.zeros(units.size, bool)
        units, seconds = units[close], seconds[close]
    order = np.lexsort((units, seconds))[:k]
    return units[order], seconds[order]


def _on_sphere(lon: Floats, lat: Floats) -> Floats:
    lam, phi = np.radians(lon), np.radians(lat)
    return np.column_stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))
