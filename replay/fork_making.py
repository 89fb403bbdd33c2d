"""A fork that a policy plays, made by a thread while the server goes on serving."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from data.clock import Clock
from data.errors import GridcommandError
from data.settings import Settings
from data.store import Store
from dispatch.book import Book
from geo.roads import RoadGraph
from replay.fork import Fork
from replay.fork_run import played
from replay.player import JOIN_S, Hold

log = logging.getLogger(__name__)

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
        began; `let_go` is called at the end."""
        self._fork, self._store, self._clock = fork, store, clock
        self._book, self._settings, self._roads = book, settings, roads
        self._one, self._mine, self._let_go = one, mine, let_go
        self.progress = 0.0
        self.failed: GridcommandError | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"gridcommand-{fork.timeline}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def join(self) -> None:
        """Wait for it, but not for a store that is away."""
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        name = self._fork.timeline
        try:
            with self._one:
                self._so_far(0.0)
                played(self._store, self._clock, self._book, self._settings, self._roads(), self._fork, self._so_far)
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
