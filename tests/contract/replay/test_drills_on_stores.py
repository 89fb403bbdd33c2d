"""Drills on both stores: the same in gives the same out, a rebuild leaves it, and live figures never count it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.records import EventPayload, IncidentDispatched, Kind, Record
from data.settings import Settings
from data.store import Store
from dispatch.book import shipped
from layers.state_at import state_at
from layers.stats import events
from replay.drill import Drill
from replay.drill_run import run
from replay.export import exercise_lines
from replay.policies import ROAD
from replay.report import report_of
from replay.report_document import document
from replay.scenario import Scenario
from replay.scenario_file import load
from replay.state_hash import hash_of, state_hash
from tests.unit.replay.exercise_world import SCENARIO, master, region, roads

NOW = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)  # in the middle of the exercise's own hours


def _scenario(tmp_path: Path) -> Scenario:
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return load(path, region(), shipped())


def _fill(store: Store) -> None:
    store.put_level(region())
    store.append(master())


def _play(store: Store, tmp_path: Path, seed: int = 7, name: str = "") -> str:
    return run(
        store, _scenario(tmp_path), shipped(), Settings(), roads(), seed=seed, policy_name=ROAD, name=name
    ).timeline


def _live_work(store: Store) -> None:
    """Something real that goes on, under the same ids and in the same hour as the exercise."""
    at = NOW - timedelta(minutes=20)
    store.append(
        [
            Record(Kind.EVENT, "119", "inject:I-1", at, EventPayload(category="0504", incident="I-1"), 120.005, 33.005),
            Record(
                Kind.INCIDENT_DISPATCHED, "desk", "d", at, IncidentDispatched(incident="I-1", units=("F2",), actor="a")
            ),
        ]
    )


def _figures(store: Store) -> object:
    """Everything that live screens and figures are made of, but for seqs."""
    at = state_at(store, NOW)
    facts = sorted((f.source, f.source_id, f.body) for f in events(store))
    opened = sorted(store.opened_by(NOW))
    _, unsettled = store.unsettled(NOW - timedelta(days=30))
    return hash_of(store.snapshot()), at, facts, opened, [row.id for row in unsettled], store.dead_letter_counts()


def test_live_figures_never_count_a_drill(store: Store, tmp_path: Path) -> None:
    _fill(store)
    _live_work(store)
    before = _figures(store)
    timeline = _play(store, tmp_path)
    assert len(store.snapshot(timeline).incidents) == 3
    assert _figures(store) == before
    changed = store.changed_since(0)
    assert {row.timeline for row in (*changed.incidents, *changed.units, *changed.sites, *changed.feeds)} == {"live"}
    assert [r.source_id for r in store.timeline_of("I-1")] == ["inject:I-1", "d"]
    store.rebuild()
    assert _figures(store) == before


def test_live_work_during_a_drill_does_not_reach_it(store: Store, tmp_path: Path) -> None:
    _fill(store)
    with Drill.make(store, ManualClock(NOW), _scenario(tmp_path), actor="li") as drill:
        before = state_hash(store, drill.timeline)
        _live_work(store)
        assert state_hash(store, drill.timeline) == before
        drill.start(actor="li")
        drill.fire("I-1", actor="li")  # the same ids as the live ones, and not duplicates of them
        assert [row.id for row in store.snapshot(drill.timeline).incidents] == ["I-1"]


def test_a_rebuild_leaves_the_hash_and_the_report(store: Store, tmp_path: Path) -> None:
    _fill(store)
    timeline = _play(store, tmp_path)
    was = state_hash(store, timeline), document(report_of(store, timeline))
    store.rebuild()
    assert (state_hash(store, timeline), document(report_of(store, timeline))) == was


def test_two_runs_of_one_seed_agree_and_another_seed_does_not(store: Store, tmp_path: Path) -> None:
    _fill(store)
    first, second, other = (_play(store, tmp_path, seed, name) for seed, name in ((7, "a"), (7, "b"), (8, "c")))
    assert state_hash(store, first) == state_hash(store, second) != state_hash(store, other)
    a, b = (document(report_of(store, timeline)) for timeline in (first, second))
    assert {**a, "timeline": ""} == {**b, "timeline": ""}


@pytest.mark.postgis
def test_both_stores_agree_to_the_last_character(tmp_path: Path, postgis_url: str) -> None:
    found = []
    for url in (f"sqlite:///{tmp_path / 'one.db'}", postgis_url):
        store = open_store(url, ManualClock(NOW + timedelta(days=len(found))))  # received at another time
        _fill(store)
        if found:
            _live_work(store)  # so that seqs differ too
        timeline = _play(store, tmp_path)
        report = document(report_of(store, timeline))
        report["deeds"] = [d for d in report["deeds"] if d["actor"] != "router"]
        found.append((state_hash(store, timeline), orjson.dumps(report)))
        store.close()
    assert found[0] == found[1]


def test_every_exported_record_says_that_it_is_an_exercise(store: Store, tmp_path: Path) -> None:
    _fill(store)
    timeline = _play(store, tmp_path)
    lines = [orjson.loads(line) for line in exercise_lines(store, timeline)]
    assert len(lines) == len(store.read_after(0, limit=100_000, timeline=timeline))
    assert {line["status"] for line in lines} == {"Exercise"}
    assert {line["timeline"] for line in lines} == {timeline}
    events_ = [line for line in lines if line["kind"] == "event"]
    assert events_
    assert {line["payload"]["attrs"]["cap_status"] for line in events_} == {"Exercise"}
    with pytest.raises(Exception, match="no exercise"):
        next(exercise_lines(store, "live"))


def test_what_is_refused_in_a_drill_is_counted_under_its_own_name(store: Store, tmp_path: Path) -> None:
    _fill(store)
    _live_work(store)  # the live feed 119 is there
    with Drill.make(store, ManualClock(NOW), _scenario(tmp_path), actor="li") as drill:
        bad = Record(
            Kind.EVENT, "119", "x" * 300, NOW, EventPayload(category="0504"), 120.005, 33.005, timeline=drill.timeline
        )
        before = store.snapshot()
        drill.take([bad])
        assert store.dead_letter_counts().keys() == {("drill:trial", "source_id")}
        assert store.snapshot() == before
