"""Feeds from files that others write: an inbox folder of whole files, and the tail of one growing file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from data.clock import Clock
from data.errors import BadInput, BadRecord
from data.records import FeedPayload, Record
from data.store import DeadLetter, Store
from feeds.appending import BATCH
from feeds.board import Board
from feeds.board_live import BoardFeed
from feeds.board_polls import board_items
from feeds.files import FORMATS, items_of, json_row, read_file
from feeds.intake import Intake
from feeds.lines import KEPT, MAX_LINE, LongLine
from feeds.mapping import Mapping

DAY = 86_400.0

STEP = 2 * MAX_LINE
"""Bytes of a followed file read at once."""


def inbox_feeds(inbox: Path, clock: Clock, store: Store) -> list[InboxFeed | BoardFeed]:
    """A feed for every sub-folder of `inbox` that holds a `mapping.toml`: of the files that land there, or of the board
    whose address the mapping names. Raises BadMapping for one that is broken."""
    feeds: list[InboxFeed | BoardFeed] = []
    for path in sorted(inbox.glob("*/mapping.toml")):
        mapping = Mapping.load(path)
        if mapping.board is not None and mapping.board.url:
            feeds.append(BoardFeed(mapping, store, clock))
        else:
            feeds.append(InboxFeed(path.parent, mapping, clock, store=store))
    return feeds


class InboxFeed:
    """Takes every file that lands in a folder, then moves it to `done/` (or `refused/`) beside it.

    A file counts as whole when its size and time stayed the same for one poll, so a writer may write in place;
    better is to write elsewhere and rename. It is moved only after all its rows are committed: a crash in between
    reads it again, which adds nothing.
    """

    def __init__(
        self, folder: Path, mapping: Mapping, clock: Clock, *, poll_s: float = 2.0, store: Store | None = None
    ) -> None:
        self.name = mapping.source
        self.rhythm_s = mapping.rhythm_s or DAY
        self.payload = FeedPayload(name=mapping.name or mapping.source, name_en=mapping.name_en, rhythm_s=self.rhythm_s)
        self._folder = folder
        self._mapping = mapping
        self._clock = clock
        self._poll_s = poll_s
        self._store = store
        """Needed for files of polls alone, which are held against what the log has."""
        self._looks: dict[Path, tuple[int, int]] = {}

    async def run(self, intake: Intake) -> None:
        """Poll for ever."""
        while True:
            await self.poll(intake)
            await asyncio.sleep(self._poll_s)

    async def poll(self, intake: Intake) -> int:
        """Take the files that are whole now; returns how many."""
        whole = await asyncio.to_thread(self._whole_files)
        for path in whole:
            await self._take(path, intake)
        return len(whole)

    def _whole_files(self) -> list[Path]:
        self._folder.mkdir(parents=True, exist_ok=True)
        looks: dict[Path, tuple[int, int]] = {}
        for entry in os.scandir(self._folder):
            if entry.is_file() and entry.name.lower().endswith(FORMATS) and not entry.name.startswith("."):
                stat = entry.stat()
                looks[Path(entry.path)] = (stat.st_size, stat.st_mtime_ns)
        whole = sorted(path for path, look in looks.items() if self._looks.get(path) == look)
        self._looks = looks
        return whole

    async def _take(self, path: Path, intake: Intake) -> None:
        items = await asyncio.to_thread(self._items, path)
        try:
            while batch := await asyncio.to_thread(lambda: list(islice(items, BATCH))):
                await _hand_over(batch, intake)
        except BadInput as error:
            await intake.refuse(BadRecord(str(error), reason="file.refused"), path.name.encode())
            await asyncio.to_thread(self._move, path, "refused")
            return
        await asyncio.to_thread(self._move, path, "done")

    def _items(self, path: Path) -> Iterator[Record | DeadLetter]:
        if self._mapping.board is None:
            return read_file(path, self._mapping, self._clock)
        assert self._store is not None
        return board_items(Board(self._mapping, self._clock).resume(self._store), path, self._mapping)

    def _move(self, path: Path, where: str) -> None:
        folder = self._folder / where
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        number = 1
        while target.exists():
            target = folder / f"{number}-{path.name}"
            number += 1
        path.rename(target)
        self._looks.pop(path, None)


class TailFeed:
    """Follows one growing JSON lines file: each whole new line is a row. Starts from the beginning after a restart
    (which adds nothing), and again when the file was replaced or cut."""

    def __init__(self, path: Path, mapping: Mapping, clock: Clock, *, poll_s: float = 1.0) -> None:
        if path.suffix.lower() not in (".jsonl", ".ndjson"):
            raise BadInput(f"{path.name}: only .jsonl and .ndjson files can be followed; put others in an inbox folder")
        self.name = mapping.source
        self.rhythm_s = mapping.rhythm_s or DAY
        self.payload = FeedPayload(name=mapping.name or mapping.source, name_en=mapping.name_en, rhythm_s=self.rhythm_s)
        self._path = path
        self._mapping = mapping
        self._clock = clock
        self._poll_s = poll_s
        self._inode = 0
        self._offset = 0
        self._skipping = False

    async def run(self, intake: Intake) -> None:
        """Poll for ever."""
        while True:
            if not await self.poll(intake):
                await asyncio.sleep(self._poll_s)

    async def poll(self, intake: Intake) -> bool:
        """Take the next whole lines, at most STEP bytes; says whether there were any."""
        lines, offset = await asyncio.to_thread(self._new_lines)
        rows = (row for line in lines if (row := json_row(line)) is not None)
        await _hand_over(list(items_of(rows, self._mapping, self._clock)), intake)
        moved = offset != self._offset
        self._offset = offset
        return moved

    def _new_lines(self) -> tuple[list[bytes], int]:
        """Whole lines after the offset, and the offset after them."""
        try:
            stream = self._path.open("rb")
        except FileNotFoundError:
            return [], self._offset
        with stream:
            stat = os.fstat(stream.fileno())
            if stat.st_ino != self._inode or stat.st_size < self._offset:
                self._inode, self._offset, self._skipping = stat.st_ino, 0, False
            stream.seek(self._offset)
            data = stream.read(STEP)
        end = data.rfind(b"\n") + 1
        if self._skipping:
            first = data.find(b"\n") + 1
            if not first:
                return [], self._offset + len(data)
            self._skipping = False
            return data[first:end].split(b"\n"), self._offset + end
        if not end and len(data) >= STEP:
            self._skipping = True
            return [LongLine(data[:KEPT])], self._offset + len(data)
        return [line.removesuffix(b"\r") for line in data[:end].split(b"\n")], self._offset + end


async def _hand_over(items: list[Record | DeadLetter], intake: Intake) -> None:
    await intake.refuse_all([item for item in items if isinstance(item, DeadLetter)])
    await intake.submit([item for item in items if isinstance(item, Record)])
