"""Deltas: applying the difference gives the new content, whatever the tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.table import Table, TableDelta, apply, diff, text

NAN = float("nan")
values = st.one_of(st.floats(width=32), st.just(NAN))


def table(content: dict[int, tuple[float, str]], *, words: bool) -> Table:
    keys = list(content)
    key = text([f"k{k}" for k in keys]) if words else np.array(keys, np.uint64)
    columns = {
        "value": np.array([content[k][0] for k in keys], np.float32),
        "note": text([content[k][1] for k in keys]),
    }
    return Table(key, columns, {"total": len(keys), "kinds": ["a"]})


def content(held: Table) -> dict[object, tuple[object, ...]]:
    """Rows by key, values as bits."""
    bits = held.columns["value"].view(np.uint32).tolist()
    return dict(zip(held.key.tolist(), zip(bits, held.columns["note"].tolist(), strict=True), strict=True))


contents = st.dictionaries(st.integers(0, 2**64 - 1), st.tuples(values, st.sampled_from(["", "[]", "长"])), max_size=30)


@given(contents, contents, st.booleans(), st.data())
def test_applying_the_difference_gives_the_new_content(old, new, words, data):
    # Half of the new rows keep keys of the old, so that drops, changes and adds all happen.
    kept = data.draw(st.lists(st.sampled_from(sorted(old)), unique=True)) if old else []
    new = {k: data.draw(st.sampled_from([old[k], (1.5, "x")])) for k in kept} | new
    before, after = table(old, words=words), table(new, words=words)
    delta = diff(before, after)
    if delta is not None:
        held = apply(before, delta)
        assert content(held) == content(after)
        assert held.meta == after.meta
        assert delta.n == len(after)
        # kept rows stay in the order they had, new ones follow
        order = [k for k in before.key.tolist() if k in set(after.key.tolist())]
        assert held.key.tolist()[: len(order)] == order
    else:
        assert len(after) < len(before) or content(before) != content(after)


@given(contents, st.booleans())
def test_the_same_content_in_another_order_is_no_change(old, words):
    before = table(old, words=words)
    after = table(dict(reversed(old.items())), words=words)
    delta = diff(before, after)
    assert delta is not None
    assert delta.empty


def test_a_few_changes_travel_as_a_delta_and_many_as_a_snapshot():
    key = np.arange(1000, dtype=np.uint64)
    old = Table(key, {"value": np.zeros(1000, np.float32)})
    few, many = np.zeros(1000, np.float32), np.ones(1000, np.float32)
    few[7] = 3
    delta = diff(old, Table(key, {"value": few}))
    assert delta is not None
    assert delta.index.tolist() == [7]
    assert delta.columns["value"].tolist() == [3]
    assert diff(old, Table(key + np.uint64(5000), {"value": many})) is None


def test_nan_that_stays_nan_is_no_change():
    key = np.array([1], np.uint64)
    delta = diff(Table(key, {"v": np.array([NAN], np.float32)}), Table(key, {"v": np.array([NAN], np.float32)}))
    assert delta is not None
    assert delta.empty


def test_only_the_entries_of_meta_that_changed_travel():
    key = np.array([1], np.uint64)
    column = {"v": np.array([1], np.uint32)}
    old, new = Table(key, column, {"codes": ["a"], "total": 1}), Table(key, column, {"codes": ["a"], "total": 2})
    delta = diff(old, new)
    assert delta is not None
    assert delta.meta == {"total": 2}
    assert apply(old, delta).meta == {"codes": ["a"], "total": 2}


def delta_of(**changes: object) -> TableDelta:
    none = np.empty(0, np.uint32)
    values: dict[str, object] = {
        "drop": none, "index": none, "key": np.empty(0, np.uint64), "columns": {"v": np.empty(0, np.uint32)}, "n": 2
    }  # fmt: skip
    return TableDelta(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "delta",
    [
        delta_of(drop=np.array([2], np.uint32), n=1),
        delta_of(index=np.array([2], np.uint32), columns={"v": np.array([1], np.uint32)}),
        delta_of(n=3),
        delta_of(columns={}),
    ],
)
def test_a_delta_that_does_not_fit_is_refused_in_one_line(delta: TableDelta):
    held = Table(np.array([1, 2], np.uint64), {"v": np.array([1, 2], np.uint32)})
    with pytest.raises(ValueError, match=r"^delta: .*") as refused:
        apply(held, delta)
    assert "\n" not in str(refused.value)
