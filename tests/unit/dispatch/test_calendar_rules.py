"""Properties of the calendar, and its agreement with a walk over every minute that knows only the words of the rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.errors import BadInput
from dispatch.calendar import NATURAL, Calendar, Season, TimeKind, Window, YearDays
from dispatch.spans import Span
from tests.unit.dispatch.calendar_cases import (
    CN,
    add_by_walking,
    between_by_walking,
    open_by_rule,
    working,
)

ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # summer time is half an hour
    "America/Havana",  # clocks change at midnight
    "Asia/Beirut",  # in autumn midnight falls back into the day before
    "Africa/Casablanca",  # changes for Ramadan
    "Pacific/Chatham",
)
# Around changes of summer time, the turn of a year and a leap day; minutes, for the walk looks at minutes.
FIRST = datetime(2023, 12, 20, tzinfo=UTC)
moments = st.one_of(
    st.integers(0, 2 * 366 * 1440).map(lambda n: FIRST + timedelta(minutes=n)),
    *(
        st.integers(-3 * 1440, 3 * 1440).map(lambda n, at=at: at + timedelta(minutes=n))
        for at in (
            datetime(2024, 3, 31, 1, tzinfo=UTC),
            datetime(2024, 10, 27, 1, tzinfo=UTC),
            datetime(2024, 3, 10, 7, tzinfo=UTC),
            datetime(2024, 11, 3, 6, tzinfo=UTC),
            datetime(2025, 1, 1, tzinfo=UTC),
            datetime(2024, 2, 29, tzinfo=UTC),
        )
    ),
)
days = st.integers(0, 730).map(lambda n: date(2023, 12, 25) + timedelta(days=n))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, tuple[date, ...], tuple[date, ...]]:
    cuts = sorted(draw(st.sets(st.integers(0, 96).map(lambda n: n * 15), min_size=2, max_size=6)))
    windows = tuple(Window(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False))
    off = tuple(draw(st.sets(days, max_size=40)))
    work = tuple(draw(st.sets(days, max_size=20)))
    weekend = frozenset(draw(st.sets(st.integers(0, 6), max_size=6)))
    zone = draw(st.sampled_from(ZONES))
    return working(zone, windows, weekend, off, work), off, work


spans = st.integers(0, 40 * 60).map(lambda n: timedelta(minutes=n))


@settings(max_examples=150, deadline=None)
@given(calendars(), moments, st.integers(0, 1500))
def test_add_equals_a_walk_over_every_minute(
    world: tuple[Calendar, tuple[date, ...], tuple[date, ...]], start: datetime, minutes: int
) -> None:
    calendar, off, work = world
    is_open = open_by_rule(calendar, off, work)
    assert calendar.add(start, timedelta(minutes=minutes)) == add_by_walking(is_open, start, minutes)


@settings(max_examples=150, deadline=None)
@given(calendars(), moments, st.integers(0, 12 * 1440))
def test_between_equals_a_walk_over_every_minute(
    world: tuple[Calendar, tuple[date, ...], tuple[date, ...]], start: datetime, apart: int
) -> None:
    calendar, off, work = world
    end = start + timedelta(minutes=apart)
    walked = between_by_walking(open_by_rule(calendar, off, work), start, end)
    assert calendar.between(start, end) == timedelta(minutes=walked)
    assert calendar.between(end, start) == -timedelta(minutes=walked)


@settings(max_examples=120, deadline=None)
@given(calendars(), moments, spans, spans, st.integers(0, 999_999))
def test_adding_twice_is_adding_the_sum(
    world: tuple[Calendar, tuple[date, ...], tuple[date, ...]], start: datetime, a: timedelta, b: timedelta, us: int
) -> None:
    calendar = world[0]
    a += timedelta(microseconds=us)
    assert calendar.add(calendar.add(start, a), b) == calendar.add(start, a + b)


@settings(max_examples=120, deadline=None)
@given(calendars(), moments, spans, st.integers(0, 59_999_999))
def test_between_undoes_add_and_the_deadline_is_never_in_a_closed_time(
    world: tuple[Calendar, tuple[date, ...], tuple[date, ...]], start: datetime, span: timedelta, us: int
) -> None:
    calendar = world[0]
    span += timedelta(microseconds=us)
    due = calendar.add(start, span)
    assert due.tzinfo is UTC
    assert due >= start
    assert calendar.between(start, due) == span
    assert calendar.open_at(due) or calendar.open_at(due - timedelta(microseconds=1))


@settings(max_examples=120, deadline=None)
@given(calendars(), moments, moments, spans, spans)
def test_a_later_start_or_a_longer_span_is_never_due_earlier(
    world: tuple[Calendar, tuple[date, ...], tuple[date, ...]], a: datetime, b: datetime, x: timedelta, y: timedelta
) -> None:
    calendar = world[0]
    early, late, short, long = min(a, b), max(a, b), min(x, y), max(x, y)
    assert calendar.add(early, short) <= calendar.add(late, short)
    assert calendar.add(early, short) <= calendar.add(early, long)


@given(moments, st.integers(0, 10**12), st.integers(0, 10**12))
def test_natural_time_is_plain_addition(start: datetime, a: int, b: int) -> None:
    x, y = timedelta(microseconds=a), timedelta(microseconds=b)
    assert NATURAL.add(start, x) == start + x
    assert NATURAL.add(NATURAL.add(start, x), y) == NATURAL.add(start, x + y)
    assert NATURAL.between(start, start + x) == x
    assert NATURAL.between(start + x, start) == -x


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 3 * 365 * 1440), st.integers(0, 3000))
@example((date(2024, 2, 4) - date(2024, 1, 1)).days * 1440, 480)
def test_the_shipped_calendar_equals_a_walk(minute: int, minutes: int) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    off = tuple(day for year in CN.years.values() for day in year.off)
    work = tuple(day for year in CN.years.values() for day in year.work)
    assert CN.add(start, timedelta(minutes=minutes)) == add_by_walking(open_by_rule(CN, off, work), start, minutes)


def test_seasons_have_hours_of_their_own() -> None:
    summer = Season((5, 1), (9, 30), (Window(480, 720), Window(900, 1140)))
    winter = Season((11, 15), (2, 15), (Window(540, 720),))
    calendar = Calendar(
        "s", "季", "Seasons", TimeKind.WORKING, "Asia/Shanghai", (Window(480, 720), Window(840, 1080)),
        frozenset({5, 6}), timedelta(hours=8), (summer, winter), {2025: YearDays("test")},
    )  # fmt: skip
    assert calendar.windows_of(date(2025, 4, 30)) == calendar.windows
    assert calendar.windows_of(date(2025, 5, 1)) == summer.windows
    assert calendar.windows_of(date(2025, 9, 30)) == summer.windows
    assert calendar.windows_of(date(2025, 10, 1)) == calendar.windows
    assert [calendar.windows_of(d) for d in (date(2025, 12, 31), date(2026, 1, 1), date(2025, 11, 14))] == [
        winter.windows, winter.windows, calendar.windows,
    ]  # fmt: skip
    # Wednesday 30 April 2025 17:00 UTC+8 + 5 h: 1 h; Thursday 1 May 08:00-12:00 4 h -> 12:00; 1 h more is 16:00.
    start = datetime(2025, 4, 30, 9, tzinfo=UTC)
    assert calendar.add(start, timedelta(hours=5)) == datetime(2025, 5, 1, 4, tzinfo=UTC)
    assert calendar.add(start, timedelta(hours=6)) == datetime(2025, 5, 1, 8, tzinfo=UTC)


def test_a_working_calendar_without_any_working_time_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no working time"):
        working("Asia/Shanghai", windows=())
    with pytest.raises(ValueError, match="no working time"):
        working("Asia/Shanghai", weekend=frozenset(range(7)))


def test_the_ends_of_time_are_refused_in_one_line() -> None:
    for calendar in (NATURAL, CN):
        with pytest.raises(BadInput) as refused:
            calendar.add(datetime(9999, 12, 31, 23, tzinfo=UTC), Span.parse("3000 days"))
        assert "\n" not in str(refused.value)
    with pytest.raises(BadInput, match="100 years"):
        CN.add(datetime(2025, 1, 1, tzinfo=UTC), timedelta(hours=8 * 300 * 100))
    with pytest.raises(BadInput, match="100 years"):
        CN.between(datetime(1900, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))


def test_many_years_are_counted_without_keeping_them_all() -> None:
    calendar = working("Asia/Shanghai")
    for year in range(1900, 2100):
        calendar.add(datetime(year, 5, 5, tzinfo=UTC), timedelta(hours=1))
    assert len(calendar._worked) <= 64
