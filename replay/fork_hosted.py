"""Forks on screens: a server shows them as it shows exercises, at their end, or in a replay at any of their moments.

Nobody acts on one: a policy has decided already (`replay/fork_run.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from data.clock import Clock
from data.errors import Refused
from data.store import Store
from replay.fork import Fork
from replay.hosted import Told

DONE = "ended"
"""The phase of a fork that was played to its end."""


@dataclass(frozen=True)
class ForkHosted:
    """One fork. Its time stands still at its end."""

    fork: Fork
    end: datetime

    @property
    def timeline(self) -> str:
        return self.fork.timeline

    def now(self) -> datetime:
        return self.end

    def told(self) -> Told:
        fork = self.fork
        zh = fork.zh or f"推演：自 {fork.at:%Y-%m-%d %H:%MZ}，{fork.policy}"
        en = fork.en or f"What if: from {fork.at:%Y-%m-%d %H:%MZ}, {fork.policy}"
        return Told(fork.timeline, zh, en, DONE, 0.0)

    def acting(self) -> datetime:
        raise Refused(
            "this is what would have been, and a policy has decided it: nothing is added to it",
            zh="这是按策略推演的结果，不能再下达指令",
        )


class ForkHost:
    """Finds forks by their names. Thread-safe."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def __call__(self, timeline: str) -> ForkHosted:
        """The fork of this name. Raises NotFound."""
        fork = Fork.find(self._store, timeline)
        return ForkHosted(fork, min(fork.until or fork.at, self._clock.now()))
