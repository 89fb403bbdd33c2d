"""Atoms: the distinct places of a heat cube."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo import cube_plain
from geo.kernels.warm import compiled

_fast = compiled("geo.kernels.cube")


def ops() -> Any:
    """The loops: compiled when they are ready, plain until then."""
    module: ModuleType = _fast.module or cube_plain
    return module


class Atoms:
    """Numbers for distinct (cell at each resolution, finest area).

    Two points with one fine cell may have different cells at a coarser resolution, for a cell is not always the parent
    of its points' finer cells. So an atom carries the cell of its points at every resolution, and a count at any of
    them is a sum over atoms.
    """

    def __init__(self, resolutions: tuple[int, ...]) -> None:
        self.resolutions = resolutions
        self.n = 0
        self._keys = np.zeros((64, len(resolutions)), np.uint64)
        self._areas = np.full(64, -1, np.int32)
        self._table = np.full(256, -1, np.int32)
        self._cells = {res: CellTier(res) for res in resolutions}

    @property
    def area(self) -> NDArray[np.int32]:
        """Atom -> number of its finest area, -1 outside."""
        return self._areas[: self.n]

    @property
    def nbytes(self) -> int:
        own = self._keys.nbytes + self._areas.nbytes + self._table.nbytes
        return own + sum(each.nbytes for each in self._cells.values())

    def numbers(self, cells: NDArray[np.uint64], area: NDArray[np.int32]) -> NDArray[np.int32]:
        """Atoms of places: `cells` one row per place with its cell at each resolution (0: no point)."""
        cells = np.ascontiguousarray(cells, np.uint64)
        area = np.ascontiguousarray(area, np.int32)
        if cells.ndim != 2 or cells.shape != (len(area), len(self.resolutions)):
            raise ValueError(f"heat cube: cells {cells.shape}; expected ({len(area)}, {len(self.resolutions)})")
        out = np.empty(len(area), np.int32)
        step = 1 << 18  # room is made for so many new ones at a time, not for a whole load
        for low in range(0, len(area), step):
            part = slice(low, low + step)
            self._reserve(len(area[part]))
            mixed = _mixed(cells[part], area[part])
            self.n = int(
                ops().find(cells[part], area[part], mixed, self._table, self._keys, self._areas, self.n, out[part])
            )
        return out

    def tier(self, res: int) -> CellTier:
        """The cells at a resolution, current."""
        held = self._cells.get(res)
        if held is None:
            known = ", ".join(map(str, self.resolutions))
            raise ValueError(f"heat cube: resolution {res}; it was made for {known}")
        held.extend(self._keys[: self.n, self.resolutions.index(res)], self.area)
        return held

    def _reserve(self, more: int) -> None:
        want = self.n + more
        if want > len(self._areas):
            room = max(want, len(self._areas) * 3 // 2)
            keys = np.zeros((room, self._keys.shape[1]), np.uint64)
            areas = np.full(room, -1, np.int32)
            keys[: self.n], areas[: self.n] = self._keys[: self.n], self._areas[: self.n]
            self._keys, self._areas = keys, areas
        if want * 2 > len(self._table):
            size = 1 << (want * 2 - 1).bit_length()
            self._table = np.full(size, -1, np.int32)
            place = _places(_mixed(self._keys[: self.n], self._areas[: self.n]), size)
            self._table[place] = np.arange(self.n, dtype=np.int32)


def _places(hashes: NDArray[np.uint64], size: int) -> NDArray[np.int64]:
    """A free place for each of distinct keys, by linear probing in an empty table."""
    mask = size - 1
    at = (hashes & np.uint64(mask)).astype(np.int64)
    taken = np.zeros(size, bool)
    pending = np.arange(len(at))
    while len(pending):
        free = pending[~taken[at[pending]]]
        places, first = np.unique(at[free], return_index=True)
        taken[places] = True
        done = np.zeros(len(at), bool)
        done[free[first]] = True
        pending = pending[~done[pending]]
        at[pending] = (at[pending] + 1) & mask
    return at


def _mixed(cells: NDArray[np.uint64], area: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Hash of each place: multiply and fold, per column (the finaliser of MurmurHash3)."""
    mixed = area.astype(np.int64).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for column in cells.T:
        mixed = (mixed ^ column) * np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(32)
    return mixed


