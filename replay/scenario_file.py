"""Reads a scenario from TOML (docs/drill.md, "The scenario file"). All that is wrong with a file is said at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data.errors import BadInput
from data.records import UnitStatus
from dispatch.book import Book
from dispatch.toml_lines import TomlLines
from dispatch.toml_reader import Fault, no_key, zh_of
from geo.area import Region
from replay.scenario import (
    MILESTONES,
    Action,
    Expected,
    Inject,
    InjectKind,
    Measure,
    Objective,
    Place,
    Rules,
    Scenario,
    SceneTime,
    Target,
)
from replay.scenario_checks import check
from replay.scenario_reader import ScenarioReader, Where

SHIPPED = Path(__file__).with_name("scenarios")

_TOP = (
    "id", "zh", "en", "start", "zone", "duration", "about_zh", "about_en", "rules", "objectives", "sites",
    "scene_times", "injects",
)  # fmt: skip
_OBJECTIVE = ("id", "zh", "en", "target")
_TARGET: Mapping[Measure, tuple[str, ...]] = {
    Measure.INTERVAL: ("between", "percentile", "within", "category", "severity"),
    Measure.ACTIONS: ("kind", "share"),
    Measure.SITE: ("site", "online", "by"),
    Measure.CLOSED: ("category", "severity", "share", "by"),
}
_COMMON = ("id", "at", "kind", "zh", "en", "source", "expect", "notes")
_PLACE = ("lon", "lat", "area")
_INJECT: Mapping[InjectKind, tuple[str, ...]] = {
    InjectKind.EVENT: (*_COMMON, *_PLACE, "category", "severity", "incident"),
    InjectKind.BLOCKED: (*_COMMON, *_PLACE, "category", "severity", "radius_m", "until"),
    InjectKind.UNIT_STATUS: (*_COMMON, "unit", "status"),
    InjectKind.SITE_STATUS: (*_COMMON, "site", "online"),
    InjectKind.MESSAGE: _COMMON,
}
_EXPECT = ("action", "within", "objective", "site", "online", "units")


class BadScenario(BadInput):
    """A scenario that cannot be used. `problems` are its lines, each `file:line: reason`, in both languages."""

    def __init__(self, problems: Sequence[Fault]) -> None:
        super().__init__("\n".join(problems), zh="\n".join(each.zh for each in problems))
        self.problems = tuple(problems)


def placed(path: Path | str, problems: Iterable[tuple[int, str]]) -> list[Fault]:
    """(line, reason) as `file:line: reason`, in the order of the lines, each once."""
    return [
        Fault(f"{path}:{line}: {reason}", f"{path}:{line}：{zh_of(reason)}") for line, reason in sorted(set(problems))
    ]


def load(path: Path, region: Region, book: Book, *, categories: Collection[str] | None = None,
         units: Collection[str] | None = None, sites: Collection[str] | None = None) -> Scenario:  # fmt: skip
    """The scenario of a file, verified against the place it is to be played in.

    `categories`, `units` and `sites` are those there are; without them a category is known when a rule of the book
    speaks of it, and units and sites are taken as they are named. Raises BadScenario with every problem of the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadScenario(placed(path, [(1, Fault(f"cannot be read: {why}", f"无法读取：{why}"))])) from None
    scenario, reader = _read(text, str(path))
    problems = [*reader.problems]
    for where, reason in check(scenario, region, book, categories=categories, units=units, sites=sites):
        table, n, key = where
        problems.append((reader.line(Where(table, reader.stands_at[table][n] if table else 0, key)), reason))
    if problems:
        raise BadScenario(placed(path, problems))
    return scenario


def parse(text: str, path: str) -> Scenario:
    """The scenario of a text that was verified before: as the log of a drill keeps it. Raises BadScenario."""
    scenario, reader = _read(text, path)
    if reader.problems:
        raise BadScenario(placed(path, reader.problems))
    return scenario


