"""The hub: one per process. Distinct views are built once per tick and handed to everybody who watches them.

A tick follows the reader's ring, at most every `tick_min_s` and at least every `tick_max_s`, for clocks and windows
move by themselves. When building takes long the ticks move apart, so that frames take a third of a core at most.

A client is never waited for: it has no queue, only the number of the frame it holds. When it comes to read it gets the
newest frame, as a delta if that fits what it holds and as a snapshot if not.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from dashboard.channel import Channel
from dashboard.projector import FAULT, Projector
from dashboard.rooms import Rooms
from data.clock import Clock
from data.errors import BadView, StoreUnavailable
from data.settings import Settings
from layers.columns import ms
from layers.reader import Reader
from layers.view import View
from replay.sessions import Replays, no_past

log = logging.getLogger(__name__)

SHARE = 3.0
"""From the start of a tick to that of the next there are at least this many times its processor time."""

MOST_WORDS = 32
"""Text messages waiting for a client that does not read; older ones go first."""


@dataclass(slots=True)
class Held:
    """What a client has of one channel: `seq` of the frame it holds (None: nothing, or it asked anew)."""

    channel: Channel
    seq: int | None = None
    ids: set[str] = field(default_factory=set)


class Client:
    """One socket's side of the hub. `next` gives what to send; nothing is queued but short texts."""

    def __init__(self) -> None:
        self.dropped = 0
        """Frames that this client did not get because it was too slow for them."""
        self.held: dict[View, Held] = {}
        self._words: deque[str] = deque(maxlen=MOST_WORDS)
        self._wake = asyncio.Event()

    def say(self, word: dict[str, Any]) -> None:
        """Queue a text message."""
        self._words.append(orjson.dumps(word).decode())
        self._wake.set()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def next(self) -> str | bytes:
        """The next message for this client; waits for one."""
        while True:
            if self._words:
                return self._words.popleft()
            for held in self.held.values():
                channel = held.channel
                if channel.seq and held.seq != channel.seq:
                    data = channel.bytes_for(held.seq)
                    if held.seq is not None:
                        self.dropped += channel.seq - held.seq - 1
                    held.seq = channel.seq
                    # The next look starts behind this view, so that a busy one does not starve the others.
                    self.held[channel.view] = self.held.pop(channel.view)
                    return data
            self._wake.clear()
            await self._wake.wait()


