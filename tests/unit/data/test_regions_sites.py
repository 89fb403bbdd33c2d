"""Sites come in from CSV and GeoJSON; what cannot be taken is named and kept as a dead letter."""

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data.clock import ManualClock
from data.errors import BadInput
from data.open_store import open_store
from data.records import Kind, SitePayload
from data.sites_import import LoadedSites, SiteColumns, SitesReport, import_sites, load_sites
from data.store import Store
from geo.datum import from_wgs84

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path / 'sites.db'}", clock)) as opened:
        yield opened


def csv_of(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "sites.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8-sig")
    return path


def load(path: Path, columns: SiteColumns | None = None, **options: Any) -> LoadedSites:
    return load_sites(path, "camera", columns or SiteColumns(), now=NOW, **options)


def payload_of(loaded: LoadedSites, at: int = 0) -> SitePayload:
    payload = loaded.records[at].payload
    assert isinstance(payload, SitePayload)
    return payload


def test_a_csv_row_becomes_a_site_record(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "id,名称,lon,lat,dir,angle,state,street", "C1,东门,121.3,31.9,ENE,70,OFF,长江路")
    columns = SiteColumns(name="名称", bearing="dir", fov="angle", online="state")
    loaded = load(path, columns)
    (record,) = loaded.records
    assert (record.kind, record.source, record.source_id) == (Kind.SITE, "sites:camera", "C1")
    assert (record.lon, record.lat, record.at) == (121.3, 31.9, NOW)
    site = payload_of(loaded)
    assert (site.name, site.site_kind, site.bearing, site.fov, site.online) == ("东门", "camera", 67.5, 70.0, False)
    assert site.attrs == {"street": "长江路"}


def test_a_geojson_point_with_numbers_as_text_is_a_site(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "id": "cctv_1",
        "geometry": {"type": "Point", "coordinates": ["-84.455192", "34.208776"]},
        "properties": {"name": "CHER-CAM-102", "url": "http://example.org/a.jpg", "deep": {"x": 1}},
    }
    path = tmp_path / "cctv.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"features": [feature]}).encode()))
    loaded = load(path)
    assert (loaded.records[0].source_id, loaded.records[0].lon, loaded.records[0].lat) == (
        "cctv_1",
        -84.455192,
        34.208776,
    )
    assert payload_of(loaded).attrs == {"url": "http://example.org/a.jpg"}


