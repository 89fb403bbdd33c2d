"""The pictures of replays: one task per replay that somebody watches, beside the ticks of the live views.

A picture is a full function of (log, view, t), so playing is seeking at every turn: whatever the rate, no record that
changes a count is skipped, only pictures between are. Bringing the state to t and drawing the views happen on a thread;
the event loop compares, encodes and sends. All windows of one replay get the same frames of one moment.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from dashboard.channel import Channel, Picture
from data.clock import Clock
from data.errors import BadView, StoreUnavailable
from data.settings import Settings
from layers.columns import ms
from replay.sessions import Replays, Session
from replay.transport import Transport

log = logging.getLogger(__name__)

TURN_S = 0.2
"""Shortest time between two pictures of a replay, seconds."""

STILL_S = 5.0
"""Longest time between two of one that stands still: what is learnt late of its moment comes up by itself."""

SHARE = 2.0
"""From the start of a turn to that of the next there are at least this many times its processor time."""

ENDED = "this replay has ended; start another on /replay"
FAULT = "the server cannot build this view; its log says why"


@dataclass(slots=True)
class Show:
    """A replay that is watched."""

    session: Session
    channels: set[Channel] = field(default_factory=set)
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn made: pictures, what could not be drawn and why, its processor time, and whether t moves on."""

    pictures: Mapping[Channel, Picture]
    refused: Mapping[Channel, str]
    spent: float
    moves: bool


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


class Projector:
    """See the top of the file. Methods are called on the event loop, but for `ring`."""

    def __init__(
        self,
        replays: Replays,
        clock: Clock,
        settings: Settings,
        *,
        publish: Callable[[Channel, bool, float], None],
        refuse: Callable[[Channel, str], None],
    ) -> None:
        self._replays, self._clock = replays, clock
        self._min_s = min(TURN_S, settings.tick_max_s)
        self._publish, self._refuse = publish, refuse
        self._shows: dict[str, Show] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def join(self, channel: Channel) -> None:
        """Somebody watches a view of a replay. Raises NotFound when there is no such replay."""
        id = channel.view.replay
        show = self._shows.get(id)
        if show is None or show.session.ended:
            show = self._shows[id] = Show(self._replays.get(id))
        show.channels.add(channel)
        show.session.watchers += 1
        show.rung.set()
        self._start(show)

    def leave(self, channel: Channel) -> None:
        """Nobody watches this view any more."""
        show = self._shows.get(channel.view.replay)
        if show is None or channel not in show.channels:
            return
        show.channels.discard(channel)
        show.session.watchers -= 1
        show.session.use()
        if not show.channels:
            del self._shows[channel.view.replay]
            if show.task is not None:
                show.task.cancel()

    def ring(self, id: str) -> None:
        """The transport of a replay was used, or it ended. On any thread."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._rung, id)
            except RuntimeError:
                log.debug("the event loop is closed; a ring is dropped")

    def _rung(self, id: str) -> None:
        if (show := self._shows.get(id)) is not None:
            show.rung.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Draw what is watched while inside the block."""
        self._loop = asyncio.get_running_loop()
        forget = self._replays.listen(self.ring)
        for show in self._shows.values():
            self._start(show)
        try:
            yield
        finally:
            forget()
            self._loop = None
            tasks = [show.task for show in self._shows.values() if show.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, show: Show) -> None:
        if self._loop is not None and (show.task is None or show.task.done()):
            show.task = self._loop.create_task(self._follow(show), name=f"gridcommand-replay-{show.session.id}")

    async def _follow(self, show: Show) -> None:
        while not show.session.ended:
            show.rung.clear()
            began = time.perf_counter()
            try:
                cost, moves = await self.turn(show)
            except StoreUnavailable:
                cost, moves = 0.0, False
            except Exception:
                log.exception("a turn of replay %s failed; its screens keep their last frame", show.session.id)
                cost, moves = 1.0, False
            ended = time.perf_counter()
            # On a busy machine a turn takes longer than its work: who asks beside it gets a third of the time.
            until = max(began + self._min_s, began + SHARE * cost, ended + (ended - began) / 2)
            await asyncio.sleep(until - ended)
            if not moves:
                try:
                    async with asyncio.timeout(STILL_S):
                        await show.rung.wait()
                except TimeoutError:
                    pass
        for channel in show.channels:
            self._refuse(channel, ENDED)

    async def turn(self, show: Show) -> tuple[float, bool]:
        """One picture of every view. Returns its processor time in seconds, and whether t moves on."""
        turn = await asyncio.to_thread(self._draw, show.session, tuple(show.channels))
        stamp = ms(self._clock.now())
        for channel, why in turn.refused.items():
            self._refuse(channel, why)
        each = turn.spent / max(1, len(turn.pictures))
        for channel, picture in turn.pictures.items():
            if channel not in show.channels:
                continue  # its last watcher left while it was drawn
            channel.refused = None
            channel.built += 1
            self._publish(channel, channel.take(picture, stamp, STILL_S * 1000.0 - 1.0), each)
        return turn.spent, turn.moves

    def show_of(self, id: str) -> Show:
        """What is shown of a replay. For tests."""
        return self._shows[id]

    def _draw(self, session: Session, channels: Iterable[Channel]) -> Turn:
        """On a thread: the state brought to t, and the views drawn from it."""
        began = time.thread_time()
        pictures: dict[Channel, Picture] = {}
        refused: dict[Channel, str] = {}
        with session.showing() as (transport, t, past):
            told = about(transport, t)
            for channel in channels:
                try:
                    # One after the other: who reads the past may hold up those who read the present.
                    with past.reading() as state:
                        pictures[channel] = channel.draw(state, t, True, told)
                except BadView as error:
                    refused[channel] = str(error)
                except StoreUnavailable:
                    raise
                except Exception:
                    # One view that cannot be built must not keep the others from their frames.
                    if channel.refused != FAULT:
                        log.exception("view %r cannot be built; its screens keep their last frame", channel.query)
                    refused[channel] = FAULT
        return Turn(pictures, refused, time.thread_time() - began, bool(told["playing"]))
