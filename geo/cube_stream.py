"""One stream of a heat cube: moments in time-ordered blocks, with cumulative counts between them.

    starts      -inf           s1              s2              s3
    blocks      [ block 0     )[ block 1      )[ block 2      )[ block 3 ...        late ones: a pool
    rows        (zeros)        row 1           row 2           row 3         counts of all before the block

A window (after, until] is the end of the block that `after` lies in, the difference of two rows, and the beginning of
the block that `until` lies in. Within a block the moments are ordered by kind, then time, so that a filter reads only
what it takes; up to TAIL new ones wait unordered at the end, and as many late ones, of any older block, in the pool.

Rows are kept by row set, one for each pair of a tier (what is counted by) and a filter that was asked for over much.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.cube_atoms import Tier, ops
from geo.cube_block import Block
from geo.cube_focus import Part

Array = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

BLOCK = 65_536
"""Moments in a block after a load, or when a full one was cut."""

TAIL = 8192
MUCH = 50_000
"""Moments looked at for one answer that are worth a row set."""

STRIDE = 8
"""Most blocks from one row of a set to the next."""

_NONE = np.zeros(0, np.int32)
_ONES = np.ones(0, bool)


@dataclass(eq=False, slots=True)
class RowSet:
    """Rows by `tier` of what `only` takes, one at about every `stride` blocks. Both are names, `Stream` asks for what
    they mean now."""

    tier: Hashable
    only: Hashable
    stride: int


@dataclass(frozen=True, slots=True)
class Question:
    """What to count: the tier and the filter by name and as they are, the focus, and where an atom counts.

    `slot` None: count by kind. `part`: the tier in the focus; `slot` is then its own, which knows what is outside.
    """

    name: Hashable
    tier: Tier
    only: Hashable
    takes: Mask
    slot: Ints | None
    area: Ints
    inside: Mask
    anywhere: bool
    part: Part | None = None


class Stream:
    """Moments with an atom and a kind. `~atom` takes a moment away that was added before.

    `tier_of` and `takes_of` say what names of tiers and filters mean now; `row_bytes` bounds the rows.
    """

    def __init__(
        self, tier_of: Callable[[Any], Tier], takes_of: Callable[[Any], Mask], block: int, row_bytes: int
    ) -> None:
        self._tier_of, self._takes_of, self._size, self._row_bytes = tier_of, takes_of, block, row_bytes
        self.blocks = [Block(np.empty(0), _NONE, _NONE)]
        self.starts = np.array([-np.inf])
        self._late = Block(np.empty(0), _NONE, _NONE)
        self._sets: dict[tuple[Hashable, Hashable], RowSet] = {}  # least recently used first

    @property
    def nbytes(self) -> int:
        return self._late.nbytes + sum(block.nbytes for block in self.blocks)

    @property
    def row_bytes(self) -> int:
        """Memory of the rows, bytes."""
        return sum(row.nbytes for block in self.blocks for row in block.rows.values())

    def add(self, time: Floats, atom: Ints, kind: Ints) -> None:
        """Take moments over."""
        last = len(self.blocks) - 1
        late = time < self.starts[last]
        if late.any():
            self._late.append(time[late], atom[late], kind[late])
            if self._late.n > TAIL:
                self._settle_late()
            late = ~late
            time, atom, kind = time[late], atom[late], kind[late]
        if len(time):
            self._append(len(self.blocks) - 1, time, atom, kind)

    def count(self, asked: Question, after: float, until: float, sign: int, out: Ints) -> None:
        """Add `sign` times the counts of the moments in (after, until] to `out`."""
        first, last = self._block_of(after), self._block_of(until)
        seen = self._scan(self._late, asked, after, until, sign, out) if self._late.n else 0
        if first == last:
            self._scan(self.blocks[first], asked, after, until, sign, out)
            return
        # Whole blocks low..high - 1, and of the blocks at the ends the smaller part: counted in, or taken off.
        rows = self._rows(asked)
        low, high = first + 1, last
        if after == -np.inf:
            low = 0
        elif rows is not None and self._early(first, after) and rows in self.blocks[first].rows:
            low = first
            seen += self._scan(self.blocks[first], asked, -np.inf, after, -sign, out)
        else:
            seen += self._scan(self.blocks[first], asked, after, np.inf, sign, out)
        behind = last + 1
        if rows is not None and not self._early(last, until) and rows in self.blocks[behind].rows:
            high = behind
            seen += self._scan(self.blocks[last], asked, until, np.inf, -sign, out)
        else:
            seen += self._scan(self.blocks[last], asked, -np.inf, until, sign, out)
        there, back = self._rows_within(rows, low, high)
        if rows is not None and there < back:
            tier = asked.tier
            lower, higher = (self.blocks[i].rows.get(rows, _NONE)[: len(tier.slot)] for i in (there, back))
            if asked.part is not None:
                ops().difference_at(lower, higher, asked.part.entry, asked.part.slot, sign, out)
            else:
                ops().difference(lower, higher, tier.slot, tier.area, asked.inside, asked.anywhere, sign, out)
        for number in (*range(low, there), *range(back, high)):
            seen += self._scan(self.blocks[number], asked, -np.inf, np.inf, sign, out)
        if seen > MUCH:
            self._keep_rows(asked)

    def count_bins(self, asked: Question, first: float, until: float, width: float, out: Ints) -> None:
        """Add the counts of the moments in (first, until] by bin: (first + i * width, first + (i + 1) * width]."""
        for b in (self._late, *self.blocks[self._block_of(first) : self._block_of(until) + 1]):
            where = b.time, b.atom, b.kind, b.n, asked.takes
            ops().scan_bins(*where, first, until, width, asked.area, asked.inside, out)

    def _scan(self, b: Block, asked: Question, after: float, until: float, sign: int, out: Ints) -> int:
        where = b.time, b.atom, b.kind, b.n, b.start, asked.takes, after, until
        if asked.slot is None:
            ops().scan_kinds(*where, asked.area, asked.inside, sign, out)
            return b.n
        seen: int = ops().scan(*where, asked.slot, asked.area, asked.inside, asked.anywhere, sign, out)
        return seen

    def _block_of(self, t: float) -> int:
        return int(np.searchsorted(self.starts, t, side="right")) - 1

    # -- rows ------------------------------------------------------------------------------------------------------

    def _early(self, number: int, t: float) -> bool:
        """Whether t is in the first half of a block that another one follows, by the clock; True in the last block."""
        return number + 1 == len(self.blocks) or 2 * t < self.starts[number] + self.starts[number + 1]

    def _rows(self, asked: Question) -> RowSet | None:
        """The rows for the question, now used most recently."""
        key = asked.name, asked.only
        rows = self._sets.pop(key, None)
        if rows is not None:
            self._sets[key] = rows
        return rows

    def _rows_within(self, rows: RowSet | None, low: int, high: int) -> tuple[int, int]:
        """The first and the last block in low..high with a row, twice `high` when there are not two. Before block 0 all
        counts are 0."""
        there, back = low, high
        while there < high and there and rows not in self.blocks[there].rows:
            there += 1
        while back > there and rows not in self.blocks[back].rows:
            back -= 1
        return (there, back) if rows is not None and there < back else (high, high)

    def _keep_rows(self, asked: Question) -> None:
        """Give a question rows of its own up to the last block, and keep them current from now on."""
        key, size = (asked.name, asked.only), len(asked.tier.slot)
        rows = self._sets.get(key)
        if rows is None:
            rows = self._sets[key] = RowSet(*key, self._stride(asked, size))
        blocks = self.blocks
        have = [i for i, block in enumerate(blocks) if rows in block.rows]
        last = have[-1] if have else 0
        if len(blocks) - 1 - last < rows.stride:
            return
        row = np.zeros(size, np.int32)
        held = blocks[last].rows.get(rows, _NONE)[:size]
        row[: len(held)] = held
        for number in range(last, len(blocks)):
            block = blocks[number]
            if number - last == rows.stride:
                block.rows[rows] = row.copy()
                last = number
            ops().bump(
                row, block.atom[: block.n], block.kind[: block.n], asked.takes, asked.tier.entry, asked.tier.step
            )
        while self._sets and self.row_bytes > self._row_bytes:
            oldest = self._sets.pop(next(iter(self._sets)))
            for block in blocks:
                block.rows.pop(oldest, None)

    def _stride(self, asked: Question, size: int) -> int:
        """The rarer what the filter takes, the fewer rows; no set has more than a quarter of the room."""
        taken = sum(b.taken(asked.takes) for b in self.blocks)
        share = taken / max(1, sum(b.n for b in self.blocks))
        room = len(self.blocks) * size * 4 / (self._row_bytes / 4)
        return int(max(1, min(STRIDE, 0.5 / max(share, 0.01)), np.ceil(room)))

    # -- blocks ----------------------------------------------------------------------------------------------------

    def _append(self, number: int, time: Floats, atom: Ints, kind: Ints) -> None:
        block = self.blocks[number]
        block.append(time, atom, kind)
        if block.n > max(block.most, self._size * 5 // 4):
            self._cut(number)
        elif block.n - int(block.start[-1]) > TAIL:
            block.settle()

    def _settle_late(self) -> None:
        """Move the pool into the blocks, and count it in every row after them."""
        n = self._late.n
        time, atom, kind = self._late.time[:n], self._late.atom[:n], self._late.kind[:n]
        order = np.argsort(time, kind="stable")
        time, atom, kind = time[order], atom[order], kind[order]
        self._late = Block(np.empty(0), _NONE, _NONE)
        place = np.searchsorted(time, self.starts[1:])  # how many come before each block but the first
        meaning = {
            rows: (self._tier_of(rows.tier), self._takes_of(rows.only)) for rows in self._sets.values()
        }  # fmt: skip
        for block, upto in zip(self.blocks[1:], place.tolist(), strict=True):
            if not upto:
                continue
            for rows, row in block.rows.items():
                tier, takes = meaning[rows]
                if len(row) < len(tier.slot):
                    block.rows[rows] = row = _longer(row, len(tier.slot))
                ops().bump(row, atom[:upto], kind[:upto], takes, tier.entry, tier.step)
        # from the last block to the first, for a block that is cut moves those after it
        bounds = [0, *place.tolist(), n]
        for number in range(len(self.blocks) - 1, -1, -1):
            low, high = bounds[number], bounds[number + 1]
            if low < high:
                self._append(number, time[low:high], atom[low:high], kind[low:high])

    def _cut(self, number: int) -> None:
        """Cut a block that is too full, between moments: the last one into blocks of the usual size and what is left,
        others evenly. Rows of new blocks come when they are missed."""
        block = self.blocks[number]
        block.cancel()
        n = block.n
        if n <= self._size:
            return
        order = np.argsort(block.time[:n], kind="stable")
        time, atom, kind = block.time[order], block.atom[order], block.kind[order]
        if number == len(self.blocks) - 1:
            wanted = np.arange(self._size, n, self._size)
        else:
            wanted = np.linspace(0, n, n * 5 // (self._size * 4) + 2).astype(np.int64)[1:-1]
        bounds = np.unique(np.searchsorted(time, time[wanted], side="left"))
        bounds = bounds[bounds > 0]
        if not len(bounds):  # the first moment fills more than a block: cut after it, if anything comes after it
            bounds = np.searchsorted(time, time[:1], side="right")
            bounds = bounds[bounds < n]
        if not len(bounds):
            block.most = 2 * n
            return
        pieces = [Block(time[low:high], atom[low:high], kind[low:high]) for low, high in pairwise([0, *bounds, n])]
        pieces[0].rows = block.rows
        self.blocks[number : number + 1] = pieces
        self.starts = np.insert(self.starts, number + 1, time[bounds])


def _longer(row: Ints, size: int) -> Ints:
    return np.concatenate([row, np.zeros(size + size // 16 - len(row), np.int32)])
