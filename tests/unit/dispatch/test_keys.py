"""An idempotency key is of one command with all that it said, and the system's own keys are nobody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from data.clock import ManualClock
from data.errors import Refused
from data.records import EventPayload, Evidence, Kind, Record, UnitPayload
from data.settings import Settings
from data.sql_store import SqlStore
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher
from dispatch.router import AutoRouter
from dispatch.runner import Done

START = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def desk(store: SqlStore, clock: ManualClock) -> Dispatcher:
    store.append(
        [
            Record(Kind.UNIT, "cad", "E1", START, UnitPayload(name="E1", unit_kind="fire_engine")),
            Record(Kind.EVENT, "hotline", "X1", START, EventPayload(category="0307", incident="X1")),
            Record(Kind.EVENT, "hotline", "X2", START, EventPayload(category="0307", incident="X2")),
        ]
    )
    return Dispatcher(store, clock, book=shipped())


OPEN = {"actor": "d", "category": "0307", "role": "district", "workflow": "grid-5", "owner": "city-management"}
FILE = {"actor": "d", "role": "district", "workflow": "grid-5", "owner": "city-management", "reason": "r"}
SENT = {"units": ["E1"], "actor": "d", "note": "n", "basis": "road"}
CLOSE = {"actor": "s", "role": "supervisor", "note": "n", "evidence": [Evidence(kind="photo", ref="a")]}


@pytest.mark.parametrize(
    ("made", "others"),
    [
        (OPEN, [{"owner": "ecology"}, {"owner": None}, {"workflow": "hotline-6"}, {"role": "supervisor"}]),
        ({"actor": "d", "category": "0307"}, [{"owner": "ecology"}, {"workflow": "dispute"}]),
    ],
)
def test_a_key_opens_what_it_opened_and_nothing_else(
    desk: Dispatcher, made: dict[str, Any], others: list[dict[str, Any]]
) -> None:
    assert not desk.open(**made, key="k").repeated
    assert desk.open(**made, key="k").repeated
    for other in others:
        with pytest.raises(Refused, match="use a new key"):
            desk.open(**{**made, **other}, key="k")


@pytest.mark.parametrize(
    ("command", "made", "others"),
    [
        (Dispatcher.file, FILE, [{"actor": "e"}, {"owner": "ecology"}, {"workflow": "hotline-6"}, {"reason": "q"}]),
        (Dispatcher.file, {"actor": "d"}, [{"owner": "ecology"}, {"workflow": "dispute"}, {"role": "district"}]),
        (Dispatcher.dispatch, SENT, [{"note": "m"}, {"role": "district"}, {"basis": ""}, {"actor": "e"}]),
    ],
)
def test_a_key_is_of_one_command_with_all_that_it_said(
    desk: Dispatcher, command: Callable[..., Done], made: dict[str, Any], others: list[dict[str, Any]]
) -> None:
    assert not command(desk, "X1", **made, key="k").repeated
    assert command(desk, "X1", **made, key="k").repeated
    for other in others:
        with pytest.raises(Refused, match="use a new key"):
            command(desk, "X1", **{**made, **other}, key="k")


def test_a_key_of_a_closing_is_of_its_note_and_evidence_too(desk: Dispatcher) -> None:
    id = desk.open(**OPEN).incident.id  # type: ignore[union-attr]
    for move in ("start", "answer"):
        desk.move(id, move, actor="o", role="owner", evidence=[Evidence(kind="photo", ref="a")])
    desk.close(id, **CLOSE, key="k")
    assert desk.close(id, **CLOSE, key="k").repeated
    for other in ({"note": "m"}, {"evidence": []}, {"role": "district"}, {"disposition": "x"}):
        with pytest.raises(Refused, match="use a new key"):
            desk.close(id, **{**CLOSE, **other}, key="k")


def test_no_key_of_a_person_keeps_an_incident_from_being_filed(
    desk: Dispatcher, store: SqlStore, clock: ManualClock
) -> None:
    id = desk.open(**OPEN).incident.id  # type: ignore[union-attr]
    desk.move(id, "note", actor="d", role="dispatcher", note="n", key="file:X1")
    router = AutoRouter(store, clock, desk, Settings(), desk.book.workflows)
    router.look()
    while router.step():
        pass
    row = store.incident("X1")
    assert row is not None
    assert row.case is not None


def test_a_key_of_a_rule_is_of_no_case_and_no_incident(desk: Dispatcher, store: SqlStore) -> None:
    """Of any version of the rule, and for a desk that has just come to the store."""
    for n, owner in enumerate(("ecology", "sanitation")):
        rule = {"actor": "d", "role": "district", "owner": owner, "category": "07"}
        assert not desk.adopt_rule("quiet", **rule, key=f"r{n}").repeated
    anew = Dispatcher(store, ManualClock(START), book=desk.book)
    for each in (desk, anew):
        for key in ("r0", "r1"):
            with pytest.raises(Refused, match=r"key r\d did something else before.*use a new key"):
                each.file("X1", **FILE, key=key)
            with pytest.raises(Refused, match="use a new key"):
                each.open(**OPEN, key=key)
    desk.adopt_rule("quiet", actor="d", role="district", owner="ecology", category="07", enabled=False, key="r2")
    with pytest.raises(Refused, match="use a new key"):
        anew.file("X1", **FILE, key="r2")
    assert not anew.file("X1", **FILE, key="r3").repeated
    with pytest.raises(Refused, match="use a new key"):
        desk.adopt_rule("quiet", actor="d", role="district", owner="ecology", category="08", key="r3")
