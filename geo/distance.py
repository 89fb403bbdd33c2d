"""Great-circle distance and the nearest of many points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_M = 6371008.8
"""Mean radius of the WGS 84 ellipsoid, (2a + b) / 3. Distances on the sphere are within 0.5 % of geodesic ones."""


def haversine_m(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> NDArray[np.float64]:
    """Metres between points given in WGS 84 degrees; the arguments broadcast."""
    lam1, phi1 = np.radians(np.asarray(lon1, float)), np.radians(np.asarray(lat1, float))
    lam2, phi2 = np.radians(np.asarray(lon2, float)), np.radians(np.asarray(lat2, float))
    h = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin((lam2 - lam1) / 2) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    return metres


def nearest(
    lon: float, lat: float, lons: ArrayLike, lats: ArrayLike, k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Indexes of the k points nearest to (lon, lat) and their metres, nearest first, ties by index.

    Points with NaN (no position yet) are never returned, so there may be fewer than k.
    """
    metres = haversine_m(lon, lat, lons, lats)
    known = np.flatnonzero(~np.isnan(metres))
    if k <= 0 or known.size == 0:
        return np.empty(0, np.int64), np.empty(0)
    distances = metres[known]
    if k < known.size:
        limit = np.partition(distances, k - 1)[k - 1]
        close = distances <= limit
        known, distances = known[close], distances[close]
    order = np.argsort(distances, kind="stable")[:k]
    return known[order], distances[order]
