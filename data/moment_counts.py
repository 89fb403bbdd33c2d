"""How much each source had sent by a moment: counted once by spans of five minutes, then only what is new."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from data.codec import EPOCH
from data.exercise import is_exercise
from data.moment_lately import Heard, Lately, added, begin_of, span_of
from data.moment_tracks import TrackReader

if TYPE_CHECKING:
    from data.sql_store import SqlStore

PART = 500_000
"""Seqs that are counted in one read, so that no reader holds the database for long."""


class Counts:
    """How many records each source had sent, by spans of BUCKET_S: counted once, then only what is new.

    Positions that are deleted later stay counted where they were; `pruned` are those deleted before, by source.
    """

    def __init__(self, tracks: TrackReader) -> None:
        self._tracks = tracks
        self.seq = 0
        self.pruned: dict[str, int] = {}
        self._spans: dict[str, dict[int, Heard]] = {}
        self._columns: dict[str, tuple[NDArray[np.int64], NDArray[np.int64], list[datetime], list[datetime]]] = {}

    def follow(self) -> None:
        """Count what the log has beyond `seq`. Raises StoreUnavailable."""
        store = self._tracks.store
        with store.read() as conn:
            head = store.head_of(conn)
            if not self.seq:
                self.pruned = _pruned(store, conn, self._tracks.timeline)
                if is_exercise(self._tracks.timeline):  # the log before it is looked through for nothing
                    self.seq = (self._tracks.first(conn) or head + 1) - 1
        while self.seq < head:
            until = min(head, self.seq + PART)
            with store.read() as conn:
                for source, span, heard in self._tracks.counted(conn, self.seq, until):
                    added(self._spans.setdefault(source, {}), span, heard)
                    self._columns.pop(source, None)
            self.seq = until

    def until(self, conn: Connection, lately: Lately, t: datetime) -> dict[str, Heard]:
        """Source -> what had arrived of it by t, deleted positions aside; `lately` at t."""
        span = span_of(t)
        found = self._tracks.heard(conn, begin_of(span), t)
        for source, heard in lately.heard.items():
            added(found, source, heard)
        for source in self._spans:
            numbers, n, at, received = self._of(source)
            place = int(np.searchsorted(numbers, span))
            if place:
                added(found, source, Heard(int(n[place - 1]), at[place - 1], received[place - 1]))
        return found

    def _of(self, source: str) -> tuple[NDArray[np.int64], NDArray[np.int64], list[datetime], list[datetime]]:
        """Numbers of the spans of a source, ascending, and what had arrived when each had passed."""
        made = self._columns.get(source)
        if made is None:
            rows = sorted(self._spans[source].items())
            at, received = [], []
            last = latest = EPOCH - timedelta(days=200 * 366)
            for _, heard in rows:
                last, latest = max(last, heard.last_at), max(latest, heard.last_received_at)
                at.append(last)
                received.append(latest)
            numbers = np.array([span for span, _ in rows], np.int64)
            made = self._columns[source] = numbers, np.cumsum([heard.n for _, heard in rows]), at, received
        return made


def _pruned(store: SqlStore, conn: Connection, timeline: str) -> dict[str, int]:
    pruned = store.tables.pruned
    rows = conn.execute(select(pruned.c.source, pruned.c.n).where(pruned.c.timeline == timeline))
    return {source: int(n) for source, n in rows}
