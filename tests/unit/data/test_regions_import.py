"""Levels come into a region from files: hierarchy, order, repairs, refusals."""

import gzip
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import box, mapping
from shapely.geometry.base import BaseGeometry

from data.area_columns import AreaColumns
from data.errors import BadRegion
from data.region_files import read_areas
from data.region_levels import derive_level, remove_level
from data.regions import ImportOptions, ImportRefused, ImportReport, import_level
from geo.area import Region
from geo.datum import from_wgs84
from geo.topology import check_level

EMPTY = Region((), ())
COLUMNS = AreaColumns("code", "name")


def feature(shape: BaseGeometry | dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    geometry = mapping(shape) if isinstance(shape, BaseGeometry) else shape
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write(path: Path, *features: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")
    return path


def towns(tmp_path: Path) -> Path:
    return write(
        tmp_path / "towns.geojson",
        feature(box(121.0, 31.0, 121.2, 31.2), code="T1", name="臺東鎮", name_en="Taidong"),
        feature(box(121.2, 31.0, 121.4, 31.2), code="T2", name="南山鎮", name_en="Nanshan"),
    )


def grids(tmp_path: Path, **parents: str) -> Path:
    cells = {"G1": (121.0, 121.1), "G2": (121.1, 121.2), "G3": (121.2, 121.3), "G4": (121.3, 121.4)}
    return write(
        tmp_path / "grids.geojson",
        *(feature(box(w, 31.0, e, 31.2), code=c, name=c, up=parents.get(c, "")) for c, (w, e) in cells.items()),
    )


def put(
    region: Region, path: Path, level: str, columns: AreaColumns = COLUMNS, **options: Any
) -> tuple[Region, ImportReport]:
    return import_level(region, path, ImportOptions(level=level, columns=columns, **options))


def parents_of(region: Region, level: str) -> dict[str, str | None]:
    return {area.code: area.parent for area in region.by_level[level]}


BY_PLACE = {"G1": "T1", "G2": "T1", "G3": "T2", "G4": "T2"}


def test_without_a_parent_column_the_largest_overlap_is_the_parent(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    region, report = put(region, grids(tmp_path), "grid")
    assert region.levels == ("town", "grid")
    assert parents_of(region, "grid") == BY_PLACE
    assert report.parents == {"overlap": 4}
    assert (report.orphans, report.misplaced, report.stored) == ((), (), True)


def test_the_coarse_level_may_come_last(tmp_path: Path) -> None:
    region, _ = put(EMPTY, grids(tmp_path), "grid")
    region, report = put(region, towns(tmp_path), "town", above="grid")
    assert region.levels == ("town", "grid")
    assert parents_of(region, "grid") == BY_PLACE
    assert report.reparented == 4


def test_a_parent_column_of_codes_is_believed_and_a_contradiction_reported(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    stated = {**BY_PLACE, "G4": "T1"}
    region, report = put(region, grids(tmp_path, **stated), "grid", AreaColumns("code", "name", parent="up"))
    assert parents_of(region, "grid") == stated
    assert report.misplaced == ("G4",)


def test_a_parent_column_of_names_matches_whatever_way_they_are_written(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town", AreaColumns("code", "name", "name_en"))
    stated = {"G1": "台東鎮", "G2": " 臺 東鎮", "G3": "nanshan", "G4": "ＮＡＮＳＨＡＮ"}
    region, report = put(region, grids(tmp_path, **stated), "grid", AreaColumns("code", "name", parent="up"))
    assert parents_of(region, "grid") == BY_PLACE
    assert report.parents == {"name": 4}


def test_a_stated_parent_that_is_nowhere_leaves_an_orphan_that_is_named(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    stated = {**BY_PLACE, "G2": "T9"}
    region, report = put(region, grids(tmp_path, **stated), "grid", AreaColumns("code", "name", parent="up"))
    assert report.orphans == ("G2",)
    assert any("G2" in note and "T9" in note for note in report.notes)
    assert check_level(region, "grid").orphans == ("G2",)


def test_parents_of_one_name_are_told_apart_by_place(tmp_path: Path) -> None:
    twins = write(
        tmp_path / "twins.geojson",
        feature(box(121.0, 31.0, 121.2, 31.2), code="T1", name="新城"),
        feature(box(121.2, 31.0, 121.4, 31.2), code="T2", name="新城"),
    )
    region, _ = put(EMPTY, twins, "town")
    stated = dict.fromkeys(BY_PLACE, "新城")
    region, _ = put(region, grids(tmp_path, **stated), "grid", AreaColumns("code", "name", parent="up"))
    assert parents_of(region, "grid") == BY_PLACE


def test_importing_a_level_again_replaces_it_and_keeps_the_levels_below(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    region, _ = put(region, grids(tmp_path), "grid")
    merged = write(tmp_path / "merged.geojson", feature(box(121.0, 31.0, 121.4, 31.2), code="T2", name="合鎮"))
    region, report = put(region, merged, "town")
    assert region.levels == ("town", "grid")
    assert (report.replaced, report.areas, report.reparented) == (2, 1, 2)
    assert parents_of(region, "grid") == dict.fromkeys(BY_PLACE, "T2")


def test_importing_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    region, _ = put(region, grids(tmp_path), "grid")
    again, _ = put(region, towns(tmp_path), "town")
    assert again == region


def test_a_level_can_come_between_two_others(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "district", AreaColumns("=D", "=District"), dissolve=True)
    region, _ = put(region, grids(tmp_path), "grid")
    assert set(parents_of(region, "grid").values()) == {"D"}
    region, report = put(region, towns(tmp_path), "town", above="grid")
    assert region.levels == ("district", "town", "grid")
    assert parents_of(region, "grid") == BY_PLACE
    assert parents_of(region, "town") == {"T1": "D", "T2": "D"}
    assert report.reparented == 4
    region, moved = remove_level(region, "town")
    assert (region.levels, moved) == (("district", "grid"), 4)
    assert set(parents_of(region, "grid").values()) == {"D"}


def test_a_top_level_is_derived_as_the_union_of_a_level(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    region, placed = derive_level(region, "district", "D", "海門區", "town", name_en="Haimen")
    assert region.levels == ("district", "town")
    assert region.by_code["D"].geometry.equals(box(121.0, 31.0, 121.4, 31.2))
    assert parents_of(region, "town") == {"T1": "D", "T2": "D"}
    assert placed.topology.gaps_m2 == 0.0
    again, _ = derive_level(region, "district", "D", "海門區", "town", name_en="Haimen")
    assert again == region


def test_deriving_never_replaces_areas_that_came_from_elsewhere(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    region, _ = put(region, grids(tmp_path), "grid")
    with pytest.raises(BadRegion, match="has other areas than D"):
        derive_level(region, "town", "D", "D", "grid")
    with pytest.raises(BadRegion, match="not directly above"):
        derive_level(region, "grid", "D", "D", "town")


def test_dissolve_merges_features_that_share_a_code(tmp_path: Path) -> None:
    path = write(
        tmp_path / "parts.geojson",
        feature(box(0, 0, 1, 1), code="A", name="A"),
        feature(box(1, 0, 2, 1), code="A", name="A"),
        feature(box(5, 5, 6, 6), code="A", name="A"),
    )
    region, report = put(EMPTY, path, "town", dissolve=True)
    assert report.areas == 1
    assert region.by_code["A"].geometry.geom_type == "MultiPolygon"
    assert region.by_code["A"].geometry.area == pytest.approx(3.0)


def test_without_dissolve_a_code_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path / "twice.geojson",
        feature(box(0, 0, 1, 1), code="A", name=""),
        feature(box(1, 0, 2, 1), code="A", name=""),
    )
    with pytest.raises(ImportRefused, match=r"feature 2 \(A\): has the code of feature 1"):
        put(EMPTY, path, "town")


def test_a_code_that_another_level_has_is_refused(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    with pytest.raises(BadRegion, match="code T1 is in level town already"):
        put(region, towns(tmp_path), "grid")


def test_repairs_name_the_feature_and_its_code(tmp_path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1]]]}
    _, report = put(EMPTY, write(tmp_path / "bow.geojson", feature(bow, code="B", name="bow")), "town")
    (repair,) = report.repairs
    assert (repair.feature, repair.code) == (1, "B")
    assert [said.split("(")[0].strip() for said in repair.repairs] == ["closed an unclosed ring", "made valid"]


def test_one_refused_feature_stops_the_import_and_all_are_reported(tmp_path: Path) -> None:
    path = write(
        tmp_path / "bad.geojson",
        feature(box(0, 0, 1, 1), code="A", name="A"),
        feature(None, code="B", name="B"),
        feature(box(2, 0, 3, 1), code="", name="C"),
    )
    with pytest.raises(ImportRefused, match=r"bad\.geojson: feature 2 \(B\): has no geometry \(and 1 more\)") as caught:
        put(EMPTY, path, "town")
    assert [(r.feature, r.code) for r in caught.value.report.refused] == [(2, "B"), (3, "")]
    assert not caught.value.report.stored
    region, report = put(EMPTY, path, "town", skip_refused=True)
    assert [area.code for area in region.areas] == ["A"]
    assert (report.areas, len(report.refused)) == (1, 2)


def test_when_every_feature_is_refused_nothing_is_imported_even_if_refusals_may_be_skipped(tmp_path: Path) -> None:
    path = write(tmp_path / "none.geojson", feature(None, code="B", name="B"))
    with pytest.raises(ImportRefused, match="every feature was refused"):
        put(EMPTY, path, "town", skip_refused=True)


def test_gcj02_areas_land_where_wgs84_has_them(tmp_path: Path) -> None:
    truth = box(121.0, 31.0, 121.2, 31.2)
    lon, lat = from_wgs84(*zip(*truth.exterior.coords, strict=True), "gcj02")
    shifted = {"type": "Polygon", "coordinates": [list(zip(lon.tolist(), lat.tolist(), strict=True))]}
    region, report = put(
        EMPTY, write(tmp_path / "gcj.geojson", feature(shifted, code="A", name="A")), "town", datum="gcj02"
    )
    assert region.by_code["A"].geometry.equals_exact(truth, 1e-9)
    assert report.datum == "gcj02"


def test_renumbering_applies_to_codes_and_to_stated_parents(tmp_path: Path) -> None:
    city = write(tmp_path / "c.geojson", feature(box(121, 31, 122, 32), code=320684, name="海门市"))
    town = write(tmp_path / "t.geojson", feature(box(121, 31, 122, 32), code="320684100", name="鎮", up=320684))
    options: dict[str, Any] = {"renumbering": {"320684": "320614"}, "profile": "gb2260"}
    region, report = put(EMPTY, city, "county", **options)
    region, _ = put(region, town, "town", AreaColumns("code", "name", parent="up"), **options)
    assert report.recoded == (("320684", "320614"),)
    assert parents_of(region, "town") == {"320614100": "320614"}


def test_gb2260_refuses_a_child_whose_code_belongs_elsewhere(tmp_path: Path) -> None:
    region, _ = put(
        EMPTY,
        write(tmp_path / "p.geojson", feature(box(0, 0, 2, 2), code="320600", name="南通")),
        "city",
        profile="gb2260",
    )
    path = write(
        tmp_path / "c.geojson",
        feature(box(0, 0, 1, 2), code="320614", name="海门"),
        feature(box(1, 0, 2, 2), code="320104", name="秦淮"),
    )
    with pytest.raises(ImportRefused, match=r"feature 2 \(320104\): code 320104 does not begin with 3206"):
        put(region, path, "county", profile="gb2260")
    region, report = put(region, path, "county", profile="gb2260", skip_refused=True)
    assert list(parents_of(region, "county")) == ["320614"]
    assert len(report.refused) == 1


def test_what_a_source_adds_is_kept_as_attributes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.geojson", feature(box(0, 0, 1, 1), code="A", name="甲", people=12, leader="", nested={"x": 1})
    )
    region, _ = put(EMPTY, path, "town")
    assert dict(region.by_code["A"].attrs) == {"people": 12}


def test_an_orphan_whose_coordinates_are_turned_round_is_told_so(tmp_path: Path) -> None:
    home = write(tmp_path / "home.geojson", feature(box(10.0, 50.0, 11.0, 51.0), code="H", name="H"))
    turned = write(tmp_path / "turned.geojson", feature(box(50.1, 10.1, 50.2, 10.2), code="X", name="X"))
    region, _ = put(EMPTY, home, "town")
    _, report = put(region, turned, "grid")
    assert report.orphans == ("X",)
    assert any("look like lat/lon" in note for note in report.notes)


@pytest.mark.parametrize("kind", ["geojson", "geojson.gz", "array.json", "feature.json", "gpkg", "shp"])
def test_every_kind_of_file_gives_the_same_areas(tmp_path: Path, kind: str) -> None:
    shape = box(121.0, 31.0, 121.2, 31.2)
    one = feature(shape, code="00320614", name="海门区")
    path = tmp_path / f"areas.{kind}"
    frame = gpd.GeoDataFrame({"code": ["00320614"], "name": ["海门区"]}, geometry=[shape], crs=4326)
    if kind in ("gpkg", "shp"):
        frame.to_file(path, encoding="utf-8")
    else:
        document = {"array.json": [one], "feature.json": one}.get(
            kind, {"type": "FeatureCollection", "features": [one]}
        )
        raw = json.dumps(document).encode()
        path.write_bytes(gzip.compress(raw) if kind.endswith(".gz") else raw)
    region, _ = put(EMPTY, path, "town")
    area = region.by_code["00320614"]
    assert area.name == "海门区"
    assert area.geometry.equals(shape)


def test_projected_files_are_brought_to_degrees_and_that_is_noted(tmp_path: Path) -> None:
    shape = box(121.0, 31.0, 121.2, 31.2)
    frame = gpd.GeoDataFrame({"code": [320614.0], "name": ["x"]}, geometry=[shape], crs=4326).to_crs(4549)
    frame.to_file(tmp_path / "areas.gpkg")
    region, report = put(EMPTY, tmp_path / "areas.gpkg", "town")
    assert region.by_code["320614"].geometry.equals_exact(shape, 1e-7)
    assert any("reprojected from CGCS2000" in note for note in report.notes)


@pytest.mark.parametrize(("name", "moved"), [("urn:ogc:def:crs:OGC:1.3:CRS84", False), ("EPSG:3857", True)])
def test_the_crs_that_old_geojson_names_is_followed(tmp_path: Path, name: str, moved: bool) -> None:
    shape = box(121.0, 31.0, 121.2, 31.2)
    frame = gpd.GeoDataFrame({"code": ["A"], "name": ["x"]}, geometry=[shape], crs=4326)
    document = json.loads((frame.to_crs(3857) if moved else frame).to_json())
    document["crs"] = {"type": "name", "properties": {"name": name}}
    path = tmp_path / "old.geojson"
    path.write_text(json.dumps(document))
    region, report = put(EMPTY, path, "town")
    assert region.by_code["A"].geometry.equals_exact(shape, 1e-7)
    assert bool(report.notes) is moved


def test_a_crs_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [], "crs": {"properties": {"name": "MARS:1"}}})
    )
    with pytest.raises(BadRegion, match="unknown coordinate reference system 'MARS:1'"):
        put(EMPTY, path, "town")


def test_a_table_without_a_crs_is_taken_as_degrees_and_that_is_noted(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"code": ["A", "B"], "name": ["x", None]}, geometry=[box(0, 0, 1, 1), None])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "a.gpkg")
    region, report = put(EMPTY, tmp_path / "a.gpkg", "town", skip_refused=True)
    assert [area.code for area in region.areas] == ["A"]
    assert [(r.code, r.reason) for r in report.refused] == [("B", "has no geometry")]
    assert any("names no coordinate reference system" in note for note in report.notes)


