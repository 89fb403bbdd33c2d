"""San Mateo's storm of 2022-12-31, from polls of the page of active incidents: at any moment replay shows that page."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.settings import Settings
from data.sql_store import SqlStore
from feeds.board_polls import BoardReport, import_polls
from feeds.mapping import Mapping
from layers import queue
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader
from layers.state_at import state_at
from layers.view import View
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [needs_realdata, pytest.mark.realdata]

MAPPING = Path(__file__).resolve().parents[2] / "feeds" / "mappings" / "san_mateo_dispatch.toml"
POLLS = REALDATA / "san_mateo_dispatch_feed" / "polls_3days.jsonl.gz"
CLOCK = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REALDATA / "answers" / "san_mateo_dispatch_feed.json").read_text())
    return found


@pytest.fixture(scope="module")
def polls() -> list[dict[str, Any]]:
    with gzip.open(POLLS) as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqlStore, BoardReport]]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('storm') / 'storm.db'}", CLOCK)
    yield store, import_polls(store, POLLS, Mapping.load(MAPPING), clock=CLOCK)
    store.close()


def test_every_incident_opens_once_and_closes_when_it_left_the_page(
    imported: tuple[SqlStore, BoardReport], answers: dict[str, Any], polls: list[dict[str, Any]]
) -> None:
    store, report = imported
    assert (report.polls, report.opened) == (answers["polls_3days"]["polls"], answers["polls_3days"]["distinct"])
    assert report.closed == report.opened - len(polls[-1]["incidents"])
    assert (report.rejected, report.late, report.returned, report.duplicate) == (0, 0, 0, 0)
    again = import_polls(store, POLLS, Mapping.load(MAPPING), clock=CLOCK)
    assert (again.accepted, again.opened, again.closed) == (0, 0, 0)


def test_the_active_list_of_the_storm_is_the_recorded_one(
    imported: tuple[SqlStore, BoardReport], answers: dict[str, Any]
) -> None:
    store, _ = imported
    T = datetime.fromisoformat(answers["active_at"]["T"])
    recorded = answers["active_at"]["ids"]
    assert len(recorded) == 14
    past = Past(store, Reader(store, CLOCK, Settings()))
    past.seek(ms(T))
    with past.reading() as state:
        assert sorted(queue.build(state, View(), ms(T)).key.tolist()) == recorded
    assert list(state_at(store, T).open_ids) == recorded


def test_at_every_poll_and_before_the_next_replay_shows_that_poll(
    imported: tuple[SqlStore, BoardReport], polls: list[dict[str, Any]]
) -> None:
    past = Past(imported[0], Reader(imported[0], CLOCK, Settings()))
    most = 0
    for this, after in zip(polls, [*polls[1:], None], strict=True):
        shown = {row["id"] for row in this["incidents"]}
        most = max(most, len(shown))
        moments = [datetime.fromisoformat(this["observed_at"])]
        if after is not None:
            moments.append(datetime.fromisoformat(after["observed_at"]) - timedelta(milliseconds=1))
        for t in moments:
            past.seek(ms(t))
            with past.reading() as state:
                assert set(queue.build(state, View(), ms(t)).key.tolist()) == shown, t
    assert most > 30
