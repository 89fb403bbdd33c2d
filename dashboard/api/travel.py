"""Travel times of this server: on the road network that was imported (`roads import`), else by the roads of the base
map, else along the straight line."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary
from zoneinfo import ZoneInfo

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dashboard.services import Services
from data.errors import StoreUnavailable
from data.road_import import LAYER
from data.settings import Settings
from data.store import Store
from dispatch.travel import ByRoad, StraightLine, Travel
from geo.distance import haversine_m
from geo.roads import RoadGraph
from geo.roads_bytes import from_bytes

KMH = {"motorway": 90.0, "trunk": 60.0, "primary": 50.0, "main": 50.0, "secondary": 40.0, "street": 30.0, "lane": 20.0}
"""Speeds by `class` of a road where its feature states no `kmh`."""

SPACING_M = 40.0
JOIN_M = 30.0
METRES_PER_DEGREE = 111_195.0

RELOOK_S = 10.0
"""Seconds after which a server looks whether other roads were imported."""

_lock = Lock()
_graphs: WeakValueDictionary[tuple[bytes, bool, float], RoadGraph] = WeakValueDictionary()
_held: WeakKeyDictionary[Store, _Held] = WeakKeyDictionary()


@dataclass(slots=True)
class _Held:
    """The roads of a store: what they were made of, what was made of them, when that was last looked at."""

    digest: bytes
    made_for: tuple[float, str]
    travel: Travel
    looked_s: float


def ways(services: Services) -> Travel:
    """How units travel (`dispatch/recommend.py`). Made once per road map; while the store is away, as it was before."""
    store, settings = services.store, services.settings
    made_for = settings.travel_kmh, settings.timezone
    with _lock:
        held = _held.get(store)
        if held is not None and held.made_for == made_for and monotonic() - held.looked_s < RELOOK_S:
            return held.travel
        try:
            network = store.basemap(LAYER)
            body = network or store.basemap("roads")
        except StoreUnavailable:
            if held is None:
                raise
            held.looked_s = monotonic()
            return held.travel
        digest = b"" if body is None else hashlib.blake2b(body).digest()
        if held is not None and (held.digest, held.made_for) == (digest, made_for):
            held.looked_s = monotonic()
            return held.travel
        travel = travel_on(body, stored=bool(network), kmh=settings.travel_kmh, zone=ZoneInfo(settings.timezone))
        if isinstance(travel, ByRoad):
            travel.prepare(services.clock.now())
        _held[store] = _Held(digest, made_for, travel, monotonic())
        return travel


def roads_in(store: Store, settings: Settings) -> RoadGraph | None:
    """The roads of a store: the network that was imported, else those of the base map; None where there are none."""
    network = store.basemap(LAYER)
    body = network or store.basemap("roads")
    return None if body is None else _graph(body, bool(network), settings.travel_kmh)


def travel_on(body: bytes | None, *, stored: bool, kmh: float, zone: ZoneInfo) -> Travel:
    """How units travel on the roads in `body`: a stored network (`roads import`) or lines of the base map."""
    if body is None:
        return StraightLine(kmh)
    graph = _graph(body, stored, kmh)
    return StraightLine(kmh) if graph is None else ByRoad(graph, kmh, zone)


def _graph(body: bytes, stored: bool, kmh: float) -> RoadGraph | None:
    """The graph of `body`, one for all who hold it: desks and the exercises beside them drive on the same roads."""
    key = hashlib.blake2b(body).digest(), stored, kmh
    graph = _graphs.get(key)
    if graph is None:
        graph = from_bytes(body) if stored else graph_of(orjson.loads(body)["features"], kmh)
        if graph is not None:
            _graphs[key] = graph
    return graph


def graph_of(features: Iterable[dict[str, Any]], kmh: float) -> RoadGraph | None:
    """The graph of road lines: vertices that share a coordinate are one junction, every road runs both ways.

    Drawn maps do not always share coordinates where roads meet. Lines get a vertex every SPACING_M, and the end of a
    line is joined to the nearest vertex of another road within JOIN_M, so that a road that ends at another one is not
    a dead end. Speed of a road: its property `kmh`, else by its `class`, else `kmh`. None where there are no lines.
    """
    lines: list[NDArray[np.float64]] = []
    speeds: list[float] = []
    for feature in features:
        properties = feature.get("properties") or {}
        speed = float(properties.get("kmh") or KMH.get(str(properties.get("class")), kmh))
        for line in _lines(feature.get("geometry") or {}):
            lines.append(_dense(np.asarray(line, np.float64)[:, :2]))
            speeds.append(speed)
    if not lines:
        return None
    points: NDArray[np.float64] = np.round(np.concatenate(lines), 7).astype(np.float64)
    size = np.array([len(line) for line in lines])
    nodes, number = np.unique(points, axis=0, return_inverse=True)
    last = np.cumsum(size) - 1
    first = last - size + 1
    inner = np.ones(len(points), bool)
    inner[last] = False
    a, b = number[:-1][inner[:-1]], number[1:][inner[:-1]]
    speed_of = np.repeat(np.array(speeds), size)[inner]
    ends, others = _joined(nodes, number, np.concatenate([first, last]), np.repeat(np.arange(len(lines)), size))
    a, b = np.concatenate([a, ends]), np.concatenate([b, others])
    speed_of = np.concatenate([speed_of, np.full(len(ends), kmh)])
    seconds = haversine_m(nodes[a, 0], nodes[a, 1], nodes[b, 0], nodes[b, 1]) / (speed_of / 3.6)
    real = seconds > 0
    a, b, seconds = a[real], b[real], seconds[real]
    both = np.concatenate
    return RoadGraph(nodes[:, 0], nodes[:, 1], both([a, b]), both([b, a]), both([seconds, seconds]))


def _dense(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """The line with a vertex at least every SPACING_M; its own vertices stay."""
    metres = haversine_m(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
    parts = [
        a + (b - a) * np.linspace(0.0, 1.0, max(1, math.ceil(length / SPACING_M)), endpoint=False)[:, None]
        for a, b, length in zip(line[:-1], line[1:], metres.tolist(), strict=True)
    ]
    return np.concatenate([*parts, line[-1:]])


def _joined(
    nodes: NDArray[np.float64], number: NDArray[np.int64], ends: NDArray[np.int64], line_of: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(node of a line's end, nearest node of another line within JOIN_M) for ends that share no vertex."""
    shared = np.bincount(number, minlength=len(nodes)) > 1
    line_of_node = np.zeros(len(nodes), np.int64)
    line_of_node[number] = line_of
    loose = np.unique(number[ends][~shared[number[ends]]])
    scale = np.array([math.cos(math.radians(float(nodes[:, 1].mean()))), 1.0]) * METRES_PER_DEGREE
    tree = cKDTree(nodes * scale)
    metres, found = tree.query(nodes[loose] * scale, k=min(8, len(nodes)), distance_upper_bound=JOIN_M)
    known = np.isfinite(metres)
    at = np.where(known, found, 0)
    other = known & (line_of_node[at] != line_of_node[loose][:, None])
    has = other.any(axis=1)
    nearest = other.argmax(axis=1)  # the tree answers nearest first
    return loose[has], at[has, nearest[has]]


def _lines(geometry: dict[str, Any]) -> list[list[list[float]]]:
    if geometry.get("type") == "LineString":
        return [geometry["coordinates"]]
    if geometry.get("type") == "MultiLineString":
        lines: list[list[list[float]]] = geometry["coordinates"]
        return lines
    return []
