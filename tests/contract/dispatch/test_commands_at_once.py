"""Many officers at once: one winner, one outcome of a key, one next version. On both stores."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from data.clock import ManualClock
from data.errors import GridcommandError, Refused, VersionConflict
from data.records import IncidentMoved, Kind, Record, UnitPayload, UnitStatus
from data.sql_store import SqlStore
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher, Done

START = datetime(2026, 5, 6, 1, tzinfo=UTC)
AT_ONCE = 20


@pytest.fixture
def desk(store: SqlStore, clock: ManualClock) -> Dispatcher:
    units = [
        Record(Kind.UNIT, "roster", id, START, UnitPayload(name=id, unit_kind="car"), 116.8, 35.5)
        for id in ("E07", "E08")
    ]
    store.append(units)
    return Dispatcher(store, clock, book=shipped())


def opened(desk: Dispatcher, workflow: str = "emergency") -> str:
    done = desk.open(actor="desk 1", category="0501", severity=1, lon=116.8, lat=35.5, workflow=workflow)
    assert done.incident is not None
    return done.incident.id


def all_at_once(n: int, command: Callable[[int], Done]) -> tuple[list[Done], list[GridcommandError]]:
    """Run command(0..n-1) on AT_ONCE threads that start together; what was done, and what was refused."""
    gate = threading.Barrier(AT_ONCE)
    done: list[Done] = []
    refused: list[GridcommandError] = []

    def worker(first: int) -> None:
        gate.wait()
        for number in range(first, n, AT_ONCE):
            try:
                done.append(command(number))
            except GridcommandError as error:
                refused.append(error)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(worker, range(AT_ONCE)))
    return done, refused


def test_a_thousand_dispatches_of_one_unit_have_exactly_one_winner(desk: Dispatcher, store: SqlStore) -> None:
    incidents = [opened(desk) for _ in range(10)]
    head = store.head()
    done, refused = all_at_once(1000, lambda n: desk.dispatch(incidents[n % 10], ["E07"], actor=f"desk {n}"))
    assert len(done) == 1
    assert len(refused) == 999
    won = done[0].incident
    assert won is not None
    sent = [r for r in store.read_after(head) if r.kind is Kind.INCIDENT_DISPATCHED]
    assert len(sent) == 1
    actor = sent[0].payload.actor  # type: ignore[attr-defined]
    assert {str(error) for error in refused} == {f"unit E07 was sent to incident {won.id} by {actor}, 0 s ago"}
    # The winner's case moved with it, in the same transaction; nobody else's did.
    assert [r.kind for r in store.read_after(head)] == [Kind.INCIDENT_DISPATCHED, Kind.INCIDENT_MOVED]
    steps = {id: row.case.step for id in incidents if (row := store.incident(id)) is not None and row.case is not None}
    assert steps == {id: "dispatched" if id == won.id else "received" for id in incidents}


def test_one_key_pressed_by_many_hands_is_one_command(desk: Dispatcher, store: SqlStore) -> None:
    id = opened(desk)
    head = store.head()
    done, refused = all_at_once(200, lambda n: desk.dispatch(id, ["E07"], actor="desk 3", key="click"))
    assert not refused
    assert sum(not each.repeated for each in done) == 1
    assert len(store.read_after(head)) == 2
    assert len({each.seq for each in done}) == 1


def test_of_many_with_one_version_one_is_first(desk: Dispatcher, store: SqlStore) -> None:
    row = store.incident(opened(desk, "grid-5"))
    assert row is not None
    done, refused = all_at_once(
        100,
        lambda n: desk.move(row.id, "assign", actor=f"desk {n}", role="dispatcher", owner=f"o{n}", expected=row.seq),
    )
    assert len(done) == 1
    assert len(refused) == 99
    assert all(isinstance(error, VersionConflict) for error in refused)


def test_officers_take_cases_through_their_lives_side_by_side(desk: Dispatcher, store: SqlStore) -> None:
    """Nothing is lost or mixed up between threads: each case has its own full life."""
    steps = ["file", "assign", "accept", "answer", "verify"]

    def life(n: int) -> Done:
        from data.records import Evidence

        opening = desk.open(actor=f"desk {n}", category="0101", workflow="grid-5", key=f"{n}", owner="street")
        assert opening.incident is not None
        id = opening.incident.id
        desk.move(id, "accept", actor=f"o{n}", role="owner", key=f"{n}-a")
        desk.move(id, "answer", actor=f"w{n}", role="worker", evidence=[Evidence(kind="photo")], key=f"{n}-b")
        return desk.move(id, "verify", actor=f"desk {n}", role="dispatcher", key=f"{n}-c")

    done, refused = all_at_once(60, life)
    assert not refused
    for each in done:
        assert each.incident is not None
        assert each.incident.case is not None
        assert each.incident.case.step == "closed"
        moves = [r.payload for r in store.timeline_of(each.incident.id) if isinstance(r.payload, IncidentMoved)]
        assert [m.move for m in moves] == steps
        assert len({m.actor.removeprefix("desk ").lstrip("ow") for m in moves}) == 1


def test_a_key_belongs_to_one_command_whatever_it_was(desk: Dispatcher, store: SqlStore) -> None:
    id, other = opened(desk), opened(desk)
    desk.dispatch(id, ["E07"], actor="desk 1", key="k")
    head = store.head()
    for command in (
        lambda: desk.dispatch(other, ["E08"], actor="desk 1", key="k"),
        lambda: desk.dispatch(id, ["E07"], actor="desk 2", key="k"),
        lambda: desk.move(id, "note", actor="desk 1", role="dispatcher", note="n", key="k"),
        lambda: desk.close(id, actor="desk 1", key="k"),
        lambda: desk.recall(id, ["E07"], actor="desk 1", key="k"),
        lambda: desk.merge(id, other, actor="desk 1", key="k"),
        lambda: desk.set_unit_status("E07", UnitStatus.EN_ROUTE, actor="desk 1", key="k"),
        lambda: desk.open(actor="desk 1", category="0101", key="k"),
        lambda: desk.file(id, actor="router", key="k"),
    ):
        with pytest.raises(Refused, match=r"^key k did something else before \(sending of units on incident "):
            command()
    assert store.head() == head


def test_every_command_repeated_with_its_key_changes_nothing(desk: Dispatcher, store: SqlStore) -> None:
    id, other = opened(desk), opened(desk)
    commands: list[Callable[[], Done]] = [
        lambda: desk.open(actor="a", category="0101", title="x", workflow="grid-5", key="o"),
        lambda: desk.dispatch(id, ["E07", "E08"], actor="a", key="d"),
        lambda: desk.recall(id, ["E08"], actor="a", reason="enough", key="r"),
        lambda: desk.set_unit_status("E07", UnitStatus.EN_ROUTE, actor="a", key="s"),
        lambda: desk.arrive(id, "E07", actor="a", key="v"),
        lambda: desk.move(id, "answer", actor="a", role="worker", key="m"),
        lambda: desk.merge(other, id, actor="a", key="g"),
        lambda: desk.split(other, actor="a", key="p"),
        lambda: desk.close(id, actor="a", disposition="out", key="c"),
        lambda: desk.adopt_rule("R1", actor="a", role="district", owner="street", category="0101", key="u"),
    ]
    for command in commands:
        first = command()
        head = store.head()
        again = command()
        assert (first.repeated, again.repeated) == (False, True)
        assert store.head() == head
    # Long after, and though all is over: the answer is the present state.
    for command in commands:
        again = command()
        assert again.repeated
    assert store.head() == head
