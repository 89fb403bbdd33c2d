"""Units at work as event rows tell it: files and dispatch systems name a unit in a row, and when it was sent and free.

The rule is that of `layers/row_ends.py`: busy from "dispatch" to "closed" of its row; where that is missing, to the
next thing the unit is known to do; and no longer than its incident, or than somebody called it back. Such rows tell
what holds at every t, so one table serves the live state and all moments of the past.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import numpy as np

from data.casework import closes
from data.codec import payload_from
from data.records import (
    EventPayload,
    IncidentClosed,
    IncidentMoved,
    IncidentRecalled,
    Kind,
    Payload,
    Record,
    incident_of,
)
from data.store import IncidentRow, Store
from layers.columns import NAN, Codes, Columns, ms
from layers.log_rows import CLOSED, DISPATCH, uncollected
from layers.unit_columns import UnitColumns

ONE_BY_ONE = 200
"""Incidents that are read one by one; when more changed at once, all rows that name a unit are read again."""

_NEVER = float("inf")
_ENDING = (Kind.INCIDENT_CLOSED, Kind.INCIDENT_MOVED, Kind.INCIDENT_RECALLED)


class _Part(NamedTuple):
    """A unit's part in an incident, ms: `end` NaN where nothing says when it was over."""

    unit: str
    incident: str
    start: float
    end: float


class UnitWork:
    """See the head of this file. Not thread-safe; it is a part of a `LiveState`. 28 bytes and more a row."""

    def __init__(self) -> None:
        self._columns = Columns(start=np.float64, end=np.float64, unit=np.int32, incident=np.int32)
        self._units, self._incidents = Codes(), Codes()
        self._of: dict[str, list[int]] = {}
        self._void: list[int] = []

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def copy(self) -> UnitWork:
        """Another one with nothing in it, to be brought up to this one by `take`; names of numbers are shared."""
        made = UnitWork()
        made._units, made._incidents, made._of = self._units, self._incidents, self._of
        return made

    def take(self, other: UnitWork, most: int) -> bool:
        """Bring a copy nearer to what it is a copy of, by so many rows at most. True when it is as that one."""
        start, end = self._columns.n, min(other._columns.n, self._columns.n + most)
        if start < end:
            self._columns.extend({name: other._columns[name][start:end] for name in other._columns.names})
        void = other._void[len(self._void) : len(self._void) + most]
        # What is void in rows that are still to come is so there already.
        self._columns["start"][[row for row in void if row < self._columns.n]] = _NEVER
        self._void += void
        return end == other._columns.n and len(self._void) == len(other._void)

    def put(self, incident: str, parts: Iterable[_Part]) -> None:
        """What is known of an incident now, instead of what was known before."""
        before = self._of.pop(incident, [])
        self._columns["start"][before] = _NEVER
        self._void += before
        parts = list(parts)
        if not parts:
            return
        first = self._columns.n
        self._columns.extend(
            {
                "start": np.array([part.start for part in parts]),
                "end": np.array([part.end for part in parts]),
                "unit": np.array([self._units.number(part.unit) for part in parts], np.int32),
                "incident": np.array([self._incidents.number(part.incident) for part in parts], np.int32),
            }
        )
        self._of[incident] = list(range(first, self._columns.n))

    def parts(self, incident: str) -> list[_Part]:
        """What is known of an incident."""
        start, end, unit = (self._columns[name] for name in ("start", "end", "unit"))
        return [
            _Part(self._units.texts[unit[i]], incident, float(start[i]), float(end[i]))
            for i in self._of.get(incident, ())
        ]

    def holds(self, incident: str) -> bool:
        """Whether a row of the incident names a unit."""
        return incident in self._of

    def busy(self, t: float, roster: UnitColumns) -> list[tuple[str, str]]:
        """Units at work at t (ms since 1970) and on which incident, the one sent to last; by unit.

        `roster`: a unit there whose status was set since it was sent is as that status says.
        """
        start, end, unit, incident = (self._columns[name] for name in ("start", "end", "unit", "incident"))
        at_work = np.flatnonzero((start <= t) & ~(end <= t))
        found: dict[str, tuple[float, str]] = {}
        for i in at_work.tolist():
            began = float(start[i])
            name = self._units.texts[unit[i]]
            if np.isnan(end[i]):
                if ((unit == unit[i]) & (start > began) & (start <= t)).any():
                    continue
                row = roster.row.get(name)
                if row is not None and began < ms(roster.rows[row].status_at) <= t:
                    continue
            if name not in found or began > found[name][0]:
                found[name] = began, self._incidents.texts[incident[i]]
        return sorted((name, on) for name, (_, on) in found.items())


