"""Coverage of a fork that is read as its log grows is that of the whole log, and nothing is read twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest

from data.clock import ManualClock
from data.errors import StoreUnavailable
from data.records import IncidentDispatched, Kind, Record, UnitPosition, UnitStatus, UnitStatusPayload
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import UnitRow
from dispatch.book import shipped
from replay import fork_covered
from replay.comparison import ground_of, of_logs
from replay.fork import Fork
from replay.fork_coverage import ANY, Coverage
from replay.fork_covered import CHUNK, Covered
from tests.unit.replay.exercise_world import master, region, roads
from tests.unit.replay.fork_world import DAY, END, NOW, at, history

START = ceil(DAY.timestamp())
PLACES = [(120.001 + n / 300, 33.005) for n in range(12)]


class Counting:
    """A store that tells how many records it handed out."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.read = store, 0

    def read_after(self, seq: int, *, limit: int, timeline: str) -> Sequence[Record]:
        found = self.store.read_after(seq, limit=limit, timeline=timeline)
        self.read += len(found)
        return found


@pytest.fixture
def forked(store: SqlStore) -> tuple[SqlStore, Fork, list[UnitRow]]:
    store.put_level(region())
    store.append(master())
    fork = Fork.make(store, ManualClock(NOW), "live", DAY, "x", actor="zhao", until=END)
    return store, fork, store.units(fork.timeline)


def happened(dice: random.Random, fork: Fork, n: int, t: datetime) -> Record:
    unit = dice.choice(("F1", "F2"))
    if dice.random() < 0.6:
        lon, lat = 120.0 + dice.random() * 0.04, 33.005
        return Record(Kind.UNIT_POSITION, "gps", unit, t, UnitPosition(unit=unit), lon, lat, timeline=fork.timeline)
    if dice.random() < 0.5:
        status = dice.choice((UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE))
        payload = UnitStatusPayload(unit=unit, status=status)
        return Record(Kind.UNIT_STATUS, "cad", f"s{n}", t, payload, timeline=fork.timeline)
    order = IncidentDispatched(incident=f"X{n}", units=(unit,), actor="zhao")
    return Record(Kind.INCIDENT_DISPATCHED, "desk", f"d{n}", t, order, timeline=fork.timeline)


def test_what_was_read_as_it_came_is_what_the_whole_log_says(forked: tuple[SqlStore, Fork, list[UnitRow]]):
    store, fork, units = forked
    coverage = Coverage({ANY: PLACES}, None, minutes=1)
    dice = random.Random(4)
    grown, t = Covered(coverage, fork, units, START), DAY
    seen = set()
    for n in range(60):
        t += timedelta(minutes=dice.uniform(0, 12))
        late = timedelta(minutes=dice.choice((0, 0, 1, 50, 300)))
        store.append([happened(dice, fork, n, max(DAY + timedelta(seconds=n + 1), t - late))])
        end = ceil(t.timestamp())
        whole = Covered(coverage, fork, units, START).until(store, end)
        assert grown.until(store, end) == whole
        assert [each[0] for each in whole] == list(range(START, end, 1800))
        seen |= {share for _, share in whole}
    assert len(seen) > 2, "it changes with what happens"
    assert datetime.fromtimestamp(whole[-1][0], UTC) > DAY + timedelta(hours=4)


def test_who_asks_again_has_only_read_what_came_since(forked: tuple[SqlStore, Fork, list[UnitRow]]):
    store, fork, units = forked
    dice, counting = random.Random(1), Counting(store)
    covered = Covered(Coverage({ANY: PLACES}, None), fork, units, START)
    store.append([happened(dice, fork, n, at(n / 2 + 1)) for n in range(400)])
    had = store.head() - fork.seq
    covered.until(counting, ceil(at(200).timestamp()))
    assert counting.read == had < CHUNK
    for n in range(3):
        store.append([happened(dice, fork, 1000 + n, at(201 + n))])
        covered.until(counting, ceil(at(210).timestamp()))
    assert counting.read == had + 3


def test_what_was_being_read_when_the_store_went_away_is_read_again(
    forked: tuple[SqlStore, Fork, list[UnitRow]], monkeypatch: pytest.MonkeyPatch
):
    store, fork, units = forked
    monkeypatch.setattr(fork_covered, "CHUNK", 10)
    dice, coverage = random.Random(1), Coverage({ANY: PLACES}, None, minutes=1)
    store.append([happened(dice, fork, n, at(n + 1)) for n in range(45)])

    class Away(Counting):
        def read_after(self, seq: int, *, limit: int, timeline: str) -> Sequence[Record]:
            if self.read >= 20:
                raise StoreUnavailable("store: away")
            return super().read_after(seq, limit=limit, timeline=timeline)

    end = ceil(at(100).timestamp())
    covered = Covered(coverage, fork, units, START)
    with pytest.raises(StoreUnavailable):
        covered.until(Away(store), end)
    counting = Counting(store)
    assert covered.until(counting, end) == Covered(coverage, fork, units, START).until(store, end)
    assert counting.read == store.head() - fork.seq, "from the beginning"


def test_a_fork_put_beside_another_counts_up_to_its_clock(store: SqlStore):
    """Played by people, it is at ten in the morning when the other is at its end."""
    store.put_level(region())
    store.append(history())
    one, two = (
        Fork.make(store, ManualClock(NOW), "live", DAY, id, actor="zhao", until=END) for id in ("one", "two")
    )  # fmt: skip
    ground = ground_of(store, one, shipped(), Settings(), roads())
    found = of_logs(store, ground, END, two, at(100))
    assert {each["id"] for each in found["incidents"]} == {"X1", "X2"}, "X3 and X4 came up later"
    assert max(t for t, _ in found["coverage"]["baseline"]) <= at(100) < max(t for t, _ in found["coverage"]["fork"])
    assert {each["id"] for each in of_logs(store, ground, END, two)["incidents"]} == {"X1", "X2", "X3", "X4"}
