"""Mapping files: what is refused is named; what is taken becomes the right record."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data.errors import BadMapping, BadRecord
from data.records import EventPayload, Kind, UnitPosition
from feeds.mapping import Mapping
from feeds.rows import RowReader

ROOT = Path(__file__).resolve().parents[3]

GOOD: dict[str, Any] = {
    "source": "hotline",
    "attrs": ["street"],
    "columns": {
        "id": "no", "time": "when", "category": "type", "severity": "urgency", "status": "state",
        "lon": "x", "lat": "y", "incident": "case", "unit": "team", "title": "what",
    },
    "constants": {"address": "town hall"},
    "values": {"severity": {"hot": 1, "*": 4}, "status": {"办结": "closed"}},
    "time": {"zone": "Asia/Shanghai"},
    "times": {"closed": "done"},
}  # fmt: skip

ROW: dict[str, Any] = {
    "no": "7", "when": "2026-05-01T08:00:00", "type": "0203", "urgency": "hot", "state": "办结", "x": "117.5",
    "y": "35.5", "case": "C1", "team": "U1", "what": " 路灯不亮 ", "street": "人民路", "done": "2026-05-01T09:00:00",
}  # fmt: skip


def changed(**changes: Any) -> dict[str, Any]:
    raw = copy.deepcopy(GOOD)
    for key, value in changes.items():
        table, _, name = key.partition("__")
        if name:
            raw.setdefault(table, {})[name] = value
        else:
            raw[table] = value
    return raw


def read(row: dict[str, Any], **changes: Any) -> Any:
    return RowReader(Mapping.of(changed(**changes))).record({**ROW, **row})


def slug(row: dict[str, Any], **changes: Any) -> str:
    with pytest.raises(BadRecord) as refused:
        read(row, **changes)
    assert "\n" not in str(refused.value)
    return refused.value.reason


def test_a_row_becomes_a_record() -> None:
    record = read({})
    assert (record.kind, record.source, record.source_id, record.version) == (Kind.EVENT, "hotline", "7", 0)
    assert record.at == datetime(2026, 5, 1, tzinfo=UTC)
    assert (record.lon, record.lat) == (117.5, 35.5)
    assert record.payload == EventPayload(
        category="0203", incident="C1", severity=1, title="路灯不亮", address="town hall", status="closed", unit="U1",
        times={"closed": datetime(2026, 5, 1, 1, tzinfo=UTC)}, attrs={"street": "人民路"},
    )  # fmt: skip


def test_value_maps_have_a_default_and_pass_the_rest() -> None:
    assert read({"urgency": "whatever"}).payload.severity == 4
    assert read({"state": "在办"}).payload.status == "在办"


def test_nested_columns_are_named_with_dots() -> None:
    record = RowReader(Mapping.of(changed(columns__lon="geo.x", columns__lat="geo.y"))).record(
        {**ROW, "geo": {"x": 1, "y": 2}}
    )
    assert (record.lon, record.lat) == (1.0, 2.0)


def test_a_point_in_one_column_is_read_by_its_pattern() -> None:
    raw = changed(point={"column": "loc"})
    del raw["columns"]["lon"], raw["columns"]["lat"]
    reader = RowReader(Mapping.of(raw))
    record = reader.record({**ROW, "loc": "(37.73217458500619, -122.42779351441527)"})
    assert (record.lon, record.lat) == (-122.42779351441527, 37.73217458500619)
    assert reader.record({**ROW, "loc": ""}).lon is None
    with pytest.raises(BadRecord, match="does not match"):
        reader.record({**ROW, "loc": "corner of 5th"})


def test_a_row_without_coordinates_is_kept_without_a_place() -> None:
    record = read({"x": "", "y": ""})
    assert (record.lon, record.lat) == (None, None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"no": ""}, "id.empty"),
        ({"no": "x" * 201}, "source_id"),
        ({"no": "a\x00b"}, "source_id"),
        ({"what": "a\x00b"}, "payload.nul"),
        ({"when": ""}, "time.empty"),
        ({"when": "soon"}, "time.format"),
        ({"when": "9999-01-01T00:00:00"}, "time.range"),
        ({"type": ""}, "category.empty"),
        ({"type": "x" * 201}, "payload.category"),
        ({"street": "x" * 300_000}, "payload.size"),
        ({"type": ["a"]}, "value.type"),
        ({"x": "NaN"}, "point.nan"),
        ({"x": "inf"}, "point.nan"),
        ({"x": "east"}, "point.number"),
        ({"x": ""}, "point.half"),
        ({"x": "35.5", "y": "117.5"}, "point.range"),
        ({"x": "0", "y": "0"}, "point.null_island"),
        ({"done": "never"}, "time.format"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(row: dict[str, Any], reason: str) -> None:
    assert slug(row) == reason


def test_a_severity_that_is_not_one_to_four_is_refused() -> None:
    assert slug({"urgency": "5"}, values={}) == "severity.range"
    assert slug({"urgency": "hot"}, values={}) == "severity.number"
    assert read({"urgency": "2"}, values={}).payload.severity == 2
    assert read({"urgency": ""}, values={}).payload.severity == 3


def test_an_impossible_point_may_be_left_out_instead() -> None:
    assert read({"x": "0", "y": "0"}, point={"invalid": "omit"}).lon is None
    assert slug({"when": "soon"}, point={"invalid": "omit"}) == "time.format"


def test_swapped_coordinates_say_so() -> None:
    with pytest.raises(BadRecord, match="look swapped"):
        read({"x": "35.5", "y": "117.5"})


def test_versions_come_from_a_column() -> None:
    assert read({"rev": "3"}, columns__version="rev").version == 3
    assert slug({"rev": "3.5"}, columns__version="rev") == "version.range"
    assert slug({"rev": str(2**31)}, columns__version="rev") == "version.range"


def test_positions_of_units_are_a_kind_of_their_own() -> None:
    mapping = Mapping.of(
        {
            "source": "gps",
            "kind": "unit.position",
            "columns": {"id": "n", "time": "t", "unit": "cab", "lon": "x", "lat": "y", "speed_kmh": "v"},
        }
    )
    record = RowReader(mapping).record({"n": 1, "t": "2026-05-01T00:00:00Z", "cab": "c1", "x": 1, "y": 2, "v": "30.5"})
    assert record.kind is Kind.UNIT_POSITION
    assert record.payload == UnitPosition(unit="c1", speed_kmh=30.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": 1}, ["colour", "unknown key", "columns"]),
        ({"columns__colour": "c"}, ["columns.colour", "unknown field", "severity"]),
        ({"time__zones": "UTC"}, ["time.zones", "unknown key", "zone"]),
        ({"time": {"zone": "Mars/Olympus"}}, ["time.zone", "IANA"]),
        ({"time": {"format": "DD.MM.YYYY"}}, ["time.format", "epoch_ms", "%Y"]),
        ({"time": {"overlap": "both"}}, ["time.overlap", "earlier"]),
        ({"datum": "mars"}, ["datum", "gcj02"]),
        ({"encoding": "klingon"}, ["encoding", "gb18030"]),
        ({"encoding": "utf-16"}, ["encoding", "utf-8"]),
        ({"point": {"pattern": "("}}, ["point.pattern", "regular expression"]),
        ({"point": {"pattern": "(.*)"}}, ["point.pattern", "(?P<lat>"]),
        ({"point": {"column": "loc"}}, ["point", "keep one"]),
        ({"columns": {"time": "t", "category": "c"}}, ["[columns]", "'id'"]),
        ({"columns": {"id": "i", "category": "c"}}, ["[columns]", "'time'"]),
        ({"columns": {"id": "i", "time": "c"}}, ["[columns]", "'category'"]),
        ({"columns": {"id": "i", "time": "c", "category": "c", "lon": "x"}}, ["'lon'", "'lat'"]),
        ({"constants__category": "x"}, ["'category'", "keep one"]),
        ({"columns__bearing": "b"}, ["'bearing'", "kind 'event'"]),
        ({"kind": "weather"}, ["kind", "'event'"]),
        ({"source": ""}, ["source"]),
        ({"rhythm_s": 0}, ["rhythm_s"]),
    ],
)
def test_a_broken_mapping_is_refused_in_one_line_that_names_the_key(changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(BadMapping) as refused:
        Mapping.of(changed(**changes), "m.toml")
    line = str(refused.value)
    assert "\n" not in line
    for word in ["m.toml", *words]:
        assert word in line


def test_a_mapping_file_that_is_no_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="cannot be read"):
        Mapping.load(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"source = \xff\xfe")
    with pytest.raises(BadMapping, match="is not TOML"):
        Mapping.load(bad)
    bad.write_text("source =")
    with pytest.raises(BadMapping, match="is not TOML"):
        Mapping.load(bad)


@pytest.mark.parametrize("path", sorted((ROOT / "feeds" / "mappings").glob("*.toml")), ids=lambda p: p.name)
def test_every_mapping_that_ships_loads(path: Path) -> None:
    assert Mapping.load(path).source
