"""Water, roads and outline of the district, for under the layers."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from dashboard.api.areas import GEOJSON, GeoJson, cached
from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.shapes import Payload, payload
from data.errors import NotFound

router = APIRouter(tags=["areas"])

LAYERS = ("water", "roads", "outline")
EMPTY = b'{"type":"FeatureCollection","features":[]}'


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
