"""A resolution of the heat cube as a focus sees it: its cells alone, numbered anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.cube_atoms import CellTier

KEPT = 8
"""Parts at hand; the least recently used go first."""

WORTH = 12
"""Questions before a part is made: about as many as save what making it takes."""


@dataclass(frozen=True, slots=True)
class Part:
    """The cells with an entry inside the focus, in the order of their tier; the first `in_order` ascend.

    `slot[i]` is where the tier's `entry[i]` counts, `of_atom[atom]` where an atom does; outside atoms, and those
    without a point, count at `len(cells)`.
    """

    cells: NDArray[np.uint64]
    in_order: int
    entry: NDArray[np.int32]
    slot: NDArray[np.int32]
    of_atom: NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        return self.cells.nbytes + self.entry.nbytes + self.slot.nbytes + self.of_atom.nbytes


class Parts:
    """Parts by resolution and focus.

    Making a part takes some milliseconds, having it saves a fraction of one in each question. So it is made after
    `WORTH` questions without a new atom: a stream of new places, or more focuses in turn than are kept, make none.
    """

    def __init__(self) -> None:
        # (resolution, focus) -> (atoms then, questions since, part); oldest use first
        self._held: dict[tuple[int, bytes], tuple[int, int, Part | None]] = {}

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for _, _, part in self._held.values() if part is not None)

    def of(self, tier: CellTier, inside: NDArray[np.bool_], area: NDArray[np.int32]) -> Part | None:
        """The part of the tier in a focus (a mask by area, the last one outside), None when it is not worth making."""
        key, atoms = (tier.res, inside.tobytes()), len(tier.of_atom)
        then, times, part = self._held.pop(key, (atoms, 0, None))
        if then != atoms:
            times, part = 0, None
        if part is None and times >= WORTH:
            part = _part(tier, inside, area)
        self._held[key] = atoms, times + 1, part
        if len(self._held) > KEPT:
            del self._held[next(iter(self._held))]
        return part


def _part(tier: CellTier, inside: NDArray[np.bool_], area: NDArray[np.int32]) -> Part:
    entry = np.flatnonzero(inside[tier.area] & (tier.slot >= 0)).astype(np.int32)
    old = np.unique(tier.slot[entry])
    many = len(old)
    new = np.full(len(tier.cells) + 1, many, np.int32)  # the last: without a point
    new[old] = np.arange(many, dtype=np.int32)
    of_atom = np.where(inside[area], new[tier.of_atom], np.int32(many))
    return Part(tier.cells[old], int(np.searchsorted(old, tier.in_order)), entry, new[tier.slot[entry]], of_atom)
