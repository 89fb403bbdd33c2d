"""Feeds side by side: a crash stays with its feed, failing is said once, what is known is not sent again."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.errors import BadRecord, Misconfigured, StoreUnavailable
from data.open_store import open_store
from data.records import EventPayload, FeedPayload, Kind, Record, UnitPosition
from data.settings import Settings
from data.store import Appended, Store
from data.writer import Writer
from feeds.intake import Backoff, Intake
from feeds.runner import FeedHealth, FeedState, Runner

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", CLOCK)
    yield store
    store.close()


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    writer = Writer(store, Settings())
    yield writer
    writer.close()


def event(n: int, source: str = "a", **changes: object) -> Record:
    return Record(Kind.EVENT, source, f"{source}-{n}", NOW, EventPayload(category="c"), **changes)  # type: ignore[arg-type]


class ScriptedFeed:
    """Does what it is told, one step per run."""

    rhythm_s = 60.0

    def __init__(self, name: str, *steps: Callable[[Intake], Awaitable[object]]) -> None:
        self.name = name
        self.steps = list(steps)
        self.runs = 0

    async def run(self, intake: Intake) -> None:
        self.runs += 1
        if self.steps:
            await self.steps.pop(0)(intake)


async def crash(_intake: Intake) -> None:
    raise RuntimeError("the source hung up\nand more")


def give(*records: Record) -> Callable[[Intake], Awaitable[int]]:
    return lambda intake: intake.submit(records)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


def health(runner: Runner, name: str) -> FeedHealth:
    return next(h for h in runner.health() if h.name == name)


def quick(feeds: Sequence[object], writer: Writer, store: Store) -> Runner:
    return Runner(feeds, writer.submit, store, CLOCK, backoff=Backoff(0.001, 0.002))  # type: ignore[arg-type]


async def test_a_crashing_feed_takes_no_other_down(store: Store, writer: Writer) -> None:
    bad = ScriptedFeed("bad", *[crash] * 1000)
    good = ScriptedFeed("good", give(event(1, "good"), event(2, "good")))
    runner = quick([bad, good], writer, store)
    runner.start()
    await until(lambda: health(runner, "good").state is FeedState.FINISHED and bad.runs > 3)
    assert health(runner, "good").accepted == 2
    sick = health(runner, "bad")
    assert (sick.state, sick.last_error) == (FeedState.FAILING, "RuntimeError: the source hung up")
    assert sick.failures >= 3
    await runner.stop()
    assert health(runner, "bad").state is FeedState.STOPPED
    assert health(runner, "good").state is FeedState.FINISHED


async def test_failing_and_recovering_are_said_once_each(
    store: Store, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    feed = ScriptedFeed("a", crash, crash, crash, give(event(1)))
    runner = quick([feed], writer, store)
    with caplog.at_level(logging.WARNING, logger="feeds"):
        runner.start()
        await until(lambda: health(runner, "a").state is FeedState.FINISHED)
    await runner.stop()
    assert [r.getMessage().split(":")[0] for r in caplog.records] == [
        "feed a failed, is tried again",
        "feed a works again after 3 failures",
    ]
    assert (health(runner, "a").failures, health(runner, "a").last_error) == (0, "")
    assert health(runner, "a").last_ok == NOW


async def test_every_feed_is_made_known_once_whatever_how_often_it_starts(store: Store, writer: Writer) -> None:
    for _ in range(2):
        runner = quick([ScriptedFeed("a", crash, give(event(1)))], writer, store)
        runner.start()
        await until(lambda: health(runner, "a").state is FeedState.FINISHED)  # noqa: B023
        await runner.stop()
    assert [r.payload for r in store.read_after(0) if r.kind is Kind.FEED] == [FeedPayload(name="a", rhythm_s=60)]
    named = ScriptedFeed("a")
    named.payload = FeedPayload(name="热线", rhythm_s=30, areas=True)  # type: ignore[attr-defined]
    runner = Runner([named], writer.submit, store, ManualClock(NOW + timedelta(hours=1)))
    runner.start()
    await until(lambda: health(runner, "a").state is FeedState.FINISHED)
    await runner.stop()
    [row] = store.snapshot().feeds
    assert (row.id, row.name, row.rhythm_s, row.areas, row.accepted) == ("a", "热线", 30, True, 1)


async def test_what_was_taken_is_not_sent_again(store: Store, writer: Writer) -> None:
    sent: list[int] = []

    def counting(records: Sequence[Record]) -> Future[Appended]:
        sent.append(len(records))
        return writer.submit(records)

    intake = Intake("a", counting, store, CLOCK)
    assert await intake.submit([event(1), event(2), event(1)]) == 2
    assert await intake.submit([event(1), event(2), event(3)]) == 1
    assert await intake.submit([event(2)]) == 0
    assert await intake.submit([event(2, version=1)]) == 1
    assert sent == [2, 1, 1]
    assert (intake.accepted, intake.duplicate) == (4, 4)


async def test_positions_of_one_tracker_under_one_id_are_all_taken(store: Store, writer: Writer) -> None:
    intake = Intake("gps", writer.submit, store, CLOCK)

    def fix(minute: int) -> Record:
        at = NOW + timedelta(minutes=minute)
        return Record(Kind.UNIT_POSITION, "gps", "U1", at, UnitPosition(unit="U1"), 121.5, 31.2)

    assert await intake.submit([fix(0), fix(1)]) == 2
    assert await intake.submit([fix(1), fix(2)]) == 1
    assert [record.at for record in store.read_after(0)] == [NOW + timedelta(minutes=n) for n in range(3)]


async def test_a_record_that_no_store_holds_is_a_dead_letter_and_the_others_go_on(store: Store, writer: Writer) -> None:
    intake = Intake("a", writer.submit, store, CLOCK)
    assert await intake.submit([event(1), event(2, lon=500.0, lat=1.0), event(3)]) == 2
    await intake.refuse(BadRecord("line 7 is no message", reason="syntax"), b"\x00\xff")
    assert intake.rejected == 2
    assert store.dead_letter_counts() == {("a", "point"): 1, ("a", "syntax"): 1}


async def test_a_store_that_is_away_is_waited_for(
    store: Store, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = 0

    def submit(records: Sequence[Record]) -> Future[Appended]:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise StoreUnavailable("away")
        if attempts < 4:
            late: Future[Appended] = Future()
            late.set_exception(StoreUnavailable("away, late"))
            return late
        return writer.submit(records)

    intake = Intake("a", submit, store, CLOCK, backoff=Backoff(0.001, 0.002))
    with caplog.at_level(logging.WARNING, logger="feeds"):
        assert await intake.submit([event(1)]) == 1
    assert attempts == 4
    assert [r.getMessage() for r in caplog.records] == [
        "feed a: waits for the store: away",
        "feed a: the store answers again",
    ]


async def test_stop_ends_a_feed_that_waits(store: Store, writer: Writer) -> None:
    closed = []

    async def endless(intake: Intake) -> None:
        try:
            await intake.submit([event(1)])
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    runner = quick([ScriptedFeed("a", endless)], writer, store)
    runner.start()
    runner.start()
    await until(lambda: health(runner, "a").accepted == 1)
    assert health(runner, "a").state is FeedState.RUNNING
    await runner.stop()
    assert closed == [True]
    assert health(runner, "a").state is FeedState.STOPPED
    assert store.head() == 2


def test_back_off_grows_is_bounded_and_jitters() -> None:
    backoff = Backoff(first_s=1, longest_s=60)
    rng = random.Random(1)
    for failures, full in [(1, 1), (2, 2), (3, 4), (7, 60), (1000, 60)]:
        delays = [backoff.delay(failures, rng) for _ in range(200)]
        assert full / 2 <= min(delays)
        assert max(delays) <= full
        assert max(delays) - min(delays) > full / 4


def test_two_feeds_of_one_name_are_refused(store: Store, writer: Writer) -> None:
    with pytest.raises(Misconfigured, match="two feeds have one name"):
        quick([ScriptedFeed("a"), ScriptedFeed("a")], writer, store)
