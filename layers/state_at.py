"""What was true at a past moment: open incidents with their cases, and busy units."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from data.casework import Case, ClockState, moved
from data.codec import payload_from
from data.records import (
    LIVE,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Payload,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import Opened, Store
from layers.case_columns import clock_state
from layers.log_rows import CLOSED, DISPATCH, uncollected

IDLE = (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE)

_COMMANDS = (
    Kind.UNIT_STATUS, Kind.INCIDENT_DISPATCHED, Kind.INCIDENT_ARRIVED, Kind.INCIDENT_CLOSED, Kind.INCIDENT_RECALLED,
    Kind.INCIDENT_MOVED, Kind.INCIDENT_MERGED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseAt:
    """The case of an open incident. `clock` is how it stood: its running clock with the earliest deadline, or paused;
    None without one."""

    id: str
    workflow: str
    step: str
    owner: str
    clock: ClockState | None


@dataclass(frozen=True, slots=True)
class StateAt:
    """Ids and cases in ascending order of ids. Incidents without a case have no entry in `cases`."""

    open_ids: tuple[str, ...]
    busy_unit_ids: tuple[str, ...]
    cases: tuple[CaseAt, ...] = ()

    @property
    def overdue(self) -> int:
        """Cases that were late."""
        return self._in(ClockState.OVERDUE)

    @property
    def warning(self) -> int:
        """Cases that warned and were not yet late."""
        return self._in(ClockState.WARNING)

    @property
    def suspended(self) -> int:
        """Cases none of whose clocks ran, at least one being paused."""
        return self._in(ClockState.PAUSED)

    def _in(self, state: ClockState) -> int:
        return sum(case.clock is state for case in self.cases)


class _Said(NamedTuple):
    """A command and when it was given."""

    seq: int
    at: datetime
    payload: Payload


class _Work(NamedTuple):
    """A unit's part in an incident, as one row tells it."""

    unit: str
    incident: str
    start: datetime | None
    closed: datetime | None


def state_at(store: Store, t: datetime, timeline: str = LIVE) -> StateAt:
    """The state at `t`, as known now.

    An incident is open from its first row until the latest closing that is known, by one of its rows, by a person or by
    a move of its case: the rule of `data/projection`, so the wall and this agree. A move that brought it back, and a
    merge that was undone, end the closing before. Where nothing closes it and nobody filed it, it ends when the last
    of its rows does; the wall, which does not follow units through rows, keeps such an incident open.
    A row ends at its "closed". Where that is missing, at the next thing its unit is known to do (be dispatched anew,
    be reported idle), for a unit works on one thing at a time.
    A unit is busy while dispatch <= t < end on one of its rows and nobody called it back, and when its latest status,
    dispatch or recall from a desk up to `t` says so.
    """
    with uncollected():
        commands = [
            _Said(fact.seq, fact.at, payload_from(Kind(fact.kind), fact.body))
            for fact in store.scan(_COMMANDS, timeline)
        ]
        work = _work(store, timeline)
        moves = _moves(work, commands)
        open_ids = _open(store.opened_by(t, timeline), commands, work, moves, t)
        busy = _busy_by_rows(work, moves, commands, t) | _busy_by_command(commands, t)
        cases = _cases(commands, open_ids, t)
    return StateAt(tuple(sorted(open_ids)), tuple(sorted(busy)), tuple(sorted(cases, key=lambda case: case.id)))


def _work(store: Store, timeline: str) -> list[_Work]:
    found = []
    for fact in store.scan((Kind.EVENT,), timeline, with_unit=True):
        payload = orjson.loads(fact.body)
        times = payload["times"]
        start, closed = times.get(DISPATCH), times.get(CLOSED)
        found.append(
            _Work(
                payload["unit"],
                fact.incident or "",
                None if start is None else datetime.fromisoformat(start),
                None if closed is None else datetime.fromisoformat(closed),
            )
        )
    return found


def _moves(work: Iterable[_Work], commands: Iterable[_Said]) -> dict[str, list[datetime]]:
    """Per unit, ascending: when it was sent somewhere or reported idle."""
    found: dict[str, list[datetime]] = {}
    for part in work:
        if part.start is not None:
            found.setdefault(part.unit, []).append(part.start)
    for _, at, p in commands:
        if isinstance(p, UnitStatusPayload) and p.status in IDLE:
            found.setdefault(p.unit, []).append(at)
    for times in found.values():
        times.sort()
    return found


def _row_end(part: _Work, moves: dict[str, list[datetime]]) -> datetime | None:
    if part.closed is not None or part.start is None:
        return part.closed
    known = moves.get(part.unit, [])
    after = bisect_right(known, part.start)
    return known[after] if after < len(known) else None


# --- open incidents ----------------------------------------------------------------------------------------------


