"""Road maps from files: OpenStreetMap XML, GeoJSON, GraphML and CSV edge lists, each also gzipped.

- `.osm`, `.osm.xml`: ways that cars may use meet at nodes; `maxspeed`, else by `highway`; `oneway`,
  roundabouts, motorways
- `.geojson`, `.json`: lines that share a coordinate (7 decimals) meet there; properties `kmh` or `maxspeed`, `highway`
  or `class`, `oneway`
- `.graphml`: nodes with `x`, `y` or `lon`, `lat`; edges run one way unless the graph is undirected; `travel_time` (s),
  else `length` (m) and speed; `geometry` (WKT) is the line
- `.csv`: `from_lon from_lat to_lon to_lat`, `from` and `to` name junctions (else the points do); `seconds`, else `kmh`;
  `oneway`, else both ways
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.errors import ShapelyError

from data.errors import BadInput
from data.road_ways import Way, directions, drivable, first_of, graph_of, speed
from geo.datum import Datum
from geo.roads import RoadGraph

LAYER = "roadgraph"
"""Name under which a store keeps the graph (`geo/roads_bytes.py`), beside the base map."""


@dataclass(frozen=True, slots=True)
class RoadReport:
    """What a road map has: nodes, directed edges, and nodes of the part in which each reaches each."""

    nodes: int
    edges: int
    core: int
    bytes: int


def read_roads(path: Path, datum: Datum = Datum.WGS84) -> RoadGraph:
    """The road graph of a file. Raises BadInput naming the file, what is wrong and what was expected."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".xml")]
    reader = _READERS.get(suffixes[-1] if suffixes else "")
    if reader is None:
        known = ", ".join(_READERS)
        raise BadInput(f"{path.name}: no road map format is known by this name; expected {known}, also with .gz")
    try:
        raw = path.read_bytes()
        body = gzip.decompress(raw) if path.suffix.lower() == ".gz" else raw
        return graph_of(reader(body, path.name), path.name, datum)
    except (OSError, EOFError) as error:
        raise BadInput(f"{path.name}: cannot be read: {error}") from None
    except ET.ParseError as error:
        raise BadInput(f"{path.name}: not well-formed XML: {error}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name}: not UTF-8 text: {error.reason} at byte {error.start}") from None


def _osm(body: bytes, name: str) -> Iterator[Way]:
    place: dict[str, tuple[float, float]] = {}
    for _, element in ET.iterparse(io.BytesIO(body)):
        if element.tag == "node":
            place[element.attrib["id"]] = _point(element.attrib, "lon", "lat", f"{name}: node")
            element.clear()
        elif element.tag == "way":
            tags: dict[str, object] = {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}
            refs = [nd.attrib["ref"] for nd in element.iter("nd")]
            element.clear()
            if "highway" not in tags or not drivable(tags):
                continue
            # an extract cuts ways at its border: what is left are the pieces between missing nodes
            piece: list[tuple[Hashable, float, float]] = []
            for ref in (*refs, ""):
                if ref in place:
                    piece.append((ref, *place[ref]))
                    continue
                if len(piece) > 1:
                    yield Way(tuple(piece), speed(tags), *directions(tags))
                piece = []


def _geojson(body: bytes, name: str) -> Iterator[Way]:
    try:
        found = json.loads(body)
        features = found["features"] if found["type"] == "FeatureCollection" else [found]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise BadInput(f"{name}: not GeoJSON; expected a FeatureCollection of lines") from None
    for number, feature in enumerate(features):
        try:
            tags: Mapping[str, object] = feature.get("properties") or {}
            geometry = feature["geometry"]
            kind = "" if geometry is None else geometry["type"]
            if kind not in ("LineString", "MultiLineString") or not drivable(tags):
                continue
            for line in [geometry["coordinates"]] if kind == "LineString" else geometry["coordinates"]:
                points = [(float(p[0]), float(p[1])) for p in line]
                yield Way(tuple(((round(x, 7), round(y, 7)), x, y) for x, y in points), speed(tags), *directions(tags))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise BadInput(f"{name}: feature {number} is not a line with coordinates") from None


def _graphml(body: bytes, name: str) -> Iterator[Way]:
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = ET.fromstring(body)
    fields = {key.attrib["id"]: key.attrib.get("attr.name", key.attrib["id"]) for key in root.iter(f"{space}key")}
    graph = root.find(f"{space}graph")
    if graph is None:
        raise BadInput(f"{name}: no <graph> in the GraphML namespace in it")
    both = graph.attrib.get("edgedefault") == "undirected"
    place = {}
    for node in graph.iter(f"{space}node"):
        data = _fields(node, fields, space)
        x, y = ("x", "y") if "x" in data else ("lon", "lat")
        place[node.attrib["id"]] = _point(data, x, y, f"{name}: node {node.attrib['id']}")
    for edge in graph.iter(f"{space}edge"):
        data = _fields(edge, fields, space)
        ends = edge.attrib["source"], edge.attrib["target"]
        if not drivable(data) or ends[0] not in place or ends[1] not in place:
            continue
        a, b = ((end, *place[end]) for end in ends)
        inner = []
        if data.get("geometry"):
            try:
                coordinates = shapely.get_coordinates(shapely.from_wkt(data["geometry"])).tolist()
            except ShapelyError:
                raise BadInput(f"{name}: edge {ends[0]}-{ends[1]}: its geometry is not WKT") from None
            inner = [((*ends, round(x, 7), round(y, 7)), x, y) for x, y in coordinates[1:-1]]
        kmh = speed(data)
        seconds = _number(data, "travel_time")
        length = _number(data, "length")
        if seconds is None and length is not None:
            seconds = length / (kmh / 3.6)
        yield Way((a, *inner, b), kmh, True, both, seconds)


def _fields(element: ET.Element, fields: Mapping[str, str], space: str) -> dict[str, str]:
    return {fields.get(d.attrib["key"], d.attrib["key"]): d.text or "" for d in element.findall(f"{space}data")}


def _csv(body: bytes, name: str) -> Iterator[Way]:
    rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    needed = ("from_lon", "from_lat", "to_lon", "to_lat")
    lacking = [column for column in needed if column not in (rows.fieldnames or ())]
    if lacking:
        raise BadInput(f"{name}: no column {', '.join(lacking)}; an edge list has {', '.join(needed)}")
    for number, row in enumerate(rows, 2):
        where = f"{name}: line {number}"
        a = _point(row, "from_lon", "from_lat", where)
        b = _point(row, "to_lon", "to_lat", where)
        ends = (row.get("from") or a, *a), (row.get("to") or b, *b)
        seconds = _number(row, "seconds")
        if seconds is not None and seconds <= 0:
            raise BadInput(f"{where}: {seconds:g} seconds; expected more than 0")
        yield Way(ends, speed(row), *directions(row), seconds)


def _point(row: Mapping[str, Any], lon: str, lat: str, where: str) -> tuple[float, float]:
    try:
        return float(row[lon]), float(row[lat])
    except (KeyError, ValueError, TypeError):
        raise BadInput(f"{where}: no point; expected numbers in {lon} and {lat}") from None


def _number(row: Mapping[str, Any], name: str) -> float | None:
    try:
        return float(first_of(row.get(name)))
    except ValueError:
        return None


_READERS: Mapping[str, Callable[[bytes, str], Iterator[Way]]] = {
    ".osm": _osm, ".geojson": _geojson, ".json": _geojson, ".graphml": _graphml, ".csv": _csv,
}  # fmt: skip
