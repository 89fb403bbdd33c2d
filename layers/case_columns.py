"""What the queue shows of a case, as columns beside those of its incident: computed when an incident changes, so that
no frame looks at cases one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.casework import Case, ClockState
from data.projection import Incident
from data.store import IncidentRow
from layers.columns import NAN, Codes, ms

COLUMNS: dict[str, Any] = {
    "workflow": np.int32, "step": np.int32, "owner": np.int32, "clock": np.int32,
    "due": np.float64, "warn": np.float64, "original": np.float64,
    "paused": np.uint8, "returns": np.uint8, "units": np.uint8, "children": np.uint8, "parent": np.uint8,
    "seq": np.float64, "id": object, "title": object, "title_en": object,
}  # fmt: skip
"""Columns and their types. Times are ms since 1970 with NaN for none; counts stop at 255."""

_CASE = ("workflow", "step", "owner", "clock", "due", "warn", "original", "paused", "returns", "children", "parent")
_MOST = 255


class CaseCodes:
    """Numbers of workflows, steps, owners and clocks. Number 0 of each is "", which stands for none."""

    def __init__(self) -> None:
        self.workflows, self.steps, self.owners, self.clocks = (_with_none() for _ in range(4))

    def values(self, rows: Sequence[IncidentRow | Incident]) -> dict[str, NDArray[Any]]:
        """The columns of these incidents."""
        none = (0, 0, 0, 0, NAN, NAN, NAN, 0, 0, 0, 0)
        told: dict[int, tuple[int | float, ...]] = {id(None): none}  # versions of an incident often share their case
        for row in rows:
            if id(row.case) not in told and row.case is not None:
                told[id(row.case)] = self._of(row.case)
        found = zip(*(told[id(row.case)] for row in rows), strict=True)
        values = {name: np.array(column, COLUMNS[name]) for name, column in zip(_CASE, found, strict=True)}
        values["units"] = np.array([min(len(row.units), _MOST) for row in rows], np.uint8)
        values["seq"] = np.array([row.seq for row in rows], np.float64)
        values["id"] = _objects([row.id for row in rows])
        values["title"] = _objects([row.title for row in rows])
        values["title_en"] = _objects([row.title_en for row in rows])
        return values

    def _of(self, case: Case) -> tuple[int | float, ...]:
        clock = case.next_due()
        return (
            self.workflows.number(case.workflow),
            self.steps.number(case.step),
            self.owners.number(case.owner),
            0 if clock is None else self.clocks.number(clock.id),
            NAN if clock is None else ms(clock.due),
            NAN if clock is None else min(map(ms, clock.warn), default=NAN),
            NAN if clock is None else ms(clock.original),
            int(case.suspended),
            min(len(case.returns), _MOST),
            min(len(case.children), _MOST),
            int(case.parent is not None),
        )


def clock_state(case: Case | None, t: datetime) -> ClockState | None:
    """How a case stands at t: as its clock with the earliest deadline (`Case.next_due`), or paused when it is
    suspended. None without such a clock. The columns `due`, `warn` and `paused` say the same."""
    if case is None:
        return None
    clock = case.next_due()
    if clock is not None:
        return clock.state(t)
    return ClockState.PAUSED if case.suspended else None


def _with_none() -> Codes:
    codes = Codes()
    codes.number("")
    return codes


def _objects(values: list[Any]) -> NDArray[Any]:
    column = np.empty(len(values), object)
    column[:] = values
    return column
