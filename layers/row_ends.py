"""What event rows say of units: files and dispatch systems name a unit in a row, and when it was sent and free.

The projector binds no unit to a row, so this is counted beside it, from the rows as they are known now. A row ends at
its "closed". Where that is missing, at the next thing its unit is known to do (be sent anew, be reported idle), for a
unit works on one thing at a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import orjson

from data.casework import closes
from data.codec import payload_from
from data.records import IncidentClosed, IncidentMoved, IncidentRecalled, Kind, UnitStatus, UnitStatusPayload
from data.store import Store
from layers.log_rows import CLOSED, DISPATCH

IDLE = (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE)
_SAID = (Kind.UNIT_STATUS, Kind.INCIDENT_CLOSED, Kind.INCIDENT_MOVED, Kind.INCIDENT_RECALLED)


class _Work(NamedTuple):
    """A unit's part in an incident, as one row tells it."""

    unit: str
    incident: str
    start: datetime | None
    closed: datetime | None


class RowEnds:
    """The rows of a timeline that name a unit, and what ended them."""

    def __init__(self, store: Store, timeline: str) -> None:
        """Reads them. Raises StoreUnavailable."""
        self._work: list[_Work] = []
        self._moves: dict[str, list[datetime]] = {}
        self._released: dict[str, list[datetime]] = {}
        self._recalled: dict[tuple[str, str], list[datetime]] = {}
        for fact in store.scan((Kind.EVENT,), timeline, with_unit=True):
            payload = orjson.loads(fact.body)
            start, closed = (payload["times"].get(name) for name in (DISPATCH, CLOSED))
            start, closed = (None if time is None else datetime.fromisoformat(time) for time in (start, closed))
            self._work.append(_Work(payload["unit"], fact.incident or "", start, closed))
            if start is not None:
                self._moves.setdefault(payload["unit"], []).append(start)
        if self._work:
            self._hear(store, timeline)
        for times in self._moves.values():
            times.sort()

    def _hear(self, store: Store, timeline: str) -> None:
        incidents = {part.incident for part in self._work}
        for fact in store.scan(_SAID, timeline):
            if fact.kind != Kind.UNIT_STATUS and fact.incident not in incidents:
                continue
            said = payload_from(Kind(fact.kind), fact.body)
            if isinstance(said, UnitStatusPayload):
                if said.status in IDLE:
                    self._moves.setdefault(said.unit, []).append(fact.at)
            elif isinstance(said, IncidentRecalled):
                for unit in said.units:
                    self._recalled.setdefault((said.incident, unit), []).append(fact.at)
            elif isinstance(said, IncidentClosed) or (isinstance(said, IncidentMoved) and closes(said)):
                self._released.setdefault(said.incident, []).append(fact.at)

    def _end(self, part: _Work) -> datetime | None:
        if part.closed is not None or part.start is None:
            return part.closed
        known = self._moves.get(part.unit, [])
        after = bisect_right(known, part.start)
        return known[after] if after < len(known) else None

    def ended(self, rows: Mapping[str, int], t: datetime) -> set[str]:
        """Of these incidents, with the number of their rows, those all of whose rows had ended by t."""
        ended: dict[str, int] = {}
        for part in self._work:
            if part.incident in rows:
                end = self._end(part)
                ended[part.incident] = ended.get(part.incident, 0) + (end is not None and end <= t)
        return {id for id, n in ended.items() if n == rows[id]}

    def busy(self, t: datetime) -> set[str]:
        """Units at work on a row at t, which nobody called back and whose incident nobody had closed."""
        busy: set[str] = set()
        for part in self._work:
            start = part.start
            if start is None or start > t or (part.closed is not None and part.closed <= t):
                continue
            end = self._end(part)
            if end is not None and end <= t:
                continue
            if any(at <= t for at in self._released.get(part.incident, ())):
                continue
            if any(start <= at <= t for at in self._recalled.get((part.incident, part.unit), ())):
                continue
            busy.add(part.unit)
        return busy


def ended_by_rows(store: Store, timeline: str, incidents: Collection[str], t: datetime) -> set[str]:
    """Of these incidents, which nobody closed and nobody filed, those all of whose rows had ended by t."""
    if not incidents:
        return set()
    rows = {one.id: one.rows for one in store.opened_by(t, timeline) if one.id in incidents}
    return RowEnds(store, timeline).ended(rows, t)
