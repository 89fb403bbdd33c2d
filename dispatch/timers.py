"""What SLA clocks say by themselves while time passes: warnings, and deadlines missed. Pure.

They are no records: they follow from the moves in the log and the time, so a replay says the same ones again. A
warning is said at its moment, an overdue at the deadline itself, the last moment that is still on time; it shows in
`CaseClock.state` right after it. Whatever a clock does at that very moment (stop, pause) comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from data.casework import Case, CaseClock, moved
from data.records import IncidentMoved, Record


class TimerKind(StrEnum):
    """What a clock says."""

    WARNING = "warning"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """One thing said by one clock, ordered by (at, incident, clock)."""

    at: datetime
    incident: str
    clock: str
    kind: TimerKind


def warnings(cases: Mapping[str, Case], after: datetime, until: datetime) -> list[Timer]:
    """What these cases' clocks say after `after` and until `until`, by incident id, as their clocks stand now.

    Pieces of a period say each timer once, however it is cut: a warning belongs to the piece that holds its moment,
    an overdue to the piece that goes on beyond the deadline. A clock that was moved since (extended, resumed) says
    only what holds now; `warnings_of` follows the log and says all.
    """
    said = [timer for id, case in cases.items() for clock in case.clocks for timer in _said(id, clock, after, until)]
    return sorted(set(said))


def warnings_of(records: Iterable[Record], after: datetime, until: datetime) -> list[Timer]:
    """What the clocks said in a period, each at its time, by the records of one timeline in seq order.

    A move holds from its `at` on; what it changed says nothing of the time before.
    """
    cases: dict[str, Case] = {}
    since: dict[str, datetime] = {}
    said: list[Timer] = []
    for record in records:
        move = record.payload
        if not isinstance(move, IncidentMoved) or record.at > until:
            continue
        id = move.incident
        case = cases.get(id)
        if case is not None:
            said += _standing(id, case, since[id], record.at, after, until)
        cases[id] = moved(case, record.at, move)
        since[id] = max(record.at, since.get(id, record.at))
    for id, case in cases.items():
        said += _standing(id, case, since[id], None, after, until)
    return sorted(set(said))


def _standing(
    id: str, case: Case, since: datetime, before: datetime | None, after: datetime, until: datetime
) -> Iterable[Timer]:
    """What a case that stood so from `since` until before `before` said in the period."""
    for clock in case.clocks:
        for timer in _said(id, clock, after, until):
            if since <= timer.at and (before is None or timer.at < before):
                yield timer


def _said(id: str, clock: CaseClock, after: datetime, until: datetime) -> Iterable[Timer]:
    held = min((t for t in (clock.paused_at, clock.stopped_at) if t is not None), default=None)
    for moment in clock.warn:
        # At the deadline and after it there is nothing left to warn of.
        if after < moment <= until and (held is None or moment < held) and moment < clock.due:
            yield Timer(moment, id, clock.id, TimerKind.WARNING)
    if after <= clock.due < until and (held is None or clock.due < held):
        yield Timer(clock.due, id, clock.id, TimerKind.OVERDUE)
