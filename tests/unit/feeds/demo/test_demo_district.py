"""The drawn district: a valid coverage, exact nesting, honest codes, connected roads, the same bytes for a seed."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from feeds.demo.district import LEVELS, District, draw_district
from feeds.demo.names import COUNTY, DISTRICT_CODE, NOTICE, TOWNS, community_name
from feeds.demo.resources import road_graph
from geo.topology import check_level


@pytest.fixture(scope="module")
def district() -> District:
    return draw_district()


def test_there_are_one_district_ten_towns_and_930_grids(district: District) -> None:
    assert district.region.levels == LEVELS
    assert [len(district.region.by_level[level]) for level in LEVELS] == [1, 10, 930]


def test_its_size_is_that_of_a_county(district: District) -> None:
    assert 650 < district.grid_km2.sum() < 1100
    assert district.grid_km2.min() > 0.02
    urban = np.array([TOWNS[t].urban for t in district.grid_town])
    assert np.median(district.grid_km2[urban]) < 0.5 * np.median(district.grid_km2[~urban])


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_covers_without_gaps_and_overlaps(district: District, level: str) -> None:
    report = check_level(district.region, level)
    assert report.gaps_m2 < 1
    assert report.overlaps_m2 < 1
    assert not report.orphans
    assert not report.duplicates


def test_neighbours_share_their_vertices_exactly(district: District) -> None:
    grids = [area.geometry for area in district.region.by_level["grid"]]
    assert shapely.coverage_is_valid(grids)
    assert all(g.is_valid and g.geom_type == "Polygon" for g in grids)


def test_parents_are_exactly_the_union_of_their_children(district: District) -> None:
    region = district.region
    for area in (*region.by_level["district"], *region.by_level["town"]):
        children = shapely.union_all([child.geometry for child in region.children(area.code)])
        assert children.symmetric_difference(area.geometry).area == pytest.approx(0, abs=1e-12)
        assert area.geometry.geom_type == "Polygon"


def test_codes_begin_with_their_parents_and_no_province_owns_them(district: District) -> None:
    assert COUNTY.startswith("99")
    for town in district.region.by_level["town"]:
        assert len(town.code) == 12
        assert town.code.startswith(COUNTY)
        assert town.parent == DISTRICT_CODE
    for grid in district.region.by_level["grid"]:
        assert len(grid.code) == 15
        assert grid.code.isdigit()
        assert grid.parent is not None
        assert grid.code.startswith(grid.parent[:9])


def test_names_are_bilingual_and_distinct_within_a_town(district: District) -> None:
    for town in district.region.by_level["town"]:
        children = district.region.children(town.code)
        assert len({c.name for c in children}) == len(children)
        assert all(c.name_en and c.name_en.isascii() for c in children)
    assert len({community_name(n, urban=True) for n in range(200)}) == 200
    assert "虚构" in NOTICE["zh"]
    assert "invented" in NOTICE["en"]


def test_grid_centres_lie_in_their_grids(district: District) -> None:
    from feeds.demo.plane import to_degrees

    shapes = np.array([a.geometry for a in district.region.by_level["grid"]])
    assert tuple(a.code for a in district.region.by_level["grid"]) == district.grid_codes
    assert shapely.contains(shapes, shapely.points(to_degrees(district.grid_centres))).all()


def test_roads_are_one_network_with_every_class(district: District) -> None:
    streets = district.streets
    n = len(streets.nodes)
    edges = coo_matrix((np.ones(len(streets.edge_from)), (streets.edge_from, streets.edge_to)), shape=(n, n))
    assert connected_components(edges, directed=False)[0] == 1
    assert set(streets.edge_class.tolist()) == {0, 1, 2, 3}
    assert (streets.seconds > 0).all()
    graph = road_graph(district)
    assert len(graph.core) == n


def test_named_roads_run_along_the_network(district: District) -> None:
    streets = district.streets
    edges = {frozenset(e) for e in zip(streets.edge_from.tolist(), streets.edge_to.tolist(), strict=True)}
    for _, name, _, path in streets.named:
        assert all(frozenset(leg) in edges for leg in pairwise(path)), name


def test_the_base_map_has_water_and_roads_by_class(district: District) -> None:
    layers = {name: json.loads(body) for name, body in district.basemap().items()}
    assert {f["properties"]["class"] for f in layers["water"]["features"]} == {"river", "canal", "lake"}
    assert {f["properties"]["class"] for f in layers["roads"]["features"]} == {"motorway", "main", "street", "lane"}
    assert len(layers["outline"]["features"]) == 1


def test_the_same_seed_draws_the_same_bytes_and_another_seed_others(district: District) -> None:
    from feeds.demo.district import _draw

    again = _draw.__wrapped__(district.seed)
    assert again is not district
    assert again.basemap() == district.basemap()
    assert [a.geometry.wkb for a in again.region.areas] == [a.geometry.wkb for a in district.region.areas]
    assert _draw.__wrapped__(7).basemap() != district.basemap()


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_other_seeds_draw_a_valid_district_too(seed: int) -> None:
    from feeds.demo.district import _draw

    other = _draw.__wrapped__(seed)
    assert [len(other.region.by_level[level]) for level in LEVELS] == [1, 10, 930]
    assert shapely.coverage_is_valid([a.geometry for a in other.region.by_level["grid"]])
