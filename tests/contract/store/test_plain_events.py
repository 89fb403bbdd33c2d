"""Event rows in columns: the same tables as the same rows as records, whatever was there before."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from data.codec import micros
from data.errors import BadRecord
from data.open_store import open_store
from data.plain_columns import PlainEvents
from tests.contract.store.samples import REGION, at, dispatched, event, tables

NAMES = ("received", "dispatch", "on_scene", "closed")


def events(ids: str = "ABCDE", start: float = 0, **columns) -> PlainEvents:
    """One row for each letter, a minute apart, each a milestone farther than the last; two sources, one place apart."""
    n = len(ids)
    whole = {
        "names": NAMES,
        "sources": [("hotline", "grid")[i % 2] for i in range(n)],
        "ids": [f"P-{id}" for id in ids],
        "versions": [i % 4 for i in range(n)],
        "times": np.array([[micros(at(start + i + 10 * k)) + 100_000 * i for k in range(4)] for i in range(n)]),
        "known": np.array([i % 4 + 1 for i in range(n)]),
        "lonlat": np.array([[(121.5, 121.6, 10.0)[i % 3], 31.2] for i in range(n)]),
        "categories": ["lamp", "0307"] * (n // 2) + ["lamp"] * (n % 2),
        "severities": [i % 4 + 1 for i in range(n)],
        "titles": ["路灯不亮", "“引号”", 'a "quoted" \\ one', "a\nb", ""][:n] + ["x"] * (n - 5),
        "titles_en": ["Lamp out"] * n,
        "addresses": ["南湖路188号附近"] * n,
        "statuses": ["已办结"] * n,
    }
    return PlainEvents(**(whole | columns))


def log(store) -> list[list[tuple]]:
    found = []
    with store.read() as conn:
        for table in (store.tables.record, store.tables.record_key, store.tables.head):
            found.append([tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key.columns))])
    return found


@pytest.fixture
def other(store, clock, tmp_path, request):
    """A second fresh store on the same engine."""
    embedded = store.dialect == "sqlite"
    url = f"sqlite:///{tmp_path / 'other.db'}" if embedded else request.getfixturevalue("postgis_server").url()
    with closing(open_store(url, clock)) as made:
        yield made


@pytest.fixture
def both(store, other):
    """The store that is given columns, and one that is given the same as records."""
    for each in (store, other):
        each.put_level(REGION)
    return store, other


def give(both, columns: PlainEvents) -> None:
    done = [both[0].append_plain(columns), both[1].append(list(columns.records()))]
    assert done[0] == done[1]


def same(both) -> None:
    assert log(both[0]) == log(both[1])
    assert tables(both[0]) == tables(both[1])


def test_columns_and_records_make_the_same_tables(both):
    give(both, events())
    give(both, events("FGHIJKLM", start=-30))  # told later, happened earlier
    same(both)
    assert len(both[0].snapshot().incidents) == 13
    before = tables(both[0])
    both[0].rebuild()
    assert tables(both[0]) == before


def test_work_goes_on_where_they_left_it(both):
    """Rows at hand know nothing of what is written past them."""
    for each in both:
        each.append([dispatched("P-F", ("U1",), 3)])  # P-F is looked for, and there is nothing but the command
    give(both, events())
    give(both, events("FGH"))
    for each in both:
        each.append([
            event("P-A", 90, version=3, times={"closed": at(60)}),
            event("P-G", 91, source="else"),
            dispatched("P-B", ("U2",), 92, id="d2"),
        ])  # fmt: skip
        with each.transact() as tx:
            tx.append([event("Z", 93)])
            assert tx.recorded("grid", ["P-J"]) == []
            tx.append([event("P-J", 94, source="grid")])
    same(both)


def test_what_the_log_has_is_a_duplicate(both):
    for each in both:
        each.append([event("P-A", 0, source="hotline")])
    give(both, events("AB"))
    give(both, events("BCD"))
    give(both, events("DD"))
    same(both)


def test_rows_left_out_are_left_out_of_every_column():
    left = events().without({"P-B", "P-X"})
    assert list(left.records()) == [r for r in events().records() if r.source_id != "P-B"]
    assert len(events().without({"P-X"})) == 5


def test_columns_are_joined_in_order():
    parts = [events("ABC"), events("DE", start=5), events("FGHIJ")]
    assert list(PlainEvents.joined(parts).records()) == [record for part in parts for record in part.records()]


@pytest.mark.parametrize(
    "wrong",
    [
        {"titles": ["a\x00b"] * 5},
        {"categories": [""] * 5},
        {"severities": [9] * 5},
        {"ids": ["x" * 201, *"bcde"]},
        {"addresses": ["x" * 501] * 5},
        {"lonlat": np.full((5, 2), np.nan)},
        {"times": events().times * 100},
    ],
)
def test_what_append_refuses_is_refused(store, wrong):
    with pytest.raises((BadRecord, OverflowError)):
        store.append_plain(replace(events(), **wrong))
    assert store.head() == 0


def test_no_rows_are_nothing(store):
    assert store.append_plain(events("")).accepted == 0
