"""Moments at which something changed: as many as the log says, found in order, counted by category."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.clock import ManualClock
from data.open_store import open_store
from data.records import EventPayload, IncidentClosed, Kind, Record, UnitPayload, UnitPosition
from data.store import Store
from layers.columns import ms
from replay.histogram import COMMANDS, OTHER, histogram
from replay.moments import Moments, Rows

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAMES = {"01", "02"}
MAJOR = {"0101": "01", "0102": "01", "0201": "02", "Fire": "Fire"}


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def event(id: str, minute: float, category: str = "0101", version: int = 0, **times: float) -> Record:
    payload = EventPayload(category=category, times={name: at(each) for name, each in times.items()})
    return Record(Kind.EVENT, "hotline", id, at(minute), payload, lon=120.05, lat=30.05, version=version)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'moments.db'}", ManualClock(at(600)))
    yield made
    made.close()


def minutes(moments: Moments) -> list[float]:
    return [(each - ms(NOW)) / 60_000 for each in moments.table().at.tolist()]


def test_an_events_own_time_and_those_of_its_life_are_moments_and_inventory_is_none(store: Store):
    store.append(
        [
            event("A", 5, closed=20, dispatch=5),
            Record(Kind.UNIT, "roster", "U1", at(1), UnitPayload(name="U1", unit_kind="patrol_car")),
            Record(Kind.UNIT_POSITION, "gps", "p1", at(2), UnitPosition(unit="U1"), lon=120.05, lat=30.05),
            Record(Kind.INCIDENT_CLOSED, "desk", "c1", at(30), IncidentClosed(incident="hotline:A", actor="desk 1")),
        ]
    )
    assert minutes(Moments(store)) == [5, 20, 30]


def test_what_is_appended_later_is_there_too_wherever_it_belongs(store: Store):
    moments = Moments(store)
    store.append([event("A", 10)])
    assert minutes(moments) == [10]
    store.append([event("B", 3, "0201", closed=7), event("C", 15)])
    assert minutes(moments) == [3, 7, 10, 15]
    assert minutes(moments) == minutes(Moments(store)), "as if all had been read at once"


def test_a_correction_takes_its_old_moment_away(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("replay.moments.ANEW_S", -1.0)
    moments = Moments(store)
    store.append([event("A", 10)])
    assert minutes(moments) == [10]
    store.append([event("A", 12, version=1)])
    moments.table()
    assert minutes(moments) == [12]


def test_steps_go_to_the_neighbours_and_end_at_the_first_and_last(store: Store):
    store.append([event("A", 1), event("B", 5), event("C", 5), event("D", 9)])
    moments = Moments(store)
    assert moments.before(ms(at(1))) is None
    assert moments.after(ms(at(9))) is None
    following = moments.after(ms(at(1)))
    assert following is not None
    assert following.at == ms(at(5))
    again = moments.after(following.at)
    assert again is not None
    assert again.at == ms(at(9))
    record = moments.record(again.seq)
    assert record is not None
    assert record.source_id == "D"
    assert moments.record(999) is None
    newest = [moments.record(each.seq) for each in moments.until(ms(at(6)), 2)]
    assert [each.source_id for each in newest if each] == ["C", "B"]


@given(
    events=st.lists(st.tuples(st.floats(0, 100), st.sampled_from(("0101", "0102", "0201", "Fire"))), max_size=60),
    bins=st.integers(1, 50),
)
def test_every_record_of_the_span_is_in_one_bin_of_its_category(events: list[tuple[float, str]], bins: int):
    rows = Rows(())
    for seq, (t, category) in enumerate(events):
        rows.event(t, seq, category, iter(()))
    start, end = 10.0, 90.0
    found = histogram(rows.table(0), start, end, bins, NAMES)
    expected: dict[str, list[int]] = {}
    for t, category in events:
        if start <= t <= end:
            counts = expected.setdefault(MAJOR[category], [0] * bins)
            counts[min(bins - 1, int((t - start) / found.width))] += 1
    assert {code: list(counts) for code, counts in found.series} == expected
    assert found.total == sum(map(sum, expected.values()))


def test_rare_categories_are_one_series_and_what_people_did_is_another(store: Store):
    store.append([event(f"E{i}", i, f"kind {i % 5}") for i in range(14)])
    store.append(
        [Record(Kind.INCIDENT_CLOSED, "desk", "c", at(20), IncidentClosed(incident="hotline:E1", actor="desk 1"))]
    )
    found = histogram(Moments(store).table(), ms(at(0)), ms(at(60)), 6, NAMES, most=2)
    assert [code for code, _ in found.series] == ["kind 0", "kind 1", OTHER, COMMANDS]
    assert dict(found.series)[COMMANDS] == (0, 0, 1, 0, 0, 0)
    assert found.total == 15
