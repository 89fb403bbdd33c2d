"""Outlines for browsers: small enough, without gaps; and the roads that travel times come from."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon, box, shape

from dashboard.api.shapes import Shapes, simplified
from dashboard.api.travel import graph_of
from geo.area import Area, Region


def wavy_grid(side: int, points: int) -> list[Polygon]:
    """side x side squares whose shared borders are the same random line of `points` vertices."""
    rng = np.random.default_rng(5)

    def wave(ax: float, ay: float, bx: float, by: float) -> list[tuple[float, float]]:
        t = np.linspace(0, 1, points)
        off = rng.normal(0, 0.00004, points) * np.minimum(1, 8 * np.minimum(t, 1 - t))
        dx, dy = (0.0, 1.0) if ay == by else (1.0, 0.0)
        return [(ax + (bx - ax) * s + dx * o, ay + (by - ay) * s + dy * o) for s, o in zip(t, off, strict=True)]

    step = 0.01
    across = {(i, j): wave(i * step, j * step, (i + 1) * step, j * step) for i in range(side) for j in range(side + 1)}
    up = {(i, j): wave(i * step, j * step, i * step, (j + 1) * step) for i in range(side + 1) for j in range(side)}
    return [
        Polygon(across[i, j] + up[i + 1, j][1:] + across[i, j + 1][::-1][1:] + up[i, j][::-1][1:])
        for i in range(side)
        for j in range(side)
    ]


def test_simplified_borders_fit_the_budget_and_open_no_gap() -> None:
    exact = np.array(wavy_grid(6, 120), dtype=object)
    assert shapely.coverage_is_valid(exact)
    before = int(shapely.get_num_coordinates(exact).sum())
    shown = simplified(exact, budget=before // 4)
    assert int(shapely.get_num_coordinates(shown).sum()) <= before // 4
    assert shapely.coverage_is_valid(shown)
    # One polygon without holes: no gap inside. Its area hardly moved.
    union = shapely.union_all(shown)
    assert union.geom_type == "Polygon"
    assert len(union.interiors) == 0
    assert union.area == pytest.approx(shapely.union_all(exact).area, rel=0.01)


def test_what_fits_is_sent_exactly() -> None:
    exact = np.array(wavy_grid(2, 20), dtype=object)
    assert shapely.equals_identical(simplified(exact, budget=10_000), exact).all()


def test_rounding_the_coordinates_keeps_neighbours_touching() -> None:
    polygons = wavy_grid(4, 60)
    areas = [Area(f"{i:03}", "", "grid", polygon) for i, polygon in enumerate(polygons)]
    body = json.loads(Shapes(Region.of(("grid",), areas)).features("grid").body)
    sent = np.array([shape(f["geometry"]) for f in body["features"]], dtype=object)
    assert shapely.coverage_is_valid(sent)


def test_names_alone_are_the_same_features_without_their_outlines() -> None:
    areas = [Area(f"{i:03}", f"第{i}网格", "grid", polygon) for i, polygon in enumerate(wavy_grid(4, 60))]
    shapes = Shapes(Region.of(("grid",), areas))
    names = shapes.features("grid", outlines=False)
    whole = [{**feature, "geometry": None} for feature in json.loads(shapes.features("grid").body)["features"]]
    assert json.loads(names.body)["features"] == whole
    assert names.etag != shapes.features("grid").etag


def test_930_areas_of_many_vertices_stay_under_a_megabyte_compressed() -> None:
    polygons = wavy_grid(31, 150)[:930]
    areas = [Area(f"{i:03}", f"第{i}网格", "grid", polygon) for i, polygon in enumerate(polygons)]
    payload = Shapes(Region.of(("grid",), areas)).features("grid")
    assert len(json.loads(payload.body)["features"]) == 930
    assert len(payload.gzipped) < 1_000_000
    assert gzip.decompress(payload.gzipped) == payload.body


def test_an_area_that_simplifying_would_swallow_keeps_its_outline() -> None:
    tiny = box(0.5, 0.5, 0.50001, 0.50001)
    exact = np.array([*wavy_grid(4, 100), tiny], dtype=object)
    shown = simplified(exact, budget=200)
    assert not shapely.is_empty(shown).any()


def test_the_hash_changes_with_names_and_shapes() -> None:
    def of(name: str, east: float) -> str:
        return Shapes(Region.of(("grid",), [Area("1", name, "grid", box(0, 0, east, 1))])).hash

    assert len({of("a", 1), of("b", 1), of("a", 2)}) == 3
    assert of("a", 1) == of("a", 1)


def road(kind: str, *points: tuple[float, float]) -> dict[str, object]:
    return {"properties": {"class": kind}, "geometry": {"type": "LineString", "coordinates": [list(p) for p in points]}}


def test_roads_that_share_a_vertex_meet_there() -> None:
    graph = graph_of(
        [road("street", (116.0, 35.0), (116.01, 35.0)), road("street", (116.01, 35.0), (116.01, 35.01))], 30
    )
    assert graph is not None
    a, b = graph.snap([116.0, 116.01], [35.0, 35.01]).tolist()
    # 0.01 degree of longitude at 35 N is 910.9 m, of latitude 1112.0 m; at 30 km/h 242.7 s
    assert graph.travel_seconds(a)[b] == pytest.approx((910.9 + 1112.0) / (30 / 3.6), rel=1e-3)


def test_a_road_that_ends_a_few_metres_short_of_another_is_joined_to_it() -> None:
    main = road("main", (116.0, 35.0), (116.02, 35.0))
    side = road("street", (116.01, 35.00005), (116.01, 35.01))  # 5.6 m short
    graph = graph_of([main, side], 30)
    assert graph is not None
    assert len(graph.core) == graph.nodes
    apart = graph_of([main, road("street", (116.01, 35.001), (116.01, 35.01))], 30)  # 111 m away: not joined
    assert apart is not None
    assert len(apart.core) < apart.nodes


def test_no_lines_give_no_graph() -> None:
    assert graph_of([], 30) is None
    assert graph_of([{"properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}], 30) is None
