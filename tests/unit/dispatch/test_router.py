"""The router files each incident once, under restarts and two servers, the most urgent first, and outlives outages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.clock import ManualClock
from data.errors import BadInput, Refused, StoreUnavailable
from data.records import (
    EventPayload,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    UnitPayload,
    UnitStatus,
    UnitStatusPayload,
)
from data.settings import Settings
from data.sql_store import SqlStore
from dispatch.router import TRIES, AutoRouter
from dispatch.workflow import On, Step, Transition, Workflow

NOW = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
QUICK = Settings(route_per_s=1000, silence_poll_s=0.2)

STEPS = {
    id: Step(id, id, id, phase, final)
    for id, phase, final in (
        ("received", IncidentState.OPEN, False),
        ("dispatched", IncidentState.DISPATCHED, False),
        ("on_scene", IncidentState.ON_SCENE, False),
        ("cleared", IncidentState.CLOSED, True),
    )
}
WORKFLOW = Workflow(
    "emergency", "应急", "Emergency", "r1", "received", STEPS,
    (
        Transition("send", ("received",), "dispatched", (), "", "", on=On.DISPATCHED),
        Transition("arrive", ("received", "dispatched"), "on_scene", (), "", "", on=On.ON_SCENE),
        Transition("recall", ("dispatched", "on_scene"), "received", (), "", "", on=On.RECALLED),
        Transition("clear", ("received", "dispatched", "on_scene"), "cleared", (), "", "", on=On.CLOSED),
    ),
)  # fmt: skip


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


class FakeDesk:
    """Files as the dispatcher must: decided in the transaction, once per key."""

    def __init__(self, store: SqlStore, clock: ManualClock) -> None:
        self.store, self.clock = store, clock
        self.asked: list[str] = []
        self.follows: list[str] = []
        self.faults: dict[str, list[Exception]] = {}

    def file(self, incident: str, *, actor: str, key: str) -> Any:
        self.asked.append(incident)
        if self.faults.get(incident):
            raise self.faults[incident].pop(0)
        with self.store.transact() as tx:
            row = tx.incident(incident)
            assert row is not None
            if row.case is not None and row.case.workflow:
                return
            if row.closed_at is not None:
                raise Refused(f"incident {incident} is closed")
            tx.append([moved(incident, "file", "received", key, self.clock.now(), actor)])

    def follow(self, incident: str) -> Any:
        self.follows.append(incident)


def moved(incident: str, move: str, step: str, key: str, at: datetime, actor: str = "desk 1") -> Record:
    payload = IncidentMoved(
        incident=incident, move=move, workflow="emergency", step=step, phase=STEPS[step].phase, owner="triage",
        actor=actor,
    )  # fmt: skip
    return Record(Kind.INCIDENT_MOVED, "desk", key, at, payload)


def event(id: str, *, minutes: float = -1, severity: int = 3, closed: bool = False) -> Record:
    at = NOW + timedelta(minutes=minutes)
    payload = EventPayload(category="0101", incident=id, severity=severity, times={"closed": at} if closed else {})
    return Record(Kind.EVENT, "hotline", id, at, payload)


def status(unit: str, status: UnitStatus, incident: str | None, n: int) -> Record:
    payload = UnitStatusPayload(unit=unit, status=status, incident=incident)
    return Record(Kind.UNIT_STATUS, "cad", f"s{n}", NOW + timedelta(seconds=n), payload)


@pytest.fixture
def desk(store: SqlStore, clock: ManualClock) -> FakeDesk:
    return FakeDesk(store, clock)


def router(store: Any, clock: ManualClock, desk: Any, settings: Settings = QUICK) -> AutoRouter:
    return AutoRouter(store, clock, desk, settings, {"emergency": WORKFLOW})


def work_off(one: AutoRouter) -> None:
    one.look()
    while one.step():
        pass


def filings(store: SqlStore) -> list[str]:
    found = [r.payload for r in store.read_after(0) if isinstance(r.payload, IncidentMoved)]
    return [p.incident for p in found if p.move == "file"]


def test_open_incidents_without_a_case_are_filed_the_most_urgent_and_oldest_first(
    store: SqlStore, clock: ManualClock, desk: FakeDesk
) -> None:
    store.append([event("late", minutes=-1), event("early", minutes=-9), event("urgent", severity=1)])
    one = router(store, clock, desk)
    assert one.backlog is None, "before the log was looked at nobody knows"
    one.look()
    assert one.backlog == 3
    work_off(one)
    assert filings(store) == ["urgent", "early", "late"]
    assert (one.filed, one.waiting, one.backlog) == (3, 0, 0)


def test_closed_and_old_incidents_and_those_with_a_case_stay_as_they_are(
    store: SqlStore, clock: ManualClock, desk: FakeDesk
) -> None:
    store.append([event("done", closed=True), event("old", minutes=-73 * 60), event("mine"), event("part")])
    store.append([moved("mine", "file", "received", "k", NOW)])
    store.append(
        [Record(Kind.INCIDENT_MERGED, "desk", "m", NOW, IncidentMerged(incident="part", into="mine", actor="d"))]
    )
    work_off(router(store, clock, desk))
    assert desk.asked == []


def test_an_incident_that_was_split_off_before_it_had_a_case_is_filed(
    store: SqlStore, clock: ManualClock, desk: FakeDesk
) -> None:
    store.append([event("a"), event("b")])
    for n, into in enumerate(("a", None)):
        payload = IncidentMerged(incident="b", into=into, actor="desk 1")
        store.append([Record(Kind.INCIDENT_MERGED, "desk", f"m{n}", NOW, payload)])
    work_off(router(store, clock, desk))
    assert sorted(filings(store)) == ["a", "b"]


def test_what_comes_later_is_filed_when_it_comes(store: SqlStore, clock: ManualClock, desk: FakeDesk) -> None:
    one = router(store, clock, desk)
    work_off(one)
    store.append([event("a")])
    work_off(one)
    store.append([event("b")])
    work_off(one)
    work_off(one)
    assert desk.asked == filings(store) == ["a", "b"]


def test_what_a_source_closes_while_it_waits_is_left(store: SqlStore, clock: ManualClock, desk: FakeDesk) -> None:
    store.append([event("a"), event("b", minutes=-2)])
    one = router(store, clock, desk)
    one.look()
    store.append(
        [Record(Kind.EVENT, "hotline", "a2", NOW, EventPayload(category="0101", incident="a", times={"closed": NOW}))]
    )
    work_off(one)
    assert desk.asked == ["b"]


def test_a_router_started_anew_files_nothing_twice(store: SqlStore, clock: ManualClock, desk: FakeDesk) -> None:
    store.append([event(f"i{n}") for n in range(5)])
    first = router(store, clock, desk)
    first.look()
    first.step()
    first.step()
    work_off(router(store, clock, desk))
    assert sorted(filings(store)) == [f"i{n}" for n in range(5)]
    assert len(desk.asked) == 5


def test_two_servers_on_one_store_file_each_incident_once(
    store: SqlStore, clock: ManualClock, open_another: Callable[[], SqlStore]
) -> None:
    stores = [open_another(), open_another()]
    routers = [router(one, clock, FakeDesk(one, clock)) for one in stores]
    for one in routers:
        one.start()
    try:
        for n in range(40):
            store.append([event(f"i{n}", severity=1 + n % 4)])
        wait_for(lambda: len(filings(store)) >= 40)
    finally:
        for one in routers:
            one.close()
    assert sorted(filings(store)) == sorted(f"i{n}" for n in range(40))


def test_a_refusal_leaves_the_incident_and_goes_on(store: SqlStore, clock: ManualClock, desk: FakeDesk) -> None:
    store.append([event("a"), event("b", minutes=-5), event("c", minutes=-9)])
    desk.faults = {"b": [Refused("closed meanwhile")], "c": [BadInput("no such workflow")]}
    work_off(router(store, clock, desk))
    assert filings(store) == ["a"]
    assert desk.asked == ["c", "b", "a"]


def test_an_unforeseen_failure_is_tried_again_behind_the_others_and_then_left(
    store: SqlStore, clock: ManualClock, desk: FakeDesk
) -> None:
    store.append([event("bad", severity=1), event("shaky", severity=1, minutes=-5), event("good")])
    desk.faults = {"bad": [RuntimeError("x") for _ in range(9)], "shaky": [RuntimeError("y")]}
    work_off(router(store, clock, desk))
    assert filings(store) == ["good", "shaky"]
    assert desk.asked.count("bad") == TRIES


class Unread:
    """A store whose log may not be read."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        assert name != "read_after"
        return getattr(self._store, name)


