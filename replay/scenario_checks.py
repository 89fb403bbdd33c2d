"""Whether a scenario hangs together and fits the place: what a file can get wrong though each line is well-formed.

no id twice                                nothing before the start or after the end
no unknown category, area, objective, unit, site or owner of an incident, and no place outside the region
no action that its kind of inject cannot call for, no objective that nothing could ever meet
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta

import numpy as np

from dispatch.book import Book
from dispatch.toml_reader import nearest
from geo.area import Region
from geo.area_index import AreaIndex
from replay.scenario import Action, InjectKind, Measure, Scenario

Place = tuple[str, int, str]
"""(table, number among those that were read, key)"""
Problem = tuple[Place, str]

_OF_INCIDENT = frozenset({Action.ASSIGN, Action.DISPATCH, Action.ARRIVE, Action.CLOSE})
_CAN_CALL_FOR = {
    InjectKind.EVENT: _OF_INCIDENT,
    InjectKind.BLOCKED: _OF_INCIDENT,
    InjectKind.UNIT_STATUS: frozenset({Action.ACKNOWLEDGE}),
    InjectKind.SITE_STATUS: frozenset({Action.ACKNOWLEDGE, Action.SITE}),
    InjectKind.MESSAGE: frozenset({Action.ACKNOWLEDGE, Action.SITE}),
}


def check(
    scenario: Scenario, region: Region, book: Book, *, categories: Collection[str] | None = None,
    units: Collection[str] | None = None, sites: Collection[str] | None = None,
) -> list[Problem]:  # fmt: skip
    """Everything wrong with it, each with its place."""
    own = {place.id for place in scenario.places}
    there = None if sites is None else {*sites, *own}
    return [
        *_twice("objectives", (o.id for o in scenario.objectives), "objective"),
        *_twice("sites", (p.id for p in scenario.places), "site"),
        *_twice("injects", (i.id for i in scenario.injects), "inject"),
        *_objectives(scenario, there),
        *_times(scenario),
        *_places(scenario, region),
        *_injects(scenario, region, categories, book, units, there),
        *_expected(scenario, book, there),
    ]


def _twice(table: str, ids: Iterable[str], what: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for n, id in enumerate(ids):
        if id and id in first:
            yield (table, n, "id"), f"{what} {id} is there twice (number {first[id] + 1} too); give one another id"
        first.setdefault(id, n)


def _objectives(scenario: Scenario, sites: Collection[str] | None) -> Iterator[Problem]:
    if not scenario.objectives:
        yield ("", 0, "objectives"), "there are no objectives: write [[objectives]] for what the exercise is to show"
    if not scenario.injects:
        yield ("", 0, "injects"), "there are no injects: write [[injects]] for what happens"
    wanted = {i.expected.objective for i in scenario.injects if i.expected is not None}
    for n, objective in enumerate(scenario.objectives):
        target, where = objective.target, ("objectives", n, "target")
        what = f"objective {objective.id}"
        if target.measure is Measure.ACTIONS and objective.id not in wanted:
            yield where, f"{what}: no inject expects an action for it; name it in an inject's expect, or measure else"
        if target.measure in (Measure.SITE, Measure.CLOSED) and not _inside(target.by, scenario):
            yield where, f"{what}: by lies outside the exercise, which lasts {_words(scenario.duration)}"
        if target.measure is Measure.SITE and target.site and sites is not None and target.site not in sites:
            yield where, f"{what}: site {target.site!r} is not known{nearest(target.site, sites)}"
        events = [i for i in scenario.injects if i.kind in (InjectKind.EVENT, InjectKind.BLOCKED)]
        counts = target.measure in (Measure.INTERVAL, Measure.CLOSED)
        if counts and not any(target.concerns(i.category, i.severity) for i in events):
            yield where, f"{what}: no inject is of the category and severity that it looks at"


def _times(scenario: Scenario) -> Iterator[Problem]:
    for n, inject in enumerate(scenario.injects):
        if inject.at < timedelta(0):
            yield ("injects", n, "at"), f"inject {inject.id}: at is {_words(-inject.at)} before the start"
        elif inject.at > scenario.duration and scenario.duration:
            late = f"is after the end; the exercise lasts {_words(scenario.duration)}"
            yield ("injects", n, "at"), f"inject {inject.id}: at {_words(inject.at)} {late}"
        if inject.until is not None and inject.until <= inject.at:
            yield ("injects", n, "until"), f"inject {inject.id}: until is not after at"


def _places(scenario: Scenario, region: Region) -> Iterator[Problem]:
    points = [("sites", n, "lon", f"site {p.id}", p.lon, p.lat) for n, p in enumerate(scenario.places)]
    points += [
        ("injects", n, "lon", f"inject {i.id}", i.lon, i.lat)
        for n, i in enumerate(scenario.injects)
        if i.lon is not None and i.lat is not None
    ]
    finest = region.by_level.get(region.finest or "", ())
    if not points:
        return
    found = np.full(len(points), -1)
    if finest:
        lon, lat = (np.array([p[k] for p in points], float) for k in (4, 5))
        found = AreaIndex(finest).locate(lon, lat)
    for (table, n, key, what, x, y), at in zip(points, found.tolist(), strict=True):
        if at < 0:
            yield (table, n, key), f"{what}: the point {x:.6f}, {y:.6f} is in no area of the region"


def _injects(
    scenario: Scenario, region: Region, categories: Collection[str] | None, book: Book,
    units: Collection[str] | None, sites: Collection[str] | None,
) -> Iterator[Problem]:  # fmt: skip
    ids = {i.id: i for i in scenario.injects}
    for n, inject in enumerate(scenario.injects):
        what = f"inject {inject.id}"
        if inject.category and not _known(inject.category, categories, book):
            near = nearest(inject.category, categories or ())
            yield ("injects", n, "category"), f"{what}: category {inject.category!r} is not known{near}"
        if inject.area and inject.area not in region.by_code:
            near = nearest(inject.area, region.by_code)
            yield ("injects", n, "area"), f"{what}: area {inject.area!r} is not in the region{near}"
        placed = inject.lon is not None or bool(inject.area)
        if inject.kind in (InjectKind.EVENT, InjectKind.BLOCKED) and not placed:
            yield ("injects", n, "id"), f"{what}: no place: give lon and lat, or the code of an area"
        if inject.kind is InjectKind.BLOCKED and inject.lon is not None and inject.area:
            yield ("injects", n, "area"), f"{what}: blocked is either round a point or a whole area; leave one out"
        if inject.unit and units is not None and inject.unit not in units:
            yield ("injects", n, "unit"), f"{what}: unit {inject.unit!r} is not known{nearest(inject.unit, units)}"
        if inject.site and sites is not None and inject.site not in sites:
            yield ("injects", n, "site"), f"{what}: site {inject.site!r} is not known{nearest(inject.site, sites)}"
        if inject.incident:
            first = ids.get(inject.incident)
            if first is None or first.kind is not InjectKind.EVENT or first.incident:
                yield ("injects", n, "incident"), f"{what}: incident {inject.incident!r} is no inject that opens one"
            elif first.at > inject.at:
                yield ("injects", n, "incident"), f"{what}: it continues {inject.incident}, which comes later"


def _expected(scenario: Scenario, book: Book, sites: Collection[str] | None) -> Iterator[Problem]:
    for n, inject in enumerate(scenario.injects):
        expected, where, what = inject.expected, ("injects", n, "expect"), f"inject {inject.id}: expect"
        if expected is None:
            continue
        can = _CAN_CALL_FOR[inject.kind]
        if expected.action not in can:
            listed = ", ".join(sorted(can))
            yield where, f"{what}: a {inject.kind} cannot call for {expected.action}; expected {listed}"
        if expected.objective and expected.objective not in scenario.objective:
            near = nearest(expected.objective, scenario.objective)
            yield where, f"{what}: objective {expected.objective!r} is not in this scenario{near}"
        if expected.action is Action.SITE:
            site = expected.site or inject.site
            if not site:
                yield where, f"{what}: say which site is to be opened or closed: site = ..."
            elif sites is not None and site not in sites:
                yield where, f"{what}: site {site!r} is not known{nearest(site, sites)}"
        for kind, _ in expected.units:
            if kind not in book.skills.kinds:
                yield where, f"{what}: units: {kind!r} is no kind of unit{nearest(kind, book.skills.kinds)}"


def _known(category: str, categories: Collection[str] | None, book: Book) -> bool:
    if categories is not None:
        return category in categories
    prefixes = {prefix for rule in book.routing.rules for prefix in rule.category}
    prefixes |= {entry.category for entry in book.skills.entries if entry.category}
    return category.startswith(tuple(prefixes))


def _inside(at: timedelta, scenario: Scenario) -> bool:
    return timedelta(0) <= at <= scenario.duration


def _words(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
