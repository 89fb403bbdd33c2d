"""What the report makes of a log, by hand: what is late, what never came, what still had time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.clock import ManualClock
from data.open_store import open_store
from data.records import IncidentDispatched, IncidentRecalled, Kind, Record, SiteStatusPayload, UnitStatus
from data.records import UnitStatusPayload as Said
from data.store import Store
from dispatch.book import shipped
from replay.drill import Drill
from replay.report import report_of
from replay.report_figures import percentile
from replay.report_objectives import Judged
from replay.scenario_file import load
from tests.unit.replay.exercise_world import SCENARIO, master, region

START = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def wall() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def store(tmp_path: Path, wall: ManualClock) -> Iterator[Store]:
    one = open_store(f"sqlite:///{tmp_path / 's.db'}", wall)
    one.put_level(region())
    one.append(master())
    yield one
    one.close()


def _made(store: Store, wall: ManualClock, tmp_path: Path, *changes: tuple[str, str]) -> Drill:
    text = SCENARIO
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    drill = Drill.make(store, wall, load(path, region(), shipped()), actor="li")
    drill.start(actor="li")
    return drill


def _to(wall: ManualClock, minutes: float) -> None:
    wall.set(START + timedelta(minutes=minutes))


def _sent(drill: Drill, incident: str, units: Sequence[str]) -> Record:
    payload = IncidentDispatched(incident=incident, units=tuple(units), actor="chen", role="dispatcher")
    return Record(Kind.INCIDENT_DISPATCHED, "desk", f"s{drill.now()}", drill.now(), payload, timeline=drill.timeline)


def _there(drill: Drill, incident: str, unit: str) -> Record:
    payload = Said(unit=unit, status=UnitStatus.ON_SCENE, incident=incident, actor=f"terminal:{unit}")
    return Record(Kind.UNIT_STATUS, "cad", f"t{unit}{drill.now()}", drill.now(), payload, timeline=drill.timeline)


def _judged(store: Store, drill: Drill) -> dict[str, Judged]:
    return {judged.objective.id: judged for judged in report_of(store, drill.timeline).objectives}


def test_what_still_had_time_at_the_end_is_not_judged(store: Store, wall: ManualClock, tmp_path: Path) -> None:
    with _made(store, wall, tmp_path) as drill:
        _to(wall, 10)
        drill.fire("I-1", actor="li")
        drill.fire("I-3", actor="li")
        _to(wall, 12)
        drill.end(actor="li")  # two minutes later: three were allowed
        found = _judged(store, drill)
    assert (found["first-order"].met, found["first-order"].pending, found["first-order"].done) == (None, 1, "none")
    assert (found["told"].met, found["told"].pending) == (None, 1)


def test_what_never_came_misses_however_few_came_late(store: Store, wall: ManualClock, tmp_path: Path) -> None:
    with _made(store, wall, tmp_path) as drill:
        for minute, inject in ((0, "I-1"), (1, "I-6")):
            _to(wall, minute)
            drill.fire(inject, actor="li")
        _to(wall, 2)
        drill.take([_sent(drill, "I-1", ["F1"])])
        _to(wall, 30)
        drill.end(actor="li")
        found = _judged(store, drill)["first-order"]
    assert (found.met, found.done) == (False, "p90 never, n 2")
    assert [item.met for item in found.items] == [True, False]


def test_exactly_at_the_limit_is_in_time(store: Store, wall: ManualClock, tmp_path: Path) -> None:
    with _made(store, wall, tmp_path) as drill:
        drill.fire("I-1", actor="li")
        _to(wall, 3)
        drill.take([_sent(drill, "I-1", ["F1"])])
        drill.end(actor="li")
        found = _judged(store, drill)["first-order"]
    assert (found.met, found.done) == (True, "p90 3 min, n 1")


def test_an_arrival_counts_when_enough_of_each_kind_are_there(store: Store, wall: ManualClock, tmp_path: Path) -> None:
    two = ("units = { ambulance = 1 }", "units = { ambulance = 2 }")
    with _made(store, wall, tmp_path, two) as drill:
        drill.fire("I-6", actor="li")
        for minute, unit in ((5, "A1"), (6, "F1"), (7, "A1"), (19, "A2")):  # an engine is none, A1 counts once
            _to(wall, minute)
            drill.take([_there(drill, "I-6", unit)])
        _to(wall, 40)
        drill.end(actor="li")
        (item,) = _judged(store, drill)["told"].items
    assert (item.done, item.met) == (START + timedelta(minutes=19), True)


def test_a_site_counts_that_is_open_at_the_time_and_not_only_before(
    store: Store, wall: ManualClock, tmp_path: Path
) -> None:
    with _made(store, wall, tmp_path) as drill:
        for minute, online in ((10, True), (20, False)):
            _to(wall, minute)
            payload = SiteStatusPayload(site="S1", online=online)
            drill.take([Record(Kind.SITE_STATUS, "k", f"s{minute}", drill.now(), payload, timeline=drill.timeline)])
        _to(wall, 60)
        drill.end(actor="li")
        assert _judged(store, drill)["shelter"].met is False


def test_skipped_injects_ask_for_nothing(store: Store, wall: ManualClock, tmp_path: Path) -> None:
    with _made(store, wall, tmp_path) as drill:
        for inject in ("I-3", "I-6"):
            drill.skip(inject, actor="li")
        _to(wall, 60)
        drill.end(actor="li")
        told = _judged(store, drill)["told"]
    assert (told.met, told.items) == (None, ())


def test_who_did_what_leaves_machines_out(store: Store, wall: ManualClock, tmp_path: Path) -> None:
    with _made(store, wall, tmp_path) as drill:
        drill.fire("I-1", actor="wang")
        recall = IncidentRecalled(incident="I-1", units=("F1",), actor="chen", role="dispatcher", reason="not needed")
        drill.take([_sent(drill, "I-1", ["F1"]), _there(drill, "I-1", "F1")])
        drill.take([Record(Kind.INCIDENT_RECALLED, "desk", "r", drill.now(), recall, timeline=drill.timeline)])
        drill.end(actor="li")
        deeds = [(d.actor, d.what, d.about, d.note) for d in report_of(store, drill.timeline).deeds]
    assert deeds == [
        ("li", "prepare", "", ""), ("li", "start", "", ""), ("wang", "fire", "I-1", ""),
        ("chen", "incident.dispatched", "I-1", "F1"), ("chen", "incident.recalled", "I-1", "F1: not needed"),
        ("li", "end", "", ""),
    ]  # fmt: skip


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=40), st.sampled_from([50.0, 90.0, 99.0, 100.0]))
def test_percentiles_are_numpys(minutes: list[float], p: float) -> None:
    assert percentile(minutes, p) == pytest.approx(float(np.percentile(minutes, p)), abs=1e-4)


def test_a_percentile_that_reaches_into_never_is_never() -> None:
    assert percentile([1.0, 2.0, np.inf], 90) is None
    assert percentile([1.0, 2.0, np.inf], 50) == 2.0
    assert percentile([np.inf], 50) is None
