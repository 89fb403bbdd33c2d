"""What happens in the district: a fixed script for each local day, from which history and live feeds are read alike.

A day's plan depends on (seed, date) alone. History, the top-up after a pause and the live simulator therefore speak of
the same matters under the same ids, and nothing comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from data.records import EventPayload, Kind, Record
from feeds.demo.district import draw_district
from feeds.demo.fates import draw_fates
from feeds.demo.names import TOWNS
from feeds.demo.places import HOT_SPOTS, PER_GRID, find_places
from feeds.demo.plane import Points
from feeds.demo.sources import BY_ID, SOURCES, WEEK, Source, heavy_rain
from feeds.demo.taxonomy import Minor, minors

ZONE = ZoneInfo("Asia/Shanghai")
DAY_S = 86_400
CRISES = ("0209", "0304", "0501", "0502", "0503", "0504", "0506", "0507", "06", "1303", "1307")
"""Classes to which help is sent at once, whoever reports them."""
ALARMS = "05"
"""Of these, what a sensor reports."""
CRISIS_MIN = (1.2, 10.0)
"""Longest medians of theirs, minutes: report to dispatch, dispatch to arrival."""
LONGEST_DAYS = 9
"""No matter lasts longer than this many days."""

MILESTONES = ("received", "dispatch", "on_scene", "closed")
"""Lifecycle timestamps of a matter in order; a record's version is the number of those past, less one."""

STATUS = ("待派遣", "已派遣", "处置中", "已办结")
"""The source's word for each version."""

_NIGHT = {"0701": 4.0, "0403": 2.6, "0408": 4.0, "0702": 1.4, "0502": 1.6}
_EVENING = {"0703": 4.0, "0702": 1.8, "0704": 2.0, "0102": 1.5, "0701": 1.6}
_TITLE = {
    "hotline": (("市民反映{p}{n}", "{n} reported at {e}"), ("来电反映{p}{n}问题", "Caller reports {m} at {e}")),
    "grid": (("巡查发现{p}{n}", "Patrol found {m} at {e}"), ("{p}网格上报：{n}", "{n}, reported from {e}")),
    "110": (("{p}{n}", "{n} at {e}"), ("群众报警：{p}{n}", "Police call: {m}, {e}")),
    "119": (("{p}{n}", "{n} at {e}"),),
    "120": (("{p}急救：{n}", "Medical call: {m}, {e}"),),
    "122": (("{p}{n}", "{n} at {e}"), ("{p}路段{n}", "{n}, road at {e}")),
    "sensor": (("感知告警：{p}{n}", "Sensor alarm: {m}, {e}"),),
    "water": (("监测告警：{p}{n}", "Gauge alarm: {m}, {e}"),),
}
_FORMS = tuple(_TITLE[source.id] for source in SOURCES)


