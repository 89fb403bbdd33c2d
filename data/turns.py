"""Writers of this process take turns, and those that queue share one commit.

A writer that finds others waiting when it is done hands them its open transaction instead of committing it: each works
behind a savepoint, so what one of them does wrong is undone alone, and all are answered after the one commit that puts
them on disk together. A writer that finds nobody waiting commits at once: nothing waits for company.

Between transactions the rows that were read and written stay at hand. Every writer, of any process, moves the head, so
they are current exactly when the head is still where this process left it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Lock
from time import perf_counter
from typing import TYPE_CHECKING

from data.errors import GridcommandError, StoreUnavailable
from data.failures import translated
from data.stored_lookup import Seen
from data.transaction import Sought, StoredTransaction

if TYPE_CHECKING:
    from data.sql_store import SqlStore

TURN_TIMEOUT_S = 60.0
"""How long a writer waits for the others of its own process."""
SHARE_S = 0.015
"""A commit is shared by those whose turn comes within this time of its first writer's, seconds."""
SHARE_MOST = 32
"""And by no more than so many."""
KEEP_ROWS = 20_000
"""Rows of a timeline at hand; beyond, they are forgotten and read again."""


class RowsAtHand:
    """Projected rows by timeline as they are at one head, and nothing where the head is another."""

    def __init__(self) -> None:
        self._at: tuple[int, int] | None = None  # highest seq, version of the region
        self._rows: dict[str, Seen] = {}

    def at(self, seq: int, region: int) -> dict[str, Seen]:
        """The rows that are current at this head; the caller's until `keep` or `forget`."""
        if self._at != (seq, region):
            self._rows.clear()
        self._at = None
        return self._rows

    def keep(self, seq: int, region: int) -> None:
        """They are as committed at this head."""
        for seen in self._rows.values():
            if sum(map(len, seen.values())) > KEEP_ROWS:
                seen.clear()
        self._at = (seq, region)

    def forget(self) -> None:
        self._at = None
        self._rows.clear()


class _Group:
    """One database transaction and those who share it."""

    def __init__(self, store: SqlStore, rows: RowsAtHand, sought: Sought | None) -> None:
        self.stack = ExitStack()
        self.conn, self.seq, self.region, found = self.stack.enter_context(store.headed(sought))
        self.found = None if sought is None or found is None else (sought, found)  # its first member's
        self.started = perf_counter()
        self.seen = rows.at(self.seq, self.region)
        self.members = 0  # whose work is in the transaction
        self.wrote = False
        self.done = Event()
        self.error: BaseException | None = None


