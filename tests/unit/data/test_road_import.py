"""Road maps in four formats, what their tags mean, and what is refused."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from app import app
from data.errors import BadInput
from data.road_import import LAYER, read_roads
from data.road_ways import directions, drivable, speed
from geo.datum import Datum, from_wgs84
from geo.distance import haversine_m
from geo.roads import RoadGraph
from geo.roads_bytes import from_bytes, to_bytes
from tests.realdata_path import REALDATA, needs_realdata

OSM = """<?xml version="1.0"?><osm>
<node id="1" lon="121.00" lat="31.00"/><node id="2" lon="121.01" lat="31.00"/><node id="3" lon="121.02" lat="31.00"/>
<node id="4" lon="121.02" lat="31.01"/><node id="9" lon="121.50" lat="31.50"/>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/></way>
<way id="11"><nd ref="3"/><nd ref="4"/><tag k="highway" v="primary"/><tag k="oneway" v="-1"/>
  <tag k="maxspeed" v="30 mph"/></way>
<way id="12"><nd ref="1"/><nd ref="77"/><nd ref="3"/><nd ref="2"/><tag k="highway" v="motorway"/></way>
<way id="13"><nd ref="1"/><nd ref="9"/><tag k="highway" v="footway"/></way>
</osm>"""


def edges(graph: RoadGraph) -> dict[tuple[float, float, float, float], float]:
    """(lon, lat) of both ends, rounded -> seconds, the fastest."""
    found: dict[tuple[float, float, float, float], float] = {}
    for a, b, s in zip(graph.start, graph.end, graph.seconds, strict=True):
        key = tuple(round(float(v), 5) for v in (graph.lon[a], graph.lat[a], graph.lon[b], graph.lat[b]))
        found[key] = min(found.get(key, np.inf), float(s))
    return found


def metres(key: tuple[float, float, float, float]) -> float:
    return float(haversine_m(*key))


def test_osm_ways_meet_at_nodes_and_speak_by_their_tags(tmp_path):
    file = tmp_path / "map.osm.gz"
    file.write_bytes(gzip.compress(OSM.encode()))
    found = edges(read_roads(file))
    west, east, north = (121.0, 31.0), (121.02, 31.0), (121.02, 31.01)
    middle = (121.01, 31.0)
    assert set(found) == {
        (*west, *middle), (*middle, *west), (*middle, *east), (*east, *middle), (*north, *east),
    }  # fmt: skip
    assert found[*west, *middle] == pytest.approx(metres((*west, *middle)) / (30 / 3.6))
    assert found[*north, *east] == pytest.approx(metres((*north, *east)) / (30 * 1.609344 / 3.6))
    assert found[*east, *middle] == pytest.approx(metres((*east, *middle)) / (90 / 3.6))  # the motorway's piece


def test_geojson_lines_meet_where_they_share_a_coordinate(tmp_path):
    lines = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"kmh": 36, "oneway": "yes"},
             "geometry": {"type": "LineString", "coordinates": [[121, 31], [121.01, 31, 5]]}},
            {"type": "Feature", "properties": {"class": "lane"},
             "geometry": {"type": "MultiLineString", "coordinates": [[[121.01, 31], [121.01, 31.01]]]}},
            {"type": "Feature", "properties": {"highway": "steps"},
             "geometry": {"type": "LineString", "coordinates": [[121, 31], [121, 31.01]]}},
            {"type": "Feature", "properties": None, "geometry": None},
        ],
    }  # fmt: skip
    file = tmp_path / "roads.geojson"
    file.write_text(json.dumps(lines))
    graph = read_roads(file)
    found = edges(graph)
    assert graph.nodes == 3
    assert set(found) == {
        (121.0, 31.0, 121.01, 31.0), (121.01, 31.0, 121.01, 31.01), (121.01, 31.01, 121.01, 31.0),
    }  # fmt: skip
    assert found[121.0, 31.0, 121.01, 31.0] == pytest.approx(metres((121.0, 31.0, 121.01, 31.0)) / 10)


def test_graphml_edges_run_one_way_take_their_time_and_keep_their_shape(tmp_path):
    file = tmp_path / "net.graphml"
    file.write_text("""<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
    <key id="d0" for="node" attr.name="x" attr.type="string"/><key id="d1" for="node" attr.name="y"/>
    <key id="d2" for="edge" attr.name="travel_time"/><key id="d3" for="edge" attr.name="geometry"/>
    <key id="d4" for="edge" attr.name="length"/><key id="d5" for="edge" attr.name="highway"/>
    <graph edgedefault="directed">
    <node id="a"><data key="d0">121.0</data><data key="d1">31.0</data></node>
    <node id="b"><data key="d0">121.02</data><data key="d1">31.0</data></node>
    <edge source="a" target="b"><data key="d2">90</data>
      <data key="d3">LINESTRING (121 31, 121.01 31.0, 121.02 31)</data></edge>
    <edge source="b" target="a"><data key="d4">1000</data><data key="d5">['primary', 'secondary']</data></edge>
    </graph></graphml>""")
    graph = read_roads(file)
    assert graph.nodes == 3
    a, b = (int(graph.snap(lon, 31.0)) for lon in (121.0, 121.02))
    assert len(graph.route(a, b)) == 3
    assert graph.travel_seconds(a)[b] == pytest.approx(90)
    assert graph.travel_seconds(b)[a] == pytest.approx(1000 / (50 / 3.6))


def test_csv_edges_and_a_chinese_datum(tmp_path):
    lon, lat = from_wgs84(np.array([121.0, 121.01]), np.array([31.0, 31.0]), Datum.GCJ02)
    file = tmp_path / "edges.csv"
    file.write_text(
        "from,to,from_lon,from_lat,to_lon,to_lat,seconds,oneway\n"
        f"A,B,{lon[0]},{lat[0]},{lon[1]},{lat[1]},60,yes\n"
        f"B,A,{lon[1]},{lat[1]},{lon[0]},{lat[0]},75,yes\n",
        encoding="utf-8-sig",
    )
    found = edges(read_roads(file, Datum.GCJ02))
    assert found == {(121.0, 31.0, 121.01, 31.0): 60.0, (121.01, 31.0, 121.0, 31.0): 75.0}


@pytest.mark.parametrize(
    ("tags", "kmh", "ways"),
    [
        ({}, 30, (True, True)),
        ({"maxspeed": "50"}, 50, (True, True)),
        ({"maxspeed": "none", "highway": "motorway"}, 90, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, 90, (True, True)),
        ({"junction": "roundabout", "highway": "tertiary"}, 40, (True, False)),
        ({"oneway": True}, 30, (True, False)),
        ({"maxspeed": "0"}, 30, (True, True)),
        ({"maxspeed": ["40", "60"]}, 40, (True, True)),
    ],
)
def test_tags(tags, kmh, ways):
    assert drivable(tags)
    assert speed(tags) == kmh
    assert directions(tags) == ways


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("map.shp", "", "no road map format is known by this name; expected .osm"),
        ("map.osm", "<osm>", "not well-formed XML"),
        ("map.osm", "<osm></osm>", "no road in it"),
        ("map.osm", '<osm><node id="1" lon="x" lat="1"/></osm>', "expected numbers in lon and lat"),
        ("map.geojson", "[1]", "not GeoJSON"),
        ("map.geojson", '{"type":"FeatureCollection","features":[{"geometry":{"type":"LineString"}}]}', "feature 0"),
        ("map.geojson", '{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":'
         "[[31,121],[31,122]]}}", "not on the globe"),
        ("map.graphml", "<graphml/>", "no <graph>"),
        ("map.csv", "from,to\n", "no column from_lon"),
        ("map.csv", "from_lon,from_lat,to_lon,to_lat\n1,2,3,\n", "line 2"),
        ("map.csv", "from_lon,from_lat,to_lon,to_lat,seconds\n1,2,3,4,-5\n", "expected more than 0"),
        ("map.osm.gz", "not gzip", "cannot be read"),
    ],
)  # fmt: skip
def test_files_that_are_no_road_maps_are_refused_in_one_line(tmp_path, name, body, said):
    file = tmp_path / name
    file.write_text(body)
    with pytest.raises(BadInput, match=said) as error:
        read_roads(file)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_graph_comes_back_from_its_bytes(seed):
    dice = np.random.default_rng(seed)
    n, m = int(dice.integers(1, 20)), int(dice.integers(0, 40))
    graph = RoadGraph(
        dice.uniform(120, 122, n), dice.uniform(30, 32, n), dice.integers(0, n, m), dice.integers(0, n, m),
        dice.uniform(1, 100, m), dice.integers(-1, 2, m), dice.uniform(0.5, 3, (2, 24)),
    )  # fmt: skip
    back = from_bytes(to_bytes(graph))
    for name in ("lon", "lat", "start", "end", "seconds", "profile", "profiles"):
        np.testing.assert_array_equal(getattr(back, name), getattr(graph, name))


@pytest.mark.parametrize("body", [b"", b"{}", b"PK\x03\x04rest", to_bytes(RoadGraph([0.0], [0.0], [], [], []))[:-30]])
def test_bytes_that_are_no_graph_are_refused(body):
    with pytest.raises(ValueError, match="not a stored road graph"):
        from_bytes(body)


def test_the_command_stores_the_graph_and_reports_it(tmp_path):
    from contextlib import closing

    from cli.common import open_cli_store

    file = tmp_path / "map.osm"
    file.write_text(OSM)
    url = f"sqlite:///{tmp_path / 'roads.db'}"
    done = CliRunner().invoke(app, ["roads", "import", str(file), "--db", url, "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["nodes"], report["edges"], report["core"]) == (4, 5, 3)
    with closing(open_cli_store(url)) as store:
        assert from_bytes(store.basemap(LAYER)).nodes == 4
    refused = CliRunner().invoke(app, ["roads", "import", str(tmp_path / "none.osm"), "--db", url])
    assert refused.exit_code == 1
    assert "none.osm: cannot be read" in refused.output


@pytest.mark.realdata
@needs_realdata
def test_san_francisco_is_the_graph_of_the_answers():
    expected = json.loads((REALDATA / "answers" / "sf_roads_osm.json").read_text())
    graph = read_roads(REALDATA / "sf_roads_osm" / "san_francisco_north.osm.gz")
    assert (graph.nodes, graph.edges) == (expected["graph_nodes"], expected["directed_edges"])
    assert graph.core.size == expected["largest_scc_nodes"]
    for route in expected["routes"].values():
        (lat1, lon1), (lat2, lon2) = route["from_point"], route["to_point"]
        a, b = int(graph.snap(lon1, lat1)), int(graph.snap(lon2, lat2))
        assert graph.travel_seconds(a)[b] == pytest.approx(route["fastest_s"], abs=0.01)