@dataclass(frozen=True)
class DayPlan:
    """All matters reported on one local day, in the order of their report. Arrays are parallel.

    `at` is [n, 4]: epoch seconds of MILESTONES.
    """

    day: date
    seed: int
    ids: tuple[str, ...]
    source: NDArray[np.int64]  # position in SOURCES
    minor: NDArray[np.int64]  # position in minors()
    severity: NDArray[np.int64]
    grid: NDArray[np.int64]  # position in District.grid_codes
    spot: NDArray[np.int64]  # position in HOT_SPOTS, -1 none
    lonlat: Points
    at: NDArray[np.float64]
    wording: NDArray[np.int64]
    fate: NDArray[np.int64]  # flags of fates.Fate
    urgent: NDArray[np.bool_]  # help is sent at once; all others are worked by offices

    def __len__(self) -> int:
        return len(self.ids)

    def version_at(self, now: float) -> NDArray[np.int64]:
        """Version of each matter's newest record at `now` (epoch seconds), -1 for one not reported yet."""
        return np.asarray((self.at <= now).sum(axis=1) - 1)

    def record(self, i: int, version: int, times: list[float] | None = None) -> Record:
        """The record with the first `version` + 1 milestones of matter i.

        `times` (epoch seconds) says when they really came, for a matter that a vehicle of the simulator works on.
        """
        source_at, _, severity, *_, (lon, lat), at = self._rows[i]
        source, id = SOURCES[source_at].id, self.ids[i]
        category, title, title_en, address = self.words(i)
        when = [_moment(t, UTC) for t in (times or at)[: version + 1]]
        payload = _payload({
            "category": category,
            "incident": id,
            "severity": severity,
            "title": title,
            "title_en": title_en,
            "address": address,
            "status": STATUS[version],
            "unit": None,
            "contact": None,
            "times": dict(zip(MILESTONES, when, strict=False)),
            "attrs": {},
        })  # fmt: skip
        return Record(Kind.EVENT, source, id, when[0], payload, lon, lat, version)

    def words(self, i: int) -> tuple[str, str, str, str]:
        """Category, title, English title and address of matter i."""
        source_at, minor_at, _, grid, spot, wording, _, _ = self._rows[i]
        category, name, name_en, lower = _names()[minor_at]
        short, short_en, address = _place(self.seed, grid, spot)
        forms = _FORMS[source_at]
        zh, en = forms[wording % len(forms)]
        if spot < 0:
            address = f"{address}{wording % 188 + 1}号附近"
        return category, zh.format(p=short, n=name), en.format(e=short_en, n=name_en, m=lower), address

    @cached_property
    def _rows(self) -> list[tuple[int, int, int, int, int, int, list[float], list[float]]]:
        """The columns as rows of plain numbers: a record is made many times faster from them."""
        columns = (self.source, self.minor, self.severity, self.grid, self.spot, self.wording, self.lonlat, self.at)
        return list(zip(*(column.tolist() for column in columns), strict=True))


def _payload(values: dict[str, Any]) -> EventPayload:
    """An EventPayload of values that are valid and complete, as `model_construct` makes it, in a fifth of the time."""
    made = EventPayload.__new__(EventPayload)
    _set(made, "__dict__", values)
    _set(made, "__pydantic_fields_set__", set(values))
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


_set, _moment = object.__setattr__, datetime.fromtimestamp


class _Place(NamedTuple):
    short: str
    short_en: str
    address: str


@lru_cache(maxsize=8192)
def _place(seed: int, grid: int, spot: int) -> _Place:
    district = draw_district(seed)
    town = TOWNS[district.grid_town[grid]]
    if spot >= 0:
        return _Place(HOT_SPOTS[spot].name, HOT_SPOTS[spot].name_en, f"{town.name}{HOT_SPOTS[spot].name}")
    area = district.region.by_code[district.grid_codes[grid]]
    name, name_en = area.name[:-4], area.name_en.rsplit(" Grid", 1)[0]
    return _Place(f"{town.short}{name}", f"{name_en}, {town.short_en}", f"{town.name}{name}")


@lru_cache(maxsize=1)
def _names() -> list[tuple[str, str, str, str]]:
    """(code, name, English name, the same within a sentence) of each of `minors`."""
    return [(m.code, m.name, m.name_en, m.name_en[0].lower() + m.name_en[1:]) for m in minors()]


def local_date(t: datetime) -> date:
    """The district's calendar day of a moment."""
    return t.astimezone(ZONE).date()


def days_between(start: datetime, end: datetime) -> Iterator[date]:
    """Local days that touch [start, end]."""
    day, last = local_date(start), local_date(end)
    while day <= last:
        yield day
        day += timedelta(days=1)


def find_id(incident: str) -> tuple[date, str] | None:
    """(day, feed) that an id of this script names, None for an id of another kind."""
    feed, _, rest = incident.partition("-")
    if feed not in BY_ID:
        return None
    day = _day(rest.partition("-")[0])
    return None if day is None else (day, feed)


@lru_cache(maxsize=256)
def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=ZONE).date()
    except ValueError:
        return None


