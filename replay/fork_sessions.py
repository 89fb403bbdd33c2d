"""The forks of a server: shown, made by a policy in the background, or played by people beside a thread that moves
crews and brings what comes by itself.

A fork's state is a function of its log, so nothing is kept here that a restart would lose but the making of a fork by a
policy: that breaks off with the server, and is begun again as another fork.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from data.clock import Clock
from data.errors import BadInput, NotFound, Refused
from data.lineage import FORK
from data.records import ExerciseAct, Record
from data.settings import Settings
from data.store import Store
from dispatch.book import Book
from geo.roads import RoadGraph
from replay.comparison import Ground, ground_of, of_logs
from replay.drill import CLOCK, Overtaken
from replay.fork import PLAYERS, SPAN, Fork, forks, free_id
from replay.fork_coverage import MINUTES
from replay.fork_crews import ROADS
from replay.fork_engine import ForkEngine
from replay.fork_hosted import ForkSession
from replay.fork_making import BROKE_OFF, Making, MakingSet
from replay.fork_run import begun
from replay.fork_state import ForkPhase, ForkState, act_of, beginning_of, not_under_way, state_of
from replay.player import Held, Hold, Player, PlayerSet, Turn, alone

TRIES = 5
PAUSED_S = 900.0
"""How long a fork that is paused is kept in hand; one that is started later is taken up from its log, seconds."""
GROUNDS = 3
"""Of so many forks what they are compared with is kept."""
PHASES = {
    ForkPhase.MAKING: "正在推演",
    ForkPhase.PAUSED: "已暂停",
    ForkPhase.RUNNING: "正在运行",
    ForkPhase.DONE: "已经结束",
    ForkPhase.FAILED: "未能完成",
}


class ForkSessions:
    """See the top of the file. Thread-safe, and not for an event loop's thread. It is a `Host` of forks."""

    def __init__(
        self, store: Store, clock: Clock, book: Book, settings: Settings, *, roads: Callable[[], RoadGraph | None],
        playing: bool = True, held: Held = alone,
    ) -> None:  # fmt: skip
        """`clock` is the clock outside. Without `playing` forks are shown, and neither made nor played; with `held`
        they are played by that one of the servers of a store which holds them."""
        self._store, self._clock, self._book, self._settings = store, clock, book, settings
        self._roads, self._playing, self._held = roads, playing, held
        self._lock = threading.Lock()
        self._sessions: dict[str, ForkSession] = {}
        self._players = PlayerSet(held)
        self._makings = MakingSet(store, clock, book, settings, roads, held)
        self._grounds: dict[tuple[str, float], Ground] = {}
        self._comparing = threading.Lock()
        self._closed = False

    # --- looking -----------------------------------------------------------------------------------------------

    def __call__(self, timeline: str) -> ForkSession:
        """The fork of a name. Raises NotFound."""
        with self._lock:
            session = self._sessions.get(timeline)
        if session is None:
            made = ForkSession(Fork.find(self._store, timeline), self._clock, self._look, self._settings.timezone)
            with self._lock:
                session = self._sessions.setdefault(timeline, made)
        return session

    def all(self) -> list[ForkSession]:
        """The forks of the store, oldest first."""
        found = []
        for fork in forks(self._store):
            with suppress(NotFound):  # deleted meanwhile
                found.append(self(fork.timeline))
        return found

    def _look(self, fork: Fork) -> ForkState:
        """As its log says now; whoever looks at one that runs has it played: also one that another server left."""
        try:
            state = state_of(self._store, fork)
        except NotFound:
            self._forget(fork)
            raise
        if state.phase is ForkPhase.MAKING:
            making = self._makings.of(fork)
            if making is None:
                return self._without_maker(state)
            failed = making.failed
            if failed is not None:
                return replace(state, phase=ForkPhase.FAILED, error=failed)
            return replace(state, progress=making.progress)
        if state.phase is ForkPhase.RUNNING:
            self._play(state)
        return state

    def _without_maker(self, state: ForkState) -> ForkState:
        """A fork that nobody makes here: another process may (`app.py replay fork`), or has just made it."""
        with self._held(state.fork.timeline) as mine:
            if not mine:
                return state
            now = state_of(self._store, state.fork)  # nobody is making it any more: this is how it was left
        return replace(now, phase=ForkPhase.FAILED, error=BROKE_OFF) if now.phase is ForkPhase.MAKING else now

    def comparison(self, timeline: str, beside: str = "", minutes: float = MINUTES) -> dict[str, Any]:
        """Original and fork side by side, as far as the fork is; `minutes` is the standard of coverage. What it is
        compared with is read and played at the first question, which takes seconds. Raises NotFound, BadInput,
        Refused while it is made."""
        session = self(timeline)
        if session.look().phase is ForkPhase.MAKING:
            raise Refused(
                f"{timeline} is being made; compare it when it is done", zh=f"{timeline} 正在推演，请稍后再比较"
            )
        other = self(beside) if beside else None
        key = timeline, minutes
        with self._comparing:  # each takes a core
            ground = self._grounds.pop(key, None)
            if ground is None or ground.fork != session.fork:
                ground = ground_of(
                    self._store, session.fork, self._book, self._settings, self._roads(), minutes
                )  # fmt: skip
            self._grounds[key] = ground
            while len(self._grounds) > GROUNDS:
                del self._grounds[next(iter(self._grounds))]
            now = session.now()
            if other is None:
                return of_logs(self._store, ground, now)
            return of_logs(self._store, ground, now, other.fork, other.now())

    # --- making ------------------------------------------------------------------------------------------------

    def make(
        self, *, parent: str, at: datetime, policy: str, actor: str, until: datetime | None = None, seed: int = 0,
        id: str = "", zh: str = "", en: str = "", note: str = "",
    ) -> ForkSession:  # fmt: skip
        """Begin a fork; one that a policy plays is made in the background. Raises BadInput, Refused: also where
        too many are being made."""
        self._require_playing()
        now = self._clock.now()
        end = (min(at + SPAN, now) if at < now else now) if until is None else until  # late times have no day after
        if end > now:
            raise BadInput(
                f"until {end.isoformat()} is not over yet: a fork gets what was observed in fact",
                zh="结束时刻不能晚于现在：推演使用已经发生的观测",
            )
        id = id or free_id(self._store, parent, at)
        if policy == PLAYERS:
            fork = Fork.make(
                self._store, self._clock, parent, at, id, actor=actor, seed=seed, travel=ROADS, until=end, zh=zh,
                en=en, note=note,
            )  # fmt: skip
            self._play(beginning_of(fork))
        else:
            begin = partial(
                begun, self._store, self._clock, parent=parent, at=at, until=end, policy=policy, seed=seed, id=id,
                actor=actor, zh=zh, en=en, note=note,
            )  # fmt: skip
            fork = self._makings.make(FORK + id, begin)
        with self._lock:
            shown = self._sessions.get(fork.timeline)
            if shown is not None and shown.fork.seq != fork.seq:  # another server deleted that one
                del self._sessions[fork.timeline]
        return self(fork.timeline)

    def delete(self, timeline: str) -> int:
        """Delete a fork; how many records it had. Raises NotFound, and Refused while it runs, is made, or others
        inherit from it."""
        self._require_playing()
        session = self(timeline)
        not_under_way(session.look())
        player = self._players.take(timeline)
        if player is not None:
            player.stop()
            if not player.join():
                raise Refused(
                    f"{timeline} is at work still; delete it in a moment", zh=f"{timeline} 尚在处理中，请稍后再删除"
                )
        count = self._store.delete_timeline(timeline)
        self._forget(session.fork)
        return count

    # --- playing -----------------------------------------------------------------------------------------------

    def start(self, timeline: str, *, actor: str, rate: float) -> ForkSession:
        """Let a fork's clock run, `rate` times as fast as the clock outside; while it runs, at another rate."""
        return self._act(timeline, ExerciseAct.START, (ForkPhase.PAUSED, ForkPhase.RUNNING), actor, rate)

    def pause(self, timeline: str, *, actor: str) -> ForkSession:
        """Stop its clock."""
        return self._act(timeline, ExerciseAct.PAUSE, (ForkPhase.RUNNING,), actor, 1.0)

    def _act(
        self, timeline: str, act: ExerciseAct, phases: tuple[ForkPhase, ...], actor: str, rate: float
    ) -> ForkSession:
        self._require_playing()
        session = self(timeline)
        for left in reversed(range(TRIES)):
            state = session.look()
            if state.fork.policy:
                raise Refused(
                    f"{timeline} is played by the policy {state.fork.policy}, not by people",
                    zh=f"{timeline} 由策略推演，不由人员操作",
                )
            if state.phase not in phases:
                raise Refused(f"{timeline} is {state.phase} already", zh=f"{timeline} {PHASES[state.phase]}")
            wall = self._clock.now()
            if self._acted(state, act_of(state, act, actor, state.now(wall), wall, rate)):
                break
            if not left:
                raise Overtaken(
                    "somebody else acted on this fork at the same moment; look at it and do it again",
                    zh="他人刚刚操作了本推演，请查看后重试",
                )
        session.look()  # whoever looks at one that runs has it played
        self._players.ring(timeline)
        return session

    def _acted(self, state: ForkState, record: Record) -> bool:
        """Append an act. False when another one got in between."""
        with self._store.transact(state.fork.timeline) as tx:
            return not tx.append([record]).duplicates

    def _play(self, state: ForkState) -> None:
        if self._playing:
            self._players.play(
                state.fork.timeline, lambda: state_of(self._store, state.fork).phase is ForkPhase.RUNNING,
                lambda stopped, mine: self._turns(state.fork, stopped, mine),
            )  # fmt: skip

    @contextmanager
    def _turns(self, fork: Fork, stopped: Callable[[], bool], mine: Hold) -> Iterator[Turn]:
        """A fork taken up from its log."""
        now = state_of(self._store, fork).now(self._clock.now())
        engine = ForkEngine(
            self._store, fork, self._book, self._settings, self._roads(), now=now, stopped=stopped,
            verify=mine.verify,
        )  # fmt: skip
        ran = time.monotonic()

        def turn() -> bool:
            nonlocal ran
            state = state_of(self._store, fork)
            wall = self._clock.now()
            engine.play_to(state.now(wall))
            if stopped():
                return False
            if state.phase is ForkPhase.RUNNING and state.now(wall) >= state.end:
                self._acted(state, act_of(state, ExerciseAct.END, CLOCK, state.end, wall))
                return state_of(self._store, fork).under_way
            if state.phase is ForkPhase.RUNNING:
                ran = time.monotonic()
            return state.under_way and time.monotonic() - ran < PAUSED_S

        yield turn

    def take_up(self) -> None:
        """Play the forks that are under way: what a server does that was started anew."""
        for session in self.all():
            if not session.fork.policy:
                with suppress(NotFound):  # deleted meanwhile
                    session.look()

    def playing(self, timeline: str) -> bool:
        """Whether a thread of this server plays it."""
        return self._players.playing(timeline)

    # --- ending ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop playing and making, and wait for the threads."""
        with self._lock:
            self._closed = True
        makings = self._makings.stop()
        workers: list[Player | Making] = [*self._players.stop(), *makings]
        for each in workers:
            each.join()

    def _forget(self, fork: Fork) -> None:
        """Let go of a fork that is no more, but not of another one that was made under its name meanwhile."""
        with self._lock:
            session = self._sessions.get(fork.timeline)
            if session is not None and session.fork.seq == fork.seq:
                del self._sessions[fork.timeline]
        self._makings.forget(fork)

    def _require_playing(self) -> None:
        if not self._playing or self._closed:
            raise Refused("this server shows the past: nothing is forked here", zh="本服务器只显示过去，不能进行推演")
