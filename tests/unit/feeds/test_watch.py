"""Files that others drop or grow: taken when whole, moved after commit, taken once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.clock import ManualClock
from data.errors import BadInput, BadMapping
from data.open_store import open_store
from data.records import Record
from data.settings import Settings
from data.store import Appended, Store
from data.writer import Writer
from feeds.intake import Intake
from feeds.lines import MAX_LINE
from feeds.mapping import Mapping
from feeds.runner import Runner
from feeds.watch import InboxFeed, TailFeed, inbox_feeds

CLOCK = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
MAPPING = Mapping.of({"source": "drop", "columns": {"id": "id", "time": "at", "category": "type"}})


class Desk:
    """A store, its writer and an intake on them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.writer = Writer(store, Settings())
        self.intake = Intake("drop", self.writer.submit, store, CLOCK)

    def ids(self) -> list[str]:
        return [r.source_id for r in self.store.read_after(0)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", CLOCK)
    desk = Desk(store)
    yield desk
    desk.writer.close()
    store.close()


def row(n: int) -> str:
    return json.dumps({"id": f"r{n}", "at": "2026-05-01T00:00:00Z", "type": "x"}) + "\n"


def csv(*numbers: int) -> str:
    return "id,at,type\n" + "".join(f"r{n},2026-05-01T00:00:00Z,x\n" for n in numbers)


async def test_a_file_is_taken_when_it_stopped_growing_and_then_moved(desk: Desk, tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    feed = InboxFeed(inbox, MAPPING, CLOCK)
    assert await feed.poll(desk.intake) == 0
    (inbox / "a.csv").write_text(csv(1))
    (inbox / "note.txt").write_text("not mine")
    assert await feed.poll(desk.intake) == 0  # seen for the first time
    (inbox / "a.csv").write_text(csv(1, 2))
    assert await feed.poll(desk.intake) == 0  # it grew
    assert await feed.poll(desk.intake) == 1
    assert desk.ids() == ["r1", "r2"]
    assert sorted(p.name for p in inbox.rglob("*")) == ["a.csv", "done", "note.txt"]
    assert (inbox / "done" / "a.csv").read_text() == csv(1, 2)


async def test_a_name_that_comes_again_does_not_overwrite_what_is_done(desk: Desk, tmp_path: Path) -> None:
    feed = InboxFeed(tmp_path, MAPPING, CLOCK)
    for n in (1, 2):
        (tmp_path / "a.csv").write_text(csv(n))
        await feed.poll(desk.intake)
        await feed.poll(desk.intake)
    assert desk.ids() == ["r1", "r2"]
    assert sorted(p.name for p in (tmp_path / "done").iterdir()) == ["1-a.csv", "a.csv"]


async def test_a_file_that_is_refused_is_moved_aside_with_a_dead_letter(desk: Desk, tmp_path: Path) -> None:
    feed = InboxFeed(tmp_path, MAPPING, CLOCK)
    (tmp_path / "a.csv").write_text("wrong,columns\n1,2\n")
    (tmp_path / "b.jsonl").write_text(row(1) + "garbage\n" + row(2))
    for _ in range(2):
        await feed.poll(desk.intake)
    assert desk.ids() == ["r1", "r2"]
    assert (tmp_path / "refused" / "a.csv").exists()
    assert (tmp_path / "done" / "b.jsonl").exists()
    assert desk.store.dead_letter_counts() == {("drop", "file.refused"): 1, ("drop", "json.syntax"): 1}


async def test_a_file_is_not_moved_before_commit_and_is_taken_again_after_a_crash(desk: Desk, tmp_path: Path) -> None:
    held: Future[Appended] = Future()

    def hold(_records: Sequence[Record]) -> Future[Appended]:
        return held

    feed = InboxFeed(tmp_path, MAPPING, CLOCK)
    (tmp_path / "a.csv").write_text(csv(1, 2))
    await feed.poll(desk.intake)
    taking = asyncio.create_task(feed.poll(Intake("drop", hold, desk.store, CLOCK)))
    done, _ = await asyncio.wait([taking], timeout=0.3)
    assert not done
    assert (tmp_path / "a.csv").exists()
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    again = InboxFeed(tmp_path, MAPPING, CLOCK)
    for _ in range(2):
        await again.poll(desk.intake)
    assert desk.ids() == ["r1", "r2"]
    assert not (tmp_path / "a.csv").exists()


async def test_folders_with_a_mapping_are_feeds(desk: Desk, tmp_path: Path) -> None:
    for name in ("fire", "water"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mapping.toml").write_text(
            f'source = "{name}"\nname = "水火"\nrhythm_s = 60\n[columns]\nid = "id"\ntime = "at"\ncategory = "type"\n'
        )
        (tmp_path / name / "a.csv").write_text(csv(1))
    (tmp_path / "plain").mkdir()
    feeds = inbox_feeds(tmp_path, CLOCK, desk.store)
    assert [(f.name, f.rhythm_s, f.payload.name) for f in feeds] == [("fire", 60, "水火"), ("water", 60, "水火")]
    for feed in feeds:
        assert isinstance(feed, InboxFeed)
        feed._poll_s = 0.01
    runner = Runner(feeds, desk.writer.submit, desk.store, CLOCK)
    runner.start()
    async with asyncio.timeout(60):
        while sum(h.accepted for h in runner.health()) < 2:
            await asyncio.sleep(0.01)
    await runner.stop()
    (tmp_path / "fire" / "mapping.toml").write_text("source = 1")
    with pytest.raises(BadMapping, match="source"):
        inbox_feeds(tmp_path, CLOCK, desk.store)


async def test_a_growing_file_is_followed_line_by_line(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    feed = TailFeed(path, MAPPING, CLOCK)
    assert not await feed.poll(desk.intake)  # not there yet
    path.write_text(row(1) + row(2) + row(3)[:10])
    assert await feed.poll(desk.intake)
    assert not await feed.poll(desk.intake)
    assert desk.ids() == ["r1", "r2"]
    with path.open("a") as out:
        out.write(row(3)[10:] + "broken\n" + row(4))
    assert await feed.poll(desk.intake)
    assert desk.ids() == ["r1", "r2", "r3", "r4"]
    assert desk.store.dead_letter_counts() == {("drop", "json.syntax"): 1}


async def test_a_file_that_was_cut_or_replaced_is_read_from_its_start(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    feed = TailFeed(path, MAPPING, CLOCK)
    path.write_text(row(1) + row(2))
    await feed.poll(desk.intake)
    path.write_text(row(3))
    await feed.poll(desk.intake)
    (tmp_path / "new").write_text(row(4) + row(5) + row(6))
    (tmp_path / "new").rename(path)
    await feed.poll(desk.intake)
    assert desk.ids() == ["r1", "r2", "r3", "r4", "r5", "r6"]


async def test_a_line_without_end_is_refused_once_and_passed_over(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    feed = TailFeed(path, MAPPING, CLOCK)
    path.write_text("x" * (5 * MAX_LINE) + "\n" + row(1))
    while await feed.poll(desk.intake):
        pass
    assert desk.ids() == ["r1"]
    assert desk.store.dead_letter_counts() == {("drop", "line.length"): 1}


def test_only_json_lines_can_be_followed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="inbox"):
        TailFeed(tmp_path / "a.csv", MAPPING, CLOCK)
