"""Thirty days of what happened, read from the script: each matter as one record that says how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from data.plain_columns import PlainEvents
from data.records import Record
from feeds.demo.script import MILESTONES, STATUS, DayPlan, days_between, plan_day
from feeds.demo.sources import SOURCES

DAYS = 30


def history(seed: int, start: datetime, end: datetime) -> Iterator[Record]:
    """Records of the matters reported in (start, end], oldest first, each with its milestones up to `end`.

    Of what offices still work on only the report is told: how far it is, its case says (catch_up.py).
    The same arguments give the same records. About 3,450 a day.
    """
    for plan, matters, versions in _told(seed, start, end):
        for i, version in zip(matters, versions.tolist(), strict=True):
            yield plan.record(i, version)


def columns(seed: int, start: datetime, end: datetime) -> Iterator[PlainEvents]:
    """The same as `history`, a day at a time, in columns: a month takes a third of the time."""
    sources = [source.id for source in SOURCES]
    for plan, matters, versions in _told(seed, start, end):
        words = zip(*map(plan.words, matters), strict=True) if matters else ((),) * 4
        categories, titles, titles_en, addresses = words
        yield PlainEvents(
            names=MILESTONES,
            sources=[sources[s] for s in plan.source[matters].tolist()],
            ids=[plan.ids[i] for i in matters],
            versions=versions.tolist(),
            times=np.rint(plan.at[matters] * 1e6).astype(np.int64),
            known=versions + 1,
            lonlat=plan.lonlat[matters],
            categories=categories,
            severities=plan.severity[matters].tolist(),
            titles=titles,
            titles_en=titles_en,
            addresses=addresses,
            statuses=[STATUS[v] for v in versions.tolist()],
        )


def _told(seed: int, start: datetime, end: datetime) -> Iterator[tuple[DayPlan, list[int], NDArray[np.int64]]]:
    """Each day's plan with the matters to tell of and the version that each has come to."""
    low, high = start.timestamp(), end.timestamp()
    for day in days_between(start, end):
        plan = plan_day(seed, day)
        version = plan.version_at(high)
        version = np.where((version < 3) & ~plan.urgent, np.minimum(version, 0), version)
        matters = np.flatnonzero((plan.at[:, 0] > low) & (version >= 0))
        yield plan, matters.tolist(), version[matters]


def window_start(now: datetime, days: int = DAYS) -> datetime:
    """Where the history of a first start begins."""
    return now - timedelta(days=days)
