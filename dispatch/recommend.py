"""Which units to send to an incident: those that can go, first there first, and why each other one cannot.

What a matter needs is data (`dispatch/skills.toml`), how long a unit takes is found by a `Travel`. The order is that of
the obvious way (every unit's time, sorted): searches that end early change the cost, not the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isnan
from operator import attrgetter
from typing import overload

import numpy as np
from numpy.typing import NDArray

from data.records import Recommended
from data.store import IncidentRow, UnitRow
from dispatch.exclusion import NO_WAY, Judge
from dispatch.phrases import Phrase
from dispatch.skills import Need, Skills
from dispatch.travel import Travel, smallest
from geo.distance import haversine_m

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STORED = 5
"""Recommended units that a dispatch keeps (`IncidentDispatched.recommended`)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit and how far it is: metres as the crow flies, seconds as it would go. `excluded`: why it cannot be sent,
    None when it can; `fits`: the numbers of the needs it meets; `suggested`: it is one of those to send now."""

    unit: UnitRow
    distance_m: float | None
    travel_s: float | None = None
    excluded: Phrase | None = None
    fits: tuple[int, ...] = ()
    on_foot: bool = False
    suggested: bool = False


class Excluded(Sequence[Candidate]):
    """The units that cannot go, nearest first, those without a point last. There may be thousands and a page shows a
    dozen: each is made, and its reason found, when it is asked for."""

    def __init__(
        self, judge: Judge, rows: Sequence[UnitRow], metres: Floats, order: Ints, no_way: frozenset[int]
    ) -> None:
        self._judge, self._rows, self._metres, self._order, self._no_way = judge, rows, metres, order, no_way

    def __len__(self) -> int:
        return int(self._order.size)

    @overload
    def __getitem__(self, index: int) -> Candidate: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Candidate, ...]: ...
    def __getitem__(self, index: int | slice) -> Candidate | tuple[Candidate, ...]:
        if isinstance(index, slice):
            return tuple(self._candidate(at) for at in self._order[index].tolist())
        return self._candidate(int(self._order[index]))

    def _candidate(self, at: int) -> Candidate:
        unit = self._rows[at]
        profile = self._judge.profile(unit)
        reason = NO_WAY if at in self._no_way else self._judge.excluded(unit, profile)
        walks = profile.kind.walk_kmh is not None
        return Candidate(unit, _known(self._metres[at]), excluded=reason, on_foot=walks)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need, and how many units at the incident, or on their way there, meet it already."""

    need: Need
    sent: int

    @property
    def missing(self) -> int:
        return max(0, self.need.count - self.sent)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The answer. `candidates` can go, first there first, ties by id: of each need the k first. `excluded` are those
    that cannot, nearest first; `able` counts all that can."""

    candidates: tuple[Candidate, ...]
    excluded: Sequence[Candidate]
    travel: Phrase
    needs: tuple[Wanted, ...]
    able: int

    @property
    def basis(self) -> str:
        """How times were found, in words: `IncidentDispatched.basis`."""
        return self.travel.text("en")

    @property
    def suggested(self) -> tuple[str, ...]:
        """The units to send now: for each need, as many as are missing, first there first."""
        return tuple(c.unit.id for c in self.candidates if c.suggested)

    @property
    def recommended(self) -> tuple[Recommended, ...]:
        """What a dispatch keeps of it, best first: those to send now, then the next."""
        order = sorted(self.candidates, key=lambda c: not c.suggested)
        return tuple(Recommended(unit=c.unit.id, travel_s=c.travel_s) for c in order[:STORED])

    @property
    def reasons(self) -> dict[str, int]:
        """Key of a reason -> how many units it excludes."""
        return dict(Counter(c.excluded.key for c in self.excluded if c.excluded is not None))


def recommend(
    incident: IncidentRow,
    units: Iterable[UnitRow],
    now: datetime,
    *,
    travel: Travel,
    skills: Skills,
    k: int = 5,
    also: frozenset[str] = frozenset(),
    areas: Sequence[str] | None = None,
    max_age_s: float = 600.0,
) -> Recommendation:
    """Recommend units for an incident.

    `also`: skills that the officer asks for beside those of the category. `areas`: codes of the areas that hold the
    incident (default: its finest area alone); a unit of a kind that works in its own area has duty in one of them.
    `max_age_s`: positions older than this do not count (a kind may say otherwise).

    An incident without a point has candidates without times, ordered by id.
    """
    rows = sorted(units, key=attrgetter("id"))
    needs = tuple(replace(n, skills=n.skills | also) for n in skills.needs(incident.category, incident.severity))
    held = frozenset(areas if areas is not None else () if incident.area is None else (incident.area,))
    judge = Judge(incident, now, skills, needs, held, max_age_s)
    profiles = judge.able(rows)
    able = list(profiles)
    groups = [np.array([at for at in able if n in profiles[at].fits], np.int64) for n in range(len(needs))]
    lon, lat = _points(rows)
    no_way: frozenset[int] = frozenset()
    if incident.lon is None or incident.lat is None:
        metres, basis = np.full(len(rows), np.nan), Phrase("nowhere")
        first = [(group[:k], np.full(group[:k].size, np.nan)) for group in groups]
    else:
        metres = haversine_m(lon, lat, incident.lon, incident.lat)
        basis = travel.basis(incident.lon, incident.lat, now)
        kmh = np.full(len(rows), np.nan)  # of those that walk
        kmh[able] = [profiles[at].kind.walk_kmh or np.nan for at in able]
        drives = np.zeros(len(rows), bool)
        drives[able] = np.isnan(kmh[able])
        found = travel.first(np.where(drives, lon, np.nan), np.where(drives, lat, np.nan), incident.lon, incident.lat,
                             now, [group[drives[group]] for group in groups], k)  # fmt: skip
        no_way = frozenset(np.flatnonzero(drives & found.no_way).tolist())
        first = []
        for group, (driving, seconds) in zip(groups, found.groups, strict=True):
            walking = group[~drives[group]]
            on_foot = metres[walking] / (kmh[walking] / 3.6)
            first.append(smallest(np.concatenate((driving, walking)), np.concatenate((seconds, on_foot)), k))
    here = [unit for unit in rows if unit.incident == incident.id]
    wanted = tuple(Wanted(need, judge.sent(need, here)) for need in needs)
    chosen = _to_send(wanted, first)
    times = {at: s for group, seconds in first for at, s in zip(group.tolist(), seconds.tolist(), strict=True)}
    candidates = [
        Candidate(rows[at], _known(metres[at]), _known(times[at]), None, profiles[at].fits,
                  profiles[at].kind.walk_kmh is not None, at in chosen)
        for at in sorted(times, key=lambda at: (0.0 if isnan(times[at]) else times[at], at))
    ]  # fmt: skip
    left_out = np.ones(len(rows), bool)
    left_out[able] = False
    left_out[list(no_way)] = True
    order = np.argsort(metres, kind="stable")  # NaN, no distance, comes last
    others = Excluded(judge, rows, metres, order[left_out[order]], no_way)
    return Recommendation(tuple(candidates), others, basis, wanted, len(rows) - len(others))


def deviation(recommended: Sequence[Recommended], chosen: Sequence[str], suggested: int = 1) -> bool:
    """Whether the officer chose otherwise and gives a reason.

    Sending some of the first n recommended units is not otherwise, n being the number sent or, where more were
    suggested at once, that. Where nothing was recommended nothing can be chosen otherwise. Of more than `STORED` first
    ones the list has no more than that, so as many are believed.
    """
    n = max(len(chosen), suggested)
    first = {each.unit for each in recommended[:n]}
    return bool(recommended) and len(set(chosen) - first) > max(0, n - STORED)


def _points(rows: Sequence[UnitRow]) -> tuple[Floats, Floats]:
    """(lon, lat) of each, NaN where it has no point."""
    lon = np.array([np.nan if row.lon is None else row.lon for row in rows], np.float64)
    lat = np.array([np.nan if row.lat is None else row.lat for row in rows], np.float64)
    return lon, lat


def _to_send(wanted: Sequence[Wanted], first: Sequence[tuple[Ints, Floats]]) -> frozenset[int]:
    """For each need as many units as are missing, none twice."""
    chosen: list[int] = []
    for want, (group, _) in zip(wanted, first, strict=True):
        chosen += [at for at in group.tolist() if at not in chosen][: want.missing]
    return frozenset(chosen)


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)
