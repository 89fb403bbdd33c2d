"""Silence is shown, never as zero."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.store import AreaContact
from layers import areas, panel
from layers.state import LiveState
from layers.view import View
from tests.unit.layers.small_world import NOW, NOW_MS, feed, region, snapshot

GRIDS = [area.code for area in region().by_level["grid"]]


def state_of(quiet_s: dict[str, float], **hotline: object) -> LiveState:
    contacts = [AreaContact(code, NOW - timedelta(seconds=s), 1) for code, s in quiet_s.items()]
    told = {"rhythm_s": 300.0, "areas": True} | hotline
    return LiveState(region(), snapshot(feeds=[feed("hotline", **told)], contacts=contacts))


def silent(state: LiveState, view: View) -> dict[str, int]:
    made = areas.build(state, view, NOW_MS)
    return dict(zip(made.key.tolist(), made.columns["silent"].tolist(), strict=True))


def test_a_grid_is_silent_past_the_rhythm_and_never_heard_without_any_contact():
    found = silent(state_of({"T0G0": 300, "T0G1": 300.001}), View(area="T0"))
    assert found == {"T0G0": 0, "T0G1": 1, "T0G2": 2, "T0G3": 2}


def test_a_town_is_silent_only_when_all_its_grids_are():
    one_talks = dict.fromkeys(GRIDS, 9000.0) | {"T0G3": 1.0}
    assert silent(state_of(one_talks), View()) == {"T0": 0, "T1": 1, "T2": 1}
    some_never = {code: 9000.0 for code in GRIDS if code.startswith(("T0", "T1G0"))}
    assert silent(state_of(some_never), View()) == {"T0": 1, "T1": 1, "T2": 2}


def test_without_a_feed_that_hears_every_area_none_is_silent():
    assert set(silent(state_of({}, areas=False), View(area="T0")).values()) == {0}


def test_the_longest_silence_comes_first_and_never_before_all():
    made = panel.build(state_of({code: 400.0 + i for i, code in enumerate(GRIDS[:-1])}), View(), NOW_MS)["silent"]
    assert made["total"] == len(GRIDS)
    assert [row["code"] for row in made["areas"]] == [GRIDS[-1], *reversed(GRIDS[:-1])]
    assert made["areas"][0]["age_s"] is None


@pytest.mark.parametrize(
    ("age_s", "rhythm_s", "says"), [(60, 60.0, "ok"), (60.5, 60.0, "silent"), (1e6, None, "ok"), (None, 60.0, "never")]
)
def test_a_feed_is_silent_past_its_rhythm(age_s: float | None, rhythm_s: float | None, says: str):
    heard = None if age_s is None else NOW - timedelta(seconds=age_s)
    state = LiveState(region(), snapshot(feeds=[feed("gps", rhythm_s=rhythm_s, last_received_at=heard)]))
    assert panel.build(state, View(), NOW_MS)["feeds"][0]["state"] == says


def test_areas_beyond_the_finest_level_do_not_hide_a_gap():
    # A contact that lies in a town but in none of its grids is not a grid heard from.
    found = silent(state_of({"T2": 0.0}), View())
    assert found["T2"] == 2
