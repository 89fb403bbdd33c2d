"""Point to area is exactly geopandas' `sjoin(predicate="intersects")` with the smallest code."""

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.area import Area
from geo.area_index import AreaIndex
from geo.area_tree import AreaTree
from geo.kernels import warm


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    """The raster answers in this file: what answers before it is in test_area_index_cold.py."""
    assert warm.wait(300)


def areas_of(shapes: list[BaseGeometry], codes: list[str] | None = None) -> list[Area]:
    return [
        Area(code, code, "x", shape) for code, shape in zip(codes or map(str, range(len(shapes))), shapes, strict=True)
    ]


def by_sjoin(areas: list[Area], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[str | None]:
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    polygons = gpd.GeoDataFrame({"code": [a.code for a in areas]}, geometry=[a.geometry for a in areas], crs=4326)
    joined = gpd.sjoin(points, polygons, predicate="intersects").groupby(level=0)["code"].min()
    return [joined.get(i) for i in range(len(lon))]


def by_index(areas: list[Area], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[str | None]:
    index = AreaIndex(areas)
    assert index.ready
    found = index.locate(lon, lat)
    assert found.dtype == np.int32
    return [index.codes[at] if at >= 0 else None for at in found]


LATTICE = st.integers(0, 8)


@st.composite
def a_polygon(draw: st.DrawFn) -> Polygon:
    """A box, a box with a hole or a triangle on whole numbers: points on that lattice hit borders and vertices."""
    west, south = draw(LATTICE), draw(LATTICE)
    wide, high = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    kind = draw(st.sampled_from(["box", "hole", "triangle"]))
    if kind == "triangle":
        return Polygon([(west, south), (west + wide, south), (west + draw(st.integers(0, 6)), south + high)])
    if kind == "hole" and wide > 2 and high > 2:
        inner = box(west + 1, south + 1, west + wide - 1, south + high - 1)
        return Polygon(box(west, south, west + wide, south + high).exterior, [inner.exterior])
    return box(west, south, west + wide, south + high)


@st.composite
def a_shape(draw: st.DrawFn) -> BaseGeometry:
    first = draw(a_polygon())
    if draw(st.booleans()):
        second = shapely.transform(draw(a_polygon()), lambda xy: xy + 20)
        return MultiPolygon([first, second])
    return first


@settings(max_examples=150, deadline=None)
@given(st.lists(a_shape(), min_size=1, max_size=9), st.permutations([str(i) for i in range(9)]))
def test_overlapping_nested_and_holed_areas_agree_with_sjoin_on_borders_and_vertices(
    shapes: list[BaseGeometry], codes: list[str]
) -> None:
    areas = areas_of(shapes, codes[: len(shapes)])
    grid = np.arange(-1, 36, 0.5)
    lon, lat = (axis.ravel() for axis in np.meshgrid(grid, grid))
    assert by_index(areas, lon, lat) == by_sjoin(areas, lon, lat)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_irregular_neighbours_agree_with_sjoin_on_their_shared_edges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seeds = shapely.MultiPoint(rng.uniform(0, 1, (40, 2)) / 3 + (121.0, 31.0))
    shapes = list(shapely.get_parts(shapely.voronoi_polygons(seeds)))
    areas = areas_of(shapes, [f"{i:02d}" for i in range(len(shapes))])
    ends = np.array([[ring.coords[i], ring.coords[i + 1]] for ring in (s.exterior for s in shapes) for i in range(3)])
    share = rng.uniform(0, 1, len(ends))[:, None]
    on_edges = ends[:, 0] * share + ends[:, 1] * (1 - share)
    points = np.vstack((ends[:, 0], on_edges, rng.uniform(0, 1, (400, 2)) / 3 + (121.0, 31.0)))
    lon, lat = points.T.copy()
    assert by_index(areas, lon, lat) == by_sjoin(areas, lon, lat)


def tricky_points(shapes: list[BaseGeometry], rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Vertices, points of edges, points level with vertices, points anywhere; each also one double off either way."""
    xy = shapely.get_coordinates(shapes)
    share = rng.uniform(0, 1, (len(xy) - 1, 1))
    low, high = xy.min(0), xy.max(0)
    level = np.column_stack((rng.choice(xy[:, 0], 300), rng.choice(xy[:, 1], 300)))
    free = rng.uniform(low - 0.1, high + 0.1, (500, 2))
    on_raster = low + rng.integers(0, 257, (300, 2)) / 256 * (high - low)
    points = np.vstack((xy, (xy[1:] + xy[:-1]) / 2, xy[1:] * share + xy[:-1] * (1 - share), level, free, on_raster))
    points = np.vstack((points, np.nextafter(points, np.inf), np.nextafter(points, -np.inf)))
    return points[:, 0].copy(), points[:, 1].copy()


def same_as_the_tree(shapes: list[BaseGeometry], rng: np.random.Generator) -> None:
    order = rng.permutation(len(shapes))
    areas = areas_of([shapes[i] for i in order], [f"{i:03d}" for i in range(len(shapes))])
    lon, lat = tricky_points(shapes, rng)
    index = AreaIndex(areas)
    assert index.ready
    expected = AreaTree([area.geometry for area in areas]).locate(lon, lat)
    np.testing.assert_array_equal(index.locate(lon, lat), expected)
    some = rng.integers(0, lon.size, 40)
    assert [index.locate_one(x, y) for x, y in zip(lon[some].tolist(), lat[some].tolist(), strict=True)] == [
        index.codes[at] if at >= 0 else None for at in expected[some]
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(0.0, 0.0), (121.0, 31.0), (-122.4, 37.7), (179.9, -16.5)]))
def test_a_coverage_with_slivers_and_lakes_agrees_with_prepared_polygons(seed: int, at: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    seeds = np.vstack((rng.uniform(0, 1, (25, 2)), 0.5 + rng.uniform(0, 1e-7, (3, 2)))) / 3 + at
    cells = list(shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seeds))))
    lake = shapely.Point(*seeds[3]).buffer(0.05, quad_segs=int(rng.integers(1, 12)))
    shapes = [shape for cell in cells if not (shape := cell.difference(lake)).is_empty]
    same_as_the_tree([*shapes, lake] if rng.random() < 0.5 else shapes, rng)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_nested_and_overlapping_rounds_agree_with_prepared_polygons(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rounds = [
        shapely.Point(*rng.uniform(0, 1, 2)).buffer(rng.uniform(0.01, 0.7), quad_segs=int(rng.integers(1, 9)))
        for _ in range(int(rng.integers(1, 20)))
    ]
    same_as_the_tree([*rounds, rounds[0], shapely.union_all(rounds)], rng)  # one twice, and one that holds all


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_rings_that_cross_themselves_are_answered_as_prepared_polygons_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes: list[BaseGeometry] = [
        Polygon(rng.integers(0, 12, (int(rng.integers(3, 9)), 2)) / 3.0) for _ in range(int(rng.integers(1, 9)))
    ]
    corner = rng.integers(0, 4, 2).tolist()
    shapes.append(MultiPolygon([box(*corner, 5, 5), box(2, 2, 6, 6)]))  # parts that overlap
    same_as_the_tree(shapes, rng)


def test_thousands_of_points_a_hair_beside_long_edges_agree_with_prepared_polygons() -> None:
    rng = np.random.default_rng(8)
    triangle = Polygon([(0.1, 0.2), (1.3, 0.9000000000000001), (0.7, 2.1)])
    ring = np.array(triangle.exterior.coords)
    share = rng.uniform(0, 1, (4000, 1))
    side = rng.integers(0, 3, 4000)
    points = ring[side] * share + ring[side + 1] * (1 - share)
    points += rng.integers(-2, 3, points.shape) * np.spacing(points)
    areas = areas_of([triangle])
    lon, lat = points[:, 0].copy(), points[:, 1].copy()
    found = AreaIndex(areas).locate(lon, lat)
    np.testing.assert_array_equal(found, AreaTree([triangle]).locate(lon, lat))
    assert 0 < (found == 0).sum() < 4000  # some are inside or on the edge, some are not


def test_areas_across_the_antimeridian_come_in_two_parts_and_are_found_on_both_sides() -> None:
    fiji = MultiPolygon([box(177, -19, 180, -16), box(-180, -19, -178, -16)])
    index = AreaIndex(areas_of([fiji]))
    assert index.locate([179.5, -179.5, 180.0, -180.0, 0.0], [-17.0] * 5).tolist() == [0, 0, 0, 0, -1]


def test_empty_areas_and_areas_without_a_shape_hold_nothing() -> None:
    index = AreaIndex(areas_of([Polygon(), box(0, 0, 1, 1), None]))  # type: ignore[list-item]
    assert index.locate([0.5, 2.0], [0.5, 2.0]).tolist() == [1, -1]
    assert AreaIndex(areas_of([Polygon()])).locate([0.0], [0.0]).tolist() == [-1]


def test_a_line_among_the_areas_is_answered_by_the_tree() -> None:
    areas = areas_of([shapely.LineString([(0, 0), (2, 2)]), box(0, 0, 3, 3)])
    index = AreaIndex(areas)
    assert not index.ready
    assert index.locate([1.0, 1.0], [1.0, 2.0]).tolist() == [0, 1]
    assert index.locate_one(1.0, 1.0) == "0"


def test_a_region_smaller_than_rounding_errors_still_gets_the_answers_of_prepared_polygons() -> None:
    rng = np.random.default_rng(3)
    tiny = [box(121 + i * 1e-12, 31, 121 + (i + 1) * 1e-12, 31 + 2e-12) for i in range(3)]
    lon, lat = 121 + rng.integers(-5, 300, 2000) * 1.4210854715202004e-14, 31 + rng.integers(-5, 600, 2000) * 3.6e-15
    np.testing.assert_array_equal(AreaIndex(areas_of(tiny)).locate(lon, lat), AreaTree(tiny).locate(lon, lat))


def test_the_index_tells_its_size_and_how_long_it_took() -> None:
    index = AreaIndex(areas_of([box(0, 0, 1, 1), box(1, 0, 2, 1)]))
    assert index.shape == (64, 64)
    assert index.nbytes > 64 * 64 * 4
    assert index.build_s is not None


def test_on_a_shared_border_the_smallest_code_wins_whatever_the_order() -> None:
    east, west = Area("b", "", "x", box(0, 0, 1, 1)), Area("a", "", "x", box(1, 0, 2, 1))
    assert AreaIndex([east, west]).locate_one(1.0, 0.5) == "a"
    assert AreaIndex([west, east]).locate_one(1.0, 0.5) == "a"


def test_a_point_in_a_hole_is_outside_and_one_on_its_edge_is_inside() -> None:
    ring = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (3, 1), (3, 3), (1, 3)]])
    index = AreaIndex([Area("ring", "", "x", ring)])
    assert index.locate_one(2.0, 2.0) is None
    assert index.locate_one(1.0, 2.0) == "ring"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_point_that_is_no_point_is_outside(value: float) -> None:
    index = AreaIndex([Area("a", "", "x", box(0, 0, 1, 1))])
    assert index.locate([0.5, value, 0.5], [0.5, 0.5, value]).tolist() == [0, -1, -1]


def test_an_index_without_areas_holds_no_point() -> None:
    index = AreaIndex([])
    assert index.codes == ()
    assert index.locate([1.0, 2.0], [1.0, 2.0]).tolist() == [-1, -1]
    assert AreaIndex([Area("a", "", "x", box(0, 0, 1, 1))]).locate([], []).size == 0


def test_shapes_are_kept() -> None:
    index = AreaIndex([Area("a", "", "x", box(0, 0, 1, 1))])
    assert index.locate(np.full((2, 3), 0.5), np.full((2, 3), 0.5)).shape == (2, 3)


def test_threads_get_the_same_answers_from_one_index() -> None:
    rng = np.random.default_rng(5)
    shapes = list(shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(rng.uniform(0, 1, (200, 2))))))
    lon, lat = rng.uniform(0, 1, 3000), rng.uniform(0, 1, 3000)
    expected = AreaIndex(areas_of(shapes)).locate(lon, lat)
    for _ in range(5):
        fresh = AreaIndex(areas_of(shapes))
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _, fresh=fresh: fresh.locate(lon, lat), range(8)):
                np.testing.assert_array_equal(found, expected)
