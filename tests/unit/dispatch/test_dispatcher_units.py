"""Commands of a desk: what they append, what they refuse, and who wins."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from data.clock import ManualClock
from data.errors import BadInput, GridcommandError, NotFound, Refused, VersionConflict
from data.records import (
    EventPayload,
    IncidentState,
    Kind,
    Record,
    UnitPayload,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import Store
from dispatch.dispatcher import Dispatcher

START = datetime(2026, 5, 1, 0, 0, tzinfo=UTC)


@pytest.fixture
def store(store: Store) -> Store:
    """Each engine's store, with two fire engines."""
    store.append([unit_record(id) for id in ("E07", "E08")])
    return store


@pytest.fixture
def desk(store: Store, clock: ManualClock) -> Dispatcher:
    return Dispatcher(store, clock)


def unit_record(id: str) -> Record:
    return Record(Kind.UNIT, "roster", id, START, UnitPayload(name=id, unit_kind="fire_engine"), lon=116.8, lat=35.5)


def opened(desk: Dispatcher, key: str | None = None) -> str:
    done = desk.open(actor="desk 1", category="fire", title="smoke", lon=116.8, lat=35.5, key=key)
    assert done.incident is not None
    return done.incident.id


def test_an_incident_goes_from_open_to_closed_and_releases_its_units(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    id = opened(desk)
    states = [store.timeline_of(id)[-1].kind]
    for step in (
        lambda: desk.dispatch(id, ["E07", "E08"], actor="desk 1"),
        lambda: desk.arrive(id, "E07", actor="E07"),
        lambda: desk.close(id, actor="desk 1", disposition="out"),
    ):
        clock.advance(30)
        step()
        states.append(store.timeline_of(id)[-1].kind)
    assert states == [Kind.EVENT, Kind.INCIDENT_DISPATCHED, Kind.INCIDENT_ARRIVED, Kind.INCIDENT_CLOSED]
    snapshot = store.snapshot()
    row = next(r for r in snapshot.incidents if r.id == id)
    assert row.state is IncidentState.CLOSED
    assert row.units == ("E07", "E08")
    assert (row.dispatched_at, row.arrived_at, row.closed_at) == tuple(
        START + timedelta(seconds=s) for s in (30, 60, 90)
    )
    assert {u.id: (u.status, u.incident) for u in snapshot.units} == {
        "E07": (UnitStatus.AVAILABLE, None),
        "E08": (UnitStatus.AVAILABLE, None),
    }


def test_a_busy_unit_is_refused_with_who_sent_it_where_and_when(desk: Dispatcher, clock: ManualClock) -> None:
    first, second = opened(desk), opened(desk)
    desk.dispatch(first, ["E07"], actor="desk 3")
    clock.advance(4)
    with pytest.raises(Refused, match=f"^unit E07 was sent to incident {first} by desk 3, 4 s ago$"):
        desk.dispatch(second, ["E08", "E07"], actor="desk 1")


def test_a_refused_dispatch_leaves_nothing_behind(desk: Dispatcher, store: Store) -> None:
    first, second = opened(desk), opened(desk)
    desk.dispatch(first, ["E07"], actor="desk 3")
    head = store.head()
    with pytest.raises(Refused):
        desk.dispatch(second, ["E08", "E07"], actor="desk 1")
    assert store.head() == head
    assert {u.id: u.status for u in store.snapshot().units}["E08"] is UnitStatus.AVAILABLE


def test_a_closed_incident_takes_no_more_commands(desk: Dispatcher, clock: ManualClock) -> None:
    id = opened(desk)
    desk.close(id, actor="desk 2")
    clock.advance(600)
    for command in (
        lambda: desk.dispatch(id, ["E07"], actor="desk 1"),
        lambda: desk.arrive(id, "E07", actor="desk 1"),
        lambda: desk.close(id, actor="desk 1"),
    ):
        with pytest.raises(Refused, match=f"^incident {id} was closed by desk 2, 10 min ago$"):
            command()


def test_a_stale_version_is_refused_naming_who_changed_it(desk: Dispatcher, clock: ManualClock) -> None:
    id = opened(desk)
    seen = desk.dispatch(id, ["E07"], actor="desk 3").seq
    clock.advance(5)
    desk.arrive(id, "E07", actor="E07's terminal")
    clock.advance(7)
    with pytest.raises(VersionConflict, match=f"^incident {id} was changed by E07's terminal, 7 s ago; look again$"):
        desk.close(id, actor="desk 1", expected=seen)
    assert desk.close(id, actor="desk 1", expected=seen + 1).incident is not None


def test_a_repeated_key_changes_nothing_and_answers_the_same(desk: Dispatcher, store: Store) -> None:
    id = opened(desk, key="k1")
    assert opened(desk, key="k1") == id
    first = desk.dispatch(id, ["E07"], actor="desk 3", key="k2")
    head = store.head()
    again = desk.dispatch(id, ["E07"], actor="desk 3", key="k2")
    assert (first.repeated, again.repeated) == (False, True)
    assert again.incident == first.incident
    assert store.head() == head


def test_a_key_used_for_something_else_is_refused(desk: Dispatcher) -> None:
    id = opened(desk, key="k1")
    desk.dispatch(id, ["E07"], actor="desk 3", key="k2")
    with pytest.raises(Refused, match="k2 did something else"):
        desk.dispatch(id, ["E08"], actor="desk 3", key="k2")
    with pytest.raises(Refused, match="k1 opened incident"):
        desk.open(actor="desk 1", category="flood", title="water", key="k1")


def test_a_repeat_is_answered_even_after_the_incident_was_closed(desk: Dispatcher) -> None:
    id = opened(desk)
    desk.dispatch(id, ["E07"], actor="desk 3", key="k2")
    desk.close(id, actor="desk 3")
    again = desk.dispatch(id, ["E07"], actor="desk 3", key="k2")
    assert again.repeated
    assert again.incident is not None
    assert again.incident.state is IncidentState.CLOSED


@pytest.mark.parametrize(
    ("command", "error", "says"),
    [
        (lambda d, i: d.dispatch("D-NONE", ["E07"], actor="a"), NotFound, "no incident D-NONE"),
        (lambda d, i: d.dispatch(i, ["E99"], actor="a"), NotFound, "no unit E99"),
        (lambda d, i: d.dispatch(i, [], actor="a"), BadInput, "at least one unit"),
        (lambda d, i: d.dispatch(i, ["E07"], actor=" "), BadInput, "say who acts"),
        (lambda d, i: d.dispatch(i, ["E07"], actor="a", key="k" * 501), BadInput, "1 to 500"),
        (lambda d, i: d.arrive(i, "E07", actor="a"), Refused, "was not sent to incident"),
        (lambda d, i: d.set_unit_status("E07", UnitStatus.DISPATCHED, actor="a"), Refused, "by sending it"),
        (lambda d, i: d.set_unit_status("E07", UnitStatus.ON_SCENE, actor="a"), Refused, "on no incident"),
        (lambda d, i: d.set_unit_status("E07", UnitStatus.OUT_OF_SERVICE, actor="a"), Refused, "needs a reason"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(desk: Dispatcher, command, error, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=says) as caught:
        command(desk, opened(desk))
    assert isinstance(caught.value, GridcommandError)
    assert "\n" not in str(caught.value)


def test_a_unit_out_of_service_is_not_sent(desk: Dispatcher, clock: ManualClock) -> None:
    desk.set_unit_status("E07", UnitStatus.OUT_OF_SERVICE, actor="depot", reason="flat tyre")
    clock.advance(60)
    with pytest.raises(Refused, match=r"^unit E07 is out of service, set by depot 60 s ago$"):
        desk.dispatch(opened(desk), ["E07"], actor="desk 1")


def test_closing_does_not_bring_back_a_unit_whose_terminal_said_out_of_service(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    id = opened(desk)
    desk.dispatch(id, ["E07"], actor="desk 1")
    broken = UnitStatusPayload(unit="E07", status=UnitStatus.OUT_OF_SERVICE, incident=id, actor="terminal:E07")
    store.append([Record(Kind.UNIT_STATUS, "cad", "s1", clock.advance(60), broken)])
    clock.advance(60)
    desk.close(id, actor="desk 1")
    (unit,) = [row for row in store.snapshot().units if row.id == "E07"]
    assert unit.status is UnitStatus.OUT_OF_SERVICE
    with pytest.raises(Refused, match="out of service"):
        desk.dispatch(opened(desk), ["E07"], actor="desk 1")


def test_commands_work_on_incidents_whose_source_gives_long_ids(desk: Dispatcher, store: Store) -> None:
    id = "sensor-" + "x" * 193
    store.append([Record(Kind.EVENT, "s", id, START, EventPayload(category="c"), 116.8, 35.5)])
    id = f"s:{id}"
    for key in (None, "k" * 100):
        desk.dispatch(id, ["E07"] if key is None else ["E08"], actor="desk 1", key=key)
    assert desk.dispatch(id, ["E08"], actor="desk 1", key="k" * 100).repeated
    with pytest.raises(Refused, match="did something else"):
        desk.dispatch(id, ["E07"], actor="desk 1", key="k" * 100)
    with pytest.raises(Refused, match="did something else"):
        desk.close(id, actor="desk 1", key="k" * 100)
    desk.close(id, actor="desk 1", key="k" * 400)
    assert desk.close(id, actor="desk 1", key="k" * 400).repeated


def test_a_dispatch_holds_though_the_units_terminal_runs_ahead(desk: Dispatcher, store: Store) -> None:
    ahead = START + timedelta(seconds=20)
    payload = UnitStatusPayload(unit="E07", status=UnitStatus.AVAILABLE)
    store.append([Record(Kind.UNIT_STATUS, "terminal", "s1", ahead, payload)])
    first, second = opened(desk), opened(desk)
    desk.dispatch(first, ["E07"], actor="desk 3")
    with pytest.raises(Refused, match=f"E07 was sent to incident {first}"):
        desk.dispatch(second, ["E07"], actor="desk 1")


def test_of_fifty_desks_that_send_one_unit_exactly_one_wins(desk: Dispatcher, store: Store) -> None:
    incidents = [opened(desk) for _ in range(10)]
    won: list[str] = []
    lost: list[str] = []
    gate = threading.Barrier(50)

    def send(number: int) -> None:
        gate.wait()
        try:
            desk.dispatch(incidents[number % 10], ["E07"], actor=f"desk {number}")
            won.append(f"desk {number}")
        except Refused as error:
            lost.append(str(error))

    threads = [threading.Thread(target=send, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(lost) == 49
    assert all(f"by {won[0]}, 0 s ago" in line for line in lost)
    assert sum(r.kind is Kind.INCIDENT_DISPATCHED for r in store.read_after(0)) == 1


def test_a_terminal_on_scene_moves_its_incident(desk: Dispatcher, store: Store, clock: ManualClock) -> None:
    id = opened(desk)
    desk.dispatch(id, ["E07"], actor="desk 1")
    at = clock.advance(90)
    there = UnitStatusPayload(unit="E07", status=UnitStatus.ON_SCENE, incident=id)
    store.append([Record(Kind.UNIT_STATUS, "terminal", "s1", at, there)])
    [row] = store.snapshot().incidents
    assert (row.state, row.arrived_at) == (IncidentState.ON_SCENE, at)
    with pytest.raises(Refused, match=r"^unit E07 arrived at incident .* already, 0 s ago$"):
        desk.arrive(id, "E07", actor="desk 1")
    before = store.snapshot()
    store.rebuild()
    assert store.snapshot() == before


def test_a_unit_that_drives_on_is_still_the_unit_that_somebody_looked_at(
    desk: Dispatcher, store: Store, clock: ManualClock
) -> None:
    seen = next(unit for unit in store.snapshot().units if unit.id == "E07")
    driven = Record(Kind.UNIT_POSITION, "gps", "E07", clock.now(), UnitPosition(unit="E07"), 116.81, 35.5)
    store.append([driven])
    done = desk.set_unit_status(
        "E07", UnitStatus.OUT_OF_SERVICE, actor="desk 1", reason="tyre", expected=seen.status_seq
    )
    assert done.unit is not None
    assert done.seq == done.unit.status_seq == store.head()
    with pytest.raises(VersionConflict):
        desk.set_unit_status("E07", UnitStatus.AVAILABLE, actor="desk 2", expected=seen.status_seq)
