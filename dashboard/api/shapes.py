"""What browsers are sent of a region: simplified outlines, label points, payloads ready to go."""

from __future__ import annotations

import gzip
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import orjson
import shapely

from geo.area import Area, Region

VERTEX_BUDGET = 60_000
"""Vertices sent for one level. 60,000 at six decimals are about 0.5 MB compressed."""

DECIMALS = 6
"""Decimals of a coordinate, about 0.1 m. Rounded after simplifying, so shared vertices stay shared."""

_FIRST_TOLERANCE = 1e-5  # degrees, about 1 m: where simplifying begins to save anything


@dataclass(frozen=True, slots=True)
class Payload:
    """A response body, plain and compressed, and the ETag of the plain one."""

    body: bytes
    gzipped: bytes
    etag: str


class Shapes:
    """The outlines of one region. Built lazily, level by level; safe to share between threads."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self._lock = Lock()
        self._levels: dict[str, dict[str, tuple[bytes, bytes]]] = {}
        self._payloads: dict[tuple[str, str, bool], Payload] = {}

    @cached_property
    def hash(self) -> str:
        """Changes when any area's code, name, level, parent or geometry does."""
        digest = hashlib.sha256(repr(self.region.levels).encode())
        wkb = shapely.to_wkb(np.array([a.geometry for a in self.region.areas], dtype=object))
        for area, geometry in zip(self.region.areas, wkb, strict=True):
            digest.update(repr((area.code, area.name, area.name_en, area.level, area.parent)).encode())
            digest.update(geometry)
        return digest.hexdigest()[:16]

    @cached_property
    def bbox(self) -> list[float]:
        """West, south, east, north in degrees; empty for a region without areas."""
        if not self.region.areas:
            return []
        return [float(v) for v in shapely.total_bounds(np.array([a.geometry for a in self.region.areas], dtype=object))]

    def features(self, level: str, within: str = "", *, outlines: bool = True) -> Payload:
        """GeoJSON of a level's areas, of those below `within` where it is named. ("" = all levels.)

        Without outlines each geometry is null: names and label points, a sixth of the bytes.
        """
        with self._lock:
            found = self._payloads.get((level, within, outlines))
            if found is None:
                if len(self._payloads) > 256:
                    self._payloads.clear()
                found = self._payloads[level, within, outlines] = self._build(level, within, outlines)
            return found

    def _build(self, level: str, within: str, outlines: bool) -> Payload:
        parts: list[bytes] = []
        for name in (level,) if level else self.region.levels:
            if name not in self._levels:
                self._levels[name] = _level_features(self.region.by_level.get(name, ()))
            for area in self.region.by_level.get(name, ()):
                if not within or _below(self.region, area, within):
                    parts.append(self._levels[name][area.code][0 if outlines else 1])
        body = b'{"type":"FeatureCollection","features":[' + b",".join(parts) + b"]}"
        return payload(body)


def payload(body: bytes) -> Payload:
    """`body` with its compressed form and ETag."""
    return Payload(body, gzip.compress(body, 6, mtime=0), f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _below(region: Region, area: Area, code: str) -> bool:
    return any(parent.code == code for parent in region.path(area.code))


def _level_features(areas: Sequence[Area]) -> dict[str, tuple[bytes, bytes]]:
    """Each area's feature, with its outline and without."""
    if not areas:
        return {}
    exact = np.array([area.geometry for area in areas], dtype=object)
    shown = simplified(exact)
    labels = shapely.point_on_surface(exact)
    features: dict[str, tuple[bytes, bytes]] = {}
    for area, geometry, label in zip(areas, shown, labels, strict=True):
        feature = {
            "type": "Feature",
            "id": area.code,
            "properties": {
                "code": area.code,
                "name": area.name,
                "name_en": area.name_en,
                "level": area.level,
                "parent": area.parent,
                "lon": round(label.x, DECIMALS),
                "lat": round(label.y, DECIMALS),
            },
            "geometry": _geojson(geometry),
        }
        features[area.code] = (orjson.dumps(feature), orjson.dumps({**feature, "geometry": None}))
    return features


def simplified(geometries: np.ndarray, budget: int = VERTEX_BUDGET) -> np.ndarray:
    """The areas of one level with at most about `budget` vertices together.

    Shared borders are simplified once (a coverage), so no gap and no overlap opens between neighbours. An area that
    would vanish keeps its exact outline.
    """
    tolerance = _FIRST_TOLERANCE
    shown = geometries
    while int(shapely.get_num_coordinates(shown).sum()) > budget and tolerance < 0.01:
        shown = shapely.coverage_simplify(geometries, tolerance)
        tolerance *= math.sqrt(2)
    lost = shapely.is_empty(shown)
    return np.where(lost, geometries, shown)


def _geojson(geometry: shapely.Geometry) -> dict[str, object]:
    polygons = [_rings(part) for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _rings(polygon: shapely.Polygon) -> list[list[list[float]]]:
    return [
        np.round(shapely.get_coordinates(ring), DECIMALS).tolist() for ring in (polygon.exterior, *polygon.interiors)
    ]


_latest: Shapes | None = None
_latest_lock = Lock()


def shapes_of(region: Region) -> Shapes:
    """The shapes of the region in use; kept until another region is asked for."""
    global _latest
    with _latest_lock:
        if _latest is None or _latest.region is not region:
            _latest = Shapes(region)
        return _latest
