"""Runs feeds side by side: each in its own task, restarted when it fails, stopped together.

    feed.run(intake) ──fails──> wait (back-off, jitter) ──> feed.run(intake) ...
          └─ returns ──> finished: the feed has no more to say

A feed that crashes takes no other down. Failing and recovering are logged once each, not at every attempt.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from data.clock import Clock
from data.errors import Misconfigured
from data.records import FeedPayload
from data.store import Store
from feeds.intake import Backoff, Intake, Submit
from feeds.registry import feed_record

log = logging.getLogger(__name__)

RESTART = Backoff(first_s=1.0, longest_s=60.0)
"""How long a feed that failed waits before it is run again."""


class Feed(Protocol):
    """A source of records. `name` is the feed's id, the `source` of its records."""

    name: str
    rhythm_s: float
    """Longest silence that is still normal, seconds."""

    async def run(self, intake: Intake) -> None:
        """Take records and hand them to `intake` until there are no more or the task is cancelled.

        May raise anything: it is run again later.
        """
        ...


class FeedState(StrEnum):
    """What a feed's task is doing."""

    STARTING = "starting"
    RUNNING = "running"
    FAILING = "failing"
    FINISHED = "finished"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """One feed as its task sees it; counts since this process started. `failures` are those in a row."""

    name: str
    state: FeedState
    rhythm_s: float
    last_ok: datetime | None
    last_error: str
    failures: int
    accepted: int
    duplicate: int
    rejected: int


class _Job:
    def __init__(self, feed: Feed, submit: Submit, store: Store, clock: Clock, rng: random.Random) -> None:
        self.feed = feed
        self.intake = Intake(feed.name, submit, store, clock, rng=rng, on_ok=self._handed_over)
        self.state = FeedState.STARTING
        self.failures = 0
        self.last_error = ""
        self.task: asyncio.Task[None] | None = None

    def _handed_over(self) -> None:
        if self.failures:
            log.warning("feed %s works again after %d failures", self.feed.name, self.failures)
        self.failures = 0
        self.last_error = ""
        self.state = FeedState.RUNNING


class Runner:
    """Supervises feeds. `start` and `stop` belong to one event loop; `health` may be asked from any thread."""

    def __init__(
        self,
        feeds: Iterable[Feed],
        submit: Submit,
        store: Store,
        clock: Clock,
        *,
        backoff: Backoff = RESTART,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._backoff = backoff
        self._rng = rng or random.Random()
        self._sleep = sleep
        feeds = list(feeds)
        if len({feed.name for feed in feeds}) < len(feeds):
            raise Misconfigured(f"two feeds have one name; the names are {', '.join(sorted(f.name for f in feeds))}")
        self._jobs = {feed.name: _Job(feed, submit, store, clock, self._rng) for feed in feeds}

    def start(self) -> None:
        """Start a task per feed on the running event loop."""
        for job in self._jobs.values():
            if job.task is None:
                job.task = asyncio.get_running_loop().create_task(self._supervise(job), name=f"feed {job.feed.name}")

    async def stop(self) -> None:
        """Cancel all feeds and wait until they are gone.

        What the writer has in hand is committed; what still waits in its queue is taken back, for nobody was told that
        it was kept: a feed hands it over again when it runs next.
        """
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for job in self._jobs.values():
            job.task = None
            if job.state is not FeedState.FINISHED:
                job.state = FeedState.STOPPED

    def health(self) -> list[FeedHealth]:
        """Every feed's health, in the order they were given."""
        return [
            FeedHealth(
                name=job.feed.name,
                state=job.state,
                rhythm_s=job.feed.rhythm_s,
                last_ok=job.intake.last_ok,
                last_error=job.last_error or job.intake.last_error,
                failures=job.failures,
                accepted=job.intake.accepted,
                duplicate=job.intake.duplicate,
                rejected=job.intake.rejected,
            )
            for job in list(self._jobs.values())
        ]

    async def _supervise(self, job: _Job) -> None:
        while True:
            try:
                await job.intake.register(feed_record(job.feed.name, _payload(job.feed), self._clock.now()))
                if not job.failures:
                    job.state = FeedState.RUNNING
                await job.feed.run(job.intake)
                job.state = FeedState.FINISHED
                return
            except Exception as error:
                job.failures += 1
                job.last_error = f"{type(error).__name__}: {error}".splitlines()[0][:300]
                job.state = FeedState.FAILING
                if job.failures == 1:
                    log.warning("feed %s failed, is tried again: %s", job.feed.name, job.last_error, exc_info=error)
                await self._sleep(self._backoff.delay(job.failures, self._rng))


def _payload(feed: Feed) -> FeedPayload:
    """What the feed says of itself: a feed may carry a `payload` of its own, with names and flags."""
    own = getattr(feed, "payload", None)
    return own if isinstance(own, FeedPayload) else FeedPayload(name=feed.name, rhythm_s=feed.rhythm_s)
