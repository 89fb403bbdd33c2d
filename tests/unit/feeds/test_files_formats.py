"""Every file format gives the same records; importing twice adds nothing; a broken file costs its own rows only."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from data.clock import ManualClock
from data.errors import BadInput
from data.open_store import open_store
from data.records import FeedPayload, Kind, Record
from data.store import DeadLetter, Store
from feeds.files import import_file, read_file
from feeds.mapping import Mapping

NOW = datetime(2026, 5, 2, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "feeds"

MAPPING = Mapping.of(
    {
        "source": "hotline",
        "columns": {"id": "id", "time": "at", "category": "type", "title": "what", "lon": "lon", "lat": "lat"},
        "time": {"zone": "Asia/Shanghai"},
        "times": {"closed": "closed"},
    }
)

NAMES = ("id", "at", "type", "what", "lon", "lat", "closed")
ROWS = [
    dict(zip(NAMES, values, strict=True))
    for values in [
        ("1", "2026-05-01T08:00:00", "路灯", 'says "dark", twice', "117.1", "35.1", ""),
        ("2", "2026-05-01T09:00:00", "噪音", "two\nlines", "117.2", "35.2", "2026-05-01T10:00:00"),
        ("3", "2026-05-01T10:00:00", "道路", "", "", "", ""),
    ]
]


def csv_bytes(encoding: str = "utf-8") -> bytes:
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, ROWS[0].keys())
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode(encoding)


def write_csv(path: Path) -> Path:
    (path / "f.csv").write_bytes(csv_bytes())
    return path / "f.csv"


def write_csv_with_bom(path: Path) -> Path:
    (path / "f.csv").write_bytes(b"\xef\xbb\xbf" + csv_bytes())
    return path / "f.csv"


def write_csv_gz(path: Path) -> Path:
    (path / "f.csv.gz").write_bytes(gzip.compress(csv_bytes()))
    return path / "f.csv.gz"


def write_jsonl(path: Path) -> Path:
    (path / "f.jsonl").write_bytes(b"".join(json.dumps(row).encode() + b"\r\n\r\n" for row in ROWS))
    return path / "f.jsonl"


def write_jsonl_gz(path: Path) -> Path:
    (path / "f.jsonl.gz").write_bytes(gzip.compress(b"\n".join(json.dumps(row).encode() for row in ROWS)))
    return path / "f.jsonl.gz"


def write_parquet(path: Path) -> Path:
    table = pyarrow.Table.from_pylist(
        [
            {
                **row,
                "id": int(row["id"]),
                "at": datetime.fromisoformat(row["at"]),
                "lon": float(row["lon"] or "nan") if row["lon"] else None,
                "lat": float(row["lat"]) if row["lat"] else None,
            }
            for row in ROWS
        ]
    )
    pyarrow.parquet.write_table(table, path / "f.parquet")
    return path / "f.parquet"


def features() -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for row in ROWS:
        point = {"type": "Point", "coordinates": [float(row["lon"]), float(row["lat"])]} if row["lon"] else None
        rest = {k: v for k, v in row.items() if k not in ("lon", "lat")}
        found.append({"type": "Feature", "geometry": point, "properties": rest})
    return found


def write_geojson(path: Path) -> Path:
    body = {"type": "FeatureCollection", "name": "{odd}", "features": features()}
    (path / "f.geojson").write_text(json.dumps(body, ensure_ascii=False, indent=1))
    return path / "f.geojson"


def write_geojson_sequence(path: Path) -> Path:
    body = b"".join(b"\x1e" + json.dumps(feature).encode() + b"\n" for feature in features())
    (path / "f.geojson.gz").write_bytes(gzip.compress(body))
    return path / "f.geojson.gz"


WRITERS = [
    write_csv, write_csv_with_bom, write_csv_gz, write_jsonl, write_jsonl_gz, write_parquet, write_geojson,
    write_geojson_sequence,
]  # fmt: skip


def mapping_for(path: Path) -> Mapping:
    if "geojson" not in path.name:
        return MAPPING
    columns = {**MAPPING.columns, "lon": "geometry.lon", "lat": "geometry.lat"}
    return MAPPING.model_copy(update={"columns": columns})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", ManualClock(NOW))
    yield store
    store.close()


@pytest.mark.parametrize("write", WRITERS, ids=lambda w: w.__name__)
def test_every_format_gives_the_same_records(write: Callable[[Path], Path], tmp_path: Path) -> None:
    path = write(tmp_path)
    found = list(read_file(path, mapping_for(path), ManualClock(NOW)))
    assert [r for r in found if isinstance(r, DeadLetter)] == []
    records = [r for r in found if isinstance(r, Record)]
    assert [(r.source_id, r.at.isoformat(), r.lon, r.lat) for r in records] == [
        ("1", "2026-05-01T00:00:00+00:00", 117.1, 35.1),
        ("2", "2026-05-01T01:00:00+00:00", 117.2, 35.2),
        ("3", "2026-05-01T02:00:00+00:00", None, None),
    ]
    assert [r.payload.model_dump()["title"] for r in records] == ['says "dark", twice', "two\nlines", ""]
    assert [r.payload.model_dump()["category"] for r in records] == ["路灯", "噪音", "道路"]
    assert records[1].payload.model_dump()["times"] == {"closed": datetime(2026, 5, 1, 2, tzinfo=UTC)}


@pytest.mark.parametrize("write", WRITERS, ids=lambda w: w.__name__)
def test_importing_twice_adds_nothing(write: Callable[[Path], Path], tmp_path: Path, store: Store) -> None:
    path = write(tmp_path)
    seen: list[int] = []
    first = import_file(store, path, mapping_for(path), seen.append, ManualClock(NOW))
    assert (first.accepted, first.duplicate, first.rejected) == (3, 0, 0)
    assert seen[-1] == 3
    head = store.head()
    again = import_file(store, path, mapping_for(path), clock=ManualClock(NOW))
    assert (again.accepted, again.duplicate, again.rejected) == (0, 3, 0)
    assert store.head() == head


def test_chinese_encodings_are_read_by_name(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(csv_bytes("gb18030"))
    mapping = MAPPING.model_copy(update={"encoding": "gb18030"})
    found = list(read_file(path, mapping, ManualClock(NOW)))
    assert [r.payload.model_dump()["category"] for r in found if isinstance(r, Record)] == ["路灯", "噪音", "道路"]
    wrong = list(read_file(path, MAPPING, ManualClock(NOW)))
    assert {r.reason for r in wrong if isinstance(r, DeadLetter)} == {"encoding"}
    assert not [r for r in wrong if isinstance(r, Record)]


def test_a_datum_is_undone(tmp_path: Path) -> None:
    path = write_csv(tmp_path)
    plain = [r for r in read_file(path, MAPPING) if isinstance(r, Record)]
    shifted = [
        r for r in read_file(path, Mapping.of({**MAPPING.model_dump(), "datum": "gcj02"})) if isinstance(r, Record)
    ]
    assert plain[0].lon is not None
    assert shifted[0].lon is not None
    assert 0.003 < plain[0].lon - shifted[0].lon < 0.009
    assert shifted[2].lon is None


def test_a_mapping_with_a_rhythm_makes_its_feed_known_once(tmp_path: Path, store: Store) -> None:
    mapping = Mapping.of({**MAPPING.model_dump(), "name": "热线", "rhythm_s": 60})
    for _ in range(2):
        import_file(store, write_csv(tmp_path), mapping, clock=ManualClock(NOW))
    known = [r for r in store.read_after(0) if r.kind is Kind.FEED]
    assert [r.payload for r in known] == [FeedPayload(name="热线", rhythm_s=60)]
    assert [(f.id, f.name, f.accepted) for f in store.snapshot().feeds] == [("hotline", "热线", 3)]


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("f.xlsx", b"x", "unknown format"),
        ("f.csv", b"", "is empty"),
        ("f.csv", b"a,b\n1,2\n", "has no column 'id'"),
        ("f.csv", b"id,at,type,what,lon,lat,closed,id\n", "names 'id' twice"),
        ("f.csv", b"\xff\xfe\x00\n", "must name the columns"),
    ],
)
def test_a_file_that_is_not_what_the_mapping_says_is_refused(
    name: str, body: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(BadInput, match=words):
        list(read_file(tmp_path / name, MAPPING))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("none.csv", "none.parquet"):
        with pytest.raises(BadInput, match="cannot be read"):
            list(read_file(tmp_path / name, MAPPING))


def test_a_parquet_file_without_a_needed_column_is_refused(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"id": ["1"]}), tmp_path / "f.parquet")
    with pytest.raises(BadInput, match="has no column"):
        list(read_file(tmp_path / "f.parquet", MAPPING))


def test_a_cut_gzip_stream_gives_its_rows_and_one_dead_letter(tmp_path: Path, store: Store) -> None:
    body = b"id,at,type,what,lon,lat,closed\n" + b"".join(
        b"%d,2026-05-01T08:00:00,x,%d,1,2,\n" % (i, i * 7919) for i in range(20_000)
    )
    packed = gzip.compress(body)
    (tmp_path / "f.csv.gz").write_bytes(packed[: len(packed) // 2])
    report = import_file(store, tmp_path / "f.csv.gz", MAPPING)
    assert report.reasons == {"file.gzip": 1} or report.rejected == 2  # the last line may be cut too
    assert 5_000 < report.accepted < 20_000


def test_a_broken_parquet_file_is_one_dead_letter(tmp_path: Path, store: Store) -> None:
    (tmp_path / "f.parquet").write_bytes(b"PAR1" + bytes(range(256)) * 100 + b"PAR1")
    report = import_file(store, tmp_path / "f.parquet", MAPPING)
    assert (report.accepted, report.reasons) == (0, {"file.parquet": 1})
    assert store.dead_letter_counts() == {("hotline", "file.parquet"): 1}
