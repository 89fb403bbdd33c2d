"""The drills of a server: each is played by a thread of its own beside the people who work on it.

A drill's state is a function of its log, so nothing is kept here that a restart would lose: `take_up` starts a thread
for every drill that runs or is paused, and so does whoever looks at one. A thread ends with its drill.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from data.clock import Clock, ManualClock
from data.errors import GridcommandError, NotFound, Refused, StoreUnavailable
from data.exercise import DRILL
from data.settings import Settings
from data.store import Store
from dispatch.book import Book
from feeds.intake import Submit
from geo.roads import RoadGraph
from replay.drill import Drill, Overtaken
from replay.drill_engine import Engine
from replay.drill_state import DrillState, Phase
from replay.hosted import Told
from replay.player import Held, Hold, PlayerSet, Turn, alone
from replay.policies import NONE, policy
from replay.report_log import DrillLog, add
from replay.scenario import Scenario

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How old the state that a drill's clock goes by may be, seconds: another process may have acted on it."""

TRIES = 5
CHUNK = 2_000

UNDER_WAY = (Phase.RUNNING, Phase.PAUSED)


class DrillSession:
    """One drill of this server: the hand of everybody who acts on it by the server. Thread-safe."""

    def __init__(self, drill: Drill, store: Store, seen: Callable[[DrillState], None] = lambda _state: None) -> None:
        """`seen` is told every state that is read of it."""
        self._drill, self._store, self._seen = drill, store, seen
        self._log: DrillLog | None = None
        self._cursor = 0
        self._lock = threading.RLock()
        self._looked = time.monotonic()

    @property
    def timeline(self) -> str:
        return self._drill.timeline

    @property
    def state(self) -> DrillState:
        """As the log says now."""
        with self._lock:
            state = self._drill.state
            self._looked = time.monotonic()
        self._seen(state)
        return state

    def now(self) -> datetime:
        """The exercise's time. While the store is away, by what was known before."""
        return self._recent()[1]

    def told(self) -> Told:
        state, _ = self._recent()
        rate = state.rate if state.phase is Phase.RUNNING else 0.0
        return Told(self.timeline, state.scenario.zh, state.scenario.en, state.phase.value, rate)

    def acting(self) -> datetime:
        """The exercise's time, for who acts. Raises Refused before the start and after the end."""
        state, now = self._recent()
        if state.phase is Phase.PREPARED:
            raise Refused(
                "the exercise has not begun: a controller starts it", zh="演练尚未开始：请等待导控人员开始演练"
            )
        if state.phase is Phase.ENDED:
            raise Refused("the exercise is over: nothing is added to it", zh="演练已经结束：不能再下达指令")
        return now

    def act(self, work: Callable[[Drill], DrillState]) -> DrillState:
        """Let somebody act on the drill, one after the other. Raises what the act raises.

        Who is overtaken, mostly by the drill's own clock, acts on what is so then: `work` looks at it again.
        """
        with self._lock:
            self._looked = time.monotonic()
            for _ in range(TRIES - 1):
                try:
                    return work(self._drill)
                except Overtaken:
                    continue
            return work(self._drill)

    @contextmanager
    def log(self) -> Iterator[DrillLog]:
        """What happened so far, as the report will tell it; it stands still inside the block. Each record is read
        once, however often one looks."""
        with self._lock:
            state = self.state
            if self._log is None:
                self._log = DrillLog(state)
            while True:
                records = self._store.read_after(
                    self._cursor, limit=CHUNK, timeline=self.timeline, positions=False
                )  # fmt: skip
                for record in records:
                    add(self._log, record)
                    self._cursor = record.seq or self._cursor
                if len(records) < CHUNK:
                    break
            self._log.state = state
            yield self._log

    def close(self) -> None:
        """Let go of it; the drill itself is in its log."""
        with self._lock:
            self._drill.close()

    def _recent(self) -> tuple[DrillState, datetime]:
        with self._lock:
            if time.monotonic() - self._looked > LOOK_S:
                try:
                    _ = self.state
                except StoreUnavailable:
                    self._looked = time.monotonic()
            return self._drill.known, self._drill.now()


