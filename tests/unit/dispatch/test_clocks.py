"""SLA clocks through their life: the change of each move, folded as the log folds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.casework import Case, CaseClock, ClockState, moved
from data.errors import BadInput, Refused
from data.records import ClockChange, ClockOp, IncidentMoved, IncidentState
from dispatch.calendar import NATURAL, Calendar
from dispatch.clocks import (
    extended,
    is_urgent,
    paused,
    remaining,
    resumed,
    started,
    stopped,
    warn_moments,
)
from dispatch.spans import Span
from tests.unit.dispatch.calendar_cases import CN, cn


@dataclass(frozen=True)
class Limit:
    """A workflow's limit, as far as a clock sees it."""

    clock: str = "handle"
    zh: str = "处置时限"
    en: str = "Handling"
    amount: float = 2
    unit: str = "days"
    warn: tuple[float, ...] = (0.5, 0.8)


def folded(*changes: tuple[datetime, ClockChange]) -> CaseClock:
    """The clock that the log's fold makes of these changes."""
    case: Case | None = None
    for at, change in changes:
        move = IncidentMoved(
            incident="I", move="m", workflow="w", step="s", phase=IncidentState.OPEN, actor="a", clocks=(change,)
        )
        case = moved(case, at, move)
    assert case is not None
    return case.clocks[0]


def test_a_clock_starts_with_its_deadline_and_warnings_in_working_time() -> None:
    # Friday 2024-03-08 09:00 + 16 h: Friday 7 h, Monday 8 h (15), Tuesday 09:00.
    # Half of it, 8 h: Friday 7 h, Monday 09:00. 80 %, 12.8 h: Friday 7 h, Monday 4 h (11) + 1.8 h from 14:00 = 15:48.
    at = cn("2024-03-08 09:00")
    change = started(Limit(), at, CN)
    assert change.op is ClockOp.START
    assert (change.clock, change.limit, change.calendar) == ("handle", "2 days working", "cn-working")
    assert change.due == cn("2024-03-12 09:00")
    assert change.warn == (cn("2024-03-11 09:00"), cn("2024-03-11 15:48"))

    clock = folded((at, change))
    assert clock.state(cn("2024-03-11 08:59")) is ClockState.RUNNING
    assert clock.state(cn("2024-03-11 09:00")) is ClockState.WARNING
    assert clock.state(cn("2024-03-12 09:00")) is ClockState.WARNING  # exactly on time is on time
    assert clock.state(cn("2024-03-12 09:00:01")) is ClockState.OVERDUE


@pytest.mark.parametrize(
    ("zh", "en", "urgent"),
    [
        ("紧急事项2小时反馈", "", True),
        ("", "Urgent feedback", True),
        ("一般事项", "General", False),
        ("非紧急事项", "Non-urgent matters", False),
        ("非紧急转紧急", "", True),
        ("", "insurgent", True),  # rather too early than too late: a word with it in is taken for urgent
    ],
)
def test_what_its_text_calls_urgent_counts_natural_time(zh: str, en: str, urgent: bool) -> None:
    assert is_urgent(zh, en) is urgent
    # Friday 17:00: natural 2 h are 19:00; working, 1 h then Monday 09:00.
    at = cn("2024-03-08 17:00")
    change = started(Limit(zh=zh, en=en, amount=2, unit="h", warn=()), at, CN)
    assert change.due == (cn("2024-03-08 19:00") if urgent else cn("2024-03-11 09:00"))
    assert change.calendar == ("natural" if urgent else "cn-working")
    assert change.limit == ("2 h natural" if urgent else "2 h working")


def test_a_span_given_stands_for_the_limits_own() -> None:
    change = started(Limit(), cn("2024-03-04 08:00"), CN, span=Span.parse("1 day"))
    assert (change.due, change.limit) == (cn("2024-03-04 18:00"), "1 day working")


