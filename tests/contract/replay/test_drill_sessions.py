"""Drills that are played by the threads of servers: by one of them, from the log, beside people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from data.clock import Clock, ManualClock
from data.errors import NotFound, Refused, StoreUnavailable
from data.exercise import DRILL
from data.held import held
from data.open_store import open_store
from data.records import ExercisePayload, Kind
from data.settings import Settings
from data.sql_store import SqlStore
from data.timelines import timelines
from dispatch.book import shipped
from replay.drill import Drill
from replay.drill_run import run
from replay.drill_sessions import DrillSessions
from replay.drill_state import DrillState, Fate, Phase
from replay.state_hash import state_hash
from tests.contract.api.api_server import eventually
from tests.contract.exercise_server import TRIAL, scenario
from tests.unit.replay.exercise_world import master, region, roads

START = datetime(2026, 7, 1, tzinfo=UTC)
"""When the trial exercise begins."""


def sessions(store: SqlStore, clock: Clock) -> DrillSessions:
    return DrillSessions(
        store, clock, shipped(), Settings(), roads=roads, timelines=partial(timelines, store, DRILL),
        held=partial(held, store),
    )  # fmt: skip


@pytest.fixture
def filled(store: SqlStore) -> SqlStore:
    store.put_level(region())
    store.append(master())
    return store


@pytest.fixture
def drills(filled: SqlStore, clock: ManualClock) -> Iterator[DrillSessions]:
    with closing(sessions(filled, clock)) as found:
        yield found


def fired(drills: DrillSessions) -> set[str]:
    return {id for id, each in drills(TRIAL).state.injects.items() if each.fate is Fate.FIRED}


def test_the_thread_plays_to_the_clock_and_ends_with_the_drill(drills: DrillSessions, clock: ManualClock):
    assert drills.make(scenario(), actor="zhao", policy_name="nearest-by-road") == TRIAL
    assert not drills.playing(TRIAL)
    with pytest.raises(Refused, match="has not begun"):
        drills(TRIAL).acting()
    drills.act(TRIAL, lambda drill: drill.start(actor="zhao", rate=60))
    clock.advance(2.5)
    eventually(lambda: fired(drills) == {"I-1"})
    assert drills(TRIAL).now() == START + timedelta(minutes=2, seconds=30)
    assert drills(TRIAL).told().rate == 60
    clock.advance(3600)
    eventually(lambda: drills(TRIAL).state.phase is Phase.ENDED)
    eventually(lambda: not drills.playing(TRIAL))
    assert fired(drills) == {f"I-{n}" for n in range(1, 8)}
    with drills(TRIAL).log() as log:
        assert all(life.dispatched for life in log.lives.values() if life.severity <= 2)
    with pytest.raises(Refused, match="over"):
        drills(TRIAL).acting()


def test_what_a_drill_comes_to_does_not_depend_on_when_its_thread_woke(
    drills: DrillSessions, clock: ManualClock, filled: SqlStore
):
    """Played beside people in one stretch, and without anybody at once: the same end."""
    drills.make(scenario(), actor="zhao", seed=7, policy_name="nearest-by-road")
    drills.act(TRIAL, lambda drill: drill.start(actor="zhao", rate=3600))
    eventually(lambda: drills.playing(TRIAL))
    clock.advance(1)
    eventually(lambda: drills(TRIAL).state.phase is Phase.ENDED)
    alone = run(
        filled, scenario(), shipped(), Settings(), roads(), seed=7, policy_name="nearest-by-road", name="alone"
    )  # fmt: skip
    assert state_hash(filled, TRIAL) == state_hash(filled, alone.timeline)


def test_who_is_overtaken_by_the_clock_acts_all_the_same(drills: DrillSessions, clock: ManualClock, filled: SqlStore):
    drills.make(scenario(), actor="zhao")
    with Drill(filled, clock, TRIAL) as other:
        seen: list[int] = []

        def skip(drill: Drill) -> DrillState:
            usual = drill._act

            def overtaken(*args: Any, **fields: Any) -> DrillState:
                """Between the look and the act somebody else acts."""
                del drill._act  # type: ignore[method-assign]
                other.skip("I-1", actor="qian")
                return usual(*args, **fields)

            seen.append(drill.state.acts)
            if len(seen) == 1:
                drill._act = overtaken  # type: ignore[method-assign]
            return drill.skip("I-2", actor="zhao")

        state = drills.act(TRIAL, skip)
    assert seen == [1, 2], "it was overtaken once, and looked again"
    assert [state.injects[id].actor for id in ("I-1", "I-2")] == ["qian", "zhao"]


def test_what_is_under_way_is_taken_up_and_the_rest_is_left(filled: SqlStore, clock: ManualClock):
    with closing(sessions(filled, clock)) as first:
        for run in ("", "paused", "waits"):
            first.make(scenario(), actor="zhao", run=run)
        first.act(TRIAL, lambda drill: drill.start(actor="zhao", rate=60))
        first.act(f"{TRIAL}:paused", lambda drill: drill.start(actor="zhao"))
        first.act(f"{TRIAL}:paused", lambda drill: drill.pause(actor="zhao"))
    clock.advance(6)
    with closing(sessions(filled, clock)) as second:
        second.take_up()
        playing = {each.timeline for each in second.all() if second.playing(each.timeline)}
        assert playing == {TRIAL, f"{TRIAL}:paused"}
        eventually(lambda: fired(second) == {"I-1", "I-2"})
        acts = [record.payload for record in filled.read_after(0, timeline=TRIAL) if record.kind is Kind.EXERCISE]
        ones = [act.inject for act in acts if isinstance(act, ExercisePayload) and act.inject]
        assert sorted(ones) == ["I-1", "I-2"], "each once"
        with pytest.raises(NotFound):
            second("drill:none")
        with pytest.raises(NotFound):
            second("live")


@pytest.mark.postgis
def test_of_two_servers_one_plays_and_the_other_takes_over(postgis_url: str, clock: ManualClock):
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(open_store(postgis_url, clock))) for _ in range(2)]
        stores[0].put_level(region())
        stores[0].append(master())
        one, two = (sessions(store, clock) for store in stores)
        stack.callback(two.close)
        one.make(scenario(), actor="zhao")
        one.act(TRIAL, lambda drill: drill.start(actor="zhao", rate=60))
        eventually(lambda: _held_elsewhere(stores[1]))
        two.take_up()
        clock.advance(3)
        eventually(lambda: fired(two) == {"I-1"})
        one.close()
        assert not _held_elsewhere(stores[1]) or two.playing(TRIAL)
        clock.advance(3)
        eventually(lambda: fired(two) == {"I-1", "I-2"})


@pytest.mark.postgis
def test_a_hold_whose_session_ended_is_known_to_be_lost(postgis_url: str, clock: ManualClock):
    """A server's process may live on when the session that holds the work does not."""
    with ExitStack() as stack:
        one, two = (stack.enter_context(closing(open_store(postgis_url, clock))) for _ in range(2))
        with held(one, TRIAL) as mine:
            assert mine
            mine.verify()
            assert _held_elsewhere(two)
            with two.engine.connect() as conn:
                conn.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
            eventually(lambda: not _held_elsewhere(two))
            with pytest.raises(StoreUnavailable):
                mine.verify()


def _held_elsewhere(store: SqlStore) -> bool:
    with held(store, TRIAL) as mine:
        return not mine
