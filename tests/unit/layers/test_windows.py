"""Windows by the calendar against a clock that is read minute by minute, across changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from data.errors import BadView
from data.store import IncidentRow
from layers import panel
from layers.state import Extras, LiveState
from layers.view import View, parse_view
from layers.windows import BINS_S, MOST_BINS, TRAILING, WINDOWS, checked, window
from tests.unit.layers.small_world import dice_world, incident, region, snapshot

MINUTE = timedelta(minutes=1)
CHANGES = {
    "an hour is skipped at two": ("America/Los_Angeles", "2026-03-08"),
    "an hour comes twice": ("America/Los_Angeles", "2026-11-01"),
    "half an hour comes twice": ("Australia/Lord_Howe", "2026-04-05"),
    "midnight is skipped": ("America/Sao_Paulo", "2018-11-04"),
    "midnight comes twice": ("America/Havana", "2026-11-01"),
    "a day is skipped": ("Pacific/Apia", "2011-12-30"),
    "no change at all": ("Asia/Shanghai", "2026-03-08"),
}


class Clock:
    """A wall clock, read every minute for some days: all that the plain count knows of zones."""

    def __init__(self, zone: str, around: str) -> None:
        middle = datetime.fromisoformat(f"{around}T12:00+00:00")
        self.minutes = [middle + n * MINUTE for n in range(-4 * 1440, 3 * 1440)]
        self.shown = [t.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for t in self.minutes]

    def first(self, local: datetime) -> datetime:
        """The first minute at which it shows this time or a later one."""
        return next(t for t, shown in zip(self.minutes, self.shown, strict=True) if shown >= local)

    def at(self, t: datetime) -> datetime:
        return self.shown[self.minutes.index(t)]


def ms(t: datetime) -> float:
    return t.timestamp() * 1000


@pytest.mark.parametrize("change", CHANGES)
def test_today_and_chosen_windows_count_as_a_clock_on_the_wall_says(change: str) -> None:
    name, around = CHANGES[change]
    zone, clock = ZoneInfo(name), Clock(name, around)
    middle = datetime.fromisoformat(f"{around}T12:00+00:00")
    times = [middle + n * timedelta(minutes=10) for n in range(-3 * 144, 2 * 144)]
    times += [t + timedelta(microseconds=us) for t in times[::6] for us in (-1000, 1000)]
    rows = [incident(f"I{i}", opened) for i, opened in enumerate(times)]
    state = LiveState(region(), snapshot(incidents=rows), Extras(zone=zone))

    def counted(first: datetime, last: datetime, *, whole: bool) -> int:
        return sum(first <= t < last if whole else first <= t <= last for t in times)

    day = timedelta(days=1)
    for hours in range(-24, 37, 3):
        t = middle + timedelta(hours=hours, minutes=30)
        now = clock.at(t)
        midnight = now.replace(hour=0, minute=0)
        kpis = panel.build(state, View(window="today"), ms(t))["kpis"]
        earlier = min(clock.first(now - day), clock.first(midnight))
        assert kpis["reported"] == counted(clock.first(midnight), t, whole=False), (t, now)
        last = clock.first(midnight) if earlier == clock.first(midnight) else earlier
        before = counted(clock.first(midnight - day), last, whole=earlier == clock.first(midnight))
        assert kpis["reported_before"] == before, (t, now)

    # The local day of the change and the one before, whole and, seen from its middle, in part.
    start = datetime.fromisoformat(around)
    chosen = View(window=f"{start:%Y-%m-%dT%H:%M}/{start + day:%Y-%m-%dT%H:%M}")
    kpis = panel.build(state, chosen, ms(middle + 2 * day))["kpis"]
    assert kpis["reported"] == counted(clock.first(start), clock.first(start + day), whole=True)
    assert kpis["reported_before"] == counted(clock.first(start - day), clock.first(start), whole=True)
    inside = clock.first(start + day / 2)
    if inside < clock.first(start + day):
        kpis = panel.build(state, chosen, ms(inside))["kpis"]
        assert kpis["reported"] == counted(clock.first(start), inside, whole=False)
        earlier = clock.first(start - day / 2)
        assert kpis["reported_before"] == counted(clock.first(start - day), earlier, whole=False)
    kpis = panel.build(state, chosen, ms(clock.first(start) - MINUTE))["kpis"]
    assert kpis["reported"] == 0

    # The last seven days are those of the wall, and begin with what is known.
    now = middle + timedelta(hours=5)
    told = panel.build(state, View(days=True), ms(now))["days"]["days"]
    dates = [clock.at(now).date() - n * day for n in range(6, -1, -1)]
    assert [each["date"] for each in told] == [f"{date}" for date in dates]
    shown = [t.astimezone(zone).date() for t in times if t <= now]
    counts = [shown.count(date) or None for date in dates]
    assert [each["total"] or None for each in told] == counts
    assert sum(total or 0 for total in counts) == len(shown)


@pytest.mark.parametrize("view", [View(days=True), View(days=True, area="T1", measure="open", severity=2)])
def test_the_last_seven_days_are_counted_in_the_areas_that_are_shown(view: View) -> None:
    where, things = dice_world(3)
    state = LiveState(where, things)
    t = datetime(2026, 5, 1, 10, 15, tzinfo=UTC)
    told = panel.build(state, view, ms(t))["days"]
    assert told["codes"] == [area.code for area in where.by_level["grid" if view.area else "town"] if
                             not view.area or area.parent == view.area]  # fmt: skip

    def counted(row: IncidentRow, start: datetime, code: str) -> bool:
        if (view.severity and row.severity != view.severity) or not row.rows:
            return False
        inside = not code or (row.area is not None and code in [area.code for area in where.path(row.area)])
        end = min(t, start + timedelta(days=1) - timedelta(microseconds=1))
        if view.measure == "open":
            return inside and row.opened_at <= end and not (row.closed_at and row.closed_at <= end)
        return inside and start <= row.opened_at <= end

    for back, each in enumerate(reversed(told["days"])):
        start = t.replace(hour=0, minute=0) - timedelta(days=back)
        assert (each["from"], each["to"]) == (ms(start), ms(start + timedelta(days=1)))
        assert each["total"] == sum(counted(row, start, view.area) for row in things.incidents)
        assert each["counts"] == [sum(counted(row, start, code) for row in things.incidents) for code in told["codes"]]


def test_a_day_that_ended_before_anything_was_known_has_no_total() -> None:
    t = datetime(2026, 5, 1, 10, tzinfo=UTC)
    state = LiveState(region(), snapshot(incidents=[incident("I1", t - timedelta(days=2))]))
    told = panel.build(state, View(days=True), ms(t))["days"]["days"]
    assert [day["total"] for day in told] == [None, None, None, None, 1, 0, 0]
    assert [len(day["counts"]) for day in told] == [0, 0, 0, 0, 3, 3, 3]
    assert "days" not in panel.build(state, View(), ms(t))


def test_a_window_holds_its_first_moment_and_not_its_last() -> None:
    midnight = datetime(2026, 5, 1, tzinfo=UTC)
    edge = timedelta(microseconds=1)
    rows = [incident(f"I{i}", midnight + by) for i, by in enumerate((-edge, 0 * edge, edge))]
    state = LiveState(region(), snapshot(incidents=rows))

    def reported(name: str, t: datetime) -> list[int]:
        kpis = panel.build(state, View(window=name), ms(t))["trend"]
        return [sum(kpis["before"]), sum(kpis["reported"])]

    assert reported("today", midnight + timedelta(hours=1)) == [0, 2]
    assert reported("2026-05-01T00:00/2026-05-02T00:00", midnight + timedelta(days=3)) == [1, 2]
    assert reported("2026-04-30T00:00/2026-05-01T00:00", midnight + timedelta(days=3)) == [0, 1]
    assert reported("today", midnight) == [0, 1]


def test_the_trend_of_every_window_has_few_bins_of_a_length_that_people_count_in() -> None:
    t = ms(datetime(2026, 5, 1, 9, 30, tzinfo=UTC))
    assert {name: window(name, t, UTC).bin_s for name in TRAILING} == {
        "15m": 60, "1h": 300, "24h": 3600, "7d": 21_600, "30d": 86_400
    }  # fmt: skip
    today = window("today", t, UTC)
    assert (today.bin_s, today.bins) == (3600, 10)
    for days in (1, 3, 10, 100, 366):
        end = datetime(2026, 5, 1, tzinfo=UTC) - timedelta(days=400 - days)
        chosen = window(f"{end - timedelta(days=days):%Y-%m-%dT%H:%M}/{end:%Y-%m-%dT%H:%M}", t, UTC)
        assert chosen.bins == -(-days * 86_400 // chosen.bin_s) <= MOST_BINS
        assert chosen.bin_s in BINS_S


def test_a_window_is_named_or_refused_with_what_is_allowed() -> None:
    chosen = "2026-04-01T08:00/2026-04-02T08:00"
    assert [checked(name) for name in (*WINDOWS, chosen)] == [*WINDOWS, chosen]
    assert parse_view({"window": chosen}).query() == "window=2026-04-01T08%3A00%2F2026-04-02T08%3A00"
    for wrong, why in (
        ("", "not one of 15m, 1h, today"),
        ("2h", "such as 2026-04-01T08:00"),
        ("2026-04-01T08:00Z/2026-04-02T08:00Z", "not one of"),
        ("2026-02-30T08:00/2026-04-02T08:00", "not one of"),
        ("2026-04-02T08:00/2026-04-02T08:00", "must end after it begins"),
        ("2026-04-02T08:00/2026-04-01T08:00", "must end after it begins"),
        ("2024-04-02T08:00/2026-04-01T08:00", "within 366 days"),
        ("1900-04-02T08:00/1900-04-03T08:00", "1971 to 2199"),
        ("9999-12-31T08:00/9999-12-31T09:00", "1971 to 2199"),
    ):
        with pytest.raises(BadView, match=why):
            checked(wrong)
