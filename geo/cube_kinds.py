"""Kinds: the distinct (category, severity, source) of a heat cube, by number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_LARGEST_TABLE = 1 << 22


class Kinds:
    """Numbers in order of appearance. `triples` is (category, severity, source) by number."""

    def __init__(self) -> None:
        self.triples = np.empty((0, 3), np.int64)
        self._number: dict[tuple[int, ...], int] = {}
        self._table = np.full((1, 1, 1), -1, np.int32)

    def __len__(self) -> int:
        return len(self.triples)

    def numbers(self, category: Ints, severity: Ints, source: Ints) -> NDArray[np.int32]:
        """Numbers of kinds, new ones for those not seen. Raises ValueError below 0."""
        values = np.broadcast_arrays(category, severity, source)
        if not values[0].size:
            return np.empty(0, np.int32)
        if min(int(v.min()) for v in values) < 0:
            raise ValueError("heat cube: a category, severity or source below 0")
        wide = tuple(int(v.max()) + 1 for v in values)
        if any(w > have for w, have in zip(wide, self._table.shape, strict=True)):
            wide = tuple(
                have if w <= have else w + w // 4 for w, have in zip(wide, self._table.shape, strict=True)
            )  # fmt: skip
            if wide[0] * wide[1] * wide[2] > _LARGEST_TABLE:
                return self._one_by_one(np.stack(values, axis=1))
            self._table = np.full(wide, -1, np.int32)
            self._table[tuple(self.triples.T)] = np.arange(len(self))
        at = np.ravel_multi_index(tuple(values), self._table.shape)
        found: NDArray[np.int32] = self._table.ravel()[at]
        if (found < 0).any():
            missed = np.zeros(self._table.size, bool)
            missed[at[found < 0]] = True
            self._note(np.stack(np.unravel_index(np.flatnonzero(missed), self._table.shape), axis=1))
            found = self._table.ravel()[at]
        return found

    def _one_by_one(self, triples: Ints) -> NDArray[np.int32]:
        distinct, inverse = np.unique(triples, axis=0, return_inverse=True)
        self._note(np.array([t for t in distinct.tolist() if tuple(t) not in self._number], np.int64).reshape(-1, 3))
        numbers = np.array([self._number[tuple(t)] for t in distinct.tolist()], np.int32)
        return numbers[inverse.ravel()]

    def _note(self, fresh: Ints) -> None:
        for triple in fresh.tolist():
            self._number[tuple(triple)] = len(self._number)
        inside = (fresh < self._table.shape).all(axis=1)
        numbers = np.arange(len(self), len(self) + len(fresh), dtype=np.int32)
        self._table[tuple(fresh[inside].T)] = numbers[inside]
        self.triples = np.concatenate([self.triples, fresh])
