"""Grid workers walk by day; at night a watch is out and the other terminals lie still, and all report."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from feeds.demo.district import SEED
from feeds.demo.script import ZONE
from feeds.demo.terminals import NIGHT_WATCH, Workers, night_watch


def hour_of(workers: Workers, start: datetime) -> dict[str, set[tuple[float | None, float | None]]]:
    """Unit -> the places it reported from within an hour."""
    seen: dict[str, set[tuple[float | None, float | None]]] = {}
    for second in range(0, 3600, 30):
        for record in workers.step(start.timestamp() + second):
            seen.setdefault(record.payload.unit, set()).add((record.lon, record.lat))  # type: ignore[attr-defined]
    return seen


@pytest.mark.parametrize(("hour", "share"), [(10, 1.0), (23, 1 / NIGHT_WATCH), (4, 1 / NIGHT_WATCH)])
def test_who_walks_depends_on_the_hour_and_who_reports_does_not(hour: int, share: float) -> None:
    start = datetime(2026, 5, 20, hour, tzinfo=ZONE)
    workers = Workers(SEED, start.timestamp(), np.random.default_rng(1))
    seen = hour_of(workers, start)
    assert len(seen) > 0.98 * len(workers.all)
    walked = sum(len(places) > 1 for places in seen.values()) / len(seen)
    assert walked == pytest.approx(share, abs=0.02)


def test_one_night_has_one_watch_and_the_next_another() -> None:
    evening = datetime(2026, 5, 20, 22, tzinfo=ZONE)
    night = {night_watch(evening + timedelta(hours=h)) for h in range(8)}
    assert len(night) == 1
    assert None not in night
    assert night_watch(evening + timedelta(hours=8)) is None
    assert night_watch(evening + timedelta(days=1)) not in night
