"""Taipei: county, towns, villages with Chinese names; parents by code, by name and by overlap; known places."""

import gzip
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from data.area_columns import AreaColumns
from data.regions import ImportOptions, ImportReport, import_level
from geo.area import Region
from geo.area_index import AreaIndex
from geo.equal_area import area_m2
from geo.topology import check_region
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [pytest.mark.realdata, needs_realdata]

FOLDER = REALDATA / "taiwan_taipei"
COUNTY = AreaColumns("COUNTYCODE", "COUNTYNAME", "COUNTYENG")
TOWN = AreaColumns("TOWNCODE", "TOWNNAME", "TOWNENG", "COUNTYNAME")
VILLAGE = AreaColumns("VILLCODE", "VILLNAME", "VILLENG", "TOWNCODE")


def answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REALDATA / "answers" / "taiwan_taipei.json").read_text("utf-8"))
    return found


def put(region: Region, file: str | Path, level: str, columns: AreaColumns) -> tuple[Region, ImportReport]:
    return import_level(region, FOLDER / file, ImportOptions(level, columns))


@pytest.fixture(scope="module")
def taipei() -> tuple[Region, ImportReport]:
    region, _ = put(Region((), ()), "county.geojson", "county", COUNTY)
    region, towns = put(region, "towns.geojson.gz", "town", TOWN)
    assert towns.parents == {"name": 12}
    return put(region, "villages.geojson.gz", "village", VILLAGE)


def test_three_levels_drill_down_with_the_stated_counts(taipei: tuple[Region, ImportReport]) -> None:
    region, _ = taipei
    assert [(level, len(region.by_level[level])) for level in region.levels] == [
        ("county", 1),
        ("town", 12),
        ("village", 456),
    ]
    found = {town.name: len(region.children(town.code)) for town in region.by_level["town"]}
    assert found == answers()["villages_per_town"]
    assert {town.parent for town in region.by_level["town"]} == {"63000"}


def test_the_one_broken_village_is_repaired_by_name_and_nothing_else(taipei: tuple[Region, ImportReport]) -> None:
    _, report = taipei
    assert len(report.repairs) == answers()["invalid"]["villages"]
    assert "made valid" in report.repairs[0].repairs[0]
    assert (report.refused, report.orphans, report.duplicates, report.misplaced) == ((), (), (), ())


def test_overlap_finds_the_stated_towns(taipei: tuple[Region, ImportReport]) -> None:
    region, _ = taipei
    columns = AreaColumns("VILLCODE", "VILLNAME", "VILLENG")
    again, report = put(region, "villages.geojson.gz", "village", columns)
    assert report.parents == {"overlap": 456}
    assert {a.code: a.parent for a in again.by_level["village"]} == {
        a.code: a.parent for a in region.by_level["village"]
    }


def test_a_county_that_writes_its_name_the_other_way_is_still_the_parent(tmp_path: Path) -> None:
    official = json.loads((FOLDER / "county.geojson").read_text("utf-8"))
    official["features"][0]["properties"]["COUNTYNAME"] = "臺北市"
    path = tmp_path / "county.geojson"
    path.write_text(json.dumps(official, ensure_ascii=False), "utf-8")
    region, _ = put(Region((), ()), path, "county", COUNTY)
    _, report = put(region, "towns.geojson.gz", "town", TOWN)
    assert report.parents == {"name": 12}


def test_areas_agree_with_the_national_projection(taipei: tuple[Region, ImportReport]) -> None:
    region, _ = taipei
    stated = answers()["area_km2_epsg3826"]
    for town in region.by_level["town"]:  # TWD97 / TM2 shrinks lengths by 0.01 % at its central meridian
        assert float(area_m2([town.geometry])[0]) / 1e6 == pytest.approx(stated["towns"][town.name], rel=5e-4)
    assert area_m2([v.geometry for v in region.by_level["village"]]).sum() / 1e6 == pytest.approx(
        stated["villages_total"], rel=5e-4
    )


def test_topology_shows_the_slivers_of_the_quantised_source_and_no_overlap(taipei: tuple[Region, ImportReport]) -> None:
    county, town, village = check_region(taipei[0])
    assert county.gaps_m2 == 0.0
    for report in (town, village):  # coordinates were rounded to 30-50 m before publication, level by level
        assert 0 < report.gaps_m2 < 0.005 * report.area_m2
        assert report.overlaps_m2 < 1.0
        assert report.misplaced == ()


def test_gaps_are_those_that_geopandas_measures_in_an_equal_area_projection(
    taipei: tuple[Region, ImportReport],
) -> None:
    frames = []
    for file in ("towns.geojson.gz", "villages.geojson.gz"):
        document = json.loads(gzip.decompress((FOLDER / file).read_bytes()))
        frame = gpd.GeoDataFrame.from_features(document["features"], crs=4326)
        frames.append(frame.set_geometry(frame.buffer(0)).to_crs(6933))
    towns, villages = frames
    left = towns.set_index("TOWNCODE").difference(villages.dissolve("TOWNCODE").geometry, align=True).area
    village = check_region(taipei[0])[2]
    assert village.gaps_m2 == pytest.approx(left.sum(), rel=1e-3)
    worst = left.sort_values(ascending=False)
    assert [code for code, _ in village.gap_areas[:3]] == list(worst.index[:3])


def test_known_places_are_in_their_town_and_village(taipei: tuple[Region, ImportReport]) -> None:
    region, _ = taipei
    for place, test in answers()["point_tests"].items():
        for level in ("town", "village"):
            code = AreaIndex(region.by_level[level]).locate_one(*test["lonlat"])
            assert ([region.by_code[code].name] if code else []) == test[level], place
