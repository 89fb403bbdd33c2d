"""The queue's table against the slow obvious way, what it keeps when there is too much, and what travels."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import numpy as np
import pytest

from data.casework import Case, CaseClock, ClockState
from data.store import IncidentRow
from layers import queue
from layers.case_columns import clock_state
from layers.state import LiveState
from layers.table import Table, apply, diff
from layers.view import LAYERS, View, parse_view
from layers.wire import Frame, Stamps, decode, encode
from tests.unit.layers.small_world import NOW, NOW_MS, dice_world, incident, region, snapshot

WORLDS = [dice_world(seed) for seed in (3, 4)]
VIEWS = [
    View(),
    View(area="T1"),
    View(area="T1G2"),
    View(category="01"),
    View(source="patrol", severity=1),
    View(area="T0", severity=2),
]
TIMES = [NOW_MS, NOW_MS - 86_400_000 * 20, NOW_MS + 60_000, 0.0]
QUEUE = View(layers=("queue",))
NAMED = {
    "category": "categories",
    "workflow": "workflows",
    "step": "steps",
    "owner": "owners",
    "source": "sources",
    "clock": "clocks",
}


def ms(t: datetime | None) -> float:
    return math.nan if t is None else t.timestamp() * 1000


def rows(table: Table) -> dict[str, dict[str, object]]:
    """Rows by key, numbers of names resolved, NaN as None."""
    lists = {name: column.tolist() for name, column in table.columns.items()}
    for name, names in NAMED.items():
        lists[name] = [table.meta[names][n] for n in lists[name]]
    clean = {name: [None if v != v else v for v in values] for name, values in lists.items()}
    return {key: {name: clean[name][i] for name in clean} for i, key in enumerate(table.key.tolist())}


def known(value: float) -> float | None:
    return None if math.isnan(value) else value


def expected(row: IncidentRow, t: float) -> dict[str, object]:
    case = row.case or Case()
    going = [c for c in case.clocks if c.stopped_at is None]
    telling = sorted((c.due, c.id, c) for c in going if c.paused_at is None or c.paused_at > c.due)
    clock = telling[0][2] if telling else None
    reached = [n for n, when in enumerate((row.dispatched_at, row.arrived_at, row.closed_at), 1) if ms(when) <= t]
    return {
        "severity": row.severity, "state": max(reached, default=0), "category": row.category,
        "workflow": case.workflow, "step": case.step, "owner": case.owner, "source": row.source,
        "area": row.area or "", "title": row.title, "title_en": row.title_en, "opened": ms(row.opened_at),
        "due": known(ms(clock.due)) if clock else None,
        "warn": known(ms(min(clock.warn))) if clock and clock.warn else None,
        "original": known(ms(clock.original)) if clock else None,
        "clock": clock.id if clock else "",
        "paused": int(bool(going) and all(c.paused_at for c in going)),
        "returns": min(len(case.returns), 255), "units": len(row.units), "children": len(case.children),
        "parent": int(case.parent is not None), "seq": row.seq,
    }  # fmt: skip


def chosen(world: int, view: View, t: float) -> list[IncidentRow]:
    where, things = WORLDS[world]
    return [
        r
        for r in things.incidents
        if r.rows
        and ms(r.opened_at) <= t
        and not ms(r.closed_at) <= t
        and (not view.area or (r.area and view.area in [a.code for a in where.path(r.area)]))
        and (not view.category or r.category.startswith(view.category))
        and (not view.source or r.source == view.source)
        and (not view.severity or r.severity == view.severity)
    ]


@pytest.fixture(scope="module")
def states() -> list[LiveState]:
    return [LiveState(where, things) for where, things in WORLDS]


@pytest.mark.parametrize(("world", "view", "t"), list(product(range(len(WORLDS)), VIEWS, TIMES)))
def test_the_queue_is_every_incident_that_is_not_closed(states, world, view, t):
    made = queue.build(states[world], view, t)
    wanted = chosen(world, view, t)
    assert rows(made) == {row.id: expected(row, t) for row in wanted}
    assert made.key.tolist() == [row.id for row in wanted]
    assert made.meta["total"] == made.meta["shown"] == len(wanted)
    unfiltered = chosen(world, View(area=view.area), t)
    assert made.meta["all"] == sum(row.case is None or row.case.parent is None for row in unfiltered)


def test_the_worlds_have_cases_of_every_sort(states):
    made = rows(queue.build(states[0], View(), NOW_MS)) | rows(queue.build(states[1], View(), NOW_MS))
    for test in (
        lambda r: r["due"] is None and not r["paused"],
        lambda r: r["paused"],
        lambda r: r["due"] is not None and r["due"] < NOW_MS,
        lambda r: r["warn"] is not None and r["warn"] < NOW_MS < r["due"],
        lambda r: r["returns"] == 255,
        lambda r: r["area"] == "",
        lambda r: r["workflow"] == "",
    ):
        assert any(map(test, made.values()))


def test_the_columns_say_how_a_case_stands_as_its_clocks_do(states):
    for state, (_, things) in zip(states, WORLDS, strict=True):
        made = rows(queue.build(state, View(), NOW_MS))
        for row in things.incidents:
            shown = made.get(row.id)
            if shown is None:
                continue
            if shown["due"] is None:
                told = ClockState.PAUSED if shown["paused"] else None
            elif shown["due"] < NOW_MS:
                told = ClockState.OVERDUE
            else:
                warns = shown["warn"] is not None and shown["warn"] <= NOW_MS
                told = ClockState.WARNING if warns else ClockState.RUNNING
            assert told == clock_state(row.case, NOW), row.id


def cased(id: str, due: datetime | None, **changes: object) -> IncidentRow:
    clocks = () if due is None else (CaseClock("answer", NOW, due, due),)
    return incident(id, case=Case("grid-5", "r", "s", "o", NOW, NOW, clocks=clocks), **changes)


def test_too_many_keep_cases_before_the_unfiled_then_the_earliest_deadline_then_the_newest(monkeypatch):
    monkeypatch.setattr(queue, "MOST", 4)
    things = [
        incident("plain", NOW),
        cased("late", NOW - timedelta(hours=1)),
        cased("calm-old", None, opened=NOW - timedelta(days=2)),
        cased("soon", NOW + timedelta(hours=1)),
        cased("calm-new", None, opened=NOW - timedelta(days=1)),
        cased("later", NOW + timedelta(hours=2)),
    ]
    state = LiveState(region(), snapshot(incidents=things))
    made = queue.build(state, QUEUE, NOW_MS)
    assert made.key.tolist() == ["late", "soon", "calm-new", "later"]
    assert (made.meta["total"], made.meta["shown"]) == (6, 4)


def test_a_move_travels_as_a_delta_that_gives_the_new_queue():
    things = [cased(f"I{i}", NOW + timedelta(minutes=i)) for i in range(50)] + [incident("new")]
    state = LiveState(region(), snapshot(incidents=things))
    before = queue.build(state, QUEUE, NOW_MS)
    assert diff(before, queue.build(state, QUEUE, NOW_MS + 1000)).empty
    moved = replace(things[7].case, step="next", owner="other")
    state.incidents.put(
        [
            replace(things[7], case=moved, seq=9),
            replace(things[8], closed_at=NOW, case=replace(things[8].case, parent="I7")),
            cased("new", NOW),
        ]
    )
    after = queue.build(state, QUEUE, NOW_MS)
    delta = diff(before, after)
    assert delta is not None
    assert (delta.drop.tolist(), len(delta.index), delta.add) == ([8], 2, 0)
    assert rows(apply(before, delta)) == rows(after)
    assert set(delta.meta) == {"steps", "owners", "total", "shown", "all"}
    sent = decode(encode(Frame(QUEUE.query(), 2, 1, NOW_MS, 9, Stamps(None, None, NOW_MS), {"queue": delta})))
    assert rows(apply(before, sent.layers["queue"])) == rows(after)


def test_more_texts_than_a_column_can_number_are_cut_to_those_in_use(monkeypatch):
    monkeypatch.setattr(queue, "_MOST_CODES", 3)
    monkeypatch.setattr(queue, "_MOST_WORKFLOWS", 3)
    things = [
        replace(row := cased(f"I{i}", NOW), case=replace(row.case, owner=f"o{i}", workflow=f"w{i}"), closed_at=closed)
        for i, closed in enumerate((NOW, NOW, NOW, None, None))
    ]
    made = queue.build(LiveState(region(), snapshot(incidents=things)), QUEUE, NOW_MS)
    assert [row["owner"] for row in rows(made).values()] == ["o3", "o4"]
    assert made.meta["workflows"] == ["w3", "w4"]


def test_column_types_are_those_of_the_wire():
    made = queue.build(LiveState(region(), snapshot(incidents=[cased("I", NOW)])), QUEUE, NOW_MS)
    types = {name: "str" if c.dtype == object else c.dtype.str[1:] for name, c in made.columns.items()}
    assert types == {
        "severity": "u1", "state": "u1", "category": "u2", "workflow": "u1", "step": "u2", "owner": "u2",
        "source": "u2", "area": "str", "title": "str", "title_en": "str", "opened": "f8", "due": "f8", "warn": "f8",
        "original": "f8", "clock": "u2", "paused": "u1", "returns": "u1", "units": "u1", "children": "u1",
        "parent": "u1", "seq": "f8",
    }  # fmt: skip


def test_a_view_gets_the_queue_only_when_it_names_it():
    assert "queue" not in View().layers == LAYERS
    assert parse_view({"layers": "queue,incidents"}).layers == ("incidents", "queue")
    assert parse_view({"layers": "incidents,queue"}).query() == "layers=incidents%2Cqueue"


def test_an_empty_queue_has_every_column():
    made = queue.build(LiveState(region(), snapshot()), QUEUE, NOW_MS)
    assert len(made) == 0
    assert made.key.dtype == np.dtype(object)
    assert encode(Frame("", 1, None, NOW_MS, 0, Stamps(None, None, NOW_MS), {"queue": made}))
