"""A reader that shows a timeline as it stood at its clock's time: what `serve --at T` gives to screens and routes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import cast

from data.clock import Clock
from data.errors import StoreUnavailable
from data.records import LIVE
from data.settings import Settings
from data.sql_store import SqlStore
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader
from layers.state import LiveState

EVERY_S = 0.5
"""How often the state is brought to the clock's time, seconds."""


class PastReader(Reader):
    """Like a `Reader`, whose state is that of the moment which `clock` says, at most EVERY_S behind it."""

    def __init__(self, store: SqlStore, clock: Clock, settings: Settings, timeline: str = LIVE) -> None:
        super().__init__(store, clock, settings.model_copy(update={"silence_poll_s": EVERY_S}), timeline)
        self._sought = threading.Event()
        self._past = Past(store, cast("Reader", _Beneath(self)))

    def beside(self) -> Past:
        """A past of the same timeline at a moment of its own."""
        return self._past.beside()

    def wait(self, timeout_s: float | None = None) -> bool:
        return self._sought.wait(timeout_s)

    @property
    def seq(self) -> int | None:
        return super().seq if self._sought.is_set() else None

    @contextmanager
    def reading(self) -> Iterator[LiveState]:
        if not self._sought.is_set():
            raise StoreUnavailable("the state of the time shown is not loaded yet; ask again in a moment")
        with self._past.reading() as state:
            yield state

    def catch_up(self) -> bool:
        """Take over what the store has and go to the clock's time. True: time has passed, so the state changed."""
        super().catch_up()
        self._past.seek(ms(self._clock.now()))
        self._sought.set()
        return True


class _Beneath:
    """The live state under the one that is shown, as `Past` asks for it."""

    def __init__(self, reader: PastReader) -> None:
        self._reader = reader
        self.timeline = reader.timeline

    def follow(self) -> None:
        """It was brought up to date before."""

    def reading(self) -> AbstractContextManager[LiveState]:
        return Reader.reading(self._reader)
