"""The incidents of the live state as a past reads them: columns of its own, brought up to the live ones part by part.

The live state changes in place, and its cube with every question. Who drew a picture of the past from them would have
to hold them still for as long as that takes, and live screens would wait. So every history has a copy: the live state
is held still while at most CHUNK rows are copied, and everything else happens on the copy.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from data.casework import Case
from geo.cube import HeatCube
from layers.incident_columns import RESOLUTIONS, IncidentColumns, Rows
from layers.places import Places
from layers.state import LiveState

CHUNK = 10_000
"""Rows that are copied while the live state is held still: some milliseconds."""

ROW_BYTES = 128 << 20
"""Memory of the cube's cumulative counts at most: a quarter of the live one's, which more people ask."""

_OWN = ("atom", "kind")
"""Numbers of the cube, which each has for itself."""


class LiveReader(Protocol):
    """Whoever has the live state: `layers/reader.py`."""

    def reading(self) -> AbstractContextManager[LiveState]:
        """The live state, held still inside the block."""
        ...


class BaseIncidents(IncidentColumns):
    """A copy of a live state's incidents. Row n is row n there; names of numbers, ids and rows by id are shared, for
    they only grow: who looks a row up by its id takes care that it is below `len`.

    Some 190 bytes an incident beside its cube.
    """

    def __init__(self, places: Places, live: IncidentColumns) -> None:
        super().__init__(places)
        self.cube = HeatCube(len(places.codes), RESOLUTIONS, row_bytes=ROW_BYTES)
        self.categories, self.sources, self.codes = live.categories, live.sources, live.codes
        self.ids, self.row = live.ids, live.row
        self._taken = 0
        self._backwards: set[int] = set()

    def row_of(self, id: str) -> int:
        """The row of an incident, -1 where it has none."""
        row = self.row.get(id, -1)
        return row if row < len(self) else -1

    def closed_before_opened(self, t: float) -> list[int]:
        """Rows that were closed by t, and opened after t: times that people wrote are not always in order."""
        opened, closed = self["opened"], self["closed"]
        return [row for row in sorted(self._backwards) if closed[row] <= t < opened[row]]

    def follow(self, reader: LiveReader, live: LiveState) -> bool:
        """Bring the copy up to `live`; rows that change meanwhile as well. Nothing more is done once `live` is
        replaced. True when something has changed."""
        rows = np.empty(0, np.int64)
        more = False
        while True:
            with reader.reading() as now:
                if now is not live:
                    return more
                source = live.incidents
                start, end = len(self), min(len(source), len(self) + CHUNK)
                if not len(rows) and self._taken < source.changes.count:
                    found = source.changes.since(self._taken)
                    rows = np.arange(start) if found is None else found[found < start]
                    self._taken = source.changes.count
                if not len(rows) and start == end:
                    return more
                part, rows = rows[:CHUNK], rows[CHUNK:]
                changed, fresh = _copied(source, part), _copied(source, np.arange(start, end))
            more = True
            if len(part):
                self._change_to(part, *changed)
            if start < end:
                self._append_all(*fresh)

    def _append_all(self, values: dict[str, NDArray[Any]], titles: list[Any], cases: list[Case | None]) -> None:
        start = len(self)
        self._number(values)
        self._columns.extend(values)
        self.titles += titles
        self.cases += cases
        self._counted(values)
        self._look(np.arange(start, len(self)))

    def _change_to(self, rows: Rows, values: dict[str, NDArray[Any]], titles: list[Any], cases: list[Any]) -> None:
        self._number(values)
        self._replace(rows, values)
        for row, title, case in zip(rows.tolist(), titles, cases, strict=True):
            self.titles[row], self.cases[row] = title, case
        self._look(rows)

    def _number(self, values: dict[str, NDArray[Any]]) -> None:
        values["atom"] = self._atoms(values["lon"], values["lat"], values["area"])
        values["kind"] = self.cube.kinds(values["category"], values["severity"], values["source"])

    def _look(self, rows: Rows) -> None:
        self._sorted = False
        backwards = self["closed"][rows] < self["opened"][rows]
        self._backwards.difference_update(rows[~backwards].tolist() if self._backwards else ())
        self._backwards.update(rows[backwards].tolist())


def _copied(source: IncidentColumns, rows: Rows) -> tuple[dict[str, NDArray[Any]], list[Any], list[Case | None]]:
    """Copies of these rows."""
    columns = {name: source[name][rows] for name in source.names if name not in _OWN}
    at = rows.tolist()
    return columns, [source.titles[row] for row in at], [source.cases[row] for row in at]
