"""Incidents at a moment: the live state's columns, and over them what was different then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from data.casework import Case
from geo.cube import HeatCube
from layers.columns import NAN
from layers.incident_columns import IncidentColumns, Rows
from layers.past_base import BaseIncidents
from layers.past_cube import Matters, PatchedCube
from layers.past_incidents import IncidentVersions
from layers.past_overlay import Overlaid, Replaced

_COUNTED = ("atom", "category", "severity", "source", "opened", "closed")


class PastIncidents(IncidentColumns):
    """The incidents as they stood at t. Rows are those of `live`, a copy; beyond its end are those that it has no more.

    Only rows that can be told from the live ones at t are laid over: those at work or just closed (their cases were
    other ones), those closed and brought back since, those that a later record placed, named or classed anew.
    """

    def __init__(self, live: BaseIncidents, versions: IncidentVersions, t: float) -> None:
        self.t = t
        self._live, self._versions = live, versions
        self._size = len(live)
        found, row = versions.told_at(t)
        # Closed by t and opened later: the cube counts such closings, of which nothing was known where nothing was.
        gone = np.array([each for each in live.closed_before_opened(t) if not versions.known_at(each, t)], np.int64)
        new = versions.rowless_at(t)
        self._more = new[versions.columns["opened"][new] <= t]
        # Rows that are overlaid, ascending; the version of each, -1 where nothing was known of it by t.
        at = np.concatenate([row, gone])
        order = np.argsort(at, kind="stable")
        self._at: Rows = at[order]
        self._version: Rows = np.concatenate([found, np.full(len(gone), -1, np.int64)])[order]
        self._made: dict[str, Any] = {}
        self.categories, self.sources, self.codes = live.categories, live.sources, live.codes
        names = [versions.ids[who] for who in versions.columns["who"][self._more].tolist()]
        self.ids = cast("list[str]", Replaced(live.ids, self._size, {}, names))
        self.row = cast("dict[str, int]", _Row(live, {id: self._size + i for i, id in enumerate(names)}))
        self.cube = self._cube()

    def _cube(self) -> HeatCube:
        now, then, t = self._live, self._versions.columns, self.t
        counted = self._version >= 0
        row, version = self._at[counted], self._version[counted]
        differs = np.zeros(len(row), bool)
        for name in _COUNTED[:4]:
            differs |= now[name][row] != then[name][version]
        for name in _COUNTED[4:]:
            differs |= _by(now[name][row], t) != _by(then[name][version], t)
        rows = np.concatenate([row[differs], self._at[~counted]])
        versions = np.concatenate([version[differs], self._more])
        if not len(rows) and not len(versions):
            return now.cube
        before, after = ({name: table[name][at] for name in _COUNTED} for table, at in ((now, rows), (then, versions)))
        return cast("HeatCube", PatchedCube(now.cube, Matters(**before), Matters(**after)))

    # Made when they are asked for: kept, they would be a cycle, and what is in one is let go only by the collector.

    @property
    def titles(self) -> list[tuple[str, str]]:  # type: ignore[override]
        return cast("list[tuple[str, str]]", _Titles(self))

    @property
    def cases(self) -> list[Case | None]:  # type: ignore[override]
        return cast("list[Case | None]", _Cases(self))

    # --- columns -----------------------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        return self._live.names

    def __len__(self) -> int:
        return self._size + len(self._more)

    def __getitem__(self, name: str) -> NDArray[Any]:
        made = self._made.get(name)
        if made is None:
            base = self._live[name][: self._size]
            made = self._made[name] = self._overlaid(name, base) if len(self._at) or len(self._more) else base
        return cast("NDArray[Any]", made)

    def _overlaid(self, name: str, base: NDArray[Any]) -> Overlaid:
        if name == "id":
            more = np.empty(len(self._more), object)
            more[:] = [self.ids[self._size + i] for i in range(len(more))]
            return Overlaid(base, self._at, base[self._at], more)
        column = self._versions.columns[name]
        values = base[self._at]
        counted = self._version >= 0
        values[counted] = column[self._version[counted]]
        if name in ("opened", "closed"):
            values[~counted] = NAN
        return Overlaid(base, self._at, values, column[self._more])

    def put(self, rows: Sequence[Any]) -> None:
        raise TypeError("a past does not change")

    # --- what layers ask ---------------------------------------------------------------------------------------------

    def opened_between(self, after: float, until: float) -> Rows:
        rows = self._live.opened_between(after, until)
        rows = rows[rows < self._size]
        if not len(self._at) and not len(self._more):
            return rows
        opened = self["opened"]
        moved = self._at[_by(self._live["opened"][self._at], self.t) != _by(opened[self._at], self.t)]
        others = np.concatenate([moved, np.arange(self._size, len(self))])
        if not len(others):
            return rows
        elsewhere = np.zeros(self._size, bool)
        elsewhere[moved] = True
        rows = rows[~elsewhere[rows]]
        times = opened[others]
        chosen = (times > after) & (times <= until)
        others, times = others[chosen], times[chosen]
        order = np.argsort(times, kind="stable")
        place = np.searchsorted(self._live["opened"][rows], times[order], side="right")
        ordered: Rows = np.insert(rows, place, others[order])
        return ordered

    def begin(self) -> float:
        """When the first incident by t was opened, ms; NaN when there was none."""
        if not len(self._at) and not len(self._more):
            first = self._live.begin()
            return first if first <= self.t else NAN
        rows = self.opened_between(-np.inf, self.t)
        return float(self["opened"][rows[0]]) if len(rows) else NAN

    def title_of(self, i: int) -> tuple[str, str]:
        return self["title"][i], self["title_en"][i]

    def case_of(self, i: int) -> Case | None:
        """The case of a row."""
        if i >= self._size:
            return self._versions.case_of(int(self._more[i - self._size]))
        if (who := self._versions.number.get(self.ids[i])) is None:
            return self._live.cases[i]
        place = int(np.searchsorted(self._at, i))
        if place < len(self._at) and self._at[place] == i:
            version = int(self._version[place]) if self._version[place] >= 0 else None
        else:
            version = self._versions.of(who, self.t)
        return None if version is None else self._versions.case_of(version)


class _Row(Mapping[str, int]):
    """Rows by id: those of the base, and those behind its end."""

    def __init__(self, base: BaseIncidents, more: dict[str, int]) -> None:
        self._base, self._more = base, more

    def __getitem__(self, id: str) -> int:
        found = self._more.get(id)
        if found is None:
            found = self._base.row_of(id)
            if found < 0:
                raise KeyError(id)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self._base.ids[: len(self._base)]
        yield from self._more

    def __len__(self) -> int:
        return len(self._base) + len(self._more)


class _Titles(Sequence[tuple[str, str]]):
    def __init__(self, incidents: PastIncidents) -> None:
        self._incidents = incidents

    def __len__(self) -> int:
        return len(self._incidents)

    def __getitem__(self, i: Any) -> Any:
        return self._incidents.title_of(i)


class _Cases(Sequence["Case | None"]):
    def __init__(self, incidents: PastIncidents) -> None:
        self._incidents = incidents

    def __len__(self) -> int:
        return len(self._incidents)

    def __getitem__(self, i: Any) -> Any:
        return self._incidents.case_of(i)


def _by(times: NDArray[np.float64], t: float) -> NDArray[np.float64]:
    """Times with what had not happened by t, or never did, as one value."""
    return np.where(times <= t, times, np.inf)
