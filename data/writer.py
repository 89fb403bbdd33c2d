"""The intake's writer: many submitters, one thread, group commit.

While one transaction is being committed, submissions gather; the next transaction takes all of them up to
`intake_batch` records. Nothing waits for company: an idle writer commits a single record at once.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import NamedTuple

from data.errors import StoreUnavailable
from data.records import Record
from data.settings import Settings
from data.store import Appended, Store

log = logging.getLogger(__name__)

RETRY_S = 1.0
"""How often a store that is away is asked again."""


class _Submission(NamedTuple):
    records: Sequence[Record]
    done: Future[Appended]


class Writer:
    """Appends what is submitted. Thread-safe. A future resolves after commit, or with the error of its own records."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._batch = settings.intake_batch
        self._limit = settings.intake_queue
        self._queue: deque[_Submission] = deque()
        self._waiting = 0
        self._away: str | None = None
        self._closing = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name="gridcommand-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Records submitted and not yet taken into a transaction."""
        return self._waiting

    @property
    def away(self) -> bool:
        """Whether the store is known not to answer."""
        return self._away is not None

    def submit(self, records: Sequence[Record]) -> Future[Appended]:
        """Queue records for one transaction. Raises StoreUnavailable when they cannot be taken now.

        A StoreUnavailable from the future leaves open whether the records were kept; sending them again is safe.
        """
        done: Future[Appended] = Future()
        with self._changed:
            if self._closing:
                raise StoreUnavailable("intake is closing; send again in a moment")
            if self._away is not None:
                raise StoreUnavailable(self._away, retry_after=2 * RETRY_S)
            if self._waiting and self._waiting + len(records) > self._limit:
                raise StoreUnavailable(
                    f"intake: {self._waiting} records wait, at most {self._limit} may; send again", retry_after=1.0
                )
            self._queue.append(_Submission(records, done))
            self._waiting += len(records)
            self._changed.notify()
        return done

    def close(self) -> None:
        """Commit what was submitted, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            group = self._gather()
            if group is None:
                return
            group = [one for one in group if one.done.set_running_or_notify_cancel()]
            if group and not self._commit(group):
                self._wait_for_store()

    def _gather(self) -> list[_Submission] | None:
        """The next transaction's submissions, in order of submission. None when closing and nothing is left."""
        with self._changed:
            while not self._queue:
                if self._closing:
                    return None
                self._changed.wait()
            group: list[_Submission] = []
            size = 0
            while self._queue and (not group or size + len(self._queue[0].records) <= self._batch):
                group.append(self._queue.popleft())
                size += len(group[-1].records)
            self._waiting -= size
            return group

    def _commit(self, group: list[_Submission]) -> bool:
        """Append a group in one transaction. False when the store is away."""
        try:
            results = self._store.append_each([one.records for one in group])
        except StoreUnavailable as error:
            self._refuse(group, error)
            return False
        except Exception as error:
            if len(group) > 1:  # one of them is bad; the others must not suffer for it
                return self._commit_singly(group)
            group[0].done.set_exception(error)
            return True
        for one, result in zip(group, results, strict=True):
            one.done.set_result(result)
        return True

    def _commit_singly(self, group: list[_Submission]) -> bool:
        for i, one in enumerate(group):
            if not self._commit([one]):
                self._refuse(group[i + 1 :], StoreUnavailable(self._away or "the store does not answer"))
                return False
        return True

    def _refuse(self, group: Sequence[_Submission], error: StoreUnavailable) -> None:
        """The store is away: say so to these, to all that wait, and to all that come."""
        with self._changed:
            self._away = str(error)
            queued = list(self._queue)
            self._queue.clear()
            self._waiting = 0
        for one in group:
            one.done.set_exception(error)
        for one in queued:
            if one.done.set_running_or_notify_cancel():
                one.done.set_exception(error)

    def _wait_for_store(self) -> None:
        """Ask until the store answers, or until closed."""
        log.warning("intake: stopped: %s", self._away)
        while True:
            with self._changed:
                if self._closing:
                    return
                self._changed.wait(RETRY_S)
            try:
                self._store.ping()
            except StoreUnavailable:
                continue
            with self._changed:
                self._away = None
            log.warning("intake: the store answers again")
            return
