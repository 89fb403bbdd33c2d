"""How incidents changed: the columns of `IncidentColumns`, a row for each version, with the time that it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.casework import Case
from data.projection import Incident
from layers.columns import Columns
from layers.incident_columns import Rows
from layers.incidents import LINGER_MS
from layers.past_base import BaseIncidents
from layers.past_spans import Spans

STAGES = ("opened", "dispatched", "arrived", "closed")
"""Times that a version is compared with its incident's row by."""

_INF = float("inf")
_GONE = -1
_FEW = 1_000
"""Incidents that are looked at one by one; beyond it all versions are looked at."""

Change = tuple[int, int]
"""(number of a version, number of the one before it of the same incident, -1 for none)"""


class IncidentVersions:
    """Versions of incidents. Times are ms since 1970; `until` is infinite for the last version of each.

    Codes, areas and atoms are those of `base`, whose rows the versions are compared with. `odd` marks versions whose
    place, title or class is not that of the incident's last version. Memory: about 250 bytes a version, and 300 where
    there is a case.

    When a version can be told from its row follows from both alone, so it is found once, as spans of time, and again
    when one of them changes: a moment then costs what can be told at it, which is what was open or had just been
    closed, and not what there ever was.
    """

    def __init__(self, base: BaseIncidents) -> None:
        self.base = base
        types: dict[str, Any] = {name: base[name].dtype for name in base.names if name != "id"}
        self.columns = Columns(
            who=np.int64, before=np.int64, since=np.float64, until=np.float64, odd=np.bool_, case=object, **types
        )
        self.ids: list[str] = []
        self.number: dict[str, int] = {}
        self._last: list[int] = []
        self._told: list[tuple[Any, ...]] = []
        self._row = np.empty(0, np.int64)
        self._who = np.empty(0, np.int64)
        self._wanting: list[int] = []
        self.waiting: list[tuple[int, int, float, Incident]] = []
        self._ends: list[tuple[int, float]] = []
        self._odd: set[int] = set()
        self._moved: set[int] = set()
        self._spans = Spans()
        self._seen = base.changes.count
        self.dead = 0
        """Versions that were taken back."""

    def __len__(self) -> int:
        return self.columns.n + len(self.waiting)

    def add(self, incident: Incident, since: float) -> Change:
        """A version of an incident, from `since` on. It counts after `settle`; until then nobody changes `incident`."""
        who = self.number.get(incident.id)
        if who is None:
            who = self.number[incident.id] = len(self.ids)
            self.ids.append(incident.id)
            self._last.append(_GONE)
            self._told.append(())
            self._wanting.append(who)
        version, before = len(self), self._last[who]
        self.waiting.append((who, before, since, incident))
        told = _told(incident)
        if before != _GONE:
            self._ends.append((before, since))
            if told != self._told[who]:
                self._odd.add(who)
        self._last[who], self._told[who] = version, told
        return version, before

    def settle(self) -> None:
        """Take over what was added."""
        if not self.waiting:
            return
        who = np.array([who for who, _, _, _ in self.waiting], np.int64)
        values = self.base.values([row for _, _, _, row in self.waiting])
        values = {name: values[name] for name in self.base.names if name != "id"}
        more: dict[str, NDArray[Any]] = {
            "who": who, "before": np.array([before for _, before, _, _ in self.waiting], np.int64),
            "since": np.array([since for _, _, since, _ in self.waiting]), "until": np.full(len(who), _INF),
            "odd": np.zeros(len(who), bool), "case": np.empty(len(who), object),
        }  # fmt: skip
        more["case"][:] = [row.case for _, _, _, row in self.waiting]
        self.columns.extend(values | more)
        if self._ends:
            at, until = zip(*self._ends, strict=True)
            self.columns["until"][list(at)] = until
        if self._odd:
            # All but the last: those that are the same as it will not differ where they are compared.
            self.columns["odd"][self._all_of(self._odd)] = True
            self.columns["odd"][[self._last[who] for who in self._odd]] = False
        self._moved.update(who.tolist())
        self.waiting, self._ends, self._odd = [], [], set()

    def drop(self, change: Change) -> None:
        """Take back the last version of an incident. Only what is settled can be taken back."""
        version, before = change
        who = int(self.columns["who"][version])
        self._take_back(np.array([version]))
        self._last[who] = before
        self._told[who] = ()
        if before != _GONE:
            self.columns["until"][before] = _INF
        self._moved.add(who)

    def forget(self, id: str) -> None:
        """Take back all versions of an incident."""
        who = self.number.get(id)
        if who is None:
            return
        self._take_back(self._all_of([who]))
        self._last[who], self._told[who] = _GONE, ()

    # --- at a moment -------------------------------------------------------------------------------------------------

    def told_at(self, t: float) -> tuple[Rows, Rows]:
        """Versions that hold at t and can be told from their rows then, and those rows; by row."""
        self._bring()
        found = np.unique(self._spans.at(t) // 2)
        row = self._row[self.columns["who"][found]]
        order = np.argsort(row, kind="stable")
        return found[order], row[order]

    def rowless_at(self, t: float) -> Rows:
        """Versions that hold at t of incidents that have no row, ascending."""
        self._bring()
        found = [version for who in self._wanting if (version := self.of(who, t)) is not None]
        return np.array(sorted(found), np.int64)

    def known_at(self, row: int, t: float) -> bool:
        """Whether there is a version for a row that holds at t."""
        self._bring()
        who = int(self._who[row]) if row < len(self._who) else _GONE
        return who != _GONE and self.of(who, t) is not None

    def of(self, who: int, t: float) -> int | None:
        """The version of one incident that holds at t."""
        since, until = self.columns["since"], self.columns["until"]
        return next((version for version in self._chain(who) if since[version] <= t < until[version]), None)

    def case_of(self, version: int) -> Case | None:
        """The case of a version."""
        case: Case | None = self.columns["case"][version]
        return case

    @property
    def nbytes(self) -> int:
        """Memory of the columns, bytes."""
        return self.columns.nbytes + self._spans.nbytes

    # --- what can be told --------------------------------------------------------------------------------------------

    def _bring(self) -> None:
        """Bring the spans up to the rows and versions as they are."""
        self._find_rows()
        changed = self.base.changes.since(self._seen)
        self._seen = self.base.changes.count
        if changed is None:
            self._mark(np.arange(self.columns.n))
        else:
            who = self._who[changed[changed < len(self._who)]]
            self._moved.update(who[who != _GONE].tolist())
            if self._moved:
                self._mark(self._all_of(self._moved))
        self._moved = set()

    def _mark(self, versions: Rows) -> None:
        """When these versions can be told from their rows.

        What is open can be told always, and what was closed for as long as it lingers. After that a version is as its
        row, but for times that it has and the row has not, or has otherwise: from the earlier of both on.
        """
        then, now = self.columns, self.base
        row = self._row[then["who"][versions]]
        versions, row = versions[row != _GONE], row[row != _GONE]
        since, until = then["since"][versions], then["until"][versions]
        # A millisecond more than it lingers: what can be told is right however long it is.
        lingers = then["closed"][versions] + LINGER_MS + 1.0
        settled = np.where(then["odd"][versions] | np.isnan(lingers), _INF, lingers)
        differs = np.full(len(versions), _INF)
        for name in STAGES:
            mine, rows = then[name][versions], now[name][row]
            other = ~((mine == rows) | (np.isnan(mine) & np.isnan(rows)))
            differs[other] = np.fmin(differs[other], np.fmin(mine[other], rows[other]))
        self._spans.put(versions * 2, since, np.minimum(until, settled))
        self._spans.put(versions * 2 + 1, np.maximum(np.maximum(since, differs), settled), until)

    def _find_rows(self) -> None:
        """Row of each incident in `base`, and incident of each row."""
        if len(self._row) < len(self.ids):
            self._row = np.concatenate([self._row, np.full(len(self.ids) - len(self._row), _GONE)])
        if not self._wanting:
            return
        if len(self._who) < len(self.base):
            self._who = np.concatenate([self._who, np.full(len(self.base) - len(self._who), _GONE)])
        found = [(who, row) for who in self._wanting if (row := self.base.row_of(self.ids[who])) != _GONE]
        if found:
            who, rows = (list(each) for each in zip(*found, strict=True))
            self._row[who], self._who[rows] = rows, who
            self._moved.update(who)
            self._wanting = [who for who in self._wanting if self._row[who] == _GONE]

    def _take_back(self, versions: Rows) -> None:
        self.columns["since"][versions] = _INF
        for slot in (0, 1):
            self._spans.put(versions * 2 + slot, *np.full((2, len(versions)), _INF))
        self.dead += len(versions)

    def _chain(self, who: int) -> Iterator[int]:
        """The versions of an incident, the last first; those that were taken back are none."""
        before, settled = self.columns["before"], self.columns.n
        version = self._last[who]
        while version != _GONE:
            if version >= settled:
                raise RuntimeError("past: versions are asked for before they are settled")
            yield version
            version = int(before[version])

    def _all_of(self, who: Collection[int]) -> Rows:
        """The versions of these incidents, ascending."""
        if len(who) > _FEW:
            wanted = np.zeros(len(self.ids), bool)
            wanted[list(who)] = True
            columns = self.columns
            return np.flatnonzero(wanted[columns["who"]] & (columns["since"] < _INF))
        found = [version for each in who for version in self._chain(each)]
        return np.array(sorted(found), np.int64)


def _told(row: Incident) -> tuple[Any, ...]:
    return (
        row.opened_at, row.category, row.severity, row.title, row.title_en, row.source, row.lon, row.lat, row.area,
        row.rows > 0,
    )  # fmt: skip
