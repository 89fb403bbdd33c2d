"""Original and fork side by side: who was there how soon, what that gained, what was covered meanwhile.

Response time is from an incident's report to its first unit on scene. Three courses are told apart: `original` is what
the log recorded, `fork` what the policy or people did, and `baseline` history's own choices of units under the same
assumptions as the fork (positions, travel times). What a policy gains is the baseline's time less the fork's; baseline
against original tells how far the assumptions are from what was so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

import numpy as np

from data.errors import BadInput
from data.settings import Settings
from data.store import Store, UnitRow
from dispatch.book import Book
from geo.distance import haversine_m
from geo.roads import RoadGraph
from replay.fork import PLAYERS, Fork
from replay.fork_course import Course, Play, moment
from replay.fork_coverage import MINUTES, Coverage, Sample, as_recorded, demand_of
from replay.fork_covered import Covered
from replay.fork_crews import ROADS, SharedTrips
from replay.fork_original import Matter, Original, read
from replay.fork_run import Ran, fleet, leave_offices_alone
from replay.policies_forks import HISTORY, chooser

NEAR_M = 300.0
"""A road is at hand where a junction is within so many metres."""


@dataclass(frozen=True, slots=True)
class Response:
    """One incident in three courses: minutes from its report to the first unit there, None where none came."""

    matter: Matter
    units: int
    on_roads: bool
    original: float | None
    fork: float | None
    baseline: float | None


def document(ran: Ran, state_hash: str) -> dict[str, Any]:
    """A played fork as the command line tells it: minutes, times ISO 8601."""
    baseline = ran.baseline
    if baseline is None and any(sent.unit for sent in ran.original.sendings()):
        baseline = ran.course  # the fork is history's own choices itself
    found = responses(
        ran.original,
        ran.course.arrived,
        {} if baseline is None else baseline.arrived,
        ran.roads,
        {sent.incident for sent in ran.original.sendings()},
    )
    return {
        **about(ran.fork),
        "counts": {
            "incidents": len(found), "on_roads": sum(each.on_roads for each in found),
            **{name: ran.course.counts[name] for name in ("sent", "other_unit", "waited", "unfilled", "recalled")},
            "records": len(ran.course.records),
        },
        "all": summary(found),
        "on_roads": summary([each for each in found if each.on_roads]),
        "coverage": {
            "minutes": ran.coverage.minutes, "of": ran.coverage.of, "original": samples(ran.recorded),
            "baseline": [] if baseline is None else samples(baseline.coverage), "fork": samples(ran.course.coverage),
        },
        "incidents": [incident(each) for each in found],
        "state_hash": state_hash,
    }  # fmt: skip


def about(fork: Fork) -> dict[str, Any]:
    """What a fork is."""
    return {
        "timeline": fork.timeline, "of": fork.parent, "at": fork.at, "until": fork.until,
        "policy": fork.policy or PLAYERS, "travel": fork.travel, "seed": fork.seed, "actor": fork.actor,
        "zh": fork.zh, "en": fork.en, "note": fork.note, "made_at": fork.made_at,
    }  # fmt: skip


def responses(
    original: Original, arrived: dict[str, int], baseline: dict[str, int], roads: RoadGraph | None, only: Iterable[str]
) -> list[Response]:
    """The incidents that were opened after the fork and to which history sent somebody, by id."""
    start = original.start.timestamp()
    chosen = [original.matters[id] for id in sorted(only) if original.matters[id].opened > start]
    near = _near(chosen, roads)
    return [
        Response(
            matter, len(matter.sent), on_roads, _minutes(matter, matter.there),
            _minutes(matter, arrived.get(matter.id)), _minutes(matter, baseline.get(matter.id)),
        )
        for matter, on_roads in zip(chosen, near, strict=True)
    ]  # fmt: skip


def summary(found: Sequence[Response]) -> dict[str, Any]:
    """n, p50, p90 (minutes) of each course, and what was gained: on the incidents that both of two courses reached."""
    courses = {name: [getattr(each, name) for each in found] for name in ("original", "baseline", "fork")}
    return {
        **{name: quantiles([m for m in minutes if m is not None]) for name, minutes in courses.items()},
        "never": {name: sum(m is None for m in minutes) for name, minutes in courses.items()},
        "gained": gain([(each.baseline, each.fork) for each in found]),
        "gained_over_original": gain([(each.original, each.fork) for each in found]),
        "baseline_over_original": gain([(each.original, each.baseline) for each in found]),
    }


def quantiles(minutes: Sequence[float]) -> dict[str, Any]:
    """n, p50, p90 and mean; None where there are none."""
    if not minutes:
        return {"n": 0, "p50": None, "p90": None, "mean": None}
    p50, p90 = np.quantile(np.array(minutes), [0.5, 0.9])
    return {"n": len(minutes), "p50": round(float(p50), 2), "p90": round(float(p90), 2),
            "mean": round(float(np.mean(minutes)), 2)}  # fmt: skip


def gain(pairs: Iterable[tuple[float | None, float | None]]) -> dict[str, Any]:
    """Minutes by which the second of each pair was sooner: median, mean, sum, and how many were sooner and later."""
    gained = np.array([a - b for a, b in pairs if a is not None and b is not None])
    if not gained.size:
        return {"n": 0, "p50": None, "mean": None, "sum": 0.0, "sooner": 0, "later": 0}
    return {
        "n": int(gained.size), "p50": round(float(np.median(gained)), 2), "mean": round(float(gained.mean()), 2),
        "sum": round(float(gained.sum()), 1),
        "sooner": int((gained > 0.05).sum()), "later": int((gained < -0.05).sum()),
    }  # fmt: skip


def incident(each: Response) -> dict[str, Any]:
    """One row of the table."""
    matter = each.matter
    gained = None if each.baseline is None or each.fork is None else round(each.baseline - each.fork, 2)
    return {
        "id": matter.id, "opened": moment(matter.opened), "category": matter.category, "severity": matter.severity,
        "zh": matter.title, "en": matter.title_en, "units": each.units, "on_roads": each.on_roads,
        "original": each.original, "baseline": each.baseline, "fork": each.fork, "gained": gained,
    }  # fmt: skip


def arrivals(store: Store, fork: Fork, until: int) -> dict[str, int]:
    """When the first unit was at each incident by a time (whole seconds since 1970), as the log of a fork says: whoever
    decided there."""
    found: dict[str, int] = {}
    for row in store.snapshot(fork.timeline).incidents:
        if row.arrived_at is None or row.opened_at is None or row.opened_at <= fork.at:
            continue
        there = ceil(row.arrived_at.timestamp())
        if there <= until:
            found[row.id] = there
    return found


def _minutes(matter: Matter, there: int | None) -> float | None:
    return None if there is None or there < matter.opened else round((there - matter.opened) / 60.0, 3)


def _near(matters: Sequence[Matter], roads: RoadGraph | None) -> list[bool]:
    if roads is None or not matters:
        return [False] * len(matters)
    lon = np.array([np.nan if each.lon is None else each.lon for each in matters])
    lat = np.array([np.nan if each.lat is None else each.lat for each in matters])
    known = np.isfinite(lon) & np.isfinite(lat)
    node = roads.snap(np.where(known, lon, 0.0), np.where(known, lat, 0.0))
    near = known & (haversine_m(lon, lat, roads.lon[node], roads.lat[node]) <= NEAR_M)
    return [bool(each) for each in near]


@dataclass(frozen=True)
class Ground:
    """What a fork is compared with: read and played once, whoever decides in the fork and however far it is."""

    fork: Fork
    original: Original
    units: Sequence[UnitRow]
    coverage: Coverage
    recorded: list[Sample]
    baseline: Course | None
    """None where the log names no unit."""
    roads: RoadGraph | None
    covered: dict[Fork, Covered] = field(default_factory=dict, compare=False)
    """What was covered in this fork and in those that were put beside it, as far as their logs were read."""


def ground_of(
    store: Store, fork: Fork, book: Book, settings: Settings, roads: RoadGraph | None, minutes: float = MINUTES
) -> Ground:
    """`minutes`: the travel time within which a place counts as covered."""
    assert fork.until is not None
    original = read(store, fork.parent, fork.at, fork.until)
    units, _ = fleet(store, fork, original, store.moment(fork.at, fork.timeline).units)
    leave_offices_alone(original, book, settings)
    region = store.region()
    coverage = Coverage(demand_of(original, book.skills, region, roads), roads, minutes=minutes)
    baseline = None
    if any(sent.unit for sent in original.sendings()):
        baseline = Play(
            original, units, timeline=fork.timeline, policy=HISTORY,
            chooser=chooser(HISTORY, roads, settings.timezone), travel=ROADS, seed=fork.seed, skills=book.skills,
            region=region, zone=settings.timezone, roads=roads, coverage=coverage, trips=SharedTrips(roads),
        ).run()  # fmt: skip
    original.forget_records()
    return Ground(fork, original, units, coverage, as_recorded(coverage, original, units), baseline, roads)


def of_logs(
    store: Store, ground: Ground, now: datetime, beside: Fork | None = None, beside_now: datetime | None = None
) -> dict[str, Any]:
    """Original and fork as their logs say, whoever decided in the fork, up to `now` of it. The baseline is history's
    own choice under the fork's assumptions, or `beside`, another fork of the same moment, up to its clock `beside_now`
    (its end where left out): incidents are those that had come up by both clocks, and who arrived later had not
    arrived. Raises BadInput where that is one of another moment."""
    fork, original, coverage = ground.fork, ground.original, ground.coverage
    if beside is not None and (beside.parent, beside.at) != (fork.parent, fork.at):
        raise BadInput(
            f"{beside.timeline} is a fork of {beside.parent} at {beside.at.isoformat()}, not of the same moment",
            zh=f"{beside.timeline} 与本推演并非始于同一时刻",
        )
    played = ground.baseline
    start, end = ceil(fork.at.timestamp()), ceil(now.timestamp())

    def covered(one: Fork, until: int) -> list[Sample]:
        read = ground.covered.get(one)
        if read is None:
            read = ground.covered[one] = Covered(coverage, one, ground.units, start)
        return read.until(store, until)

    known = end
    if beside is not None:
        until = min(ceil((beside_now or beside.until or now).timestamp()), end)
        arrived, beside_covered = arrivals(store, beside, until), covered(beside, until)
        known = until
    else:
        arrived = {} if played is None else played.arrived
        beside_covered = [] if played is None else played.coverage
    sent = {each.incident for each in original.sendings() if original.matters[each.incident].opened <= known}
    found = responses(original, arrivals(store, fork, known), arrived, ground.roads, sent)
    return {
        **about(fork),
        "beside": None if beside is None else beside.timeline,
        "now": now,
        "all": summary(found),
        "on_roads": summary([each for each in found if each.on_roads]),
        "coverage": {
            "minutes": coverage.minutes, "of": coverage.of,
            "original": samples(ground.recorded), "baseline": samples(beside_covered),
            "fork": samples(covered(fork, end)),
        },
        "incidents": [incident(each) for each in found],
    }  # fmt: skip


def samples(found: Iterable[Sample]) -> list[list[Any]]:
    """Coverage as it is told: [time, share]."""
    return [[moment(at), share] for at, share in found]
