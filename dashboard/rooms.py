"""Timelines that are shown beside the live one: exercises and forks, on the same pages by the same code.

A room is what a timeline needs to be on screens: a reader that keeps its state, its own clock, and a dispatcher that
acts on it. Rooms open when somebody asks for their timeline and close when nobody watches or asks any more; what is
shown of a timeline is a function of its log, so nothing is lost by that. Live screens never wait for a room.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from data.errors import NotFound, Refused, StoreUnavailable
from data.records import LIVE
from data.settings import Settings
from data.store import Store
from dispatch.book import Book
from dispatch.dispatcher import Dispatcher
from layers.reader import Reader
from replay.hosted import Host, Hosted

MOST = 8
"""Rooms that are open at a time: each holds the state of a timeline in memory (docs/operations.md says how much)."""

UNUSED_S = 900.0
"""A room that nobody watches or asks for so long is closed, seconds."""

START_S = 20.0
"""How long who asks waits for a room's first state, seconds."""

Listener = Callable[[str], None]
"""Told the timeline of a room whose state changed."""


class Room:
    """One timeline with its state. `hosted` is its clock."""

    def __init__(self, hosted: Hosted, store: Store, settings: Settings, book: Book) -> None:
        self.hosted, self.timeline = hosted, hosted.timeline
        self.reader = Reader(store, hosted, settings, hosted.timeline)
        self.dispatcher = Dispatcher(store, _Acting(hosted), hosted.timeline, book)
        self.replaced = False
        """Whether its timeline was deleted and another made under its name: that one has a room of its own."""
        self.watchers = 0
        """Views that are watched of it now."""
        self._used = time.monotonic()

    @property
    def unused_s(self) -> float:
        """How long nobody watched it or asked for it, seconds."""
        return 0.0 if self.watchers else time.monotonic() - self._used

    def use(self) -> None:
        """Somebody asks for it."""
        self._used = time.monotonic()


class _Acting:
    """The clock of who acts on a timeline: it refuses while nothing may be done there."""

    def __init__(self, hosted: Hosted) -> None:
        self._hosted = hosted

    def now(self) -> datetime:
        return self._hosted.acting()


class Rooms:
    """All rooms of this process. Thread-safe; `open` and `find` are not for the event loop's thread."""

    def __init__(
        self, hosts: Mapping[str, Host] | None = None, store: Store | None = None, settings: Settings | None = None,
        book: Book | None = None,
    ) -> None:  # fmt: skip
        """`hosts`: who has the timelines whose names begin so, such as `drill:`. Without them there are no rooms."""
        self._hosts = dict(hosts or {})
        self._store, self._settings, self._book = store, settings, book
        self._lock = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}
        self._rooms: dict[str, Room] = {}
        self._listeners: list[Listener] = []
        self._closed = False

    def find(self, timeline: str) -> Hosted:
        """The hosted timeline of a name; no room is opened. Raises NotFound."""
        host = next((host for start, host in self._hosts.items() if timeline.startswith(start)), None)
        if host is None:
            raise NotFound(
                f"no timeline {timeline[:64]!r} here: this server shows {LIVE!r}, exercises (/drill), forks (/fork)",
                zh=f"没有时间线 {timeline[:64]}：本服务器显示实时画面及其演练和推演，见“演练”页和“推演”页",
            )
        return host(timeline)

    def known(self, timeline: str) -> bool:
        """Whether a timeline is shown here, the live one included."""
        if timeline == LIVE:
            return True
        try:
            self.find(timeline)
        except NotFound:
            return False
        return True

    def open(self, timeline: str) -> Room:
        """The room of a timeline, with a state. Raises NotFound, Refused where too many are watched, StoreUnavailable
        where its state cannot be loaded now."""
        hosted = self.find(timeline)  # a name that nobody has leaves nothing behind
        room = self._rooms.get(timeline)
        if room is None or room.hosted is not hosted:
            with self._lock:
                opening = self._opening.setdefault(timeline, threading.Lock())
            with opening:
                room = self._room_of(self.find(timeline))  # by now: who waited long may have the one before
        room.use()
        if not room.reader.wait(START_S):
            raise StoreUnavailable(f"the state of {timeline} is not loaded yet; ask again in a moment")
        return room

    def watch(self, timeline: str) -> Room:
        """As `open`, for somebody who watches it until `leave`: it stays open so long."""
        while True:
            room = self.open(timeline)
            with self._lock:
                if self._rooms.get(timeline) is room:
                    room.watchers += 1
                    return room

    def leave(self, room: Room) -> None:
        """Somebody watches it no more."""
        with self._lock:
            room.watchers -= 1
            room.use()

    def all(self) -> list[Room]:
        """The rooms that are open."""
        with self._lock:
            return list(self._rooms.values())

    def tidy(self) -> None:
        """Close rooms that were not used for UNUSED_S."""
        with self._lock:
            gone = self._unused()
        _close(gone)

    def forget(self, timeline: str) -> None:
        """Close the room of a timeline that is no more. Screens that watch it keep their last picture."""
        with self._lock:
            room = self._rooms.pop(timeline, None)
        _close([] if room is None else [room])

    def listen(self, changed: Listener) -> Callable[[], None]:
        """Call `changed`, on any thread, with the timeline of a room whose state changed. Returns undo."""
        with self._lock:
            self._listeners = [*self._listeners, changed]

        def forget() -> None:
            with self._lock:
                self._listeners = [each for each in self._listeners if each is not changed]

        return forget

    def close(self) -> None:
        """Close all rooms."""
        with self._lock:
            self._closed = True
            gone = list(self._rooms.values())
            self._rooms.clear()
        _close(gone)

    def _room_of(self, hosted: Hosted) -> Room:
        """The room of what is hosted now, in place of one of what was deleted."""
        with self._lock:
            room = self._rooms.get(hosted.timeline)
            if room is not None and room.hosted is hosted:
                return room
            if room is not None:
                del self._rooms[hosted.timeline]
                room.replaced = True
        _close([] if room is None else [room])
        return self._opened(hosted)

    def _opened(self, hosted: Hosted) -> Room:
        timeline = hosted.timeline
        assert self._store is not None
        assert self._settings is not None
        assert self._book is not None
        room = Room(hosted, self._store, self._settings, self._book)
        with self._lock:
            if self._closed:
                raise NotFound("this server is stopping", zh="服务器正在停止")
            gone = self._unused()
            if len(self._rooms) >= MOST:
                oldest = max(self._rooms.values(), key=lambda each: each.unused_s)
                if oldest.watchers:
                    raise Refused(
                        f"{MOST} exercises are being watched already; close the screens of one first",
                        zh=f"已有 {MOST} 场演练正在被观看；请先关闭其中一场的画面",
                    )
                gone.append(self._rooms.pop(oldest.timeline))
            self._rooms[timeline] = room
        room.reader.listen(lambda: self._tell(timeline))
        room.reader.start()
        _close(gone)
        return room

    def _unused(self) -> list[Room]:
        gone = [each for each in self._rooms.values() if each.unused_s > UNUSED_S]
        for each in gone:
            del self._rooms[each.timeline]
        return gone

    def _tell(self, timeline: str) -> None:
        for listener in self._listeners:
            listener(timeline)


def _close(rooms: list[Room]) -> None:
    for room in rooms:
        room.reader.close()
