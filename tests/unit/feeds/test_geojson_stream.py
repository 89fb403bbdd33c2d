"""GeoJSON features that are larger than what is looked at at once."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import BadRecord
from feeds.geojson_rows import LAT, LON, read_geojson


def feature(**properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": None}


def polygon(corners: int) -> dict[str, Any]:
    ring = [[117.0 + i / 1e6, 35.0 - i / 1e6] for i in range(corners)]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {"id": "p"}}


def read(body: bytes) -> list[Any]:
    return [item if isinstance(item, BadRecord) else dict(item) for item, _ in read_geojson(io.BytesIO(body))]


def collection(*features: dict[str, Any], indent: int | None = None) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=indent).encode()


@pytest.mark.parametrize("indent", [None, 2])
def test_long_texts_and_long_geometries_are_whole(indent: int | None) -> None:
    text = 'x"\\' * 100_000  # 300,000 characters, escaped twice as long
    found = read(
        collection(
            feature(id="a", what=text), polygon(12_000 if indent is None else 4_000), feature(id="b"), indent=indent
        )
    )
    assert [row["id"] for row in found] == ["a", "p", "b"]
    assert found[0]["what"] == text


def test_a_run_of_blanks_longer_than_the_window_is_passed_over() -> None:
    body = collection(feature(id="a"), feature(id="b")).replace(b"}, {", b"}," + b" " * 700_000 + b"{")
    assert [row["id"] for row in read(body)] == ["a", "b"]
    inner = json.dumps(feature(id="a")).encode().replace(b'"properties":', b'"properties":' + b"\n" * 3_000)
    assert [row["id"] for row in read(inner)] == ["a"]


def test_a_feature_over_the_limit_is_refused_and_the_next_is_taken() -> None:
    found = read(collection(feature(id="a", what="x" * 1_500_000), feature(id="b"), polygon(80_000), feature(id="c")))
    assert [f["id"] for f in found if isinstance(f, dict)] == ["b", "c"]
    reasons = {f.reason for f in found if isinstance(f, BadRecord)}
    assert "geojson.syntax" in reasons
    assert reasons <= {"geojson.syntax", "geojson.feature"}  # the end of what was too long is an object too


def test_a_megabyte_without_any_brace_is_one_refusal() -> None:
    body = b"no json " * 200_000 + json.dumps(feature(id="a")).encode()
    first, second = read(body)
    assert isinstance(first, BadRecord)
    assert second["id"] == "a"


def test_keys_in_any_order_and_points_with_height() -> None:
    body = b'{"geometry":{"coordinates":[1,2,3],"type":"Point"},"id":7,"properties":{"a":"}{"},"type":"Feature"}'
    assert read(body) == [{"a": "}{", "id": 7, LON: 1, LAT: 2}]


def test_a_broken_feature_of_any_key_order_takes_no_other_with_it() -> None:
    good = [b'{"properties":{"id":"%d"},"geometry":null,"type":"Feature"}' % i for i in range(4)]
    body = b'{"type":"FeatureCollection","features":[' + good[0] + b',{"properties":{"id":,' + good[1] + b"," + good[2]
    body += b',{"properties":{"a":{"b":{"c":\n' + good[3] + b"]}"
    found = read(body)
    assert [f["id"] for f in found if isinstance(f, dict)] == ["0", "1", "2", "3"]
    assert sum(isinstance(f, BadRecord) for f in found) == 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=8), st.text(max_size=40) | st.integers(0, 9) | st.none(), max_size=4),
        max_size=8,
    ),
    st.sampled_from([None, 1]),
)
def test_any_properties_come_through(rows: list[dict[str, Any]], indent: int | None) -> None:
    assert read(collection(*(feature(id="x") | {"properties": row} for row in rows), indent=indent)) == rows
