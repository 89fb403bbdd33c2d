"""10 MB of garbage costs counted dead letters: no exception, bounded memory, and the good rows in between are taken."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import ManualClock
from data.open_store import open_store
from data.records import Record
from data.store import DeadLetter, Store
from feeds.files import import_file, read_file
from feeds.mapping import Mapping

CLOCK = ManualClock(datetime(2026, 5, 2, tzinfo=UTC))
SIZE = 10_000_000

MAPPING = Mapping.of(
    {
        "source": "noise",
        "columns": {"id": "id", "time": "at", "category": "type", "lon": "lon", "lat": "lat", "severity": "sev"},
    }
)
GEO = MAPPING.model_copy(update={"columns": {**MAPPING.columns, "lon": "geometry.lon", "lat": "geometry.lat"}})
HEADER = b"id,at,type,lon,lat,sev\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", CLOCK)
    yield store
    store.close()


def good_csv(i: int) -> bytes:
    return b"good-%d,2026-05-01T08:00:00Z,fire,117.5,35.5,2" % i


def good_json(i: int) -> bytes:
    return json.dumps(
        {"id": f"good-{i}", "at": "2026-05-01T08:00:00Z", "type": "fire", "lon": 117.5, "lat": 35.5, "sev": 2}
    ).encode()


def good_feature(i: int) -> bytes:
    properties = {"id": f"good-{i}", "at": "2026-05-01T08:00:00Z", "type": "fire", "sev": 2}
    point = {"type": "Point", "coordinates": [117.5, 35.5]}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": point}).encode()


def bad_csv(rng: random.Random) -> bytes:
    return rng.choice(
        [
            lambda: rng.randbytes(rng.randrange(1, 4000)).replace(b"\n", b"?"),
            lambda: b'x,"never closed,2026-05-01T08:00:00Z,fire,1,2',
            lambda: b"A" * rng.randrange(1, 60_000),
            lambda: b"B" * 1_300_000 if rng.random() < 0.02 else b"," * 500,
            lambda: b"x,2026-05-01T08:00:00Z,fire,NaN,35.5,2",
            lambda: b"x,2026-05-01T08:00:00Z,fire,35.5,117.5,2",
            lambda: b"x,2026-05-01T08:00:00,fire,117.5,35.5,2",
            lambda: b"x,9999-12-31T23:59:59Z,fire,117.5,35.5,2",
            lambda: b"x,2026-05-01T08:00:00Z,fire,117.5,35.5,9",
            lambda: b"\x00" * rng.randrange(1, 300),
            lambda: b'"' * rng.randrange(1, 300),
        ]
    )()


def bad_json(rng: random.Random) -> bytes:
    return rng.choice(
        [
            lambda: rng.randbytes(rng.randrange(1, 4000)).replace(b"\n", b"?"),
            lambda: b'{"id": "x", "at": ',
            lambda: b"[" * rng.randrange(1, 5000),
            lambda: b"[1,2,3]",
            lambda: b"NaN",
            lambda: b'{"id":"x","at":"2026-05-01T08:00:00Z","type":"fire","lon":NaN,"lat":1}',
            lambda: b'{"id":"x","at":"2026-05-01T08:00:00Z","type":"fire","lon":1e999,"lat":1}',
            lambda: b'{"id":"x","at":"2026-05-01T08:00:00Z","type":{"deep":[{}]},"lon":1,"lat":1}',
            lambda: b'{"id":"x\\u0000","at":"2026-05-01T08:00:00Z","type":"fire","lon":1,"lat":1}',
            lambda: b'{"id":"\\ud800","at":"2026-05-01T08:00:00Z","type":"fire","lon":1,"lat":1}',
            lambda: b'{"id":"x","at":"9999-01-01T00:00:00Z","type":"fire","lon":1,"lat":1}',
            lambda: b'{"id":"x","at":12345678901234567890123,"type":"fire","lon":1,"lat":1}',
            lambda: b'"' + b"C" * rng.randrange(1, 60_000),
        ]
    )()


def bad_feature(rng: random.Random) -> bytes:
    return rng.choice(
        [
            lambda: rng.randbytes(rng.randrange(1, 4000)),
            lambda: b'{"type":"Feature","properties":{"id":"x","at":"',
            lambda: b'{"type":"Feature","properties":[1],"geometry":null}',
            lambda: b'{"type":"Feature","properties":null,"geometry":{"type":"Point","coordinates":["a"]}}',
            lambda: b"{" * rng.randrange(1, 2000),
            lambda: b"}" * rng.randrange(1, 2000) + b"x",
            lambda: b'{"type":"Point","coordinates":[1,2]}',
        ]
    )()


def lines_between(good: object, bad: object, separator: bytes) -> tuple[bytes, int]:
    rng = random.Random(7)
    parts: list[bytes] = []
    size = made = 0
    while size < SIZE:
        garbage = bad(rng)  # type: ignore[operator]
        parts += [garbage, good(made)]  # type: ignore[operator]
        size += len(garbage)
        made += 1
    return separator.join(parts) + separator, made


@pytest.mark.parametrize(
    ("name", "head", "good", "bad", "mapping"),
    [
        ("g.csv", HEADER, good_csv, bad_csv, MAPPING),
        ("g.jsonl", b"", good_json, bad_json, MAPPING),
        ("g.geojson", b'{"type":"FeatureCollection","features":[', good_feature, bad_feature, GEO),
    ],
)
def test_ten_megabytes_of_garbage_cost_counted_dead_letters(
    name: str, head: bytes, good: object, bad: object, mapping: Mapping, tmp_path: Path, store: Store
) -> None:
    body, made = lines_between(good, bad, b"\n")
    path = tmp_path / name
    path.write_bytes(head + body)
    report = import_file(store, path, mapping, clock=CLOCK)
    assert report.accepted == made
    assert report.rejected >= 0.6 * made
    assert sum(store.dead_letter_counts().values()) == report.rejected
    assert {r.source_id for r in store.read_after(0, limit=100_000)} == {f"good-{i}" for i in range(made)}


@pytest.mark.parametrize("name", ["g.csv", "g.jsonl", "g.geojson", "g.csv.gz", "g.parquet"])
def test_pure_noise_needs_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    noise = random.Random(3).randbytes(SIZE)
    path.write_bytes((HEADER if name == "g.csv" else b"") + noise)
    mapping = GEO if name == "g.geojson" else MAPPING
    tracemalloc.start()
    try:
        letters = sum(isinstance(item, DeadLetter) for item in read_file(path, mapping, CLOCK))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert letters >= 1
    assert peak < 8_000_000


def test_one_endless_line_needs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    with path.open("wb") as out:
        out.write(HEADER)
        for _ in range(40):
            out.write(b"x" * 1_000_000)
        out.write(b"\n" + good_csv(1) + b"\n")
    tracemalloc.start()
    try:
        items = list(read_file(path, MAPPING, CLOCK))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [type(item) for item in items] == [DeadLetter, Record]
    assert peak < 8_000_000


def test_an_open_quote_takes_no_good_row_with_it(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_bytes(HEADER + b'"broken\n' + good_csv(1) + b"\n" + good_csv(2) + b'\nalso "broken\n' + good_csv(3))
    found = list(read_file(path, MAPPING, CLOCK))
    assert {r.source_id for r in found if isinstance(r, Record)} == {"good-1", "good-2", "good-3"}
    assert [r.body for r in found if isinstance(r, DeadLetter)] == [b'"broken', b'also "broken']


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=20), st.sampled_from(["p.csv", "p.jsonl", "p.geojson"]))
def test_any_bytes_give_records_or_dead_letters(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], name: str
) -> None:
    path = tmp_path_factory.mktemp("p") / name
    path.write_bytes((HEADER if name == "p.csv" else b"") + b"\n".join(parts))
    for item in read_file(path, GEO if name == "p.geojson" else MAPPING, CLOCK):
        assert isinstance(item, (Record, DeadLetter))
