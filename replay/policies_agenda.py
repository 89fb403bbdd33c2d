"""What comes next in a simulated exercise: a heap of moments, in whole seconds, of one moment first in first out."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

Deed = Callable[[], None]


@dataclass
class Agenda:
    """`now` is the second that is being played."""

    now: int
    _heap: list[tuple[int, int, Deed, bool]] = field(default_factory=list)
    _count: int = 0

    def after(self, seconds: int, deed: Deed, *, quiet: bool = False) -> None:
        """Do it so many seconds from now. `quiet`: nobody has to react to what it does."""
        self.at(self.now + seconds, deed, quiet=quiet)

    def at(self, second: int, deed: Deed, *, quiet: bool = False) -> None:
        """Do it at a moment, now where that is past."""
        self._count += 1
        heapq.heappush(self._heap, (max(second, self.now), self._count, deed, quiet))

    def begin_at(self, second: int) -> None:
        """Begin anew at a moment: what was to be done before it is not done."""
        self.now, self._heap = second, []

    @property
    def next(self) -> int | None:
        """When something is to be done."""
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[Deed, bool]:
        """(what is to be done first, whether it is quiet); its moment is now."""
        at, _, deed, quiet = heapq.heappop(self._heap)
        self.now = max(self.now, at)
        return deed, quiet

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)
