"""Spans of time as people write them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadInput
from dispatch.spans import MAX_DAYS, Span

H24, H8 = timedelta(hours=24), timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "natural", "working"),
    [
        ("1 day", H24, H8),
        ("15 days", 15 * H24, 15 * H8),
        ("15天", 15 * H24, 15 * H8),
        ("2 h", timedelta(hours=2), timedelta(hours=2)),
        ("2小时", timedelta(hours=2), timedelta(hours=2)),
        ("45 s", timedelta(seconds=45), timedelta(seconds=45)),
        ("45秒", timedelta(seconds=45), timedelta(seconds=45)),
        ("90min", timedelta(minutes=90), timedelta(minutes=90)),
        ("30 分钟", timedelta(minutes=30), timedelta(minutes=30)),
        ("1.5 h", timedelta(minutes=90), timedelta(minutes=90)),
        ("0.5 days", timedelta(hours=12), timedelta(hours=4)),
        ("1 day 4 h", timedelta(hours=28), timedelta(hours=12)),
        ("1天4小时30分", timedelta(hours=28, minutes=30), timedelta(hours=12, minutes=30)),
        (" 2 Days ", 2 * H24, 2 * H8),
        ("٣ h", timedelta(hours=3), timedelta(hours=3)),
        ("0 s", timedelta(0), timedelta(0)),
        ("0.1 s", timedelta(milliseconds=100), timedelta(milliseconds=100)),
    ],
)
def test_what_people_write_is_read(text: str, natural: timedelta, working: timedelta) -> None:
    span = Span.parse(text)
    assert (span.length(H24), span.length(H8)) == (natural, working)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "day", "2", "2 weeks", "1 month", "两天", "-1 day", "1 day -2 h", "1e3 h", "nan h", "1,5 h", "2 d!",
     "1 工作日", "9999999 days", "1" * 5000 + " s", "1 day\n; drop"],
)  # fmt: skip
def test_what_is_no_span_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        Span.parse(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_an_amount_and_a_unit_make_a_span() -> None:
    assert Span.of(2, "days") == Span(days=Decimal(2))
    assert Span.of(0.1, "h").time == timedelta(minutes=6)
    for amount, unit in ((-1, "h"), (float("nan"), "h"), (float("inf"), "days"), ("two", "h"), (1, "fortnight")):
        with pytest.raises(BadInput):
            Span.of(amount, unit)


@given(st.decimals(0, MAX_DAYS, places=3), st.integers(0, 10**12))
def test_what_is_written_is_read_again(days: Decimal, us: int) -> None:
    span = Span(days, timedelta(microseconds=us))
    assert Span.parse(str(span)) == span
