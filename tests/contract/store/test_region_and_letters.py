"""The region, base maps and dead letters of every store, run on SQLite and on PostGIS."""

from __future__ import annotations

from shapely.geometry import Polygon

from data.records import (
    Kind,
    Record,
    SitePayload,
)
from data.store import DeadLetter
from geo.area import Area, Region
from tests.contract.store.samples import REGION, T0, at, event, incidents, position, tables


def test_a_region_comes_back_as_it_was_put(store):
    assert store.region() == Region((), ())
    store.put_level(REGION)
    got = store.region()
    assert got.levels == REGION.levels
    assert [(a.code, a.name, a.name_en, a.level, a.parent, dict(a.attrs)) for a in got.areas] == [
        (a.code, a.name, a.name_en, a.level, a.parent, dict(a.attrs)) for a in REGION.areas
    ]
    assert all(a.geometry.equals_exact(b.geometry, 0) for a, b in zip(got.areas, REGION.areas, strict=True))


def test_a_new_region_stamps_what_was_stored_before_it(store, open_another):
    other = open_another()
    store.append(
        [event("A", 0, lon=121.2), event("B", 1, lon=121.8), event("C", 2, lon=10.0), position("U1", 1, 121.7)]
    )
    store.append([Record(Kind.SITE, "cams", "C1", at(0), SitePayload(name="c", site_kind="camera"), 121.9, 31.2)])
    version = store.region_version()
    store.put_level(REGION)
    assert store.region_version() > version
    assert {id: row.area for id, row in incidents(store).items()} == {"A": "T1", "B": "T2", "C": None}
    assert store.snapshot().sites[0].area == "T2"
    assert [r.area for r in store.read_after(0)] == ["T1", "T2", None, "T2", "T2"]
    assert {c.area: c.last_at for c in store.snapshot().contacts} == {"T1": at(0), "T2": at(1)}
    other.append([event("D", 3, lon=121.2)])  # another process stamps by the new region too
    assert incidents(store)["D"].area == "T1"
    swapped = Region.of(("grid",), [Area("N", "新", "grid", Polygon([(121, 31), (122, 31), (122, 32), (121, 32)]))])
    store.put_level(swapped)
    assert {row.area for row in incidents(store).values()} == {"N", None}
    before = tables(store)
    store.rebuild()
    assert tables(store) == before


def test_all_of_a_process_share_one_region_until_it_is_replaced(store):
    store.put_level(REGION)
    mine = store.region()
    assert store.region() is mine
    store.append([event("A", 0, lon=121.2)])
    assert store.region() is mine
    store.put_level(Region(REGION.levels, REGION.areas[:1]))
    assert store.region() is not mine
    assert store.region().areas == REGION.areas[:1]


def test_base_maps_are_kept_by_layer(store):
    assert store.basemap("water") is None
    store.put_basemap("water", b"{}")
    store.put_basemap("water", b'{"type":"FeatureCollection"}')
    store.put_basemap("roads", b"[]")
    assert store.basemap("water") == b'{"type":"FeatureCollection"}'


def letter(n: int, source: str = "push", reason: str = "json", body: bytes = b"{") -> DeadLetter:
    return DeadLetter(source, reason, f"line {n}: broken", body, at(n))


def test_dead_letters_are_kept_newest_first_and_counted(store):
    store.add_dead_letters([letter(1), letter(2), letter(3, "file", "column")])
    got = store.dead_letters()
    assert [(g.source, g.reason, g.message, g.received_at) for g in got] == [
        ("file", "column", "line 3: broken", at(3)),
        ("push", "json", "line 2: broken", at(2)),
        ("push", "json", "line 1: broken", at(1)),
    ]
    assert len(store.dead_letters(source="push")) == 2
    assert len(store.dead_letters(limit=1)) == 1
    assert store.dead_letter_counts() == {("push", "json"): 2, ("file", "column"): 1}
    assert {f.id: f.rejected for f in store.snapshot().feeds} == {"push": 2, "file": 1}


def test_garbage_without_end_fills_neither_the_letters_nor_the_counters(store, monkeypatch):
    monkeypatch.setattr("data.dead_letters.KEEP_PER_REASON", 20)
    monkeypatch.setattr("data.dead_letters.KEEP_BYTES", 100_000)
    monkeypatch.setattr("data.dead_letters.TRIM_EVERY_BYTES", 1)
    monkeypatch.setattr("data.dead_letters.MAX_COUNTERS", 5)
    for i in range(5):
        store.add_dead_letters([letter(10 * i + k) for k in range(10)])
    store.add_dead_letters([letter(100 + k, reason="big") for k in range(50)])
    assert store.dead_letter_counts() == {("push", "json"): 50, ("push", "big"): 50}
    kept = store.dead_letters(limit=1000)
    assert len(kept) == 40
    assert kept[0].message == "line 149: broken"
    store.add_dead_letters([letter(200, body=b"x" * 1_000_000)])
    assert len(store.dead_letters(limit=1)[0].body) == 64 * 1024
    store.add_dead_letters([letter(300 + k, body=b"y" * 5_000) for k in range(30)])
    assert sum(len(k.body) for k in store.dead_letters(limit=1000)) <= 100_000
    store.add_dead_letters([letter(1, reason=f"payload.attrs.{k}") for k in range(100)])
    counts = store.dead_letter_counts()
    assert len(counts) <= 6
    assert counts["push", "json"] == 81
    assert sum(counts.values()) == 50 + 50 + 1 + 30 + 100


def test_a_dead_letter_may_hold_anything(store):
    store.add_dead_letters([DeadLetter("a\x00\ud800", "", "m\x00\udfff" * 1000, bytes(range(256)), T0)])
    (got,) = store.dead_letters()
    assert got.body == bytes(range(256))
    assert got.source == "a?"