class Turns:
    """The queue of one store's writers."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._lock = Lock()
        self._waiting: deque[Lock] = deque()
        self._busy = False
        self._group: _Group | None = None
        self._rows = RowsAtHand()
        self._queued = 0  # writers that have ever waited
        self._away = 0  # how many had waited when a transaction could last not be begun
        self._why: BaseException | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A turn without a transaction, for what changes the tables in a way of its own."""
        self._enter()
        try:
            if self._group is not None:
                self._commit(self._group)
            yield
        finally:
            self._rows.forget()
            self._leave()

    @contextmanager
    def turn(self, timeline: str, doing: str, sought: Sought | None = None) -> Iterator[StoredTransaction]:
        """A transaction for one writer. Returns after commit; raises what the writer raised, its work undone.

        `sought` is what the writer will ask for first: where it begins the transaction that takes no trip of its own.

        The block must not wait for another writer: that one may be waiting for this commit.
        """
        with translated(doing):
            place = self._enter()
            try:
                group, found = self._group, None
                if group is None:
                    group = self._begun(place, sought)
                    found = group.found
            except BaseException:
                self._leave()
                raise
            work = StoredTransaction(self._store, group.conn, timeline, group.seq, group.region, group.seen, found)
            failed: BaseException | None = None
            try:
                yield work
            except BaseException as error:
                failed = error
            self._end(group, work, failed)

    def _begun(self, place: int, sought: Sought | None) -> _Group:
        """A new transaction. Where none could be begun, those who queued at that time are not made to try as well: each
        try may take as long as a connection takes to fail, one after the other."""
        if self._why is not None and 0 < place <= self._away:
            raise StoreUnavailable(f"store: {self._why}") from self._why
        try:
            group = self._group = _Group(self._store, self._rows, sought)
        except BaseException as error:
            with self._lock:
                self._away, self._why = self._queued, error
            raise
        self._why = None
        return group

    def _end(self, group: _Group, work: StoredTransaction, failed: BaseException | None) -> None:
        """Give the turn on and wait for the commit. Raises `failed`, or why there was none."""
        alone = group.members == 0
        try:
            if failed is None:
                try:
                    self._complete(group, work)
                except BaseException as error:
                    failed = error
            if failed is not None:
                self._undo(group, work, failed)
        finally:
            self._leave()
        if failed is not None and alone:
            raise failed
        group.done.wait()  # a refusal, too, may rest on what others of the group did
        if group.error is not None and group.error is not failed:
            # Where the answer to COMMIT was lost, it may be there: said alike, for neither can be told from the other.
            raise StoreUnavailable(f"store: not known to be committed: {group.error}") from group.error
        if failed is not None:
            raise failed

    def _complete(self, group: _Group, work: StoredTransaction) -> None:
        """Write what the member appended; commit when nobody is to share it."""
        if self._shared(group):
            work.flush("savepoint")
            self._take(group, work)
        else:
            work.flush("commit")
            self._take(group, work)
            self._commit(group)

    def _take(self, group: _Group, work: StoredTransaction) -> None:
        group.members += 1
        group.seq, group.wrote = work.seq, group.wrote or work.wrote

    def _undo(self, group: _Group, work: StoredTransaction, failed: BaseException) -> None:
        """Leave of the group what the others did. What cannot be told apart fails as a whole."""
        if group.done.is_set():
            return
        if work.appended:
            self._rows.forget()  # folding has changed them
        try:
            refused = isinstance(failed, GridcommandError) and not work.sent and self._store.intact(group.conn)
            if not refused:
                self._rows.forget()
                if group.members == 0:
                    self._abort(group, failed)
                    return
                self._store.back_to_savepoint(group.conn)
            if not self._shared(group):
                self._commit(group)
        except BaseException as error:
            if not group.done.is_set():
                self._abort(group, error)

    def _shared(self, group: _Group) -> bool:
        if not self._store.shares_commits or group.members + 1 >= SHARE_MOST:
            return False
        return bool(self._waiting) and perf_counter() - group.started < SHARE_S

    def _commit(self, group: _Group) -> None:
        self._group = None
        try:
            group.stack.close()
        except BaseException as error:
            self._failed(group, error)
            raise
        self._rows.keep(group.seq, group.region)
        group.done.set()
        if group.wrote:
            self._store.bell.ring()

    def _abort(self, group: _Group, error: BaseException) -> None:
        self._group = None
        try:
            group.stack.__exit__(type(error), error, error.__traceback__)
        except BaseException as other:
            if other is not error:
                error.add_note(f"and then: {other}")
        self._failed(group, error)

    def _failed(self, group: _Group, error: BaseException) -> None:
        self._rows.forget()
        self._store.rolled_back()
        group.error = error
        group.done.set()

    def _enter(self) -> int:
        """Wait for the turn. Returns the place in the queue, counted from the first ever; 0 without a wait."""
        with self._lock:
            if not self._busy:
                self._busy = True
                return 0
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
            self._queued += 1
            place = self._queued
        try:
            called = mine.acquire(timeout=TURN_TIMEOUT_S)
        except BaseException:
            if not self._withdraw(mine):
                self._leave()
            raise
        if not called and self._withdraw(mine):
            raise StoreUnavailable("store: the writers before this one do not finish; try again")
        return place

    def _withdraw(self, mine: Lock) -> bool:
        """Whether it still waits, and no longer does. False: it was called meanwhile."""
        with self._lock:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True

    def _leave(self) -> None:
        while True:
            with self._lock:
                if self._waiting:
                    self._waiting.popleft().release()
                    return
                group = self._group
                if group is None:
                    self._busy = False
                    return
            with suppress(Exception):  # who was to go on has given up; those who wait for the commit are told
                self._commit(group)
