"""San Francisco: city, neighborhoods, tracts; fire calls fall where geopandas found them; its roads."""

import csv
import gzip
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from data.area_columns import AreaColumns
from data.region_levels import derive_level
from data.regions import ImportOptions, import_level
from geo.area import Region
from geo.area_index import AreaIndex
from geo.distance import haversine_m
from geo.equal_area import area_m2
from geo.roads import RoadGraph
from geo.topology import check_region
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [pytest.mark.realdata, needs_realdata]

BOUNDARIES = REALDATA / "sf_boundaries"


def answers(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REALDATA / "answers" / f"{name}.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def region() -> Region:
    """Imported as the documentation says: neighborhoods, tracts by the name of their neighborhood, the city."""
    built = Region((), ())
    for file, level, columns in (
        ("analysis_neighborhoods_41.geojson", "neighborhood", AreaColumns("nhood", "nhood")),
        ("census_tracts_195_by_neighborhood.geojson", "tract", AreaColumns("geoid", "tractce10", parent="nhood")),
    ):
        built, report = import_level(built, BOUNDARIES / file, ImportOptions(level, columns))
        assert (report.repairs, report.refused, report.orphans) == ((), (), ())
    return derive_level(built, "city", "SF", "San Francisco", "neighborhood")[0]


def test_three_levels_with_the_stated_counts(region: Region) -> None:
    counts = answers("sf_boundaries")["counts"]
    assert region.levels == ("city", "neighborhood", "tract")
    assert [len(region.by_level[level]) for level in region.levels] == [1, counts["neighborhoods"], counts["tracts"]]
    assert [area.code for area in region.roots] == ["SF"]


def test_every_neighborhood_has_its_number_of_tracts(region: Region) -> None:
    found = {area.code: len(region.children(area.code)) for area in region.by_level["neighborhood"]}
    assert found == answers("sf_boundaries")["tracts_per_neighborhood"]


def test_largest_overlap_finds_the_parents_that_the_city_states(region: Region) -> None:
    tracts = BOUNDARIES / "census_tracts_195_by_neighborhood.geojson"
    again, report = import_level(region, tracts, ImportOptions("tract", AreaColumns("geoid", "tractce10")))
    assert report.parents == {"overlap": 195}
    assert {a.code: a.parent for a in again.by_level["tract"]} == {a.code: a.parent for a in region.by_level["tract"]}
    assert report.divided == ()


def test_areas_agree_with_utm_within_its_scale(region: Region) -> None:
    # UTM zone 10 shrinks lengths by up to 0.04 % here, so areas by up to 0.08 %
    stated = answers("sf_boundaries")["area_km2_epsg32610"]
    for area in region.by_level["neighborhood"]:
        assert float(area_m2([area.geometry])[0]) / 1e6 == pytest.approx(stated[area.code], rel=1e-3, abs=1e-4)
    total = float(area_m2([region.by_code["SF"].geometry])[0]) / 1e6
    assert total == pytest.approx(answers("sf_boundaries")["total_area_km2"], rel=1e-3)


def test_topology_is_clean_and_tracts_add_up_to_their_parents(region: Region) -> None:
    for report in check_region(region):
        assert report.orphans == report.duplicates == report.misplaced == report.invalid == ()
        assert report.gaps_m2 < 1.0
        assert report.overlaps_m2 < 1.0
    for parent in region.by_level["neighborhood"]:
        children = area_m2([child.geometry for child in region.children(parent.code)]).sum()
        assert children == pytest.approx(float(area_m2([parent.geometry])[0]), rel=1e-6)


def calls() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with gzip.open(REALDATA / "sf_fire_calls_2020" / "fire_calls.csv.gz", "rt", encoding="utf-8") as lines:
        pairs = [re.findall(r"-?\d+\.?\d*", row["Location"]) for row in csv.DictReader(lines)]
    lat, lon = np.array(pairs, np.float64).T
    return lon.copy(), lat.copy()


@pytest.mark.parametrize(
    ("level", "key", "tolerance"),
    [
        ("neighborhood", "rows_by_spatial_neighborhood", "rows_within_1m_of_a_neighborhood_boundary"),
        ("tract", "rows_by_tract", "rows_within_1m_of_a_tract_boundary"),
    ],
)
def test_fire_calls_fall_where_geopandas_found_them(region: Region, level: str, key: str, tolerance: str) -> None:
    expected = answers("sf_fire_calls_2020")
    index = AreaIndex(region.by_level[level])
    found = index.locate(*calls())
    counts = Counter(index.codes[at] for at in found.tolist() if at >= 0)
    assert found.size == expected["rows"]
    assert sum(counts.values()) == expected[f"inside_any_{level}"]
    moved = sum(abs(counts[code] - n) for code, n in expected[key].items() if code in region.by_code) / 2
    assert moved <= expected[tolerance]
    # rows on a border are the only ones that may differ; most areas have few of those
    same = sum(counts[code] == n for code, n in expected[key].items())
    assert same >= 0.9 * len(counts)


def osm_graph() -> tuple[RoadGraph, NDArray[np.int64]]:
    """The graph of the answers' method: lengths by haversine, speed by tag or class."""
    method = answers("sf_roads_osm")["method"]
    with gzip.open(REALDATA / "sf_roads_osm" / "san_francisco_north.osm.gz") as raw:
        root = ET.parse(raw).getroot()
    places = {
        int(node.attrib["id"]): (float(node.attrib["lon"]), float(node.attrib["lat"])) for node in root.iter("node")
    }
    ids = np.array(sorted(places), np.int64)
    at = {int(id_): i for i, id_ in enumerate(ids)}
    lon, lat = np.array([places[int(id_)] for id_ in ids]).T
    start: list[int] = []
    end: list[int] = []
    speed: list[float] = []
    for way in root.iter("way"):
        tags = {tag.attrib["k"]: tag.attrib["v"] for tag in way.iter("tag")}
        if "highway" not in tags:
            continue
        kmh = _kmh(tags.get("maxspeed"), method["defaults_kmh"][tags["highway"]])
        nodes = [at[int(nd.attrib["ref"])] for nd in way.iter("nd") if int(nd.attrib["ref"]) in at]
        forward, backward = _directions(tags)
        for a, b in pairwise(nodes):
            for x, y, allowed in ((a, b, forward), (b, a, backward)):
                if allowed and a != b:
                    start.append(x)
                    end.append(y)
                    speed.append(kmh / 3.6)
    metres = haversine_m(lon[start], lat[start], lon[end], lat[end])
    return RoadGraph(lon, lat, start, end, metres / np.array(speed)), ids


def _kmh(maxspeed: str | None, default: float) -> float:
    number = re.match(r"\d+(?:\.\d+)?", maxspeed or "")
    if number is None:
        return default
    return float(number[0]) * (1.609344 if "mph" in (maxspeed or "") else 1.0)


def _directions(tags: dict[str, str]) -> tuple[bool, bool]:
    oneway = tags.get("oneway")
    if oneway == "-1":
        return False, True
    one = oneway in ("yes", "true", "1") or tags.get("junction") == "roundabout"
    if oneway is None and tags["highway"] in ("motorway", "motorway_link"):
        one = True
    return True, not one


def test_fastest_ways_through_the_city_are_those_of_networkx() -> None:
    expected = answers("sf_roads_osm")
    graph, ids = osm_graph()
    assert graph.nodes == expected["graph_nodes"]
    assert graph.edges == expected["directed_edges"]
    assert graph.core.size == expected["largest_scc_nodes"]
    for route in expected["routes"].values():
        (south, west), (north, east) = route["from_point"], route["to_point"]
        a, b = int(graph.snap(west, south)), int(graph.snap(east, north))
        assert (int(ids[a]), int(ids[b])) == (route["from_osm_node"], route["to_osm_node"])
        assert float(graph.travel_seconds(a)[b]) == pytest.approx(route["fastest_s"], abs=0.02)
        assert float(graph.travel_seconds(b, towards=True)[a]) == pytest.approx(route["fastest_s"], abs=0.02)
        way = graph.route(a, b)
        assert (way[0], way[-1]) == (a, b)
