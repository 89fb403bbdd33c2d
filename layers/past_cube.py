"""A heat cube in which some matters are others: it asks the cube, takes those away and adds what they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.cube import Closed, Counts, Filter, HeatCube, Mask, OpenAt, Opened, What

_ALL = Filter()


@dataclass(frozen=True, slots=True)
class Matters:
    """A few matters in columns, as a cube takes them; times in ms, NaN for none."""

    atom: NDArray[np.int32]
    category: NDArray[np.int32]
    severity: NDArray[np.uint8]
    source: NDArray[np.int32]
    opened: NDArray[np.float64]
    closed: NDArray[np.float64]

    def taken(self, what: What, only: Filter) -> Mask:
        """Which of them count."""
        opened, closed = self.opened, self.closed
        found: Mask
        if isinstance(what, Opened):
            found = (opened > what.after) & (opened <= what.until)
        elif isinstance(what, Closed):
            found = ~np.isnan(opened) & (closed > what.after) & (closed <= what.until)
        else:
            found = (opened <= what.t) & ~(closed <= what.t)
        if only.categories is not None:
            found &= np.isin(self.category, list(only.categories))
        if only.severity is not None:
            found &= self.severity == only.severity
        if only.source is not None:
            found &= self.source == only.source
        return found


class PatchedCube:
    """What `HeatCube` answers, had `now` been `then`. `now` must be in the cube."""

    def __init__(self, cube: HeatCube, now: Matters, then: Matters) -> None:
        self._cube = cube
        self._parts = ((now, -1), (then, 1))

    def by_cell(
        self, res: int, what: What, only: Filter = _ALL, focus: Mask | None = None
    ) -> tuple[NDArray[np.uint64], Counts]:
        cells, counts = self._cube.by_cell(res, what, only, focus)
        tier = self._cube.atoms.tier(res)
        found = [(cells, counts)]
        for matters, sign in self._parts:
            slot = tier.of_atom[matters.atom[self._inside(matters, what, only, focus)]]
            placed = tier.cells[slot[slot >= 0]]
            found.append((placed, np.full(len(placed), sign, np.int64)))
        keys, place = np.unique(np.concatenate([cells for cells, _ in found]), return_inverse=True)
        total = np.zeros(len(keys), np.int64)
        np.add.at(total, place, np.concatenate([counts for _, counts in found]))
        return keys[total != 0], total[total != 0]

    def by_area(self, what: What, only: Filter = _ALL) -> Counts:
        counts = self._cube.by_area(what, only)
        for matters, sign in self._parts:
            area = self._cube.atoms.area[matters.atom[matters.taken(what, only)]]
            np.add.at(counts, area, sign)  # outside is -1, the last
        return counts

    def by_kind(self, what: What, only: Filter = _ALL, focus: Mask | None = None) -> tuple[NDArray[np.int64], Counts]:
        kinds, counts = self._cube.by_kind(what, only, focus)
        found = [(kinds, counts)]
        for matters, sign in self._parts:
            taken = self._inside(matters, what, only, focus)
            columns = [
                column[taken].astype(np.int64) for column in (matters.category, matters.severity, matters.source)
            ]
            found.append((np.stack(columns, axis=1), np.full(int(taken.sum()), sign, np.int64)))
        keys, place = np.unique(np.concatenate([kinds for kinds, _ in found]), axis=0, return_inverse=True)
        total = np.zeros(len(keys), np.int64)
        np.add.at(total, place.ravel(), np.concatenate([counts for _, counts in found]))
        return keys[total != 0], total[total != 0]

    def by_bin(
        self, what: Opened | Closed, width: float, bins: int, only: Filter = _ALL, focus: Mask | None = None
    ) -> Counts:
        counts = self._cube.by_bin(what, width, bins, only, focus)
        for matters, sign in self._parts:
            taken = self._inside(matters, what, only, focus)
            times = (matters.opened if isinstance(what, Opened) else matters.closed)[taken]
            place = np.ceil((times - what.after) / width).astype(np.int64) - 1
            np.add.at(counts, np.clip(place, 0, bins - 1), sign)
        return counts

    def _inside(self, matters: Matters, what: What, only: Filter, focus: Mask | None) -> Mask:
        taken = matters.taken(what, only)
        return taken if focus is None else taken & focus[self._cube.atoms.area[matters.atom]]


__all__ = ["Matters", "OpenAt", "PatchedCube"]