class _Told:
    """What rows and commands of incidents say, gathered in any order."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[str, float, float]]] = {}
        self._released: dict[str, float] = {}
        self._recalled: dict[tuple[str, str], list[float]] = {}

    def row(self, incident: str, payload: EventPayload) -> None:
        sent = payload.times.get(DISPATCH)
        if payload.unit is not None and sent is not None:
            part = payload.unit, ms(sent), ms(payload.times.get(CLOSED))
            self._rows.setdefault(incident, []).append(part)

    def command(self, at: datetime, payload: Payload) -> None:
        if isinstance(payload, IncidentClosed) or (isinstance(payload, IncidentMoved) and closes(payload)):
            self._released[payload.incident] = min(ms(at), self._released.get(payload.incident, _NEVER))
        elif isinstance(payload, IncidentRecalled):
            for unit in payload.units:
                self._recalled.setdefault((payload.incident, unit), []).append(ms(at))

    @property
    def incidents(self) -> set[str]:
        """Incidents with a row that names a unit and when it was sent."""
        return set(self._rows)

    def recalled(self, part: _Part) -> bool:
        """Whether the unit was called back, and is therefore not among those on the incident."""
        return (part.incident, part.unit) in self._recalled

    def parts(self, incident: str) -> list[_Part]:
        released = self._released.get(incident, _NEVER)
        found = []
        for unit, start, closed in self._rows.get(incident, ()):
            back = min((at for at in self._recalled.get((incident, unit), ()) if at >= start), default=_NEVER)
            end = min(closed if closed == closed else _NEVER, released, back)
            found.append(_Part(unit, incident, start, NAN if end == _NEVER else end))
        return found


def read(store: Store, timeline: str, incidents: Iterable[IncidentRow]) -> UnitWork:
    """All work that rows of a timeline tell of; `incidents` are all of its. Raises StoreUnavailable."""
    work = UnitWork()
    if any(row.units for row in incidents):
        _read_all(work, store, timeline)
    return work


def _read_all(work: UnitWork, store: Store, timeline: str) -> None:
    told = _Told()
    with uncollected():
        for fact in store.scan((Kind.EVENT, *_ENDING), timeline, with_unit=True):
            if fact.kind == Kind.EVENT:
                row = payload_from(Kind.EVENT, fact.body)
                assert isinstance(row, EventPayload)
                told.row(fact.incident or "", row)
            elif not told.incidents:
                break  # events come first: nobody was sent anywhere by a row
            elif fact.incident in told.incidents:
                told.command(fact.at, payload_from(Kind(fact.kind), fact.body))
    for incident in told.incidents:
        work.put(incident, told.parts(incident))


def follow(work: UnitWork, store: Store, timeline: str, rows: Iterable[IncidentRow]) -> list[tuple[str, list[_Part]]]:
    """What is to be `put` after these incidents changed. Raises StoreUnavailable."""
    changed = {row.id: row for row in rows if row.units or work.holds(row.id)}
    if len(changed) > ONE_BY_ONE:
        anew = UnitWork()
        _read_all(anew, store, timeline)
        return [(id, anew.parts(id)) for id in changed]
    found = []
    for id, row in changed.items():
        told = _told_of(id, store.timeline_of(id, timeline))
        # A row that a correction gave to another incident is still in this one's life, and its unit not on it any more.
        found.append((id, [part for part in told.parts(id) if part.unit in row.units or told.recalled(part)]))
    return found


def _told_of(incident: str, life: Iterable[Record]) -> _Told:
    newest: dict[tuple[str, str], Record] = {}
    told = _Told()
    for record in life:
        if record.kind is not Kind.EVENT:
            told.command(record.at, record.payload)
            continue
        key = record.source, record.source_id
        if key not in newest or record.version > newest[key].version:
            newest[key] = record
    for record in newest.values():
        if incident_of(record) == incident and isinstance(record.payload, EventPayload):
            told.row(incident, record.payload)
    return told
