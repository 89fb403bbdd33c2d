"""Whether a desk's point lies in the district: a digit too many opens a case on another continent."""

from __future__ import annotations

import math
from threading import Lock

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from data.errors import Refused
from data.store import Store
from geo.area import Region
from geo.distance import haversine_m


class Outside(Refused):
    """A point that no area of the region holds."""

    reason = "outside"


class Place:
    """The outline of a store's region, read again when there is another."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._at: int | None = None
        self._outline: BaseGeometry | None = None

    def within(self, lon: float, lat: float) -> None:
        """Raises Outside when the point lies beyond every area. Where no region is known nothing is refused."""
        outline = self._known()
        if outline is None or shapely.intersects_xy(outline, lon, lat):
            return
        away = _away_m(outline, lon, lat) / 1000
        km = f"{away:.0f}" if away >= 10 else f"{max(away, 0.1):.1f}"
        raise Outside(
            f"the point {lon:g}, {lat:g} lies outside the district, {km} km from it; "
            "check the digits, or send outside=true",
            zh=f"位置 {lon:g}, {lat:g} 在辖区之外，距辖区 {km} 公里；请核对数字，或确认在辖区外立案",
        )

    def _known(self) -> BaseGeometry | None:
        with self._lock:
            version = self._store.region_version()
            if version != self._at:
                self._outline, self._at = _outline(self._store.region()), version
            return self._outline


def _outline(region: Region) -> BaseGeometry | None:
    """What the areas of all levels cover together, None without areas."""
    if not region.areas:
        return None
    whole = shapely.union_all([area.geometry for area in region.roots] or [area.geometry for area in region.areas])
    shapely.prepare(whole)
    return whole


def _away_m(outline: BaseGeometry, lon: float, lat: float) -> float:
    """Metres to the nearest point of the outline, found with degrees of longitude as short as they are there."""
    short = max(math.cos(math.radians(lat)), 0.01)

    def squeezed(points: np.ndarray) -> np.ndarray:
        return points * (short, 1.0)

    line = shapely.shortest_line(shapely.Point(lon * short, lat), shapely.transform(outline, squeezed))
    x, y = line.coords[-1]
    return float(haversine_m(lon, lat, x / short, y))
