"""Warnings and missed deadlines as time passes: each said once, and the same again in a replay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from data.casework import Case, CaseClock, ClockState, moved
from data.records import ClockChange, ClockOp, IncidentMoved, IncidentState, Kind, Record
from dispatch.clocks import extended, paused, resumed, started, stopped
from dispatch.spans import Span
from dispatch.timers import Timer, TimerKind, warnings, warnings_of
from tests.unit.dispatch.calendar_cases import CN, cn
from tests.unit.dispatch.test_clocks import Limit

START = datetime(2026, 5, 1, tzinfo=UTC)
LONG = 240  # minutes that the generated moves and moments lie in


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def record(when: datetime, incident: str, *changes: ClockChange) -> Record:
    move = IncidentMoved(
        incident=incident, move="m", workflow="w", step="s", phase=IncidentState.OPEN, actor="a", clocks=changes
    )
    return Record(Kind.INCIDENT_MOVED, "desk", f"{incident}-{when}", when, move)


def cases_of(records: list[Record], until: datetime) -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for each in records:
        move = each.payload
        assert isinstance(move, IncidentMoved)
        if each.at <= until:
            cases[move.incident] = moved(cases.get(move.incident), each.at, move)
    return cases


def test_a_case_warns_at_its_fractions_and_is_overdue_at_its_deadline() -> None:
    # Friday 2024-03-08 09:00 + 2 days: 50 % Monday 09:00, 80 % Monday 15:48, due Tuesday 09:00 (test_clocks.py).
    begin = cn("2024-03-08 09:00")
    cases = cases_of([record(begin, "I", started(Limit(), begin, CN))], begin)
    half, most, due = cn("2024-03-11 09:00"), cn("2024-03-11 15:48"), cn("2024-03-12 09:00")
    assert warnings(cases, begin, cn("2024-03-13 09:00")) == [
        Timer(half, "I", "handle", TimerKind.WARNING),
        Timer(most, "I", "handle", TimerKind.WARNING),
        Timer(due, "I", "handle", TimerKind.OVERDUE),
    ]
    assert warnings(cases, half, most) == [Timer(most, "I", "handle", TimerKind.WARNING)]
    assert warnings(cases, most, due) == []  # exactly on time is on time
    assert [t.kind for t in warnings(cases, due, due + timedelta(microseconds=1))] == [TimerKind.OVERDUE]


def test_a_clock_that_stands_still_says_nothing_and_goes_on_when_resumed() -> None:
    begin, hold, again = cn("2024-03-08 09:00"), cn("2024-03-11 10:00"), cn("2024-03-18 10:00")
    log = [record(begin, "I", started(Limit(), begin, CN))]
    log.append(record(hold, "I", paused(cases_of(log, hold)["I"].clocks[0], hold)))
    log.append(record(again, "I", resumed(cases_of(log, again)["I"].clocks[0], again, CN)))
    # Before the pause the first warning; the second was 3.8 h away at the pause (2 h, then 14:00 + 1.8 h):
    # Monday the 18th likewise at 15:48, and the deadline a week later too.
    assert [(t.at, t.kind) for t in warnings_of(log, begin, cn("2024-04-01 09:00"))] == [
        (cn("2024-03-11 09:00"), TimerKind.WARNING),
        (cn("2024-03-18 15:48"), TimerKind.WARNING),
        (cn("2024-03-19 09:00"), TimerKind.OVERDUE),
    ]
    # Asked in between, before the resumption was known, nothing is said of the time after it.
    assert warnings_of(log[:2], cn("2024-03-11 09:00"), cn("2024-03-18 09:59")) == []


def test_what_was_said_before_an_extension_is_said_again_in_a_replay() -> None:
    begin, late = cn("2024-03-04 08:00"), cn("2024-03-06 09:00")
    log = [record(begin, "I", started(Limit(warn=()), begin, CN))]  # due Tuesday 18:00
    log.append(record(late, "I", extended(cases_of(log, late)["I"].clocks[0], Span.parse("2 days"), CN)))
    end = cn("2024-03-20 08:00")
    assert [t.at for t in warnings_of(log, begin, end)] == [cn("2024-03-05 18:00"), cn("2024-03-07 18:00")]
    # The case as it stands knows its last deadline only.
    assert [t.at for t in warnings(cases_of(log, end), begin, end)] == [cn("2024-03-07 18:00")]


def test_a_clock_stopped_at_its_deadline_was_met_and_is_not_overdue() -> None:
    begin, due = cn("2024-03-04 08:00"), cn("2024-03-05 18:00")
    log = [record(begin, "I", started(Limit(), begin, CN))]
    log.append(record(due, "I", stopped(cases_of(log, due)["I"].clocks[0], due)))
    assert [t.kind for t in warnings_of(log, begin, cn("2024-04-01 08:00"))] == [TimerKind.WARNING] * 2


def test_what_happens_at_the_very_moment_comes_before_the_timer() -> None:
    begin, half, due = cn("2024-03-08 09:00"), cn("2024-03-11 09:00"), cn("2024-03-12 09:00")
    end = cn("2024-04-01 08:00")
    log = [record(begin, "I", started(Limit(warn=(0.5,)), begin, CN))]
    clock = cases_of(log, begin)["I"].clocks[0]
    assert [t.at for t in warnings(cases_of(log, end), begin, end)] == [half, due]
    for change in (paused(clock, half), stopped(clock, half)):
        assert warnings(cases_of([*log, record(half, "I", change)], end), begin, end) == []
    for change in (paused(clock, due), stopped(clock, due)):
        assert [t.at for t in warnings(cases_of([*log, record(due, "I", change)], end), begin, end)] == [half]


minutes = st.integers(0, LONG)


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Moves of three incidents with two clocks each, in order; deadlines and warnings anywhere."""
    changes = st.builds(
        lambda clock, op, due, warn: ClockChange(
            clock=clock, op=op, due=at(due), warn=tuple(sorted(at(min(w, due)) for w in warn))
        ),
        st.sampled_from(["a", "b"]),
        st.sampled_from(list(ClockOp)),
        minutes,
        st.sets(minutes, max_size=3),
    )
    times = sorted(draw(st.lists(minutes, max_size=14)))
    return [record(at(t), draw(st.sampled_from(["1", "2", "3"])), *draw(st.lists(changes, max_size=2))) for t in times]


