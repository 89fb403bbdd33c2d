"""Where a feed hands over what it took: durable when `submit` returns, repeated until the store takes it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from data.clock import Clock
from data.codec import check
from data.errors import BadRecord, StoreUnavailable
from data.records import Kind, Record
from data.store import Appended, DeadLetter, Store
from feeds.lines import KEPT

log = logging.getLogger(__name__)

Submit = Callable[[Sequence[Record]], "Future[Appended]"]
"""`Writer.submit`."""

SEEN = 50_000
"""Identities remembered per feed. A poll that returns the same list again costs no trip to the store."""

T = TypeVar("T")

Identity = tuple[str, str, str, int, datetime | None]
"""What makes a record the same to the log: of a position also its time, for trackers repeat the unit's id."""


def identity_of(record: Record) -> Identity:
    """The record's identity."""
    at = record.at if record.kind is Kind.UNIT_POSITION else None
    return (record.timeline, record.source, record.source_id, record.version, at)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times between attempts: doubled each time, at most `longest_s`, each shortened by up to half at random
    so that feeds which failed together do not come back together."""

    first_s: float = 1.0
    longest_s: float = 60.0

    def delay(self, failures: int, rng: random.Random) -> float:
        """Seconds to wait after the n-th failure in a row, n from 1."""
        full = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return full * (0.5 + 0.5 * rng.random())


STORE_AWAY = Backoff(first_s=0.2, longest_s=10.0)
"""How often a store that is away is tried again."""


class Intake:
    """One feed's way into the log. Not thread-safe: used from the runner's event loop."""

    def __init__(
        self,
        feed: str,
        submit: Submit,
        store: Store,
        clock: Clock,
        *,
        backoff: Backoff = STORE_AWAY,
        rng: random.Random | None = None,
        on_ok: Callable[[], None] = lambda: None,
        tries: int = 0,
    ) -> None:
        """`tries`: how often a store that is away is tried before StoreUnavailable is raised, 0: until it answers."""
        self._feed = feed
        self._submit = submit
        self._store = store
        self._clock = clock
        self._backoff = backoff
        self._rng = rng or random.Random()
        self._on_ok, self._tries = on_ok, tries
        self._seen: OrderedDict[Identity, None] = OrderedDict()
        self.accepted = self.duplicate = self.rejected = 0
        self.last_ok: datetime | None = None
        self.last_error: str = ""

    async def submit(self, records: Sequence[Record]) -> int:
        """Append records; returns how many were new, after commit. Waits as long as the store is away.

        Records that no store can hold become dead letters and do not hold up the others. No records at all say that
        the source was heard and had nothing new.
        """
        fresh: list[Record] = []
        faults: list[DeadLetter] = []
        batch: set[Identity] = set()
        for record in records:
            key = identity_of(record)
            if key in self._seen or key in batch:
                self.duplicate += 1
                continue
            try:
                check(record)
            except BadRecord as error:
                faults.append(self._letter(error, repr(record).encode(errors="backslashreplace")))
                continue
            batch.add(key)
            fresh.append(record)
        if faults:
            await self._refuse(faults)
        new = 0
        if fresh:
            done = await self._until_taken(lambda: asyncio.wrap_future(self._submit(fresh)))
            new = done.accepted
            self.accepted += done.accepted
            self.duplicate += done.duplicates
            for key in batch:
                self._seen[key] = None
            while len(self._seen) > SEEN:
                self._seen.popitem(last=False)
        self.last_ok = self._clock.now()
        self._on_ok()
        return new

    async def register(self, record: Record) -> None:
        """Append the feed's own record, which counts as nothing taken."""
        await self._until_taken(lambda: asyncio.wrap_future(self._submit([record])))

    async def refuse(self, error: BadRecord, body: bytes) -> None:
        """Keep a message that cannot be taken as a dead letter of this feed."""
        await self._refuse([self._letter(error, body)])

    async def refuse_all(self, letters: Sequence[DeadLetter]) -> None:
        """Keep dead letters that a reader has made."""
        if letters:
            await self._refuse(letters)

    async def _refuse(self, letters: Sequence[DeadLetter]) -> None:
        await self._until_taken(lambda: asyncio.to_thread(self._store.add_dead_letters, letters))
        self.rejected += len(letters)

    async def _until_taken(self, attempt: Callable[[], Awaitable[T]]) -> T:
        failures = 0
        while True:
            try:
                result = await attempt()
            except StoreUnavailable as error:
                failures += 1
                self.last_error = str(error)
                if failures == self._tries:
                    raise
                if failures == 1:
                    log.warning("feed %s: waits for the store: %s", self._feed, error)
                await asyncio.sleep(self._backoff.delay(failures, self._rng))
                continue
            if failures:
                log.warning("feed %s: the store answers again", self._feed)
            return result

    def _letter(self, error: BadRecord, body: bytes) -> DeadLetter:
        return DeadLetter(self._feed, error.reason, str(error)[:500], body[:KEPT], self._clock.now())
