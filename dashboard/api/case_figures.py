"""Casework counted from the live state: by clock, by owner, and the cases that were handed back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dashboard.services import Services
from data.casework import ClockState
from data.records import IncidentState
from data.store import IncidentRow
from dispatch.routing import TRIAGE
from layers.incident_columns import IncidentColumns, Rows


@dataclass(frozen=True, slots=True)
class Figures:
    """Open cases: how many, and of them those whose earliest deadline has passed or is near, those whose clocks stand
    still. `returns` counts the returns of open cases."""

    open: int
    overdue: int
    warning: int
    paused: int
    returns: int


def in_clock_state(table: IncidentColumns, rows: Rows, wanted: ClockState, now: float) -> NDArray[np.bool_]:
    """Which of `rows` are so at `now` (ms), by `layers.case_columns.clock_state`. Only OVERDUE, WARNING, PAUSED."""
    due, warn = table["due"][rows], table["warn"][rows]  # NaN compares as False
    overdue: NDArray[np.bool_] = now > due
    if wanted is ClockState.OVERDUE:
        return overdue
    if wanted is ClockState.WARNING:
        warning: NDArray[np.bool_] = (now >= warn) & ~overdue
        return warning
    paused: NDArray[np.bool_] = np.isnan(due) & (table["paused"][rows] > 0)
    return paused


def total(services: Services) -> Figures:
    """Figures of all open cases. Raises StoreUnavailable before there is a live state."""
    with services.reader.reading() as state:
        now = services.clock.now().timestamp() * 1000.0
        return _figures(state.incidents, _open(state.incidents, now), now)


def by_owner(services: Services) -> dict[str, Figures]:
    """Figures of the open cases of every owner that has, or had, one."""
    with services.reader.reading() as state:
        table, now = state.incidents, services.clock.now().timestamp() * 1000.0
        rows = _open(table, now)
        owner = table["owner"][rows]
        return {
            text: _figures(table, rows[owner == number], now)
            for number, text in enumerate(table.codes.owners.texts)
            if text
        }


def in_triage(services: Services) -> int:
    """Open cases that wait for a person to place them."""
    mine = by_owner(services).get(TRIAGE)
    return 0 if mine is None else mine.open


def returned(services: Services) -> list[IncidentRow]:
    """The incidents whose cases were handed back, with what the ledger shows of them."""
    now = services.clock.now()
    with services.reader.reading() as state:
        table, t = state.incidents, now.timestamp() * 1000.0
        rows = np.flatnonzero((table["returns"] > 0) & (table["opened"] <= t))
        stages = table.state_at(rows, t)
        return [
            _row(services.timeline, table, state.places.codes, int(i), int(stage))
            for i, stage in zip(rows, stages, strict=True)
        ]


def _open(table: IncidentColumns, now: float) -> Rows:
    rows = table.open_at(now)
    found: Rows = rows[(table["workflow"][rows] > 0) & (table["parent"][rows] == 0)]
    return found


def _figures(table: IncidentColumns, rows: Rows, now: float) -> Figures:
    def count(state: ClockState) -> int:
        return int(in_clock_state(table, rows, state, now).sum())

    return Figures(
        open=len(rows),
        overdue=count(ClockState.OVERDUE),
        warning=count(ClockState.WARNING),
        paused=count(ClockState.PAUSED),
        returns=int(table["returns"][rows].sum(dtype=np.int64)),
    )


def _row(timeline: str, table: IncidentColumns, codes: list[str], i: int, stage: int) -> IncidentRow:
    """The incident as far as columns tell: what only the store knows is empty."""

    def at(column: str) -> datetime | None:
        value = float(table[column][i])
        return None if np.isnan(value) else datetime.fromtimestamp(value / 1000.0, UTC)

    opened = at("opened")
    assert opened is not None
    title, title_en = table.titles[i]
    area = int(table["area"][i])
    return IncidentRow(
        id=table.ids[i],
        timeline=timeline,
        state=tuple(IncidentState)[stage],
        opened_at=opened,
        dispatched_at=at("dispatched"),
        arrived_at=at("arrived"),
        closed_at=at("closed"),
        category=table.categories.texts[table["category"][i]],
        severity=int(table["severity"][i]),
        title=title,
        title_en=title_en,
        address="",
        source=table.sources.texts[table["source"][i]],
        lon=None if np.isnan(table["lon"][i]) else float(table["lon"][i]),
        lat=None if np.isnan(table["lat"][i]) else float(table["lat"][i]),
        cell=None,
        area=None if area < 0 else codes[area],
        units=(),
        rows=1,
        last_actor="",
        seq=int(table["seq"][i]),
        case=table.cases[i],
    )