def by_watching(log: list[Record], after: int, until: int) -> list[Timer]:
    """The slow way: look at every clock's state a second before, at and after every minute of (after, until]."""
    said, second = [], timedelta(seconds=1)

    def level(clock: CaseClock, t: datetime) -> int:
        return sum(w <= t for w in clock.warn) if clock.state(t) in (ClockState.RUNNING, ClockState.WARNING) else 0

    for minute in range(after, until + 1):
        t = at(minute)
        for id, case in cases_of(log, t).items():
            for clock in case.clocks:
                here = clock.state(t)
                more = here is ClockState.WARNING and level(clock, t) > level(clock, t - second)
                if minute > after and more and t < clock.due:
                    said.append(Timer(t, id, clock.id, TimerKind.WARNING))
                late = here is not ClockState.OVERDUE and clock.state(t + second) is ClockState.OVERDUE
                if minute < until and late:
                    said.append(Timer(t, id, clock.id, TimerKind.OVERDUE))
    return sorted(said)


@settings(max_examples=150, deadline=None)
@given(logs(), minutes, minutes)
def test_they_are_what_somebody_sees_who_watches_every_state(log: list[Record], a: int, b: int) -> None:
    after, until = min(a, b), max(a, b)
    assert warnings_of(log, at(after), at(until)) == by_watching(log, after, until)


@settings(max_examples=200, deadline=None)
@given(logs(), st.lists(minutes, min_size=2, max_size=8))
def test_any_cut_of_a_period_says_the_same_timers_once_each(log: list[Record], cuts: list[int]) -> None:
    cuts = sorted(cuts)
    whole = warnings_of(log, at(cuts[0]), at(cuts[-1]))
    pieces = [t for a, b in pairwise(cuts) for t in warnings_of(log, at(a), at(b))]
    assert len(set(pieces)) == len(pieces)
    assert sorted(pieces) == whole
    # ... and likewise of cases that nobody moves.
    cases = cases_of(log, at(LONG))
    pieces = [t for a, b in pairwise(cuts) for t in warnings(cases, at(a), at(b))]
    assert len(set(pieces)) == len(pieces)
    assert sorted(pieces) == warnings(cases, at(cuts[0]), at(cuts[-1]))


@settings(max_examples=100, deadline=None)
@given(logs(), minutes)
def test_from_the_last_move_on_the_log_and_the_cases_say_the_same(log: list[Record], until: int) -> None:
    last = max((each.at for each in log), default=START)
    assert warnings_of(log, last, at(LONG + until)) == warnings(cases_of(log, last), last, at(LONG + until))
