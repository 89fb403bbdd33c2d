"""A column of which some values are others: no copy of the column, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

Longs = NDArray[np.int64]


class Overlaid(NDArrayOperatorsMixin):
    """`base` with `values` in the places `at` (ascending) and `more` behind its end.

    What numpy does element by element is done on the base, on the values and on what is more, and put together: the
    result is an array. So comparing a column with a time costs what it costs on the base. Columns that are compared
    with one another must be overlaid in the same places.
    """

    def __init__(self, base: NDArray[Any], at: Longs, values: NDArray[Any], more: NDArray[Any]) -> None:
        self._base, self._at, self._values, self._more = base, at, values, more
        self.dtype = base.dtype

    def __len__(self) -> int:
        return len(self._base) + len(self._more)

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        made = self._joined(self._base.copy(), self._values, self._more)
        return made if dtype is None else made.astype(dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            whole = [np.asarray(each) if isinstance(each, Overlaid) else each for each in inputs]
            return getattr(ufunc, method)(*whole, **kwargs)
        if any(isinstance(each, np.ndarray) and each.ndim for each in inputs):
            return ufunc(*(np.asarray(each) for each in inputs))

        def part(name: str) -> Any:
            return ufunc(*(getattr(each, name) if isinstance(each, Overlaid) else each for each in inputs))

        return self._joined(part("_base"), part("_values"), part("_more"))

    def _joined(self, base: NDArray[Any], values: NDArray[Any], more: NDArray[Any]) -> NDArray[Any]:
        base[self._at] = values
        return np.concatenate([base, more]) if len(more) else base

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return np.asarray(self)[key]
        rows = np.asarray(key)
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        flat = np.atleast_1d(rows).astype(np.int64)
        flat = np.where(flat < 0, flat + len(self), flat)
        beyond = flat >= len(self._base)
        found = self._base[np.where(beyond, 0, flat)] if len(self._base) else np.empty(len(flat), self.dtype)
        if len(self._at):
            place = np.minimum(np.searchsorted(self._at, flat), len(self._at) - 1)
            hit = self._at[place] == flat
            found[hit] = self._values[place[hit]]
        if len(self._more):
            found[beyond] = self._more[flat[beyond] - len(self._base)]
        elif beyond.any():
            raise IndexError(f"row {int(flat.max())} of {len(self)}")
        return found if rows.ndim else found[0]


Item = TypeVar("Item")


class Replaced(Sequence[Item], Generic[Item]):
    """A list of which some items are others, with more behind its end. The list may grow meanwhile."""

    def __init__(self, base: Sequence[Item], size: int, others: dict[int, Item], more: Sequence[Item]) -> None:
        self._base, self._size, self._others, self._more = base, size, others, more

    def __len__(self) -> int:
        return self._size + len(self._more)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        if i < 0:
            i += len(self)
        if i >= self._size:
            return self._more[i - self._size]
        return self._others[i] if i in self._others else self._base[i]
