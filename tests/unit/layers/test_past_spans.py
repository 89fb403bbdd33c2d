"""The spans that hold a moment, found by snapshots, are those that a look at every span finds; and what a follower of a
table is told has changed is what changed."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers import past_spans, row_changes
from layers.past_spans import Spans
from layers.row_changes import RowChanges


@pytest.fixture(params=[1, 3, 4_096])
def step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(past_spans, "STEP", request.param)
    return int(request.param)


@pytest.mark.parametrize("seed", range(20))
def test_a_moment_is_held_by_the_spans_that_a_look_at_all_of_them_finds(step: int, seed: int):
    dice, spans = random.Random(seed), Spans()
    all_of: dict[int, tuple[float, float]] = {}
    for _ in range(40):
        many = dice.choice((0, 1, 3, 50))
        numbers = dice.sample(range(300), many)
        begin = [float(dice.choice((dice.randrange(20), "inf"))) for _ in numbers]
        end = [float(dice.choice((dice.randrange(20), "inf"))) for _ in numbers]
        spans.put(np.array(numbers, np.int64), np.array(begin, float), np.array(end, float))
        all_of.update(zip(numbers, zip(begin, end, strict=True), strict=True))
        for t in (-1.0, 0.0, float(dice.randrange(20)), dice.uniform(0, 20), 1e9):
            found = spans.at(t).tolist()
            assert found == sorted(n for n, (low, high) in all_of.items() if low <= t < high)


def test_a_moment_costs_what_goes_on_then_and_not_what_ever_was():
    """Of 100,000 spans of which ten go on at a time, a look touches those ten and those that begin near it."""
    spans, many = Spans(), 100_000
    begin = np.arange(many, dtype=float)
    spans.put(np.arange(many), begin, begin + 10.0)
    for t in (5.0, 50_000.0, 99_999.0):
        assert len(spans.at(t)) == min(10, int(t) + 1)
        assert spans.looked_at <= past_spans.STEP + 10


@given(parts=st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=30), since=st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_who_follows_a_table_is_told_every_row_that_changed_or_that_it_must_look_at_all(
    parts: list[list[int]], since: int
):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(row_changes, "KEPT", 10)
        changes = RowChanges()
        for part in parts:
            changes.note(np.array(part, np.int64))
        flat = [row for part in parts for row in part]
        assert changes.count == len(flat)
        found = changes.since(since)
        if found is None:
            assert len(flat) - since > 10
        else:
            assert found.tolist() == sorted(set(flat[since:]))
