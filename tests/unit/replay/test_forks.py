"""What would have been: history's own choices give history's times, the nearest unit gains what it is nearer, and the
same log, seed and policy give the same state, on both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from data.clock import ManualClock
from data.errors import BadInput, NotFound, Refused
from data.open_store import open_store
from data.records import Kind, UnitStatus
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import Store
from dispatch.book import shipped
from replay.comparison import document, ground_of, of_logs
from replay.fork import Fork
from replay.fork_hosted import WHO_DECIDES
from replay.fork_run import Ran, run
from replay.fork_sessions import ForkSessions
from replay.policies_forks import FORK_POLICIES
from replay.state_hash import state_hash
from tests.unit.replay.exercise_world import region, roads
from tests.unit.replay.fork_world import DAY, END, NOW, at, called, history

TOLERANCE_S = 1
"""Times within a second are rounded up to whole ones."""


def filled(store: SqlStore) -> SqlStore:
    store.put_level(region())
    store.append(history())
    return store


def play(store: Store, policy: str, *, seed: int = 7, id: str = "", parent: str = "live", start=DAY) -> Ran:
    return run(
        store, ManualClock(NOW), shipped(), Settings(), roads(), parent=parent, at=start, until=END, policy=policy,
        seed=seed, id=id, actor="tester",
    )  # fmt: skip


def test_history_chosen_again_is_history(store: SqlStore):
    ran = play(filled(store), "as-history")
    assert ran.course.counts["sent"] == 4
    assert ran.course.counts["other_unit"] == 0
    for matter in ran.original.matters.values():
        row, here = store.incident(matter.id), store.incident(matter.id, ran.fork.timeline)
        assert here is not None
        assert here.units == row.units
        for then, now in ((row.dispatched_at, here.dispatched_at), (row.arrived_at, here.arrived_at)):
            assert (then is None) == (now is None)
            assert then is None or abs((then - now).total_seconds()) <= TOLERANCE_S
    # Units are free again when they were.
    for record in store.read_after(0, timeline="live"):
        if record.kind is Kind.UNIT_STATUS and record.payload.status is UnitStatus.AVAILABLE and record.at > DAY:
            unit, free = record.payload.unit, record.at
            before = {row.id: row for row in store.moment(free - timedelta(seconds=2), ran.fork.timeline).units}
            after = {row.id: row for row in store.moment(free + timedelta(seconds=2), ran.fork.timeline).units}
            assert before[unit].status is not UnitStatus.AVAILABLE
            assert after[unit].status is UnitStatus.AVAILABLE


def test_the_nearest_unit_gains_what_it_is_nearer(store: SqlStore):
    ran = play(filled(store), "nearest-by-road")
    found = document(ran, "")
    by_id = {each["id"]: each for each in found["incidents"]}
    assert set(by_id) == {"X1", "X2", "X3", "X4"}
    assert ran.course.counts["other_unit"] == 3
    here = {row.id: row for row in store.snapshot(ran.fork.timeline).incidents}
    assert {id: here[id].units for id in by_id} == {"X1": ("F2",), "X2": ("F1",), "X3": ("F2",), "X4": ("F1",)}
    for id in ("X1", "X2", "X4"):
        assert by_id[id]["gained"] > 2
    assert abs(by_id["X3"]["gained"]) < 0.1
    assert found["all"]["gained"]["sooner"] == 3
    assert found["all"]["gained"]["later"] == 0
    assert found["on_roads"]["fork"]["n"] == 4


def test_a_fork_has_the_observations_and_its_own_decisions_only(store: SqlStore):
    ran = play(filled(store), "nearest-by-road")
    own = store.read_after(0, timeline=ran.fork.timeline)
    assert {r.source_id for r in own if r.kind is Kind.EVENT} == {"X1", "X2", "X3", "X4", "X5"}
    assert [r.payload.site for r in own if r.kind is Kind.SITE_STATUS] == ["C1"]
    assert not [r for r in own if r.source == "desk"]
    assert all(r.at > DAY or r.kind in (Kind.FORK, Kind.UNIT_STATUS) for r in own)
    last = {row.id: row for row in store.snapshot(ran.fork.timeline).units}
    assert last["F2"].status is UnitStatus.OUT_OF_SERVICE  # it went off duty, whatever was decided
    assert store.incident("X5", ran.fork.timeline).units == ()


def test_a_fork_changes_nothing_of_what_was(store: SqlStore):
    before = filled(store).snapshot()
    play(store, "nearest-by-road")
    assert replace(store.snapshot(), seq=before.seq) == before


def test_a_unit_that_was_at_work_when_the_fork_began_stays_until_it_was_done(store: SqlStore):
    ran = play(filled(store), "nearest-straight-line")
    rows = {row.id: row for row in store.moment(DAY + timedelta(minutes=30), ran.fork.timeline).units}
    assert rows["A1"].status is UnitStatus.ON_SCENE
    rows = {row.id: row for row in store.moment(DAY + timedelta(minutes=39), ran.fork.timeline).units}
    assert rows["A1"].status is UnitStatus.AVAILABLE


def test_the_same_log_and_seed_give_the_same_state_whatever_else_a_store_holds(store: SqlStore, tmp_path):
    other = filled(open_store(f"sqlite:///{tmp_path / 'other.db'}", ManualClock(NOW)))
    try:
        play(other, "as-history", id="else")
        hashes = []
        for each in (filled(store), other):
            ran = play(each, "nearest-by-road", id="one")
            hashes.append(state_hash(each, ran.fork.timeline))
            each.rebuild()
            assert state_hash(each, ran.fork.timeline) == hashes[-1]
        assert len(set(hashes)) == 1
    finally:
        other.close()


def test_a_fork_of_a_fork_goes_on_from_what_was_decided_there(store: SqlStore):
    first = play(filled(store), "nearest-by-road", id="one")
    second = play(store, "as-history", id="two", parent=first.fork.timeline, start=at(100))
    assert second.fork.parent == "fork:one"
    here = {row.id: row for row in store.snapshot("fork:two").incidents}
    assert here["X2"].units == ("F1",)  # inherited
    assert here["X4"].units == ("F1",)  # chosen as the first fork had chosen
    with pytest.raises(Refused):
        store.delete_timeline("fork:one")


def test_what_makes_no_fork_is_refused(store: SqlStore):
    filled(store)
    clock = ManualClock(NOW)
    with pytest.raises(BadInput):
        Fork.make(store, clock, "live", NOW + timedelta(days=1), "x", actor="t")
    with pytest.raises(BadInput):
        Fork.make(store, clock, "live", DAY, "x y", actor="t")
    with pytest.raises(BadInput):
        Fork.make(store, clock, "drill:x", DAY, "x", actor="t")
    with pytest.raises(BadInput):
        Fork.make(store, clock, "live", DAY, "x", actor="t", until=DAY)
    with pytest.raises(BadInput):
        play(store, "nearest")
    assert store.forks() == []


def test_a_call_that_came_before_and_was_answered_after_is_open_when_the_fork_begins(store: SqlStore):
    filled(store)
    rows = called("Y1", 20, (120.005, 33.005), unit="F9")
    times = {"received": at(20), "dispatch": at(60), "response": at(61), "on_scene": at(70), "closed": at(90)}
    event = rows.payload.model_copy(update={"times": times, "attrs": {"Unit Type": "fire_engine"}})
    store.append([replace(rows, payload=event)])
    ran = play(store, "nearest-by-road", start=at(45))
    then = {row.id: row for row in store.moment(at(46), ran.fork.timeline).incidents}["Y1"]
    assert (then.units, then.dispatched_at, then.closed_at) == ((), None, None)
    here = store.incident("Y1", ran.fork.timeline)
    assert here.dispatched_at == at(60)
    own = store.read_after(0, timeline=ran.fork.timeline)
    assert [r.payload.units for r in own if r.kind is Kind.INCIDENT_DISPATCHED and r.payload.incident == "Y1"]


def test_a_fork_is_shown_at_its_end_and_nobody_acts_on_it(store: SqlStore):
    ran = play(filled(store), "nearest-by-road")
    forks = ForkSessions(store, ManualClock(NOW), shipped(), Settings(), roads=roads)
    hosted = forks(ran.fork.timeline)
    assert hosted.now() == END
    told = hosted.told()
    assert told.timeline == ran.fork.timeline
    assert told.zh == "推演：自 2026-07-01 08:00 起，道路最近者出动", "in the centre's time, and in words"
    assert told.en == "What if: from 2026-07-01 08:00, the nearest by road is sent"
    with pytest.raises(Refused):
        hosted.acting()
    with pytest.raises(NotFound):
        forks("fork:none")


def test_the_logs_alone_tell_what_the_run_told(store: SqlStore):
    ran = play(filled(store), "nearest-by-road", id="one")
    base = run(
        store, ManualClock(NOW), shipped(), Settings(), roads(), at=DAY, until=END, policy="as-history", travel="roads",
        id="base", actor="tester",
    )  # fmt: skip
    told = document(ran, "")
    ground = ground_of(store, ran.fork, shipped(), Settings(), roads())
    assert of_logs(store, ground, END)["incidents"] == told["incidents"], "history's own choices are played again"
    found = of_logs(store, ground, END, base.fork)
    assert found["incidents"] == told["incidents"]
    assert found["all"] == told["all"]
    assert found["coverage"] == told["coverage"]
    assert {share for _, share in found["coverage"]["fork"]} - {0.0, 1.0}
    later = play(store, "as-history", start=at(60))
    with pytest.raises(BadInput):
        of_logs(store, ground, END, later.fork)


def test_who_decides_is_said_in_words_for_every_policy():
    assert set(WHO_DECIDES) == {"", *FORK_POLICIES}
