"""Thirty days of what happened, read from the script: each matter as one record that says how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from data.records import Record
from feeds.demo.script import days_between, plan_day

DAYS = 30


def history(seed: int, start: datetime, end: datetime) -> Iterator[Record]:
    """Records of the matters reported in (start, end], oldest first, each with its milestones up to `end`.

    Of what offices still work on only the report is told: how far it is, its case says (catch_up.py).
    The same arguments give the same records. About 3,450 a day.
    """
    low, high = start.timestamp(), end.timestamp()
    for day in days_between(start, end):
        plan = plan_day(seed, day)
        version = plan.version_at(high)
        version = np.where((version < 3) & ~plan.urgent, np.minimum(version, 0), version)
        for i in np.flatnonzero((plan.at[:, 0] > low) & (version >= 0)).tolist():
            yield plan.record(i, int(version[i]))


def window_start(now: datetime, days: int = DAYS) -> datetime:
    """Where the history of a first start begins."""
    return now - timedelta(days=days)
