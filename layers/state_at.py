"""What was true at a moment: open incidents with their cases, and busy units.

There is one definition, the fold of the records with at <= t (docs/decisions/0007): `state_at` makes it from the log,
for a single question, and `state_of` reads it off the columns that a server holds of that moment anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

import numpy as np

from data.casework import Case, ClockState
from data.failures import translated
from data.moment import Memory
from data.moment_worked import WorkedReader
from data.projection_io import unit_row
from data.records import LIVE, Record, incident_of
from data.scan import opened_by
from data.sql_store import SqlStore
from data.store import Store
from layers.case_columns import clock_state
from layers.columns import ms
from layers.log_rows import uncollected
from layers.row_ends import IDLE, RowEnds, ended_by_rows
from layers.state import LiveState


@dataclass(frozen=True, slots=True)
class CaseAt:
    """The case of an open incident. `clock` is how it stood: its running clock with the earliest deadline, or paused;
    None without one."""

    id: str
    workflow: str
    step: str
    owner: str
    clock: ClockState | None


@dataclass(frozen=True, slots=True)
class StateAt:
    """Ids and cases in ascending order of ids. Incidents without a case have no entry in `cases`."""

    open_ids: tuple[str, ...]
    busy_unit_ids: tuple[str, ...]
    cases: tuple[CaseAt, ...] = ()

    @property
    def overdue(self) -> int:
        """Cases that were late."""
        return self._in(ClockState.OVERDUE)

    @property
    def warning(self) -> int:
        """Cases that warned and were not yet late."""
        return self._in(ClockState.WARNING)

    @property
    def suspended(self) -> int:
        """Cases none of whose clocks ran, at least one being paused."""
        return self._in(ClockState.PAUSED)

    def _in(self, state: ClockState) -> int:
        return sum(case.clock is state for case in self.cases)


def state_at(store: SqlStore, t: datetime, timeline: str = LIVE) -> StateAt:
    """The state at `t`, from the log. It folds what people did and what came in several rows: see `state_of` for who
    holds the state in memory. Raises StoreUnavailable.

    An incident is open from its first row until the projector's `closed_at` of that moment. Where nothing closes it
    and nobody filed it, it ends when the last of its rows does (`layers/row_ends.py`); the wall, which does not follow
    units through rows, keeps such an incident open. A unit is busy as its status says, and on the rows that name it.
    """
    with uncollected():
        cases, lasting, busy = _folded(store, t, timeline)
        ends = RowEnds(store, timeline)
        gone = ends.ended({id: rows for id, rows in lasting.items() if cases[id] is None}, t)
        return _stated({id: case for id, case in cases.items() if id not in gone}, busy | ends.busy(t), t)


def state_of(state: LiveState, store: Store, t: datetime, timeline: str = LIVE) -> StateAt:
    """The state at `t` that the columns of `t` hold: the live state for now, a `Past` for another time.

    Raises StoreUnavailable where a row has to be looked up."""
    table, now = state.incidents, ms(t)
    rows = table.open_at(now)
    lasting = np.isnan(table["closed"][rows])
    cases = {table.ids[row]: table.cases[row] for row in rows.tolist()}
    named = [table.ids[row] for row in rows[lasting].tolist()]
    unfiled = {id for id in named if cases[id] is None and state.work.holds(id)}
    busy = {unit.id for unit in state.units.rows if unit.status not in IDLE}
    busy.update(unit for unit, _ in state.work.busy(now, state.units))
    gone = ended_by_rows(store, timeline, unfiled, t)
    return _stated({id: case for id, case in cases.items() if id not in gone}, busy, t)


def _stated(cases: dict[str, Case | None], busy: Iterable[str], t: datetime) -> StateAt:
    return StateAt(
        tuple(sorted(cases)),
        tuple(sorted(busy)),
        tuple(
            CaseAt(id, case.workflow, case.step, case.owner, clock_state(case, t))
            for id, case in sorted(cases.items())
            if case is not None and case.workflow
        ),
    )


def _folded(store: SqlStore, t: datetime, timeline: str) -> tuple[dict[str, Case | None], dict[str, int], set[str]]:
    """Open incidents with their cases; the number of rows of those that nothing closes; units whose status is busy.

    Incidents of one row that no command named are as their rows say: only the others are folded.
    """
    memory = Memory(timeline)
    folded: set[str] = set()

    def rows(records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            folded.add(incident_of(record))
            if record.at <= t:
                yield record

    with translated("state_at"), store.read() as conn:
        worked = WorkedReader(store, timeline).read(conn)
        for record in takewhile(lambda record: record.at <= t, worked.walk):
            memory.take(record)
        for part in (worked.tied, worked.stories):
            for record in rows(part):
                memory.take(record)
        opened = {one.id: one for one in opened_by(store, conn, timeline, t)}
    folded |= worked.commanded
    cases: dict[str, Case | None] = {}
    lasting: dict[str, int] = {}
    for id, incident in memory.made.incidents.items():
        if incident.rows and not (incident.closed_at is not None and incident.closed_at <= t):
            cases[id] = incident.case
            if incident.closed_at is None and id in opened:
                lasting[id] = opened[id].rows
    for id, one in opened.items():
        if id not in folded:
            cases[id] = None
            if one.closed_at is None:
                lasting[id] = one.rows
    return cases, lasting, {unit.id for unit in memory.made.units.values() if unit_row(unit).status not in IDLE}
