"""San Francisco's 2020-04-14 relived: at any minute the past shows the calls and units that pandas finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas
import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.settings import Settings
from data.sql_store import SqlStore
from feeds.files import import_file
from feeds.mapping import Mapping
from layers import panel, queue
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader
from layers.state_at import state_at
from layers.view import View
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [needs_realdata, pytest.mark.realdata]

MAPPING = Path(__file__).resolve().parents[2] / "feeds" / "mappings" / "sf_fire_calls.toml"
CALLS = REALDATA / "sf_fire_calls_2020" / "fire_calls.csv.gz"
ZONE = "America/Los_Angeles"
DAY = [pandas.Timestamp("2020-04-14", tz=ZONE) + pandas.Timedelta(minutes=n) for n in range(24 * 60)]


@pytest.fixture(scope="module")
def rows() -> pandas.DataFrame:
    """The file's rows with their times in UTC."""
    found = pandas.read_csv(CALLS, dtype=str)
    for name in ("Received DtTm", "Dispatch DtTm", "Available DtTm"):
        local = pandas.to_datetime(found[name], format="%m/%d/%Y %I:%M:%S %p")
        found[name] = local.dt.tz_localize(ZONE).dt.tz_convert("UTC")
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    file = tmp_path_factory.mktemp("sf") / "sf.db"
    made = open_store(f"sqlite:///{file}", ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    try:
        import_file(made, CALLS, Mapping.load(MAPPING))
        yield made
    finally:
        made.close()


def test_open_calls_at_every_minute_are_those_that_pandas_finds(store: SqlStore, rows: pandas.DataFrame) -> None:
    day = rows[rows["Received DtTm"].dt.tz_convert(ZONE).dt.date == DAY[0].date()]
    assert len(day) == 809
    calls = rows.groupby("Call Number").agg(received=("Received DtTm", "min"), closed=("Available DtTm", "max"))
    reader = Reader(store, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), Settings())
    past = Past(store, reader)
    # Every minute of the day, to and fro: 00:00, 23:59, 00:01, 23:58, ...
    order = [minute for pair in zip(DAY, reversed(DAY), strict=True) for minute in pair][: len(DAY)]
    seen = 0
    for minute in order:
        t = minute.tz_convert("UTC")
        is_open = calls[(calls["received"] <= t) & ~(calls["closed"] <= t)]
        expected = set(is_open.index)
        past.seek(ms(t.to_pydatetime()))
        with past.reading() as state:
            table = queue.build(state, View(), past.t or 0.0)
            kpis = panel.build(state, View(window="1h"), past.t or 0.0)["kpis"] if minute.minute == 0 else None
        assert set(table.key.tolist()) == expected, minute
        if kpis is not None:
            window = (calls["received"] > t - timedelta(hours=1)) & (calls["received"] <= t)
            assert (kpis["open"], kpis["reported"]) == (len(expected), int(window.sum()))
        seen = max(seen, len(expected))
    assert seen > 20


def test_busy_units_through_the_day_are_those_that_pandas_finds(store: SqlStore, rows: pandas.DataFrame) -> None:
    # Two rows of the file do not say when their unit was available; what else it did is not in them.
    said = rows[rows["Available DtTm"].notna()]
    unsaid = set(rows[rows["Available DtTm"].isna()]["Unit ID"])
    for minute in DAY[::45]:
        t = minute.tz_convert("UTC")
        busy = set(said[(said["Dispatch DtTm"] <= t) & (t < said["Available DtTm"])]["Unit ID"])
        assert set(state_at(store, t.to_pydatetime()).busy_unit_ids) - unsaid == busy - unsaid, minute
