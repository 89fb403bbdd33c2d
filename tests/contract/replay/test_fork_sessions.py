"""Forks that people play: what is commanded there is carried out by the roads in the fork's own time, and nothing of it
is real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from data.clock import Clock, ManualClock
from data.errors import BadInput, NotFound, Refused
from data.held import held
from data.records import Kind, UnitStatus
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import UnitRow
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher
from replay.fork import PLAYERS, Fork
from replay.fork_engine import ForkEngine
from replay.fork_sessions import ForkSessions
from replay.fork_state import ForkPhase
from replay.policies_roads import Roads
from replay.state_hash import state_hash
from tests.contract.api.api_server import eventually
from tests.contract.store.test_forks import plain
from tests.unit.replay.exercise_world import region, roads
from tests.unit.replay.fork_world import DAY, EAST, END, NOW, at, history

F2_HOME = (120.037, 33.003)
TURNOUT, WORK = timedelta(minutes=1), timedelta(minutes=30)
"""What history recorded for X1: whoever goes there meets the same."""


def sessions(store: SqlStore, clock: Clock) -> ForkSessions:
    return ForkSessions(store, clock, shipped(), Settings(), roads=roads, held=partial(held, store))


@pytest.fixture
def filled(store: SqlStore, clock: ManualClock) -> SqlStore:
    clock.set(NOW)
    store.put_level(region())
    store.append(history())
    return store


@pytest.fixture
def forks(filled: SqlStore, clock: ManualClock) -> Iterator[ForkSessions]:
    with closing(sessions(filled, clock)) as found:
        yield found


def unit(store: SqlStore, id: str, timeline: str) -> UnitRow:
    return next(row for row in store.units(timeline) if row.id == id)


def drive(start: tuple[float, float], goal: tuple[float, float]) -> timedelta:
    return timedelta(seconds=Roads(roads()).trip(start, goal, 0).seconds)


class Played:
    """A fork in hand without a thread: played to a moment when it is told to."""

    def __init__(self, store: SqlStore, id: str, *, parent: str = "live", start: datetime = DAY) -> None:
        clock = ManualClock(NOW)
        self.store, self.clock = store, ManualClock(start)
        self.fork = Fork.make(store, clock, parent, start, id, actor="zhao", seed=7, until=END)
        self.timeline = self.fork.timeline
        self.desk = Dispatcher(store, self.clock, self.timeline, shipped())
        self.engine = self.taken_up()

    def taken_up(self) -> ForkEngine:
        return ForkEngine(self.store, self.fork, shipped(), Settings(), roads(), now=self.clock.now())

    def to(self, t: datetime) -> None:
        self.clock.set(t)
        self.engine.play_to(t)

    def dispatch(self, incident: str, *units: str) -> None:
        self.desk.dispatch(incident, units, actor="desk 3", role="dispatcher", key=f"{incident}:{units}")


def test_who_is_sent_in_a_fork_drives_there_works_and_is_free_again(
    forks: ForkSessions, filled: SqlStore, clock: ManualClock
):
    before = filled.snapshot()
    session = forks.make(parent="live", at=DAY, policy=PLAYERS, actor="zhao", seed=7, until=END, id="night")
    assert (session.timeline, session.look().phase, session.now()) == ("fork:night", ForkPhase.PAUSED, DAY)
    forks.start("fork:night", actor="zhao", rate=60)
    clock.advance(12)
    assert session.now() == at(12)
    eventually(lambda: filled.incident("X1", "fork:night") is not None)
    assert filled.incident("X1", "fork:night").units == (), "who was sent in fact is not sent here"
    desk = Dispatcher(filled, _At(session), "fork:night", shipped())
    eventually(lambda: filled.incident("X1", "fork:night").case is not None)  # cases are filed as in real work
    desk.dispatch("X1", ["F2"], actor="desk 3", role="dispatcher")
    there = at(12) + TURNOUT + drive(F2_HOME, EAST)
    clock.advance((there - at(12)).total_seconds() / 60 + 0.1)
    eventually(lambda: filled.incident("X1", "fork:night").arrived_at is not None)
    assert filled.incident("X1", "fork:night").arrived_at == there
    assert unit(filled, "F2", "fork:night").status is UnitStatus.ON_SCENE
    assert (unit(filled, "F2", "fork:night").lon, unit(filled, "F2", "fork:night").lat) == EAST
    forks.start("fork:night", actor="zhao", rate=600)
    clock.advance(WORK.total_seconds() / 600 + 1)
    eventually(lambda: unit(filled, "F2", "fork:night").status is UnitStatus.AVAILABLE)
    assert unit(filled, "F2", "fork:night").status_at == there + WORK
    assert replace(filled.snapshot(), seq=before.seq) == before, "nothing of it is real"
    # At its end it ends by itself, and takes no more.
    clock.advance(3600)
    eventually(lambda: session.look().phase is ForkPhase.DONE)
    eventually(lambda: not forks.playing("fork:night"))
    assert session.now() == END
    with pytest.raises(Refused, match="come to its end"):
        session.acting()
    with pytest.raises(Refused, match="done already"):
        forks.start("fork:night", actor="zhao", rate=1)
    own = filled.read_after(0, timeline="fork:night")
    assert {r.source_id for r in own if r.kind is Kind.EVENT} == {"X1", "X2", "X3", "X4", "X5"}
    assert [r.payload.site for r in own if r.kind is Kind.SITE_STATUS] == ["C1"]
    found = forks.comparison("fork:night")
    gained = {each["id"]: each["gained"] for each in found["incidents"]}
    assert gained["X1"] > 2
    assert gained["X2"] is None, "nobody went"
    assert found["all"]["never"]["fork"] == 3
    assert {len(found["coverage"][name]) for name in ("original", "baseline", "fork")} == {12}


class _At:
    """The clock of who acts on a fork."""

    def __init__(self, session) -> None:  # type: ignore[no-untyped-def]
        self.now = session.acting


def test_the_same_commands_give_the_same_course_however_often_its_thread_woke(filled: SqlStore):
    hashes = set()
    for n, step in enumerate((240, 3600)):
        it = Played(filled, f"n{n}")
        for until, incident, who in ((at(12.5), "X1", "F2"), (at(90), "X2", "F1"), (at(131), "X3", "F2")):
            while it.clock.now() < until:
                it.to(min(until, it.clock.now() + timedelta(seconds=step)))
            it.dispatch(incident, who)
        it.to(at(133))
        it.desk.recall("X3", ["F2"], actor="desk 3", role="dispatcher", reason="x")
        it.to(at(340))
        hashes.add(state_hash(filled, it.timeline))
        assert filled.incident("X2", it.timeline).arrived_at is not None
        assert filled.incident("X3", it.timeline).arrived_at is None
    assert len(hashes) == 1


def test_units_that_stand_are_heard_from_in_a_played_fork_so_that_they_can_be_sent(filled: SqlStore):
    it = Played(filled, "stand")
    it.to(at(100))
    oldest = min(row.position_at for row in filled.units(it.timeline) if row.position_at is not None)
    assert at(100) - oldest <= timedelta(seconds=Settings().position_max_age_s)


def test_a_fork_that_is_taken_up_again_has_the_records_of_one_that_never_stood_still(filled: SqlStore):
    logs = []
    for name, stops in (("through", ()), ("again", (40, 95, 190))):
        it = Played(filled, name)
        it.to(at(12))
        it.dispatch("X1", "F2")
        for minute in (*stops, 340):
            it.to(at(minute))
            it.engine = it.taken_up()
        own = filled.read_after(it.fork.seq, timeline=it.timeline)
        # Ids of what the router did are made of the timeline's name.
        ids = [(r.kind, "" if r.source == "desk" else r.source_id, r.at, r.lon, r.lat) for r in own]
        logs.append(sorted(ids, key=repr))
    assert logs[0] == logs[1]
    assert sum(each[0] is Kind.UNIT_POSITION for each in logs[0]) > 100


def test_a_seek_in_a_played_fork_is_what_its_log_folds_to(filled: SqlStore):
    it = Played(filled, "seek")
    stood = {}
    for n, minute in enumerate((12, 14, 40, 90, 130, 200)):
        it.to(at(minute))
        if n in (0, 3):
            it.dispatch(f"X{1 + n // 3}", "F2")
        if minute == 40:
            it.desk.close("X1", actor="desk 3", role="worker", disposition="x")
        stood[at(minute)] = plain(filled.snapshot(it.timeline))
    for t, then in stood.items():
        now = plain(filled.moment(t, it.timeline))
        assert now["units"] == then["units"]
        assert now["incidents"] == then["incidents"]
    was = state_hash(filled, it.timeline)
    filled.rebuild()
    assert state_hash(filled, it.timeline) == was


def test_a_fork_of_a_played_fork_inherits_its_decisions_and_may_decide_otherwise(
    forks: ForkSessions, filled: SqlStore, clock: ManualClock
):
    first = Played(filled, "first")
    first.to(at(12))
    first.dispatch("X1", "F2")
    first.to(at(30))
    second = Played(filled, "second", parent="fork:first", start=at(20))
    assert filled.incident("X1", "fork:second").units == ("F2",)
    assert unit(filled, "F2", "fork:second").status is UnitStatus.ON_SCENE
    second.to(at(30))
    second.desk.recall("X1", ["F2"], actor="desk 3", role="dispatcher", reason="x")
    second.to(at(31))
    assert unit(filled, "F2", "fork:second").status is UnitStatus.AVAILABLE
    assert unit(filled, "F2", "fork:first").status is UnitStatus.ON_SCENE
    # A key that was used before the fork has done its command there; one used later has not.
    again = first.desk.dispatch("X1", ("F2",), actor="desk 3", role="dispatcher", key="X1:('F2',)")
    inherited = second.desk.dispatch("X1", ("F2",), actor="desk 3", role="dispatcher", key="X1:('F2',)")
    assert again.repeated
    assert inherited.repeated
    assert unit(filled, "F2", "fork:second").status is UnitStatus.AVAILABLE
    with pytest.raises(Refused, match="inherited by fork:second"):
        forks.delete("fork:first")
    assert forks.delete("fork:second") > 0
    with pytest.raises(NotFound):
        forks("fork:second")
    assert forks.delete("fork:first") > 0


def test_a_server_that_starts_anew_plays_on(filled: SqlStore):
    it = Played(filled, "anew")
    it.to(at(12))
    it.dispatch("X1", "F2")
    there = at(12) + TURNOUT + drive(F2_HOME, EAST)
    it.to(there - timedelta(seconds=20))
    assert unit(filled, "F2", it.timeline).status is UnitStatus.EN_ROUTE
    it.engine = it.taken_up()
    it.to(at(100))
    row = filled.incident("X1", it.timeline)
    assert abs(row.arrived_at - there) <= timedelta(minutes=2), "from where it was seen last"
    assert unit(filled, "F2", it.timeline).status is UnitStatus.AVAILABLE
    assert filled.incident("X2", it.timeline) is not None
    own = [(r.source, r.source_id) for r in filled.read_after(0, timeline=it.timeline) if r.kind is Kind.EVENT]
    assert len(own) == len(set(own))


def test_a_fork_that_runs_or_is_made_is_not_deleted_and_what_cannot_be_is_refused(
    forks: ForkSessions, clock: ManualClock
):
    forks.make(parent="live", at=DAY, policy=PLAYERS, actor="zhao", id="x")
    forks.start("fork:x", actor="zhao", rate=1)
    with pytest.raises(Refused, match="running; pause it first"):
        forks.delete("fork:x")
    forks.pause("fork:x", actor="zhao")
    with pytest.raises(Refused, match="paused already"):
        forks.pause("fork:x", actor="zhao")
    assert forks.delete("fork:x") > 0
    assert forks.all() == []
    with pytest.raises(BadInput, match="not over yet"):
        forks.make(parent="live", at=DAY, until=NOW + timedelta(1), policy=PLAYERS, actor="zhao")
    made = forks.make(parent="live", at=DAY, until=END, policy="nearest-by-road", actor="zhao", id="y")
    eventually(lambda: made.look().phase is ForkPhase.DONE)
    with pytest.raises(Refused, match="not by people"):
        forks.start("fork:y", actor="zhao", rate=1)
    with pytest.raises(Refused, match="policy has decided"):
        made.acting()
    found = forks.comparison("fork:y")
    assert found["all"]["gained"]["sooner"] == 3


def test_a_fork_whose_making_broke_off_says_so(filled: SqlStore, clock: ManualClock):
    Fork.make(filled, clock, "live", DAY, "z", actor="zhao", policy="nearest-by-road", travel="roads", until=END)
    with closing(sessions(filled, clock)) as found:
        state = found("fork:z").look()
        assert state.phase is ForkPhase.FAILED
        assert "broke off" in str(state.error)
        assert "中断" in state.error.zh
        assert found.delete("fork:z") > 0
