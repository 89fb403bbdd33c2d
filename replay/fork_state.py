"""The state of a fork: a fold over what those who play it did with its clock, and nothing else.

    people:  paused --start--> running --pause--> paused ... --> done, when it has come to its end
    policy:  making --> done

`failed` is a fork that a policy was to play and that nobody is making any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from data.clock import require_utc
from data.errors import GridcommandError, NotFound, Refused
from data.lineage import SOURCE
from data.records import ExerciseAct, ExercisePayload, Kind, Record
from data.store import Store
from replay.fork import Fork


class ForkPhase(StrEnum):
    """How far a fork is."""

    MAKING = "making"
    PAUSED = "paused"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class ForkState:
    """A fork at one point of its log. `acts` is how many acts made it.

    At `wall` of the clock outside, the fork's clock showed `anchor`; while it runs, one second outside is `rate`
    seconds inside.
    """

    fork: Fork
    phase: ForkPhase
    acts: int
    anchor: datetime
    wall: datetime
    rate: float = 1.0
    progress: float | None = None
    """Share of its making that is done, while it is made by this server."""
    error: GridcommandError | None = None
    """Why nothing came of it."""

    @property
    def under_way(self) -> bool:
        """Whether people can act on it."""
        return self.phase in (ForkPhase.PAUSED, ForkPhase.RUNNING)

    @property
    def end(self) -> datetime:
        """How far it is played."""
        return self.fork.until or self.fork.at

    def now(self, wall: datetime) -> datetime:
        """What the fork's clock shows when the clock outside shows `wall`, never beyond its end."""
        if self.phase is not ForkPhase.RUNNING:
            return self.anchor
        passed = max(0.0, (require_utc(wall) - self.wall).total_seconds())
        return min(self.anchor + timedelta(seconds=passed * self.rate), self.end)


def beginning_of(fork: Fork) -> ForkState:
    """A fork of which nobody did anything yet."""
    phase = ForkPhase.PAUSED if fork.played else ForkPhase.MAKING
    return ForkState(fork, phase, 0, fork.at, fork.made_at)


def state_of(store: Store, fork: Fork) -> ForkState:
    """As the log says now. Raises NotFound for a fork that was deleted, StoreUnavailable."""
    found = [
        (Kind(fact.kind), fact)
        for fact in store.scan((Kind.FORK, Kind.EXERCISE), fork.timeline)
        if fact.seq >= fork.seq  # what comes before is of those that it inherits from
    ]
    if not any(kind is Kind.FORK and fact.seq == fork.seq for kind, fact in found):
        raise gone(fork.timeline)  # or made anew under its name
    acts = [(fact.at, ExercisePayload.model_validate_json(fact.body)) for kind, fact in found if kind is Kind.EXERCISE]
    return folded(beginning_of(fork), acts)


def folded(state: ForkState, acts: Iterable[tuple[datetime, ExercisePayload]]) -> ForkState:
    """The state after further acts, in the order of the log."""
    for at, act in acts:
        wall = at if act.wall is None else require_utc(act.wall)
        state = replace(state, acts=state.acts + 1, anchor=at, wall=wall)
        if act.act in (ExerciseAct.START, ExerciseAct.RESUME):
            state = replace(state, phase=ForkPhase.RUNNING, rate=act.rate)
        elif act.act is ExerciseAct.PAUSE:
            state = replace(state, phase=ForkPhase.PAUSED)
        elif act.act is ExerciseAct.END:
            state = replace(state, phase=ForkPhase.DONE)
    return state


def act_of(state: ForkState, act: ExerciseAct, actor: str, at: datetime, wall: datetime, rate: float = 1.0) -> Record:
    """The next act of a fork. Its name is the fork's own: those of a parent that was played are inherited."""
    payload = ExercisePayload(act=act, actor=actor, wall=wall, rate=rate)
    name = f"{state.fork.timeline}:act:{state.acts + 1}"
    return Record(Kind.EXERCISE, SOURCE, name, at, payload, timeline=state.fork.timeline)


def not_under_way(state: ForkState) -> None:
    """Raises Refused for a fork that runs or is being made: it is not deleted meanwhile."""
    timeline = state.fork.timeline
    if state.phase is ForkPhase.RUNNING:
        raise Refused(
            f"{timeline} is running; pause it first, then delete it", zh=f"{timeline} 正在运行：请先暂停再删除"
        )
    if state.phase is ForkPhase.MAKING:
        raise Refused(
            f"{timeline} is being made; delete it when it is done", zh=f"{timeline} 正在推演：请等待完成后再删除"
        )


def gone(timeline: str) -> NotFound:
    """What is said of a fork that there is not."""
    return NotFound(f"there is no fork {timeline[:80]!r}", zh=f"没有推演 {timeline[:80]}")
