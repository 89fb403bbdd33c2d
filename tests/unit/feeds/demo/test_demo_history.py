"""Thirty days of history: enough, in rhythm, in place, repeatable."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from data.codec import check, payload_json
from data.records import EventPayload, Record
from feeds.demo.district import SEED, draw_district
from feeds.demo.history import DAYS, columns, history, window_start
from feeds.demo.script import MILESTONES, ZONE, find_id, plan_day
from feeds.demo.sources import SOURCES, heavy_rain
from feeds.demo.taxonomy import names
from geo.area_index import AreaIndex

NOW = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in the district


@pytest.fixture(scope="module")
def month() -> list[Record]:
    return list(history(SEED, window_start(NOW), NOW))


def event(record: Record) -> EventPayload:
    assert isinstance(record.payload, EventPayload)
    return record.payload


def test_thirty_days_bring_more_than_100_000_events(month: list[Record]) -> None:
    assert DAYS == 30
    assert len(month) >= 100_000
    assert all(window_start(NOW) < r.at <= NOW for r in month)
    assert len({r.source_id for r in month}) == len(month)


@pytest.mark.parametrize("now", [datetime(2026, m, 3, 20, tzinfo=UTC) for m in range(1, 13)])
def test_any_month_brings_more_than_100_000_events(now: datetime) -> None:
    low, high = window_start(now).timestamp(), now.timestamp()
    days = {(now - timedelta(days=d)).astimezone(ZONE).date() for d in range(DAYS + 1)}
    reported = np.concatenate([plan_day(SEED, day).at[:, 0] for day in days])
    assert ((reported > low) & (reported <= high)).sum() >= 100_000


def test_every_record_can_be_stored(month: list[Record]) -> None:
    for record in month[::37]:
        check(record)
        EventPayload.model_validate(event(record).model_dump())
        assert event(record).category in names()


def test_history_in_columns_is_the_same_history(month: list[Record]) -> None:
    days = list(columns(SEED, window_start(NOW), NOW))
    assert [payload_json(r.payload) for r in month] == [body for day in days for body in day.bodies() or ()]
    some = slice(50_000, 60_000)
    assert [r for day in days for r in day.records()][some] == month[some]


def test_every_feed_takes_part_and_only_its_own_classes_come(month: list[Record]) -> None:
    assert {r.source for r in month} == {s.id for s in SOURCES}
    assert all(event(r).category[:2] == "06" or event(r).category == "0304" for r in month if r.source == "120")
    assert len({event(r).category for r in month}) == 131


def test_nights_are_quieter_than_days_and_weekends_than_weekdays(month: list[Record]) -> None:
    hours = Counter(r.at.astimezone(ZONE).hour for r in month)
    assert sum(hours[h] for h in (1, 2, 3, 4)) < 0.3 * sum(hours[h] for h in (9, 10, 15, 16))
    traffic = Counter(r.at.astimezone(ZONE).hour for r in month if r.source == "122")
    assert traffic[8] > 1.3 * traffic[12]
    assert traffic[17] > 1.3 * traffic[14]
    days = Counter(r.at.astimezone(ZONE).date() for r in month if r.source == "hotline")
    full = [d for d in days if window_start(NOW).date() < d < NOW.date() and not heavy_rain(d.toordinal())]
    weekend = np.mean([days[d] for d in full if d.weekday() >= 5])
    assert weekend < 0.8 * np.mean([days[d] for d in full if d.weekday() < 5])


def test_a_rainy_day_brings_flooding(month: list[Record]) -> None:
    wet = Counter(r.at.astimezone(ZONE).date() for r in month if event(r).category == "1301")
    rainy = [d for d in wet if heavy_rain(d.toordinal())]
    assert rainy
    assert min(wet[d] for d in rainy) > 4 * np.median(list(wet.values()))


def test_lifecycles_are_in_order_and_a_few_hundred_are_open(month: list[Record]) -> None:
    for record in month[::11]:
        times = list(event(record).times.values())
        assert tuple(event(record).times) == MILESTONES[: len(times)]
        assert times == sorted(times)
        assert times[-1] <= NOW
        assert record.version == len(times) - 1
    open_now = [r for r in month if "closed" not in event(r).times]
    assert 350 < len(open_now) < 1000
    assert max(NOW - r.at for r in open_now) < timedelta(days=9)


def test_emergencies_are_reached_within_minutes(month: list[Record]) -> None:
    minutes = [
        (event(r).times["on_scene"] - event(r).times["received"]).total_seconds() / 60
        for r in month
        if r.source == "119" and "on_scene" in event(r).times
    ]
    assert 4 < float(np.median(minutes)) < 15


def test_events_lie_in_the_district_and_cluster_in_the_centres(month: list[Record]) -> None:
    region = draw_district().region
    index = AreaIndex(region.by_level["grid"])
    lon, lat = np.array([(r.lon, r.lat) for r in month[::5]]).T
    at = index.locate(lon, lat)
    assert (at >= 0).mean() > 0.998
    counts = np.bincount(at[at >= 0], minlength=930)
    assert counts.max() > 8 * np.median(counts)
    town = Counter(region.by_code[index.codes[i]].parent for i in at[at >= 0].tolist())
    assert sum(town[f"990101{p}000"] for p in ("001", "002", "003")) > 0.4 * len(at)


def test_titles_name_the_place_in_both_languages_and_no_person(month: list[Record]) -> None:
    for record in month[::101]:
        payload = event(record)
        assert payload.title
        assert payload.title_en.isascii()
        assert payload.address
        assert payload.contact is None


def test_the_same_seed_gives_the_same_history(month: list[Record]) -> None:
    plan_day.cache_clear()
    start = NOW - timedelta(days=2)
    again = list(history(SEED, start, NOW))
    assert again == [r for r in month if r.at > start]
    assert list(history(SEED + 1, NOW - timedelta(hours=6), NOW)) != list(history(SEED, NOW - timedelta(hours=6), NOW))


def test_history_taken_in_two_parts_speaks_of_the_same_matters() -> None:
    start, middle = NOW - timedelta(hours=9), NOW - timedelta(hours=4)
    whole = {r.source_id for r in history(SEED, start, NOW)}
    first = {r.source_id for r in history(SEED, start, middle)}
    second = {r.source_id for r in history(SEED, middle, NOW)}
    assert first | second == whole
    assert not first & second


def test_an_id_tells_its_day_and_feed() -> None:
    assert find_id("hotline-20260519-0007") == (datetime(2026, 5, 19, tzinfo=UTC).date(), "hotline")
    assert find_id("desk-1") is None
    assert find_id("T-20260519") is None
