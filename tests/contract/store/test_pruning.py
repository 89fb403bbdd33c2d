"""Old positions go, nothing else does, and the store goes on as if they had never been needed. Both stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import select

from data.clock import ManualClock
from data.errors import StoreUnavailable
from data.models import PROJECTIONS
from data.records import EventPayload, Kind, Record, UnitPosition, UnitStatus, UnitStatusPayload
from data.retention import Retention
from data.settings import Settings
from data.store import Pruned
from geo.area import Area, Region

DAY = timedelta(days=1)
START = datetime(2026, 5, 1, tzinfo=UTC)

REGION = Region.of(
    ("town", "grid"),
    [
        Area("T", "镇", "town", box(121, 31, 122, 32), None),
        Area("T1", "西", "grid", box(121, 31, 121.5, 32), "T"),
        Area("T2", "东", "grid", box(121.5, 31, 122, 32), "T"),
    ],
)


def fix(unit: str, at: datetime, lon: float = 121.2, source: str = "gps") -> Record:
    return Record(Kind.UNIT_POSITION, source, unit, at, UnitPosition(unit=unit), lon, 31.5)


def event(id: str, at: datetime) -> Record:
    return Record(Kind.EVENT, "hotline", id, at, EventPayload(category="c"), 121.9, 31.5)


def status(unit: str, at: datetime) -> Record:
    payload = UnitStatusPayload(unit=unit, status=UnitStatus.EN_ROUTE)
    return Record(Kind.UNIT_STATUS, "cad", f"{unit}-{at}", at, payload)


def tables(store) -> dict[str, list[tuple]]:
    found = {}
    with store.read() as conn:
        for name in PROJECTIONS:
            table = store.tables.projection(name)
            found[name] = [tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key.columns))]
    return found


def everything(store) -> list[Record]:
    """The log as a reader takes it, a few at a time."""
    found: list[Record] = []
    while chunk := store.read_after(found[-1].seq if found else 0, limit=3):
        found += chunk
    return found


@pytest.fixture
def filled(store, clock: ManualClock):
    """Ten days with two units all day, one that fell silent, a late batch and a few other records a day."""
    store.put_level(REGION)
    for day in range(10):
        now = clock.advance(86_400)
        records = [event(f"E{day}", now), status("U1", now)]
        records += [fix("U1", now - timedelta(minutes=m)) for m in range(6, 0, -1)]
        records += [fix("U2", now - timedelta(minutes=m), 121.7) for m in range(3)]
        if day == 1:
            records += [fix("gone", now), fix("old", now - 400 * DAY, source="archive")]
        store.append(records)
    return store


def moves(store) -> list[Record]:
    return [record for record in everything(store) if record.kind is Kind.UNIT_POSITION]


def settle(store, before: datetime, limit: int = 5_000) -> int:
    deleted, after = 0, 0
    while True:
        step = store.prune_positions(before, after=after, limit=limit)
        deleted += step.deleted
        if step.next is None:
            return deleted
        assert step.next > after
        after = step.next


@pytest.mark.parametrize("limit", [1, 7, 5_000])
def test_what_is_too_old_goes_and_all_else_stays(filled, clock: ManualClock, limit: int):
    before = everything(filled)
    shown, head, cutoff = tables(filled), filled.head(), clock.now() - 3 * DAY
    old = [r for r in before if r.kind is Kind.UNIT_POSITION and r.received_at < cutoff]
    kept_for_ever = {("gone", "gps"), ("old", "archive")}  # the latest of their units
    assert settle(filled, cutoff, limit) == len(old) - len(kept_for_ever) > 40
    after = everything(filled)
    assert [r for r in before if r.kind is not Kind.UNIT_POSITION] == [
        r for r in after if r.kind is not Kind.UNIT_POSITION
    ]
    left = [r for r in after if r.kind is Kind.UNIT_POSITION]
    assert {(r.payload.unit, r.source) for r in left if r.received_at < cutoff} == kept_for_ever
    assert [r for r in left if r.received_at >= cutoff] == [
        r for r in before if r.kind is Kind.UNIT_POSITION and r.received_at >= cutoff
    ]
    assert filled.head() == head
    assert tables(filled) == shown
    assert settle(filled, cutoff, limit) == 0


def test_a_rebuild_makes_the_same_tables_without_the_deleted(filled, clock: ManualClock):
    shown = tables(filled)
    settle(filled, clock.now() - 3 * DAY)
    settle(filled, clock.now() + DAY)
    filled.rebuild()
    assert tables(filled) == shown
    filled.append([fix("U1", clock.advance(60))])
    shown = tables(filled)
    settle(filled, clock.now() + DAY)
    filled.rebuild()
    assert tables(filled) == shown


def test_seqs_of_the_deleted_are_not_given_again(filled, clock: ManualClock):
    head = filled.head()
    settle(filled, clock.now() + DAY)
    assert filled.append([fix("U1", clock.advance(1))]).seqs == (head + 1,)
    assert filled.changed_since(head).units[0].position_at == clock.now()
    assert [record.seq for record in filled.read_after(head)] == [head + 1]


def test_many_units_that_never_come_back_do_not_stop_the_pruning(store, clock: ManualClock):
    store.append([fix(f"silent{n}", clock.now()) for n in range(50)])
    for _ in range(20):
        store.append([fix("U1", clock.advance(60))])
    assert settle(store, clock.now() + DAY, limit=10) == 19
    assert len(moves(store)) == 51


class Counting:
    """A store that counts steps and can be away."""

    def __init__(self, *answers: Pruned | StoreUnavailable) -> None:
        self.answers, self.asked = list(answers), []

    def prune_positions(self, before: datetime, *, after: int, limit: int) -> Pruned:
        self.asked.append((before, after))
        answer = self.answers.pop(0)
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer


def test_a_sweep_goes_on_until_nothing_old_is_left():
    store = Counting(Pruned(5, 40), Pruned(0, 80), Pruned(2, None))
    retention = Retention(store, ManualClock(START), Settings(keep_positions_days=2), pause_s=0)  # type: ignore[arg-type]
    assert retention.sweep() == 7
    assert store.asked == [(START - 2 * DAY, 0), (START - 2 * DAY, 40), (START - 2 * DAY, 80)]


def test_the_job_outlives_a_store_that_is_away_and_ends_when_told(filled, clock: ManualClock, monkeypatch):
    monkeypatch.setattr("data.retention.EVERY_S", 0.02)
    real, calls = filled.prune_positions, []

    def first_away(*args, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise StoreUnavailable("away")
        return real(*args, **kwargs)

    monkeypatch.setattr(filled, "prune_positions", first_away)
    retention = Retention(filled, clock, Settings(keep_positions_days=1), pause_s=0)
    retention.start()
    for _ in range(3000):
        if len(moves(filled)) < 40:
            break
        retention._stop.wait(0.02)
    retention.close()
    assert min(r.received_at for r in moves(filled) if r.payload.unit == "U1") >= clock.now() - DAY


def test_zero_days_keep_for_ever(filled, clock: ManualClock):
    retention = Retention(filled, clock, Settings(keep_positions_days=0))
    retention.start()
    retention.close()
    assert retention._thread is None
