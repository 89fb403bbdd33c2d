"""One fork on screens: its clock, its words, and whether anything may be done there now.

A fork that a policy plays is shown at its end, or in a replay at any of its moments; nobody acts on it. One that people
play has a clock that they start and stop, and takes commands like real work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from data.clock import Clock
from data.errors import NotFound, Refused, StoreUnavailable
from replay.fork import Fork
from replay.fork_state import ForkPhase, ForkState, gone
from replay.hosted import Told
from replay.policies import ROAD, STRAIGHT
from replay.policies_forks import HISTORY

LOOK_S = 1.0
"""How old the state that a fork's clock goes by may be, seconds: another process may have acted on it."""

TOLD = MappingProxyType(
    {
        ForkPhase.MAKING: "prepared",
        ForkPhase.PAUSED: "paused",
        ForkPhase.RUNNING: "running",
        ForkPhase.DONE: "ended",
        ForkPhase.FAILED: "ended",
    }
)
"""The phases as screens tell them of everything that is hosted."""

WHO_DECIDES = MappingProxyType(
    {
        "": ("由人员决定", "people decide"),
        ROAD: ("道路最近者出动", "the nearest by road is sent"),
        STRAIGHT: ("直线最近者出动", "the nearest as the crow flies is sent"),
        HISTORY: ("与当时相同", "as history did"),
    }
)
"""(zh, en) by policy: a fork that nobody named is called by its moment and this."""


class ForkSession:
    """One fork of this server. Thread-safe, and not for an event loop's thread."""

    def __init__(self, fork: Fork, clock: Clock, read: Callable[[Fork], ForkState], zone: str) -> None:
        """`clock` is the clock outside; `read` tells how the fork stands; `zone` is the centre's. Raises what `read`
        raises."""
        self.fork, self._clock, self._read, self._zone = fork, clock, read, ZoneInfo(zone)
        self._lock = threading.Lock()
        self._looked = 0.0
        self._gone = False
        self._state = self.look()

    @property
    def timeline(self) -> str:
        return self.fork.timeline

    def look(self) -> ForkState:
        """As the log says now. Raises NotFound for a fork that was deleted, StoreUnavailable."""
        try:
            state = self._read(self.fork)
        except NotFound:
            self._gone = True  # for good: one that is made under its name is another
            raise
        with self._lock:
            self._state, self._looked = state, time.monotonic()
        return state

    def now(self) -> datetime:
        """The fork's time; of one that a policy played, its end. While the store is away, by what was known before."""
        state = self._recent()
        return state.now(self._clock.now()) if self.fork.played else state.end

    def told(self) -> Told:
        fork, state = self.fork, self._recent()
        by_zh, by_en = WHO_DECIDES.get(fork.policy, (fork.policy, fork.policy))
        at = fork.at.astimezone(self._zone)
        zh = fork.zh or f"推演：自 {at:%Y-%m-%d %H:%M} 起，{by_zh}"
        en = fork.en or f"What if: from {at:%Y-%m-%d %H:%M}, {by_en}"
        rate = state.rate if state.phase is ForkPhase.RUNNING else 0.0
        return Told(fork.timeline, zh, en, TOLD[state.phase], rate)

    def acting(self) -> datetime:
        """The fork's time, for who acts. Raises Refused where a policy decides, and after the end, NotFound for a fork
        that was deleted: also where another has its name by now."""
        state = self._recent()
        if self._gone:
            raise gone(self.timeline)
        if not self.fork.played:
            raise Refused(
                "this is what would have been, and a policy has decided it: nothing is added to it",
                zh="这是按策略推演的结果，不能再下达指令",
            )
        if state.phase not in (ForkPhase.RUNNING, ForkPhase.PAUSED):
            raise Refused("this fork has come to its end: nothing is added to it", zh="本推演已经结束，不能再下达指令")
        return state.now(self._clock.now())

    def _recent(self) -> ForkState:
        with self._lock:
            state, old = self._state, time.monotonic() - self._looked > LOOK_S
        if old:
            try:
                return self.look()
            except (StoreUnavailable, NotFound):  # who still shows one that was deleted keeps what was known
                with self._lock:
                    self._looked = time.monotonic()
        return state
