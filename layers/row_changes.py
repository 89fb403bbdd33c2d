"""Which rows of a table changed, in the order in which they did: for who follows it at a pace of its own."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

KEPT = 20_000
"""Changes that are kept. Who is further behind looks at every row."""


class RowChanges:
    """The last KEPT changes by their number. Not thread-safe."""

    def __init__(self) -> None:
        self.count = 0
        """Changes so far: the number of the next one."""
        self._parts: deque[Rows] = deque()
        self._first = 0

    def note(self, rows: Rows) -> None:
        """These rows changed."""
        if not len(rows):
            return
        self._parts.append(rows)
        self.count += len(rows)
        while self.count - self._first - len(self._parts[0]) >= KEPT:
            self._first += len(self._parts.popleft())

    def since(self, number: int) -> Rows | None:
        """Rows that changed from that number on, each once, ascending. None when that is further back than is kept."""
        if number >= self.count:
            return np.empty(0, np.int64)
        if number < self._first:
            return None
        at, found = self.count, []
        for part in reversed(self._parts):
            at -= len(part)
            found.append(part[max(0, number - at) :])
            if at <= number:
                break
        return np.unique(np.concatenate(found))
