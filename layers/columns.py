"""Growing numpy columns: many small appends, no copy of the whole each time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAN = float("nan")


def ms(t: datetime | None) -> float:
    """Milliseconds since 1970, NaN for None."""
    return NAN if t is None else t.timestamp() * 1000.0


class Columns:
    """Columns of equal length. `self[name]` is a view of the filled part, valid until the next `extend`."""

    def __init__(self, **types: Any) -> None:
        self.n = 0
        self._room: dict[str, NDArray[Any]] = {name: np.empty(64, dtype) for name, dtype in types.items()}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._room[name][: self.n]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._room)

    @property
    def nbytes(self) -> int:
        """Memory held, bytes; objects that columns point to aside."""
        return sum(room.nbytes for room in self._room.values())

    def extend(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Append rows; `values` has every column. Room doubles when it is full."""
        more = len(next(iter(values.values())))
        end = self.n + more
        for name, room in self._room.items():
            if end > len(room):
                bigger = np.empty(max(end, 2 * len(room)), room.dtype)
                bigger[: self.n] = room[: self.n]
                self._room[name] = room = bigger
            room[self.n : end] = values[name]
        self.n = end


class Codes:
    """Texts by number, in order of first appearance. Thread-safe: the live state and its pasts share them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._number: dict[str, int] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.texts)

    def number(self, text: str) -> int:
        """The number of a text, a new one when it is new."""
        found = self._number.get(text)
        if found is None:
            with self._lock:
                found = self._number.get(text)
                if found is None:
                    found = len(self.texts)
                    self.texts.append(text)
                    self._number[text] = found
        return found

    def find(self, text: str) -> int | None:
        """The number of a text, None when it never appeared."""
        return self._number.get(text)
