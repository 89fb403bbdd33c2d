"""After-action figures of a drill, from its log alone: expected against done, intervals against the plan, who did what.

interval   an incident that did not come to the later milestone counts as never; one whose limit had not run out
           when the drill ended is left out and counted in `pending`
actions    of injects that were fired; those whose time had not run out when the drill ended are `pending`
closed     of the incidents that were opened by then
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import mode

import numpy as np

from data.store import Store
from replay.drill_injects import incident_of_inject
from replay.drill_state import Fate, InjectState
from replay.report_log import Done, DrillLog, Life, read_log
from replay.scenario import Action, Expected, Measure, Objective, Target

INTERVALS: tuple[tuple[str, str, str], ...] = (
    ("opened", "dispatched", "emergency.order"),
    ("dispatched", "en_route", "emergency.turnout"),
    ("en_route", "arrived", "emergency.travel"),
    ("opened", "arrived", ""),
    ("opened", "closed", ""),
)
"""Between which milestones response is told, and the clock of the workflow that is its plan."""


@dataclass(frozen=True, slots=True)
class Item:
    """One expected thing: until when, and when it was done. `met` None: its time had not run out."""

    what: str
    since: datetime
    due: datetime | None
    done: datetime | None
    met: bool | None


@dataclass(frozen=True, slots=True)
class Judged:
    """An objective: what was expected, what was done. `met` None: nothing to judge it by came about."""

    objective: Objective
    expected: str
    done: str
    met: bool | None
    items: tuple[Item, ...] = ()
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """An interval over all incidents that have both milestones, minutes. `plan`: the limit that most of them had,
    `in_plan` the share that kept its own limit, of those that had one."""

    name: str
    n: int
    p50: float | None
    p90: float | None
    plan: float | None
    in_plan: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """The after-action figures of one drill."""

    log: DrillLog
    objectives: tuple[Judged, ...]
    responses: tuple[Response, ...]
    deeds: tuple[Done, ...] = field(default=())


def report_of(store: Store, timeline: str) -> Report:
    """Raises NotFound where there is no drill on the timeline."""
    log = read_log(store, timeline)
    judged = tuple(_judge(log, objective) for objective in log.state.scenario.objectives)
    return Report(log, judged, tuple(_responses(log)), tuple(log.deeds))


# --- objectives --------------------------------------------------------------------------------------------------


def _judge(log: DrillLog, objective: Objective) -> Judged:
    match objective.target.measure:
        case Measure.INTERVAL:
            return _interval(log, objective)
        case Measure.ACTIONS:
            return _actions(log, objective)
        case Measure.SITE:
            return _site(log, objective)
        case Measure.CLOSED:
            return _closed(log, objective)


def _interval(log: DrillLog, objective: Objective) -> Judged:
    target, (first, last) = objective.target, objective.target.between
    items, pending = [], 0
    for life in _concerned(log, target):
        since = life.at(first)
        if since is None:
            continue
        done, due = life.at(last), since + target.within
        if done is None and due > log.end:
            pending += 1
            items.append(Item(life.id, since, due, None, None))
        else:
            items.append(Item(life.id, since, due, done, done is not None and done <= due))
    judged = [item for item in items if item.met is not None]
    minutes = [np.inf if item.done is None else _minutes(item.done - item.since) for item in judged]
    expected = f"{first}:{last} p{target.percentile:g} <= {_minutes(target.within):g} min"
    if not minutes:
        return Judged(objective, expected, "none", None, tuple(items), pending)
    value = _percentile(minutes, target.percentile)
    done_text = f"p{target.percentile:g} {'never' if value is None else f'{value:g} min'}, n {len(minutes)}"
    met = value is not None and value <= _minutes(target.within)
    return Judged(objective, expected, done_text, met, tuple(items), pending)


def _actions(log: DrillLog, objective: Objective) -> Judged:
    target, items, pending = objective.target, [], 0
    for each in log.state.injects.values():
        expected = each.inject.expected
        if expected is None or expected.objective != objective.id or each.fate is not Fate.FIRED or each.at is None:
            continue
        if target.kind is not None and each.inject.kind is not target.kind:
            continue
        due, done = each.at + expected.within, _carried_out(log, each, expected)
        met = None if done is None and due > log.end else done is not None and done <= due
        pending += met is None
        items.append(Item(f"{each.inject.id} {expected.action}", each.at, due, done, met))
    expected_text = f"{target.share:.0%} of the expected actions in time"
    judged = [item.met for item in items if item.met is not None]
    if not judged:
        return Judged(objective, expected_text, "none", None, tuple(items), pending)
    share = sum(judged) / len(judged)
    done_text = f"{sum(judged)} of {len(judged)} ({share:.0%})"
    return Judged(objective, expected_text, done_text, share >= target.share, tuple(items), pending)


def _site(log: DrillLog, objective: Objective) -> Judged:
    target = objective.target
    due = log.state.scenario.start + target.by
    history = sorted(log.sites.get(target.site, []), key=lambda each: each[0])
    word = "open" if target.online else "closed"
    so = [at for at, online in history if online is target.online]
    last = [online for at, online in history if at <= due]
    done = _since(history, target.online, due) or (so[0] if so else None)
    met = (
        None if due > log.end and not (last and last[-1] is target.online) else bool(last) and last[-1] is target.online
    )
    item = Item(target.site, log.state.scenario.start, due, done, met)
    told = f"{word} since {done:%H:%M:%SZ}" if done is not None else f"never {word}"
    return Judged(objective, f"{target.site} {word} by {due:%H:%M:%SZ}", told, met, (item,), int(met is None))


def _since(history: Sequence[tuple[datetime, bool]], online: bool, due: datetime) -> datetime | None:
    """Since when it was so without a break at `due`; None when it was not so then."""
    since: datetime | None = None
    for at, so in history:
        if at > due:
            break
        since = (since or at) if so is online else None
    return since


def _closed(log: DrillLog, objective: Objective) -> Judged:
    target = objective.target
    due = log.state.scenario.start + target.by
    items = []
    for life in _concerned(log, target):
        if life.opened <= due:
            met = None if life.closed is None and due > log.end else life.closed is not None and life.closed <= due
            items.append(Item(life.id, life.opened, due, life.closed, met))
    expected = f"{target.share:.0%} closed by {due:%H:%M:%SZ}"
    judged = [item.met for item in items if item.met is not None]
    pending = len(items) - len(judged)
    if not judged:
        return Judged(objective, expected, "none", None, tuple(items), pending)
    share = sum(judged) / len(judged)
    met = share >= target.share if not pending else None
    return Judged(objective, expected, f"{sum(judged)} of {len(judged)} ({share:.0%})", met, tuple(items), pending)


def _carried_out(log: DrillLog, each: InjectState, expected: Expected) -> datetime | None:
    """When an expected action was done, at the earliest when its inject came in."""
    assert each.at is not None
    done = _when(log, each, expected)
    return None if done is None else max(done, each.at)


def _when(log: DrillLog, each: InjectState, expected: Expected) -> datetime | None:
    inject = each.inject
    if expected.action is Action.ACKNOWLEDGE:
        found = log.state.acknowledged.get(inject.id)
        return None if found is None else found[0]
    if expected.action is Action.SITE:
        assert each.at is not None
        history = sorted(log.sites.get(expected.site or inject.site, []), key=lambda one: one[0])
        already = _since(history, expected.online, each.at)
        later = (at for at, online in history if at > each.at and online is expected.online)
        return already or next(later, None)
    life = log.lives.get(incident_of_inject(inject))
    if life is None:
        return None
    match expected.action:
        case Action.ASSIGN:
            return life.assigned
        case Action.CLOSE:
            return life.closed
        case Action.DISPATCH:
            return _enough(life.sent, expected, log)
        case _:
            return _enough(life.there, expected, log)


def _enough(units: Iterable[tuple[datetime, str]], expected: Expected, log: DrillLog) -> datetime | None:
    """When as many units of each kind as are expected had been sent, or were there; any one where none is named."""
    wanted = dict(expected.units) or {"": 1}
    seen: set[str] = set()
    for at, unit in sorted(units):
        kind = log.unit_kind.get(unit, "") if "" not in wanted else ""
        if unit in seen or wanted.get(kind, 0) <= 0:
            continue
        seen.add(unit)
        wanted[kind] -= 1
        if not any(wanted.values()):
            return at
    return None


def _concerned(log: DrillLog, target: Target) -> list[Life]:
    """Incidents that a target looks at, in the order of their opening; those that were merged went with another."""
    lives = [life for life in log.lives.values() if life.part_of is None]
    return sorted(
        (life for life in lives if target.concerns(life.category, life.severity)), key=lambda x: (x.opened, x.id)
    )


# --- figures -----------------------------------------------------------------------------------------------------


def _responses(log: DrillLog) -> Iterable[Response]:
    for first, last, clock in INTERVALS:
        minutes, limits, kept = [], [], 0
        for life in log.lives.values():
            a, b = life.at(first), life.at(last)
            if a is None or b is None or b < a or life.part_of is not None:
                continue
            minutes.append(_minutes(b - a))
            limit = life.limits.get(clock)
            if limit is not None:
                limits.append(limit)
                kept += minutes[-1] <= limit
        p50, p90 = (_percentile(minutes, p) if minutes else None for p in (50, 90))
        plan = round(mode(sorted(limits)), 4) if limits else None
        in_plan = round(kept / len(limits), 4) if limits else None
        yield Response(f"{first}:{last}", len(minutes), p50, p90, plan, in_plan)


def _percentile(minutes: Sequence[float], p: float) -> float | None:
    """Linear-interpolated, 4 decimals; None where it is never."""
    ordered = sorted(minutes)
    at = (len(ordered) - 1) * p / 100
    low, high = ordered[int(np.floor(at))], ordered[int(np.ceil(at))]
    if not np.isfinite(high) and at > np.floor(at):
        return None
    value = low + (high - low) * (at - np.floor(at)) if high > low else low
    return round(float(value), 4) if np.isfinite(value) else None


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60
