"""Deletes positions that are older than the settings keep, a little at a time, so that nothing waits for it."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Event, Thread

from data.clock import Clock
from data.errors import StoreUnavailable
from data.settings import Settings
from data.store import Store

log = logging.getLogger(__name__)

EVERY_S = 600.0
"""Between two looks for old positions, seconds."""

STEP = 2_000
"""Positions looked at in one transaction: writers wait for it some ten milliseconds."""

PAUSE_S = 0.1
"""Between two transactions, so that intake and commands go first."""


class Retention:
    """One thread; stops within a step. With `keep_positions_days` 0 it does nothing."""

    def __init__(self, store: Store, clock: Clock, settings: Settings, *, pause_s: float = PAUSE_S) -> None:
        self._store, self._clock, self._pause_s = store, clock, pause_s
        self._keep = timedelta(days=settings.keep_positions_days)
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin. The first look is at once: a server that is started anew each day must get to it too."""
        if self._keep and self._thread is None:
            self._thread = Thread(target=self._run, name="gridcommand-retention", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop and wait for the step in hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def sweep(self) -> int:
        """Delete what is too old now; how many. Raises StoreUnavailable."""
        before = self._clock.now() - self._keep
        deleted, after = 0, 0
        while not self._stop.is_set():
            step = self._store.prune_positions(before, after=after, limit=STEP)
            deleted += step.deleted
            if step.next is None:
                break
            after = step.next
            self._stop.wait(self._pause_s)
        return deleted

    def _run(self) -> None:
        while True:
            try:
                deleted = self.sweep()
                if deleted:
                    log.info("retention: %d positions older than %s deleted", deleted, self._keep)
            except StoreUnavailable as error:
                log.warning("retention: %s; tried again in %d s", error, EVERY_S)
            except Exception:
                log.exception("retention: failed; tried again in %d s", EVERY_S)
            if self._stop.wait(EVERY_S):
                return
