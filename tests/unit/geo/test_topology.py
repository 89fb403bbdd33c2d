"""Gaps, overlaps, orphans and duplicates of levels with known faults."""

from collections.abc import Iterable

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.area import Area, Region
from geo.equal_area import area_m2
from geo.topology import check_level, check_region


def m2(shape: BaseGeometry) -> float:
    return float(area_m2([shape])[0])


def region(*areas: Area) -> Region:
    return Region.of(("town", "grid"), areas)


TOWN = Area("T", "T", "town", box(121.0, 31.0, 121.4, 31.4))


def quarters() -> list[Area]:
    edges = [(121.0, 121.2), (121.2, 121.4)]
    rows = [(31.0, 31.2), (31.2, 31.4)]
    cells = [(w, s, e, n) for w, e in edges for s, n in rows]
    return [Area(f"G{i}", "", "grid", box(*cell), "T") for i, cell in enumerate(cells)]


def test_a_perfect_division_has_no_gaps_and_no_overlaps() -> None:
    town, grid = check_region(region(TOWN, *quarters()))
    assert (grid.level, grid.areas) == ("grid", 4)
    assert grid.gaps_m2 == pytest.approx(0, abs=1e-3)
    assert grid.overlaps_m2 == pytest.approx(0, abs=1e-3)
    assert grid.outside_m2 == pytest.approx(0, abs=1e-3)
    assert grid.orphans == grid.duplicates == grid.misplaced == grid.invalid == ()
    assert (town.gaps_m2, town.overlaps_m2) == (0.0, 0.0)
    assert grid.area_m2 == pytest.approx(town.area_m2)


def test_a_missing_grid_is_a_gap_of_its_own_size_in_its_parent() -> None:
    grids = quarters()
    report = check_level(region(TOWN, *grids[1:]), "grid")
    assert report.gaps_m2 == pytest.approx(m2(grids[0].geometry))
    assert [code for code, _ in report.gap_areas] == ["T"]


def test_an_overlap_is_counted_once_with_both_codes() -> None:
    extra = Area("X", "", "grid", box(121.1, 31.1, 121.15, 31.15), "T")
    report = check_level(region(TOWN, *quarters(), extra), "grid")
    assert report.overlaps_m2 == pytest.approx(m2(extra.geometry))
    assert [pair[:2] for pair in report.overlap_pairs] == [("G0", "X")]


def test_children_that_bend_with_finer_vertices_along_a_long_edge_leave_no_slivers() -> None:
    north = [(121.0 + i * 0.01, 31.0) for i in range(41)]
    fine = Polygon([*north, (121.4, 31.4), (121.0, 31.4)])
    report = check_level(region(TOWN, Area("G", "", "grid", fine, "T")), "grid")
    assert report.gaps_m2 == pytest.approx(0, abs=1e-3)
    assert report.outside_m2 == pytest.approx(0, abs=1e-3)


def test_without_parents_only_enclosed_holes_are_gaps() -> None:
    frame = box(0, 0, 3, 3) - box(1, 1, 2, 2)
    halves = [frame & box(0, 0, 1.5, 3), frame & box(1.5, 0, 3, 3)]
    areas = [Area(str(i), "", "town", half) for i, half in enumerate(halves)]
    report = check_level(Region.of(("town",), areas), "town")
    assert report.gaps_m2 == pytest.approx(m2(box(1, 1, 2, 2)), rel=1e-6)


def test_orphans_are_areas_without_a_parent_in_the_level_above() -> None:
    lost = [Area("A", "", "grid", box(0, 0, 1, 1)), Area("B", "", "grid", box(1, 0, 2, 1), "gone")]
    assert check_level(region(TOWN, *quarters(), *lost), "grid").orphans == ("A", "B")
    assert check_level(region(TOWN, *quarters(), *lost), "town").orphans == ()


def test_a_code_used_twice_is_reported_on_every_level_it_is_in() -> None:
    twice = Area("G1", "", "grid", box(121.0, 31.0, 121.1, 31.1), "T")
    named_as_town = Area("T", "", "grid", box(121.0, 31.0, 121.1, 31.1), "T")
    reports = check_region(region(TOWN, *quarters(), twice, named_as_town))
    assert [report.duplicates for report in reports] == [("T",), ("G1", "T")]


def test_a_child_that_lies_elsewhere_is_misplaced_and_its_area_outside() -> None:
    away = Area("Z", "", "grid", box(122.0, 31.0, 122.1, 31.1), "T")
    report = check_level(region(TOWN, *quarters(), away), "grid")
    assert report.misplaced == ("Z",)
    assert report.outside_m2 == pytest.approx(m2(away.geometry))


def test_invalid_and_empty_geometry_is_reported_and_does_not_stop_the_check() -> None:
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    areas = [Area("bow", "", "town", bow), Area("none", "", "town", Polygon()), TOWN]
    report = check_level(Region.of(("town",), areas), "town")
    assert report.invalid == ("bow", "none")


def test_a_parent_without_children_is_named_and_is_a_gap_of_its_whole_size() -> None:
    bare = Area("U", "U", "town", box(121.4, 31.0, 121.5, 31.1))
    report = check_level(region(TOWN, bare, *quarters()), "grid")
    assert report.childless == ("U",)
    assert report.gaps_m2 == pytest.approx(m2(bare.geometry))


def test_an_empty_region_has_no_levels_to_check_and_an_unknown_level_is_an_error() -> None:
    assert check_region(Region((), ())) == ()
    with pytest.raises(KeyError):
        check_level(Region((), ()), "town")


def irregular(n: int, frame: BaseGeometry) -> Iterable[BaseGeometry]:
    west, south, east, north = frame.bounds
    points = np.random.default_rng(11).uniform((west, south), (east, north), (n, 2))
    return [part & frame for part in shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points)))]


def test_930_irregular_grids_that_divide_a_town_leave_nothing_over() -> None:
    grids = [Area(f"{i:03d}", "", "grid", shape, "T") for i, shape in enumerate(irregular(930, TOWN.geometry))]
    report = check_level(region(TOWN, *grids), "grid")
    assert report.areas == 930
    assert report.gaps_m2 < 1.0
    assert report.overlaps_m2 < 1.0
