"""Which open incidents may be one matter, and which place has had the same trouble before. Vectorised over columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.store import IncidentRow
from dispatch.routing import BETWEEN
from geo.distance import EARTH_RADIUS_M, haversine_m

HOUR_MS = 3_600_000.0
DAY_MS = 24 * HOUR_MS

CLASS_WEIGHT, DISTANCE_WEIGHT, TIME_WEIGHT = 0.5, 0.3, 0.2
"""What a score is made of: 1 for the same class at the same place and time."""

SAME_PREFIX = 0.5
"""How much of the class another class of the same group counts."""

THIRD = 3
"""From this time on a place counts as one of repeats (repeat rate: same place and class three times or more)."""


@dataclass(frozen=True)
class Matters:
    """Incidents in parallel columns. Times are ms since 1970, NaN for "not yet"; lon, lat NaN without a point.

    `category` are numbers into `categories`. `merged` marks those that are part of another incident.
    """

    ids: Sequence[str]
    opened: NDArray[np.float64]
    closed: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    category: NDArray[Any]
    categories: Sequence[str]
    merged: NDArray[np.bool_]

    @staticmethod
    def of(rows: Sequence[IncidentRow]) -> Matters:
        """The columns of rows."""
        categories = list(dict.fromkeys(row.category for row in rows))
        number = {category: n for n, category in enumerate(categories)}
        return Matters(
            ids=[row.id for row in rows],
            opened=np.array([_ms(row.opened_at) if row.rows else math.nan for row in rows], np.float64),
            closed=np.array([_ms(row.closed_at) for row in rows], np.float64),
            lon=np.array([math.nan if row.lon is None else row.lon for row in rows], np.float64),
            lat=np.array([math.nan if row.lat is None else row.lat for row in rows], np.float64),
            category=np.array([number[row.category] for row in rows], np.int32),
            categories=categories,
            merged=np.array([row.case is not None and row.case.parent is not None for row in rows], bool),
        )


@dataclass(frozen=True, slots=True)
class Likeness:
    """When two incidents may be one: within `metres` and `hours` of each other, of one class or of classes whose codes
    agree in the first `prefix` digits. The best `k` of at least the score `least` are suggested.
    """

    metres: float = 200.0
    hours: float = 72.0
    prefix: int = 2
    k: int = 5
    least: float = 0.5


LIKENESS = Likeness()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An incident that may be the same matter. `score` is 0 to 1; `parent` is the one that was there first, into which
    the other would be merged. `apart_ms` is how much later (or, negative, earlier) it was opened.
    """

    incident: str
    score: float
    metres: float
    apart_ms: float
    same_class: bool
    parent: str
    why: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often this class of trouble was reported at this place, this time included. `ids` by time, this one last."""

    n: int
    ids: tuple[str, ...]
    days: float
    metres: float

    @property
    def flagged(self) -> bool:
        return self.n >= THIRD

    @property
    def why(self) -> str:
        """In Chinese and in English (`dispatch.routing.why_in`)."""
        return (
            f"{self.days:g} 天内此处同类事项第 {self.n} 次（{self.metres:g} 米内）{BETWEEN}"
            f"{ordinal(self.n)} time at this place in {self.days:g} days (same class within {self.metres:g} m)"
        )


def suggestions(
    incident: IncidentRow, others: Matters, now: datetime, likeness: Likeness = LIKENESS
) -> list[Duplicate]:
    """Incidents that may be the same matter as this one, the likeliest first, ties by id.

    One that was closed before this one was opened is another matter (`repeats`); merged ones stand under their parent.
    An incident without a point, or that is merged itself, is like none.
    """
    if incident.lon is None or incident.lat is None or (incident.case is not None and incident.case.parent is not None):
        return []
    opened = _ms(incident.opened_at)
    classes = np.array([_likeness(incident.category, other, likeness.prefix) for other in others.categories])
    # Cheap comparisons of whole columns leave a handful for the exact distance; a comparison with NaN is False.
    found = np.flatnonzero(
        _near_latitude(others.lat, incident.lat, likeness.metres)
        & (np.abs(others.opened - opened) <= likeness.hours * HOUR_MS)
        & (others.opened <= _ms(now))
        & ~(others.closed <= opened)
        & ~others.merged
    )
    found = found[classes[others.category[found]] > 0] if len(classes) else found
    metres = haversine_m(incident.lon, incident.lat, others.lon[found], others.lat[found])
    close = metres <= likeness.metres
    found, metres = found[close], metres[close]
    alike = classes[others.category[found]] if len(found) else np.empty(0)
    apart = others.opened[found] - opened
    score = (
        CLASS_WEIGHT * alike
        + DISTANCE_WEIGHT * (1 - metres / likeness.metres)
        + TIME_WEIGHT * (1 - np.abs(apart) / (likeness.hours * HOUR_MS))
    )
    ranked = sorted(
        (-score_, others.ids[i], i, metres_, apart_, alike_)
        for score_, i, metres_, apart_, alike_ in zip(
            np.round(score, 3).tolist(), found.tolist(), metres.tolist(), apart.tolist(), alike.tolist(), strict=True
        )
        if score_ >= likeness.least and others.ids[i] != incident.id
    )
    return [
        Duplicate(
            incident=id,
            score=-negative,
            metres=metres_,
            apart_ms=apart_,
            same_class=alike_ == 1,
            parent=min((opened + apart_, id), (opened, incident.id))[1],
            why=_why(others.categories[int(others.category[i])], alike_ == 1, metres_, apart_),
        )
        for negative, id, i, metres_, apart_, alike_ in ranked[: likeness.k]
    ]


def repeats(incident: IncidentRow, others: Matters, *, days: float = 30, metres: float = 50) -> Repeat:
    """How often the same class was reported within `metres` in the `days` up to this incident, itself included.

    Reports that were merged into another are not counted: they are one matter.
    """
    alone = Repeat(1, (incident.id,), days, metres)
    if incident.lon is None or incident.lat is None:
        return alone
    try:
        category = others.categories.index(incident.category)
    except ValueError:
        return alone
    opened = _ms(incident.opened_at)
    found = np.flatnonzero(
        (others.category == category)
        & _near_latitude(others.lat, incident.lat, metres)
        & (others.opened <= opened)
        & (others.opened > opened - days * DAY_MS)
        & ~others.merged
    )
    found = found[haversine_m(incident.lon, incident.lat, others.lon[found], others.lat[found]) <= metres]
    before = sorted(
        (others.opened[i], others.ids[i])
        for i in found.tolist()
        # Of two opened at the same moment the smaller id was first.
        if others.ids[i] != incident.id and (others.opened[i], others.ids[i]) < (opened, incident.id)
    )
    return Repeat(len(before) + 1, (*(id for _, id in before), incident.id), days, metres)


def ordinal(n: int) -> str:
    """1st, 2nd, third: small ones as words, as a person says them."""
    words = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
    if n in words:
        return words[n]
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def _likeness(one: str, other: str, prefix: int) -> float:
    """1 for the same class, SAME_PREFIX for another of the same group, else 0. Only codes of digits have groups."""
    if one == other:
        return 1.0
    codes = one[:prefix].isdigit() and len(one) > prefix and len(other) > prefix
    return SAME_PREFIX if codes and one[:prefix] == other[:prefix] else 0.0


def _near_latitude(lat: NDArray[np.float64], of: float, metres: float) -> NDArray[np.bool_]:
    """Whether the difference of latitude alone does not exceed the distance already."""
    degrees = math.degrees(metres / EARTH_RADIUS_M) + 1e-9
    return (lat >= of - degrees) & (lat <= of + degrees)


def _why(category: str, same: bool, metres: float, apart_ms: float) -> str:
    minutes = abs(apart_ms) / 60_000
    if minutes < 1:
        zh_time, en_time = "同时", "at the same time"
    elif minutes < 120:
        zh_time, en_time = f"{minutes:.0f} 分钟", f"{minutes:.0f} min"
    elif minutes < 48 * 60:
        zh_time, en_time = f"{minutes / 60:.0f} 小时", f"{minutes / 60:.0f} h"
    else:
        zh_time, en_time = f"{minutes / 1440:.0f} 天", f"{minutes / 1440:.0f} days"
    if minutes >= 1:
        zh_time = ("晚 " if apart_ms > 0 else "早 ") + zh_time
        en_time += " later" if apart_ms > 0 else " earlier"
    zh = f"{'同类' if same else '同大类'} {category}，相距 {metres:.0f} 米，{zh_time}"
    en = f"{'same class' if same else 'same group'} {category}, {metres:.0f} m away, {en_time}"
    return zh + BETWEEN + en


def _ms(t: datetime | None) -> float:
    return math.nan if t is None else t.timestamp() * 1000.0
