"""The wall and `app.py stats --of incidents` count the same matters in the same places."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.records import EventPayload, Kind, Record
from layers import panel, stats
from layers.state import LiveState
from layers.view import View
from tests.unit.layers.small_world import NOW, NOW_MS, region


@pytest.mark.parametrize("category", ["", "0201"])
def test_ranking_and_total_of_a_day_agree_with_stats(tmp_path: Path, category: str):
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    try:
        store.put_level(region())
        rows = []
        for i in range(400):
            about = EventPayload(category=("0101", "0201")[i % 2], incident=f"I{i // 2}")
            at = NOW - timedelta(minutes=i * 5.3 + 0.1)
            lon, lat = 119.99 + (i * 7919 % 330) / 1000, 29.99 + (i * 104729 % 430) / 1000
            rows.append(Record(Kind.EVENT, "hotline", f"E{i % 390}", at, about, lon, lat, version=i // 390))
        store.append(rows)
        day = stats.Filter(NOW - timedelta(days=1), NOW, category)
        counted = [row for row in stats.rows_of_incidents(stats.events(store)) if day.takes(row)]
        made = panel.build(LiveState(store.region(), store.snapshot()), View(category=category), NOW_MS)
        assert made["kpis"]["reported"] == len(counted) > 40
        inside, outside = stats.count_by_area(counted, store.region(), "town")
        assert {row["code"]: row["count"] for row in made["ranking"]} == {
            area.code: inside[area.code].count for area in region().by_level["town"]
        }
        assert sum(row["count"] for row in made["ranking"]) + outside.count == len(counted)
    finally:
        store.close()
