"""Follows a store's log and keeps one live state of it for everybody in the process."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from data.clock import Clock
from data.errors import StoreUnavailable
from data.records import LIVE
from data.settings import Settings
from data.store import Snapshot, Store
from layers import unit_work
from layers.columns import ms
from layers.state import Extras, LiveState

log = logging.getLogger(__name__)

CHUNK = 500
"""Rows taken over while the lock is held, so that who builds frames waits a few milliseconds at most."""

LONG_LIVED = 5_000
"""A state loaded with so many incidents is taken out of the garbage collector's hands; below that, the one full
collection this costs holds everybody else up for longer than it saves."""

COALESCE_S = 0.02
"""Shortest time between two looks at the store, seconds: under load many commits are taken over in one."""

EXTRAS_S = 10.0
"""How often names of categories and the notice are read again, seconds."""

START_S = 10.0
"""How long `follow` waits for the first state, seconds."""

_RETRY_FIRST_S, _RETRY_LAST_S = 0.25, 2.0

Version = tuple[int, int | None]
"""What a state rests on besides the log: the version of the region, and where an exercise or a fork began. While it is
the same a state is carried on by what changed."""


class Reader:
    """One thread that loads a snapshot and then takes over what changes: on the store's doorbell, and every
    `silence_poll_s` whether it rang or not. Thread-safe.

    While the store does not answer the state stays as it was, `away_since` says since when, and the thread tries again.
    """

    def __init__(self, store: Store, clock: Clock, settings: Settings, timeline: str = LIVE) -> None:
        self.timeline = timeline
        self.away_since: float | None = None
        """When the store stopped answering, ms since 1970; None while it answers."""
        self._store, self._clock, self._poll_s = store, clock, settings.silence_poll_s
        self._zone = ZoneInfo(settings.timezone)
        self._lock = threading.RLock()
        self._state: LiveState | None = None
        self._version: Version | None = None
        self._extras_due = 0.0
        self._ring = threading.Event()
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to follow. Does nothing when it has begun."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="gridcommand-reader", daemon=True)
                self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until there is a state. False when there is none after `timeout_s`."""
        return self._ready.wait(timeout_s)

    def close(self) -> None:
        """Stop following and wait for the thread."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        self._ring.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` on the reader's thread after the state changed, or the store went or came. Returns undo."""
        with self._lock:
            self._listeners = [*self._listeners, changed]

        def forget() -> None:
            with self._lock:
                self._listeners = [each for each in self._listeners if each is not changed]

        return forget

    @contextmanager
    def reading(self) -> Iterator[LiveState]:
        """The state, held still inside the block: keep it short. Raises StoreUnavailable before there is one."""
        with self._lock:
            if self._state is None:
                raise StoreUnavailable("the live state is not loaded yet; ask again in a moment")
            yield self._state

    @property
    def seq(self) -> int | None:
        """The log's seq that the state contains, None before there is a state."""
        state = self._state
        return None if state is None else state.seq

    def follow(self) -> None:
        """Have a state: for a reader that nobody started, take over what the store has. Raises StoreUnavailable."""
        if self._thread is None:
            with self._lock:
                self.catch_up()
        elif not self.wait(START_S):
            raise StoreUnavailable("the live state is not loaded yet; ask again in a moment")

    def catch_up(self) -> bool:
        """Take over what the store has, now, on this thread. True when the state changed. Raises StoreUnavailable."""
        version = self._stored()
        if self._state is None or version != self._version:
            self._load(version)
            return True
        changes = self._store.changed_since(self._state.seq, self.timeline)
        if changes.seq < self._state.seq:
            log.warning("the log is shorter than it was: another store, or an older copy of it, is loaded")
            self._load(version)
            return True
        changed = self._take_over(changes)
        return self._refresh_extras() or changed

    def _stored(self) -> Version:
        begun = None if self.timeline == LIVE else self._store.first_seq(self.timeline)
        return self._store.region_version(), begun

    def _load(self, version: Version) -> None:
        """A new state, built aside and then put in place."""
        region = self._store.region()
        snapshot = self._store.snapshot(self.timeline)
        state = LiveState(region, snapshot, self._extras())
        state.work = unit_work.read(self._store, self.timeline, snapshot.incidents)
        state.warm()
        if self._stored() != version:
            return  # the region was replaced meanwhile: areas may not fit; the next look loads again
        with self._lock:
            self._state, self._version = state, version
        if len(state.incidents) >= LONG_LIVED:
            # The rows of 100,000 incidents live as long as the process. Left to the collector, each full collection
            # walks them all and holds every screen up for 150 ms and more, several times a minute.
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        self._ready.set()

    def _take_over(self, changes: Snapshot) -> bool:
        state = self._state
        assert state is not None
        rejected = {feed.id: feed.rejected for feed in state.feeds.values()}
        news = changes.seq > state.seq or any(rejected.get(feed.id) != feed.rejected for feed in changes.feeds)
        if not news:
            return False
        work = unit_work.follow(state.work, self._store, self.timeline, changes.incidents)
        # Incidents first and in parts; the rest, with the seq, comes last, so that the state never claims a seq it
        # does not contain.
        rows = iter(changes.incidents)
        while len(part := list(islice(rows, CHUNK))) == CHUNK:
            with self._lock:
                state.incidents.put(part)
        with self._lock:
            for incident, parts in work:
                state.work.put(incident, parts)
            state.apply(replace(changes, incidents=part))
        return True

    def _refresh_extras(self) -> bool:
        if time.monotonic() < self._extras_due:
            return False
        extras = self._extras()
        with self._lock:
            assert self._state is not None
            same = extras == self._state.extras
            self._state.extras = extras
        return not same

    def _extras(self) -> Extras:
        self._extras_due = time.monotonic() + EXTRAS_S
        names = _object(self._store.basemap("categories"))
        notice = _object(self._store.basemap("notice"))
        named = {code: name for code, name in names.items() if isinstance(name, dict)}
        return Extras(named, notice or None, self._zone)

    def _run(self) -> None:
        wait = _RETRY_FIRST_S
        while not self._stop.is_set():
            self._ring.clear()
            try:
                if self._unsubscribe is None:
                    self._unsubscribe = self._store.subscribe(self._ring.set)
                changed = self.catch_up()
                if self.away_since is not None:
                    log.warning("the store answers again")
                    self.away_since, changed = None, True
                wait = _RETRY_FIRST_S
            except StoreUnavailable as error:
                if self.away_since is None:
                    self.away_since = ms(self._clock.now())
                    log.warning("the store does not answer (%s); screens keep what they have and say stale", error)
                    self._tell()
                self._stop.wait(wait)
                wait = min(_RETRY_LAST_S, wait * 2)
                continue
            except Exception:
                # One bad turn must not end all screens: say it, and try again from a fresh snapshot.
                log.exception("the live state could not be brought up to date; it is loaded again")
                self._version = None
                self._stop.wait(_RETRY_LAST_S)
                continue
            if changed:
                self._tell()
            self._stop.wait(COALESCE_S)
            self._ring.wait(self._poll_s)
        if self._unsubscribe is not None:
            self._unsubscribe()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def _object(raw: bytes | None) -> dict[str, Any]:
    """A stored JSON object, empty when there is none or it is something else."""
    if raw is None:
        return {}
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
