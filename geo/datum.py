"""Coordinates of the datums met in China, to WGS 84 and back.

GCJ-02 shifts WGS 84 by a published-by-practice formula (300-700 m) on the Krasovsky ellipsoid; BD-09 shifts GCJ-02
again. Constants: a = 6378245.0 m, ee = 0.00669342162296594323; the shift applies inside 72.004-137.8347 E,
0.8293-55.8271 N and is nothing outside. CGCS2000 differs from WGS 84 by centimetres and is taken as equal.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

_A = 6378245.0
_EE = 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_BD_TURNS = np.pi * 3000.0 / 180.0

_STEP_DEG = 1e-12
_MAX_ROUNDS = 30
"""The shift changes by less than 1 % of a move, so each round gains two digits; six rounds are usual."""


class Datum(StrEnum):
    """What a source's lon/lat mean. Every import names one."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum | str) -> tuple[Floats, Floats]:
    """WGS 84 degrees of points in `datum`. Inverts the forward formula to better than 1e-9 degrees (0.1 mm).

    Within one shift (at most 1 km) of the box's edge a GCJ-02 point may stem from inside or outside the box;
    inside is taken. NaN stays NaN.
    """
    x, y, shape = _flat(lon, lat)
    match Datum(datum):
        case Datum.WGS84 | Datum.CGCS2000:
            pass
        case Datum.GCJ02:
            x, y = _gcj_to_wgs(x, y)
        case Datum.BD09:
            x, y = _gcj_to_wgs(*_bd_to_gcj(x, y))
    return x.reshape(shape), y.reshape(shape)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum | str) -> tuple[Floats, Floats]:
    """Points of WGS 84 degrees in `datum`, degrees."""
    x, y, shape = _flat(lon, lat)
    match Datum(datum):
        case Datum.WGS84 | Datum.CGCS2000:
            pass
        case Datum.GCJ02:
            x, y = _wgs_to_gcj(x, y)
        case Datum.BD09:
            x, y = _gcj_to_bd(*_wgs_to_gcj(x, y))
    return x.reshape(shape), y.reshape(shape)


def geometry_to_wgs84(geom: BaseGeometry, datum: Datum | str) -> BaseGeometry:
    """The same geometry with every vertex in WGS 84; heights are dropped."""
    flat = shapely.force_2d(geom)
    if Datum(datum) in (Datum.WGS84, Datum.CGCS2000):
        return flat
    return shapely.transform(flat, lambda xy: np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum)))


def _flat(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats, tuple[int, ...]]:
    """Own float64 copies in one dimension, so that the caller's arrays are never changed, and the shape they had."""
    lon, lat = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    return lon.flatten(), lat.flatten(), lon.shape


def _inside(lon: Floats, lat: Floats, slack: float = 0.0) -> NDArray[np.bool_]:
    return (lon >= _WEST - slack) & (lon <= _EAST + slack) & (lat >= _SOUTH - slack) & (lat <= _NORTH + slack)


def _shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 minus WGS 84 at a WGS 84 point, degrees, as if the box had no edge."""
    x, y = lon - 105.0, lat - 35.0
    root = 0.1 * np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 2.0 * root + ripple
    north += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + root + ripple
    east += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _EE * np.sin(phi) ** 2
    meridian = _A * (1.0 - _EE) / (magic * np.sqrt(magic))
    parallel = _A / np.sqrt(magic) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _wgs_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    at = _inside(lon, lat)
    east, north = _shift(lon[at], lat[at])
    lon[at] += east
    lat[at] += north
    return lon, lat


def _gcj_to_wgs(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    near = (lon > _WEST - 1) & (lon < _EAST + 1) & (lat > _SOUTH - 1) & (lat < _NORTH + 1)
    if not near.any():
        return lon, lat
    goal_lon, goal_lat = lon[near], lat[near]
    x, y = goal_lon.copy(), goal_lat.copy()
    for _ in range(_MAX_ROUNDS):
        east, north = _shift(x, y)
        new_x, new_y = goal_lon - east, goal_lat - north
        moved = max(np.abs(new_x - x).max(), np.abs(new_y - y).max())
        x, y = new_x, new_y
        if moved < _STEP_DEG:
            break
    inside = _inside(x, y, slack=10 * _STEP_DEG)  # a point on the edge may come back just beyond it
    lon[near] = np.where(inside, x, goal_lon)
    lat[near] = np.where(inside, y, goal_lat)
    return lon, lat


def _gcj_to_bd(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    z = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURNS)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURNS)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def _bd_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Inverse of `_gcj_to_bd` by iteration: the closed form in wide use is off by centimetres."""
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(_MAX_ROUNDS):
        bd_lon, bd_lat = _gcj_to_bd(x, y)
        x, y = x + (lon - bd_lon), y + (lat - bd_lat)
        moved = np.abs(lon - bd_lon), np.abs(lat - bd_lat)
        if not (np.nanmax(moved[0], initial=0.0) >= _STEP_DEG or np.nanmax(moved[1], initial=0.0) >= _STEP_DEG):
            break
    return x, y