class Hub:
    """See the top of the file. All methods are called on the event loop."""

    def __init__(
        self,
        reader: Reader,
        clock: Clock,
        settings: Settings,
        replays: Replays | None = None,
        rooms: Rooms | None = None,
    ) -> None:
        self._reader, self._clock = reader, clock
        self.projector = Projector(
            Replays(clock, no_past) if replays is None else replays,
            Rooms() if rooms is None else rooms,
            clock,
            settings,
            publish=self._publish,
            refuse=self._refuse,
        )
        self._min_s, self._max_s = settings.tick_min_s, settings.tick_max_s
        self._channels: dict[View, Channel] = {}
        self._watchers: dict[View, set[Client]] = {}
        self.clients: set[Client] = set()
        self._rung: asyncio.Event | None = None
        self._asked = False
        self._away: float | None = None
        self.ticks = 0
        self.frames = 0
        self.build_s = 0.0
        """Processor time spent building frames since the start, seconds."""

    # --- clients -----------------------------------------------------------------------------------------------

    def join(self) -> Client:
        """A new client; it is told when the store is away."""
        client = Client()
        self.clients.add(client)
        if self._away is not None:
            client.say(self._store_word())
        return client

    def leave(self, client: Client) -> None:
        """Forget a client. Views that nobody watches any more are no longer built."""
        self.clients.discard(client)
        for view in list(client.held):
            self._unwatch(client, view)

    def watch(self, client: Client, id: str, view: View) -> None:
        """Let `id` of a client watch `view`, instead of what it watched before. Raises BadView, NotFound."""
        try:
            with self._reader.reading() as state:
                state.places.check(view)
        except StoreUnavailable:
            pass  # not loaded yet: the first tick finds out
        self.drop(client, id)
        channel = self._channels.get(view)
        if channel is None:
            channel = Channel(view)
            if self._beside(view):
                self.projector.join(channel)
            self._channels[view] = channel
            self._watchers[view] = set()
            self._ask()
        self._watchers[view].add(client)
        held = client.held.setdefault(view, Held(channel))
        held.ids.add(id)
        held.seq = None
        client.say({"op": "watching", "id": id, "view": channel.query})
        if channel.refused is not None:
            client.say({"op": "error", "id": id, "error": channel.refused})

    def drop(self, client: Client, id: str) -> None:
        """Stop `id` of a client from watching. Unknown ids are nothing to do."""
        for view, held in list(client.held.items()):
            if id in held.ids:
                held.ids.discard(id)
                if not held.ids:
                    self._unwatch(client, view)

    def watches(self, client: Client, id: str) -> bool:
        """Whether `id` of a client watches anything."""
        return any(id in held.ids for held in client.held.values())

    def resync(self, client: Client, id: str) -> None:
        """Send a snapshot of what `id` watches."""
        for held in client.held.values():
            if id in held.ids:
                held.seq = None
                client.wake()

    def _unwatch(self, client: Client, view: View) -> None:
        client.held.pop(view, None)
        watchers = self._watchers.get(view)
        if watchers is not None:
            watchers.discard(client)
            if not watchers:
                self.projector.leave(self._channels[view])
                del self._watchers[view], self._channels[view]

    def _beside(self, view: View) -> bool:
        """Whether a view is drawn beside the live ones: of a replay, or of another timeline."""
        return bool(view.replay) or view.timeline != self._reader.timeline

    # --- ticks -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tick while inside the block."""
        loop = asyncio.get_running_loop()
        rung = self._rung = asyncio.Event()
        forget = self._reader.listen(lambda: _call(loop, rung.set))
        task = loop.create_task(self._run(rung), name="gridcommand-hub")
        try:
            async with self.projector.running():
                yield
        finally:
            forget()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _ask(self) -> None:
        """Tick soon: somebody waits for a first frame."""
        self._asked = True
        if self._rung is not None:
            self._rung.set()

    async def _run(self, rung: asyncio.Event) -> None:
        began, cost = float("-inf"), 0.0
        while True:
            try:
                due = max(0.0, began + self._max_s - time.perf_counter())
                async with asyncio.timeout(due if self._channels else None):
                    await rung.wait()
            except TimeoutError:
                pass
            interval = 0.0 if self._asked else max(self._min_s, SHARE * cost)
            pause = began + interval - time.perf_counter()
            if pause > 0:
                # A first watcher need not wait for the interval, so the pause ends when somebody asks.
                await self._pause(pause)
            rung.clear()
            self._asked = False
            began = time.perf_counter()
            try:
                cost = await self._tick()
            except Exception:
                log.exception("a tick failed; screens keep their last frame")
                cost = self._max_s

    async def _pause(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while not self._asked and (left := until - time.perf_counter()) > 0:
            await asyncio.sleep(min(left, 0.02))

    async def _tick(self) -> float:
        """Build every view once and wake its watchers. Returns the processor time of it, seconds."""
        self._tell_away()
        cost = 0.0
        self.ticks += 1
        for view, channel in list(self._channels.items()):
            if self._beside(view):
                continue  # the projector's
            # While the store is away nothing can be known: frames stop, rather than windows that empty themselves.
            if self._away is not None and channel.seq:
                continue
            # Processor time, not wall time: on a busy machine frames would otherwise slow down twice.
            began = time.thread_time()
            try:
                new = self._step(channel)
            except StoreUnavailable:
                return cost
            spent = time.thread_time() - began
            cost += spent
            self._publish(channel, new, spent)
            await asyncio.sleep(0)  # let the senders and other sockets have their turn
        return cost

    def _step(self, channel: Channel) -> bool:
        now = ms(self._clock.now())
        t = now if self._away is None else self._away
        try:
            with self._reader.reading() as state:
                new = channel.step(state, t, now, self._max_s * 1000.0 - 1.0)
        except BadView as error:
            self._refuse(channel, str(error))
            return False
        except StoreUnavailable:
            raise
        except Exception:
            # One view that cannot be built must not keep the others from their frames.
            if channel.refused != FAULT:
                log.exception("view %r cannot be built; its screens keep their last frame", channel.query)
            self._refuse(channel, FAULT)
            return False
        channel.refused = None
        return new

    def _publish(self, channel: Channel, new: bool, spent: float) -> None:
        """A view was built in so much processor time; a frame that came of it goes to all its watchers."""
        self.build_s += spent
        if new:
            self.frames += 1
            for client in self._watchers.get(channel.view, ()):
                client.wake()

    def _refuse(self, channel: Channel, why: str) -> None:
        """Tell all watchers of a view, once, why it has no frames now."""
        if channel.refused == why:
            return
        channel.refused = why
        for client in self._watchers.get(channel.view, ()):
            for id in client.held[channel.view].ids:
                client.say({"op": "error", "id": id, "error": why})

    def _tell_away(self) -> None:
        away = self._reader.away_since
        if (away is None) == (self._away is None):
            return
        self._away = away
        for client in self.clients:
            client.say(self._store_word())

    def _store_word(self) -> dict[str, Any]:
        since = ms(self._clock.now()) if self._away is None else self._away
        return {"op": "state", "store": "ok" if self._away is None else "away", "since": since}

    @property
    def views(self) -> int:
        """Distinct views watched now."""
        return len(self._channels)


def _call(loop: asyncio.AbstractEventLoop, what: Any) -> None:
    """Call on the loop, from another thread; a loop that ended needs no calls."""
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:
        log.debug("the event loop is closed; a ring is dropped")