def test_a_bare_geometry_takes_its_code_from_the_command(tmp_path: Path) -> None:
    path = tmp_path / "fence.json"
    path.write_text(json.dumps(mapping(box(0, 0, 1, 1))))
    region, _ = put(EMPTY, path, "county", AreaColumns("=320614", "=海门区"))
    assert region.by_code["320614"].name == "海门区"


def test_a_dotted_column_reaches_into_an_object(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    path = write(
        tmp_path / "g.geojson", feature(box(121.0, 31.0, 121.1, 31.1), code=7, name="x", parent={"code": "T2"})
    )
    region, _ = put(region, path, "grid", AreaColumns("code", "name", parent="parent.code"))
    assert parents_of(region, "grid") == {"7": "T2"}


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.geojson", b"not json", "not JSON"),
        ("a.geojson", b"{}", "not GeoJSON"),
        ("a.geojson", b"[1]", "feature 1 is not an object"),
        ("a.geojson", b'{"type":"FeatureCollection","features":[]}', "no features"),
        ("a.geojson", b'{"type":"Topology","objects":{}}', "TopoJSON"),
        ("a.geojson", b"\xff\xfe", "not JSON in UTF-8"),
        ("a.geojson.gz", b"not gzip", "cannot be read"),
        ("a.gpkg", b"not sqlite", "cannot be read"),
        ("a.shp", b"", "cannot be read"),
        ("a.txt", b"", "unknown kind"),
    ],
)
def test_files_that_cannot_be_read_are_refused_by_name_in_one_line(
    tmp_path: Path, name: str, body: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(BadRegion, match=said) as caught:
        put(EMPTY, tmp_path / name, "town")
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_missing_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadRegion, match="no such file"):
        read_areas(tmp_path / "none.geojson")
    with pytest.raises(BadRegion, match=r"no column 'CODE'; there are: code, name, name_en"):
        put(EMPTY, towns(tmp_path), "town", AreaColumns("CODE", "name"))