class Tier:
    """What rows of cumulative counts are kept by: an entry for each (place as coarse as asked for, finest area).

    A moment counts at entry[atom] + kind * step. `slot[entry]` is where it counts in an answer, `area[entry]` its area.
    """

    def __init__(self) -> None:
        self.step = 0
        self.entry = np.empty(0, np.int32)
        self.slot = np.empty(0, np.int32)
        self.area = np.empty(0, np.int32)

    @property
    def nbytes(self) -> int:
        return self.entry.nbytes + self.slot.nbytes + self.area.nbytes


class CellTier(Tier):
    """The cells at one resolution, each cut by the finest areas.

    A cell's slot is its place in `cells`, of which the first `in_order` ascend; slots are given anew when many do not.
    """

    def __init__(self, res: int) -> None:
        super().__init__()
        self.res = res
        self.of_atom = np.empty(0, np.int32)
        """Atom -> slot of its cell, -1 without a point."""
        self.cells = np.empty(0, np.uint64)
        self.in_order = 0
        self._slot_of = np.full(1, -1, np.int32)  # number + 1 -> slot
        self._numbers = _Numbers()
        self._entries = _Numbers()

    @property
    def nbytes(self) -> int:
        own = self.of_atom.nbytes + self.cells.nbytes + self._slot_of.nbytes
        return super().nbytes + own + self._numbers.nbytes + self._entries.nbytes

    def extend(self, cell: NDArray[np.uint64], area: NDArray[np.int32]) -> None:
        """Take over atoms that are new: the cell and the area of every atom."""
        done = len(self.of_atom)
        if done == len(cell):
            return
        fresh, areas = cell[done:], area[done:]
        number = np.full(len(fresh), -1, np.int32)
        placed = fresh != 0
        number[placed] = self._numbers.of(fresh[placed])
        known = len(self.cells)
        self.cells = np.concatenate([self.cells, self._numbers.since(known)])
        self._slot_of = np.concatenate([self._slot_of, np.arange(known, len(self.cells), dtype=np.int32)])
        both = ((number + 1).astype(np.uint64) << np.uint64(32)) | (areas + 1).astype(np.uint64)
        self.entry = np.concatenate([self.entry, self._entries.of(both)])
        new = self._entries.since(len(self.slot))
        self.slot = np.concatenate([self.slot, self._slot_of[new >> np.uint64(32)]])
        self.area = np.concatenate([self.area, (new & np.uint64(0xFFFFFFFF)).astype(np.int32) - 1])
        self.of_atom = np.concatenate([self.of_atom, self._slot_of[number + 1]])
        if (len(self.cells) - self.in_order) * 16 > len(self.cells):
            self._bring_in_order()

    def _bring_in_order(self) -> None:
        order = np.argsort(self.cells)
        slot = np.empty(len(order) + 1, np.int32)
        slot[order], slot[-1] = np.arange(len(order)), -1
        self.cells = self.cells[order]
        self._slot_of, self.slot, self.of_atom = slot[self._slot_of], slot[self.slot], slot[self.of_atom]
        self.in_order = len(order)


class _Numbers:
    """Numbers of distinct values, in order of appearance; the values in ascending order."""

    def __init__(self) -> None:
        self.ascending = np.empty(0, np.uint64)
        self.order = np.empty(0, np.int64)
        """ascending[i] is the value with number order[i]."""

    @property
    def nbytes(self) -> int:
        return self.ascending.nbytes + self.order.nbytes

    def since(self, number: int) -> NDArray[np.uint64]:
        """Values by number, from a number on."""
        late = np.flatnonzero(self.order >= number)
        found = np.empty(len(late), np.uint64)
        found[self.order[late] - number] = self.ascending[late]
        return found

    def of(self, values: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Numbers of values, new ones for those not seen."""
        distinct, inverse = np.unique(values, return_inverse=True)
        at = np.searchsorted(self.ascending, distinct)
        known = at < len(self.ascending)
        known[known] = self.ascending[at[known]] == distinct[known]
        number = np.empty(len(distinct), np.int32)
        number[known] = self.order[at[known]]
        fresh = np.arange(len(self.order), len(self.order) + int((~known).sum()))
        number[~known] = fresh
        self.ascending = np.insert(self.ascending, at[~known], distinct[~known])
        self.order = np.insert(self.order, at[~known], fresh)
        return number[inverse.ravel()]
