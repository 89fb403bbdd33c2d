"""Plays a fork on which people decide: what came by itself comes at its time, crews go where the log sends them.

It is the course of `fork_course.py` without a policy, step by step to the fork's clock. What people command stands in
the log with its time, and crews hear of it at that time: so the same commands give the same course, however often and
however late the engine's thread wakes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from math import ceil

from data.clock import ManualClock
from data.records import Kind, Record
from data.settings import Settings
from data.store import IncidentRow, Store
from dispatch.book import Book
from dispatch.dispatcher import Dispatcher
from dispatch.router import AutoRouter
from geo.roads import RoadGraph
from replay.fork import PLAYERS, Fork
from replay.fork_course import Play
from replay.fork_crews import ROADS
from replay.fork_original import read
from replay.fork_run import fleet

CHUNK = 2_000


class ForkEngine:
    """Plays one fork from where its log is. Not thread-safe."""

    def __init__(
        self, store: Store, fork: Fork, book: Book, settings: Settings, roads: RoadGraph | None, *, now: datetime,
        stopped: Callable[[], bool] = lambda: False, verify: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`now`: the fork's time. `stopped` tells that nobody wants more: what is left undone is done from the log by
        the next one. `verify` is asked before each batch is written: it raises where somebody else may play it by now.
        Raises StoreUnavailable."""
        assert fork.until is not None
        self._store, self._fork, self._stopped, self._verify = store, fork, stopped, verify
        own = store.latest(fork.timeline, after=fork.seq, without=(Kind.EXERCISE,))
        original = read(store, fork.parent, fork.at, fork.until)
        begin = store.units(fork.timeline) if own is None else store.moment(fork.at, fork.timeline).units
        units, made = fleet(store, fork, original, begin)
        self._play = Play(
            original, units, timeline=fork.timeline, policy=PLAYERS, chooser=None, travel=ROADS, seed=fork.seed,
            skills=book.skills, region=store.region(), zone=settings.timezone, roads=roads, find=self._incident,
        )  # fmt: skip
        self._cursor = fork.seq if own is None else own[1]
        self._mine: set[tuple[str, str, int]] = set()
        """What was put into the log and not read from it again."""
        begun = fork.at if own is None else min(own[0], now)
        self._hands = ManualClock(begun)
        desk = Dispatcher(store, self._hands, fork.timeline, book)
        self._router = AutoRouter(store, self._hands, desk, settings, book.workflows, fork.timeline)
        if own is not None:
            self._play.resume(ceil(begun.timestamp()), store.units(fork.timeline))
        else:
            self._play.course.records += made
            self._play.begin()
        original.forget_records()
        self._settle()

    def play_to(self, until: datetime) -> None:
        """Play everything up to a moment of the fork, in the order of its time."""
        agenda, last = self._play.agenda, min(int(until.timestamp()), self._play.end - 1)
        self._settle()
        while not self._stopped() and (at := agenda.next) is not None and at <= last:
            self._hands.set(max(self._hands.now(), datetime.fromtimestamp(at, UTC)))
            if self._play.step():
                self._settle()
        self._hand_in()
        if self._stopped():
            return
        agenda.now = max(agenda.now, last)
        self._hands.set(max(self._hands.now(), until))

    def _settle(self) -> None:
        """Take note of what the log got; cases are filed and follow, until nothing more comes of it."""
        while True:
            self._hand_in()
            self._verify()
            heard = self._hear()
            self._router.look()
            filed = False
            while not self._stopped() and self._router.step():
                filed = True
            if not heard and not filed:
                return

    def _hear(self) -> bool:
        """Have crews hear, each at its time, of what others put into the log. Whether there was any."""
        heard = False
        while True:
            records = self._store.read_after(
                self._cursor, limit=CHUNK, timeline=self._fork.timeline, positions=False
            )  # fmt: skip
            for record in records:
                self._cursor = record.seq or self._cursor
                if _identity(record) in self._mine:
                    self._mine.discard(_identity(record))
                elif record.kind is not Kind.EXERCISE:
                    heard = True
                    self._play.agenda.at(ceil(record.at.timestamp()), partial(self._play.crews.hear, record))
            if len(records) < CHUNK:
                return heard

    def _hand_in(self) -> None:
        records, self._play.course.records = self._play.course.records, []
        if records:
            self._verify()
            self._mine.update(_identity(record) for record in records if record.kind is not Kind.UNIT_POSITION)
            self._store.append(records)

    def _incident(self, id: str) -> IncidentRow | None:
        return self._store.incident(id, self._fork.timeline)


def _identity(record: Record) -> tuple[str, str, int]:
    return record.source, record.source_id, record.version
