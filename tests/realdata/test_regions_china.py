"""Chinese counties in GCJ-02: they land where they are, renumbered, below their prefectures."""

import json
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely

from data.area_columns import AreaColumns
from data.code_profiles import read_renumbering
from data.regions import ImportOptions, import_level
from geo.area import Region
from geo.area_index import AreaIndex
from geo.datum import Datum, from_wgs84, to_wgs84
from geo.equal_area import area_m2
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [pytest.mark.realdata, needs_realdata]

FOLDER = REALDATA / "china_counties"
COLUMNS = AreaColumns("adcode", "name", parent="parent.adcode")
HAIMEN = read_renumbering(("320684=320614",))
DISTRICTS = ["海门区", "海勃湾区", "兖州区", "秦淮区"]


def answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REALDATA / "answers" / "china_counties.json").read_text("utf-8"))
    return found


def counties(prefecture: str) -> Region:
    province = FOLDER / f"datav2021_{prefecture[:2]}0000_full.geojson"
    options: dict[str, Any] = {"datum": Datum.GCJ02, "profile": "gb2260", "renumbering": HAIMEN}
    region, _ = import_level(
        Region((), ()), province, ImportOptions("prefecture", AreaColumns("adcode", "name"), **options)
    )
    file = FOLDER / f"datav2021_{prefecture}_full.geojson"
    region, report = import_level(region, file, ImportOptions("county", COLUMNS, **options))
    assert (report.orphans, report.misplaced, report.refused) == ((), (), ())
    assert report.overlaps_m2 < 1.0
    return region


@pytest.mark.parametrize("district", DISTRICTS)
def test_a_point_moves_by_the_stated_offset_to_the_stated_place(district: str) -> None:
    expected = answers()["four_districts"][district]
    lon, lat = to_wgs84(*expected["representative_point_gcj02"], "gcj02")
    assert [float(lon), float(lat)] == pytest.approx(expected["same_point_wgs84"], abs=1e-6)
    _, _, moved = pyproj.Geod(ellps="WGS84").inv(*expected["representative_point_gcj02"], float(lon), float(lat))
    assert moved == pytest.approx(expected["gcj_offset_m"], abs=0.1)


@pytest.mark.parametrize("district", DISTRICTS)
def test_a_county_is_imported_under_its_present_code_and_prefecture(district: str) -> None:
    expected = answers()["four_districts"][district]
    region = counties(expected["prefecture"])
    area = region.by_code[expected["current_adcode"]]
    assert (area.name, area.parent) == (expected["name_in_datav"], expected["prefecture"])
    assert len(region.children(expected["prefecture"])) == expected["counties_in_prefecture"]
    assert AreaIndex([area]).locate_one(*expected["same_point_wgs84"]) == area.code
    # the stated area is that of the GCJ-02 ring as published, so the imported one goes back there to be compared
    ring = shapely.transform(area.geometry, lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], "gcj02")))
    assert float(area_m2([ring])[0]) / 1e6 == pytest.approx(expected["datav_area_km2_epsg6933"], abs=1e-3)


def test_the_same_county_of_two_sources_overlaps_as_stated() -> None:
    for expected in answers()["four_districts"].values():
        county = counties(expected["prefecture"]).by_code[expected["current_adcode"]].geometry
        old = expected["adcode_in_files"]
        fence, _ = import_level(
            Region((), ()),
            FOLDER / f"adcode2016_fence_{old}.json",
            ImportOptions("county", AreaColumns(f"={old}", "=fence"), datum=Datum.GCJ02, renumbering=HAIMEN),
        )
        other = fence.by_code[expected["current_adcode"]].geometry
        both, either = area_m2([county & other, county | other])
        assert both / either == pytest.approx(expected["iou_between_sources"], abs=1e-3)


def test_the_haimen_file_that_is_a_bare_array_is_renumbered() -> None:
    region, report = import_level(
        Region((), ()),
        FOLDER / "amap2019_county_320684.json",
        ImportOptions("county", AreaColumns("adcode", "name"), datum=Datum.GCJ02, profile="gb2260", renumbering=HAIMEN),
    )
    assert [(area.code, area.name) for area in region.areas] == [("320614", "海门市")]
    assert report.recoded == (("320684", "320614"),)


def test_known_places_are_in_their_county() -> None:
    regions = [counties(p) for p in ("320600", "150300", "370800", "320100")]
    for place, test in answers()["point_in_county_tests"].items():
        wgs = [float(v) for v in to_wgs84(*test["gcj02"], "gcj02")]
        found = [
            region.by_code[code].name
            for region in regions
            if (code := AreaIndex(region.by_level["county"]).locate_one(wgs[0], wgs[1])) is not None
        ]
        assert found == test["county"], place
        assert [float(v) for v in from_wgs84(wgs[0], wgs[1], "gcj02")] == pytest.approx(test["gcj02"], abs=1e-9)
