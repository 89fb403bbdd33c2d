"""Suggestions and repeats: what counts as alike, and that the fast way says what the slow way says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.casework import Case
from data.records import LIVE, IncidentState
from data.store import IncidentRow
from dispatch.duplicates import LIKENESS, Duplicate, Likeness, Matters, ordinal, repeats, suggestions
from dispatch.routing import why_in
from geo.distance import haversine_m

T0 = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
LON, LAT = 116.8, 35.5
METRE = 1 / 111_194.93  # degrees of latitude


def row(id: str, *, category: str = "0203", north_m: float = 0, minutes: float = 0, **more: object) -> IncidentRow:
    base = IncidentRow(
        id=id, timeline=LIVE, state=IncidentState.OPEN, opened_at=T0 + timedelta(minutes=minutes), dispatched_at=None,
        arrived_at=None, closed_at=None, category=category, severity=4, title="", title_en="", address="",
        source="hotline", lon=LON, lat=LAT + north_m * METRE, cell=None, area=None, units=(), rows=1, last_actor="",
        seq=1,
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


def alike(one: IncidentRow, *others: IncidentRow, now: datetime = T0 + timedelta(days=9)) -> list[Duplicate]:
    return suggestions(one, Matters.of([one, *others]), now)


def test_the_same_class_near_by_at_the_same_time_is_likeliest() -> None:
    found = alike(
        row("a"),
        row("far", north_m=150),
        row("near", north_m=20, minutes=5),
        row("late", north_m=20, minutes=60 * 40),
        row("group", category="0205", north_m=1),
    )
    assert [d.incident for d in found] == ["near", "late", "far", "group"]
    assert found[0].score == pytest.approx(0.5 + 0.3 * (1 - 20 / 200) + 0.2 * (1 - 5 / 60 / 72), abs=1e-3)
    assert (found[0].same_class, found[-1].same_class) == (True, False)


def test_a_suggestion_says_why_in_both_languages() -> None:
    (one,) = alike(row("a"), row("b", north_m=20, minutes=-12))
    assert why_in(one.why, "zh") == "同类 0203，相距 20 米，早 12 分钟"
    assert why_in(one.why, "en") == "same class 0203, 20 m away, 12 min earlier"
    (other,) = alike(row("a"), row("b", category="0201", minutes=180))
    assert why_in(other.why, "en") == "same group 0201, 0 m away, 3 h later"


def test_the_one_that_was_there_first_is_the_parent() -> None:
    earlier, later = row("z"), row("a", minutes=3)
    assert alike(earlier, later)[0].parent == alike(later, earlier)[0].parent == "z"
    assert alike(row("b"), row("a"))[0].parent == "a"


@pytest.mark.parametrize(
    "other",
    [
        row("o", category="0103"),
        row("o", category="Lamp"),
        row("o", north_m=201),
        row("o", minutes=72 * 60 + 1),
        row("o", minutes=-90, closed_at=T0 - timedelta(minutes=1)),
        row("o", lon=None, lat=None),
        row("o", case=Case(parent="elsewhere")),
        row("o", rows=0),
    ],
)
def test_what_is_not_the_same_matter(other: IncidentRow) -> None:
    assert alike(row("a"), other) == []


def test_what_is_closed_later_than_this_was_opened_may_be_the_same() -> None:
    assert len(alike(row("a"), row("o", minutes=-90, closed_at=T0 + timedelta(minutes=1)))) == 1


def test_what_is_opened_after_the_screens_clock_is_not_known_yet() -> None:
    assert alike(row("a"), row("o", minutes=5), now=T0 + timedelta(minutes=4)) == []
    assert len(alike(row("a"), row("o", minutes=5), now=T0 + timedelta(minutes=5))) == 1


def test_an_incident_without_a_place_or_that_is_merged_is_like_none() -> None:
    assert alike(row("a", lon=None, lat=None), row("b")) == []
    assert alike(row("a", case=Case(parent="b")), row("b")) == []
    assert suggestions(row("a"), Matters.of([]), T0) == []


def test_words_have_no_group() -> None:
    assert alike(row("a", category="Outside Fire"), row("b", category="Outlet")) == []
    assert len(alike(row("a", category="Outside Fire"), row("b", category="Outside Fire"))) == 1


def test_the_third_time_at_a_place_is_flagged() -> None:
    rows = [row(f"i{n}", minutes=-n * 60 * 24 * 5, north_m=n * 10) for n in range(4)]
    found = repeats(rows[0], Matters.of(rows), days=30, metres=50)
    assert (found.n, found.ids, found.flagged) == (4, ("i3", "i2", "i1", "i0"), True)
    assert repeats(rows[2], Matters.of(rows), days=30, metres=50).ids == ("i3", "i2")
    assert not repeats(rows[2], Matters.of(rows)).flagged
    assert repeats(rows[1], Matters.of(rows)).flagged
    assert repeats(rows[0], Matters.of(rows), days=15, metres=50).n == 3, "15 days ago is no longer inside"
    assert repeats(rows[0], Matters.of(rows), days=30, metres=15).n == 2


def test_a_repeat_in_words() -> None:
    found = repeats(row("c"), Matters.of([row("a", minutes=-9), row("b", minutes=-5), row("c")]))
    assert why_in(found.why, "zh") == "30 天内此处同类事项第 3 次（50 米内）"
    assert why_in(found.why, "en") == "third time at this place in 30 days (same class within 50 m)"
    assert [ordinal(n) for n in (6, 11, 12, 13, 21, 22, 23, 111)] == [
        "6th", "11th", "12th", "13th", "21st", "22nd", "23rd", "111th",
    ]  # fmt: skip


def test_merged_reports_other_classes_and_later_ones_are_no_repeats() -> None:
    others = [
        row("merged", minutes=-5, case=Case(parent="x")),
        row("class", minutes=-5, category="0201"),
        row("later", minutes=5),
        row("nowhere", minutes=-5, lon=None, lat=None),
    ]
    assert repeats(row("a"), Matters.of([*others, row("a")])).n == 1
    assert repeats(row("a", lon=None, lat=None), Matters.of(others)).n == 1
    assert repeats(row("a", category="9999"), Matters.of(others)).n == 1


def slow_suggestions(
    one: IncidentRow, rows: list[IncidentRow], now: datetime, like: Likeness
) -> list[tuple[str, float]]:
    """The obvious way: each pair by itself."""
    if one.lon is None or one.lat is None or (one.case and one.case.parent):
        return []
    found = []
    for other in rows:
        if other.id == one.id or other.lon is None or other.lat is None or not other.rows:
            continue
        if other.case is not None and other.case.parent is not None:
            continue
        if other.closed_at is not None and other.closed_at <= one.opened_at:
            continue
        same = other.category == one.category
        group = one.category[:2].isdigit() and len(one.category) > 2 and other.category[:2] == one.category[:2]
        group = group and len(other.category) > 2
        metres = float(haversine_m(one.lon, one.lat, other.lon, other.lat))
        hours = abs((other.opened_at - one.opened_at) / timedelta(hours=1))
        if not (same or group) or metres > like.metres or hours > like.hours or other.opened_at > now:
            continue
        score = 0.5 * (1 if same else 0.5) + 0.3 * (1 - metres / like.metres) + 0.2 * (1 - hours / like.hours)
        if round(score, 3) >= like.least:
            found.append((other.id, round(score, 3)))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[: like.k]


ROWS = st.lists(
    st.builds(
        lambda category, north, east, minutes, closed, parent, placed: row(
            "",
            category=category,
            minutes=minutes,
            lon=LON + east * METRE if placed else None,
            lat=LAT + north * METRE if placed else None,
            closed_at=None if closed is None else T0 + timedelta(minutes=minutes + closed),
            case=Case(parent="p") if parent else None,
        ),
        st.sampled_from(["0201", "0203", "0101", "02", "Fire", "Fixture"]),
        st.integers(-260, 260),
        st.integers(-260, 260),
        st.integers(-5000, 5000),
        st.none() | st.integers(1, 4000),
        st.booleans(),
        st.integers(0, 9).map(bool),
    ),
    min_size=1,
    max_size=25,
)


@settings(deadline=None)
@given(ROWS, st.integers(-5000, 5000))
def test_the_columns_say_what_each_pair_says(rows: list[IncidentRow], now_minutes: int) -> None:
    rows = [replace(one, id=f"i{n}") for n, one in enumerate(rows)]
    matters = Matters.of(rows)
    now = T0 + timedelta(minutes=now_minutes)
    for one in rows:
        fast = [(d.incident, d.score) for d in suggestions(one, matters, now)]
        assert fast == slow_suggestions(one, rows, now, LIKENESS)


@settings(deadline=None)
@given(ROWS)
def test_repeats_are_those_that_counting_by_hand_finds(rows: list[IncidentRow]) -> None:
    rows = [replace(one, id=f"i{n}") for n, one in enumerate(rows)]
    matters = Matters.of(rows)
    for one in rows:
        expected = [one.id]
        if one.lon is not None:
            earlier = [
                other
                for other in rows
                if other.id != one.id
                and other.lon is not None
                and other.category == one.category
                and not (other.case and other.case.parent)
                and (other.opened_at, other.id) < (one.opened_at, one.id)
                and other.opened_at > one.opened_at - timedelta(days=2)
                and haversine_m(one.lon, one.lat, other.lon, other.lat) <= 120
            ]
            expected = [other.id for other in sorted(earlier, key=lambda r: (r.opened_at, r.id))] + expected
        assert list(repeats(one, matters, days=2, metres=120).ids) == expected
