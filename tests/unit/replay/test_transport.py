"""The transport: t as a function of the clock, whatever was pressed before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.clock import ManualClock
from data.errors import BadInput
from layers.columns import ms
from replay.transport import FASTEST, SLOWEST, Transport, happened

START, END = 1_000_000.0, 8_200_000.0
MADE = Transport("a", "live", START, END, START, 0.0)

rates = st.floats(SLOWEST, FASTEST).filter(lambda rate: rate != 0)
moments = st.floats(START, END)


def test_t_runs_at_the_rate_of_the_clock_that_is_passed_in():
    clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    begun = MADE.seek(ms(clock.now()), START + 5_000).with_rate(ms(clock.now()), 60).play(ms(clock.now()))
    clock.advance(2.5)
    assert begun.t(ms(clock.now())) == START + 5_000 + 150_000
    paused = begun.pause(ms(clock.now()))
    clock.advance(100)
    assert paused.t(ms(clock.now())) == START + 155_000


def test_backwards_goes_back_and_stops_at_the_start():
    back = MADE.seek(0, START + 3_000).with_rate(0, -1).play(0)
    assert back.t(1_000) == START + 2_000
    assert back.moves(1_000)
    assert back.t(10_000) == START
    assert not back.moves(10_000)


def test_play_at_a_border_begins_at_the_other():
    assert MADE.seek(0, END).play(0).t(0) == START
    assert MADE.with_rate(0, -1).play(0).t(0) == END


def test_a_moment_outside_the_span_takes_the_span_along():
    moved = MADE.seek(0, END + 100_000_000)
    assert moved.t(0) == END + 100_000_000
    assert moved.end - moved.start == END - START
    assert moved.start < moved.t(0) < moved.end


def test_nothing_is_shown_beyond_the_latest_moment():
    cut = MADE.seek(0, END - 1).until(END - 500_000)
    assert (cut.end, cut.t(0)) == (END - 500_000, END - 500_000)
    assert cut.play(0).t(1e12) <= cut.end
    assert happened(5.0, 5.0) == 5.0
    with pytest.raises(BadInput, match="not come yet") as refused:
        happened(6.0, 5.0)
    assert refused.value.zh


@pytest.mark.parametrize("rate", [0.0, -1.1, 3601.0, float("nan"), float("inf")])
def test_a_pace_that_cannot_be_is_refused(rate: float):
    with pytest.raises(BadInput, match="rate"):
        MADE.with_rate(0, rate)


def test_a_span_without_length_is_refused():
    with pytest.raises(BadInput, match="minute"):
        MADE.within(0, END, START)


@given(t=moments, first=rates, then=rates, now=st.floats(0, 1e6), playing=st.booleans())
def test_t_does_not_jump_when_the_rate_changes(t: float, first: float, then: float, now: float, playing: bool):
    made = MADE.seek(0, t).with_rate(0, first)
    made = made.play(0) if playing else made
    assert made.with_rate(now, then).t(now) == made.t(now)
    assert made.pause(now).t(now) == made.t(now)


controls = st.lists(
    st.one_of(
        st.tuples(st.just("play"), st.just(0.0)),
        st.tuples(st.just("pause"), st.just(0.0)),
        st.tuples(st.just("rate"), rates),
        st.tuples(st.just("seek"), st.floats(START - 1e6, END + 1e6)),
    ),
    max_size=12,
)


@given(controls=controls, waits=st.lists(st.floats(0, 1e5), min_size=13, max_size=13))
def test_whatever_is_pressed_t_stays_in_its_span_and_never_jumps_but_by_a_seek(controls, waits):
    made, now = MADE, 0.0
    for (name, value), wait in zip(controls, waits, strict=False):
        now += wait
        before = made.t(now)
        border = made.at_border(now)
        if name == "seek":
            made = made.seek(now, value)
            assert made.t(now) == value
        elif name == "rate":
            made = made.with_rate(now, value)
        else:
            made = getattr(made, name)(now)
        if name in ("rate", "pause") or (name == "play" and not border):
            assert made.t(now) == before
        assert made.start <= made.t(now) <= made.end
        assert made.end - made.start == pytest.approx(END - START)


@given(rate=rates, t=moments, now=st.floats(0, 1e6), later=st.floats(0, 1e6))
def test_t_moves_no_faster_than_its_rate_and_only_its_way(rate: float, t: float, now: float, later: float):
    playing = MADE.seek(0, t).with_rate(0, rate).play(0)
    first, second = playing.t(now), playing.t(now + later)
    assert abs(second - first) <= abs(rate) * later + 1e-3
    assert (second - first) * rate >= 0
