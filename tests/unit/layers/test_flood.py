"""A flood is told from a busy hour, and its groups add up to all of it."""

from __future__ import annotations

from datetime import timedelta

from data.store import IncidentRow, Snapshot
from layers import flood
from layers.state import Extras, LiveState
from layers.view import View
from tests.unit.layers.small_world import CATEGORIES, NOW, NOW_MS, incident, region


def state_of(last_hour: int, an_hour_before: int) -> LiveState:
    rows: list[IncidentRow] = [
        incident(
            f"n{i}", NOW - timedelta(seconds=i % 3600), category=CATEGORIES[i % len(CATEGORIES)], area=f"T{i % 2}G0"
        )
        for i in range(last_hour)
    ]
    rows += [
        incident(f"b{i}", NOW - timedelta(hours=1, seconds=1 + i * 86_400 / (24 * an_hour_before)))
        for i in range(24 * an_hour_before)
    ]
    names = {"01": {"zh": "市容", "en": "City"}, "02": {"zh": "设施", "en": "Works"}}
    return LiveState(region(), Snapshot(1, rows, [], [], [], []), Extras(names))


def test_three_thousand_an_hour_are_a_flood_whose_groups_add_up() -> None:
    state = state_of(3000, 40)
    found = flood.build(state, View(), NOW_MS)
    assert found is not None
    assert (found["n"], found["usual"]) == (3000, 40)
    assert sum(each["count"] for each in found["groups"]) + found["rest"] == 3000
    assert [(each["code"], each["name_en"], each["count"]) for each in found["groups"][:1]] == [("01", "City", 1000)]
    inside = flood.build(state, View(area="T0"), NOW_MS)
    assert inside is not None
    assert inside["n"] == 1500
    assert flood.build(state, View(area="T2"), NOW_MS) is None


def test_a_busy_hour_is_no_flood() -> None:
    assert flood.build(state_of(flood.LEAST - 1, 10), View(), NOW_MS) is None
    assert flood.build(state_of(flood.LEAST, flood.LEAST // 2), View(), NOW_MS) is None
    assert flood.build(state_of(flood.LEAST, flood.LEAST // flood.TIMES), View(), NOW_MS) is not None
