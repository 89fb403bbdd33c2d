"""3,043 traffic cameras with coordinates written as text; three of them at 0,0."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.sites_import import LoadedSites, SiteColumns, import_sites, load_sites
from geo.distance import haversine_m, nearest
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [pytest.mark.realdata, needs_realdata]

FILE = REALDATA / "cameras_georgia" / "gdot_cctv.json.gz"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REALDATA / "answers" / "cameras_georgia.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def loaded() -> LoadedSites:
    return load_sites(FILE, "camera", SiteColumns(id="cctv_id"), now=NOW)


def test_all_are_read_and_the_three_on_null_island_are_refused_by_name(loaded: LoadedSites) -> None:
    expected = answers()
    assert loaded.rows == expected["cameras"]
    assert len(loaded.records) == expected["distinct_ids"] - expected["null_island_cameras"]
    assert {row.reason for row in loaded.refused} == {"null_island"}
    assert [(row.id, row.name) for row in loaded.refused] == [
        ("cctv_8796", "COBB-TST-AX-4055"),
        ("cctv_13114", "COBB-MCAM-001"),
        ("cctv_13115", "COBB-MCAM-002"),
    ]
    assert all(row.id in letter.message for row, letter in zip(loaded.refused, loaded.letters, strict=True))


def test_positions_span_the_stated_box(loaded: LoadedSites) -> None:
    lon = [record.lon for record in loaded.records if record.lon is not None]
    lat = [record.lat for record in loaded.records if record.lat is not None]
    assert [min(lon), min(lat), max(lon), max(lat)] == answers()["bbox_without_null_island"]


def test_nearest_to_downtown_atlanta(loaded: LoadedSites) -> None:
    expected = answers()["nearest_to_downtown_atlanta"]
    ids = [record.source_id for record in loaded.records]
    lon, lat = np.array([(record.lon, record.lat) for record in loaded.records], np.float64).T
    index, metres = nearest(*expected["point"], lon, lat, 5)
    assert [ids[i] for i in index] == [near["id"] for near in expected["nearest5"]]
    assert metres == pytest.approx([near["m"] for near in expected["nearest5"]], rel=5e-3, abs=0.1)
    every = haversine_m(*expected["point"], lon, lat)
    for limit, n in expected["within_m"].items():
        assert int((every <= float(limit)).sum()) == n


def test_they_are_stored_once(loaded: LoadedSites, tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    with closing(open_store(f"sqlite:///{tmp_path / 'georgia.db'}", clock)) as store:
        first = import_sites(store, loaded, clock)
        second = import_sites(store, loaded, clock)
        assert (first.accepted, first.rejected) == (3040, 3)
        assert (second.accepted, second.duplicate) == (0, 3040)
        assert store.head() == 3040
        assert dict(store.dead_letter_counts()) == {("sites:camera", "null_island"): 3}
        sites = store.snapshot().sites
    assert len(sites) == 3040
    assert sum("HLS" in site.attrs for site in sites) == answers()["with_hls"]
