"""Objectives against what was done: each is judged from the log, item by item.

interval   an incident that did not come to the later milestone counts as never; one whose limit had not run out
           when the drill ended is left out and counted in `pending`
actions    of injects that were fired; those whose time had not run out when the drill ended are `pending`
closed     of the incidents that were opened by then
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from replay.drill_injects import incident_of_inject
from replay.drill_state import Fate, InjectState
from replay.report_figures import in_minutes, percentile
from replay.report_log import DrillLog, Life
from replay.scenario import Action, Expected, Measure, Objective, Target


@dataclass(frozen=True, slots=True)
class Item:
    """One expected thing: until when, and when it was done. `met` None: its time had not run out.

    `about` is the incident, the inject or the site, `action` what an inject called for, "" for others.
    """

    what: str
    since: datetime
    due: datetime | None
    done: datetime | None
    met: bool | None
    about: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """An objective: what was expected, what was done. `met` None: nothing to judge it by came about."""

    objective: Objective
    expected: str
    done: str
    met: bool | None
    items: tuple[Item, ...] = ()
    pending: int = 0
    value: float | None = None
    """What `done` says as a number: minutes of an interval (None: never), the share of actions or incidents."""


def judge(log: DrillLog, objective: Objective) -> Judged:
    """What was done about an objective, by the log up to its end."""
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
            items.append(Item(life.id, since, due, None, None, life.id))
        else:
            items.append(Item(life.id, since, due, done, done is not None and done <= due, life.id))
    judged = [item for item in items if item.met is not None]
    minutes = [np.inf if item.done is None else in_minutes(item.done - item.since) for item in judged]
    expected = f"{first}:{last} p{target.percentile:g} <= {in_minutes(target.within):g} min"
    if not minutes:
        return Judged(objective, expected, "none", None, tuple(items), pending)
    value = percentile(minutes, target.percentile)
    done_text = f"p{target.percentile:g} {'never' if value is None else f'{value:g} min'}, n {len(minutes)}"
    met = value is not None and value <= in_minutes(target.within)
    return Judged(objective, expected, done_text, met, tuple(items), pending, value)


def _actions(log: DrillLog, objective: Objective) -> Judged:
    target, items, pending = objective.target, [], 0
    for each in log.state.injects.values():
        expected = each.inject.expected
        if expected is None or expected.objective != objective.id or each.fate is not Fate.FIRED or each.at is None:
            continue
        if target.kind is not None and each.inject.kind is not target.kind:
            continue
        due, done = each.at + expected.within, carried_out(log, each, expected)
        met = None if done is None and due > log.end else done is not None and done <= due
        pending += met is None
        what = f"{each.inject.id} {expected.action}"
        items.append(Item(what, each.at, due, done, met, each.inject.id, expected.action.value))
    expected_text = f"{target.share:.0%} of the expected actions in time"
    judged = [item.met for item in items if item.met is not None]
    if not judged:
        return Judged(objective, expected_text, "none", None, tuple(items), pending)
    share = sum(judged) / len(judged)
    done_text = f"{sum(judged)} of {len(judged)} ({share:.0%})"
    return Judged(objective, expected_text, done_text, share >= target.share, tuple(items), pending, share)


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
    item = Item(target.site, log.state.scenario.start, due, done, met, target.site)
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
            items.append(Item(life.id, life.opened, due, life.closed, met, life.id))
    expected = f"{target.share:.0%} closed by {due:%H:%M:%SZ}"
    judged = [item.met for item in items if item.met is not None]
    pending = len(items) - len(judged)
    if not judged:
        return Judged(objective, expected, "none", None, tuple(items), pending)
    share = sum(judged) / len(judged)
    met = share >= target.share if not pending else None
    done = f"{sum(judged)} of {len(judged)} ({share:.0%})"
    return Judged(objective, expected, done, met, tuple(items), pending, share)


def carried_out(log: DrillLog, each: InjectState, expected: Expected) -> datetime | None:
    """When the action was done that an inject calls for which came in, at the earliest when it came in; None: not
    yet."""
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