class DrillSessions:
    """See the top of the file. Thread-safe, and not for an event loop's thread. It is a `Host` of drills."""

    def __init__(
        self, store: Store, clock: Clock, book: Book, settings: Settings, *, roads: Callable[[], RoadGraph | None],
        timelines: Callable[[], Iterable[str]], submit: Submit | None = None, playing: bool = True,
        held: Held = alone,
    ) -> None:  # fmt: skip
        """`clock` is the clock outside. `timelines` tells those of the store that begin as a drill's. `submit` is the
        writer's. Without `playing` drills are shown and not played; with `held` by that one of the servers of a store
        which holds it."""
        self._store, self._clock, self._book, self._settings = store, clock, book, settings
        self._roads, self._timelines, self._submit, self._playing = roads, timelines, submit, playing
        self._lock = threading.Lock()
        self._sessions: dict[str, DrillSession] = {}
        self._players = PlayerSet(held)

    def make(self, scenario: Scenario, *, actor: str, run: str = "", seed: int = 0, policy_name: str = "") -> str:
        """Make a drill. Returns its timeline. Raises Refused when there is one of that name, BadInput for a policy that
        nobody knows."""
        policy(policy_name or NONE, self._book.skills, self._store.region(), scenario.zone)
        with Drill.make(
            self._store, self._clock, scenario, actor=actor, run=run, seed=seed, policy=policy_name
        ) as drill:
            return drill.timeline

    def __call__(self, timeline: str) -> DrillSession:
        """The drill of a timeline. Raises NotFound."""
        with self._lock:
            session = self._sessions.get(timeline)
            if session is None:
                if not timeline.startswith(DRILL):
                    raise NotFound(f"{timeline[:64]!r} is no drill", zh=f"{timeline[:64]} 不是演练")
                drill = Drill(self._store, self._clock, timeline, self._submit)
                session = self._sessions[timeline] = DrillSession(drill, self._store, self._seen)
        return session

    def act(self, timeline: str, work: Callable[[Drill], DrillState]) -> DrillState:
        """Act on a drill, and have it played from then on while it is under way."""
        state = self(timeline).act(work)
        self._play(state, acted=True)
        return state

    def all(self) -> list[DrillSession]:
        """The drills of the store, in the order of their names; one whose making broke off is none."""
        found = []
        for timeline in self._timelines():
            try:
                found.append(self(timeline))
            except StoreUnavailable:
                raise
            except GridcommandError as error:
                log.debug("%s: %s", timeline, error)
        return found

    def take_up(self) -> None:
        """Play the drills that are under way: what a server does that was started anew."""
        for session in self.all():
            self._play(session.state, acted=False)

    def playing(self, timeline: str) -> bool:
        """Whether a thread of this server plays it."""
        return self._players.playing(timeline)

    def close(self) -> None:
        """Stop playing and wait for the threads; the drills are taken up from their logs."""
        for player in self._players.stop():
            player.join()
        with self._lock:
            sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            session.close()

    def _seen(self, state: DrillState) -> None:
        """Whoever looks at a drill that is under way has it played: also one that another server left behind."""
        self._play(state, acted=False)

    def _play(self, state: DrillState, *, acted: bool) -> None:
        if state.phase in UNDER_WAY and self._playing:
            since = [state.now(self._clock.now())] if acted else []
            self._players.play(
                state.timeline, lambda: self(state.timeline).state.phase in UNDER_WAY,
                lambda _stopped, mine: self._turns(state.timeline, since, mine), ring=acted,
            )  # fmt: skip
        elif acted:
            self._players.ring(state.timeline)

    @contextmanager
    def _turns(self, timeline: str, since: list[datetime], mine: Hold) -> Iterator[Turn]:
        """A drill taken up from its log; `since` is used once."""
        with Drill(self._store, self._clock, timeline, self._submit, mine.verify) as drill:
            engine = self._engine(drill, since.pop() if since else None)

            def turn() -> bool:
                state = drill.state
                engine.play_to(drill.now())
                return state.phase in UNDER_WAY

            yield turn

    def _engine(self, drill: Drill, since: datetime | None) -> Engine:
        """An engine that goes on with a drill from its log: with what comes from `since` on, now where that is not
        known, for what came up while nobody played comes late."""
        state = drill.state
        players = policy(state.policy or NONE, self._book.skills, self._store.region(), state.scenario.zone)
        return Engine(
            self._store, drill, self._book, self._settings, hands=ManualClock(since or drill.now()),
            roads=self._roads(), policy=players, seed=state.seed,
        )  # fmt: skip
