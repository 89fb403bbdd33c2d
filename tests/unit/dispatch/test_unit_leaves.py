"""A unit that a desk takes off its work is on its case no more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.clock import ManualClock
from data.errors import NotFound
from data.records import EventPayload, IncidentClosed, Kind, Record, UnitPayload, UnitStatus
from data.store import Store
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher

START = datetime(2026, 5, 1, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [UnitStatus.OUT_OF_SERVICE, UnitStatus.AVAILABLE])
def test_a_unit_on_scene_whose_status_is_set_leaves_its_case(
    store: Store, clock: ManualClock, status: UnitStatus
) -> None:
    store.append([Record(Kind.UNIT, "roster", id, START, UnitPayload(name=id, unit_kind="truck")) for id in ("A", "B")])
    desk = Dispatcher(store, clock, book=shipped())
    opened = desk.open(actor="desk", category="0301", workflow="emergency", owner="fire").incident
    assert opened is not None
    desk.dispatch(opened.id, ["A", "B"], actor="desk")
    desk.arrive(opened.id, "A", actor="A")
    for unit, left in (("A", ("B",)), ("B", ())):
        clock.advance(10)
        done = desk.set_unit_status(unit, status, actor="desk", reason="flat tyre", key=f"k-{unit}")
        assert done.unit is not None
        assert (done.unit.status, done.unit.incident) == (status, None)
        assert desk.set_unit_status(unit, status, actor="desk", reason="flat tyre", key=f"k-{unit}").repeated
        assert next(row for row in store.snapshot().incidents if row.id == opened.id).units == left
    before = store.snapshot()
    store.rebuild()
    after = store.snapshot()
    assert (after.incidents, after.units) == (before.incidents, before.units)


@pytest.mark.parametrize("status", [UnitStatus.OUT_OF_SERVICE, UnitStatus.AVAILABLE, None])
def test_a_unit_whose_incident_was_corrected_away_can_be_freed_and_sent_on(
    store: Store, clock: ManualClock, status: UnitStatus | None
) -> None:
    def row(incident: str, version: int) -> Record:
        event = EventPayload(incident=incident, category="0501", severity=2)
        return Record(Kind.EVENT, "119", "r1", START, event, version=version)

    store.append([Record(Kind.UNIT, "roster", "A", START, UnitPayload(name="A", unit_kind="truck")), row("I1", 0)])
    desk = Dispatcher(store, clock, book=shipped())
    desk.file("I1", actor="router")
    desk.dispatch("I1", ["A"], actor="desk")
    clock.advance(10)
    store.append([row("I2", 1)])
    with pytest.raises(NotFound, match="I1 has no report any more"):
        desk.dispatch("I1", ["A"], actor="desk")
    if status is not None:
        done = desk.set_unit_status("A", status, actor="desk", reason="it is another's")
        assert done.unit is not None
        assert (done.unit.status, done.unit.incident) == (status, None)
    if status is not UnitStatus.OUT_OF_SERVICE:
        sent = desk.dispatch("I2", ["A"], actor="desk").incident
        assert sent is not None
        assert sent.units == ("A",)
    store.append([row("I1", 2)])
    back = store.incident("I1")
    assert back is not None
    assert back.units == (() if status is not None else ("A",))


def test_what_was_done_on_an_incident_that_was_corrected_away_can_be_seen_and_ended(
    store: Store, clock: ManualClock
) -> None:
    def row(incident: str, version: int) -> Record:
        event = EventPayload(incident=incident, category="0501", severity=2, title="smoke")
        return Record(Kind.EVENT, "119", "r1", START, event, version=version)

    def same_when_rebuilt() -> None:
        before = [store.incident(id) for id in ("I1", "I2", "never")], store.snapshot().units
        store.rebuild()
        assert ([store.incident(id) for id in ("I1", "I2", "never")], store.snapshot().units) == before

    store.append([Record(Kind.UNIT, "roster", "A", START, UnitPayload(name="A", unit_kind="truck")), row("I1", 0)])
    store.append([Record(Kind.INCIDENT_CLOSED, "cad", "x", START, IncidentClosed(incident="never", actor="cad"))])
    assert store.incident("never") is None
    desk = Dispatcher(store, clock, book=shipped())
    desk.file("I1", actor="router", workflow="emergency")
    desk.dispatch("I1", ["A"], actor="desk", note="two doors down")
    clock.advance(10)
    store.append([row("I2", 1)])
    left = store.incident("I1")
    assert left is not None
    assert (left.rows, left.units, left.case and left.case.step) == (0, ("A",), "dispatched")
    assert [each.id for each in store.snapshot().incidents] == ["I2"]
    assert "two doors down" in [getattr(each.payload, "note", "") for each in store.timeline_of("I1")]
    same_when_rebuilt()
    desk.move("I1", "note", actor="desk", role="dispatcher", note="it is I2")
    with pytest.raises(NotFound, match="I1 has no report any more"):
        desk.merge("I2", "I1", actor="desk")
    desk.recall("I1", ["A"], actor="desk", reason="it is I2's")
    assert next(unit for unit in store.snapshot().units if unit.id == "A").status is UnitStatus.AVAILABLE
    desk.move("I1", "cancel", actor="desk", role="dispatcher", reason="it is I2")
    ended = store.incident("I1")
    assert ended is not None
    assert ended.closed_at is not None
    assert [each.id for each in store.snapshot().incidents] == ["I2"]
    same_when_rebuilt()
