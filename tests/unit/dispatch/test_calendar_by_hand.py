"""Deadlines worked out by hand from the notices; the arithmetic stands beside each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.calendar import NATURAL, Calendar, TimeKind, Window
from dispatch.spans import Span
from tests.unit.dispatch.calendar_cases import AFTERNOON, CN, MORNING, cn, local, working


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        # Monday 2024-03-04, an ordinary week: 3 h until 12:00, 4 h in the afternoon, 1 h on Tuesday morning = 8 h.
        ("2024-03-04 09:00", "1 day", "2024-03-05 09:00"),
        # 08:00-12:00 and 14:00-18:00 are 8 h: a day begun at eight is due at closing time, not the next morning.
        ("2024-03-04 08:00", "1 day", "2024-03-04 18:00"),
        # In the lunch gap the clock starts at 14:00: 2 h -> 16:00.
        ("2024-03-04 12:30", "2 h", "2024-03-04 16:00"),
        # At a window's end nothing has been lost yet: 2 h are 14:00-16:00.
        ("2024-03-04 12:00", "2 h", "2024-03-04 16:00"),
        # At a window's beginning: 2 h -> 10:00; 4 h fill the window -> 12:00; 4 h 1 s reach into the next.
        ("2024-03-04 08:00", "2 h", "2024-03-04 10:00"),
        ("2024-03-04 08:00", "4 h", "2024-03-04 12:00"),
        ("2024-03-04 08:00", "4 h 1 s", "2024-03-04 14:00:01"),
        # Friday 2024-03-08 17:30: 30 min until 18:00; the weekend; Monday 08:00 + 90 min = 09:30.
        ("2024-03-08 17:30", "2 h", "2024-03-11 09:30"),
        # Saturday: starts on Monday 08:00; 1 day fills Monday.
        ("2024-03-09 10:00", "1 day", "2024-03-11 18:00"),
        # Before opening and after closing.
        ("2024-03-04 06:00", "1 h", "2024-03-04 09:00"),
        ("2024-03-04 19:00", "1 h", "2024-03-05 09:00"),
        # Zero: now inside a window and at its end, else the next window's beginning.
        ("2024-03-04 09:13", "0 h", "2024-03-04 09:13"),
        ("2024-03-04 12:00", "0 h", "2024-03-04 12:00"),
        ("2024-03-04 12:01", "0 h", "2024-03-04 14:00"),
        ("2024-03-08 18:01", "0 h", "2024-03-11 08:00"),
        # The 1-2-3 rule from Monday 2024-03-04 10:00: 1, 2 and 3 days of 8 h -> the same time on the days after.
        ("2024-03-04 10:00", "2 days", "2024-03-06 10:00"),
        ("2024-03-04 10:00", "3 days", "2024-03-07 10:00"),
    ],
)
def test_in_an_ordinary_week(start: str, span: str, due: str) -> None:
    assert CN.add(cn(start), Span.parse(span)) == cn(due)
    assert CN.warnings(cn(start), cn(due)) == []


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        # 2024: Sunday 4 February is worked. Friday 2 Feb 16:00: 2 h; Saturday off; Sunday 08:00 + 6 h:
        # 4 h until 12:00, 2 h from 14:00 -> Sunday 16:00.
        ("2024-02-02 16:00", "1 day", "2024-02-04 16:00"),
        # Over Spring Festival 10-17 Feb 2024; Sunday 18 Feb is worked. Friday 9 Feb 17:00 (a working day): 1 h;
        # then Sunday 18 Feb 08:00 + 1 h = 09:00.
        ("2024-02-09 17:00", "2 h", "2024-02-18 09:00"),
        # Qingming 4-6 April 2024, Sunday 7 April worked: Wednesday 3 April 17:00 + 1 h, Sunday 08:00 + 7 h = 17:00.
        ("2024-04-03 17:00", "1 day", "2024-04-07 17:00"),
        # Labour Day 2024: 1-5 May off, Saturday 11 May worked. Friday 10 May 17:00: 1 h, Saturday 7 h -> 17:00.
        ("2024-05-10 17:00", "1 day", "2024-05-11 17:00"),
        # ... and Sunday 28 April worked: Saturday 27 April is off, so its clock starts on Sunday.
        ("2024-04-27 10:00", "1 h", "2024-04-28 09:00"),
        # Mid-Autumn 2024: Saturday 14 September worked, 15-17 off. Saturday 17:00 + 1 h, Wednesday 18 Sept 08:00 + 1 h.
        ("2024-09-14 17:00", "2 h", "2024-09-18 09:00"),
        # National Day 2024: 1-7 October off, Sunday 29 September and Saturday 12 October worked.
        # Monday 30 Sept 17:00: 1 h; Tuesday 8 October 08:00 + 7 h = 17:00.
        ("2024-09-30 17:00", "1 day", "2024-10-08 17:00"),
        # Friday 27 Sept 09:00 + 3 days = 24 h: Fri 7 h, Sun 29 Sept 8 h (15), Mon 30 8 h (23), Tue 8 Oct 1 h -> 09:00.
        ("2024-09-27 09:00", "3 days", "2024-10-08 09:00"),
        # Friday 11 October 12:00 + 2 days = 16 h: 4 h, Saturday 12 October 8 h (12), Monday 14 October 4 h -> 12:00.
        ("2024-10-11 12:00", "2 days", "2024-10-14 12:00"),
        # 2025: Sunday 26 January is worked, 28 January - 4 February off, Saturday 8 February worked.
        # Friday 24 Jan 17:00: 1 h; Sunday 26: 8 h (9); Monday 27: 7 h (16) -> 17:00.
        ("2025-01-24 17:00", "2 days", "2025-01-27 17:00"),
        # Monday 27 Jan 17:00 + 1 day: 1 h; Wednesday 5 Feb 7 h -> 17:00.
        ("2025-01-27 17:00", "1 day", "2025-02-05 17:00"),
        # Friday 7 Feb 14:00 + 2 days: 4 h; Saturday 8 Feb 8 h (12); Monday 10 Feb 4 h -> 12:00.
        ("2025-02-07 14:00", "2 days", "2025-02-10 12:00"),
        # National Day and Mid-Autumn 2025: 1-8 October; Sunday 28 September worked.
        # Tuesday 30 Sept 16:00 + 4 h: 2 h; Thursday 9 October 08:00 + 2 h = 10:00.
        ("2025-09-30 16:00", "4 h", "2025-10-09 10:00"),
        # 2026: New Year 1-3 January, Sunday 4 January worked. Wednesday 31 Dec 2025 17:00 + 2 h: 1 h; Sunday 09:00.
        ("2025-12-31 17:00", "2 h", "2026-01-04 09:00"),
        # Saturday 14 February 2026 is worked, 15-23 off. Friday 13 Feb 17:00 + 10 h: 1 h; Saturday 8 h (9);
        # Tuesday 24 Feb 1 h -> 09:00.
        ("2026-02-13 17:00", "10 h", "2026-02-24 09:00"),
        # Saturday 28 February 2026 is worked: Friday 27 Feb 18:00 + 1 day fills it.
        ("2026-02-27 18:00", "1 day", "2026-02-28 18:00"),
        # Labour Day 2026: 1-5 May, Saturday 9 May worked. Thursday 30 April 12:00 + 1 day: 4 h; Wednesday 6 May 12:00.
        ("2026-04-30 12:00", "1 day", "2026-05-06 12:00"),
        # National Day 2026: Sunday 20 September and Saturday 10 October worked, 1-7 October off, and
        # Mid-Autumn 25-27 September before. 7 days = 56 h from Thursday 24 Sept 14:00: 4 h; Mon 28 (12), Tue 29 (20),
        # Wed 30 (28), Thu 8 Oct (36), Fri 9 (44), Sat 10 (52), Mon 12 October 4 h -> 12:00.
        ("2026-09-24 14:00", "7 days", "2026-10-12 12:00"),
    ],
)
def test_over_holidays_and_make_up_days(start: str, span: str, due: str) -> None:
    assert CN.add(cn(start), Span.parse(span)) == cn(due)
    assert CN.between(cn(start), cn(due)) == Span.parse(span).length(CN.day)
    assert CN.warnings(cn(start), cn(due)) == []


def test_the_year_end_and_29_february() -> None:
    # Tuesday 31 December 2024 17:00 + 1 day: 1 h; 1 January 2025 is off; Thursday 2 January 7 h -> 17:00.
    assert CN.add(cn("2024-12-31 17:00"), Span.parse("1 day")) == cn("2025-01-02 17:00")
    # Wednesday 28 February 2024 18:00 + 1 day fills Thursday the 29th; 9 h reach Friday 1 March 09:00.
    assert CN.add(cn("2024-02-28 18:00"), Span.parse("1 day")) == cn("2024-02-29 18:00")
    assert CN.add(cn("2024-02-28 18:00"), Span.parse("9 h")) == cn("2024-03-01 09:00")
    # Natural: 28 February 2024 12:00 + 1 day is the 29th; 28 February 2025 + 1 day is 1 March.
    assert NATURAL.add(cn("2024-02-28 12:00"), Span.parse("1 day")) == cn("2024-02-29 12:00")
    assert NATURAL.add(cn("2025-02-28 12:00"), Span.parse("1 day")) == cn("2025-03-01 12:00")


def test_natural_time_is_absolute_whatever_the_day() -> None:
    # Over National Day and over a change of summer time alike: 24 h are 24 h.
    assert NATURAL.add(cn("2024-09-30 23:50"), Span.parse("24 h")) == cn("2024-10-01 23:50")
    before = local("2025-03-29 12:00", "Europe/Berlin")  # summer time begins at 02:00 on the 30th: 12:00 + 24 h = 13:00
    assert NATURAL.add(before, Span.parse("1 day")) == local("2025-03-30 13:00", "Europe/Berlin")
    assert NATURAL.add(before, Span.parse("45 s")) - before == timedelta(seconds=45)
    assert NATURAL.warnings(before, before + timedelta(days=3000)) == []


BERLIN, NEW_YORK = working("Europe/Berlin"), working("America/New_York")
BERLIN_NIGHT = working("Europe/Berlin", windows=(Window(0, 6 * 60),), weekend=frozenset())
NEW_YORK_NIGHT = working("America/New_York", windows=(Window(0, 6 * 60),), weekend=frozenset())


@pytest.mark.parametrize(
    ("calendar", "start", "span", "due"),
    [
        # Windows are wall time: Friday 28 March 2025 (CET) 17:00 + 2 h = Monday 31 March (CEST) 09:00.
        (BERLIN, "2025-03-28 17:00", "2 h", "2025-03-31 09:00"),
        (BERLIN, "2025-10-24 17:00", "2 h", "2025-10-27 09:00"),
        (NEW_YORK, "2025-03-07 17:00", "2 h", "2025-03-10 09:00"),
        (NEW_YORK, "2025-10-31 17:00", "2 h", "2025-11-03 09:00"),
        # A window 00:00-06:00 on the night of the change lasts 5 h in spring: 5 h fill it, 6 h need the next night.
        (BERLIN_NIGHT, "2025-03-30 00:00", "5 h", "2025-03-30 06:00"),
        (BERLIN_NIGHT, "2025-03-30 00:00", "6 h", "2025-03-31 01:00"),
        (NEW_YORK_NIGHT, "2025-03-09 00:00", "5 h", "2025-03-09 06:00"),
        # ... and 7 h in autumn: 6 h reach 05:00, 7 h its end.
        (BERLIN_NIGHT, "2025-10-26 00:00", "6 h", "2025-10-26 05:00"),
        (BERLIN_NIGHT, "2025-10-26 00:00", "7 h", "2025-10-26 06:00"),
        (NEW_YORK_NIGHT, "2025-11-02 00:00", "7 h", "2025-11-02 06:00"),
    ],
)
def test_when_the_clocks_change(calendar: Calendar, start: str, span: str, due: str) -> None:
    begin, end = local(start, calendar.zone), local(due, calendar.zone)
    assert calendar.add(begin, Span.parse(span)) == end
    assert calendar.between(begin, end) == Span.parse(span).length(calendar.day)


def test_a_window_that_ends_in_the_hour_that_is_missing_or_there_twice() -> None:
    calendar = working("Europe/Berlin", windows=(Window(60, 150),), weekend=frozenset())  # 01:00-02:30
    # 30 March 2025: 02:00 is followed by 03:00, so the window is 01:00-02:00, one hour; half an hour is left over.
    assert calendar.add(local("2025-03-30 01:00", "Europe/Berlin"), Span.parse("90 min")) == local(
        "2025-03-31 01:30", "Europe/Berlin"
    )
    # 26 October 2025: 02:00-02:30 comes twice. 01:00-02:30 CEST is 90 min, then closed, then 02:00-02:30 CET.
    start = local("2025-10-26 01:00", "Europe/Berlin")
    assert calendar.add(start, Span.parse("90 min")) == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert calendar.add(start, Span.parse("100 min")) == datetime(2025, 10, 26, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])
def test_zones_with_half_and_quarter_hours(zone: str) -> None:
    calendar = working(zone)
    # Friday 2025-06-06 17:30: 30 min; Monday 08:00 + 90 min.
    assert calendar.add(local("2025-06-06 17:30", zone), Span.parse("2 h")) == local("2025-06-09 09:30", zone)


def test_a_zone_that_skips_a_whole_day() -> None:
    # Samoa had no 30 December 2011 (Friday): Thursday 17:00 + 2 h; the next day is Saturday 31; Monday 2 January 09:00.
    calendar = working("Pacific/Apia", year=2011)
    assert calendar.add(local("2011-12-29 17:00", "Pacific/Apia"), Span.parse("2 h")) == local(
        "2012-01-02 09:00", "Pacific/Apia"
    )


def test_a_zone_whose_clocks_went_back_from_one_minute_past_midnight() -> None:
    # Newfoundland, Sunday 1 November 2009: 00:01 NDT was followed by 23:01 NST of Saturday. Sundays off, days of 24 h.
    zone = "America/St_Johns"
    calendar = working(zone, windows=(Window(0, 1440),), weekend=frozenset({6}), year=2009)
    start = local("2009-10-31 20:00", zone)
    # 4 h until midnight, one minute of Sunday, then Saturday again: 30 min from 23:01 NST (UTC-3:30) = 23:31.
    assert calendar.add(start, Span.parse("4 h")) == datetime(2009, 11, 1, 2, 30, tzinfo=UTC)
    assert calendar.add(start, Span.parse("4 h 30 min")) == datetime(2009, 11, 1, 3, 1, tzinfo=UTC)
    # The other 29 min of that Saturday until 24:00, then 2 min of Monday.
    assert calendar.add(start, Span.parse("5 h 1 min")) == local("2009-11-02 00:02", zone)
    # Round the clock, the minute of Sunday comes between two pieces of Saturday: 4 h and 30 s are 30 s past midnight.
    always = working(zone, windows=(Window(0, 1440),), weekend=frozenset(), year=2009)
    assert always.add(start, Span.parse("4 h 30 s")) == datetime(2009, 11, 1, 2, 30, 30, tzinfo=UTC)


def test_an_evening_window_meets_the_next_days_first_without_a_closing_time_between() -> None:
    calendar = working("Asia/Shanghai", windows=(Window(0, 1440),))
    # Monday 20:00 + 10 h of round-the-clock working days = Tuesday 06:00; Friday 20:00 + 10 h = Monday 06:00.
    assert calendar.add(cn("2025-06-02 20:00"), Span.parse("10 h")) == cn("2025-06-03 06:00")
    assert calendar.add(cn("2025-06-06 20:00"), Span.parse("10 h")) == cn("2025-06-09 06:00")


def test_a_window_over_the_turn_of_the_year_in_utc() -> None:
    # 31 December 2024, 15:00 in Los Angeles is 23:00 UTC: two hours on it is 2025 in UTC and still the old year there.
    calendar = working("America/Los_Angeles", windows=(Window(480, 1200),), year=2024)
    start = local("2024-12-31 15:00", "America/Los_Angeles")
    assert calendar.add(start, Span.parse("2 h")) == start + timedelta(hours=2)
    midnight = datetime(2025, 1, 1, tzinfo=UTC)
    assert calendar.add(midnight, Span.parse("0 h")) == midnight
    # Shanghai's windows that end at 08:00 on 1 January end with the UTC year: that end is no closed time.
    early = working("Asia/Shanghai", windows=(Window(0, 480),), weekend=frozenset())
    assert early.add(midnight, Span.parse("0 h")) == midnight
    assert early.add(midnight, Span.parse("1 h")) == cn("2025-01-02 01:00")


def test_one_day_is_as_many_working_hours_as_the_calendar_says() -> None:
    half = Calendar(
        "half",
        "半天",
        "Half days",
        TimeKind.WORKING,
        "Asia/Shanghai",
        (MORNING,),
        frozenset({5, 6}),
        timedelta(hours=4),
    )
    # Mornings only, 4 h a day: 2 days from Monday 08:00 are Tuesday 12:00.
    assert half.add(cn("2025-06-02 08:00"), Span.parse("2 days")) == cn("2025-06-03 12:00")
    # The rule of 8 h with the same windows needs four mornings.
    eight = working("Asia/Shanghai", windows=(MORNING,))
    assert eight.add(cn("2025-06-02 08:00"), Span.parse("2 days")) == cn("2025-06-05 12:00")


def test_the_days_of_the_shipped_years_are_those_of_the_notices() -> None:
    def days(*spans: str) -> set[date]:
        found: set[date] = set()
        for span in spans:
            first, _, last = span.partition("/")
            day, end = date.fromisoformat(first), date.fromisoformat(last or first)
            while day <= end:
                found.add(day)
                day += timedelta(days=1)
        return found

    notices = {
        2024: (
            days("2024-01-01", "2024-02-10/2024-02-17", "2024-04-04/2024-04-06", "2024-05-01/2024-05-05",
                 "2024-06-10", "2024-09-15/2024-09-17", "2024-10-01/2024-10-07"),
            days("2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29",
                 "2024-10-12"),
        ),
        2025: (
            days("2025-01-01", "2025-01-28/2025-02-04", "2025-04-04/2025-04-06", "2025-05-01/2025-05-05",
                 "2025-05-31/2025-06-02", "2025-10-01/2025-10-08"),
            days("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
        ),
        2026: (
            days("2026-01-01/2026-01-03", "2026-02-15/2026-02-23", "2026-04-04/2026-04-06", "2026-05-01/2026-05-05",
                 "2026-06-19/2026-06-21", "2026-09-25/2026-09-27", "2026-10-01/2026-10-07"),
            days("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
        ),
    }  # fmt: skip
    for year, (off, work) in notices.items():
        known = CN.years[year]
        assert (set(known.off), known.work, known.provisional) == (off, work, False)
        # A make-up day lies on a weekend, and no more days are given back than weekdays were taken.
        assert all(day.weekday() >= 5 for day in work)
        assert len(work) <= sum(day.weekday() < 5 for day in off)


@pytest.mark.parametrize(
    ("year", "days"),
    [
        # Weekdays of the year, less the holidays that fall on weekdays, plus the make-up days:
        # 2024 (366 days, begins on Monday): 262; 1 + 5 + 2 + 3 + 1 + 2 + 5 = 19 holidays on weekdays; 8 make-up days.
        (2024, 262 - 19 + 8),
        # 2025 (begins on Wednesday): 261; 1 + 6 + 1 + 3 + 1 + 6 = 18; 5.
        (2025, 261 - 18 + 5),
        # 2026 (begins on Thursday): 261; 2 + 6 + 1 + 3 + 1 + 1 + 5 = 19; 6.
        (2026, 261 - 19 + 6),
    ],
)
def test_the_working_days_of_a_year_add_up(year: int, days: int) -> None:
    worked = CN.between(cn(f"{year}-01-01"), cn(f"{year + 1}-01-01"))
    assert worked == days * timedelta(hours=8)


def test_a_year_that_is_not_announced_is_said_and_counted_by_weekends_only() -> None:
    # Wednesday 29 December 2027 + 5 days reaches 2028, which nobody announced.
    found = CN.deadline(cn("2027-12-29 08:00"), Span.parse("5 days"))
    # Wed 29, Thu 30, Fri 31 (24 h), Mon 3 and Tue 4 January 2028: weekends only, so closing time on the 4th.
    assert found.due == cn("2028-01-04 18:00")
    assert [text for text in found.warnings if "2028" in text and "weekends only" in text]
    assert [text for text in found.warnings if "2027" in text and "provisional" in text]


def test_a_provisional_year_is_said() -> None:
    found = CN.deadline(cn("2027-03-01 08:00"), Span.parse("1 day"))
    assert found.due == cn("2027-03-01 18:00")
    assert len(found.warnings) == 1
    assert "2027 are provisional, make-up working days were not announced" in found.warnings[0]
    # Statutory days all the same: Friday 5 February 2027 (eve) to Monday the 8th.
    assert CN.add(cn("2027-02-04 18:00"), Span.parse("1 h")) == cn("2027-02-09 09:00")


def test_a_years_last_days_wait_for_the_next_years_notice() -> None:
    assert CN.warnings(cn("2026-12-01 08:00"), cn("2026-12-25 18:00")) == []
    (said,) = CN.warnings(cn("2026-12-01 08:00"), cn("2026-12-28 18:00"))
    assert "notice for 2027" in said
    assert CN.warnings(cn("2024-12-01 08:00"), cn("2024-12-31 18:00")) == []  # that of 2025 is there


def test_the_year_asked_about_is_the_local_one() -> None:
    # 31 December 2027 17:00 UTC is 2028 in China.
    moment = datetime(2027, 12, 31, 17, tzinfo=UTC)
    assert any("2028" in text and "no holidays" in text for text in CN.warnings(moment, moment))


def test_naive_times_and_negative_spans_are_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        CN.add(datetime(2024, 3, 4, 9), Span.parse("1 h"))  # noqa: DTZ001
    with pytest.raises(Exception, match="negative"):
        CN.add(cn("2024-03-04 09:00"), timedelta(hours=-1))


def test_open_at_agrees_with_the_windows() -> None:
    open_, shut = ["08:00", "11:59:59", "14:00", "17:59"], ["07:59:59", "12:00", "13:59", "18:00", "23:00"]
    assert all(CN.open_at(cn(f"2024-02-04 {t}")) for t in open_)  # a Sunday that is worked
    assert not any(CN.open_at(cn(f"2024-02-04 {t}")) for t in shut)
    assert not any(CN.open_at(cn(f"2024-02-03 {t}")) for t in [*open_, *shut])
    assert NATURAL.open_at(cn("2024-02-03 03:00"))
    assert AFTERNOON.start == 14 * 60
