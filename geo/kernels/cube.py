"""Compiled loops of the heat cube. Names, arguments and answers are those of `geo/cube_plain.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernels.jit import kernel

Array = NDArray[Any]


@kernel
def _upper(time: Array, low: int, high: int, t: float) -> int:
    """First place in time[low:high] (ascending) that is after t."""
    while low < high:
        middle = (low + high) >> 1
        if time[middle] <= t:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def scan(
    time: Array, atom: Array, kind: Array, n: int, start: Array, takes: Array, after: float, until: float,
    slot: Array, area: Array, inside: Array, anywhere: bool, sign: int, out: Array,
) -> int:  # fmt: skip
    seen = 0
    kinds = start.shape[0] - 1
    for k in range(kinds):
        if not takes[k] or start[k] == start[k + 1]:
            continue
        low = _upper(time, start[k], start[k + 1], after)
        high = _upper(time, low, start[k + 1], until)
        seen += high - low
        if anywhere:
            for i in range(low, high):
                a = atom[i]
                if a >= 0:
                    out[slot[a]] += sign
                else:
                    out[slot[~a]] -= sign
        else:
            for i in range(low, high):
                a = atom[i]
                step = sign
                if a < 0:
                    a = ~a
                    step = -sign
                if inside[area[a]]:
                    out[slot[a]] += step
    for i in range(start[kinds], n):
        if time[i] > after and time[i] <= until and takes[kind[i]]:
            a = atom[i]
            step = sign
            if a < 0:
                a = ~a
                step = -sign
            if anywhere or inside[area[a]]:
                out[slot[a]] += step
    return int(seen + n - start[kinds])


@kernel
def scan_kinds(
    time: Array, atom: Array, kind: Array, n: int, start: Array, takes: Array, after: float, until: float,
    area: Array, inside: Array, sign: int, out: Array,
) -> None:  # fmt: skip
    kinds = start.shape[0] - 1
    for k in range(kinds):
        if not takes[k] or start[k] == start[k + 1]:
            continue
        low = _upper(time, start[k], start[k + 1], after)
        high = _upper(time, low, start[k + 1], until)
        for i in range(low, high):
            a = atom[i]
            if a >= 0:
                if inside[area[a]]:
                    out[k] += sign
            elif inside[area[~a]]:
                out[k] -= sign
    for i in range(start[kinds], n):
        if time[i] > after and time[i] <= until and takes[kind[i]]:
            a = atom[i]
            if a >= 0:
                if inside[area[a]]:
                    out[kind[i]] += sign
            elif inside[area[~a]]:
                out[kind[i]] -= sign


@kernel
def scan_bins(
    time: Array, atom: Array, kind: Array, n: int, takes: Array, first: float, until: float, width: float,
    area: Array, inside: Array, out: Array,
) -> None:  # fmt: skip
    bins = out.shape[0]
    for i in range(n):
        t = time[i]
        if t > first and t <= until and takes[kind[i]]:
            at = min(max(int(np.ceil((t - first) / width)) - 1, 0), bins - 1)
            a = atom[i]
            if a >= 0:
                if inside[area[a]]:
                    out[at] += 1
            elif inside[area[~a]]:
                out[at] -= 1


@kernel
def difference(
    low: Array, high: Array, slot: Array, area: Array, inside: Array, anywhere: bool, sign: int, out: Array
) -> None:
    both = min(low.shape[0], high.shape[0])
    if anywhere:
        for a in range(both):
            out[slot[a]] += sign * (high[a] - low[a])
        for a in range(both, high.shape[0]):
            out[slot[a]] += sign * high[a]
    else:
        for a in range(both):
            if inside[area[a]]:
                out[slot[a]] += sign * (high[a] - low[a])
        for a in range(both, high.shape[0]):
            if inside[area[a]]:
                out[slot[a]] += sign * high[a]


@kernel
def difference_at(low: Array, high: Array, entry: Array, slot: Array, sign: int, out: Array) -> None:
    for i in range(entry.shape[0]):
        e = entry[i]
        if e < low.shape[0]:
            out[slot[i]] -= sign * low[e]
        if e < high.shape[0]:
            out[slot[i]] += sign * high[e]


@kernel
def collect(counts: Array, cells: Array, cells_to: Array, counts_to: Array) -> int:
    many = 0
    for i in range(cells.shape[0]):
        cells_to[many] = cells[i]  # without a branch: kept when the count is not 0
        counts_to[many] = counts[i]
        many += counts[i] != 0
    return many


@kernel
def bump(row: Array, atom: Array, kind: Array, takes: Array, entry: Array, step: int) -> None:
    for i in range(atom.shape[0]):
        k = kind[i]
        if takes[k]:
            a = atom[i]
            if a >= 0:
                row[entry[a] + k * step] += 1
            else:
                row[entry[~a] + k * step] -= 1


@kernel
def merge(
    time: Array, atom: Array, kind: Array, sorted_: int, n: int, order: Array, kinds: int,
    time_to: Array, atom_to: Array, kind_to: Array,
) -> Array:  # fmt: skip
    i = 0
    j = 0
    tail = n - sorted_
    start = np.zeros(kinds + 1, np.int64)
    for at in range(n):
        from_tail = False
        if i >= sorted_:
            from_tail = True
        elif j < tail:
            o = order[j]
            from_tail = kind[o] < kind[i] or (kind[o] == kind[i] and time[o] < time[i])
        if from_tail:
            o = order[j]
            j += 1
        else:
            o = i
            i += 1
        time_to[at] = time[o]
        atom_to[at] = atom[o]
        kind_to[at] = kind[o]
        start[kind[o] + 1] += 1
    for k in range(kinds):
        start[k + 1] += start[k]
    return start


@kernel
def find(
    cells: Array, area: Array, hashes: Array, table: Array, keys: Array, areas: Array, atoms: int, out: Array
) -> int:
    mask = table.shape[0] - 1
    wide = cells.shape[1]
    for i in range(cells.shape[0]):
        at = np.int64(hashes[i] & np.uint64(mask))
        while True:
            found = table[at]
            if found < 0:
                table[at] = atoms
                keys[atoms] = cells[i]
                areas[atoms] = area[i]
                out[i] = atoms
                atoms += 1
                break
            same = areas[found] == area[i]
            if same:
                for r in range(wide):
                    if keys[found, r] != cells[i, r]:
                        same = False
                        break
            if same:
                out[i] = found
                break
            at = (at + 1) & mask
    return atoms


def warm() -> None:
    """Call each kernel with the types it is used with."""
    time, atom, kind = np.array([1.0, 2.0]), np.array([0, -1], np.int32), np.zeros(2, np.int32)
    start, takes = np.array([0, 1]), np.ones(1, np.bool_)
    slot, area, inside = np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1, np.bool_)
    out = np.zeros(2, np.int32)
    scan(time, atom, kind, 2, start, takes, 0.0, 9.0, slot, area, inside, True, 1, out)
    scan_kinds(time, atom, kind, 2, start, takes, 0.0, 9.0, area, inside, 1, out)
    scan_bins(time, atom, kind, 2, takes, 0.0, 2.0, 1.0, area, inside, out)
    row = np.zeros(1, np.int32)
    difference(row, row, slot, area, inside, True, 1, out)
    difference_at(row, row, slot, slot, 1, out)
    bump(row, atom, kind, takes, slot, 1)
    collect(out, np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.int64))
    merge(time, atom, kind, 1, 2, np.array([1]), 1, time.copy(), atom.copy(), kind.copy())
    cells = np.ones((1, 1), np.uint64)
    find(
        cells, area, np.ones(1, np.uint64), np.full(2, -1, np.int32), np.zeros((2, 1), np.uint64),
        np.zeros(2, np.int32), 0, np.zeros(1, np.int32),
    )  # fmt: skip
