"""A flat drawing board in metres around the district's centre, and the way to WGS 84 and back.

Equirectangular about (LON0, LAT0): over 45 km the scale error is below 0.4 %, which a drawn district can bear.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

LON0, LAT0 = 120.6, 33.0
"""Degrees. The spot is real farmland; the district drawn on it is not."""

M_PER_DEG_LAT = 110_910.0
M_PER_DEG_LON = 111_320.0 * math.cos(math.radians(LAT0))
DIGITS = 6
"""Decimals kept of a degree (0.1 m). Neighbours round the same vertex alike, so shared borders stay shared."""

Points = NDArray[np.float64]
"""[n, 2]: metres east and north of the centre, or degrees lon and lat, as the name of the variable says."""


def to_degrees(xy: Points) -> Points:
    """Metres on the board to WGS 84 lon/lat, rounded to DIGITS."""
    return np.round(np.asarray(xy) / (M_PER_DEG_LON, M_PER_DEG_LAT) + (LON0, LAT0), DIGITS)


def to_metres(lonlat: Points) -> Points:
    """WGS 84 lon/lat to metres on the board."""
    return (np.asarray(lonlat) - (LON0, LAT0)) * (M_PER_DEG_LON, M_PER_DEG_LAT)


def geometry_to_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """The same geometry in WGS 84, each vertex rounded alike."""
    out: Any = shapely.transform(geometry, to_degrees)
    return out
