"""The thread that plays one timeline beside the people who work on it: a drill, or a fork.

What is played is a function of its log, so whatever goes wrong, the thread lets go and takes it up from the log again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from data.errors import NotFound, Refused, StoreUnavailable
from replay.drill import Overtaken

log = logging.getLogger(__name__)

TURN_S = 0.5
"""How often it plays on to the timeline's clock, seconds."""

RETRY_S = 2.0
"""How long it waits after a failure, seconds."""

JOIN_S = 20.0
"""How long a stop waits for it, seconds."""

TAKE_S, AGAIN_S = 2.0, 0.05
"""How long the hold of what is to be made is waited for, and how often it is asked for meanwhile, seconds."""

Turn = Callable[[], bool]
"""Plays on to the timeline's clock. False when there is nothing more to play."""


class Hold(Protocol):
    """Whether this process is the one that plays it (`data/held.py`)."""

    def __bool__(self) -> bool: ...
    def verify(self) -> None: ...


class OnlyOne:
    """The hold of the only server there is."""

    def __bool__(self) -> bool:
        return True

    def verify(self) -> None:
        """Nobody takes it away."""


Held = Callable[[str], AbstractContextManager[Hold]]


def alone(_timeline: str) -> AbstractContextManager[Hold]:
    """The hold where there is one process only."""
    return nullcontext(OnlyOne())


@contextmanager
def taken(held: Held, timeline: str) -> Iterator[Hold]:
    """The hold of a timeline that is about to be made: before its first record, so that nobody takes it for one whose
    making broke off. Who only looks whether somebody has it has it for a moment himself. Raises Refused where another
    process is at work under that name, StoreUnavailable."""
    until = time.monotonic() + TAKE_S
    while True:
        with held(timeline) as mine:
            if mine:
                yield mine
                return
        if time.monotonic() >= until:
            raise Refused(
                f"{timeline} is at work in another process; give the fork another name, or try again",
                zh=f"{timeline} 正由另一进程处理，请另取名称或稍后再试",
            )
        time.sleep(AGAIN_S)


Begin = Callable[[Callable[[], bool], Hold], AbstractContextManager[Turn]]


class Player:
    """Plays one timeline until nothing is left of it, or until it is stopped."""

    def __init__(self, timeline: str, held: Held, under_way: Callable[[], bool], begin: Begin) -> None:
        """`begin` takes the timeline up from its log, on the thread; it is given what tells whether to stop, for work
        that takes long, and the hold, which it verifies before it writes."""
        self._timeline, self._held, self._under_way, self._begin = timeline, held, under_way, begin
        self._rung, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"gridcommand-{timeline}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._stopped.is_set()

    def ring(self) -> None:
        """Somebody acted."""
        self._rung.set()

    def stop(self) -> None:
        self._stopped.set()
        self._rung.set()

    def join(self) -> bool:
        """Wait for it, but not for a store that is away: the timeline is in its log. Whether it has ended."""
        self._thread.join(JOIN_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._held(self._timeline) as mine:
                    if mine:
                        with self._begin(self._stopped.is_set, mine) as turn:
                            self._follow(turn, mine)
                        return
                    if not self._under_way():
                        return
            except StoreUnavailable as error:
                log.warning("%s: %s; it goes on when the store answers", self._timeline, error)
            except Overtaken:
                log.info("%s: somebody acted at the same moment; it is taken up from its log", self._timeline)
                continue
            except NotFound as error:
                log.info("%s: it is played no more: %s", self._timeline, error)
                return
            except Exception:
                log.exception("%s: its thread failed; it is taken up from its log", self._timeline)
            self._stopped.wait(RETRY_S)

    def _follow(self, turn: Turn, mine: Hold) -> None:
        while not self._stopped.is_set():
            mine.verify()
            self._rung.clear()
            if not turn():
                return
            self._rung.wait(TURN_S)


class PlayerSet:
    """The players of this server, one to a timeline. Thread-safe."""

    def __init__(self, held: Held) -> None:
        self._held, self._closed = held, False
        self._lock = threading.Lock()
        self._of: dict[str, Player] = {}

    def play(self, timeline: str, under_way: Callable[[], bool], begin: Begin, *, ring: bool = False) -> None:
        """Have a timeline played; whoever plays it already is told that somebody acted where `ring`."""
        with self._lock:
            player = self._of.get(timeline)
            if player is not None and player.alive:
                if ring:
                    player.ring()
            elif not self._closed:
                self._of[timeline] = Player(timeline, self._held, under_way, begin)

    def playing(self, timeline: str) -> bool:
        """Whether a thread of this server plays it."""
        with self._lock:
            player = self._of.get(timeline)
            return player is not None and player.alive

    def ring(self, timeline: str) -> None:
        """Somebody acted."""
        with self._lock:
            player = self._of.get(timeline)
        if player is not None:
            player.ring()

    def take(self, timeline: str) -> Player | None:
        """The player of a timeline, which is forgotten here."""
        with self._lock:
            return self._of.pop(timeline, None)

    def stop(self) -> list[Player]:
        """Stop them all, and start no more. Whoever calls waits for them."""
        with self._lock:
            self._closed = True
            players, self._of = list(self._of.values()), {}
        for player in players:
            player.stop()
        return players
