"""Who sends other units than were recommended says why, from the list; what was recommended are units that exist."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.clock import ManualClock
from data.errors import BadInput
from data.records import Kind, Recommended, Record, UnitPayload
from data.sql_store import SqlStore
from dispatch.book import shipped
from dispatch.choosing import WhyOtherwise
from dispatch.dispatcher import Dispatcher
from dispatch.recommend import deviation

START = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
ENGINES = ("E1", "E2", "E3", "E4", "E5", "E6", "E7")
SHOWN = tuple(Recommended(unit=unit, travel_s=60.0) for unit in ENGINES[:5])
ONE = "0307"
"""A class that one unit is sent to; a building fire (0501) needs several at once."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def desk(store: SqlStore, clock: ManualClock) -> Dispatcher:
    engine = [Record(Kind.UNIT, "cad", id, START, UnitPayload(name=id, unit_kind="fire_engine")) for id in ENGINES]
    store.append(engine)
    return Dispatcher(store, clock, book=shipped())


def opened(desk: Dispatcher, category: str = ONE) -> str:
    row = desk.open(actor="d", category=category, workflow="emergency", owner="fire").incident
    assert row is not None
    return row.id


def test_another_than_the_first_needs_a_reason_of_the_list(desk: Dispatcher) -> None:
    id = opened(desk)
    with pytest.raises(WhyOtherwise, match=r"^E2: others were recommended, first E1; give a reason: closer \("):
        desk.dispatch(id, ["E2"], actor="d", recommended=SHOWN)
    with pytest.raises(BadInput, match="reason: 'felt like it' is not in the list: closer"):
        desk.dispatch(id, ["E2"], actor="d", recommended=SHOWN, reason="felt like it")
    assert desk.dispatch(id, ["E2"], actor="d", recommended=SHOWN, reason="closer").incident is not None
    done = desk.dispatch(id, ["E1"], actor="d", recommended=SHOWN).incident
    assert done is not None
    assert done.units == ("E1", "E2")


def test_some_of_those_that_are_suggested_at_once_need_none(desk: Dispatcher) -> None:
    fire = opened(desk, "0501")
    needed = sum(need.count for need in shipped().skills.needs("0501", 3))
    assert needed > 1
    done = desk.dispatch(fire, [ENGINES[needed - 1]], actor="d", recommended=SHOWN).incident
    assert done is not None


def test_what_was_recommended_are_units(desk: Dispatcher) -> None:
    with pytest.raises(BadInput, match="recommended: there is no unit E99"):
        desk.dispatch(opened(desk), ["E1"], actor="d", recommended=[*SHOWN[:1], Recommended(unit="E99")])


def test_who_was_shown_nothing_gives_no_reason(desk: Dispatcher) -> None:
    assert desk.dispatch(opened(desk), ["E4"], actor="d").incident is not None


def test_of_more_than_are_kept_as_many_are_believed() -> None:
    assert not deviation(SHOWN, ENGINES[:6])
    assert not deviation(SHOWN, [*ENGINES[:4], "E6"], 6)
    assert deviation(SHOWN, [*ENGINES[:4], "E6", "E7"], 6)
