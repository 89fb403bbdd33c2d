"""Which units are sent when nobody sits at the desks: a policy chooses, from what the log says at that moment.

Both recommend as the desk does, by what the matter needs (`dispatch/skills.toml`), and differ in how they think that
units travel. Whatever a policy thinks, units then move on the roads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from data.errors import BadInput
from data.store import IncidentRow, UnitRow
from dispatch.recommend import Recommendation, recommend
from dispatch.skills import Skills
from dispatch.travel import ByRoad, StraightLine, Travel
from geo.area import Region
from geo.roads import RoadGraph

KMH = 30.0
"""Off the roads, and along the straight line."""
MAX_AGE_S = 900.0
"""Positions older than this do not count; those of the simulation come every five minutes."""


class Policy(Protocol):
    """Chooses units for an incident."""

    @property
    def id(self) -> str: ...

    def choose(
        self, incident: IncidentRow, units: Sequence[UnitRow], now: datetime, roads: RoadGraph | None
    ) -> Recommendation:
        """The units to send now are its `suggested`; none where nobody fits or is free. `roads` are those of now."""
        ...


@dataclass
class Nearest:
    """The units that are there first, as `travel` has it."""

    id: str
    skills: Skills
    region: Region
    travel: Callable[[RoadGraph | None], Travel]
    _held: tuple[RoadGraph | None, Travel] | None = None

    def choose(
        self, incident: IncidentRow, units: Sequence[UnitRow], now: datetime, roads: RoadGraph | None
    ) -> Recommendation:
        if self._held is None or self._held[0] is not roads:
            self._held = (roads, self.travel(roads))
        areas = [area.code for area in self.region.path(incident.area)] if incident.area else []
        return recommend(
            incident, units, now, travel=self._held[1], skills=self.skills, areas=areas, max_age_s=MAX_AGE_S
        )


ROAD, STRAIGHT, NONE = "nearest-by-road", "nearest-straight-line", "none"
POLICIES: Mapping[str, str] = {
    ROAD: "the units that are there first by road",
    STRAIGHT: "the units that are nearest as the crow flies",
    NONE: "nobody decides: people at the desks do, or nobody",
}


def policy(name: str, skills: Skills, region: Region, zone: str) -> Policy | None:
    """The policy of a name, None for `none`. Raises BadInput."""
    if name == NONE:
        return None
    if name == STRAIGHT:
        return Nearest(STRAIGHT, skills, region, lambda roads: StraightLine(KMH))
    if name == ROAD:
        local = ZoneInfo(zone)
        return Nearest(ROAD, skills, region, lambda r: StraightLine(KMH) if r is None else ByRoad(r, KMH, local))
    raise BadInput(f"policy {name!r}: expected one of {', '.join(POLICIES)}", zh=f"没有策略 {name}")
