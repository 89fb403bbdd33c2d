"""How incidents changed: the columns of `IncidentColumns`, a row for each version, with the time that it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from data.case_json import case_document, case_from
from data.casework import Case
from data.projection import Incident
from data.projection_io import incident_row
from data.store import IncidentRow
from layers.columns import Columns
from layers.incident_columns import IncidentColumns, Rows

_INF = float("inf")
_GONE = -1

Change = tuple[int, int]
"""(number of a version, number of the one before it of the same incident, -1 for none)"""


class IncidentVersions:
    """Versions of incidents. Times are ms since 1970; `until` is infinite for the last version of each.

    Codes, areas and atoms are those of `live`, whose rows the versions are compared with. `odd` marks versions whose
    place, title or class is not that of the incident's last version. Memory: about 200 bytes a version, and 300 where
    there is a case.
    """

    def __init__(self, live: IncidentColumns) -> None:
        self.live = live
        types: dict[str, Any] = {name: live[name].dtype for name in live.names if name != "id"}
        self.columns = Columns(who=np.int64, since=np.float64, until=np.float64, odd=np.bool_, case=object, **types)
        self.ids: list[str] = []
        self.number: dict[str, int] = {}
        self._last: list[int] = []
        self._told: list[tuple[Any, ...]] = []
        self._row = np.empty(0, np.int64)
        self._wanting: list[int] = []
        self.waiting: list[tuple[int, float, IncidentRow]] = []
        self._ends: list[tuple[int, float]] = []
        self._odd: list[int] = []
        self.dead = 0
        """Versions that were taken back."""

    def __len__(self) -> int:
        return self.columns.n + len(self.waiting)

    def add(self, incident: Incident, since: float) -> Change:
        """A version of an incident, from `since` on. It counts after `settle`."""
        row = incident_row(incident)
        who = self.number.get(row.id)
        if who is None:
            who = self.number[row.id] = len(self.ids)
            self.ids.append(row.id)
            self._last.append(_GONE)
            self._told.append(())
            self._wanting.append(who)
        version, before = len(self), self._last[who]
        self.waiting.append((who, since, row))
        told = _told(row)
        if before != _GONE:
            self._ends.append((before, since))
            if told != self._told[who]:
                self._odd.append(who)
        self._last[who], self._told[who] = version, told
        return version, before

    def settle(self) -> None:
        """Take over what was added."""
        if not self.waiting:
            return
        who = np.array([who for who, _, _ in self.waiting], np.int64)
        since = np.array([since for _, since, _ in self.waiting])
        values = self.live.values([row for _, _, row in self.waiting])
        values = {name: values[name] for name in self.live.names if name != "id"}
        more: dict[str, NDArray[Any]] = {
            "who": who, "since": since, "until": np.full(len(who), _INF), "odd": np.zeros(len(who), bool),
            "case": np.empty(len(who), object),
        }  # fmt: skip
        more["case"][:] = [_packed(row.case) for _, _, row in self.waiting]
        self.columns.extend(values | more)
        if self._ends:
            at, until = zip(*self._ends, strict=True)
            self.columns["until"][list(at)] = until
        if self._odd:
            # All but the last: those that are the same as it will not differ where they are compared.
            self.columns["odd"][np.isin(self.columns["who"], self._odd)] = True
            self.columns["odd"][[self._last[who] for who in self._odd]] = False
        self.waiting, self._ends, self._odd = [], [], []

    def drop(self, change: Change) -> None:
        """Take back the last version of an incident. Only what is settled can be taken back."""
        version, before = change
        who = int(self.columns["who"][version])
        self.columns["since"][version] = _INF
        self._last[who] = before
        self._told[who] = ()
        if before != _GONE:
            self.columns["until"][before] = _INF
        self.dead += 1

    def forget(self, id: str) -> None:
        """Take back all versions of an incident."""
        who = self.number.get(id)
        if who is None:
            return
        mine = np.flatnonzero(self.columns["who"] == who)
        self.columns["since"][mine] = _INF
        self._last[who], self._told[who] = _GONE, ()
        self.dead += len(mine)

    def at(self, t: float) -> tuple[Rows, Rows]:
        """Versions that hold at t, and the row of each in `live`, -1 where it has none."""
        columns = self.columns
        found: Rows = np.flatnonzero((columns["since"] <= t) & (columns["until"] > t))
        return found, self._rows()[columns["who"][found]]

    def of(self, who: int, t: float) -> int | None:
        """The version of one incident that holds at t."""
        columns = self.columns
        found = np.flatnonzero((columns["who"] == who) & (columns["since"] <= t) & (columns["until"] > t))
        return int(found[-1]) if len(found) else None

    def case_of(self, version: int) -> Case | None:
        """The case of a version."""
        packed = self.columns["case"][version]
        return None if packed is None else case_from(orjson.loads(packed))

    def _rows(self) -> NDArray[np.int64]:
        """Row of each incident in `live`."""
        if len(self._row) < len(self.ids):
            self._row = np.concatenate([self._row, np.full(len(self.ids) - len(self._row), _GONE)])
        if self._wanting:
            rows = self.live.row
            self._row[self._wanting] = [rows.get(self.ids[who], _GONE) for who in self._wanting]
            self._wanting = [who for who in self._wanting if self._row[who] == _GONE]
        return self._row

    @property
    def nbytes(self) -> int:
        """Memory of the columns, bytes."""
        return self.columns.nbytes


def _packed(case: Case | None) -> bytes | None:
    """A case in a third of its room."""
    return None if case is None else orjson.dumps(case_document(case))


def _told(row: IncidentRow) -> tuple[Any, ...]:
    return (
        row.opened_at, row.category, row.severity, row.title, row.title_en, row.source, row.lon, row.lat, row.area,
        row.rows > 0,
    )  # fmt: skip
