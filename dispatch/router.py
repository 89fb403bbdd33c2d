"""Files the incidents that feeds open, and lets cases follow what their units and sources do: a thread on the log.

Exactly once needs no memory here: filing carries the key `system:file:<incident>` and is decided inside the store's
transaction, so a second server, or this one started anew, changes nothing. What is filed and how is the dispatcher's.
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from data.clock import Clock
from data.errors import GridcommandError, Refused, StoreUnavailable
from data.records import (
    LIVE,
    EventPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    Record,
    UnitStatusPayload,
    incident_of,
)
from data.settings import Settings
from data.store import IncidentRow, Store
from dispatch.standing import LOST, behind, by_hand, ended_by_source, goes_on, lost_cases
from dispatch.turn import filing_key
from dispatch.workflow import Workflow

log = logging.getLogger(__name__)

ACTOR = "router"
"""Who answers for what is done here, in every record of it."""

COALESCE_S = 0.1
"""Shortest time between two looks at the log, seconds: commits of one moment are taken together."""

CHUNK = 2_000
"""Records read at once."""

JUMP = 20_000
"""With more new records than this, as after a large import, the incidents themselves are read instead of the log."""

TRIES = 3
"""An incident whose filing fails for an unforeseen reason is left to people after so many attempts."""

RETRY_FIRST_S, RETRY_LAST_S = 0.25, 5.0


class Desk(Protocol):
    """What the router asks of the dispatcher. Both calls refuse, change nothing when repeated, and own their rules."""

    def file(self, incident: str, *, actor: str, key: str) -> Any:
        """Make a case of the incident, in the workflow and with the owner that the routing table says."""
        ...

    def follow(self, incident: str) -> Any:
        """Make the moves that the workflow makes by itself for what happened to the incident's units or source."""
        ...


