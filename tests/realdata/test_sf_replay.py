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


def ends(rows: pandas.DataFrame) -> pandas.Series[pandas.Timestamp]:
    """When each row's unit was free: as the row says, and where two rows do not, when it was sent to its next call."""
    found = rows["Available DtTm"].copy()
    for row in rows[found.isna()].itertuples():
        sent = rows[rows["Unit ID"] == rows.loc[row.Index, "Unit ID"]]["Dispatch DtTm"]
        found[row.Index] = sent[sent > rows.loc[row.Index, "Dispatch DtTm"]].min()
    return found


def test_open_calls_and_busy_units_at_every_minute_are_those_that_pandas_finds(
    store: SqlStore, rows: pandas.DataFrame
) -> None:
    day = rows[rows["Received DtTm"].dt.tz_convert(ZONE).dt.date == DAY[0].date()]
    assert len(day) == 809
    calls = rows.groupby("Call Number").agg(received=("Received DtTm", "min"), closed=("Available DtTm", "max"))
    work = rows.assign(end=ends(rows))[["Unit ID", "Call Number", "Dispatch DtTm", "end"]]
    work.columns = pandas.Index(["unit", "call", "start", "end"])
    past = Past(store, Reader(store, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), Settings()))
    # Every minute of the day, to and fro: 00:00, 23:59, 00:01, 23:58, ...
    order = [minute for pair in zip(DAY, reversed(DAY), strict=True) for minute in pair][: len(DAY)]
    most_open = most_busy = 0
    for minute in order:
        t = minute.tz_convert("UTC")
        is_open = set(calls[(calls["received"] <= t) & ~(calls["closed"] <= t)].index)
        at_work = work[(work["start"] <= t) & ~(work["end"] <= t)]
        busy = set(at_work["unit"])
        past.seek(ms(t.to_pydatetime()))
        with past.reading() as state:
            now = past.t or 0.0
            table = queue.build(state, View(), now)
            found = state.work.busy(now, state.units)
            kpis = panel.build(state, View(window="1h"), now)["kpis"] if minute.minute % 30 == 0 else None
        assert set(table.key.tolist()) == is_open, minute
        assert {unit for unit, _ in found} == busy, minute
        assert set(found) <= set(zip(at_work["unit"], at_work["call"], strict=True)), minute
        if kpis is not None:
            window = (calls["received"] > t - timedelta(hours=1)) & (calls["received"] <= t)
            assert (kpis["open"], kpis["reported"]) == (len(is_open), int(window.sum()))
            assert (kpis["units_busy"], kpis["units"], kpis["units_available"]) == (len(busy), len(busy), 0)
        if minute.hour % 6 == 0 and minute.minute == 0:
            assert set(state_at(store, t.to_pydatetime()).busy_unit_ids) == busy, minute
        most_open, most_busy = max(most_open, len(is_open)), max(most_busy, len(busy))
    assert most_open > 20
    assert most_busy > 50
