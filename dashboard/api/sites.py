"""Cameras and other fixed points, found by place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel

from dashboard.api import directory
from dashboard.api.bodies import SiteBody
from dashboard.api.deps import ServicesDep, refusals
from data.errors import BadInput
from data.store import SiteRow
from geo.distance import nearest

router = APIRouter(tags=["sites"])

_NEAR = r"^(|-?(180|(1[0-7][0-9]|[1-9]?[0-9])(\.[0-9]+)?),-?(90|([1-8]?[0-9])(\.[0-9]+)?))$"

DEFAULT_FOV = 60.0
"""Field of view, degrees, of a camera with a known bearing and none stated."""


class Sites(BaseModel):
    """Sites, nearest first where a place was given, in id order otherwise. `total` before the limit."""

    sites: list[SiteBody]
    total: int


@router.get("/sites", summary="Sites in an area or near a place", responses=refusals(400, 404, 503))
def sites(
    services: ServicesDep,
    kind: Annotated[str, Query(description="camera, hospital, depot, shelter, hydrant, gauge, station")] = "",
    within: Annotated[str, Query(description="Code of an area: only what stands in it")] = "",
    near: Annotated[
        str,
        Query(
            description="lon,lat in WGS 84 degrees: nearest first",
            json_schema_extra={"pattern": _NEAR, "examples": ["116.83,35.55"]},
        ),
    ] = "",
    online: Annotated[bool | None, Query(description="Only sites that are (not) online")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Most that are listed")] = 1000,
) -> Sites:
    """With `near`, each site carries its distance, and a camera with a known bearing whether the place is in view."""
    place = place_of(near)
    inside = directory.codes_within(services, within) if within else None
    found = [
        site
        for site in directory.sites(services)
        if (not kind or site.kind == kind)
        and (inside is None or site.area in inside)
        and (online is None or site.online is online)
    ]
    if place is None:
        found.sort(key=lambda site: site.id)
        return Sites(sites=[SiteBody.of(site) for site in found[:limit]], total=len(found))
    return Sites(sites=near_sites(found, *place, limit), total=len(found))


def place_of(near: str) -> tuple[float, float] | None:
    """(lon, lat) of a `near` parameter, None for "". Raises BadInput."""
    if not near:
        return None
    try:
        lon, lat = (float(part) for part in near.split(","))
    except ValueError:
        raise BadInput(f"near: {near[:60]!r} is not lon,lat such as 116.83,35.55") from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadInput(f"near: {near[:60]!r} is outside longitude -180..180, latitude -90..90; the order is lon,lat")
    return lon, lat


def near_sites(sites: Sequence[SiteRow], lon: float, lat: float, k: int) -> list[SiteBody]:
    """The k nearest sites with their metres and, for cameras, whether the place lies in the wedge they look at."""
    at, metres = nearest(lon, lat, np.array([s.lon for s in sites]), np.array([s.lat for s in sites]), k)
    return [
        SiteBody.of(sites[i], float(metre), in_view(sites[i], lon, lat))
        for i, metre in zip(at.tolist(), metres.tolist(), strict=True)
    ]


def in_view(site: SiteRow, lon: float, lat: float) -> bool | None:
    """Whether (lon, lat) lies in the horizontal wedge of a site's bearing and field of view; None: bearing unknown."""
    if site.bearing is None:
        return None
    off = abs((bearing_to(site.lon, site.lat, lon, lat) - site.bearing + 180) % 360 - 180)
    return off <= (site.fov or DEFAULT_FOV) / 2


def bearing_to(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Initial great-circle bearing in degrees clockwise from north, 0 <= b < 360."""
    phi1, phi2, dlam = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    east = math.sin(dlam) * math.cos(phi2)
    north = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(dlam)
    return math.degrees(math.atan2(east, north)) % 360
