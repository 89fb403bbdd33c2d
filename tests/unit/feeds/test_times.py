"""Times of sources: formats, zones, the two odd hours of a year, and nonsense."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadRecord
from feeds.times import TimeReader, parse_iso

SF_FORMAT = "%m/%d/%Y %I:%M:%S %p"
LA = "America/Los_Angeles"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def reason(reader: TimeReader, value: object) -> str:
    with pytest.raises(BadRecord) as refused:
        reader.read(value)
    assert "\n" not in str(refused.value)
    return refused.value.reason


@pytest.mark.parametrize(
    ("format", "zone", "text", "expected"),
    [
        (SF_FORMAT, LA, "04/07/2020 11:53:08 PM", utc(2020, 4, 8, 6, 53, 8)),
        (SF_FORMAT, LA, "04/08/2020 12:00:00 AM", utc(2020, 4, 8, 7)),
        (SF_FORMAT, LA, "04/08/2020 12:00:00 PM", utc(2020, 4, 8, 19)),
        ("%Y-%m-%d %H:%M", "Asia/Shanghai", "2026-05-01 08:00", utc(2026, 5, 1)),
        ("%d.%m.%Y", "Asia/Shanghai", "1.5.2026", utc(2026, 4, 30, 16)),
        ("%H:%M %Y-%m-%d", "UTC", "08:30 2026-05-01", utc(2026, 5, 1, 8, 30)),
        ("%S %Y-%m-%d", "UTC", "59 2026-05-01", utc(2026, 5, 1, 0, 0, 59)),
        ("%I%p %Y-%m-%d", "UTC", "8PM 2026-05-01", utc(2026, 5, 1, 20)),
        ("%d %B %Y", "UTC", "1 May 2026", utc(2026, 5, 1)),
        ("%Y-%m-%dT%H:%M:%S%z", None, "2026-05-01T08:00:00+0800", utc(2026, 5, 1)),
        ("iso", None, "2026-05-01T08:00:00+08:00", utc(2026, 5, 1)),
        ("iso", None, "2026-05-01T00:00:00Z", utc(2026, 5, 1)),
        ("iso", "Asia/Shanghai", "2026-05-01 08:00:00", utc(2026, 5, 1)),
        ("iso", "Asia/Shanghai", "2026-05-01T00:00:00Z", utc(2026, 5, 1)),
        ("epoch_s", None, "1777593600", utc(2026, 5, 1)),
        ("epoch_ms", None, 1777593600000, utc(2026, 5, 1)),
        ("iso", "Asia/Shanghai", datetime(2026, 5, 1, 8), utc(2026, 5, 1)),  # noqa: DTZ001 - what a Parquet file holds
    ],
)
def test_times_become_utc(format: str, zone: str | None, text: object, expected: datetime) -> None:
    found = TimeReader(format, zone).read(text)
    assert found == expected
    assert found is not None
    assert found.utcoffset() == expected.utcoffset()


def test_an_empty_time_is_none() -> None:
    reader = TimeReader(SF_FORMAT, LA)
    assert reader.read("") is None
    assert reader.read("  ") is None
    assert reader.read(None) is None


def test_an_hour_that_happens_twice_is_read_by_the_rule() -> None:
    twice = "11/01/2020 01:30:00 AM"  # clocks go back at 02:00
    assert TimeReader(SF_FORMAT, LA).read(twice) == utc(2020, 11, 1, 8, 30)
    assert TimeReader(SF_FORMAT, LA, overlap="later").read(twice) == utc(2020, 11, 1, 9, 30)
    assert reason(TimeReader(SF_FORMAT, LA, overlap="refuse"), twice) == "time.overlap"


def test_an_hour_that_never_happens_is_read_by_the_rule() -> None:
    never = "03/08/2020 02:30:00 AM"  # clocks go from 02:00 to 03:00
    assert TimeReader(SF_FORMAT, LA).read(never) == utc(2020, 3, 8, 10, 30)
    assert reason(TimeReader(SF_FORMAT, LA, gap="refuse"), never) == "time.gap"


def test_the_hours_around_a_change_are_exact() -> None:
    reader = TimeReader(SF_FORMAT, LA)
    assert reader.read("11/01/2020 12:59:59 AM") == utc(2020, 11, 1, 7, 59, 59)
    assert reader.read("11/01/2020 02:00:00 AM") == utc(2020, 11, 1, 10)
    assert reader.read("03/08/2020 01:59:59 AM") == utc(2020, 3, 8, 9, 59, 59)
    assert reader.read("03/08/2020 03:00:00 AM") == utc(2020, 3, 8, 10)


def test_a_change_of_half_an_hour_is_seen() -> None:
    reader = TimeReader("iso", "Australia/Lord_Howe")  # 2026-04-05 02:00 goes back to 01:30
    assert reader.read("2026-04-05 01:15:00") == utc(2026, 4, 4, 14, 15)
    assert reader.read("2026-04-05 01:45:00") == utc(2026, 4, 4, 14, 45)
    assert TimeReader("iso", "Australia/Lord_Howe", overlap="later").read("2026-04-05 01:45:00") == utc(
        2026, 4, 4, 15, 15
    )


@pytest.mark.parametrize(
    ("format", "zone", "value", "slug"),
    [
        ("iso", None, "2026-05-01T08:00:00", "time.zone"),
        ("iso", "Asia/Shanghai", "9999-12-31T23:59:59", "time.range"),
        ("iso", None, "9999-12-31T23:59:59-08:00", "time.range"),
        ("iso", None, "0001-01-01T00:00:00+08:00", "time.range"),
        ("iso", "Asia/Shanghai", "yesterday", "time.format"),
        ("iso", "Asia/Shanghai", ["2026"], "time.format"),
        (SF_FORMAT, LA, "13/45/2020 11:53:08 PM", "time.format"),
        (SF_FORMAT, LA, "04/07/2020 00:53:08 PM", "time.format"),
        (SF_FORMAT, LA, "04/07/9999 11:53:08 PM", "time.range"),
        (SF_FORMAT, LA, "٠٤/07/2020 11:53:08 PM", "time.format"),
        ("epoch_s", None, "1e300", "time.format"),
        ("epoch_s", None, "nan", "time.format"),
        ("epoch_ms", None, True, "time.format"),
    ],
)
def test_nonsense_is_refused_with_its_reason(format: str, zone: str | None, value: object, slug: str) -> None:
    assert reason(TimeReader(format, zone), value) == slug


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_bad_record(text: str) -> None:
    for reader in (TimeReader("iso", LA), TimeReader(SF_FORMAT, LA), TimeReader("epoch_s", None)):
        try:
            found = reader.read(text)
        except BadRecord:
            continue
        assert found is None or found.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2037, 12, 31)))  # noqa: DTZ001
def test_the_fast_way_agrees_with_strptime_and_the_zone_database(local: datetime) -> None:
    from zoneinfo import ZoneInfo

    local = local.replace(microsecond=0, fold=0)  # a text says no fold
    expected = local.replace(tzinfo=ZoneInfo(LA)).astimezone(UTC)
    assert TimeReader(SF_FORMAT, LA).read(local.strftime(SF_FORMAT)) == expected


def test_parse_iso_wants_an_offset() -> None:
    assert parse_iso("2026-05-01T08:00:00+08:00") == utc(2026, 5, 1)
    with pytest.raises(BadRecord, match="no zone"):
        parse_iso("2026-05-01T08:00:00")