@lru_cache(maxsize=14)
def plan_day(seed: int, day: date) -> DayPlan:
    """The script of one local day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()
    rain = heavy_rain(day.toordinal())
    parts = [_plan_source(seed, day, midnight, number, source, rain) for number, source in enumerate(SOURCES)]
    columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    order = np.argsort(columns["at"][:, 0], kind="stable")
    begin = [f"{source.id}-{day:%Y%m%d}-" for source in SOURCES]
    ids = [f"{begin[s]}{n:04d}" for s, n in zip(columns["source"].tolist(), columns.pop("n").tolist(), strict=True)]
    return DayPlan(
        day, seed, tuple(ids[i] for i in order.tolist()), **{key: column[order] for key, column in columns.items()}
    )


@lru_cache(maxsize=len(SOURCES))
def _classes(source: str) -> tuple[NDArray[np.int64], tuple[Minor, ...]]:
    chosen = [i for i, m in enumerate(minors()) if source in m.feeds]
    return np.array(chosen), tuple(minors()[i] for i in chosen)


def _plan_source(
    seed: int, day: date, midnight: float, number: int, source: Source, rain: bool
) -> dict[str, NDArray[np.generic]]:
    rng = np.random.default_rng([seed, 7, day.toordinal(), number])
    mean = source.per_day * WEEK[source.shape][day.weekday()] * rng.lognormal(0, 0.04)
    n = int(rng.poisson(mean * (source.rain if rain else 1)))
    hours = source.hours()
    if rain and source.id in ("water", "hotline", "sensor"):  # the rain falls in the afternoon
        hours = hours * np.where((np.arange(24) >= 13) & (np.arange(24) < 21), 2.2, 1.0)
        hours /= hours.sum()
    when = np.sort(np.interp(rng.random(n), np.concatenate([[0], np.cumsum(hours)]), np.arange(25) * 3600.0))
    minor = _draw_classes(source.id, when, rain, rng)
    usual = np.array([m.severity for m in minors()])[minor]
    severity = np.clip(usual + rng.choice([-1, 0, 1], n, p=[0.06, 0.80, 0.14]), 1, 4)
    grid, spot, lonlat = _draw_places(seed, source.id, minor, rng)
    start = np.round(midnight + when, 1)
    at_once = (*CRISES, ALARMS) if source.id == "sensor" else CRISES
    urgent = np.array([source.emergency or m.code.startswith(at_once) for m in minors()])[minor]
    fate, *late = draw_fates(seed, day.toordinal(), number, urgent)
    return {
        "n": np.arange(1, n + 1),
        "source": np.full(n, number),
        "minor": minor,
        "severity": severity,
        "grid": grid,
        "spot": spot,
        "lonlat": lonlat,
        "at": _lifecycle(source, start, midnight, minor, severity, urgent, rng, *late),
        "wording": rng.integers(0, 10_000, n),
        "fate": fate,
        "urgent": urgent,
    }


def _draw_classes(source: str, when: NDArray[np.float64], rain: bool, rng: np.random.Generator) -> NDArray[np.int64]:
    which, classes = _classes(source)
    hour = when / 3600
    out = np.empty(len(when), dtype=np.int64)
    periods = (
        ((hour >= 22) | (hour < 6), _NIGHT),
        ((hour >= 18) & (hour < 22), _EVENING),
        ((hour >= 6) & (hour < 18), {"0701": 0.3, "0703": 0.4}),
    )
    for mask, boost in periods:
        weight = np.array(
            [m.weight * boost.get(m.code, 1.0) * (6.0 if rain and m.code[:2] == "13" else 1.0) for m in classes]
        )
        out[mask] = rng.choice(which, int(mask.sum()), p=weight / weight.sum())
    return out


@lru_cache(maxsize=1)
def _spot_odds() -> NDArray[np.float64]:
    """[minor, spot]: weight of each hot spot for each class."""
    return np.array([
        [spot.weight if any(m.code.startswith(k) for k in spot.kinds) else 0.0 for spot in HOT_SPOTS] for m in minors()
    ])  # fmt: skip


def _draw_places(
    seed: int, source: str, minor: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], Points]:
    places = find_places(seed)
    n = len(minor)
    grid = rng.choice(len(places.grid_weight), n, p=places.grid_weight)
    lonlat = places.grid_points[grid * PER_GRID + rng.integers(0, PER_GRID, n)]
    spot = np.full(n, -1)
    if source == "water":
        at = rng.integers(0, len(places.gauges), n)
        return places.gauge_grids[at], spot, places.gauges[at]
    if source == "122":
        at = rng.choice(len(places.road_weight), n, p=places.road_weight)
        grid, lonlat = places.road_grids[at], places.road_points[at]
    odds = _spot_odds()[minor]
    total = odds.sum(axis=1)
    drawn = rng.random(n) < np.where(total > 0, 0.16 + 0.10 * np.minimum(total, 2), 0)
    pick = rng.random(n) * np.maximum(total, 1e-9)
    pick = np.argmax(np.cumsum(odds, axis=1) > pick[:, None], axis=1)
    member = rng.integers(0, 1 << 30, n)
    for number in range(len(HOT_SPOTS)):
        here = np.flatnonzero(drawn & (pick == number))
        at = member[here] % len(places.spot_points[number])
        spot[here] = number
        grid[here] = places.spot_grids[number][at]
        lonlat[here] = places.spot_points[number][at]
    return grid, spot, np.round(lonlat + rng.normal(0, 6e-5, lonlat.shape), 6)


def _lifecycle(source: Source, start: NDArray[np.float64], midnight: float, minor: NDArray[np.int64],
               severity: NDArray[np.int64], urgent: NDArray[np.bool_], rng: np.random.Generator,
               accept_late: NDArray[np.float64], end_late: NDArray[np.float64]) -> NDArray[np.float64]:  # fmt: skip
    """Epoch seconds of MILESTONES. Offices finish nothing between 21:30 and 7:30. The lateness is in seconds."""
    n = len(start)
    hurry = np.array([0.5, 0.75, 1.0, 1.15])[severity - 1]
    to_dispatch, to_scene = (
        np.where(urgent, np.minimum(usual, most), usual)
        for usual, most in ((source.dispatch_min, CRISIS_MIN[0]), (source.travel_min, CRISIS_MIN[1]))
    )
    dispatch = start + 60 * to_dispatch * hurry * rng.lognormal(0, 0.55, n)
    scene = dispatch + 60 * to_scene * hurry * rng.lognormal(0, 0.5, n)
    minutes = np.array([m.minutes for m in minors()])[minor] * np.where(urgent, 0.55, 0.6)
    closed = scene + 60 * minutes * rng.lognormal(0, 0.6, n)
    if not source.emergency:
        slow = (rng.random(n) < 0.012) & ~urgent
        closed[slow] += rng.uniform(0.5, 6.0, int(slow.sum())) * DAY_S
        late = (dispatch + accept_late, scene + accept_late, closed + end_late)
        dispatch, scene, closed = (np.where(urgent, t, _in_hours(t, midnight, rng)) for t in late)
    closed = np.minimum(closed, start + (LONGEST_DAYS - 1) * DAY_S)
    out = np.column_stack([start, dispatch, scene, closed])
    ordered: NDArray[np.float64] = np.maximum.accumulate(out + np.array([0.0, 1.0, 2.0, 3.0]), axis=1)
    return np.asarray(np.round(ordered, 1), dtype=np.float64)


def _in_hours(t: NDArray[np.float64], midnight: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Moments of the night moved into the next morning's first two hours."""
    hour = (t - midnight) % DAY_S / 3600
    wait: NDArray[np.float64] = np.where(hour >= 21.5, 31.5 - hour, np.where(hour < 7.5, 7.5 - hour, 0.0))
    spread: NDArray[np.float64] = rng.uniform(0, 7200, len(t))
    moved: NDArray[np.float64] = t + (wait * 3600 + spread) * (wait > 0)
    return moved
