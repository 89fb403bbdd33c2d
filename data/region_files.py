"""Reading area files: GeoJSON (also .gz, a bare array of features, one bare geometry), GeoPackage, Shapefile.

GeoJSON is parsed here rather than by GDAL, so that a broken ring, a missing geometry or a number written as text is
seen and named instead of being dropped or mended on the way.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from data.errors import BadRegion
from data.rings import Mended, mend

GEOJSON_SUFFIXES = (".geojson", ".json", ".geojson.gz", ".json.gz")
TABLE_SUFFIXES = (".gpkg", ".shp", ".shp.zip", ".fgb")


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a file, 1-based `number`. Coordinates are lon/lat degrees in the file's datum."""

    number: int
    properties: Mapping[str, Any]
    shape: Mended


@dataclass(frozen=True, slots=True)
class AreaFile:
    """All features of a file, in file order, and remarks about the file as a whole."""

    features: tuple[Feature, ...]
    notes: tuple[str, ...] = ()


def read_areas(path: Path, *, layer: str | None = None, encoding: str | None = None) -> AreaFile:
    """Read an area file. Raises BadRegion when the file as a whole cannot be read."""
    if not path.is_file():
        raise BadRegion(f"{path}: no such file")
    name = path.name.lower()
    if name.endswith(GEOJSON_SUFFIXES):
        return _read_geojson(path)
    if name.endswith(TABLE_SUFFIXES):
        return _read_table(path, layer, encoding)
    raise BadRegion(
        f"{path.name}: unknown kind of area file; expected one of {', '.join(GEOJSON_SUFFIXES + TABLE_SUFFIXES)}"
    )


def read_geojson_features(path: Path) -> list[Mapping[str, Any]]:
    """The raw feature objects of a GeoJSON file, whatever their geometry. Raises BadRegion."""
    document = _load_json(path)
    if isinstance(document, dict):
        match document.get("type"):
            case "FeatureCollection":
                document = document.get("features")
            case "Feature":
                document = [document]
            case "Topology":
                raise BadRegion(f"{path.name}: this is TopoJSON; convert it first: ogr2ogr out.geojson {path.name}")
            case None if isinstance(document.get("features"), list):  # the type left out, as some exports do
                document = document["features"]
            case kind:
                document = [{"type": "Feature", "properties": {}, "geometry": document}] if kind else None
    if not isinstance(document, list):
        raise BadRegion(f"{path.name}: not GeoJSON; expected a FeatureCollection, a Feature or an array of Features")
    for number, feature in enumerate(document, 1):
        if not isinstance(feature, dict):
            raise BadRegion(f"{path.name}: feature {number} is not an object")
    return document


def _load_json(path: Path) -> Any:
    try:
        raw = path.read_bytes()
        if path.name.lower().endswith(".gz"):
            raw = gzip.decompress(raw)
        return orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except (OSError, EOFError, zlib.error) as error:
        raise BadRegion(f"{path.name}: cannot be read: {error}") from None
    except orjson.JSONDecodeError as error:
        raise BadRegion(f"{path.name}: not JSON in UTF-8: {error}") from None


def _read_geojson(path: Path) -> AreaFile:
    document = _load_json(path)
    crs = document.get("crs") if isinstance(document, dict) else None
    project, notes = _declared_crs(path, crs)
    features = []
    for number, raw in enumerate(read_geojson_features(path), 1):
        properties = raw.get("properties")
        flat = dict(properties) if isinstance(properties, dict) else {}
        if "id" in raw:
            flat.setdefault("id", raw["id"])
        features.append(Feature(number, flat, mend(raw.get("geometry"), project)))
    return AreaFile(tuple(features), notes)


def _declared_crs(path: Path, crs: Any) -> tuple[Transformer | None, tuple[str, ...]]:
    """A transformer for the `crs` member of pre-2016 GeoJSON, None where degrees are lon/lat already."""
    try:
        named = str(crs["properties"]["name"])
    except (TypeError, KeyError):
        return None, ()
    try:
        return _to_degrees(CRS.from_user_input(named))
    except CRSError:
        raise BadRegion(f"{path.name}: unknown coordinate reference system {named[:60]!r}") from None


def _to_degrees(crs: CRS) -> tuple[Transformer | None, tuple[str, ...]]:
    if crs.is_geographic:  # WGS 84, CGCS2000 and the like; GCJ-02 and BD-09 come labelled so too
        return None, ()
    return Transformer.from_crs(crs, 4326, always_xy=True), (f"reprojected from {crs.name}",)


def _read_table(path: Path, layer: str | None, encoding: str | None) -> AreaFile:
    import pyogrio  # brings pandas and GDAL: 70 MB that a server never needs

    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        if layer is not None and layer not in layers:
            raise BadRegion(f"{path.name}: no layer {layer!r}; it has {', '.join(layers)}")
        if layer is None and len(layers) > 1:
            raise BadRegion(f"{path.name}: several layers; name one with --layer: {', '.join(layers)}")
        meta, _, wkb, columns = pyogrio.raw.read(path, layer=layer or layers[0], encoding=encoding, force_2d=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError) as error:
        raise BadRegion(f"{path.name}: cannot be read: {str(error).splitlines()[0]}") from None
    project, notes = _table_crs(path, meta["crs"])
    names = [str(name) for name in meta["fields"]]
    features = []
    for number, raw in enumerate(wkb if wkb is not None else (), 1):
        properties = {name: _plain(column[number - 1]) for name, column in zip(names, columns, strict=True)}
        features.append(Feature(number, properties, _mend_wkb(raw, project)))
    return AreaFile(tuple(features), notes)


def _table_crs(path: Path, crs: str | None) -> tuple[Transformer | None, tuple[str, ...]]:
    if not crs:
        return None, ("the file names no coordinate reference system; its numbers were taken as lon/lat degrees",)
    try:
        return _to_degrees(CRS.from_user_input(crs))
    except CRSError:
        raise BadRegion(f"{path.name}: unknown coordinate reference system {crs[:60]!r}") from None


def _mend_wkb(raw: bytes | None, project: Transformer | None) -> Mended:
    shape: BaseGeometry | None = shapely.from_wkb(raw, on_invalid="ignore") if raw is not None else None
    if raw is not None and shape is None:
        return Mended(None, (), "its geometry cannot be decoded")
    return mend(shape, project)


def _plain(value: Any) -> Any:
    """NumPy scalars as Python's own; NaN (a missing number) as None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value
