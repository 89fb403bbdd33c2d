"""The heat cube: how much happened where, for any window and any moment, exactly, in well under a millisecond.

What is counted is a matter with a place, a kind (category, severity, source), a time of opening and perhaps one of
closing. Questions are put as a moment (`Opened`, `Closed`, `OpenAt`), a `Filter` and a focus, and answered by H3 cell
at a resolution, by finest area, by kind or by bin of time.

Structure (`geo/cube_stream.py`): three streams of moments, each in blocks of 65,536. What is asked for over long
windows gets rows of cumulative counts between the blocks, the first time it is asked: by cell at its resolution, cut
by finest areas, or by area, or by kind and area (`geo/cube_atoms.py`). `OpenAt(t)` is what was opened by t less what
was closed by t; a matter closed before it was opened is never open, which a third stream of those few makes right.

Memory, bytes, with m matters and a atoms (distinct places) seen, and r resolutions:

    <= 40 * m                     two streams of m moments: time 8, atom 4, kind 4 each, and room for a quarter more
    + (14 r + 12) a * 1.5 + 16 a  keys of atoms and their hash table
    + (8 r) * a + 24 * entries    their cell and entry at each resolution; entries <= a at each
    + 32 a + 128 * entries        at most, the same for the last focuses (`geo/cube_focus.py`)
    + row_bytes                   rows, at most; the least recently used go first

a is bounded by the places where things happen: each distinct combination of the cells of a point and its area. Rows do
not grow with the matters beyond `row_bytes`: when they must, fewer are kept and answers scan more.

Late, changed and reclassified matters: `remove` what was said before, `add` what is known now. A moment that was
removed stays beside its counterpart until a block is put in order, and counts as nothing meanwhile.

Not thread-safe. Answers do not depend on whether the compiled loops are ready (`geo/kernels/warm.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import proxy

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.cube_atoms import Atoms, CellTier, Tier, ops
from geo.cube_focus import Part, Parts
from geo.cube_kinds import Kinds
from geo.cube_stream import BLOCK, Question, Stream

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Opened:
    """Matters opened in (after, until], ms."""

    after: float
    until: float


@dataclass(frozen=True, slots=True)
class Closed:
    """Matters closed in (after, until], ms."""

    after: float
    until: float


@dataclass(frozen=True, slots=True)
class OpenAt:
    """Matters opened by t (ms) and not closed by t."""

    t: float


What = Opened | Closed | OpenAt


@dataclass(frozen=True, slots=True)
class Filter:
    """Which matters count; None: all. Numbers are those that the caller gave with its matters."""

    categories: frozenset[int] | None = None
    severity: int | None = None
    source: int | None = None


_ALL = Filter()


class HeatCube:
    """See the head of this file.

    `areas`: areas are numbers 0 .. areas - 1, -1 is outside. A focus is a mask with one entry more, the last one for
    outside. `row_bytes` bounds the memory of rows.
    """

    def __init__(
        self, areas: int, resolutions: tuple[int, ...] = (5, 6, 7, 8, 9, 10), *, block: int = BLOCK,
        row_bytes: int = 512 << 20,
    ) -> None:  # fmt: skip
        self.atoms = Atoms(resolutions)
        self._areas = areas
        self._everywhere = np.ones(areas + 1, bool)
        self._kinds = Kinds()
        self._parts = Parts()
        self._takes: dict[Filter, Mask] = {}
        self._area_tier, self._kind_tier = Tier(), Tier()
        room = row_bytes // 5 * 2  # the two streams of note; the third is tiny
        me = proxy(self)  # streams that held their cube would keep it, in a cycle, until the collector comes by

        def tier_of(name: int | str) -> Tier:
            found: Tier = me._tier(name)
            return found

        def takes_of(only: Filter) -> Mask:
            found: Mask = me._mask(only)
            return found

        self._opened, self._closed = (Stream(tier_of, takes_of, block, room) for _ in range(2))
        self._reversed = Stream(tier_of, takes_of, block, row_bytes // 5)

    # -- what is known ---------------------------------------------------------------------------------------------

    def places(self, cells: NDArray[np.uint64], area: Ints) -> Ints:
        """Atoms of places: `cells` one row per place with its cell at each resolution (0 without a point)."""
        area = np.asarray(area, np.int32)
        if len(area) and not -1 <= int(area.min()) <= int(area.max()) < self._areas:
            raise ValueError(f"heat cube: area {int(area.max())}; expected -1 to {self._areas - 1}")
        return self.atoms.numbers(cells, area)

    def kinds(self, category: ArrayLike, severity: ArrayLike, source: ArrayLike) -> Ints:
        """Numbers of (category, severity, source), each from 0 up."""
        before = len(self._kinds)
        found = self._kinds.numbers(*(np.asarray(x, np.int64) for x in (category, severity, source)))
        if len(self._kinds) != before:
            self._takes.clear()
        return found

    def add(self, atom: Ints, kind: Ints, opened: Floats, closed: Floats) -> None:
        """Take matters over; times in ms, `closed` NaN for not closed, `opened` NaN: counted nowhere."""
        self._put(atom, kind, opened, closed, take_away=False)

    def remove(self, atom: Ints, kind: Ints, opened: Floats, closed: Floats) -> None:
        """Take back matters that were added with these very values."""
        self._put(atom, kind, opened, closed, take_away=True)

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return (
            self.atoms.nbytes + self._parts.nbytes + sum(s.nbytes for s in (self._opened, self._closed, self._reversed))
        )

    # -- what is asked ---------------------------------------------------------------------------------------------

    def by_cell(
        self, res: int, what: What, only: Filter = _ALL, focus: Mask | None = None
    ) -> tuple[NDArray[np.uint64], Counts]:
        """(H3 cells at `res` with a count, ascending; their counts). Matters without a point are in no cell."""
        tier = self.atoms.tier(res)
        asked = self._asked(res, only, tier.of_atom, focus)
        seen: CellTier | Part = tier
        if focus is not None and (part := self._parts.of(tier, focus, self.atoms.area)) is not None:
            seen, asked = part, replace(asked, slot=part.of_atom, part=part, anywhere=True)
        counts = np.zeros(len(seen.cells) + 1, np.int32)
        self._count(what, asked, counts)
        cells, found = np.empty(len(seen.cells), np.uint64), np.empty(len(seen.cells), np.int64)
        many = ops().collect(counts, seen.cells, cells, found)
        cells, found = cells[:many], found[:many]
        if counts[seen.in_order : -1].any():
            order = np.argsort(cells)
            cells, found = cells[order], found[order]
        return cells, found

    def by_area(self, what: What, only: Filter = _ALL) -> Counts:
        """Counts by number of the finest area; the last entry is outside."""
        counts = np.zeros(self._areas + 1, np.int32)
        self._count(what, self._asked("area", only, self.atoms.area, None), counts)
        return counts.astype(np.int64)

    def by_kind(self, what: What, only: Filter = _ALL, focus: Mask | None = None) -> tuple[NDArray[np.int64], Counts]:
        """(category, severity, source per row; counts), only those with a count."""
        counts = np.zeros(len(self._kinds), np.int32)
        self._count(what, self._asked("kind", _ALL, None, focus), counts)
        hit = np.flatnonzero((counts != 0) & self._mask(only))
        return self._kinds.triples[hit], counts[hit].astype(np.int64)

    def by_bin(
        self, what: Opened | Closed, width: float, bins: int, only: Filter = _ALL, focus: Mask | None = None
    ) -> Counts:
        """Counts by bin: (after + i * width, after + (i + 1) * width] for i from 0 to bins - 1. What a rounded `until`
        leaves beyond the last bin counts in it. Looks at every moment of the window."""
        counts = np.zeros(bins, np.int32)
        asked = self._asked("area", only, None, focus)
        for stream, after, until, _ in self._spans(what):
            stream.count_bins(asked, after, until, width, counts)
        return counts.astype(np.int64)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _put(self, atom: Ints, kind: Ints, opened: Floats, closed: Floats, *, take_away: bool) -> None:
        atom, kind = np.asarray(atom, np.int32), np.asarray(kind, np.int32)
        opened, closed = np.asarray(opened, np.float64), np.asarray(closed, np.float64)
        plus, minus = (~atom, atom) if take_away else (atom, ~atom)

        def put(stream: Stream, which: Mask, time: Floats, signed: Ints) -> None:
            stream.add(time[which], signed[which], kind[which])

        real = ~np.isnan(opened)
        put(self._opened, real, opened, plus)
        ended = real & ~np.isnan(closed)
        put(self._closed, ended, closed, plus)
        early = ended & (closed < opened)
        if early.any():
            put(self._reversed, early, closed, plus)
            put(self._reversed, early, opened, minus)

    def _spans(self, what: What) -> list[tuple[Stream, float, float, int]]:
        if isinstance(what, Opened):
            return [(self._opened, what.after, what.until, 1)] if what.after < what.until else []
        if isinstance(what, Closed):
            return [(self._closed, what.after, what.until, 1)] if what.after < what.until else []
        return [(stream, -np.inf, what.t, sign)
                for stream, sign in ((self._opened, 1), (self._closed, -1), (self._reversed, 1))]  # fmt: skip

    def _asked(self, tier: int | str, only: Filter, slot: Ints | None, focus: Mask | None) -> Question:
        inside = self._everywhere if focus is None else focus
        return Question(
            tier, self._tier(tier), only, self._mask(only), slot, self.atoms.area, inside, focus is None
        )  # fmt: skip

    def _count(self, what: What, asked: Question, out: Ints) -> None:
        for stream, after, until, sign in self._spans(what):
            stream.count(asked, after, until, sign, out)

    def _tier(self, name: int | str) -> Tier:
        """What rows are kept by: a resolution, "area" or "kind", as it is now."""
        if isinstance(name, int):
            return self.atoms.tier(name)
        wide = self._areas + 1
        held = self._area_tier if name == "area" else self._kind_tier
        size = wide * (len(self._kinds) if name == "kind" else 1)
        if len(held.entry) != self.atoms.n:
            held.entry = self.atoms.area % wide  # outside, -1, is the last
        if len(held.slot) != size:
            entry = np.arange(size, dtype=np.int32)
            held.area = entry % wide
            held.slot, held.step = (entry // wide, wide) if name == "kind" else (entry, 0)
        return held

    def _mask(self, only: Filter) -> Mask:
        """Kind -> whether the filter takes it."""
        found = self._takes.get(only)
        if found is None:
            if len(self._takes) > 256:
                self._takes.clear()
            category, severity, source = self._kinds.triples.T
            found = np.ones(len(self._kinds), bool)
            if only.categories is not None:
                found &= np.isin(category, list(only.categories))
            if only.severity is not None:
                found &= severity == only.severity
            if only.source is not None:
                found &= source == only.source
            self._takes[only] = found
        return found
