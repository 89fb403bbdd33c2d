"""The state of a drill: a fold over the acts of those who run it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from data.clock import require_utc
from data.errors import Refused
from data.records import ExerciseAct, ExercisePayload, Record
from replay.scenario import Inject, Scenario
from replay.scenario_file import parse, parse_inject

RATINGS = ("P", "S", "M", "U")
"""HSEEP: performed without challenges, with some challenges, with major challenges, unable to be performed."""


class Phase(StrEnum):
    """How far a drill is."""

    PREPARED = "prepared"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class Fate(StrEnum):
    """What became of an inject."""

    WAITING = "waiting"
    FIRED = "fired"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class InjectState:
    """An inject and what became of it, when, by whom. `note` is why it was skipped."""

    inject: Inject
    fate: Fate = Fate.WAITING
    at: datetime | None = None
    actor: str = ""
    note: str = ""
    added: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """One evaluator's judgement of one objective; a later one of the same evaluator replaces it."""

    objective: str
    rating: str
    evaluator: str
    note: str
    at: datetime


@dataclass(frozen=True)
class DrillState:
    """A drill at one point of its log. `acts` is how many acts made it.

    At `wall` of the clock outside, the exercise's clock showed `anchor`; while it runs, one second outside is `rate`
    seconds inside.
    """

    timeline: str
    scenario: Scenario
    phase: Phase
    acts: int
    anchor: datetime
    wall: datetime
    rate: float
    seed: int
    policy: str
    made_by: str = ""
    injects: Mapping[str, InjectState] = field(default_factory=dict)
    acknowledged: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    ratings: Mapping[tuple[str, str], Rating] = field(default_factory=dict)
    ended_at: datetime | None = None

    def now(self, wall: datetime) -> datetime:
        """What the exercise's clock shows when the clock outside shows `wall`."""
        if self.phase is not Phase.RUNNING:
            return self.anchor
        passed = max(0.0, (require_utc(wall) - self.wall).total_seconds())
        return self.anchor + timedelta(seconds=passed * self.rate)

    def waiting(self) -> list[Inject]:
        """Injects that are still to come, in the order of their time, of one time by id."""
        left = [each.inject for each in self.injects.values() if each.fate is Fate.WAITING]
        return sorted(left, key=lambda inject: (inject.at, inject.id))

    def due(self, t: datetime) -> list[Inject]:
        """Those of them whose time has come at `t` of the exercise."""
        return [inject for inject in self.waiting() if self.scenario.start + inject.at <= t]


def folded(records: Iterable[Record], state: DrillState | None = None) -> DrillState | None:
    """The state after further acts, in the order of the log. None before the first one."""
    for record in records:
        if isinstance(record.payload, ExercisePayload):
            state = _after(state, record, record.payload)
    return state


def _after(state: DrillState | None, record: Record, act: ExercisePayload) -> DrillState:
    wall = record.at if act.wall is None else require_utc(act.wall)
    if act.act is ExerciseAct.PREPARE:
        scenario = parse(act.text, f"log of {record.timeline}")
        injects = {inject.id: InjectState(inject) for inject in scenario.injects}
        return DrillState(
            record.timeline, scenario, Phase.PREPARED, 1, scenario.start, wall, act.rate, act.seed, act.policy,
            act.actor, injects,
        )  # fmt: skip
    if state is None:
        raise Refused(f"timeline {record.timeline}: its log does not begin with the preparation of a drill")
    state = replace(state, acts=state.acts + 1)
    match act.act:
        case ExerciseAct.START | ExerciseAct.RESUME:
            return replace(state, phase=Phase.RUNNING, anchor=record.at, wall=wall, rate=act.rate)
        case ExerciseAct.PAUSE:
            return replace(state, phase=Phase.PAUSED, anchor=record.at, wall=wall)
        case ExerciseAct.END:
            return replace(state, phase=Phase.ENDED, anchor=record.at, wall=wall, ended_at=record.at)
        case ExerciseAct.FIRE | ExerciseAct.SKIP:
            fate = Fate.FIRED if act.act is ExerciseAct.FIRE else Fate.SKIPPED
            one = replace(state.injects[act.inject], fate=fate, at=record.at, actor=act.actor, note=act.note)
            return replace(state, injects={**state.injects, act.inject: one})
        case ExerciseAct.ADD:
            start, zone = state.scenario.start, state.scenario.zone
            inject = parse_inject(act.text, f"log of {record.timeline}", zone, start)
            added = InjectState(inject, at=record.at, actor=act.actor, added=True)
            return replace(state, injects={**state.injects, inject.id: added})
        case ExerciseAct.ACKNOWLEDGE:
            known = {act.inject: (record.at, act.actor), **state.acknowledged}  # the first one counts
            return replace(state, acknowledged=known)
        case ExerciseAct.RATE:
            rating = Rating(act.objective, act.rating, act.actor, act.note, record.at)
            return replace(state, ratings={**state.ratings, (act.objective, act.actor): rating})
    return state  # a second preparation changes nothing: `Drill.make` refuses one
