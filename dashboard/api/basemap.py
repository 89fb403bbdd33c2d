"""What lies under the layers: water, roads and outline of the region, and files of tiles put beside the store."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.responses import FileResponse, Response

from dashboard.api.areas import GEOJSON, GeoJson, cached
from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown
from dashboard.api.shapes import Payload, payload
from data.errors import BadInput, NotFound
from data.tiles import tiles_in

router = APIRouter(tags=["areas"])

LAYERS = ("water", "roads", "outline")
EMPTY = b'{"type":"FeatureCollection","features":[]}'

TILES = "application/vnd.pmtiles"
_RANGE = r"(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})"
_RANGES = re.compile(rf"bytes={_RANGE}(?: *, *{_RANGE})*")


class TilesBody(BaseModel):
    """A file of tiles and where it is read from, in ranges of bytes."""

    name: str
    url: str
    kind: Literal["vector", "raster"]
    min_zoom: int
    max_zoom: int
    bbox: list[float]


class TilesList(BaseModel):
    """Files of tiles by name; the map draws the first."""

    tiles: list[TilesBody]

    model_config = shown(
        {
            "tiles": [
                {
                    "name": "city.pmtiles",
                    "url": "/api/v1/basemap/tiles/city.pmtiles",
                    "kind": "vector",
                    "min_zoom": 0,
                    "max_zoom": 15,
                    "bbox": [116.61, 35.41, 117.0, 35.73],
                }
            ]
        }
    )


@router.get("/basemap/tiles", summary="Base maps of tiles that were put into the folder `basemap` beside the store")
def tiles(services: ServicesDep) -> TilesList:
    found = tiles_in(services.settings.var_dir)
    return TilesList(
        tiles=[
            TilesBody(
                name=each.name,
                url=f"/api/v1/basemap/tiles/{quote(each.name)}",
                kind=each.kind,
                min_zoom=each.min_zoom,
                max_zoom=each.max_zoom,
                bbox=list(each.bbox),
            )
            for each in found
        ]
    )


_BYTES: dict[str, Any] = {"content": {TILES: {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
    "/basemap/tiles/{name}",
    summary="A PMTiles file, or the range of it that is asked for",
    response_class=FileResponse,
    responses={
        **refusals(400, 404),
        200: {"description": "The whole file", **_BYTES},
        206: {"description": "The range that `Range` asked for; `Content-Range` says which", **_BYTES},
        416: {"description": "The range lies beyond the end; `Content-Range` says how long the file is"},
    },
)
def tiles_file(
    name: Annotated[str, Path(description="Name of a file that `/basemap/tiles` lists")],
    request: Request,
    services: ServicesDep,
) -> FileResponse:
    """Only what is listed is sent: a name is looked up there and never made into a path."""
    asked = request.headers.get("range")
    if asked is not None and not _readable(asked):
        raise BadInput(f"range {asked[:60]!r}: expected bytes=FIRST-LAST, e.g. bytes=0-16383")
    for each in tiles_in(services.settings.var_dir):
        if each.name == name:
            return FileResponse(each.path, media_type=TILES, headers={"cache-control": "no-cache"})
    raise NotFound(f"no base map {name[:60]!r}; put a PMTiles file into the folder basemap beside the store")


def _readable(asked: str) -> bool:
    """Whether a `Range` header can be read (RFC 9110, 14.1.2): each range has a first byte, a last one, or both."""
    if _RANGES.fullmatch(asked.strip()) is None:
        return False
    spans = (part.split("-") for part in asked.split("=", 1)[1].replace(" ", "").split(","))
    return all(not first or not last or int(first) <= int(last) for first, last in spans)


@router.get(
    "/basemap/{layer}",
    summary="A layer of the local base map as GeoJSON",
    response_class=GeoJson,
    responses={**refusals(404, 503), **GEOJSON},
)
def basemap(
    layer: Annotated[str, Path(description="water, roads or outline")], request: Request, services: ServicesDep
) -> Response:
    """`water`, `roads` or `outline`; without features where none was imported."""
    if layer not in LAYERS:
        raise NotFound(f"no base map layer {layer[:40]!r}; known are {', '.join(LAYERS)}")
    return cached(request, _ready(services.store.basemap(layer) or EMPTY))


@lru_cache(maxsize=8)
def _ready(body: bytes) -> Payload:
    return payload(body)
