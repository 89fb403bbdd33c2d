"""What is under way is not deleted; and who hands records to a store that is away does not wait for ever."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from data.clock import ManualClock
from data.errors import NotFound, Refused, StoreUnavailable
from data.records import Kind, Record, SiteStatusPayload
from data.sql_store import SqlStore
from data.store import Appended
from replay.deleting import delete
from replay.drill import Drill
from replay.fork import Fork
from replay.player import OnlyOne
from tests.contract.exercise_server import TRIAL, scenario
from tests.unit.replay.exercise_world import master, region
from tests.unit.replay.fork_world import DAY, END, NOW


@contextmanager
def held(_timeline: str) -> Iterator[OnlyOne]:
    yield OnlyOne()


@contextmanager
def made_elsewhere(_timeline: str) -> Iterator[bool]:
    yield False


@pytest.fixture
def filled(store: SqlStore) -> SqlStore:
    store.put_level(region())
    store.append(master())
    return store


def test_a_drill_is_deleted_when_it_is_over(filled: SqlStore, clock: ManualClock):
    with Drill.make(filled, clock, scenario(), actor="zhao") as drill:
        drill.start(actor="zhao")
        with pytest.raises(Refused, match="under way") as refused:
            delete(filled, TRIAL, held)
        assert "请先结束演练" in refused.value.zh
        drill.pause(actor="zhao")
        with pytest.raises(Refused):
            delete(filled, TRIAL, held)
        drill.end(actor="zhao")
    assert delete(filled, TRIAL, held) > 0
    with pytest.raises(NotFound):
        delete(filled, TRIAL, held)
    with pytest.raises(Refused):
        delete(filled, "live", held)


def test_a_fork_that_somebody_makes_is_not_deleted_and_one_that_broke_off_is(filled: SqlStore):
    made = {"actor": "zhao", "policy": "nearest-by-road", "travel": "roads", "until": END}
    timeline = Fork.make(filled, ManualClock(NOW), "live", DAY, "x", **made).timeline
    with pytest.raises(Refused, match="being made"):
        delete(filled, timeline, made_elsewhere)
    assert delete(filled, timeline, held) > 0


def test_who_plays_a_drill_no_more_puts_nothing_into_it(filled: SqlStore, clock: ManualClock):
    """Its hold is verified before each batch and each act, not once a turn."""

    def lost() -> None:
        raise StoreUnavailable("the session that held it is gone")

    with Drill.make(filled, clock, scenario(), actor="zhao") as drill:
        drill.start(actor="zhao")
    head = filled.head()
    with Drill(filled, clock, TRIAL, None, lost) as mine:
        at = mine.now()
        record = Record(
            Kind.SITE_STATUS, "keeper", "1", at, SiteStatusPayload(site="C1", online=False), timeline=TRIAL
        )  # fmt: skip
        with pytest.raises(StoreUnavailable, match="is gone"):
            mine.take([record])
        with pytest.raises(StoreUnavailable, match="is gone"):
            mine.pause(actor="zhao")
    assert filled.head() == head


def test_a_drill_does_not_wait_for_ever_for_a_store_that_is_away(filled: SqlStore, clock: ManualClock):
    tried = []

    def away(records: object) -> Future[Appended]:
        tried.append(records)
        done: Future[Appended] = Future()
        done.set_exception(StoreUnavailable("away"))
        return done

    with Drill.make(filled, clock, scenario(), actor="zhao", submit=away) as drill:
        at = drill.now()
        record = Record(
            Kind.SITE_STATUS, "keeper", "1", at, SiteStatusPayload(site="C1", online=False), timeline=TRIAL
        )  # fmt: skip
        with pytest.raises(StoreUnavailable):
            drill.take([record])
    assert len(tried) == 3
