"""Which of many spans of time hold a moment, at the price of those that do, however many there ever were."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

STEP = 4_096
"""Spans that begin between two snapshots of what goes on, at least."""

SNAPSHOTS = 64
"""Snapshots at most: where much goes on for good, each is long."""

_NEVER = float("inf")


class Spans:
    """Spans [begin, end) by number from 0 on, in ms; what does not begin before it ends is nowhere.

    Spans are put in order of their beginnings; at every so-many-th of them stands who goes on there (the snapshot). A
    moment is held by some of the snapshot before it and by some of those that began since. Spans that were put since
    the order was made are looked at one by one; when they are many it is made anew. 16 bytes a span, 16 for its place
    in the order, and 8 for each that goes on at a snapshot.
    """

    def __init__(self) -> None:
        self._begin: Floats = np.empty(0)
        self._end: Floats = np.empty(0)
        self._order: Longs = np.empty(0, np.int64)
        self._begins: Floats = np.empty(0)
        self._going: list[Longs] = [self._order]
        self._step = STEP
        self._new: list[Longs] = []
        self._many_new = 0
        self.looked_at = 0
        """Spans that were looked at for the last moment."""

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        arrays = [self._begin, self._end, self._order, self._begins, *self._going, *self._new]
        return sum(each.nbytes for each in arrays)

    def put(self, numbers: Longs, begin: Floats, end: Floats) -> None:
        """These spans are now so. Numbers that were never put in between are nowhere."""
        if not len(numbers):
            return
        most = int(numbers.max()) + 1
        if most > len(self._begin):
            room = np.full(max(most, 2 * len(self._begin)) - len(self._begin), _NEVER)
            self._begin, self._end = np.concatenate([self._begin, room]), np.concatenate([self._end, room])
        self._begin[numbers], self._end[numbers] = begin, end
        self._new.append(numbers[begin < end])
        self._many_new += len(self._new[-1])

    def at(self, t: float) -> Longs:
        """The spans with begin <= t < end, ascending."""
        if self._many_new > max(STEP // 2, len(self._order) // 20):
            self._put_in_order()
        elif len(self._new) > 64:
            self._new = [np.unique(np.concatenate(self._new))]
        place = int(np.searchsorted(self._begins, t, side="right"))
        step = place // self._step
        found = np.concatenate([self._going[step], self._order[step * self._step : place], *self._new])
        self.looked_at = len(found)
        return np.unique(found[(self._begin[found] <= t) & (self._end[found] > t)])

    def _put_in_order(self) -> None:
        there = np.flatnonzero(self._begin < self._end)
        self._order = there[np.argsort(self._begin[there], kind="stable")]
        self._begins = self._begin[self._order]
        going = self._order[:0]
        self._going = [going]
        self._step = step = max(STEP, -(-len(self._order) // SNAPSHOTS))
        for start in range(step, len(self._order) + 1, step):
            since = self._begins[start - 1]
            going = np.concatenate([going, self._order[start - step : start]])
            going = going[self._end[going] > since]
            self._going.append(going)
        self._new, self._many_new = [], 0
