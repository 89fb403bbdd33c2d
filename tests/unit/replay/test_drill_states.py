"""The drill's state machine: what may be done when, that every act is a record, and that the log alone holds it all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.errors import BadInput, GridcommandError, NotFound, Refused
from data.exercise import Status, is_exercise, status_of
from data.open_store import open_store
from data.records import ExerciseAct, Kind, UnitStatus
from data.store import Store
from dispatch.book import shipped
from replay.drill import Drill
from replay.drill_state import Fate, Phase
from replay.scenario import Scenario
from replay.scenario_file import BadScenario, load
from tests.unit.replay.exercise_world import SCENARIO, master, region

OUTSIDE = datetime(2026, 11, 1, 9, tzinfo=UTC)
START = datetime(2026, 7, 1, tzinfo=UTC)
ADDED = '[[injects]]\nid = "X-1"\nat = "0:30"\nkind = "message"\nzh = "停电"\nen = "Power cut"\n'


@pytest.fixture
def wall() -> ManualClock:
    return ManualClock(OUTSIDE)


@pytest.fixture
def store(tmp_path: Path, wall: ManualClock) -> Iterator[Store]:
    one = open_store(f"sqlite:///{tmp_path / 's.db'}", wall)
    one.put_level(region())
    one.append(master())
    yield one
    one.close()


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return load(path, region(), shipped())


@pytest.fixture
def drill(store: Store, wall: ManualClock, scenario: Scenario) -> Iterator[Drill]:
    with Drill.make(store, wall, scenario, actor="li", seed=3) as one:
        yield one


def test_only_the_prefix_makes_an_exercise() -> None:
    assert is_exercise("drill:x")
    assert not any(map(is_exercise, ("live", "fork:drill", "Drill:x", "drill", "")))


def test_a_drill_has_the_units_in_play_free_and_all_sites(store: Store, drill: Drill) -> None:
    made = store.snapshot(drill.timeline)
    assert {u.id for u in made.units} == {"F1", "F2", "A1", "P1", "A2"}  # no grid worker: the rules admit none
    assert all(u.status is UnitStatus.AVAILABLE and u.lon is not None for u in made.units)
    assert {s.id: s.online for s in made.sites} == {"C1": True, "S1": False}
    assert all(status_of(r) is Status.EXERCISE for r in store.read_after(0, timeline=drill.timeline))
    assert {s.id for s in store.snapshot().sites} == {"C1"}  # the live timeline has no shelter


def test_units_that_are_busy_in_reality_are_free_in_the_exercise(
    store: Store, wall: ManualClock, scenario: Scenario
) -> None:
    from dispatch.dispatcher import Dispatcher

    desk = Dispatcher(store, wall)
    opened = desk.open(actor="a", category="0504", lon=120.01, lat=33.01)
    assert opened.incident is not None
    desk.dispatch(opened.incident.id, ["F1"], actor="a")
    with Drill.make(store, wall, scenario, actor="li") as one:
        free = {u.id: u.status for u in store.snapshot(one.timeline).units}
    assert free["F1"] is UnitStatus.AVAILABLE
    assert {u.id: u.status for u in store.snapshot().units}["F1"] is UnitStatus.DISPATCHED


def test_the_clock_runs_at_its_rate_stands_in_a_pause_and_never_passes_the_end(drill: Drill, wall: ManualClock) -> None:
    wall.advance(100)
    assert drill.now() == START
    drill.start(actor="li", rate=10)
    wall.advance(30)
    assert drill.now() == START + timedelta(minutes=5)
    drill.pause(actor="li")
    wall.advance(5000)
    assert drill.now() == START + timedelta(minutes=5)
    drill.resume(actor="li", rate=1)
    wall.advance(60)
    assert drill.now() == START + timedelta(minutes=6)
    wall.advance(90_000)
    assert drill.now() == START + timedelta(hours=1)


def test_what_may_not_be_done_is_refused_and_leaves_no_record(store: Store, drill: Drill) -> None:
    head = store.head()
    for act in (
        lambda: drill.pause(actor="li"),
        lambda: drill.resume(actor="li"),
        lambda: drill.fire("I-1", actor="li"),
        lambda: drill.acknowledge("I-3", actor="p"),
        lambda: drill.skip("I-99", actor="li"),
        lambda: drill.rate("no-such", "P", actor="e"),
        lambda: drill.rate("told", "A", actor="e"),
        lambda: drill.start(actor="  "),
        lambda: drill.add(ADDED.replace("X-1", "I-1"), actor="li"),
        lambda: drill.add(ADDED.replace("0:30", "3:00"), actor="li"),
        lambda: drill.add(ADDED + 'unit = "F1"\n', actor="li"),
    ):
        with pytest.raises(GridcommandError) as refused:
            act()
        assert str(refused.value)
    assert store.head() == head
    drill.end(actor="li")
    for act in (lambda: drill.start(actor="li"), lambda: drill.end(actor="li"), lambda: drill.add(ADDED, actor="li")):
        with pytest.raises(Refused, match="ended"):
            act()


def test_an_inject_is_fired_once_and_enters_like_a_feeds_record(store: Store, drill: Drill, wall: ManualClock) -> None:
    drill.start(actor="li")
    wall.advance(30)
    drill.fire("I-1", actor="li")
    (row,) = store.snapshot(drill.timeline).incidents
    assert (row.id, row.source, row.title_en, row.area) == ("I-1", "119", "Grass fire", "1000")
    assert row.opened_at == START + timedelta(seconds=30)
    (event,) = store.timeline_of("I-1", drill.timeline)
    assert event.payload.attrs["cap_status"] == "Exercise"  # type: ignore[union-attr]
    with pytest.raises(Refused, match="I-1 was fired by li at 00:00:30Z"):
        drill.fire("I-1", actor="wang")
    with pytest.raises(Refused, match="I-1 was fired"):
        drill.skip("I-1", actor="wang")
    drill.fire("I-6", actor="li")  # placed by the code of an area: inside it
    assert {r.id: r.area for r in store.snapshot(drill.timeline).incidents}["I-6"] == "1000"


def test_injects_set_units_and_sites(store: Store, drill: Drill) -> None:
    drill.start(actor="li")
    drill.fire("I-5", actor="li")
    drill.fire("I-7", actor="li")
    made = store.snapshot(drill.timeline)
    assert {u.id: u.status for u in made.units}["A1"] is UnitStatus.OUT_OF_SERVICE
    assert {s.id: s.online for s in made.sites}["C1"] is False
    live = store.snapshot()
    assert {u.id: u.status for u in live.units}["A1"] is UnitStatus.AVAILABLE
    assert {s.id: s.online for s in live.sites}["C1"] is True


def test_another_console_takes_the_drill_up_from_its_log(store: Store, drill: Drill, wall: ManualClock) -> None:
    drill.start(actor="li", rate=2)
    wall.advance(60)
    drill.fire("I-3", actor="li")
    drill.acknowledge("I-3", actor="chen")
    drill.skip("I-2", actor="li", note="no time")
    drill.add(ADDED, actor="li")
    drill.rate("told", "S", actor="zhao", note="slow")
    drill.rate("told", "P", actor="zhao", note="better on second thought")
    with Drill(store, wall, drill.timeline) as other:
        assert other.state == drill.state
        state = other.state
        assert state.phase is Phase.RUNNING
        assert {id: s.fate for id, s in state.injects.items() if s.fate is not Fate.WAITING} == {
            "I-3": Fate.FIRED, "I-2": Fate.SKIPPED,
        }  # fmt: skip
        assert state.injects["X-1"].added
        assert [r.rating for r in state.ratings.values()] == ["P"]
        assert state.acknowledged["I-3"] == (START + timedelta(minutes=2), "chen")
        other.fire("X-1", actor="wang")
    assert drill.state.injects["X-1"].actor == "wang"


def test_every_act_is_a_record_with_its_actor(store: Store, drill: Drill) -> None:
    drill.start(actor="li")
    drill.fire("I-3", actor="wang")
    drill.acknowledge("I-3", actor="chen")
    drill.end(actor="li")
    acts = [r.payload for r in store.read_after(0, timeline=drill.timeline) if r.kind is Kind.EXERCISE]
    assert [(a.act, a.actor, a.role) for a in acts] == [  # type: ignore[union-attr]
        ("prepare", "li", "controller"), ("start", "li", "controller"), ("fire", "wang", "controller"),
        ("acknowledge", "chen", "player"), ("end", "li", "controller"),
    ]  # fmt: skip


def test_of_two_controllers_who_act_at_once_one_is_refused(store: Store, drill: Drill, wall: ManualClock) -> None:
    with Drill(store, wall, drill.timeline) as other:
        drill.start(actor="li")
        stale = other._state  # as the other console saw it before
        assert stale is not None
        assert stale.phase is Phase.PREPARED
        with pytest.raises(Refused, match="at the same moment"):
            other._act(ExerciseAct.START, "wang")
        assert other.state.phase is Phase.RUNNING  # it looks again and goes on
        other.pause(actor="wang")
    assert drill.state.phase is Phase.PAUSED


def test_what_a_stop_between_firing_and_record_left_out_is_made_good(
    store: Store, drill: Drill, wall: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill.start(actor="li")
    with monkeypatch.context() as broken:
        broken.setattr(drill, "_put_in", lambda *_: None)  # the process dies here
        drill.fire("I-1", actor="li")
    assert not store.snapshot(drill.timeline).incidents
    with Drill(store, wall, drill.timeline) as again:
        again.make_good()
        again.make_good()
    (row,) = store.snapshot(drill.timeline).incidents
    assert row.rows == 1


def test_a_timeline_is_made_once_and_must_be_there(
    store: Store, drill: Drill, wall: ManualClock, scenario: Scenario
) -> None:
    with pytest.raises(Refused, match="there is a drill on timeline drill:trial already"):
        Drill.make(store, wall, scenario, actor="li")
    with Drill.make(store, wall, scenario, actor="li", run="2") as second:
        assert second.timeline == "drill:trial:2"
    with pytest.raises(NotFound, match="drill:none"):
        Drill(store, wall, "drill:none")


def test_records_of_another_timeline_do_not_pass(store: Store, drill: Drill) -> None:
    live = store.read_after(0, timeline="live", limit=1)
    head = store.head()
    with pytest.raises(BadInput, match="is of timeline live"):
        drill.take(live)
    assert store.head() == head


def test_an_added_inject_is_verified_like_a_files(drill: Drill) -> None:
    with pytest.raises(BadScenario, match="kind 'massage'"):
        drill.add(ADDED.replace("message", "massage"), actor="li")
    outside = '[[injects]]\nid = "X-2"\nat = "0:30"\nkind = "event"\nsource = "119"\ncategory = "0504"\n'
    with pytest.raises(Refused, match="is in no area of the region"):
        drill.add(outside + 'lon = 130.0\nlat = 33.01\nzh = "火"\nen = "Fire"\n', actor="li")
    with pytest.raises(Refused, match="no place"):
        drill.add(outside + 'zh = "火"\nen = "Fire"\n', actor="li")
