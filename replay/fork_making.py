"""Forks that a policy plays, each made by a thread while the server goes on serving, one after the other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from data.clock import Clock
from data.errors import GridcommandError, Refused
from data.settings import Settings
from data.store import Store
from dispatch.book import Book
from geo.roads import RoadGraph
from replay.fork import Fork
from replay.fork_run import played
from replay.player import JOIN_S, Held, Hold, taken

log = logging.getLogger(__name__)

MOST_MAKING = 8
"""Forks that are begun and not made yet, at a time."""
MOST_TOLD = 32
"""Of so many makings that failed it is kept why; earlier ones are said to have broken off."""

BROKE_OFF = GridcommandError(
    "its making broke off before the end; delete it and make it again", zh="推演中途中断，未完成：请删除后重新建立"
)
FAULT = GridcommandError(
    "its making failed by a fault of the program, which the server's log tells; delete it",
    zh="推演因程序错误而中断，详见服务器日志：请删除",
)


class _Stopped(Exception):
    """The server stops."""


class Making:
    """The thread that makes one fork. `progress` 0 to 1; `failed` when nothing comes of it."""

    def __init__(
        self, fork: Fork, store: Store, clock: Clock, book: Book, settings: Settings,
        roads: Callable[[], RoadGraph | None], one: threading.Lock, mine: Hold, let_go: Callable[[], None],
    ) -> None:  # fmt: skip
        """`one` is held while it works: one fork is made at a time. `mine` is the hold of the fork, taken before it
        began; once it was started, `let_go` is called at the end."""
        self.fork, self._store, self._clock = fork, store, clock
        self._book, self._settings, self._roads = book, settings, roads
        self._one, self._mine, self._let_go = one, mine, let_go
        self.progress = 0.0
        self.failed: GridcommandError | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"gridcommand-{fork.timeline}", daemon=True)

    def start(self) -> None:
        """Raises RuntimeError where the system has no thread for it."""
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        self._stopped.set()

    def join(self) -> None:
        """Wait for it, but not for a store that is away."""
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        name = self.fork.timeline
        try:
            with self._one:
                self._so_far(0.0)
                played(self._store, self._clock, self._book, self._settings, self._roads(), self.fork, self._so_far)
        except _Stopped:
            self.failed = BROKE_OFF
        except GridcommandError as error:
            log.warning("%s: %s", name, error)
            self.failed = error
        except Exception:
            log.exception("%s: its making failed", name)
            self.failed = FAULT
        finally:
            with suppress(Exception):  # the session that holds it may be gone already
                self._let_go()

    def _so_far(self, share: float) -> None:
        if self._stopped.is_set():
            raise _Stopped
        self._mine.verify()
        self.progress = round(share, 3)


class MakingSet:
    """What is made by this server, each fork by its name. Thread-safe."""

    def __init__(
        self, store: Store, clock: Clock, book: Book, settings: Settings, roads: Callable[[], RoadGraph | None],
        held: Held,
    ) -> None:  # fmt: skip
        self._store, self._clock, self._book, self._settings = store, clock, book, settings
        self._roads, self._held = roads, held
        self._one = threading.Lock()
        """One fork is made at a time: each takes a core."""
        self._lock = threading.Lock()
        self._of: dict[str, Making] = {}
        self._beginning = 0
        """Forks that have their place and no thread yet."""
        self._closed = False

    def make(self, timeline: str, begin: Callable[[], Fork]) -> Fork:
        """Begin a fork and have it made. Its name is held from before its first record until its thread has ended.
        Raises Refused where MOST_MAKING are being made, and what `begin` raises."""
        hold = ExitStack()
        with self._place():
            try:
                mine = hold.enter_context(taken(self._held, timeline))
                fork = begin()
                making = Making(
                    fork, self._store, self._clock, self._book, self._settings, self._roads, self._one, mine, hold.close
                )  # fmt: skip
                with self._lock:
                    if self._closed:
                        raise Refused("this server is stopping", zh="服务器正在停止")
                    making.start()
                    self._of[timeline] = making
            except BaseException:
                hold.close()  # no thread has it
                raise
        return fork

    def of(self, fork: Fork) -> Making | None:
        """The making of this fork, at work or failed; None also where one of its name is another fork's."""
        with self._lock:
            making = self._of.get(fork.timeline)
        return making if making is not None and making.fork.seq == fork.seq else None

    def forget(self, fork: Fork) -> None:
        """Let go of a fork that is no more, but not of another one that was made under its name meanwhile."""
        with self._lock:
            making = self._of.get(fork.timeline)
            if making is not None and making.fork.seq == fork.seq:
                del self._of[fork.timeline]

    def stop(self) -> list[Making]:
        """Stop them all, and make no more. Whoever calls waits for them."""
        with self._lock:
            self._closed = True
            makings, self._of = list(self._of.values()), {}
        for making in makings:
            making.stop()
        return makings

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place among the forks that are made, until a thread has it: each that waits holds a session of the
        database."""
        with self._lock:
            self._tidy()
            if self._beginning + sum(not each.over for each in self._of.values()) >= MOST_MAKING:
                raise Refused(
                    f"{MOST_MAKING} forks are being made already, one after the other; make this one when one is done",
                    zh=f"已有 {MOST_MAKING} 个推演正在依次进行；请等其中一个完成后再建立",
                )
            self._beginning += 1
        try:
            yield
        finally:
            with self._lock:
                self._beginning -= 1

    def _tidy(self) -> None:
        """Keep those that are at work, and the last that failed: of one that is done its log says all there is to
        know."""
        failed = [name for name, each in self._of.items() if each.over and each.failed is not None][-MOST_TOLD:]
        self._of = {name: each for name, each in self._of.items() if not each.over or name in failed}
