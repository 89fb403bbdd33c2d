"""The incidents of one timeline in columns, with an index by opening time, and in a heat cube for counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.casework import Case
from data.projection import Incident
from data.store import IncidentRow
from geo.cells import latlng_to_cell
from geo.cube import HeatCube
from layers.case_columns import COLUMNS as CASE_COLUMNS
from layers.case_columns import CaseCodes
from layers.columns import NAN, Codes, Columns, ms
from layers.places import Places
from layers.row_changes import RowChanges
from layers.view import MAX_RES, MIN_RES

Rows = NDArray[np.int64]

RESOLUTIONS = tuple(range(MIN_RES, MAX_RES + 1))
_COUNTED = ("atom", "kind", "opened", "closed")
"""What a cube holds of an incident."""


class IncidentColumns:
    """Times are ms since 1970 with NaN for "not yet"; lon, lat NaN without a point; area -1 outside.

    An incident without rows (a correction took them) keeps its place with `opened` NaN and is counted nowhere.
    `cases` and the columns of `case_columns.py` tell of casework. `cube` counts them all: its categories and sources
    are the numbers of `categories` and `sources`, its areas those of `Places`.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._columns = Columns(
            opened=np.float64, dispatched=np.float64, arrived=np.float64, closed=np.float64,
            lon=np.float64, lat=np.float64, area=np.int32,
            category=np.int32, source=np.int32, severity=np.uint8, atom=np.int32, kind=np.int32, **CASE_COLUMNS,
        )  # fmt: skip
        self.ids: list[str] = []
        self.titles: list[tuple[str, str]] = []
        self.cases: list[Case | None] = []
        self.row: dict[str, int] = {}
        self.categories = Codes()
        self.sources = Codes()
        self.codes = CaseCodes()
        self._order: Rows = np.empty(0, np.int64)
        self._opened_sorted: NDArray[np.float64] = np.empty(0)
        self._sorted = True
        self.cube = HeatCube(len(places.codes), RESOLUTIONS)
        self.changes = RowChanges()
        """Rows that were changed after they were appended."""

    def __len__(self) -> int:
        return self._columns.n

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def put(self, rows: Sequence[IncidentRow]) -> None:
        """Take over rows, new and changed ones."""
        if not rows:
            return
        at = [self.row.get(row.id, -1) for row in rows]
        fresh = [row for row, i in zip(rows, at, strict=True) if i < 0]
        known = [(row, i) for row, i in zip(rows, at, strict=True) if i >= 0]
        if known:
            self._change(known)
        if fresh:
            self._append(fresh)
        self._sorted = False

    def _append(self, rows: Sequence[IncidentRow]) -> None:
        start = len(self.ids)
        values = self.values(rows)
        self._columns.extend(values)
        self._counted(values)
        for i, row in enumerate(rows, start):
            self.row[row.id] = i
            self.ids.append(row.id)
            self.titles.append((row.title, row.title_en))
            self.cases.append(row.case)

    def _change(self, known: Sequence[tuple[IncidentRow, int]]) -> None:
        at = np.array([i for _, i in known], np.int64)
        self._replace(at, self.values([row for row, _ in known]))
        for row, i in known:
            self.titles[i] = (row.title, row.title_en)
            self.cases[i] = row.case

    def _counted(self, values: Mapping[str, NDArray[Any]]) -> None:
        """The cube counts new rows."""
        self.cube.add(*(values[name] for name in _COUNTED))

    def _replace(self, at: Rows, values: Mapping[str, NDArray[Any]]) -> None:
        """The columns of these rows are now so."""
        old = [self[name][at] for name in _COUNTED]
        new = [values[name] for name in _COUNTED]
        other = np.zeros(len(at), bool)
        for before, now in zip(old, new, strict=True):
            other |= (before != now) & ~((before != before) & (now != now))  # NaN stayed NaN
        if other.any():
            self.cube.remove(*(column[other] for column in old))
            self.cube.add(*(column[other] for column in new))
        for name, column in values.items():
            self[name][at] = column
        self.changes.note(at)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return self._columns.names

    def values(self, rows: Sequence[IncidentRow | Incident]) -> dict[str, NDArray[Any]]:
        """The columns of these incidents, whose codes become known by it."""
        of, category, source = self._places.of, self.categories.number, self.sources.number
        values: dict[str, NDArray[Any]] = {
            "opened": np.array([ms(row.opened_at) if row.rows else NAN for row in rows]),
            "dispatched": np.array([ms(row.dispatched_at) for row in rows]),
            "arrived": np.array([ms(row.arrived_at) for row in rows]),
            "closed": np.array([ms(row.closed_at) if row.rows else NAN for row in rows]),
            "lon": np.array([NAN if row.lon is None else row.lon for row in rows]),
            "lat": np.array([NAN if row.lat is None else row.lat for row in rows]),
            "area": np.array([of(row.area) for row in rows], np.int32),
            "category": np.array([category(row.category) for row in rows], np.int32),
            "source": np.array([source(row.source) for row in rows], np.int32),
            "severity": np.array([row.severity for row in rows], np.uint8),
        }
        values["atom"] = self._atoms(values["lon"], values["lat"], values["area"])
        values |= self.codes.values(rows)
        values["kind"] = self.cube.kinds(values["category"], values["severity"], values["source"])
        return values

    def _atoms(self, lon: NDArray[np.float64], lat: NDArray[np.float64], area: NDArray[np.int32]) -> NDArray[np.int32]:
        """Where incidents count: the area, and the cell of the point at each resolution (docs/decisions/0004)."""
        cells = np.zeros((len(lon), len(RESOLUTIONS)), np.uint64)
        has = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if len(has):
            for i, res in enumerate(RESOLUTIONS):
                cells[has, i] = latlng_to_cell(lat[has], lon[has], res)
        return self.cube.places(cells, area)

    def opened_between(self, after: float, until: float) -> Rows:
        """Rows opened in (after, until], by opening time."""
        self._sort()
        low, high = np.searchsorted(self._opened_sorted, [after, until], side="right")
        return self._order[low:high]

    def begin(self) -> float:
        """When the first of all incidents was opened, ms; NaN when there is none."""
        self._sort()
        return float(self._opened_sorted[0]) if len(self._opened_sorted) else NAN

    def _sort(self) -> None:
        """Bring the index up to date. It was sorted before, so the merge sort finds two runs and few strays."""
        if self._sorted:
            return
        opened = self["opened"]
        order = np.concatenate([self._order, np.arange(len(self._order), len(self), dtype=np.int64)])
        # NaN (never opened) sorts last, beyond every searchsorted.
        self._order = order[np.argsort(opened[order], kind="stable")]
        self._opened_sorted = opened[self._order]
        self._sorted = True

    def open_at(self, t: float) -> Rows:
        """Rows open at t, in order of arrival."""
        found: Rows = np.flatnonzero((self["opened"] <= t) & ~(self["closed"] <= t))
        return found

    def state_at(self, rows: Rows, t: float) -> NDArray[np.uint8]:
        """0 open, 1 dispatched, 2 on scene, 3 closed, of rows that were opened by t."""
        state = np.zeros(len(rows), np.uint8)
        for code, name in ((1, "dispatched"), (2, "arrived"), (3, "closed")):
            state[self[name][rows] <= t] = code
        return state
