"""Ways of a road map, and what their tags say about speed and direction."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from data.errors import BadInput
from geo.datum import Datum, to_wgs84
from geo.distance import haversine_m
from geo.roads import RoadGraph

KMH: Mapping[str, float] = {
    "motorway": 90, "motorway_link": 50, "trunk": 65, "trunk_link": 45, "primary": 50, "primary_link": 40,
    "secondary": 45, "secondary_link": 40, "tertiary": 40, "tertiary_link": 35, "unclassified": 35, "residential": 30,
    "living_street": 15, "service": 20, "road": 30, "main": 50, "street": 30, "lane": 20,
}  # fmt: skip
"""Speeds by class where a way states none, km/h: OpenStreetMap's `highway` values that cars may use, and the classes of
our own maps. Other classes (footway, cycleway, steps, ...) are not roads and are left out."""

DEFAULT_KMH = 30.0
"""Speed of a way without a class, km/h."""

_LEAST_S = 0.001
"""Junctions at one point are joined by an edge of so many seconds: an edge takes more than none."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_YES, _REVERSE, _NO = {"yes", "true", "1"}, {"-1", "reverse"}, {"no", "false", "0"}


@dataclass(frozen=True, slots=True)
class Way:
    """A line of nodes: each a key (equal keys are one junction) with its point. `seconds`: of the whole line, else by
    length and `kmh`."""

    nodes: tuple[tuple[Hashable, float, float], ...]
    kmh: float = DEFAULT_KMH
    forward: bool = True
    backward: bool = True
    seconds: float | None = None


def drivable(tags: Mapping[str, object]) -> bool:
    """Whether cars may use a way with these tags. A way without a class is taken for a road."""
    kind = first_of(tags.get("highway") or tags.get("class"))
    return not kind or kind in KMH


def speed(tags: Mapping[str, object]) -> float:
    """km/h: `kmh`, else `maxspeed` (mph too), else by class."""
    for name in ("kmh", "maxspeed"):
        text = first_of(tags.get(name))
        number = _NUMBER.match(text)
        if number and float(number[0]) > 0:
            return float(number[0]) * (1.609344 if "mph" in text else 1.0)
    return KMH.get(first_of(tags.get("highway") or tags.get("class")), DEFAULT_KMH)


def directions(tags: Mapping[str, object]) -> tuple[bool, bool]:
    """(along its nodes, against them): `oneway`, roundabouts, motorways one way unless they say otherwise."""
    oneway = first_of(tags.get("oneway")).lower()
    if oneway in _REVERSE:
        return False, True
    if oneway in _YES:
        return True, False
    if oneway in _NO:
        return True, True
    one = tags.get("junction") == "roundabout" or first_of(tags.get("highway")) in ("motorway", "motorway_link")
    return True, not one


def first_of(value: object) -> str:
    """A tag as text; of several values (GraphML writes "['a', 'b']") the first."""
    if isinstance(value, (list, tuple)):
        value = value[0] if value else ""
    text = "" if value is None else str(value).strip()
    return text.strip("[]").split(",")[0].strip(" '\"") if text.startswith("[") else text


def graph_of(ways: Iterable[Way], name: str, datum: Datum = Datum.WGS84) -> RoadGraph:
    """The graph of all ways. Raises BadInput when there is no road, or a point is not on the globe."""
    number: dict[Hashable, int] = {}
    lon: list[float] = []
    lat: list[float] = []
    start: list[int] = []
    end: list[int] = []
    kmh: list[float] = []
    course: list[int] = []  # a way in one direction
    given: list[float] = []
    for way in ways:
        chain = []
        for key, x, y in way.nodes:
            at = number.setdefault(key, len(lon))
            if at == len(lon):
                if not (-180 <= x <= 180 and -90 <= y <= 90):
                    raise BadInput(f"{name}: point {x}, {y} is not on the globe; expected lon +-180, lat +-90")
                lon.append(x)
                lat.append(y)
            chain.append(at)
        for allowed, one in ((way.forward, chain), (way.backward, chain[::-1])):
            if allowed:
                start += one[:-1]
                end += one[1:]
                kmh += [way.kmh] * (len(one) - 1)
                course += [len(given)] * (len(one) - 1)
                given.append(np.nan if way.seconds is None else way.seconds)
    if not start:
        raise BadInput(f"{name}: no road in it; expected lines that cars may use")
    east, north = to_wgs84(np.array(lon), np.array(lat), datum)
    a, b, of = np.array(start), np.array(end), np.array(course)
    metres = haversine_m(east[a], north[a], east[b], north[b])
    seconds = metres / (np.array(kmh) / 3.6)
    whole = np.array(given)[of]
    length = np.bincount(of, weights=metres, minlength=len(given))[of]
    share = np.divide(metres, length, out=np.zeros_like(metres), where=length > 0)
    seconds = np.where(np.isnan(whole), seconds, whole * share)
    real = a != b
    return RoadGraph(east, north, a[real], b[real], np.maximum(seconds[real], _LEAST_S))