def parse_inject(text: str, path: str, zone: str, start: datetime) -> Inject:
    """One `[[injects]]` table alone: what a controller adds. Raises BadScenario."""
    raw = _toml(text, path)
    reader = _Reader(TomlLines(text), raw)
    reader.known_keys(raw, ("injects",), Fault("an added inject", "追加的注入"), "", 0)
    found = [inject for n, values in reader.many("injects") if (inject := reader.inject(values, n, start, zone))]
    if not reader.problems and len(found) != 1:
        said = f"an added inject is one table [[injects]]; there are {len(found)}"
        reader.say(1, Fault(said, f"追加的注入应为一个表 [[injects]]，现有 {len(found)} 个"))
    if reader.problems:
        raise BadScenario(placed(path, reader.problems))
    return found[0]


def _toml(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = TomlLines(text).of_fault(str(error))
        said = Fault(f"is not TOML: {error}", f"不是有效的 TOML：{error}")
        raise BadScenario(placed(path, [(line, said)])) from None


def _read(text: str, path: str) -> tuple[Scenario, _Reader]:
    raw = _toml(text, path)
    reader = _Reader(TomlLines(text), raw)
    return reader.scenario(raw, path, text), reader


class _Reader(ScenarioReader):
    """One reading of one file. A faulty value is noted and reads as if it were not there."""

    def scenario(self, raw: Mapping[str, Any], path: str, text: str) -> Scenario:
        top = Where("", 0)
        self.known_keys(raw, _TOP, Fault("the file", "文件"), "", 0)
        what = Fault("the scenario", "想定")
        id = self.named(raw, "id", what, top)
        zh, en = self.both(raw, Fault(f"scenario {id}", f"想定 {id}"), top)
        zone = self.words(raw, "zone", what, top, needed=False) or "UTC"
        start = self._start(raw, zone)
        duration = self.length(raw, "duration", what, top) or timedelta(0)
        known = start or datetime(2000, 1, 1, tzinfo=UTC)
        objectives = self.each("objectives", lambda v, n: self._objective(v, n, known, zone))
        return Scenario(
            id=id,
            zh=zh,
            en=en,
            start=known,
            zone=zone,
            duration=duration,
            about_zh=self.words(raw, "about_zh", what, top, needed=False, most=4000),
            about_en=self.words(raw, "about_en", what, top, needed=False, most=4000),
            rules=self._rules(raw),
            objectives=tuple(objectives),
            places=tuple(self.each("sites", self._place)),
            scene_times=tuple(self.each("scene_times", self._scene)),
            injects=tuple(self.each("injects", lambda v, n: self.inject(v, n, known, zone))),
            text=text,
            path=path,
            revision=hashlib.sha256(text.encode()).hexdigest()[:12],
        )

    def inject(self, raw: Mapping[str, Any], n: int, start: datetime, zone: str) -> Inject | None:
        where = Where("injects", n)
        id = self.named(raw, "id", Fault(f"inject {n + 1}", f"注入 {n + 1}"), where)
        what = Fault(f"inject {id or n + 1}", f"注入 {id or n + 1}")
        kind = self.one_of(raw, "kind", InjectKind, what, where)
        if kind is None:
            return None
        known = _INJECT[kind]
        for key in raw:
            if key not in known:
                of_kind = Fault(f"{what} ({kind})", f"{what.zh}（{kind}）")
                self.say(self.line(where.key(key)), no_key(of_kind, key, known))
        zh, en = self.both(raw, what, where, most=500)
        at = self.moment(raw, "at", what, where, start, zone)
        lon, lat = self.point(raw, what, where)
        severity = self.whole(raw, "severity", "injects", n, 1, 4)
        status = self.one_of(raw, "status", UnitStatus, what, where) if kind is InjectKind.UNIT_STATUS else None
        about = kind in (InjectKind.EVENT, InjectKind.BLOCKED)
        until = self.moment(raw, "until", what, where, start, zone) if "until" in raw else None
        return Inject(
            id=id,
            at=at if at is not None else timedelta(0),
            kind=kind,
            zh=zh,
            en=en,
            source=self.words(raw, "source", what, where, needed=about, most=100),
            category=self.words(raw, "category", what, where, needed=about, most=100),
            severity=3 if severity is None else severity,
            lon=lon,
            lat=lat,
            area=self.words(raw, "area", what, where, needed=False, most=100),
            incident=self.words(raw, "incident", what, where, needed=False, most=100),
            unit=self.words(raw, "unit", what, where, needed=kind is InjectKind.UNIT_STATUS, most=100),
            status=status,
            site=self.words(raw, "site", what, where, needed=kind is InjectKind.SITE_STATUS, most=100),
            online=self.truth(raw, "online", where),
            radius_m=self.number(raw, "radius_m", what, where, 1, 20_000) or 0.0,
            until=until,
            expected=self._expected(raw, what, where),
            notes=self.words(raw, "notes", what, where, needed=False, most=1000),
        )

    def _start(self, raw: Mapping[str, Any], zone: str) -> datetime | None:
        top, value = Where("", 0), raw.get("start")
        try:
            local = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            said = Fault(
                f"zone {zone!r} is not known; expected an IANA zone such as Asia/Shanghai",
                f"时区 {zone!r} 不存在；应为 IANA 时区，如 Asia/Shanghai",
            )
            self.say(self.line(top.key("zone")), said)
            local = ZoneInfo("UTC")
        if not isinstance(value, datetime) or not 1900 < value.year < 2199:
            said = Fault(
                "start is a date and time of the district, such as 2026-07-22T13:00:00",
                "start 应为当地日期和时间，如 2026-07-22T13:00:00",
            )
            self.say(self.line(top.key("start")), said)
            return None
        return (value if value.tzinfo is not None else value.replace(tzinfo=local)).astimezone(UTC)

    def _rules(self, raw: Mapping[str, Any]) -> Rules:
        values = raw.get("rules", {})
        if not isinstance(values, dict):
            self.say(
                self.line(Where("", 0, "rules")), Fault("rules is a table: write [rules]", "rules 应为表：写作 [rules]")
            )
            return Rules()
        self.known_keys(values, ("kinds", "areas", "without"), "rules", "rules", 0)
        return Rules(*(self.texts(values, key, "rules", 0) for key in ("kinds", "areas", "without")))

    def _objective(self, raw: Mapping[str, Any], n: int, start: datetime, zone: str) -> Objective | None:
        where = Where("objectives", n)
        what = Fault(f"objective {n + 1}", f"目标 {n + 1}")
        self.known_keys(raw, _OBJECTIVE, what, "objectives", n)
        id = self.named(raw, "id", what, where)
        named = Fault(f"objective {id}", f"目标 {id}")
        zh, en = self.both(raw, named, where)
        target = self._target(raw, named, where.key("target"), start, zone)
        return Objective(id, zh, en, target) if target is not None else None

    def _target(self, raw: Mapping[str, Any], what: Fault, where: Where, start: datetime, zone: str) -> Target | None:
        values = raw.get("target")
        if not isinstance(values, dict):
            example = 'target = { measure = "interval", ... }'
            said = Fault(f"{what}: target is missing: write {example}", f"{what.zh}：缺少 target：写作 {example}")
            self.say(self.line(where), said)
            return None
        measure = self.one_of(
            values, "measure", Measure, Fault(f"{what}: target", f"{what.zh}：target"), where, inline=True
        )
        if measure is None:
            return None
        known = ("measure", *_TARGET[measure])
        for key in values:
            if key not in known:
                of_target = Fault(f"{what}: a target {measure}", f"{what.zh}：指标 {measure}")
                self.say(self.line(where), no_key(of_target, key, known))
        between = MILESTONES[0], MILESTONES[1]
        within = by = None
        if measure is Measure.INTERVAL:
            between = self._between(values, what, where)
            within = self.length(values, "within", what, where, inline=True)
        elif measure is not Measure.ACTIONS:
            by = self.moment(values, "by", what, where, start, zone, inline=True)
        severity = values.get("severity", 4)
        if type(severity) is not int or not 1 <= severity <= 4:
            said = Fault(f"{what}: severity is 1 (most urgent) to 4", f"{what.zh}：severity 应为 1（最急）至 4")
            self.say(self.line(where), said)
            severity = 4
        site = values.get("site", "")
        if measure is Measure.SITE and not (isinstance(site, str) and site):
            said = Fault(f"{what}: site is missing: name the site that is meant", f"{what.zh}：缺少 site：写明点位")
            self.say(self.line(where), said)
        category = values.get("category", [])
        prefixes = tuple([category] if isinstance(category, str) else category)
        return Target(
            measure=measure,
            between=between,
            percentile=self.share(values, "percentile", what, where, 90.0, 100.0),
            within=within or timedelta(0),
            category=tuple(str(p) for p in prefixes),
            severity=severity,
            kind=self.one_of(values, "kind", InjectKind, what, where, inline=True) if "kind" in values else None,
            share=self.share(values, "share", what, where, 1.0, 1.0),
            site=str(site),
            online=self.truth(values, "online", where, inline=True),
            by=by if by is not None else timedelta(0),
        )

    def _between(self, values: Mapping[str, Any], what: Fault, where: Where) -> tuple[str, str]:
        first, _, last = str(values.get("between", "")).partition(":")
        if first in MILESTONES and last in MILESTONES and MILESTONES.index(first) < MILESTONES.index(last):
            return first, last
        given, listed, example = values.get("between", ""), ", ".join(MILESTONES), '"opened:dispatched"'
        said = Fault(
            f"{what}: between {given!r}: expected two of {listed} in order, such as {example}",
            f"{what.zh}：between {given!r} 应依次为 {listed} 中的两个，如 {example}",
        )
        self.say(self.line(where), said)
        return MILESTONES[0], MILESTONES[1]

    def _expected(self, raw: Mapping[str, Any], what: Fault, where: Where) -> Expected | None:
        if "expect" not in raw:
            return None
        where, values = where.key("expect"), raw["expect"]
        if not isinstance(values, dict):
            example = 'expect = { action = "dispatch", ... }'
            said = Fault(f"{what}: expect is a table: write {example}", f"{what.zh}：expect 应为表：写作 {example}")
            self.say(self.line(where), said)
            return None
        of_expect = Fault(f"{what}: expect", f"{what.zh}：expect")
        for key in values:
            if key not in _EXPECT:
                self.say(self.line(where), no_key(of_expect, key, _EXPECT))
        action = self.one_of(values, "action", Action, of_expect, where, inline=True)
        within = self.length(values, "within", of_expect, where, inline=True)
        units = values.get("units", {})
        if not isinstance(units, dict) or not all(type(n) is int and 1 <= n <= 100 for n in units.values()):
            example = "{ ambulance = 2 }"
            said = Fault(
                f"{what}: expect: units are kinds with a number, such as {example}",
                f"{what.zh}：expect：units 应为力量类型及数量，如 {example}",
            )
            self.say(self.line(where), said)
            units = {}
        if action is None or within is None:
            return None
        return Expected(
            action=action,
            within=within,
            objective=str(values.get("objective", "")),
            site=str(values.get("site", "")),
            online=self.truth(values, "online", where, inline=True),
            units=tuple(sorted(units.items())),
        )

    def _place(self, raw: Mapping[str, Any], n: int) -> Place | None:
        where, numbered = Where("sites", n), Fault(f"site {n + 1}", f"点位 {n + 1}")
        self.known_keys(raw, ("id", "kind", "zh", "en", "lon", "lat", "online"), numbered, "sites", n)
        id = self.named(raw, "id", numbered, where)
        what = Fault(f"site {id}", f"点位 {id}")
        zh, en = self.both(raw, what, where)
        kind = self.words(raw, "kind", what, where, most=50)
        lon, lat = self.point(raw, what, where)
        if lon is None or lat is None:
            if "lon" not in raw and "lat" not in raw:
                self.say(self.line(where), Fault(f"{what}: lon and lat are missing", f"{what.zh}：缺少 lon 和 lat"))
            return None
        return Place(id, kind, zh, en, lon, lat, self.truth(raw, "online", where, default=False))

    def _scene(self, raw: Mapping[str, Any], n: int) -> SceneTime | None:
        where, what = Where("scene_times", n), Fault(f"scene time {n + 1}", f"现场用时 {n + 1}")
        self.known_keys(raw, ("category", "median", "p90"), what, "scene_times", n)
        median, p90 = (self.length(raw, key, what, where) for key in ("median", "p90"))
        if median is None or p90 is None:
            return None
        if p90 <= median:
            said = Fault(f"{what}: p90 must be longer than the median", f"{what.zh}：p90 须大于 median")
            self.say(self.line(where.key("p90")), said)
        return SceneTime(self.texts(raw, "category", "scene_times", n), median, p90)
