"""Policies for forks: at each of history's orders, which unit goes instead.

The order itself stands as history gave it: when, to which incident, and for what kind of unit. So what is compared is
the choice of the unit, and not how many were sent or how quickly somebody decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np

from data.errors import BadInput
from dispatch.skills import Need, Skills
from dispatch.travel import ByRoad, StraightLine, Travel
from geo.roads import RoadGraph
from replay.fork_original import Matter, Sent
from replay.policies import KMH, ROAD, STRAIGHT

HISTORY = "as-history"
FORK_POLICIES: Mapping[str, str] = {
    ROAD: "for each order of history the free unit of its kind that is there first by road",
    STRAIGHT: "for each order of history the free unit of its kind that is nearest as the crow flies",
    HISTORY: "for each order of history the unit that history sent",
}


Place = tuple[float, float]


class Chooser(Protocol):
    """Chooses a unit for an order."""

    def choose(self, sent: Sent, matter: Matter, able: Sequence[tuple[str, Place]], now: datetime) -> str | None:
        """Id of one of the units that are free and can fill the order, given by id with where they are."""
        ...


def kinds_for(sent: Sent, matter: Matter, skills: Skills) -> tuple[frozenset[str], Sequence[Need]]:
    """(kinds of units that can fill an order, empty: any; what the matter needs). The kind is that of the unit that was
    sent; where the log does not name it, one that the matter needs."""
    if sent.kind:
        return frozenset({sent.kind}), ()
    needs: Sequence[Need] = skills.needs(matter.category, matter.severity)
    return frozenset(kind for need in needs for kind in need.kinds), needs


@dataclass
class First:
    """The unit that is there first, as `travel` has it, ties by id."""

    travel: Callable[[], Travel]

    def choose(self, sent: Sent, matter: Matter, able: Sequence[tuple[str, Place]], now: datetime) -> str | None:
        if not able or matter.lon is None or matter.lat is None:
            return able[0][0] if able else None
        lon, lat = np.array([place for _, place in able], np.float64).T
        everybody, alone = np.arange(len(able)), len(able) == 1
        found = self.travel().first(lon, lat, matter.lon, matter.lat, now, [everybody], 0 if alone else 1)
        if alone:  # where fleets are stretched that is most of the time: it goes from anywhere, if there is a way
            return None if found.no_way[0] else able[0][0]
        best = found.groups[0][0]
        return able[int(best[0])][0] if best.size else None


@dataclass
class AsHistory:
    """The unit that history sent; where that one is not free, `otherwise`."""

    otherwise: Chooser
    instead: int = 0
    """How often another one had to go."""

    def choose(self, sent: Sent, matter: Matter, able: Sequence[tuple[str, Place]], now: datetime) -> str | None:
        if any(unit == sent.unit for unit, _ in able):
            return sent.unit
        self.instead += 1
        return self.otherwise.choose(sent, matter, able, now)


def chooser(name: str, roads: RoadGraph | None, zone: str) -> Chooser:
    """The policy of a name. Raises BadInput."""
    straight = StraightLine(KMH)
    by_road: Travel = straight if roads is None else ByRoad(roads, KMH, ZoneInfo(zone))
    if name == STRAIGHT:
        return First(lambda: straight)
    if name == ROAD:
        return First(lambda: by_road)
    if name == HISTORY:
        return AsHistory(First(lambda: by_road))
    raise BadInput(f"policy {name!r}: expected one of {', '.join(FORK_POLICIES)}", zh=f"没有策略 {name}")
