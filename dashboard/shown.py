"""What is drawn beside the live views: a replay at its moment, or a room at its own time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from dashboard.rooms import Room, Rooms
from data.errors import NotFound, StoreUnavailable
from data.records import LIVE
from data.settings import Settings
from layers.columns import ms
from layers.state import LiveState
from layers.view import View
from replay.sessions import Replays
from replay.transport import Transport

STILL_S = 5.0
"""Longest time between two pictures of what stands still: what is learnt late of its moment comes up by itself."""

Key = tuple[str, str]
"""("replay", id) or ("room", timeline)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What pictures are made of for one turn.

    t        the moment, ms since 1970
    next_s   the next turn comes after so long at the latest, seconds; 0: at once
    quiet_s  a picture in which nothing changed is sent all the same after so long
    told     goes onto the panels
    reading  holds the state still for one picture
    """

    t: float
    next_s: float
    quiet_s: float
    told: Mapping[str, Any]
    reading: Callable[[], AbstractContextManager[LiveState]]


class Shown(Protocol):
    """Something that screens watch. `scene` is called on a thread, the rest on the event loop."""

    @property
    def ended(self) -> bool:
        """Whether it is over for good."""
        ...

    def scene(self) -> AbstractContextManager[Scene]:
        """Raises GridcommandError with the reason while nothing can be shown."""
        ...

    def join(self) -> None:
        """A view of it is watched."""
        ...

    def leave(self) -> None:
        """A view of it is watched no more."""
        ...

    def close(self) -> None:
        """Nobody watches it any more; a `scene` may still run."""
        ...


def key_of(view: View) -> Key:
    """What a view is of; a replay has its own timeline."""
    return ("replay", view.replay) if view.replay else ("room", view.timeline)


def about(transport: Transport, t: float) -> dict[str, Any]:
    """A transport as panels and the API tell it: times in ms since 1970."""
    return {
        "id": transport.id,
        "timeline": transport.timeline,
        "t": t,
        "rate": transport.rate,
        "playing": transport.moves_from(t),
        "from": transport.start,
        "to": transport.end,
    }


class ShownReplay:
    """A replay. Raises NotFound when there is none of that id."""

    def __init__(self, id: str, replays: Replays, rooms: Rooms) -> None:
        self._session, self._rooms = replays.get(id), rooms

    @property
    def ended(self) -> bool:
        return self._session.ended

    @contextmanager
    def scene(self) -> Iterator[Scene]:
        with self._session.showing() as (transport, t, past):
            told: dict[str, Any] = {"replay": about(transport, t)}
            if transport.timeline != LIVE:
                told["exercise"] = self._rooms.find(transport.timeline).told().panel()
            moves = bool(told["replay"]["playing"])
            yield Scene(t, 0.0 if moves else STILL_S, STILL_S, told, past.reading)

    def join(self) -> None:
        self._session.watchers += 1

    def leave(self) -> None:
        self._session.watchers -= 1
        self._session.use()

    def close(self) -> None:
        """It goes on by itself."""


class ShownRoom:
    """A room. It is opened by the first scene, for that takes its time."""

    ended = False

    def __init__(self, timeline: str, rooms: Rooms, settings: Settings) -> None:
        self._timeline, self._rooms, self._tick_s = timeline, rooms, settings.tick_max_s
        self._lock = threading.Lock()
        self._room: Room | None = None
        self._closed = False

    @contextmanager
    def scene(self) -> Iterator[Scene]:
        room = self._room
        if room is None or room.replaced:
            room = self._watched()
        if room.reader.away_since is not None:
            raise StoreUnavailable("the store does not answer")
        told = room.hosted.told()
        next_s = self._tick_s if told.rate else STILL_S
        yield Scene(ms(room.hosted.now()), next_s, self._tick_s, {"exercise": told.panel()}, room.reader.reading)

    def join(self) -> None:
        """It is watched from its first scene on, whoever watches."""

    def leave(self) -> None:
        """As above."""

    def close(self) -> None:
        with self._lock:
            self._closed, room, self._room = True, self._room, None
        if room is not None:
            self._rooms.leave(room)

    def _watched(self) -> Room:
        room = self._rooms.watch(self._timeline)
        with self._lock:
            if not self._closed:
                self._room, before = room, self._room
                if before is not None:
                    self._rooms.leave(before)
                return room
        self._rooms.leave(room)  # the last watcher left while it was opened
        raise NotFound(f"nobody watches {self._timeline} any more")
