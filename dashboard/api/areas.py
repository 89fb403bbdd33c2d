"""The region and its areas."""

from __future__ import annotations

from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from dashboard.api.deps import ServicesDep, notice_of, refusals, region_of
from dashboard.api.examples import shown
from dashboard.api.shapes import Payload, shapes_of
from data.errors import NotFound
from geo.area import Area

router = APIRouter(tags=["areas"])

Names = dict[str, str]


class GeoJson(Response):
    """A FeatureCollection."""

    media_type = "application/geo+json"


GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A FeatureCollection; ETag and Cache-Control say when it has to be fetched again",
        "content": {
            "application/geo+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "features"],
                    "properties": {
                        "type": {"const": "FeatureCollection"},
                        "features": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["type", "geometry", "properties"],
                                "properties": {
                                    "type": {"const": "Feature"},
                                    "geometry": {"type": ["object", "null"]},
                                    "properties": {"type": ["object", "null"]},
                                },
                            },
                        },
                    },
                },
                "example": {
                    "type": "FeatureCollection",
                    "features": [
                        {
                            "type": "Feature",
                            "id": "370812",
                            "geometry": {"type": "Point", "coordinates": [116.8, 35.5]},
                            "properties": {
                                "code": "370812",
                                "name": "兖州区",
                                "name_en": "Yanzhou",
                                "level": "district",
                            },
                        }
                    ],
                },
            }
        },
    },
    304: {"description": "What `If-None-Match` names is still so"},
}


class RegionBody(BaseModel):
    """The hierarchy of areas in use. All empty before one is imported."""

    levels: list[str]
    roots: list[str]
    bbox: list[float]
    hash: str
    notice: Names | None

    model_config = shown(
        {
            "levels": ["district", "town", "grid"],
            "roots": ["370812"],
            "bbox": [116.61, 35.41, 117.0, 35.73],
            "hash": "5f0c2b1a9e8d7c6b",
            "notice": None,
        }
    )


class AreaName(BaseModel):
    """An area as a name to show."""

    code: str
    name: str
    name_en: str
    level: str


class AreaBody(AreaName):
    """One area. `path` runs from the root to the area itself, `children` are one level below."""

    parent: str | None
    lon: float
    lat: float
    bbox: list[float]
    path: list[AreaName]
    children: list[AreaName]
    attrs: dict[str, Any]


def cached(request: Request, payload: Payload, media_type: str = "application/geo+json") -> Response:
    """`payload` compressed where the client takes it, 304 where it has it. The client asks again each time."""
    headers = {"etag": payload.etag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if payload.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(payload.gzipped, media_type=media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(payload.body, media_type=media_type, headers=headers)


@router.get("/region", summary="Levels, roots and extent of the region")
def region(services: ServicesDep) -> RegionBody:
    now = region_of(services)
    shapes = shapes_of(now)
    return RegionBody(
        levels=list(now.levels),
        roots=[area.code for area in now.roots],
        bbox=shapes.bbox,
        hash=shapes.hash if now.areas else "",
        notice=notice_of(services),
    )


@router.get(
    "/areas",
    summary="Outlines of a level as GeoJSON",
    response_class=GeoJson,
    responses={**refusals(404, 503), **GEOJSON},
)
def areas(
    request: Request,
    services: ServicesDep,
    level: Annotated[str, Query(description="A level of the region; empty: all levels")] = "",
    within: Annotated[str, Query(description="Code of an area: only what lies below it (or it)")] = "",
    outlines: Annotated[bool, Query(description="false: names and points alone, each `geometry` null")] = True,
) -> Response:
    """Borders are simplified together, so that neighbours keep touching; `lon`, `lat` is a point inside."""
    now = region_of(services)
    if level and level not in now.levels:
        raise NotFound(f"no level {level[:40]!r} in this region; it has {', '.join(now.levels) or 'none'}")
    if within and within not in now.by_code:
        raise NotFound(f"no area {within[:64]}")
    return cached(request, shapes_of(now).features(level, within, outlines=outlines))


@router.get("/areas/{code:path}", summary="One area, its ancestors and children", responses=refusals(404))
def area(code: Annotated[str, Path(max_length=200, description="Code of the area")], services: ServicesDep) -> AreaBody:
    now = region_of(services)
    found = now.by_code.get(code)
    if found is None:
        raise NotFound(f"no area {code[:64]}")
    label = shapely.point_on_surface(found.geometry)
    return AreaBody(
        **_name(found).model_dump(),
        parent=found.parent,
        lon=label.x,
        lat=label.y,
        bbox=list(found.geometry.bounds),
        path=[_name(a) for a in now.path(code)],
        children=[_name(a) for a in now.children(code)],
        attrs=dict(found.attrs),
    )


def _name(area: Area) -> AreaName:
    return AreaName(code=area.code, name=area.name, name_en=area.name_en, level=area.level)
