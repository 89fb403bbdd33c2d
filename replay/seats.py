"""Who looked at what at a moment: the looks of the log (`replay/looks.py`), in memory, by seat."""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from dataclasses import dataclass
from datetime import UTC, datetime

from data.codec import payload_from
from data.records import Kind, LookPayload
from data.store import Store
from layers.columns import ms
from replay.looks import STALE_S

_STALE_MS = STALE_S * 1000.0
_NOTHING = -1


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat at a moment: the page and the query of the view that it looked at, and since when."""

    seat: str
    page: str
    view: str
    since: datetime


class Seats:
    """The looks of the live timeline, read at the first question and kept up with the log. Thread-safe.

    About 100 bytes a look; distinct views are held once.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._head: int | None = None
        self._looks: dict[str, list[tuple[float, int, int]]] = {}  # seat -> (ms, seq, number of the view), ascending
        self._number: dict[tuple[str, str], int] = {}
        self._views: list[tuple[str, str]] = []

    def at(self, t: float) -> list[Seat]:
        """Who looked at what at t (ms since 1970), by name. Raises StoreUnavailable.

        Not for the event loop's thread."""
        with self._lock:
            self._follow()
            return [seat for name in sorted(self._looks) if (seat := self._seat(name, t)) is not None]

    def _seat(self, name: str, t: float) -> Seat | None:
        looks = self._looks[name]
        i = bisect_right(looks, t, key=lambda look: look[0]) - 1
        if i < 0 or looks[i][2] == _NOTHING or t - looks[i][0] > _STALE_MS:
            return None
        while i and looks[i - 1][2] == looks[i][2] and looks[i][0] - looks[i - 1][0] <= _STALE_MS:
            i -= 1  # it was said again
        page, view = self._views[looks[i][2]]
        return Seat(name, page, view, datetime.fromtimestamp(looks[i][0] / 1000.0, UTC))

    def _follow(self) -> None:
        head = self._store.head()
        if self._head is None or head < self._head:
            self._looks = {}
            for fact in self._store.scan((Kind.LOOK,)):
                self._take(fact.at, fact.seq, payload_from(Kind.LOOK, fact.body))
        elif head > self._head:
            seq = self._head
            while records := self._store.read_after(seq, positions=False):
                for record in records:
                    if record.kind is Kind.LOOK:
                        self._take(record.at, record.seq or 0, record.payload)
                seq = records[-1].seq or seq
            head = max(head, seq)
        self._head = head

    def _take(self, at: datetime, seq: int, payload: object) -> None:
        assert isinstance(payload, LookPayload)
        number = _NOTHING
        if payload.there:
            view = payload.page, payload.view
            number = self._number.setdefault(view, len(self._views))
            if number == len(self._views):
                self._views.append(view)
        looks = self._looks.setdefault(payload.seat, [])
        if (ms(at), seq, number) not in looks[-3:]:
            insort(looks, (ms(at), seq, number))
