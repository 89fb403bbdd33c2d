"""Response intervals over incidents: percentiles, the plan, and the share that kept it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import mode

import numpy as np

from replay.report_log import Life

INTERVALS: tuple[tuple[str, str, str], ...] = (
    ("opened", "dispatched", "emergency.order"),
    ("dispatched", "en_route", "emergency.turnout"),
    ("en_route", "arrived", "emergency.travel"),
    ("opened", "arrived", ""),
    ("opened", "closed", ""),
)
"""Between which milestones response is told, and the clock of the workflow that is its plan."""


@dataclass(frozen=True, slots=True)
class Response:
    """An interval over all incidents that have both milestones, minutes. `plan`: the limit that most of them had,
    `in_plan` the share that kept its own limit, of those that had one."""

    name: str
    n: int
    p50: float | None
    p90: float | None
    plan: float | None
    in_plan: float | None


def responses(lives: Iterable[Life]) -> Iterator[Response]:
    """One for each of `INTERVALS`. Incidents that were merged went with another and are not counted."""
    counted = [life for life in lives if life.part_of is None]
    for first, last, clock in INTERVALS:
        minutes, limits, kept = [], [], 0
        for life in counted:
            a, b = life.at(first), life.at(last)
            if a is None or b is None or b < a:
                continue
            minutes.append(in_minutes(b - a))
            limit = life.limits.get(clock)
            if limit is not None:
                limits.append(limit)
                kept += minutes[-1] <= limit
        p50, p90 = (percentile(minutes, p) if minutes else None for p in (50, 90))
        plan = round(mode(sorted(limits)), 4) if limits else None
        in_plan = round(kept / len(limits), 4) if limits else None
        yield Response(f"{first}:{last}", len(minutes), p50, p90, plan, in_plan)


def percentile(minutes: Sequence[float], p: float) -> float | None:
    """Linear-interpolated, 4 decimals; None where it is never."""
    ordered = sorted(minutes)
    at = (len(ordered) - 1) * p / 100
    low, high = ordered[int(np.floor(at))], ordered[int(np.ceil(at))]
    if not np.isfinite(high) and at > np.floor(at):
        return None
    value = low + (high - low) * (at - np.floor(at)) if high > low else low
    return round(float(value), 4) if np.isfinite(value) else None


def in_minutes(length: timedelta) -> float:
    return length.total_seconds() / 60
