"""Coverage: the share of a place's demand that free units can be at within a stated travel time, sampled over time.

Demand is where history's orders of the span led to, each with the kind of unit that was sent: an order's place counts
as covered while a free unit of its kind can drive there within the standard. That is the covering model of Church and
ReVelle (The maximal covering location problem, 1974) over demand that was so. The standard is the travel time of
NFPA 1710 for who arrives first: four minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from data.records import (
    UnitStatus,
)
from data.store import UnitRow
from dispatch.skills import Skills
from geo.area import Region
from geo.distance import EARTH_RADIUS_M
from geo.roads import RoadGraph
from replay.fork_original import Original

MINUTES = 4.0
EVERY_S = 1800
NEAR_M = 1000.0
"""A place farther than this from any road is not counted where there are roads."""
SPEED_MS = 30.0 / 3.6
"""Off the roads, and everywhere where there are none."""
ANY = ""
"""The kind of an order that any unit fills: where the log does not say who was sent."""

Place = tuple[float, float]
Free = tuple[str, Place]
"""A free unit: its kind, and where it is."""
Sample = tuple[int, float]
"""(whole seconds since 1970, share 0 to 1)."""


class Coverage:
    """How much of a demand free units cover. `of`: how many places are asked for."""

    def __init__(
        self, demand: Mapping[str, Sequence[Place]], roads: RoadGraph | None, *, minutes: float = MINUTES,
        every_s: int = EVERY_S,
    ) -> None:  # fmt: skip
        """`demand`: places (WGS 84 degrees) by the kind of unit that is wanted there."""
        self.minutes, self.every_s, self._roads = minutes, every_s, roads
        self._wanted = {kind: _Wanted(np.array(places, np.float64), roads) for kind, places in demand.items()}
        self.of = sum(each.n for each in self._wanted.values())

    def share(self, free: Sequence[Free]) -> float:
        """The share that these units cover, 0 to 1; 0 where nothing is asked for."""
        if not self.of:
            return 0.0
        covered = 0
        for kind, wanted in self._wanted.items():
            places = [place for of_kind, place in free if kind in (ANY, of_kind)]
            if places:
                covered += wanted.within(np.array(places, np.float64), self.minutes * 60.0, self._roads)
        return round(covered / self.of, 4)

    def times(self, start: int, end: int) -> range:
        """When it is sampled: whole seconds since 1970."""
        return range(start, end, self.every_s)


class _Wanted:
    """The places of one kind of demand, ready to be measured to."""

    def __init__(self, places: NDArray[np.float64], roads: RoadGraph | None) -> None:
        lon, lat = places.T
        self._scale = np.radians(EARTH_RADIUS_M) * np.array([np.cos(np.radians(lat.mean())), 1.0])
        if roads is None:
            self._points, self.n = places * self._scale, len(places)
            return
        nodes = roads.snap(lon, lat)
        metres = np.hypot(*((np.column_stack((roads.lon[nodes], roads.lat[nodes])) - places) * self._scale).T)
        near = metres <= NEAR_M
        self._nodes, self._off, self.n = nodes[near], metres[near] / SPEED_MS, int(near.sum())

    def within(self, units: NDArray[np.float64], limit_s: float, roads: RoadGraph | None) -> int:
        """How many of them one of these units reaches in time."""
        if roads is None:
            metres, _ = cKDTree(units * self._scale).query(self._points)
            return int(np.sum(metres / SPEED_MS <= limit_s))
        starts = np.unique(roads.snap(units[:, 0], units[:, 1]))
        seconds = dijkstra(roads.outgoing.matrix, indices=starts, min_only=True, limit=limit_s)
        return int(np.sum(seconds[self._nodes] + self._off <= limit_s))


def demand_of(
    original: Original, skills: Skills, region: Region, roads: RoadGraph | None
) -> Mapping[str, Sequence[Place]]:
    """History's orders of the span by the kind of unit, without units that walk. A span without orders asks for the
    finest areas, or where there is no region for the road network's junctions, and for any unit."""
    found: dict[str, list[Place]] = {}
    for sent in original.sendings():
        matter = original.matters[sent.incident]
        if matter.lon is not None and matter.lat is not None and not (sent.kind and skills.kind(sent.kind).walk_kmh):
            found.setdefault(sent.kind, []).append((matter.lon, matter.lat))
    if found:
        return dict(sorted(found.items()))
    finest = [area for area in region.areas if area.level == region.levels[-1]] if region.levels else []
    inside = [area.geometry.representative_point() for area in finest]
    places = [(point.x, point.y) for point in inside]
    if not places and roads is not None:
        places = list(zip(roads.lon[roads.core].tolist(), roads.lat[roads.core].tolist(), strict=True))
    return {ANY: places} if places else {}


def as_recorded(coverage: Coverage, original: Original, units: Sequence[UnitRow]) -> list[Sample]:
    """What was covered in the original, as far as its log tells: a unit is free but from an order until it was
    available again, and stands where it stood when the fork begins."""
    busy: dict[str, list[tuple[int, int | None]]] = {}
    for matter in original.matters.values():
        for sent in matter.sent:
            busy.setdefault(sent.unit, []).append((sent.at, sent.free))
    found = []
    for t in coverage.times(ceil(original.start.timestamp()), ceil(original.end.timestamp())):
        free = [
            (row.kind, (row.lon, row.lat))
            for row in units
            if row.lon is not None and row.lat is not None and row.status is not UnitStatus.OUT_OF_SERVICE
            and not any(at <= t and (until is None or t < until) for at, until in busy.get(row.id, ()))
        ]  # fmt: skip
        found.append((t, coverage.share(free)))
    return found
