"""A layer's content as a table: one key column, value columns, and the difference between two of them.

Rows have an order that both sides of the wire keep: a delta drops rows, changes rows in place and appends rows
(`docs/wire.md`). Whoever sends deltas must therefore go on from `apply(old, delta)`, not from the table it diffed to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
"""A numpy array of a wire type (u8 u16 u32 i32 f32 f64 u64), or of dtype object holding str."""

WIRE_TYPES: Mapping[str, np.dtype[Any]] = {
    "u8": np.dtype("<u1"),
    "u16": np.dtype("<u2"),
    "u32": np.dtype("<u4"),
    "i32": np.dtype("<i4"),
    "f32": np.dtype("<f4"),
    "f64": np.dtype("<f8"),
    "u64": np.dtype("<u8"),
}
"""Numeric column types by their name on the wire, little-endian."""

TYPE_NAMES: Mapping[np.dtype[Any], str] = {dtype: name for name, dtype in WIRE_TYPES.items()}

_PER_DELTA = 96
"""Bytes that a delta's own header entries (drop, index, add) cost beside a snapshot's."""


@dataclass(frozen=True, eq=False)
class Table:
    """`n` rows: unique keys and the same value columns in every table of a layer. `meta` is small and JSON-able, with
    the same entries in every table of a layer.

    Immutable by agreement: nobody writes into the arrays of a table once it is made.
    """

    key: Column
    columns: Mapping[str, Column]
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in self.columns.items():
            if len(column) != len(self.key):
                raise ValueError(f"table: column {name!r} has {len(column)} rows, its key has {len(self.key)}")

    def __len__(self) -> int:
        return len(self.key)

    @cached_property
    def rows(self) -> dict[Any, int]:
        """Row number by key."""
        return {key: row for row, key in enumerate(self.key.tolist())}

    @cached_property
    def nbytes(self) -> int:
        """About what the columns take on the wire, bytes."""
        return column_bytes(self.key) + sum(column_bytes(column) for column in self.columns.values())

    @property
    def least_bytes(self) -> int:
        """What the columns take if every text is empty: a bound on `nbytes` that reads no text."""
        columns = (self.key, *self.columns.values())
        return sum(3 * len(column) if column.dtype == object else column.nbytes for column in columns)


@dataclass(frozen=True, eq=False)
class TableDelta:
    """What turns one table into the next, in three steps in this order.

    drop     row numbers of the old table to remove, ascending; the others keep their order
    index    row numbers, after dropping, whose values change
    key      keys of the rows appended
    columns  for every value column the values of the changed rows, then of the appended rows
    n        rows afterwards
    meta     the entries of the meta that changed, None when none did
    """

    drop: NDArray[np.uint32]
    index: NDArray[np.uint32]
    key: Column
    columns: Mapping[str, Column]
    n: int
    meta: Mapping[str, Any] | None = None

    @property
    def add(self) -> int:
        """Number of rows appended."""
        return len(self.key)

    @property
    def empty(self) -> bool:
        """True when nothing changed, meta included."""
        return not len(self.drop) and not len(self.index) and not len(self.key) and self.meta is None

    @cached_property
    def nbytes(self) -> int:
        """About what the delta takes on the wire, bytes."""
        columns = sum(column_bytes(column) for column in self.columns.values())
        return _PER_DELTA + self.drop.nbytes + self.index.nbytes + column_bytes(self.key) + columns


def column_bytes(column: Column) -> int:
    """About what a column takes on the wire, bytes (exact for numbers; quotes and commas counted for text)."""
    if column.dtype == object:
        return sum(map(len, column.tolist())) + 3 * len(column)
    return int(column.nbytes)


def text(values: list[str]) -> Column:
    """A text column."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def diff(old: Table, new: Table) -> TableDelta | None:
    """What turns `old` into `new` (in the row order of the delta), or None when a snapshot is smaller.

    The tables must be of one layer: the same columns of the same types. Equal bits are equal values, so NaN equals NaN.
    """
    same = _same_keys(old.key, new.key)
    if same:
        kept = np.arange(len(old), dtype=np.int64)
        at_old, at_new, added = kept, kept, kept[:0]
        drop = np.empty(0, dtype=np.uint32)
    else:
        at_old, at_new, added = _match(old, new)
        gone = np.ones(len(old), dtype=bool)
        gone[at_old] = False
        drop = np.flatnonzero(gone).astype(np.uint32)
    changed = np.zeros(len(at_old), dtype=bool)
    for name, column in new.columns.items():
        if not same:
            changed |= _differs(old.columns[name][at_old], column[at_new])
        elif column is not old.columns[name]:
            changed |= _differs(old.columns[name], column)
    index = np.flatnonzero(changed).astype(np.uint32)
    source = np.concatenate([at_new[changed], added])
    delta = TableDelta(
        drop=drop,
        index=index,
        key=new.key[added],
        columns={name: column[source] for name, column in new.columns.items()},
        n=len(new),
        meta={k: v for k, v in new.meta.items() if k not in old.meta or old.meta[k] != v} or None,
    )
    if len(source) + len(drop) and delta.nbytes >= new.least_bytes and delta.nbytes >= new.nbytes:
        return None
    return delta


