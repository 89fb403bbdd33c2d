"""What is done again has a limit of its own, in every shipped workflow; handing it back wins no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data.casework import CaseClock, ClockState
from data.clock import ManualClock
from data.records import Evidence
from data.store import Store
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher

MORNING = datetime(2026, 5, 6, 0, 30, tzinfo=UTC)  # Wednesday 08:30 in Shanghai; Saturday the 9th is worked
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PIECES = tuple(Evidence(kind=kind, ref="1") for kind in ("photo", "callback", "agreement"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
def desk(store: Store, clock: ManualClock) -> Dispatcher:
    return Dispatcher(store, clock, book=shipped())


def opened(desk: Dispatcher, workflow: str, category: str = "0101", severity: int = 3) -> str:
    done = desk.open(
        actor="desk 1", category=category, severity=severity, lon=116.8, lat=35.5, workflow=workflow, owner="street"
    )
    assert done.incident is not None
    return done.incident.id


def moved(desk: Dispatcher, id: str, *moves: str) -> None:
    roles = {"rework": "dispatcher", "verify": "dispatcher", "close": "dispatcher", "assign": "dispatcher"}
    for move in moves:
        owner = "water" if move == "assign" else None
        desk.move(id, move, actor="someone", role=roles.get(move, "owner"), reason="why", note="how", evidence=PIECES,
                  owner=owner)  # fmt: skip


def rework(store: Store, id: str) -> CaseClock | None:
    row = store.incident(id)
    assert row is not None
    assert row.case is not None
    return row.case.clock("rework")


@pytest.mark.parametrize(
    ("workflow", "category", "severity", "due"),
    [
        ("grid-5", "0101", 3, MORNING + DAY),
        ("hotline-6", "0101", 3, MORNING + 3 * DAY),  # working days, Saturday among them
        ("hotline-6", "0207", 3, MORNING + 24 * HOUR),  # utilities, natural time
        ("hotline-6", "0207", 1, MORNING + 2 * HOUR),  # urgent stands before utilities
        ("dispute", "0101", 3, MORNING + 15 * DAY),
    ],
)
def test_rework_starts_a_limit_that_its_answer_stops(
    desk: Dispatcher, store: Store, clock: ManualClock, workflow: str, category: str, severity: int, due: datetime
) -> None:
    id = opened(desk, workflow, category, severity)
    moved(desk, id, "accept", "start", "answer")
    assert rework(store, id) is None
    moved(desk, id, "rework")
    running = rework(store, id)
    assert running is not None
    assert (running.due, running.original, running.runs) == (due, due, True)
    clock.advance(3600)
    moved(desk, id, "answer")
    done = rework(store, id)
    assert done is not None
    assert (done.state(clock.now()), done.stopped_at) == (ClockState.MET, MORNING + HOUR)


@pytest.mark.parametrize("workflow", ["grid-5", "hotline-6", "dispute"])
def test_a_second_rework_has_time_of_its_own_and_keeps_the_first_deadline(
    desk: Dispatcher, store: Store, clock: ManualClock, workflow: str
) -> None:
    id = opened(desk, workflow)
    moved(desk, id, "accept", "start", "answer", "rework")
    first = rework(store, id)
    clock.advance(3600)
    moved(desk, id, "answer")
    clock.advance(3600)
    moved(desk, id, "rework")
    second = rework(store, id)
    assert first is not None
    assert second is not None
    assert second.due - first.due == 2 * HOUR
    assert second.original == first.due
    assert (second.started_at, second.runs) == (MORNING + 2 * HOUR, True)


@pytest.mark.parametrize("workflow", ["grid-5", "hotline-6", "dispute"])
def test_handing_rework_back_and_on_wins_no_time(
    desk: Dispatcher, store: Store, clock: ManualClock, workflow: str
) -> None:
    id = opened(desk, workflow)
    moved(desk, id, "accept", "start", "answer", "rework")
    before = rework(store, id)
    for move in ("return", "assign"):
        clock.advance(600)
        moved(desk, id, move)
        assert rework(store, id) == before


def test_a_dispute_that_is_appealed_is_mediated_again_within_a_limit(desk: Dispatcher, store: Store) -> None:
    id = opened(desk, "dispute")
    moved(desk, id, "accept", "start", "answer", "verify")
    pieces = [Evidence(kind=kind, ref="1") for kind in ("solved", "satisfied")]
    desk.move(id, "close", actor="desk 1", role="dispatcher", evidence=pieces)
    desk.move(id, "appeal", actor="party", role="dispatcher", reason="not kept")
    running = rework(store, id)
    assert running is not None
    assert (running.due, running.runs) == (MORNING + 15 * DAY, True)


def test_rework_by_the_clock_ends_with_the_case(desk: Dispatcher, store: Store, clock: ManualClock) -> None:
    id = opened(desk, "hotline-6", severity=1)
    moved(desk, id, "accept", "start", "answer", "rework")
    clock.advance(3 * 3600)
    desk.move(id, "force_close", actor="boss", role="supervisor", reason="moot")
    done = rework(store, id)
    assert done is not None
    assert done.state(clock.now()) is ClockState.MISSED
