"""Units, workers, cameras and the ticket classes: the counts, the ids, the places."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import shapely

from data.codec import check
from data.records import Kind, SitePayload, UnitPayload
from feeds.demo.district import SEED, draw_district
from feeds.demo.names import DISTRICT_CODE
from feeds.demo.resources import cameras, feed_records, site_records, unit_records, vehicles, workers
from feeds.demo.sources import SOURCES
from feeds.demo.taxonomy import majors, minors, names, names_json

NOW = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)


def test_there_are_8600_cameras_with_20_digit_ids_of_type_131_or_132() -> None:
    all_cameras = cameras(SEED)
    assert len(all_cameras) == 8600
    assert len({c.id for c in all_cameras}) == 8600
    assert all(len(c.id) == 20 and c.id.isdigit() and c.id[10:13] in ("131", "132") for c in all_cameras)
    assert all(c.bearing is not None and 0 <= c.bearing < 360 and c.fov and 0 < c.fov <= 360 for c in all_cameras)
    assert 0.95 < np.mean([c.online for c in all_cameras]) < 0.97
    assert "路口" in " ".join(c.name for c in all_cameras)


def test_cameras_stand_in_the_district_and_closer_in_the_centre() -> None:
    outline = draw_district().region.by_code[DISTRICT_CODE].geometry
    points = np.array([(c.lon, c.lat) for c in cameras(SEED)])
    assert shapely.contains_xy(outline.buffer(0.0005), *points.T).all()
    centre = np.hypot((points[:, 0] - 120.613) * 93_000, (points[:, 1] - 32.995) * 111_000) < 3500
    assert 0.25 < centre.mean() < 0.75


def test_80_units_of_four_kinds_stand_at_their_stations() -> None:
    kinds = Counter(v.kind for v in vehicles(SEED))
    assert kinds == {"patrol_car": 34, "fire_engine": 12, "ambulance": 16, "repair_team": 18}
    assert len({v.id for v in vehicles(SEED)}) == 80
    assert {v.id[0] for v in vehicles(SEED)} == set("PFAR")


def test_every_grid_has_its_worker_in_it() -> None:
    district = draw_district()
    assert [district.grid_codes[w.grid] for w in workers(SEED)] == list(district.grid_codes)
    shapes = np.array([a.geometry for a in district.region.by_level["grid"]])
    assert shapely.contains_xy(shapes, *np.array([(w.lon, w.lat) for w in workers(SEED)]).T).all()


def test_all_master_data_can_be_stored_and_says_it_is_simulated() -> None:
    records = [*feed_records(NOW), *site_records(SEED, NOW), *unit_records(SEED, NOW)]
    for record in records:
        check(record)
    assert len({(r.source, r.source_id, r.version) for r in records}) == len(records)
    units = [r.payload for r in records if isinstance(r.payload, UnitPayload)]
    assert len(units) == 80 + 930
    assert all(u.simulated for u in units)
    sites = Counter(r.payload.site_kind for r in records if isinstance(r.payload, SitePayload))
    assert sites["camera"] == 8600
    assert sites["gauge"] >= 10
    assert Counter(r.kind for r in records)[Kind.FEED] == 11


def test_the_classes_are_13_by_131_with_two_languages() -> None:
    assert len(majors()) == 13
    assert len(minors()) == 131
    assert len({m.code for m in minors()}) == 131
    assert {m.code[:2] for m in minors()} == set(majors())
    assert all(zh and en.isascii() and len(en) > 3 for zh, en in names().values())
    known = {source.id for source in SOURCES}
    assert all(m.feeds and set(m.feeds) <= known and 1 <= m.severity <= 4 and m.minutes > 0 for m in minors())
    assert json.loads(names_json())["0307"] == {"zh": "出租车网约车服务", "en": "Taxi and ride-hailing service"}