def test_a_pause_over_a_holiday_keeps_the_working_time_that_was_left() -> None:
    # Sunday 29 September 2024 (worked) 14:00 + 16 h: 4 h, Monday 8 h (12), Tuesday 8 October 4 h -> 12:00.
    # 50 % = 8 h: 4 h, Monday 08:00 + 4 h = 12:00. 80 % = 12.8 h: 4 h, Monday 8 h, 8 October 0.8 h -> 08:48.
    at = cn("2024-09-29 14:00")
    start = started(Limit(), at, CN)
    assert start.due == cn("2024-10-08 12:00")
    assert start.warn == (cn("2024-09-30 12:00"), cn("2024-10-08 08:48"))
    # Paused on Monday 16:00: left are 2 h of Monday and 4 h of 8 October = 6 h.
    hold = cn("2024-09-30 16:00")
    clock = folded((at, start), (hold, paused(folded((at, start)), hold)))
    assert clock.state(cn("2024-10-20 09:00")) is ClockState.PAUSED
    assert remaining(clock, cn("2024-10-20 09:00"), CN) == timedelta(hours=6)
    # Resumed on Thursday 10 October 15:00: 3 h that day, Friday 3 h -> 11:00. The second warning was 2.8 h away:
    # 15:00 + 2.8 h = 17:48; the first had come and stays.
    again = cn("2024-10-10 15:00")
    change = resumed(clock, again, CN)
    assert change.due == cn("2024-10-11 11:00")
    assert change.warn == (cn("2024-09-30 12:00"), cn("2024-10-10 17:48"))
    clock = folded((at, start), (hold, paused(folded((at, start)), hold)), (again, change))
    assert (clock.original, clock.due) == (cn("2024-10-08 12:00"), cn("2024-10-11 11:00"))
    assert clock.runs


def test_resuming_in_the_night_goes_on_with_the_next_morning() -> None:
    at, hold, again = cn("2024-03-04 08:00"), cn("2024-03-04 10:00"), cn("2024-03-05 22:00")
    start = started(Limit(amount=1, unit="day", warn=()), at, CN)
    clock = folded((at, start), (hold, paused(folded((at, start)), hold)))
    # 6 h were left: Wednesday 08:00-12:00 and 14:00-16:00.
    assert resumed(clock, again, CN).due == cn("2024-03-06 16:00")


def test_a_deadline_that_was_missed_before_the_pause_stays_missed() -> None:
    at, hold, again = cn("2024-03-04 08:00"), cn("2024-03-05 10:00"), cn("2024-03-06 10:00")
    start = started(Limit(amount=1, unit="day"), at, CN)
    late = folded((at, start))
    held = folded((at, start), (hold, paused(late, hold)))
    clock = folded((at, start), (hold, paused(late, hold)), (again, resumed(held, again, CN)))
    assert clock.due == cn("2024-03-04 18:00")
    assert clock.state(again) is ClockState.OVERDUE
    assert remaining(late, cn("2024-03-05 10:00"), CN) == -timedelta(hours=2)


def test_an_extension_moves_the_deadline_and_keeps_the_original_and_the_fractions() -> None:
    # Monday 08:00 + 2 days is Tuesday 18:00; 2 days more, Thursday 18:00. 50 % of 32 h = Tuesday 18:00,
    # 80 % = 25.6 h: Monday to Wednesday 24 h, Thursday 1.6 h -> 09:36.
    at, on = cn("2024-03-04 08:00"), cn("2024-03-05 09:00")
    start = started(Limit(), at, CN)
    change = extended(folded((at, start)), Span.parse("2 days"), CN)
    assert change.due == cn("2024-03-07 18:00")
    assert change.warn == (cn("2024-03-05 18:00"), cn("2024-03-07 09:36"))
    clock = folded((at, start), (on, change))
    assert (clock.original, clock.due) == (cn("2024-03-05 18:00"), cn("2024-03-07 18:00"))
    assert clock.state(on) is ClockState.RUNNING


def test_an_extension_while_paused_is_there_after_resuming() -> None:
    at, hold, again = cn("2024-03-04 08:00"), cn("2024-03-04 17:00"), cn("2024-03-11 08:00")
    start = started(Limit(amount=1, unit="day", warn=(0.5,)), at, CN)
    held = folded((at, start), (hold, paused(folded((at, start)), hold)))
    more = extended(held, Span.parse("1 day"), CN)
    assert more.due == cn("2024-03-05 18:00")
    clock = folded((at, start), (hold, paused(folded((at, start)), hold)), (hold, more))
    assert clock.paused_at == hold
    # 1 h of Monday and 8 h were left: Monday 11 March 8 h, Tuesday 09:00.
    assert resumed(clock, again, CN).due == cn("2024-03-12 09:00")


