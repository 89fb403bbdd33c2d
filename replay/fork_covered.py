"""What free units cover in a fork as its log says, read on as it grows: who asks again every few seconds has what came
since read, not the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from data.records import (
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Record,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import Store, UnitRow
from replay.fork import Fork
from replay.fork_coverage import Coverage, Free, Place, Sample

CHUNK = 10_000
OPEN = 2
"""So many of the last samples are taken again each time: what crews did at their times is written a little later."""


@dataclass
class _Stood:
    """Where units are, which can be sent, and which are at work for an incident."""

    places: dict[str, Place] = field(default_factory=dict)
    free: dict[str, bool] = field(default_factory=dict)
    on: dict[str, str] = field(default_factory=dict)

    def copy(self) -> _Stood:
        return replace(self, places=dict(self.places), free=dict(self.free), on=dict(self.on))


class Covered:
    """The samples of one fork. Not thread-safe."""

    def __init__(self, coverage: Coverage, fork: Fork, units: Sequence[UnitRow], start: int) -> None:
        """`units` as they stood at `start`, whole seconds since 1970, when the fork began."""
        self._coverage, self._fork, self._units, self._start = coverage, fork, units, start
        self._kinds = {row.id: row.kind for row in units}
        self._anew()

    def _anew(self) -> None:
        placed = {row.id: (row.lon, row.lat) for row in self._units if row.lon is not None and row.lat is not None}
        self._stood = _Stood(
            placed, {row.id: row.status is UnitStatus.AVAILABLE for row in self._units},
            {row.id: row.incident for row in self._units if row.incident},
        )  # fmt: skip
        """At the last sample that is settled."""
        self._settled: list[Sample] = []
        self._waiting: list[Record] = []
        """What came after it, in order of time."""
        self._cursor = self._fork.seq

    def until(self, store: Store, end: int) -> list[Sample]:
        """The samples before `end`, with what the log has by now. Raises StoreUnavailable."""
        came = self._read(store)
        if self._settled and any(record.at.timestamp() <= self._settled[-1][0] for record in came):
            self._anew()  # told of a time that was settled: the log is read from its beginning
            came = self._read(store)
        self._waiting = sorted([*self._waiting, *came], key=lambda record: (record.at, record.seq or 0))
        times = self._coverage.times(self._start, end)
        settle = max(len(self._settled), len(times) - OPEN)
        stood, upto = self._stood, 0
        fresh: list[Sample] = []
        for n in range(len(self._settled), len(times)):
            if n == settle:
                self._stood, self._settled = stood.copy(), [*self._settled, *fresh]
                self._waiting, upto, fresh = self._waiting[upto:], 0, []
            t = times[n]
            while upto < len(self._waiting) and self._waiting[upto].at.timestamp() <= t:
                _take(self._waiting[upto], stood.places, stood.free, stood.on)
                upto += 1
            fresh.append((t, self._coverage.share(self._free(stood))))
        return [sample for sample in (*self._settled, *fresh) if sample[0] < end]

    def _free(self, stood: _Stood) -> list[Free]:
        return [(self._kinds[id], stood.places[id]) for id in stood.places if stood.free.get(id) and id in self._kinds]

    def _read(self, store: Store) -> list[Record]:
        """What the log has of the fork alone and was not read yet. Where the store goes away meanwhile, none of it
        counts as read."""
        found: list[Record] = []
        cursor = self._cursor
        while True:
            some = store.read_after(cursor, limit=CHUNK, timeline=self._fork.timeline)
            found += some
            if some:
                cursor = some[-1].seq or cursor
            if len(some) < CHUNK:
                self._cursor = cursor
                return found


def _take(record: Record, places: dict[str, Place], free: dict[str, bool], on: dict[str, str]) -> None:
    """What a record says of where units are, and whether they can be sent."""
    said = record.payload
    if isinstance(said, UnitPosition):
        if record.lon is not None and record.lat is not None:
            places[said.unit] = record.lon, record.lat
    elif isinstance(said, UnitStatusPayload):
        free[said.unit] = said.status is UnitStatus.AVAILABLE
        if said.incident:
            on[said.unit] = said.incident
    elif isinstance(said, IncidentDispatched):
        free.update(dict.fromkeys(said.units, False))
        on.update(dict.fromkeys(said.units, said.incident))
    elif isinstance(said, IncidentRecalled):
        free.update(dict.fromkeys((unit for unit in said.units if on.get(unit) == said.incident), True))
    elif isinstance(said, IncidentArrived):
        free[said.unit] = False
    elif isinstance(said, IncidentClosed) or (
        isinstance(said, IncidentMoved) and said.phase is IncidentState.CLOSED and said.step != said.before
    ):
        bound = [unit for unit, incident in on.items() if incident == said.incident and not free.get(unit)]
        free.update(dict.fromkeys(bound, True))
        for unit in bound:
            del on[unit]
