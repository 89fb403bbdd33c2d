"""Deleting a timeline beside the real one: not while people are at work on it, or while it is made."""

from __future__ import annotations

from data.errors import Refused
from data.exercise import is_exercise
from data.lineage import is_fork
from data.store import Store
from replay.drill import acts_of
from replay.drill_state import Phase, folded
from replay.fork import Fork
from replay.fork_state import ForkPhase, not_under_way, state_of
from replay.player import Held


def delete(store: Store, timeline: str, held: Held) -> int:
    """Delete a timeline with all its records; how many there were. Raises NotFound, and Refused for the real one, for a
    drill or fork that is under way, and while others inherit from it."""
    if is_exercise(timeline):
        _no_drill_under_way(store, timeline)
    elif is_fork(timeline):
        state = state_of(store, Fork.find(store, timeline))
        with held(timeline) as mine:
            if not (mine and state.phase is ForkPhase.MAKING):  # nobody makes it any more: its making broke off
                not_under_way(state)
    return store.delete_timeline(timeline)


def _no_drill_under_way(store: Store, timeline: str) -> None:
    state = folded(acts_of(store, timeline))
    if state is not None and state.phase in (Phase.RUNNING, Phase.PAUSED):
        raise Refused(
            f"{timeline} is under way; end the drill first, then delete it",
            zh=f"{timeline} 正在进行：请先结束演练再删除",
        )