def apply(old: Table, delta: TableDelta) -> Table:
    """The table after a delta. Raises ValueError in one line when the delta does not fit `old`."""
    if len(delta.drop) and int(delta.drop.max()) >= len(old):
        raise ValueError(f"delta: drops row {int(delta.drop.max())} of a table of {len(old)} rows")
    keep = np.ones(len(old), dtype=bool)
    keep[delta.drop] = False
    kept = int(keep.sum())
    if len(delta.index) and int(delta.index.max()) >= kept:
        raise ValueError(f"delta: changes row {int(delta.index.max())} of the {kept} rows that are left")
    if kept + delta.add != delta.n:
        raise ValueError(f"delta: says {delta.n} rows, but {kept} kept and {delta.add} added make {kept + delta.add}")
    if set(delta.columns) != set(old.columns):
        raise ValueError(f"delta: has columns {sorted(delta.columns)}, the table has {sorted(old.columns)}")
    changes = len(delta.index)
    columns: dict[str, Column] = {}
    for name, column in old.columns.items():
        values = delta.columns[name]
        if changes == 0 and delta.add == 0 and kept == len(old):
            columns[name] = column
            continue
        out = np.concatenate([column[keep], values[changes:]])
        out[delta.index] = values[:changes]
        columns[name] = out
    key = old.key if kept == len(old) and not delta.add else np.concatenate([old.key[keep], delta.key])
    return Table(key, columns, old.meta if delta.meta is None else {**old.meta, **delta.meta})


def _same_keys(a: Column, b: Column) -> bool:
    return a is b or (len(a) == len(b) and bool(np.array_equal(a, b)))


def _match(old: Table, new: Table) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of `old` that stay (ascending), the same rows in `new`, and the rows of `new` that are new (ascending)."""
    if new.key.dtype == object:
        get = old.rows.get
        where = np.fromiter((get(key, -1) for key in new.key.tolist()), dtype=np.int64, count=len(new))
    elif len(old):
        order = np.argsort(old.key, kind="stable")
        place = np.minimum(np.searchsorted(old.key, new.key, sorter=order), len(old) - 1)
        found = order[place]
        where = np.where(old.key[found] == new.key, found, -1)
    else:
        where = np.full(len(new), -1, dtype=np.int64)
    at_new = np.flatnonzero(where >= 0)
    at_old = where[at_new]
    order = np.argsort(at_old, kind="stable")
    return at_old[order], at_new[order], np.flatnonzero(where < 0)


def _differs(a: Column, b: Column) -> NDArray[np.bool_]:
    """Element-wise inequality of bits."""
    if a.dtype.kind == "f":
        bits = np.dtype(np.uint32 if a.dtype.itemsize == 4 else np.uint64)
        a, b = np.ascontiguousarray(a).view(bits), np.ascontiguousarray(b).view(bits)
    return np.asarray(a != b, dtype=bool)
