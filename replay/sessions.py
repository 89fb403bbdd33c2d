"""The replays of this process: each is a transport with the state as of its t. Bounded in number, ended when unused."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from data.clock import Clock
from data.errors import NotFound, Refused, StoreUnavailable
from data.records import LIVE
from layers.columns import ms
from layers.state import LiveState
from replay.transport import Transport, checked_rate, checked_span, happened

MOST = 8
"""Replays that run at a time: each holds the state of a timeline in memory."""

UNUSED_S = 900.0
"""A replay that nobody watches or asks for so long is ended, seconds."""

AROUND_MS = 3_600_000.0
"""How far the span reaches to both sides of t when none is named, ms."""

WAIT_S = 30.0
"""How long a question waits for a moment that is being prepared, seconds: who waits holds a thread that others need."""

DRIFT_S = 1.0
"""How far behind the clock a state may be that answers a question, seconds of the machine's clock."""

Listener = Callable[[str], None]
"""Told the id of a replay whose transport was used, or that ended."""


class Past(Protocol):
    """The state of one timeline as of a moment that can be chosen."""

    def seek(self, t_ms: float) -> None:
        """Bring the state to t. Takes its time: not for the event loop's thread."""
        ...

    def reading(self) -> AbstractContextManager[LiveState]:
        """The state, held still inside the block."""
        ...


NowOf = Callable[[str], float]
"""The latest moment of a timeline, ms: what comes after it has not happened."""

MakePast = Callable[[str], Past]
"""Makes the past of a timeline."""


def no_past(timeline: str) -> Past:
    """For a server that replays nothing. Raises NotFound."""
    raise NotFound(f"timeline {timeline[:64]!r} is not replayed here", zh=f"这里不回放时间线 {timeline[:64]}")


class Session:
    """One replay. Thread-safe. Its transport changes by `control`; its state follows by `bring`."""

    def __init__(self, transport: Transport, make: MakePast, clock: Clock, now_of: NowOf) -> None:
        self._transport, self._make, self._clock, self._now_of = transport, make, clock, now_of
        self._lock = threading.Lock()
        self._seeking = threading.RLock()
        self._past: Past | None = None
        self._at: float | None = None
        self._used = time.monotonic()
        self.watchers = 0
        """Screens that watch it now."""
        self.ended = False

    @property
    def transport(self) -> Transport:
        """The transport as it is now."""
        return self._transport

    @property
    def id(self) -> str:
        return self._transport.id

    @property
    def unused_s(self) -> float:
        """How long nobody watched it or asked for it, seconds."""
        return 0.0 if self.watchers else time.monotonic() - self._used

    def use(self) -> None:
        """Somebody asks for it."""
        self._used = time.monotonic()

    def t(self) -> float:
        """The moment it shows now, ms."""
        return self._transport.t(ms(self._clock.now()))

    def control(self, change: Callable[[Transport, float], Transport]) -> Transport:
        """Replace the transport by what `change` makes of it and now."""
        latest = self._now_of(self._transport.timeline)
        with self._lock:
            now = ms(self._clock.now())
            self._transport = change(self._transport, now).until(latest)
            return self._transport

    @contextmanager
    def showing(self) -> Iterator[tuple[Transport, float, Past]]:
        """The transport, t, and the past that was brought there: what pictures are made of. It stays at t inside the
        block, and is read for one picture at a time. Not for the event loop's thread."""
        with self._seeking:
            transport = self._transport
            t = transport.t(ms(self._clock.now()))
            yield transport, t, self._brought(t)

    @contextmanager
    def reading(self) -> Iterator[tuple[float, LiveState]]:
        """The state and its moment, to answer a question beside the pictures: at most DRIFT_S behind. Not for the
        event loop's thread. Raises StoreUnavailable when the moment is still being prepared after WAIT_S."""
        if not self._seeking.acquire(timeout=WAIT_S):
            raise StoreUnavailable("this moment is still being prepared; ask again in a while")
        try:
            transport = self._transport
            t = transport.t(ms(self._clock.now()))
            drift = abs(transport.rate) * DRIFT_S * 1000.0 if transport.playing else 0.0
            if self._at is None or abs(self._at - t) > drift:
                self._brought(t)
            assert self._past is not None
            assert self._at is not None
            with self._past.reading() as state:
                yield self._at, state
        finally:
            self._seeking.release()

    def _brought(self, t: float) -> Past:
        if self._past is None:
            self._past = self._make(self._transport.timeline)
        if self._at != t:
            self._past.seek(t)
            self._at = t
        return self._past


