"""Which moments of a drill a report pictures, by one rule for every drill.

sent      a first unit is sent to an incident of the most urgent severity that occurred: at most `MOST_SENT` of them,
          those whose first unit was longest in coming, in the order of time
overdue   most of what was expected is overdue at once; the first such moment
end       how it stood at the end, or stands while it runs
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from geo.area import Region
from replay.drill_state import Fate
from replay.picture_scene import Blocked
from replay.report import Report
from replay.report_log import DrillLog, Life
from replay.report_objectives import Item
from replay.scenario import InjectKind

MOST_SENT = 6


class Why(StrEnum):
    """Why a moment is pictured."""

    SENT = "sent"
    OVERDUE = "overdue"
    END = "end"


@dataclass(frozen=True, slots=True)
class KeyMoment:
    """A moment to picture. `incident` is what units were sent to; `n` how many things were overdue."""

    why: Why
    t: datetime
    incident: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True)
class KeyMoments:
    """The moments, in the order of time, and how many of the same kind as `sent` were left out."""

    shown: tuple[KeyMoment, ...]
    severity: int | None
    left_out: int


def key_moments(report: Report) -> KeyMoments:
    """By the rule above."""
    log = report.log
    urgent = [life for life in log.lives.values() if life.dispatched is not None and life.part_of is None]
    severity = min((life.severity for life in urgent), default=None)
    first = sorted((life for life in urgent if life.severity == severity), key=lambda one: _slowest_first(one, log))
    chosen = sorted(first[:MOST_SENT], key=lambda one: (one.dispatched or one.opened, one.id))
    found = [KeyMoment(Why.SENT, one.dispatched, one.id) for one in chosen if one.dispatched is not None]
    late = most_overdue((item for judged in report.objectives for item in judged.items), log.end)
    if late is not None:
        found.append(KeyMoment(Why.OVERDUE, late[0], n=late[1]))
    found.append(KeyMoment(Why.END, log.end))
    shown = tuple(sorted(found, key=lambda one: (one.t, list(Why).index(one.why))))
    return KeyMoments(shown, severity, len(first) - len(chosen))


def most_overdue(items: Iterable[Item], end: datetime) -> tuple[datetime, int] | None:
    """When most things were overdue at once for the first time, and how many; None when none ever was."""
    steps: list[tuple[datetime, int]] = []
    for item in items:
        until = item.done or end
        if item.due is not None and item.due < until:
            steps += [(item.due, 1), (until, -1)]
    n, most, when = 0, 0, None
    for at, step in sorted(steps, key=lambda each: (each[0], each[1])):
        n += step
        if n > most:
            most, when = n, at
    return None if when is None else (when + timedelta(seconds=1), most)


def blocked_at(log: DrillLog, t: datetime, region: Region) -> list[Blocked]:
    """What injects had closed to traffic at t."""
    found = []
    for each in log.state.injects.values():
        inject = each.inject
        if inject.kind is not InjectKind.BLOCKED or each.fate is not Fate.FIRED or each.at is None or each.at > t:
            continue
        if inject.until is not None and t >= log.state.scenario.start + inject.until:
            continue
        area = region.by_code.get(inject.area)
        if inject.radius_m and inject.lon is not None and inject.lat is not None:
            found.append(Blocked(inject.lon, inject.lat, inject.radius_m))
        elif area is not None:
            at = area.geometry.representative_point()
            found.append(Blocked(at.x, at.y, 0.0, area.geometry))
    return found


def _slowest_first(life: Life, log: DrillLog) -> tuple[float, str]:
    there = life.arrived or log.end + timedelta(days=1)
    return -(there - life.opened).total_seconds(), life.id
