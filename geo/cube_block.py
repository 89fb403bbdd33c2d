"""A block of moments: one stretch of time of a stream of the heat cube."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.cube_atoms import ops

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Counts = NDArray[np.int64]


class Block:
    """Moments ordered by kind, then time, and behind them new ones in order of arrival. `~atom` takes one away.

    `rows` holds cumulative counts of all that came before the block, by row set (`geo/cube_stream.py`).
    """

    def __init__(self, time: Floats, atom: Ints, kind: Ints) -> None:
        """From moments in order of time."""
        small = len(kind) and int(kind.max()) < 1 << 16
        order = np.argsort(kind.astype(np.uint16) if small else kind, kind="stable")  # radix sort for 16 bits
        self.time, self.atom, self.kind = time[order], atom[order], kind[order]
        self.n = len(time)
        self.start = _starts(self.kind)
        self.rows: dict[Any, Ints] = {}
        self.most = 0
        """Not to be cut again before it holds more: set when all its moments are one."""

    @property
    def nbytes(self) -> int:
        rows = sum(row.nbytes for row in self.rows.values())
        return self.time.nbytes + self.atom.nbytes + self.kind.nbytes + self.start.nbytes + rows

    def taken(self, takes: NDArray[np.bool_]) -> int:
        """About how many a filter takes: of those in order."""
        return int(np.diff(self.start)[takes[: len(self.start) - 1]].sum())

    def append(self, time: Floats, atom: Ints, kind: Ints) -> None:
        """Put moments behind the others."""
        end = self.n + len(time)
        if end > len(self.time):
            room = max(end, len(self.time) * 3 // 2, 1024)
            self.time, self.atom, self.kind = (
                np.concatenate([column[: self.n], np.empty(room - self.n, column.dtype)])
                for column in (self.time, self.atom, self.kind)
            )
        self.time[self.n : end], self.atom[self.n : end], self.kind[self.n : end] = time, atom, kind
        self.n = end

    def settle(self) -> None:
        """Bring all into order."""
        done = int(self.start[-1])
        tail = np.lexsort((self.time[done : self.n], self.kind[done : self.n])) + done
        kinds = max(len(self.start) - 1, int(self.kind[done : self.n].max()) + 1)
        to = np.empty_like(self.time), np.empty_like(self.atom), np.empty_like(self.kind)
        self.start = ops().merge(self.time, self.atom, self.kind, done, self.n, tail, kinds, *to)
        self.time, self.atom, self.kind = to
        self.cancel()

    def cancel(self) -> None:
        """Let what was taken away and its counterpart go, and bring all into order, when that is an eighth or more."""
        n = self.n
        if np.count_nonzero(self.atom[:n] < 0) * 8 <= n:
            return
        atom = np.where(self.atom[:n] < 0, ~self.atom[:n], self.atom[:n])
        sign = np.where(self.atom[:n] < 0, -1, 1)
        order = np.lexsort((atom, self.time[:n], self.kind[:n]))
        time, atom, kind, sign = self.time[:n][order], atom[order], self.kind[:n][order], sign[order]
        new = np.ones(n, bool)
        new[1:] = (time[1:] != time[:-1]) | (atom[1:] != atom[:-1]) | (kind[1:] != kind[:-1])
        first = np.flatnonzero(new)
        net = np.add.reduceat(sign, first)
        times = np.abs(net)
        self.time, self.kind = np.repeat(time[first], times), np.repeat(kind[first], times)
        self.atom = np.repeat(np.where(net < 0, ~atom[first], atom[first]), times).astype(np.int32)
        self.n = len(self.time)
        self.start = _starts(self.kind)


def _starts(kind: Ints) -> Counts:
    counts = np.bincount(kind) if len(kind) else np.zeros(0, np.int64)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
