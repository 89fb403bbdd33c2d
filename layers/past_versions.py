"""Versions of things: what each was like from when on. Found by time, for all things at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")

MOST_NEW = 200
"""Things whose versions changed since the columns were made; beyond it they are made anew."""


class Versions(Generic[Key, Row]):
    """Rows of things by the time (microseconds since 1970) from which each holds."""

    def __init__(self) -> None:
        self._times: dict[Key, list[int]] = {}
        self._rows: dict[Key, list[Row]] = {}
        self._new: set[Key] = set()
        self._keys: list[Key] = []
        self._start: NDArray[np.int64] = np.empty(0, np.int64)
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._moments: NDArray[np.int64] = np.empty(0, np.int64)
        self._flat: list[Row] = []

    def __len__(self) -> int:
        return sum(map(len, self._times.values()))

    def add(self, key: Key, us: int, row: Row) -> None:
        """From `us` on the thing is so. Not before the version added last."""
        self._times.setdefault(key, []).append(us)
        self._rows.setdefault(key, []).append(row)
        self._new.add(key)

    def drop(self, key: Key) -> None:
        """Take back the version added last."""
        self._times[key].pop()
        self._rows[key].pop()
        self._new.add(key)

    def last(self, key: Key) -> Row | None:
        """The version added last."""
        rows = self._rows.get(key)
        return rows[-1] if rows else None

    def at(self, us: int) -> dict[Key, Row]:
        """Each thing that was there by then, as it was."""
        if len(self._new) > MOST_NEW:
            self._settle()
        found: dict[Key, Row] = {}
        if self._keys:
            steps = len(self._moments) + 1
            wanted = np.arange(len(self._keys), dtype=np.int64) * steps + np.searchsorted(self._moments, us, "right")
            place = np.searchsorted(self._order, wanted, side="left") - 1
            there = np.flatnonzero(place >= self._start).tolist()
            keys, flat, place_of = self._keys, self._flat, place.tolist()
            found = {keys[i]: flat[place_of[i]] for i in there}
        for key in self._new:
            i = bisect_right(self._times[key], us)
            if i:
                found[key] = self._rows[key][i - 1]
            else:
                found.pop(key, None)
        return found

    def _settle(self) -> None:
        self._keys = list(self._times)
        many = np.array([len(times) for times in self._times.values()], np.int64)
        self._start = np.concatenate([[0], np.cumsum(many)[:-1]]).astype(np.int64)
        times = np.fromiter((us for each in self._times.values() for us in each), np.int64, int(many.sum()))
        # A version's place is (thing, number of its time among all times): one ascending column to search in.
        self._moments, number = np.unique(times, return_inverse=True)
        self._order = np.repeat(np.arange(len(many), dtype=np.int64), many) * (len(self._moments) + 1) + number
        self._flat = [row for rows in self._rows.values() for row in rows]
        self._new.clear()