def _open(
    opened: list[Opened], commands: list[_Said], work: list[_Work], moves: dict[str, list[datetime]], t: datetime
) -> set[str]:
    said: dict[str, list[_Said]] = {}
    for each in commands:
        if isinstance(each.payload, (IncidentClosed, IncidentMoved, IncidentMerged)):
            said.setdefault(each.payload.incident, []).append(each)
    found = {one.id for one in opened if not _is_closed(one.closed_at, said.get(one.id, ()), t)}
    alone = {one.id: one.rows for one in opened if one.closed_at is None and one.id in found and one.id not in said}
    ended: dict[str, int] = {}
    for part in work:
        if part.incident in alone:
            end = _row_end(part, moves)
            ended[part.incident] = ended.get(part.incident, 0) + (end is not None and end <= t)
    return found - {id for id, n in ended.items() if n == alone[id]}


def _is_closed(by_rows: datetime | None, said: Iterable[_Said], t: datetime) -> bool:
    """Whether an incident is closed at `t`, from what its rows and commands (in seq order) say."""
    last: datetime | None = None  # the latest closing by people since it was last brought back
    back: datetime | None = None
    merged: datetime | None = None

    def closing(until: datetime | None) -> datetime | None:
        rows = by_rows
        if rows is not None and ((back is not None and rows <= back) or (until is not None and rows > until)):
            rows = None
        return max((c for c in (rows, last) if c is not None), default=None)

    for _, at, p in said:
        if isinstance(p, IncidentClosed) or (isinstance(p, IncidentMoved) and p.phase is IncidentState.CLOSED):
            last = at if last is None else max(last, at)
        elif isinstance(p, IncidentMerged):
            if p.into is not None:
                merged = merged or at
            else:
                if merged is not None and merged <= t < at:
                    return True
                merged = None
        elif last is not None:
            closed = closing(at)
            if closed is not None and closed <= t < at:
                return True
            last, back = None, at
    closed = closing(None)
    return (closed is not None and closed <= t) or (merged is not None and merged <= t)


def _cases(commands: Iterable[_Said], open_ids: set[str], t: datetime) -> list[CaseAt]:
    cases: dict[str, Case] = {}
    for _, at, p in commands:
        if isinstance(p, IncidentMoved) and at <= t and p.incident in open_ids:
            cases[p.incident] = moved(cases.get(p.incident), at, p)
    return [CaseAt(id, case.workflow, case.step, case.owner, clock_state(case, t)) for id, case in cases.items()]


# --- busy units --------------------------------------------------------------------------------------------------


def _busy_by_rows(
    work: Iterable[_Work], moves: dict[str, list[datetime]], commands: Iterable[_Said], t: datetime
) -> set[str]:
    released: dict[str, list[datetime]] = {}
    recalled: dict[tuple[str, str], list[datetime]] = {}
    for _, at, p in commands:
        if isinstance(p, IncidentClosed) or (isinstance(p, IncidentMoved) and p.phase is IncidentState.CLOSED):
            released.setdefault(p.incident, []).append(at)
        elif isinstance(p, IncidentRecalled):
            for unit in p.units:
                recalled.setdefault((p.incident, unit), []).append(at)
    busy: set[str] = set()
    for part in work:
        start = part.start
        if start is None or start > t or (part.closed is not None and part.closed <= t):
            continue
        end = _row_end(part, moves)
        if end is not None and end <= t:
            continue
        if any(at <= t for at in released.get(part.incident, ())):
            continue
        if any(start <= at <= t for at in recalled.get((part.incident, part.unit), ())):
            continue
        busy.add(part.unit)
    return busy


def _busy_by_command(commands: Iterable[_Said], t: datetime) -> set[str]:
    """Units whose latest status up to `t` is a busy one."""
    now: dict[str, tuple[UnitStatus, str | None]] = {}
    on: dict[str, set[str]] = {}  # incident -> units that may be on it

    def set_to(unit: str, status: UnitStatus, incident: str | None) -> None:
        now[unit] = status, incident
        if incident is not None:
            on.setdefault(incident, set()).add(unit)

    def release(incident: str, units: Iterable[str]) -> None:
        for unit in units:
            if now.get(unit, (None, None))[1] == incident:
                now[unit] = UnitStatus.AVAILABLE, None

    for _, at, p in sorted(commands, key=lambda each: (each.at, each.seq)):
        if at > t:
            break
        if isinstance(p, UnitStatusPayload):
            set_to(p.unit, p.status, None if p.status in IDLE else p.incident or now.get(p.unit, (None, None))[1])
        elif isinstance(p, IncidentDispatched):
            for unit in p.units:
                set_to(unit, UnitStatus.DISPATCHED, p.incident)
        elif isinstance(p, IncidentArrived):
            set_to(p.unit, UnitStatus.ON_SCENE, p.incident)
        elif isinstance(p, IncidentRecalled):
            release(p.incident, p.units)
        elif isinstance(p, IncidentClosed) or (isinstance(p, IncidentMoved) and p.phase is IncidentState.CLOSED):
            release(p.incident, on.pop(p.incident, ()))
    return {unit for unit, (status, _) in now.items() if status not in IDLE}