def test_stopping_meets_or_misses_the_deadline() -> None:
    at = cn("2024-03-04 08:00")
    start = started(Limit(amount=1, unit="day"), at, CN)
    for end, state in (("2024-03-04 18:00", ClockState.MET), ("2024-03-04 18:00:01", ClockState.MISSED)):
        clock = folded((at, start), (cn(end), stopped(folded((at, start)), cn(end))))
        assert clock.state(cn("2030-01-01 00:00")) is state
        assert remaining(clock, cn("2030-01-01 00:00"), CN) == timedelta(0)  # a second after closing is no working time


def test_what_a_clock_cannot_do_is_refused_in_a_sentence() -> None:
    at = cn("2024-03-04 08:00")
    start = started(Limit(), at, CN)
    running = folded((at, start))
    held = folded((at, start), (at, paused(running, at)))
    over = folded((at, start), (at, stopped(running, at)))
    with pytest.raises(Refused, match="is not paused"):
        resumed(running, at, CN)
    with pytest.raises(Refused, match="is paused since 2024-03-04"):
        paused(held, at)
    with pytest.raises(Refused, match="nothing to pause"):
        paused(over, at)
    with pytest.raises(Refused, match="had stopped"):
        stopped(over, at)
    with pytest.raises(Refused, match="nothing left to extend"):
        extended(over, Span.parse("1 day"), CN)
    with pytest.raises(Refused, match="before that"):
        resumed(held, at - timedelta(seconds=1), CN)
    with pytest.raises(BadInput, match="counts by calendar cn-working, not by natural"):
        resumed(held, at, NATURAL)
    with pytest.raises(BadInput, match="moves nothing"):
        extended(running, timedelta(0), CN)
    with pytest.raises(BadInput, match="more than 0 and less than 1"):
        warn_moments(at, at, (0.5, 1.0), CN)


def test_stopping_a_paused_clock_judges_the_moment_it_stopped() -> None:
    at, hold = cn("2024-03-04 08:00"), cn("2024-03-04 09:00")
    start = started(Limit(amount=1, unit="day"), at, CN)
    held = folded((at, start), (hold, paused(folded((at, start)), hold)))
    clock = folded((at, start), (hold, paused(folded((at, start)), hold)), (hold, stopped(held, hold)))
    assert clock.state(hold) is ClockState.MET


minutes = st.integers(0, 60 * 1440)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([CN, NATURAL]),
    st.integers(0, 900 * 1440),
    st.floats(0.1, 30),
    st.lists(st.tuples(st.sampled_from(["pause", "extend"]), minutes, minutes), max_size=6),
)
def test_whatever_happens_deadlines_never_move_back_and_the_time_left_is_kept(
    calendar: Calendar, begin: int, days: float, steps: list[tuple[str, int, int]]
) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=begin)
    changes = [(at, started(Limit(amount=round(days, 2)), at, calendar))]
    original = changes[0][1].due
    for what, wait, length in steps:
        clock = folded(*changes)
        at += timedelta(minutes=wait)
        if what == "extend":
            change = extended(clock, timedelta(minutes=length + 1), calendar)
            changes.append((at, change))
            assert calendar.between(clock.due, folded(*changes).due) == timedelta(minutes=length + 1)
        else:
            changes.append((at, paused(clock, at)))
            left = remaining(folded(*changes), at, calendar)
            at += timedelta(minutes=length)
            changes.append((at, resumed(folded(*changes), at, calendar)))
            if left > timedelta(0):
                assert remaining(folded(*changes), at, calendar) == left
        after = folded(*changes)
        assert after.due >= clock.due
        assert after.original == original
        assert list(after.warn) == sorted(after.warn)
        assert all(w <= after.due for w in after.warn)


def test_a_clock_that_was_late_when_it_was_paused_is_late_and_says_how_the_case_stands():
    due = datetime(2026, 5, 4, 12, tzinfo=UTC)
    late = CaseClock("answer", due - timedelta(days=1), due, due, paused_at=due + timedelta(minutes=1))
    timely = replace(late, id="accept", paused_at=due)
    assert late.state(due + timedelta(days=9)) is ClockState.OVERDUE
    assert timely.state(due + timedelta(days=9)) is ClockState.PAUSED
    case = Case("grid-5", "r", "s", "o", due, due, clocks=(timely, late))
    assert (case.suspended, case.next_due()) == (True, late)
    assert Case("grid-5", "r", "s", "o", due, due, clocks=(timely,)).next_due() is None
