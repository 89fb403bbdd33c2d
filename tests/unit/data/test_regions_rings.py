"""Broken geometry is mended with a named repair or refused with a reason, never silently."""

from typing import Any

import pytest
from shapely.geometry import Polygon, box

from data.rings import mend

SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_sound_polygon_stays_as_it_is() -> None:
    mended = mend(polygon(SQUARE))
    assert mended.geometry == Polygon(SQUARE)
    assert (mended.repairs, mended.refusal) == ((), "")


@pytest.mark.parametrize(
    ("source", "area", "said"),
    [
        (polygon(SQUARE[:-1]), 1.0, "closed an unclosed ring"),
        (polygon([[str(x), str(y)] for x, y in SQUARE]), 1.0, "numbers written as text"),
        (polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]), 0.5, "made valid (Self-intersection"),
        (polygon(SQUARE, [[0.2, 0.2], [0.3, 0.3], [0.2, 0.2]]), 1.0, "dropped a ring of 2 different points"),
        (polygon([[31.0, 121.0], [31.5, 121.0], [31.5, 121.5], [31.0, 121.0]]), 0.125, "swapped lat/lon"),
        (
            {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[5, 5], [5, 5], [5, 5], [5, 5]]]]},
            1.0,
            "dropped a part whose outer ring has no area",
        ),
        (
            {"type": "GeometryCollection", "geometries": [polygon(SQUARE), {"type": "Point", "coordinates": [0, 0]}]},
            1.0,
            "dropped 1 lines or points",
        ),
    ],
)
def test_what_can_be_mended_is_mended_and_named(source: Any, area: float, said: str) -> None:
    mended = mend(source)
    assert mended.refusal == ""
    assert mended.geometry is not None
    assert mended.geometry.is_valid
    assert mended.geometry.area == pytest.approx(area)
    assert any(said in repair for repair in mended.repairs)


def test_swapped_coordinates_come_out_the_right_way_round() -> None:
    mended = mend(polygon([[31.0, 121.0], [31.5, 121.0], [31.5, 121.5], [31.0, 121.0]]))
    assert mended.geometry is not None
    assert mended.geometry.bounds == (121.0, 31.0, 121.5, 31.5)


def test_overlapping_parts_of_a_multipolygon_are_merged_and_the_area_change_is_named() -> None:
    mended = mend({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]})
    assert mended.geometry is not None
    assert mended.geometry.area == pytest.approx(1.0)
    assert "area" in mended.repairs[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "no geometry"),
        ("POLYGON", "not an object"),
        ({"type": "Polygon", "coordinates": []}, "empty"),
        ({"type": "MultiPolygon", "coordinates": []}, "empty"),
        ({"type": "Polygon"}, "empty"),
        ({"type": "Point", "coordinates": [0, 0]}, "Point"),
        ({"type": "LineString", "coordinates": SQUARE}, "LineString"),
        ({"type": "GeometryCollection", "geometries": []}, "no polygon"),
        ({"type": "Polygon", "coordinates": [7]}, "not nested"),
        ({"type": "MultiPolygon", "coordinates": [7]}, "not nested"),
        (polygon([[0, 0], [1, 0], ["east", 1], [0, 0]]), "not a pair of numbers"),
        (polygon([[0, 0], [1], [1, 1], [0, 0]]), "not a pair of numbers"),
        (polygon([[0, 0], [1, 0], [None, 1], [0, 0]]), "not a pair of numbers"),
        (polygon([[0, 0], [1, 0], [float("nan"), 1], [0, 0]]), "not finite"),
        (polygon([[0, 0], [1, 0], [1, 1], [200, 1], [0, 0]]), "not on the globe"),
        (polygon([[358412, 3538000], [358413, 3538000], [358413, 3538001], [358412, 3538000]]), "metres"),
        (polygon([[0, 0], [1, 0], [2, 0], [0, 0]]), "no area"),
        (polygon([[0, 0], [1, 0], [0, 0]]), "empty"),
        (Polygon(), "no geometry"),
    ],
)  # fmt: skip
def test_what_cannot_be_mended_is_refused_with_a_reason(source: Any, said: str) -> None:
    mended = mend(source)
    assert mended.geometry is None
    assert said in mended.refusal


def test_shapely_geometry_is_taken_too() -> None:
    assert mend(box(0, 0, 1, 1)).geometry == box(0, 0, 1, 1)
