"""The simulated offices of the demonstration: departments, grid workers, crews and the duty officer at their cases.

    log ──> hear ──> next deed of each case (deeds.py) ──> when it is due: a command, as a person would give it

People come first: a case that a person has just touched is left alone for a while, a deed that was decided on an older
state of the case is decided anew, and what is refused is left to people.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from data.casework import Case
from data.clock import Clock
from data.errors import GridcommandError, StoreUnavailable
from data.records import (
    EventPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    Record,
    incident_of,
)
from data.store import IncidentRow, Store
from feeds.demo.deeds import Deed, next_deed
from feeds.demo.matters import Matters
from feeds.demo.timetable import timetable_of

log = logging.getLogger(__name__)

PER_STEP = 2
"""Commands in one step at most; a step is a second."""
BUSY_S = 45.0
"""A case on whose site a unit is at work is looked at again after this time, seconds."""
REFUSED_S = 3600.0
"""A case that refused a deed is left alone for this time, seconds."""
CHUNK = 2_000
RECENT = timedelta(hours=1)


class Commands(Protocol):
    """What the offices ask of casework (`dispatch.dispatcher.Dispatcher`, by way of `cli/demo_offices.py`)."""

    def file(self, incident: str) -> None:
        """Make a case of the incident, as the router does."""
        ...

    def follow(self, incident: str) -> None:
        """Make the moves that make themselves."""
        ...

    def do(self, row: IncidentRow, deed: Deed, key: str) -> None:
        """Make the move, with the evidence that its workflow asks for, on the version that `row` is.

        Raises GridcommandError when it is refused.
        """
        ...


def key_of(row: IncidentRow, deed: Deed) -> str:
    """Names a deed, so that it is done once: a case makes a move once from where it stands."""
    case = row.case or Case()
    at = 0 if case.moved_at is None else int(case.moved_at.timestamp() * 1000)
    return f"sim:{row.id}:{at}:{deed.move}"


def worker_of(row: IncidentRow) -> str:
    """The grid worker of the place, empty for none."""
    return f"W{row.area[6:]}" if row.area and len(row.area) == 15 else ""


class Offices:
    """Works all cases of a store. `step` is called once a second, from one thread at a time.

    `at_work` says whether a simulated unit is still at work on an incident.
    """

    def __init__(
        self, store: Store, clock: Clock, commands: Commands, seed: int, at_work: Callable[[str], bool] | None = None
    ) -> None:
        self._store, self._clock, self._commands = store, clock, commands
        self._matters = Matters(seed)
        self._at_work = at_work or (lambda incident: False)
        self._cursor: int | None = None
        self._heap: list[tuple[float, str]] = []
        self._planned: dict[str, float] = {}
        """Case -> when it is looked at next; entries of the heap that say otherwise are out of date."""
        self.done = 0
        self.refused = 0

    def step(self) -> int:
        """Hear what the log got and do what is due. Returns how many commands were given.

        While the store does not answer nothing is lost: the next step does it.
        """
        try:
            self._listen()
            return self._work(self._clock.now().timestamp())
        except StoreUnavailable:
            return 0

    def _listen(self) -> None:
        if self._cursor is None:
            self._cursor, rows = self._store.unsettled(self._clock.now() - RECENT)
            for row in rows:
                self._plan(row)
            return
        touched: dict[str, None] = {}
        cursor = self._cursor
        if self._store.head() > cursor:
            while True:
                records = self._store.read_after(cursor, limit=CHUNK, positions=False)
                for record in records:
                    touched.update(dict.fromkeys(_about(record)))
                    cursor = record.seq or cursor
                if len(records) < CHUNK:
                    break
        for id in touched:
            stands = self._store.incident(id)
            if stands is not None:
                self._plan(stands)
        self._cursor = cursor

    def _plan(self, row: IncidentRow, earliest: float = 0.0) -> Deed | None:
        """Decide what comes next and when."""
        deed = next_deed(row, timetable_of(row, self._matters), worker_of(row))
        if deed is None:
            self._planned.pop(row.id, None)
            return None
        self._remind(row.id, max(deed.at, earliest))
        return deed

    def _remind(self, id: str, at: float) -> None:
        self._planned[id] = at
        heapq.heappush(self._heap, (at, id))

    def _work(self, now: float) -> int:
        given = 0
        while given < PER_STEP and self._heap and self._heap[0][0] <= now:
            at, id = heapq.heappop(self._heap)
            if self._planned.get(id) != at:
                continue
            row = self._store.incident(id)
            deed = None if row is None else self._plan(row)
            if row is None or deed is None or deed.at > now:
                continue
            if deed.on_site and self._at_work(id):
                self._remind(id, now + BUSY_S)
                continue
            given += 1
            self._do(row, deed, now)
        return given

    def _do(self, row: IncidentRow, deed: Deed, now: float) -> None:
        try:
            self._commands.do(row, deed, key_of(row, deed))
        except StoreUnavailable:
            raise
        except GridcommandError as error:
            # Somebody was faster, and the log will tell; or this district's workflows know no such move.
            log.info("offices: %s of %s is left to people: %s", deed.move, row.id, error)
            self.refused += 1
            self._remind(row.id, now + REFUSED_S)
        else:
            self.done += 1
            self._planned.pop(row.id, None)  # the log tells of it in a moment


def _about(record: Record) -> tuple[str, ...]:
    """The incidents of which a record may change what comes next."""
    payload = record.payload
    if isinstance(payload, EventPayload):
        return (incident_of(record),) if record.version else ()
    if isinstance(payload, IncidentMoved | IncidentDispatched | IncidentArrived | IncidentRecalled | IncidentClosed):
        return (payload.incident,)
    if isinstance(payload, IncidentMerged):
        return (payload.incident, *((payload.into,) if payload.into else ()))
    return ()
