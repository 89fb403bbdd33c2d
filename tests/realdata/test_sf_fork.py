"""San Francisco's 2020-04-14 decided again: history's own choices give history's times, and the nearest unit by road
gains on the part of the city where roads are at hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas
import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.road_import import LAYER, read_roads
from data.settings import Settings
from data.sql_store import SqlStore
from dispatch.book import shipped
from feeds.files import import_file
from feeds.mapping import Mapping
from geo.roads_bytes import from_bytes, to_bytes
from replay.comparison import document
from replay.fork_run import Ran, run
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [needs_realdata, pytest.mark.realdata]

MAPPING = Path(__file__).resolve().parents[2] / "feeds" / "mappings" / "sf_fire_calls.toml"
CALLS = REALDATA / "sf_fire_calls_2020" / "fire_calls.csv.gz"
ROADS = REALDATA / "sf_roads_osm" / "san_francisco_north.osm.gz"
ZONE = "America/Los_Angeles"
DAY = datetime(2020, 4, 14, tzinfo=ZoneInfo(ZONE))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    file = tmp_path_factory.mktemp("sf") / "sf.db"
    made = open_store(f"sqlite:///{file}", ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    try:
        import_file(made, CALLS, Mapping.load(MAPPING))
        made.put_basemap(LAYER, to_bytes(read_roads(ROADS)))
        yield made
    finally:
        made.close()


def play(store: SqlStore, policy: str) -> Ran:
    network = store.basemap(LAYER)
    assert network is not None
    return run(
        store, store.clock, shipped(), Settings(timezone=ZONE), from_bytes(network), at=DAY,
        until=DAY + timedelta(days=1), policy=policy, id=policy, actor="test",
    )  # fmt: skip


def test_history_decided_again_as_it_was_has_the_times_of_the_file(store: SqlStore) -> None:
    ran = play(store, "as-history")
    rows = pandas.read_csv(CALLS, dtype=str)
    for name in ("Received DtTm", "Dispatch DtTm", "On Scene DtTm"):
        local = pandas.to_datetime(rows[name], format="%m/%d/%Y %I:%M:%S %p")
        rows[name] = local.dt.tz_localize(ZONE)
    day = rows[(rows["Dispatch DtTm"] > DAY) & (rows["Dispatch DtTm"] < DAY + timedelta(days=1))]
    orders = {(row["Call Number"], row["Unit ID"], row["Dispatch DtTm"]) for _, row in day.iterrows()}
    sent = {(s.incident, s.unit, pandas.Timestamp(at, unit="s", tz=ZONE)) for s, _, at in ran.course.filled}
    assert sent == orders
    # Where another unit had to go: the file has it at two calls at once.
    assert ran.course.counts["other_unit"] <= 5
    whole = rows[(rows["Received DtTm"] > DAY) & (rows["Received DtTm"] < DAY + timedelta(days=1))]
    there = whole.groupby("Call Number")["On Scene DtTm"].min()
    same = 0
    for call, arrived in ran.course.arrived.items():
        if call in there.index and pandas.notna(there[call]):
            same += abs((pandas.Timestamp(arrived, unit="s", tz=ZONE) - there[call]).total_seconds()) <= 1
    assert same >= 0.98 * there.notna().sum()


def test_the_nearest_unit_by_road_is_there_sooner_where_roads_are_at_hand(store: SqlStore) -> None:
    found = document(play(store, "nearest-by-road"), "")
    part = found["on_roads"]
    assert found["counts"]["on_roads"] == 183
    assert part["original"]["p50"] == pytest.approx(6.5, abs=0.2)
    assert 0.5 < part["gained"]["mean"] < 1.5
    assert part["gained"]["sooner"] > 5 * part["gained"]["later"]


def test_coverage_tells_something_of_a_city_without_areas(store: SqlStore) -> None:
    found = document(play(store, "nearest-straight-line"), "")["coverage"]
    assert found["minutes"] == 4
    assert 350 < found["of"] < 804, "orders near the network"
    for course in ("original", "baseline", "fork"):
        shares = [share for _, share in found[course]]
        assert len(shares) == 48
        assert 0.85 < min(shares) <= max(shares) < 1
        assert len(set(shares)) > 3, "it moves with who is busy"
