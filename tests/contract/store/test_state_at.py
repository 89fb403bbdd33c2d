"""`state` is the fold of its moment, whoever answers: the log, the live state, a past. On both stores."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from data.clock import ManualClock
from data.records import EventPayload, Kind, Record
from data.settings import Settings
from data.sql_store import SqlStore
from layers.case_columns import clock_state
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader
from layers.row_ends import IDLE, RowEnds
from layers.state_at import CaseAt, StateAt, state_at, state_of
from tests.unit.layers.small_world import NOW, region
from tests.unit.layers.test_state_follows_store import Dice


def slowly(store: SqlStore, t: datetime) -> StateAt:
    """From the rows of `Store.moment`."""
    moment, ends = store.moment(t), RowEnds(store, "live")
    still = {row.id: row for row in moment.incidents if row.closed_at is None or row.closed_at > t}
    rows = {one.id: one.rows for one in store.opened_by(t)}
    alone = {id: rows[id] for id, row in still.items() if id in rows and row.closed_at is None and row.case is None}
    gone = ends.ended(alone, t)
    cases = [(id, row.case) for id, row in sorted(still.items()) if id not in gone]
    busy = {unit.id for unit in moment.units if unit.status not in IDLE}
    return StateAt(
        tuple(id for id, _ in cases),
        tuple(sorted(busy | ends.busy(t))),
        tuple(
            CaseAt(id, case.workflow, case.step, case.owner, clock_state(case, t))
            for id, case in cases
            if case is not None and case.workflow
        ),
    )


def at_work(dice: random.Random, n: int) -> Record:
    """A row of a dispatch system, which names a unit; some never say when it was free."""
    start = NOW - timedelta(minutes=dice.uniform(0, 600))
    times = {"dispatch": start + timedelta(minutes=1)}
    if dice.random() < 0.4:
        times["closed"] = start + timedelta(minutes=dice.uniform(2, 90))
    payload = EventPayload(category="01", incident=f"C{n % 15}", unit=f"M{dice.randrange(5)}", times=times)
    return Record(Kind.EVENT, "cad", f"row{n}", start, payload)


@pytest.mark.parametrize("seed", range(4))
def test_log_live_and_past_answer_alike(store: SqlStore, seed: int) -> None:
    store.put_level(region())
    dice, records = random.Random(seed), Dice(seed)
    reader = Reader(store, ManualClock(NOW), Settings())
    past = Past(store, reader)
    seen_open, seen_cases, seen_busy = set(), set(), set()
    for part in range(2):
        store.append([records.record() for _ in range(150)])
        store.append([at_work(dice, part * 20 + n) for n in range(20)])
        times = [record.at for record in store.read_after(0)]
        for t in [dice.choice(times) + timedelta(minutes=dice.choice((0, 0, 7))) for _ in range(8)]:
            expected = slowly(store, t)
            assert state_at(store, t) == expected, t
            past.seek(ms(t))
            with past.reading() as state:
                assert state_of(state, store, t) == expected, t
            seen_open.update(expected.open_ids)
            seen_cases.update(expected.cases)
            seen_busy.update(expected.busy_unit_ids)
    assert min(len(seen_open), len(seen_cases), len(seen_busy)) >= 3
