"""A fork without people, all at once: `app.py replay fork`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from data.clock import Clock
from data.errors import BadInput
from data.lineage import FORK
from data.records import LIVE, ExerciseAct, Kind, Record, UnitPayload, UnitStatus
from data.settings import Settings
from data.store import Store, UnitRow
from dispatch.book import Book
from dispatch.routing import Matter as Case
from geo.roads import RoadGraph
from replay.drill import CLOCK
from replay.fork import Fork, free_id
from replay.fork_course import Course, Play, positions_of
from replay.fork_coverage import Coverage, Sample, as_recorded, demand_of
from replay.fork_crews import HISTORY as RECORDED
from replay.fork_crews import ROADS, SharedTrips
from replay.fork_original import Original, read
from replay.fork_state import act_of, beginning_of
from replay.player import Held, alone, taken
from replay.policies_forks import FORK_POLICIES, HISTORY, chooser
from replay.policies_players import EMERGENCY

BATCH = 20_000
READ, PLAYED, WRITTEN = 0.15, 0.3, 0.25
"""Shares of the work, as far as they are told: reading the original, playing a course (two of them), writing."""


@dataclass(frozen=True)
class Ran:
    """A fork that was played; `baseline` is history's own choices under the same assumptions, None where the fork is
    that itself, or where the log names no unit."""

    fork: Fork
    original: Original
    course: Course
    baseline: Course | None
    roads: RoadGraph | None
    coverage: Coverage
    recorded: list[Sample]
    """What was covered in the original."""


def run(
    store: Store, clock: Clock, book: Book, settings: Settings, roads: RoadGraph | None, *, parent: str = LIVE,
    at: datetime, until: datetime, policy: str, seed: int = 0, travel: str = "", id: str = "", actor: str,
    held: Held = alone,
) -> Ran:  # fmt: skip
    """Fork a timeline at a moment and play it to another, who is sent decided by a policy; `held` keeps other processes
    of the store from taking it for one that broke off. Raises BadInput, Refused, StoreUnavailable."""
    id = id or free_id(store, parent, at)
    with taken(held, FORK + id) as mine:
        fork = begun(
            store, clock, parent=parent, at=at, until=until, policy=policy, seed=seed, travel=travel, id=id, actor=actor
        )
        return played(store, clock, book, settings, roads, fork, lambda share: mine.verify())


def begun(
    store: Store, clock: Clock, *, parent: str, at: datetime, until: datetime, policy: str, seed: int = 0,
    travel: str = "", id: str = "", actor: str, zh: str = "", en: str = "", note: str = "",
) -> Fork:  # fmt: skip
    """A fork that a policy is to play. Raises BadInput, Refused."""
    if policy not in FORK_POLICIES:
        raise BadInput(f"policy {policy!r}: expected one of {', '.join(FORK_POLICIES)}", zh=f"没有策略 {policy}")
    travel = travel or (RECORDED if policy == HISTORY else ROADS)
    if travel not in (ROADS, RECORDED):
        raise BadInput(f"travel {travel!r}: expected {ROADS} or {RECORDED}")
    return Fork.make(
        store, clock, parent, at, id or free_id(store, parent, at), actor=actor, seed=seed, policy=policy,
        travel=travel, until=until, zh=zh, en=en, note=note,
    )  # fmt: skip


def played(
    store: Store, clock: Clock, book: Book, settings: Settings, roads: RoadGraph | None, fork: Fork,
    so_far: Callable[[float], None] = lambda share: None,
) -> Ran:  # fmt: skip
    """Play a fork from its beginning to its end, all at once. `so_far` is told which share is done; what it raises
    leaves the fork unfinished."""
    policy, travel, seed = fork.policy, fork.travel, fork.seed
    assert fork.until is not None
    original = read(store, fork.parent, fork.at, fork.until)
    so_far(READ)
    units, made = fleet(store, fork, original, store.units(fork.timeline))
    leave_offices_alone(original, book, settings)
    region = store.region()
    coverage = Coverage(demand_of(original, book.skills, region, roads), roads)
    trips = SharedTrips(roads)

    def play(name: str, how: str, share: float) -> Course:
        choose = chooser(name, roads, settings.timezone)
        before = share - PLAYED
        return Play(
            original, units, timeline=fork.timeline, policy=name, chooser=choose, travel=how, seed=seed,
            skills=book.skills, region=region, zone=settings.timezone, roads=roads, coverage=coverage, trips=trips,
        ).run(lambda part: so_far(before + PLAYED * part))  # fmt: skip

    course = play(policy, travel, READ + PLAYED)
    records = [*made, *course.records]
    for first in range(0, len(records), BATCH):
        so_far(READ + PLAYED + WRITTEN * first / len(records))
        store.append(records[first : first + BATCH])
    named = any(sent.unit for sent in original.sendings())  # else nobody knows whom history sent
    baseline = play(HISTORY, ROADS, 1.0) if named and (policy, travel) != (HISTORY, ROADS) else None
    so_far(1.0)
    store.append([act_of(beginning_of(fork), ExerciseAct.END, CLOCK, fork.until, clock.now())])
    return Ran(fork, original, course, baseline, roads, coverage, as_recorded(coverage, original, units))


def fleet(store: Store, fork: Fork, original: Original, begun: Sequence[UnitRow]) -> tuple[list[UnitRow], list[Record]]:
    """The units that a fork begins with, each with a place, and the records that make those known that only reports
    named; `begun`: those that its log knows at its beginning.

    A unit of which the log has no position stands at the median of the places it was sent to in the week before (of
    the span itself where there were none), and goes back there: that is where its station is, as far as the log tells.
    Where units have positions, home is where they were when the fork began. A log that knew no unit at all by then is
    taken to have had those it knows now, where they are now.
    """
    rows = {row.id: row for row in begun}
    made: list[Record] = []
    if not rows:
        for known in store.units(fork.parent):
            payload = UnitPayload(
                name=known.name, name_en=known.name_en, unit_kind=known.kind, skills=known.skills, area=known.duty_area,
                simulated=known.simulated,
            )  # fmt: skip
            made.append(Record(Kind.UNIT, "fork", known.id, fork.at, payload, timeline=fork.timeline))
            rows[known.id] = replace(known, status=UnitStatus.AVAILABLE, incident=None, position_at=None)
    kinds: dict[str, str] = {}
    before: dict[str, list[tuple[float, float]]] = {}
    during: dict[str, list[tuple[float, float]]] = {}
    at_work: set[str] = set()
    low = fork.at.timestamp()
    for matter in original.matters.values():
        for sent in matter.sent:
            if not sent.unit:
                continue
            kinds.setdefault(sent.unit, sent.kind)
            if sent.at > low or sent.free is None or sent.free > low:
                at_work.add(sent.unit)
            if matter.lon is not None and matter.lat is not None:
                places = before if sent.at <= low else during
                places.setdefault(sent.unit, []).append((matter.lon, matter.lat))
    for id in sorted(at_work):
        row = rows.get(id)
        if row is not None and row.lon is not None:
            continue
        seen = before.get(id) or during.get(id)
        if seen is None:
            continue
        lon, lat = (round(float(v), 6) for v in np.median(np.array(seen), axis=0))
        if row is None:
            payload = UnitPayload(name=id, unit_kind=kinds[id], simulated=True)
            made.append(Record(Kind.UNIT, "fork", id, fork.at, payload, timeline=fork.timeline))
            row = UnitRow(
                id, fork.timeline, id, "", kinds[id], (), None, UnitStatus.AVAILABLE, None, "", None, lon, lat, None,
                None, True, 0,
            )  # fmt: skip
        rows[id] = replace(row, lon=lon, lat=lat)
    units = [row for _, row in sorted(rows.items()) if row.lon is not None]
    for matter in original.matters.values():
        for sent in matter.sent:
            if sent.unit in rows and not sent.kind:
                sent.kind = rows[sent.unit].kind
    made += positions_of([row for row in units if row.position_at is None], fork.timeline, fork.at)
    return units, made


def leave_offices_alone(original: Original, book: Book, settings: Settings) -> None:
    """Matters of which the log names no unit, and which no unit is sent to: offices work them, as in history."""
    low = original.start.timestamp()
    for matter in original.matters.values():
        again = any(sent.at > low for sent in matter.sent)  # others are what scene times are learnt from
        if not again or any(sent.unit for sent in matter.sent):
            continue
        opened = original.rows[matter.id][0].at
        case = Case(matter.category, matter.area, matter.source, matter.severity, opened, "")
        if book.routing.decide(case, ()).workflow != EMERGENCY:
            matter.sent = []
