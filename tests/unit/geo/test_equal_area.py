"""Areas on the ellipsoid against PROJ."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from geo.equal_area import area_m2


@settings(deadline=None)
@given(st.floats(-179, 178), st.floats(-85, 84), st.floats(0.001, 1), st.floats(0.001, 1))
def test_boxes_have_the_area_that_proj_gives_them_in_epsg_6933(
    lon: float, lat: float, wide: float, high: float
) -> None:
    shape = Polygon([(lon, lat), (lon + wide, lat), (lon + wide / 3, lat + high)])
    to_6933 = pyproj.Transformer.from_crs(4326, 6933, always_xy=True)
    projected = shapely.transform(shape, lambda xy: np.column_stack(to_6933.transform(*xy.T)))
    assert float(area_m2([shape])[0]) == pytest.approx(projected.area, rel=1e-7)


def test_a_district_has_its_geodesic_area() -> None:
    shape = box(121.0, 31.7, 121.1, 31.8)
    metres, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shape)
    assert float(area_m2([shape])[0]) == pytest.approx(metres, rel=1e-5)


def test_what_has_no_area_has_zero() -> None:
    assert area_m2([Point(0, 0), LineString([(0, 0), (1, 1)]), Polygon(), None]).tolist() == [0, 0, 0, 0]