def test_a_geopackage_of_several_layers_asks_for_one(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    frame = gpd.GeoDataFrame({"code": ["A"], "name": ["A"]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    frame.to_file(path, layer="towns")
    frame.to_file(path, layer="grids")
    with pytest.raises(BadRegion, match="towns, grids"):
        put(EMPTY, path, "town")
    with pytest.raises(BadRegion, match="no layer 'x'"):
        put(EMPTY, path, "town", layer="x")
    assert put(EMPTY, path, "town", layer="grids")[1].areas == 1


@pytest.mark.parametrize("options", [{"above": "street"}, {"profile": "iso"}, {"level": ""}, {"level": "a=b"}])
def test_options_that_cannot_be_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(BadRegion):
        put(EMPTY, towns(tmp_path), **{"level": "town", **options})


def test_a_level_cannot_be_put_above_one_that_it_is_below(tmp_path: Path) -> None:
    region, _ = put(EMPTY, towns(tmp_path), "town")
    region, _ = put(region, grids(tmp_path), "grid")
    with pytest.raises(BadRegion, match="lies below town already"):
        put(region, grids(tmp_path), "grid", above="town")


def test_a_level_that_is_not_there_cannot_be_derived_from_or_removed() -> None:
    with pytest.raises(BadRegion, match="no level 'town' to derive from"):
        derive_level(EMPTY, "district", "D", "D", "town")
    with pytest.raises(BadRegion, match="no level 'town' to remove"):
        remove_level(EMPTY, "town")