class Replays:
    """All replays of this process. Thread-safe."""

    def __init__(
        self,
        clock: Clock,
        make: MakePast,
        known: Callable[[str], bool] = lambda timeline: timeline == LIVE,
        now_of: NowOf | None = None,
    ) -> None:
        """`now_of` tells the time of other timelines than the one of `clock`."""
        self._clock, self._make, self.known = clock, make, known
        self.now_of: NowOf = now_of or (lambda _timeline: ms(clock.now()))
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._listeners: list[Listener] = []

    def start(
        self,
        t: float,
        *,
        start: float | None = None,
        end: float | None = None,
        rate: float = 1.0,
        playing: bool = False,
        timeline: str = LIVE,
    ) -> Session:
        """A new replay at t (ms). Without a span it is an hour to both sides. Raises BadInput, NotFound, Refused."""
        now = ms(self._clock.now())
        if not self.known(timeline):
            raise NotFound(f"no timeline {timeline[:64]!r}", zh=f"没有时间线 {timeline[:64]}")
        low, high = checked_span(t - AROUND_MS if start is None else start, t + AROUND_MS if end is None else end)
        latest = self.now_of(timeline)
        made = Transport(secrets.token_hex(4), timeline, low, high, low, now, checked_rate(rate), playing)
        made = made.seek(now, happened(t, latest)).until(latest)
        session = Session(made, self._make, self._clock, self.now_of)
        with self._lock:
            gone = self._tidied()
            if len(self._sessions) >= MOST:
                oldest = max(self._sessions.values(), key=lambda each: each.unused_s)
                if oldest.watchers:
                    raise Refused(
                        f"{MOST} replays are being watched already; end one on /replay first",
                        zh=f"已有 {MOST} 个回放正在被观看；请先在“回放”页结束一个",
                    )
                gone.append(self._sessions.pop(oldest.id))
            self._sessions[session.id] = session
        self._end(gone)
        return session

    def past(self, timeline: str) -> Past:
        """The past of a timeline, at no moment yet. Raises NotFound."""
        if not self.known(timeline):
            raise NotFound(f"no timeline {timeline[:64]!r}", zh=f"没有时间线 {timeline[:64]}")
        return self._make(timeline)

    def get(self, id: str) -> Session:
        """The replay of this id, which is used by that. Raises NotFound."""
        session = self._sessions.get(id)
        if session is None:
            raise NotFound(
                f"no replay {id[:64]!r}: it was ended, or the server started anew; start one on /replay",
                zh=f"没有回放 {id[:64]}：它已结束，或服务器重新启动过；请在“回放”页重新开始",
            )
        session.use()
        return session

    def all(self) -> list[Session]:
        """All replays that run, oldest first."""
        with self._lock:
            gone = self._tidied()
            found = list(self._sessions.values())
        self._end(gone)
        return found

    def control(self, id: str, change: Callable[[Transport, float], Transport]) -> Session:
        """Use the transport of a replay and tell who shows it. Raises NotFound and what `change` raises."""
        session = self.get(id)
        session.control(change)
        self._tell(id)
        return session

    def end(self, id: str) -> None:
        """End a replay. Raises NotFound."""
        session = self.get(id)
        with self._lock:
            self._sessions.pop(id, None)
        self._end([session])

    def listen(self, changed: Listener) -> Callable[[], None]:
        """Call `changed`, on any thread, with the id of a replay that was controlled or ended. Returns undo."""
        with self._lock:
            self._listeners = [*self._listeners, changed]

        def forget() -> None:
            with self._lock:
                self._listeners = [each for each in self._listeners if each is not changed]

        return forget

    def _tidied(self) -> list[Session]:
        gone = [each for each in self._sessions.values() if each.unused_s > UNUSED_S]
        for each in gone:
            del self._sessions[each.id]
        return gone

    def _end(self, gone: list[Session]) -> None:
        for session in gone:
            session.ended = True
            self._tell(session.id)

    def _tell(self, id: str) -> None:
        for listener in self._listeners:
            listener(id)
