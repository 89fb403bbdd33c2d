"""From the coordinates that a file holds to a sound polygon: every repair is named, what cannot be repaired too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.equal_area import area_m2

Ring = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Mended:
    """A Polygon or MultiPolygon in lon/lat degrees with the repairs it took, or None and why it is refused."""

    geometry: BaseGeometry | None
    repairs: tuple[str, ...] = ()
    refusal: str = ""


class _RefusedShape(Exception):
    """Inside this module: the reason a geometry cannot be used."""


def mend(source: Any, project: Transformer | None = None) -> Mended:
    """Mend a GeoJSON geometry object or a Shapely geometry. `project` turns projected coordinates into degrees."""
    repairs: list[str] = []
    try:
        polygons = _collect(_as_mapping(source), repairs)
        if project is not None:
            polygons = [[_project(ring, project) for ring in rings] for rings in polygons]
        _check_range(polygons, repairs)
        shape = _build(polygons, repairs)
    except _RefusedShape as refused:
        return Mended(None, tuple(repairs), str(refused))
    return Mended(shape, tuple(repairs))


def _as_mapping(source: Any) -> Any:
    if isinstance(source, BaseGeometry):
        return None if source.is_empty else shapely.geometry.mapping(source)
    return source


def _collect(source: Any, repairs: list[str]) -> list[list[Ring]]:
    """Polygons as lists of rings (first outer, then holes), whatever the geometry's type."""
    if source is None:
        raise _RefusedShape("has no geometry")
    if not isinstance(source, dict):
        raise _RefusedShape("its geometry is not an object")
    kind, coordinates = source.get("type"), source.get("coordinates")
    if kind == "GeometryCollection":
        members = source.get("geometries") or []
        areal = [m for m in members if isinstance(m, dict) and m.get("type") in ("Polygon", "MultiPolygon")]
        if not areal:
            raise _RefusedShape("its geometry collection holds no polygon")
        if len(areal) < len(members):
            repairs.append(f"dropped {len(members) - len(areal)} lines or points of a geometry collection")
        return [polygon for member in areal for polygon in _collect(member, repairs)]
    if kind not in ("Polygon", "MultiPolygon"):
        raise _RefusedShape(f"its geometry is a {str(kind)[:20]}; expected a Polygon or MultiPolygon")
    if not isinstance(coordinates, (list, tuple)) or not coordinates:
        raise _RefusedShape("its geometry is empty")
    listed = [coordinates] if kind == "Polygon" else coordinates
    polygons = []
    for polygon in listed:
        if not isinstance(polygon, (list, tuple)):
            raise _RefusedShape("its coordinates are not nested as GeoJSON asks")
        rings = [_ring(ring, repairs) for ring in polygon]
        if rings and rings[0]:
            polygons.append([ring for ring in rings if ring])
        elif rings:
            repairs.append("dropped a part whose outer ring has no area")
    if not polygons:
        raise _RefusedShape("its geometry is empty")
    return polygons


def _ring(raw: Any, repairs: list[str]) -> Ring:
    """A closed ring of numbers; empty for a ring of fewer than three different points (a spike, dropped)."""
    if not isinstance(raw, (list, tuple)):
        raise _RefusedShape("its coordinates are not nested as GeoJSON asks")
    points = [_point(position) for position in raw]
    if any(isinstance(position[0], str) for position in raw):
        repairs.append("numbers written as text were read as numbers")
    if len(set(points)) < 3:
        repairs.append(f"dropped a ring of {len(set(points))} different points")
        return []
    if points[0] != points[-1]:
        repairs.append("closed an unclosed ring")
        points.append(points[0])
    return points


def _point(position: Any) -> tuple[float, float]:
    try:
        lon, lat = float(position[0]), float(position[1])
    except (TypeError, ValueError, IndexError, KeyError):
        raise _RefusedShape(f"a position is not a pair of numbers: {str(position)[:40]}") from None
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise _RefusedShape("a position is not finite")
    return lon, lat


def _project(ring: Ring, project: Transformer) -> Ring:
    lon, lat = project.transform(*np.array(ring).T)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise _RefusedShape("a position lies outside the validity of the file's coordinate reference system")
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def _check_range(polygons: list[list[Ring]], repairs: list[str]) -> None:
    """Positions must be on the globe; a geometry that is on it only as lat/lon is turned round, in place."""
    xy = np.array([point for rings in polygons for ring in rings for point in ring])
    x, y = xy[:, 0], xy[:, 1]
    if (np.abs(x) <= 180).all() and (np.abs(y) <= 90).all():
        return
    if (np.abs(x) <= 90).all() and (np.abs(y) > 90).all() and (np.abs(y) <= 180).all():
        for rings in polygons:
            rings[:] = [[(lon, lat) for lat, lon in ring] for ring in rings]
        repairs.append("swapped lat/lon to lon/lat")
        return
    at = int(np.flatnonzero((np.abs(x) > 180) | (np.abs(y) > 90))[0])
    hint = "these look like metres: use a file that names its coordinate reference system" if abs(x[at]) > 360 else ""
    raise _RefusedShape(f"position {x[at]:g},{y[at]:g} is not on the globe" + (f"; {hint}" if hint else ""))


def _build(polygons: Sequence[list[Ring]], repairs: list[str]) -> BaseGeometry:
    parts = [Polygon(rings[0], rings[1:]) for rings in polygons]
    shape: BaseGeometry = parts[0] if len(parts) == 1 else MultiPolygon(parts)
    if shape.is_valid:
        return shape
    why = shapely.is_valid_reason(shape)
    before = float(area_m2([shape])[0])
    mended = polygonal(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    if mended is None:
        raise _RefusedShape(f"encloses no area ({why})")
    repairs.append(f"made valid ({why}); area {before:.1f} -> {float(area_m2([mended])[0]):.1f} m2")
    return mended


def polygonal(shape: BaseGeometry) -> Polygon | MultiPolygon | None:
    """The polygons of a geometry as one Polygon or MultiPolygon, None when there are none."""
    parts = [part for part in shapely.get_parts(shape, return_index=False) if not part.is_empty]
    flat = [p for part in parts for p in (shapely.get_parts(part) if part.geom_type != "Polygon" else [part])]
    flat = [part for part in flat if isinstance(part, Polygon) and part.area > 0]
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else MultiPolygon(flat)