class Flaky:
    """A store whose reading can be taken away."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.away = threading.Event()

    def __getattr__(self, name: str) -> Any:
        if self.away.is_set() and name != "subscribe":
            raise StoreUnavailable("the store does not answer")
        return getattr(self._store, name)


def test_the_thread_outlives_a_store_that_is_away(store: SqlStore, clock: ManualClock, desk: FakeDesk) -> None:
    flaky = Flaky(store)
    one = router(flaky, clock, desk)
    one.start()
    try:
        store.append([event("before")])
        wait_for(lambda: filings(store) == ["before"])
        flaky.away.set()
        store.append([event("meanwhile")])
        wait_for(lambda: one.away_since is not None)
        assert filings(store) == ["before"]
        flaky.away.clear()
        wait_for(lambda: filings(store) == ["before", "meanwhile"])
        wait_for(lambda: one.away_since is None)
    finally:
        one.close()


def test_a_filing_that_the_store_did_not_take_is_done_when_it_answers(
    store: SqlStore, clock: ManualClock, desk: FakeDesk
) -> None:
    store.append([event("a")])
    desk.faults = {"a": [StoreUnavailable("away")]}
    one = router(store, clock, desk)
    one.look()
    with pytest.raises(StoreUnavailable):
        one.step()
    work_off(one)
    assert filings(store) == ["a"]


def test_the_doorbell_wakes_the_thread(store: SqlStore, clock: ManualClock, desk: FakeDesk) -> None:
    one = router(store, clock, desk, Settings(route_per_s=1000, silence_poll_s=3600))
    one.start()
    try:
        wait_for(lambda: one._seq is not None)
        store.append([event("a")])
        wait_for(lambda: filings(store) == ["a"])
    finally:
        one.close()


def test_a_close_that_comes_before_the_ring_is_cleared_is_not_missed(
    store: SqlStore, clock: ManualClock, desk: FakeDesk
) -> None:
    asleep = router(store, clock, desk, QUICK.model_copy(update={"silence_poll_s": 3600}))

    class ClosedMeanwhile(threading.Event):
        def clear(self) -> None:
            asleep._stop.set()
            super().clear()

    asleep._ring = ClosedMeanwhile()
    asleep.start()
    assert asleep._thread is not None
    asleep._thread.join(30)
    assert not asleep._thread.is_alive()


@pytest.mark.parametrize("off", [{"route_per_s": 0}, {"route_within_hours": 0}])
def test_routing_can_be_switched_off(tmp_path: Path, clock: ManualClock, off: dict[str, float]) -> None:
    one = router(None, clock, None, Settings(**off))  # type: ignore[arg-type]
    one.start()
    assert one._thread is None
    one.close()


def test_a_shorter_log_is_read_anew(store: SqlStore, clock: ManualClock, desk: FakeDesk) -> None:
    store.append([event("a")])
    one = router(store, clock, desk)
    one.look()
    one._seq = 1000
    one.look()
    work_off(one)
    assert filings(store) == ["a"]


def test_cases_follow_what_their_units_and_sources_do(store: SqlStore, clock: ManualClock, desk: FakeDesk) -> None:
    unit = Record(Kind.UNIT, "roster", "E1", NOW, UnitPayload(name="E1", unit_kind="fire_engine"))
    store.append([event("a"), event("b"), unit])
    one = router(store, clock, desk)
    work_off(one)
    assert desk.follows == []

    sent = IncidentDispatched(incident="a", units=("E1",), actor="desk 1")
    store.append([Record(Kind.INCIDENT_DISPATCHED, "desk", "d1", NOW, sent)])
    work_off(one)
    assert desk.follows == ["a"]

    store.append([moved("a", "send", "dispatched", "k1", NOW)])
    work_off(one)
    assert desk.follows == ["a"], "a move that made itself is no news"

    for n, word in enumerate((UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE)):
        store.append([status("E1", word, "a", n)])
        work_off(one)
    assert desk.follows == ["a", "a", "a"]

    store.append([status("E1", UnitStatus.AVAILABLE, None, 3)])
    work_off(one)
    assert desk.follows == ["a"] * 4, "it was on a until now"

    store.append([status("E1", UnitStatus.OUT_OF_SERVICE, None, 4), event("b2", closed=True)])
    closing = EventPayload(category="0101", incident="b", times={"closed": NOW})
    store.append([Record(Kind.EVENT, "hotline", "b9", NOW, closing)])
    work_off(one)
    assert desk.follows[4:] in (["a", "b"], ["b", "a"])


def test_a_case_that_no_unit_was_sent_to_is_not_asked_about(
    store: SqlStore, clock: ManualClock, desk: FakeDesk
) -> None:
    one = router(store, clock, desk)
    store.append([event("a")])
    work_off(one)
    store.append([moved("a", "assign", "received", "k1", NOW), event("a", minutes=-1)])
    work_off(one)
    assert desk.follows == []


def test_after_a_large_import_the_incidents_are_read_instead_of_the_log(
    store: SqlStore, clock: ManualClock, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.router.JUMP", 5)
    one = router(Unread(store), clock, desk)
    one.look()
    store.append([event(f"i{n}", closed=n > 0) for n in range(9)])
    work_off(one)
    assert filings(store) == ["i0"]


def test_a_router_started_anew_finds_the_cases_that_are_behind(
    store: SqlStore, clock: ManualClock, desk: FakeDesk
) -> None:
    store.append([event("a"), event("b")])
    store.append([moved(id, "file", "received", f"k{id}", NOW) for id in ("a", "b")])
    store.append(
        [Record(Kind.EVENT, "hotline", "a9", NOW, EventPayload(category="0101", incident="a", times={"closed": NOW}))]
    )
    work_off(router(store, clock, desk))
    assert desk.follows == ["a"]


def wait_for(true: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Until the condition holds; fails after a time that only a hang can reach."""
    gate = threading.Event()
    for _ in range(int(timeout_s / 0.02)):
        if true():
            return
        gate.wait(0.02)
    pytest.fail("did not happen")
