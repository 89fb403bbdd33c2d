"""The pictures of replays and rooms: one task for each that somebody watches, beside the ticks of the live views.

A picture is a full function of (log, view, t), so playing a replay is seeking at every turn: whatever the rate, no
record that changes a count is skipped, only pictures between are. Bringing the state to t and drawing the views happen
on a thread; the event loop compares, encodes and sends, so that live screens never wait for a room or a replay. All
windows of one get the same frames of one moment.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dashboard.channel import Channel, Picture
from dashboard.rooms import Rooms
from dashboard.shown import STILL_S, Key, Shown, ShownReplay, ShownRoom, key_of
from data.clock import Clock
from data.errors import BadView, GridcommandError, StoreUnavailable
from data.settings import Settings
from layers.columns import ms
from layers.view import View
from replay.sessions import Replays

log = logging.getLogger(__name__)

TURN_S = 0.2
"""Shortest time between two pictures of one thing, seconds."""

SHARE = 2.0
"""From the start of a turn to that of the next there are at least this many times its processor time."""

ENDED = "this replay has ended; start another on /replay"
TIDY_S = 60.0
"""How often rooms are looked through for those that nobody uses, seconds."""

FAULT = "the server cannot build this view; its log says why"


@dataclass(slots=True)
class Show:
    """A replay or a room that is watched."""

    key: Key
    shown: Shown
    channels: set[Channel] = field(default_factory=set)
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn made: pictures, what could not be drawn and why, its processor time; when the next is due at the
    latest, and after how long a picture without news is sent, seconds."""

    pictures: Mapping[Channel, Picture]
    refused: Mapping[Channel, str]
    spent: float
    next_s: float
    quiet_s: float


class Projector:
    """See the top of the file. Methods are called on the event loop, but for `ring`."""

    def __init__(
        self,
        replays: Replays,
        rooms: Rooms,
        clock: Clock,
        settings: Settings,
        *,
        publish: Callable[[Channel, bool, float], None],
        refuse: Callable[[Channel, str], None],
    ) -> None:
        self._replays, self._rooms, self._clock, self._settings = replays, rooms, clock, settings
        self._min_s = min(TURN_S, settings.tick_max_s)
        self._publish, self._refuse = publish, refuse
        self._shows: dict[Key, Show] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def join(self, channel: Channel) -> None:
        """Somebody watches a view of a replay or a room. Raises NotFound when there is no such replay; a timeline that
        is not there is told to its watchers."""
        key = key_of(channel.view)
        show = self._shows.get(key)
        if show is None or show.shown.ended:
            show = self._shows[key] = Show(key, self._shown(channel.view))
        show.channels.add(channel)
        show.shown.join()
        show.rung.set()
        self._start(show)

    def leave(self, channel: Channel) -> None:
        """Nobody watches this view any more."""
        show = self._shows.get(key_of(channel.view))
        if show is None or channel not in show.channels:
            return
        show.channels.discard(channel)
        show.shown.leave()
        if not show.channels:
            del self._shows[show.key]
            if show.task is not None:
                show.task.cancel()
            show.shown.close()

    def ring(self, key: Key) -> None:
        """Something happened to a replay or a room. On any thread."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._rung, key)
            except RuntimeError:
                log.debug("the event loop is closed; a ring is dropped")

    def _rung(self, key: Key) -> None:
        if (show := self._shows.get(key)) is not None:
            show.rung.set()

    def _shown(self, view: View) -> Shown:
        if view.replay:
            return ShownReplay(view.replay, self._replays, self._rooms)
        return ShownRoom(view.timeline, self._rooms, self._settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Draw what is watched while inside the block."""
        self._loop = asyncio.get_running_loop()
        forget = (
            self._replays.listen(lambda id: self.ring(("replay", id))),
            self._rooms.listen(lambda timeline: self.ring(("room", timeline))),
        )
        tidying = self._loop.create_task(self._tidy(), name="gridcommand-rooms")
        for show in self._shows.values():
            self._start(show)
        try:
            yield
        finally:
            for each in forget:
                each()
            self._loop = None
            tasks = [tidying, *(show.task for show in self._shows.values() if show.task is not None)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tidy(self) -> None:
        """Close rooms that nobody uses any more."""
        while True:
            await asyncio.sleep(TIDY_S)
            await asyncio.to_thread(self._rooms.tidy)

    def _start(self, show: Show) -> None:
        if self._loop is not None and (show.task is None or show.task.done()):
            show.task = self._loop.create_task(self._follow(show), name="gridcommand-" + ":".join(show.key))

    async def _follow(self, show: Show) -> None:
        while not show.shown.ended:
            show.rung.clear()
            began = time.perf_counter()
            try:
                cost, next_s = await self.turn(show)
            except StoreUnavailable:
                cost, next_s = 0.0, STILL_S
            except Exception:
                log.exception("a turn of %s %s failed; its screens keep their last frame", *show.key)
                cost, next_s = 1.0, STILL_S
            ended = time.perf_counter()
            # On a busy machine a turn takes longer than its work: who asks beside it gets a third of the time.
            until = max(began + self._min_s, began + SHARE * cost, ended + (ended - began) / 2)
            await asyncio.sleep(until - ended)
            left = began + next_s - time.perf_counter()
            if left > 0:
                try:
                    async with asyncio.timeout(left):
                        await show.rung.wait()
                except TimeoutError:
                    pass
        for channel in show.channels:
            self._refuse(channel, ENDED)

    async def turn(self, show: Show) -> tuple[float, float]:
        """One picture of every view. Returns its processor time and when the next is due at the latest, seconds."""
        turn = await asyncio.to_thread(self._draw, show.shown, tuple(show.channels))
        stamp = ms(self._clock.now())
        for channel, why in turn.refused.items():
            self._refuse(channel, why)
        each = turn.spent / max(1, len(turn.pictures))
        for channel, picture in turn.pictures.items():
            if channel not in show.channels:
                continue  # its last watcher left while it was drawn
            channel.refused = None
            channel.built += 1
            self._publish(channel, channel.take(picture, stamp, turn.quiet_s * 1000.0 - 1.0), each)
        return turn.spent, turn.next_s

    def show_of(self, key: Key) -> Show:
        """What is shown of a replay or a room. For tests."""
        return self._shows[key]

    def _draw(self, shown: Shown, channels: Iterable[Channel]) -> Turn:
        """On a thread: the state brought to t, and the views drawn from it."""
        began = time.thread_time()
        pictures: dict[Channel, Picture] = {}
        refused: dict[Channel, str] = {}
        next_s = quiet_s = STILL_S
        try:
            with shown.scene() as scene:
                next_s, quiet_s = scene.next_s, scene.quiet_s
                for channel in channels:
                    try:
                        # One after the other: who reads the past may hold up those who read the present.
                        with scene.reading() as state:
                            pictures[channel] = channel.draw(state, scene.t, True, scene.told)
                    except BadView as error:
                        refused[channel] = str(error)
                    except StoreUnavailable:
                        raise
                    except Exception:
                        # One view that cannot be built must not keep the others from their frames.
                        if channel.refused != FAULT:
                            log.exception("view %r cannot be built; its screens keep their last frame", channel.query)
                        refused[channel] = FAULT
        except StoreUnavailable:
            raise
        except GridcommandError as error:
            refused = dict.fromkeys(channels, str(error))
        return Turn(pictures, refused, time.thread_time() - began, next_s, quiet_s)
