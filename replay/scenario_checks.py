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
from dispatch.toml_reader import Fault, nearest
from geo.area import Region
from geo.area_index import AreaIndex
from replay.scenario import Action, InjectKind, Measure, Scenario

Place = tuple[str, int, str]
"""(table, number among those that were read, key)"""
Problem = tuple[Place, Fault]

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
        *_twice("objectives", (o.id for o in scenario.objectives), Fault("objective", "目标")),
        *_twice("sites", (p.id for p in scenario.places), Fault("site", "点位")),
        *_twice("injects", (i.id for i in scenario.injects), Fault("inject", "注入")),
        *_objectives(scenario, there),
        *_times(scenario),
        *_places(scenario, region),
        *_injects(scenario, region, categories, book, units, there),
        *_expected(scenario, book, there),
    ]


def _twice(table: str, ids: Iterable[str], what: Fault) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for n, id in enumerate(ids):
        if id and id in first:
            yield (
                (table, n, "id"),
                Fault(
                    f"{what} {id} is there twice (number {first[id] + 1} too); give one another id",
                    f"{what.zh} {id} 重复（另见第 {first[id] + 1} 个），请为其中一个另取编号",
                ),
            )
        first.setdefault(id, n)


def _objectives(scenario: Scenario, sites: Collection[str] | None) -> Iterator[Problem]:
    if not scenario.objectives:
        yield (
            ("", 0, "objectives"),
            Fault(
                "there are no objectives: write [[objectives]] for what the exercise is to show",
                "没有目标：用 [[objectives]] 写明演练要检验什么",
            ),
        )
    if not scenario.injects:
        yield (
            ("", 0, "injects"),
            Fault("there are no injects: write [[injects]] for what happens", "没有注入：用 [[injects]] 写明发生什么"),
        )
    wanted = {i.expected.objective for i in scenario.injects if i.expected is not None}
    for n, objective in enumerate(scenario.objectives):
        target, where = objective.target, ("objectives", n, "target")
        what = Fault(f"objective {objective.id}", f"目标 {objective.id}")
        if target.measure is Measure.ACTIONS and objective.id not in wanted:
            yield (
                where,
                Fault(
                    f"{what}: no inject expects an action for it; name it in an inject's expect, or measure else",
                    f"{what.zh}：没有注入为它要求处置；请在注入的 expect 中写明，或换用其他指标",
                ),
            )
        if target.measure in (Measure.SITE, Measure.CLOSED) and not _inside(target.by, scenario):
            yield (
                where,
                Fault(
                    f"{what}: by lies outside the exercise, which lasts {_words(scenario.duration)}",
                    f"{what.zh}：by 不在演练时间内（时长 {_words(scenario.duration)}）",
                ),
            )
        if target.measure is Measure.SITE and target.site and sites is not None and target.site not in sites:
            yield where, _unknown_site(what, target.site, sites)
        events = [i for i in scenario.injects if i.kind in (InjectKind.EVENT, InjectKind.BLOCKED)]
        counts = target.measure in (Measure.INTERVAL, Measure.CLOSED)
        if counts and not any(target.concerns(i.category, i.severity) for i in events):
            yield (
                where,
                Fault(
                    f"{what}: no inject is of the category and severity that it looks at",
                    f"{what.zh}：没有注入属于它所看的类别和级别",
                ),
            )


def _times(scenario: Scenario) -> Iterator[Problem]:
    for n, inject in enumerate(scenario.injects):
        what = Fault(f"inject {inject.id}", f"注入 {inject.id}")
        if inject.at < timedelta(0):
            early = _words(-inject.at)
            yield (
                ("injects", n, "at"),
                Fault(f"{what}: at is {early} before the start", f"{what.zh}：at 早于开始 {early}"),
            )
        elif inject.at > scenario.duration and scenario.duration:
            at, lasts = _words(inject.at), _words(scenario.duration)
            yield (
                ("injects", n, "at"),
                Fault(
                    f"{what}: at {at} is after the end; the exercise lasts {lasts}",
                    f"{what.zh}：at {at} 晚于结束，演练时长 {lasts}",
                ),
            )
        if inject.until is not None and inject.until <= inject.at:
            yield ("injects", n, "until"), Fault(f"{what}: until is not after at", f"{what.zh}：until 须晚于 at")