class AutoRouter:
    """One thread. Takes up incidents that are open, have no case and were opened in the last `route_within_hours`; the
    most urgent first, at most `route_per_s` a second, so that people's commands go first.

    While the store does not answer, everything waits and is tried again; nothing is forgotten, for what has no case is
    found again in the store. `workflows` are the dispatcher's.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        desk: Desk,
        settings: Settings,
        workflows: Mapping[str, Workflow] | None = None,
        timeline: str = LIVE,
    ) -> None:
        self.filed = 0
        """Incidents of which this router made a case, or found that one had been made."""
        self.followed = 0
        self.away_since: datetime | None = None
        """When the store stopped answering, None while it answers."""
        self._store, self._clock, self._desk = store, clock, desk
        self._workflows = workflows or {}
        self._timeline = timeline
        self._within = timedelta(hours=settings.route_within_hours)
        self._pause_s = 1 / settings.route_per_s if settings.route_per_s else None
        self._poll_s = settings.silence_poll_s
        self._seq: int | None = None
        self._waiting: list[tuple[int, datetime, str]] = []  # a heap: severity, opened, incident
        self._listed: set[str] = set()
        self._to_follow: dict[str, None] = {}
        self._turn = False
        self._failed: dict[str, int] = {}
        self._on: dict[str, str] = {}  # unit -> the incident it was last sent to
        self._cases: set[str] = set()  # incidents with a case that has not ended
        self._ring, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Incidents that were seen and not looked at yet."""
        return len(self._listed)

    @property
    def backlog(self) -> int | None:
        """Incidents to be filed and cases to follow what happened; None before the log was first looked at."""
        return None if self._seq is None else len(self._listed) + len(self._to_follow)

    def start(self) -> None:
        """Begin. Does nothing when routing is switched off (`route_per_s` or `route_within_hours` 0)."""
        if self._pause_s is not None and self._within and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="gridcommand-router", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop after the incident in hand."""
        self._stop.set()
        self._ring.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Take over what the log has that is new. Raises StoreUnavailable."""
        head = self._store.head()
        if self._seq is None or not self._seq <= head <= self._seq + JUMP:
            self._begin()
            return
        while self._seq < head:
            records = self._store.read_after(self._seq, limit=CHUNK, timeline=self._timeline, positions=False)
            for record in records:
                self._see(record)
            self._seq = head if len(records) < CHUNK else records[-1].seq or head

    def step(self) -> bool:
        """File one incident, the most urgent first, or let one case follow, in turn. False when nothing is to be done.

        Raises StoreUnavailable, with the incident still to be done.
        """
        self._turn = not self._turn
        return (self._step_follow() or self._step_file()) if self._turn else (self._step_file() or self._step_follow())

    def _begin(self) -> None:
        """Start from the incidents as they stand."""
        seq, rows = self._store.unsettled(self._clock.now() - self._within, self._timeline)
        self._waiting, self._listed, self._to_follow = [], set(), {}
        self._on, self._cases = {}, set()
        for where, ids in lost_cases(rows, self._workflows).items():
            log.warning(LOST, len(ids), where, ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else ""))
        for row in rows:
            if self._wanted(row):
                self._list(row.id, row.severity, row.opened_at)
            elif row.case is not None and goes_on(self._workflows, row.case.workflow, row.case.step):
                self._cases.add(row.id)
                self._to_follow[row.id] = None
                self._on.update(dict.fromkeys(row.units, row.id))
        self._seq = seq

    def _see(self, record: Record) -> None:
        """Take note of what a record may call for; what is so is looked up when its turn comes."""
        payload = record.payload
        if isinstance(payload, EventPayload):
            id = incident_of(record)
            if id in self._cases:
                self._to_follow[id] = None  # times of its units, or its closing, may be in the row
            elif "closed" not in payload.times:
                if record.version:
                    self._to_follow[id] = None  # its source may take a closing back
                self._list(id, payload.severity, record.at)
        elif isinstance(payload, IncidentMoved):
            self._listed.discard(payload.incident)
            if goes_on(self._workflows, payload.workflow, payload.step):
                self._cases.add(payload.incident)
                if by_hand(
                    self._workflows[payload.workflow], payload
                ):  # units or the source may have done before what can be followed only now
                    self._to_follow[payload.incident] = None
            else:
                self._cases.discard(payload.incident)
        elif isinstance(payload, IncidentMerged):
            if payload.into is None and payload.incident not in self._cases:
                self._list(payload.incident, 3, record.at)  # split off, perhaps before it had a case
        elif isinstance(payload, UnitStatusPayload):
            before = self._on.get(payload.unit)
            if payload.incident is not None:
                self._on[payload.unit] = payload.incident
            for touched in (before, payload.incident):
                if touched in self._cases:
                    self._to_follow[touched] = None
        elif isinstance(payload, IncidentDispatched | IncidentRecalled | IncidentArrived | IncidentClosed):
            if isinstance(payload, IncidentDispatched):
                self._on.update(dict.fromkeys(payload.units, payload.incident))
            if payload.incident in self._cases:
                self._to_follow[payload.incident] = None

    def _list(self, id: str, severity: int, opened: datetime) -> None:
        fresh = opened >= self._clock.now() - self._within
        if fresh and id not in self._cases and id not in self._listed and self._failed.get(id, 0) < TRIES:
            self._listed.add(id)
            heapq.heappush(self._waiting, (severity, opened, id))

    def _wanted(self, row: IncidentRow) -> bool:
        """Whether it is open, young and without a case; one that was merged goes with its parent."""
        unfiled = row.case is None or (not row.case.workflow and row.case.parent is None)
        young = row.opened_at >= self._clock.now() - self._within
        return unfiled and young and row.rows > 0 and row.closed_at is None

    def _step_file(self) -> bool:
        while self._waiting:
            severity, opened, id = self._waiting[0]
            row = self._store.incident(id, self._timeline) if id in self._listed else None
            if row is None or not self._wanted(row):
                heapq.heappop(self._waiting)
                self._listed.discard(id)
                continue
            done = self._do(id, self._file)
            heapq.heappop(self._waiting)
            if not done and self._failed[id] < TRIES:
                heapq.heappush(self._waiting, (severity + 10, opened, id))  # behind all others
            else:
                self._listed.discard(id)
            return True
        return False

    def _step_follow(self) -> bool:
        while self._to_follow:
            id = next(iter(self._to_follow))
            row = self._store.incident(id, self._timeline)
            late = row is not None and (behind(self._workflows, row) or ended_by_source(self._workflows, row))
            done = not late or self._do(id, self._follow)
            del self._to_follow[id]
            if not done and self._failed[id] < TRIES:
                self._to_follow[id] = None
            if late:
                return True
        return False

    def _do(self, id: str, what: Callable[[str], None]) -> bool:
        """False when it failed for a reason that nobody foresaw, and may be tried again."""
        try:
            what(id)
        except StoreUnavailable:
            raise
        except Refused as error:
            # Closed meanwhile, or another server had it first: it is as it should be.
            log.info("router: incident %s is left as it is: %s", id, error)
        except GridcommandError as error:
            log.warning("router: incident %s is left to people: %s", id, error)
        except Exception:
            self._failed[id] = self._failed.get(id, 0) + 1
            log.exception("router: incident %s failed (%d of %d)", id, self._failed[id], TRIES)
            return False
        return True

    def _file(self, id: str) -> None:
        self._desk.file(id, actor=ACTOR, key=filing_key(id))
        self.filed += 1

    def _follow(self, id: str) -> None:
        self._desk.follow(id)
        self.followed += 1

    def _run(self) -> None:
        unsubscribe = None
        wait = RETRY_FIRST_S
        while not self._stop.is_set():
            self._ring.clear()
            try:
                if unsubscribe is None:
                    unsubscribe = self._store.subscribe(self._ring.set)
                self._work()
                if self.away_since is not None:
                    log.warning("router: the store answers again")
                    self.away_since = None
                wait = RETRY_FIRST_S
                if self._stop.wait(COALESCE_S):
                    break  # the ring of `close` may have been cleared above
                self._ring.wait(self._poll_s)
            except StoreUnavailable as error:
                if self.away_since is None:
                    self.away_since = self._clock.now()
                    log.warning("router: %s; incidents wait until the store answers", error)
                self._stop.wait(wait)
                wait = min(2 * wait, RETRY_LAST_S)
            except Exception:
                log.exception("router: failed; tried again in %.0f s", RETRY_LAST_S)
                self._seq = None
                self._stop.wait(RETRY_LAST_S)
        if unsubscribe is not None:
            unsubscribe()

    def _work(self) -> None:
        """Until nothing is left, looking at the log in between: what is more urgent overtakes what waits."""
        self.look()
        while not self._stop.is_set() and self.step():
            self._stop.wait(self._pause_s)
            if self._ring.is_set():
                self._ring.clear()
                self.look()