def test_positions_are_brought_to_wgs84(tmp_path: Path) -> None:
    lon, lat = from_wgs84(121.3, 31.9, "bd09")
    loaded = load(csv_of(tmp_path, "id,name,lon,lat", f"C1,a,{float(lon)!r},{float(lat)!r}"), datum="bd09")
    assert loaded.records[0].lon == pytest.approx(121.3, abs=1e-9)
    assert loaded.records[0].lat == pytest.approx(31.9, abs=1e-9)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("C2,x,0,0,,", "null_island"),
        ("C2,x,0.0,-0.0,,", "null_island"),
        ("C2,x,,31.9,,", "no_position"),
        ("C2,x,121.3,null,,", "no_position"),
        ("C2,x,31.9,121.3,,", "out_of_range"),
        ("C2,x,nan1,31.9,,", "bad_lon"),
        ("C2,x,inf,31.9,,", "bad_lon"),
        (",x,121.3,31.9,,", "no_id"),
        ("C1,x,121.3,31.9,,", "duplicate_id"),
        ("C2,x,121.3,31.9,up,", "bad_bearing"),
        (f"C2{'0' * 300},x,121.3,31.9,,", "source_id"),
        ("C2,x,121.3,31.9,,perhaps", "bad_online"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named_and_the_others_are_taken(tmp_path: Path, row: str, reason: str) -> None:
    path = csv_of(tmp_path, "id,name,lon,lat,dir,state", "C1,good,121.3,31.9,90,1", row, "C3,good,121.4,31.9,-90,")
    loaded = load(path, SiteColumns(bearing="dir", online="state"))
    assert [record.source_id for record in loaded.records] == ["C1", "C3"]
    (refused,) = loaded.refused
    (letter,) = loaded.letters
    assert (refused.row, refused.reason) == (2, reason)
    assert refused.id[:2] in ("C2", "C1", "")
    assert refused.name == "x"
    assert (letter.reason, letter.source) == (reason, "sites:camera")
    assert json.loads(letter.body)["name"] == "x"
    assert payload_of(loaded, 1).bearing == 270.0


def test_nul_characters_are_left_out_of_what_is_stored(tmp_path: Path, store: Store, clock: ManualClock) -> None:
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    feature["properties"] = {"id": "A\0", "name": "a\0b", "k\0": "v\0"}
    path = tmp_path / "nul.geojson"
    path.write_text(json.dumps([feature]))
    assert run(store, path, clock).accepted == 1
    (site,) = store.snapshot().sites
    assert (site.id, site.name, site.attrs) == ("A", "ab", {"k": "v"})


def run(store: Store, path: Path, clock: ManualClock, **columns: str) -> SitesReport:
    loaded = load_sites(path, "camera", SiteColumns(**columns), now=clock.now())
    return import_sites(store, loaded, clock)


def test_a_second_import_of_the_same_file_adds_nothing(tmp_path: Path, store: Store, clock: ManualClock) -> None:
    path = csv_of(tmp_path, "id,name,lon,lat,n", "C1,a,121.3,31.9,1.5", "C2,b,0,0,", "C3,c,121.4,31.9,")
    first = run(store, path, clock)
    clock.advance(60)
    second = run(store, path, clock)
    assert (first.accepted, first.duplicate, first.rejected) == (2, 0, 1)
    assert (second.accepted, second.duplicate, second.rejected) == (0, 2, 1)
    assert store.head() == 2
    assert dict(store.dead_letter_counts()) == {("sites:camera", "null_island"): 1}


def test_a_changed_site_is_a_new_version_and_the_others_stay(tmp_path: Path, store: Store, clock: ManualClock) -> None:
    run(store, csv_of(tmp_path, "id,name,lon,lat", "C1,a,121.3,31.9", "C2,b,121.4,31.9"), clock)
    for name in ("new", "newer"):
        clock.advance(60)
        report = run(store, csv_of(tmp_path, "id,name,lon,lat", f"C1,{name},121.35,31.9", "C2,b,121.4,31.9"), clock)
        assert (report.accepted, report.changed, report.duplicate) == (1, 1, 1)
        site = next(site for site in store.snapshot().sites if site.id == "C1")
        assert (site.name, site.lon) == (name, 121.35)


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.csv", "id,name,lon,lat\n", "no rows"),
        ("a.csv", "name,lon,lat\nx,1,2\n", "no column for --id; there are: name, lon, lat"),
        ("a.xls", "", "unknown kind"),
        ("a.csv.gz", "not gzip", "cannot be read"),
        ("a.json", "{", "not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, body: str, said: str) -> None:
    (tmp_path / name).write_text(body)
    with pytest.raises(BadInput, match=said) as caught:
        load(tmp_path / name)
    assert name in str(caught.value)


def test_a_column_that_is_not_there_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "id,name,lon,lat", "C1,a,1,2")
    with pytest.raises(BadInput, match="no column 'heading' for --bearing"):
        load(path, SiteColumns(bearing="heading"))
    with pytest.raises(BadInput, match="no such file"):
        load(tmp_path / "none.csv")


def test_a_first_feature_without_a_point_does_not_hide_the_others(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "id": "a", "geometry": None, "properties": {"name": "A"}},
        {
            "type": "Feature",
            "id": "b",
            "geometry": {"type": "Point", "coordinates": [121.3, 31.9]},
            "properties": {"name": "B"},
        },
    ]
    path = tmp_path / "s.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    loaded = load(path)
    assert [record.source_id for record in loaded.records] == ["b"]
    assert [(r.id, r.reason) for r in loaded.refused] == [("a", "no_position")]