def _places(scenario: Scenario, region: Region) -> Iterator[Problem]:
    points = [
        ("sites", n, "lon", Fault(f"site {p.id}", f"点位 {p.id}"), p.lon, p.lat) for n, p in enumerate(scenario.places)
    ]
    points += [
        ("injects", n, "lon", Fault(f"inject {i.id}", f"注入 {i.id}"), i.lon, i.lat)
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
            yield (
                (table, n, key),
                Fault(
                    f"{what}: the point {x:.6f}, {y:.6f} is in no area of the region",
                    f"{what.zh}：坐标 {x:.6f}, {y:.6f} 不在辖区内",
                ),
            )


def _injects(
    scenario: Scenario, region: Region, categories: Collection[str] | None, book: Book,
    units: Collection[str] | None, sites: Collection[str] | None,
) -> Iterator[Problem]:  # fmt: skip
    ids = {i.id: i for i in scenario.injects}
    for n, inject in enumerate(scenario.injects):
        what = Fault(f"inject {inject.id}", f"注入 {inject.id}")
        if inject.category and not _known(inject.category, categories, book):
            near = nearest(inject.category, categories or ())
            yield (
                ("injects", n, "category"),
                Fault(
                    f"{what}: category {inject.category!r} is not known{near}",
                    f"{what.zh}：没有类别 {inject.category!r}{near.zh}",
                ),
            )
        if inject.area and inject.area not in region.by_code:
            near = nearest(inject.area, region.by_code)
            yield (
                ("injects", n, "area"),
                Fault(
                    f"{what}: area {inject.area!r} is not in the region{near}",
                    f"{what.zh}：辖区内没有区域 {inject.area!r}{near.zh}",
                ),
            )
        placed = inject.lon is not None or bool(inject.area)
        if inject.kind in (InjectKind.EVENT, InjectKind.BLOCKED) and not placed:
            yield (
                ("injects", n, "id"),
                Fault(
                    f"{what}: no place: give lon and lat, or the code of an area",
                    f"{what.zh}：没有地点：给出 lon 和 lat，或区域代码",
                ),
            )
        if inject.kind is InjectKind.BLOCKED and inject.lon is not None and inject.area:
            yield (
                ("injects", n, "area"),
                Fault(
                    f"{what}: blocked is either round a point or a whole area; leave one out",
                    f"{what.zh}：阻断范围或为某点周围，或为整个区域，只取其一",
                ),
            )
        if inject.unit and units is not None and inject.unit not in units:
            near = nearest(inject.unit, units)
            yield (
                ("injects", n, "unit"),
                Fault(
                    f"{what}: unit {inject.unit!r} is not known{near}", f"{what.zh}：没有力量 {inject.unit!r}{near.zh}"
                ),
            )
        if inject.site and sites is not None and inject.site not in sites:
            yield ("injects", n, "site"), _unknown_site(what, inject.site, sites)
        if inject.incident:
            first = ids.get(inject.incident)
            if first is None or first.kind is not InjectKind.EVENT or first.incident:
                yield (
                    ("injects", n, "incident"),
                    Fault(
                        f"{what}: incident {inject.incident!r} is no inject that opens one",
                        f"{what.zh}：incident {inject.incident!r} 不是新开事件的注入",
                    ),
                )
            elif first.at > inject.at:
                yield (
                    ("injects", n, "incident"),
                    Fault(
                        f"{what}: it continues {inject.incident}, which comes later",
                        f"{what.zh}：所续的 {inject.incident} 在它之后",
                    ),
                )


def _expected(scenario: Scenario, book: Book, sites: Collection[str] | None) -> Iterator[Problem]:
    for n, inject in enumerate(scenario.injects):
        expected, where = inject.expected, ("injects", n, "expect")
        what = Fault(f"inject {inject.id}: expect", f"注入 {inject.id}：expect")
        if expected is None:
            continue
        can = _CAN_CALL_FOR[inject.kind]
        if expected.action not in can:
            listed = ", ".join(sorted(can))
            yield (
                where,
                Fault(
                    f"{what}: a {inject.kind} cannot call for {expected.action}; expected {listed}",
                    f"{what.zh}：{inject.kind} 不能要求 {expected.action}；可为 {listed}",
                ),
            )
        if expected.objective and expected.objective not in scenario.objective:
            near = nearest(expected.objective, scenario.objective)
            yield (
                where,
                Fault(
                    f"{what}: objective {expected.objective!r} is not in this scenario{near}",
                    f"{what.zh}：本想定没有目标 {expected.objective!r}{near.zh}",
                ),
            )
        if expected.action is Action.SITE:
            site = expected.site or inject.site
            if not site:
                yield (
                    where,
                    Fault(
                        f"{what}: say which site is to be opened or closed: site = ...",
                        f"{what.zh}：写明要开放或关闭哪个点位：site = ...",
                    ),
                )
            elif sites is not None and site not in sites:
                yield where, _unknown_site(what, site, sites)
        for kind, _ in expected.units:
            if kind not in book.skills.kinds:
                near = nearest(kind, book.skills.kinds)
                yield (
                    where,
                    Fault(
                        f"{what}: units: {kind!r} is no kind of unit{near}",
                        f"{what.zh}：units：没有力量类型 {kind!r}{near.zh}",
                    ),
                )


def _unknown_site(what: Fault, site: str, sites: Collection[str]) -> Fault:
    near = nearest(site, sites)
    return Fault(f"{what}: site {site!r} is not known{near}", f"{what.zh}：没有点位 {site!r}{near.zh}")


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
