"""What the script says is next: reports, dispatches, arrivals and endings in the order of their time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from heapq import heapify, heappop, heappush

import numpy as np

from feeds.demo.matters import Matters
from feeds.demo.script import LONGEST_DAYS, DayPlan, local_date, plan_day
from feeds.demo.terminals import moment


class Agenda:
    """Milestones of the script after `now` (epoch seconds), handed out as time passes."""

    def __init__(self, seed: int, now: float) -> None:
        self._seed, self._from = seed, now
        self._heap: list[tuple[float, int, int, int]] = []  # time, day, matter, version
        self._last = local_date(moment(now)) - timedelta(days=LONGEST_DAYS + 1)
        self._reach(local_date(moment(now)))
        self.find = Matters(seed).find

    def due(self, now: float) -> Iterator[tuple[DayPlan, int, int]]:
        """(plan, matter, version) of each milestone up to `now`."""
        self._reach(local_date(moment(now)))
        while self._heap and self._heap[0][0] <= now:
            _, day, i, version = heappop(self._heap)
            yield plan_day(self._seed, date.fromordinal(day)), i, version

    def _reach(self, today: date) -> None:
        while self._last < today:
            self._last += timedelta(days=1)
            plan = plan_day(self._seed, self._last)
            matter, version = np.nonzero(plan.at > self._from)
            fresh = zip(plan.at[matter, version].tolist(), matter.tolist(), version.tolist(), strict=True)
            entries = [(t, self._last.toordinal(), i, v) for t, i, v in fresh]
            if len(entries) > len(self._heap):
                self._heap += entries
                heapify(self._heap)
            else:
                for entry in entries:
                    heappush(self._heap, entry)
