"""When a matter comes to what: the script's milestones and fate, or, for what people opened themselves, drawn times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zlib import crc32

from data.store import IncidentRow
from feeds.demo.fates import Fate
from feeds.demo.matters import Matters
from feeds.demo.script import ZONE
from feeds.demo.terminals import moment

DAY_FROM_H, DAY_TO_H = 7.5, 21.5
"""Local hours in which offices do anything."""

_ACCEPT_S, _WORK_S, _END_S = (300.0, 2400.0), (900.0, 5400.0), (1800.0, 14_400.0)
"""Bounds of the spans from report to acceptance, to the work and to the end, for what no script knows."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Epoch seconds of a matter's milestones, as they are meant; `emergency`: its source works round the clock."""

    id: str
    start: float
    accept: float
    work: float
    end: float
    fate: Fate = Fate.PLAIN

    def part(self, share: float) -> float:
        """The moment when this share of the work is done."""
        return self.work + share * (self.end - self.work)

    def chance(self, *about: object) -> float:
        """A number in [0, 1) that is this matter's for ever."""
        return crc32("|".join(map(str, (self.id, *about))).encode()) / 2**32

    def span(self, low: float, high: float, *about: object) -> float:
        """Seconds between low and high, the shorter ones more often."""
        return low + (high - low) * self.chance(*about) ** 2


def timetable_of(row: IncidentRow, matters: Matters) -> Timetable:
    """The matter's own; the same for the same incident, whoever asks when."""
    found = matters.find(row.id)
    if found is not None:
        plan, i = found
        start, accept, work, end = plan.at[i].tolist()
        return Timetable(row.id, start, accept, work, end, Fate(int(plan.fate[i])))
    bare = Timetable(row.id, 0.0, 0.0, 0.0, 0.0)
    start = row.opened_at.timestamp()
    accept = start + bare.span(*_ACCEPT_S, "accept")
    work = accept + bare.span(*_WORK_S, "work")
    return Timetable(row.id, start, accept, work, work + bare.span(*_END_S, "end"))


def in_hours(t: float, table: Timetable) -> float:
    """`t` (epoch seconds), or, when that is at night, a moment of the next morning."""
    local = moment(t).astimezone(ZONE)
    hour = local.hour + local.minute / 60
    if DAY_FROM_H <= hour < DAY_TO_H:
        return t
    morning = local.replace(hour=7, minute=30, second=0, microsecond=0)
    if hour >= DAY_TO_H:
        morning += timedelta(days=1)
    return morning.timestamp() + table.span(0, 7200, "morning")
