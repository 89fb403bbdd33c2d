"""A scenario: what an exercise is to show, and the list of what happens in it (HSEEP's MSEL). Frozen values, no I/O.

`load` reads one from a TOML file (docs/drill.md, "The scenario file").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from data.records import UnitStatus

MILESTONES = ("opened", "dispatched", "en_route", "arrived", "closed")
"""What an incident's response is measured between, in this order."""


class InjectKind(StrEnum):
    """What an inject puts into the exercise."""

    EVENT = "event"
    UNIT_STATUS = "unit_status"
    SITE_STATUS = "site_status"
    BLOCKED = "blocked"
    """A road, or a whole area, that cannot be driven through."""
    MESSAGE = "message"


class Action(StrEnum):
    """What players are expected to do about an inject."""

    ASSIGN = "assign"
    """Its incident has an owner."""
    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    CLOSE = "close"
    ACKNOWLEDGE = "acknowledge"
    SITE = "site"
    """A site is opened, or closed."""


class Measure(StrEnum):
    """How an objective is judged."""

    INTERVAL = "interval"
    ACTIONS = "actions"
    SITE = "site"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Target:
    """What an objective asks for, as data. Which fields count depends on `measure`:

    interval   `between` two milestones, at `percentile` at most `within`, over incidents of `category` and `severity`
    actions    at least `share` of the expected actions of this objective's injects (of `kind`, if given) done in time
    site       `site` is online (or not, `online`) at `by` after the start
    closed     at least `share` of the incidents of `category` and `severity` are closed at `by`
    """

    measure: Measure
    between: tuple[str, str] = ("opened", "dispatched")
    percentile: float = 90.0
    within: timedelta = timedelta(0)
    category: tuple[str, ...] = ()
    severity: int = 4
    kind: InjectKind | None = None
    share: float = 1.0
    site: str = ""
    online: bool = True
    by: timedelta = timedelta(0)

    def concerns(self, category: str, severity: int) -> bool:
        """Whether an incident of this class and severity counts."""
        return (not self.category or category.startswith(self.category)) and severity <= self.severity


@dataclass(frozen=True, slots=True)
class Objective:
    """What the exercise is to show."""

    id: str
    zh: str
    en: str
    target: Target


@dataclass(frozen=True, slots=True)
class Expected:
    """The action that an inject calls for. `units`: kind -> how many of it, of a dispatch or arrival."""

    action: Action
    within: timedelta
    objective: str = ""
    site: str = ""
    online: bool = True
    units: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Inject:
    """One entry of the MSEL. `at` is after the start; the point is WGS 84 degrees.

    `incident` names the inject whose incident this event continues. `radius_m`, or the whole of `area`, is what a
    `blocked` inject closes, until `until` after the start (None: to the end).
    """

    id: str
    at: timedelta
    kind: InjectKind
    zh: str
    en: str
    source: str = ""
    category: str = ""
    severity: int = 3
    lon: float | None = None
    lat: float | None = None
    area: str = ""
    incident: str = ""
    unit: str = ""
    status: UnitStatus | None = None
    site: str = ""
    online: bool = True
    radius_m: float = 0.0
    until: timedelta | None = None
    expected: Expected | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A site that only the exercise has: a shelter that is to be opened, a collecting point."""

    id: str
    kind: str
    zh: str
    en: str
    lon: float
    lat: float
    online: bool = False


@dataclass(frozen=True, slots=True)
class SceneTime:
    """How long units work at incidents of these classes: median and 90th percentile."""

    category: tuple[str, ...]
    median: timedelta
    p90: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may be in play: units of these kinds (none: all) with duty in areas that begin so (none: all), but for
    `without`."""

    kinds: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def admits(self, unit: str, kind: str, area: str | None) -> bool:
        """Whether a unit may be in play. One without an area of duty works everywhere."""
        return (
            unit not in self.without
            and (not self.kinds or kind in self.kinds)
            and (not self.areas or area is None or area.startswith(self.areas))
        )


@dataclass(frozen=True)
class Scenario:
    """A whole exercise as planned. `start` is in UTC, `zone` is that of the district's local times."""

    id: str
    zh: str
    en: str
    start: datetime
    zone: str
    duration: timedelta
    about_zh: str = ""
    about_en: str = ""
    rules: Rules = Rules()
    objectives: tuple[Objective, ...] = ()
    places: tuple[Place, ...] = ()
    scene_times: tuple[SceneTime, ...] = ()
    injects: tuple[Inject, ...] = ()
    text: str = field(default="", repr=False, compare=False)
    """The file, as it was read."""
    path: str = field(default="", compare=False)
    revision: str = ""

    @property
    def end(self) -> datetime:
        return self.start + self.duration

    @cached_property
    def objective(self) -> Mapping[str, Objective]:
        """By id."""
        return {objective.id: objective for objective in self.objectives}

    @cached_property
    def inject(self) -> Mapping[str, Inject]:
        """By id."""
        return {inject.id: inject for inject in self.injects}
