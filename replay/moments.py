"""When something changed on a timeline: a sorted index of moments in memory, for the scrubber and for stepping.

A moment is a time at which a record says that something changed: its own, and for an event every named time of its
lifecycle. Inventory (units, sites, feeds, rules as they are made known) and positions are no moments. 18 bytes each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from data.errors import NotFound
from data.records import LIVE, EventPayload, Kind, Record
from data.store import Store
from layers.columns import ms
from layers.log_rows import uncollected

COUNTED = (
    Kind.EVENT, Kind.INCIDENT_DISPATCHED, Kind.INCIDENT_ARRIVED, Kind.INCIDENT_CLOSED, Kind.INCIDENT_RECALLED,
    Kind.INCIDENT_MOVED, Kind.INCIDENT_MERGED, Kind.UNIT_STATUS, Kind.SITE_STATUS,
)  # fmt: skip
"""Kinds whose records are moments."""

ANEW_S = 60.0
"""A correction takes an old moment away, so all are read anew, at most so often; seconds."""

KINDS = {kind: number for number, kind in enumerate(COUNTED)}
LIFE = len(COUNTED)
"""A time of an event's lifecycle; no record of its own."""
CATEGORIES = LIFE + 1
"""Codes from here on are categories of events, in order of appearance."""


@dataclass(frozen=True, slots=True)
class Table:
    """Moments ascending by (at, seq). `what`: number of a kind, LIFE, or CATEGORIES + number of a category."""

    at: NDArray[np.float64]
    seq: NDArray[np.int64]
    what: NDArray[np.uint16]
    categories: tuple[str, ...]
    head: int

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time (ms) and the seq of the record that says what changed."""

    at: float
    seq: int


class Moments:
    """The moments of one store's timeline, read at the first question and kept up with it. Thread-safe."""

    def __init__(self, store: Store, timeline: str = LIVE) -> None:
        self._store, self._timeline = store, timeline
        self._lock = threading.Lock()
        self._table: Table | None = None
        self._corrected = False
        self._read_at = 0.0

    def table(self) -> Table:
        """All moments that the log has now. Not for the event loop's thread. Raises StoreUnavailable."""
        with self._lock:
            head = self._store.head()
            held = self._table
            anew = self._corrected and time.monotonic() - self._read_at > ANEW_S
            if held is None or anew or head < held.head:
                self._read_at = time.monotonic()
                self._corrected = False
                held = self._scanned(head)
            elif head > held.head:
                held = self._extended(held)
            self._table = held
            return held

    def after(self, t: float) -> Moment | None:
        """The first moment after t (ms), None when nothing changes any more."""
        table = self.table()
        place = int(np.searchsorted(table.at, t, "right"))
        return None if place == len(table) else Moment(float(table.at[place]), int(table.seq[place]))

    def before(self, t: float) -> Moment | None:
        """The last moment before t (ms), None when nothing had changed yet."""
        table = self.table()
        place = int(np.searchsorted(table.at, t, "left")) - 1
        return None if place < 0 else Moment(float(table.at[place]), int(table.seq[place]))

    def until(self, t: float, most: int) -> list[Moment]:
        """The latest moments at or before t, newest first, one for each record."""
        table = self.table()
        end = int(np.searchsorted(table.at, t, "right"))
        found: dict[int, Moment] = {}
        for place in range(end - 1, -1, -1):
            seq = int(table.seq[place])
            found.setdefault(seq, Moment(float(table.at[place]), seq))
            if len(found) == most:
                break
        return list(found.values())

    def record(self, seq: int) -> Record | None:
        """The record of this seq, None when it is no moment's."""
        found = self._store.read_after(seq - 1, limit=1, timeline=self._timeline, positions=False)
        return found[0] if found and found[0].seq == seq else None

    def _scanned(self, head: int) -> Table:
        rows = Rows(())
        with uncollected():
            for fact in self._store.scan(COUNTED, self._timeline):
                if fact.kind == Kind.EVENT:
                    payload = orjson.loads(fact.body)
                    rows.event(ms(fact.at), fact.seq, payload["category"], _stamps(payload["times"]))
                else:
                    rows.other(ms(fact.at), fact.seq, Kind(fact.kind))
        return rows.table(head)

    def _extended(self, held: Table) -> Table:
        rows = Rows(held.categories)
        head = held.head
        while True:
            records = self._store.read_after(head, timeline=self._timeline, positions=False)
            for record in records:
                self._corrected |= record.version > 0 and record.kind in KINDS
                rows.record(record)
            if not records:
                break
            head = records[-1].seq or head
        head = max(head, held.head)
        return rows.table(head, held) if rows.at else replace(held, head=head)


def no_moments(timeline: str) -> Moments:
    """For a server that replays nothing. Raises NotFound."""
    raise NotFound(f"timeline {timeline[:64]!r} is not replayed here", zh=f"这里不回放时间线 {timeline[:64]}")


def _stamps(times: dict[str, str]) -> Iterator[float]:
    for text in times.values():
        yield ms(datetime.fromisoformat(text))


class Rows:
    """Moments while they are gathered."""

    def __init__(self, categories: tuple[str, ...]) -> None:
        self.at: list[float] = []
        self.seq: list[int] = []
        self.what: list[int] = []
        self._numbers = {category: number for number, category in enumerate(categories)}

    def event(self, at: float, seq: int, category: str, life: Iterator[float]) -> None:
        number = self._numbers.setdefault(category, min(len(self._numbers), 65_535 - CATEGORIES))
        self._add(at, seq, CATEGORIES + number)
        for stamp in life:
            if stamp != at:
                self._add(stamp, seq, LIFE)

    def other(self, at: float, seq: int, kind: Kind) -> None:
        self._add(at, seq, KINDS[kind])

    def record(self, record: Record) -> None:
        seq = record.seq or 0
        if isinstance(record.payload, EventPayload):
            payload = record.payload
            self.event(ms(record.at), seq, payload.category, (ms(each) for each in payload.times.values()))
        elif record.kind in KINDS:
            self.other(ms(record.at), seq, record.kind)

    def _add(self, at: float, seq: int, what: int) -> None:
        self.at.append(at)
        self.seq.append(seq)
        self.what.append(what)

    def table(self, head: int, before: Table | None = None) -> Table:
        columns: list[tuple[Any, Any]] = [(self.at, np.float64), (self.seq, np.int64), (self.what, np.uint16)]
        at, seq, what = (np.array(values, kind) for values, kind in columns)
        if before is not None:
            at, seq = np.concatenate([before.at, at]), np.concatenate([before.seq, seq])
            what = np.concatenate([before.what, what])
        order = np.lexsort((seq, at))
        return Table(at[order], seq[order], what[order], tuple(self._numbers), head)
