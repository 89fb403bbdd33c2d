"""The loops of the heat cube in NumPy: what runs until `geo/kernels/cube.py` is compiled, and what it is tested with.

Vocabulary of all arguments: an event has a `time` (ms), an `atom` (its place; `~atom` takes one away) and a `kind`
(its category, severity and source). The first `start[-1]` of a block's n events are ordered by kind, then time; kind k
lies at start[k]:start[k + 1]; the rest came later and has no order. `takes[kind]` says whether a kind is asked for,
`slot[atom]` where an atom counts in `out` (-1: the last entry), `inside[area[atom]]` whether its area is asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def scan(
    time: Array, atom: Array, kind: Array, n: int, start: Array, takes: Array, after: float, until: float,
    slot: Array, area: Array, inside: Array, anywhere: bool, sign: int, out: Array,
) -> int:  # fmt: skip
    """Count the events in (after, until] into `out`; how many were looked at."""
    a, step = _asked(time, atom, kind, n, takes, after, until)
    if not anywhere:
        keep = inside[area[a]]
        a, step = a[keep], step[keep]
    np.add.at(out, slot[a], (sign * step).astype(out.dtype))
    return n


def scan_kinds(
    time: Array, atom: Array, kind: Array, n: int, start: Array, takes: Array, after: float, until: float,
    area: Array, inside: Array, sign: int, out: Array,
) -> None:  # fmt: skip
    """The same by kind: out[kind]."""
    chosen = _chosen(time, kind, n, takes, after, until)
    a, step = _signed(atom[:n][chosen])
    keep = inside[area[a]]
    np.add.at(out, kind[:n][chosen][keep], (sign * step[keep]).astype(out.dtype))


def scan_bins(
    time: Array, atom: Array, kind: Array, n: int, takes: Array, first: float, until: float, width: float,
    area: Array, inside: Array, out: Array,
) -> None:  # fmt: skip
    """The moments in (first, until] by bin of time: (first + i * width, first + (i + 1) * width]."""
    bins = len(out)
    chosen = _chosen(time, kind, n, takes, first, until)
    a, step = _signed(atom[:n][chosen])
    keep = inside[area[a]]
    t = time[:n][chosen][keep]
    at = np.clip(np.ceil((t - first) / width).astype(np.int64) - 1, 0, bins - 1)
    np.add.at(out, at, step[keep].astype(out.dtype))


def difference(
    low: Array, high: Array, slot: Array, area: Array, inside: Array, anywhere: bool, sign: int, out: Array
) -> None:
    """Count what came between two rows of cumulative counts. A row ends where later entries were not known yet."""
    more = high.astype(np.int64)
    both = min(len(low), len(high))
    more[:both] -= low[:both]
    a = np.flatnonzero(more)
    if not anywhere:
        a = a[inside[area[a]]]
    np.add.at(out, slot[a], (sign * more[a]).astype(out.dtype))


def difference_at(low: Array, high: Array, entry: Array, slot: Array, sign: int, out: Array) -> None:
    """The same at some entries, ascending, which count at `slot`."""
    known, before = np.searchsorted(entry, [len(high), len(low)])
    np.add.at(out, slot[:known], (sign * high[entry[:known]]).astype(out.dtype))
    np.add.at(out, slot[:before], (-sign * low[entry[:before]]).astype(out.dtype))


def collect(counts: Array, cells: Array, cells_to: Array, counts_to: Array) -> int:
    """Write the cells with a count, in their order, and their counts; how many."""
    hit = np.flatnonzero(counts[: len(cells)])
    cells_to[: len(hit)], counts_to[: len(hit)] = cells[hit], counts[hit]
    return len(hit)


def bump(row: Array, atom: Array, kind: Array, takes: Array, entry: Array, step: int) -> None:
    """Add events to a row of counts; an event counts at entry[atom] + kind * step."""
    taken = takes[kind]
    a, sign = _signed(atom[taken])
    np.add.at(row, entry[a] + kind[taken] * step, sign.astype(row.dtype))


def merge(
    time: Array, atom: Array, kind: Array, sorted_: int, n: int, order: Array, kinds: int,
    time_to: Array, atom_to: Array, kind_to: Array,
) -> Array:  # fmt: skip
    """Bring a block in order, its last ones given in order by `order`; the new `start`."""
    whole = np.lexsort((time[:n], kind[:n]))
    time_to[:n], atom_to[:n], kind_to[:n] = time[whole], atom[whole], kind[whole]
    return np.concatenate([[0], np.cumsum(np.bincount(kind[:n], minlength=kinds))])


def find(
    cells: Array, area: Array, hashes: Array, table: Array, keys: Array, areas: Array, atoms: int, out: Array
) -> int:
    """Atoms of (cells, area), new ones for those not seen; how many there are now.

    `table` is a hash table of atoms with linear probing, -1 free. All rows probe at once, round by round.
    """
    mask = len(table) - 1
    at = (hashes & np.uint64(mask)).astype(np.int64)
    pending = np.arange(len(cells))
    while len(pending):
        found = table[at[pending]]
        free = found < 0
        if free.any():
            # of those that want the same free place the first one gets it
            places, first = np.unique(at[pending[free]], return_index=True)
            winners = pending[free][first]
            fresh = np.arange(atoms, atoms + len(winners))
            table[places] = fresh
            keys[fresh], areas[fresh] = cells[winners], area[winners]
            atoms += len(winners)
            found = table[at[pending]]
        same = (areas[found] == area[pending]) & (keys[found] == cells[pending]).all(axis=1)
        out[pending[same]] = found[same]
        pending = pending[~same]
        at[pending] = (at[pending] + 1) & mask
    return atoms


def _chosen(time: Array, kind: Array, n: int, takes: Array, after: float, until: float) -> Array:
    t = time[:n]
    return np.flatnonzero((t > after) & (t <= until) & takes[kind[:n]])


def _asked(
    time: Array, atom: Array, kind: Array, n: int, takes: Array, after: float, until: float
) -> tuple[Array, Array]:
    return _signed(atom[:n][_chosen(time, kind, n, takes, after, until)])


def _signed(atom: Array) -> tuple[Array, Array]:
    """(atom, +1 or -1)."""
    return np.where(atom < 0, ~atom, atom), np.where(atom < 0, -1, 1)
