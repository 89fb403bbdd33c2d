"""Polls of a board in files, and their import: a line of JSON a poll, or rows where those of one time are one poll."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from data.clock import Clock, SystemClock
from data.errors import BadRecord
from data.records import Record
from data.store import DeadLetter, Store
from feeds.appending import append_all
from feeds.board import Board, Item
from feeds.files import rows_of
from feeds.mapping import Mapping
from feeds.registry import mapped_feed
from feeds.times import TimeReader


@dataclass(frozen=True, slots=True)
class BoardReport:
    """What an import of polls did. `accepted`, `duplicate`, `rejected` and `reasons` count records and refused rows as
    `ImportReport` does; the others count polls and what they showed (`feeds/board.py`)."""

    accepted: int
    duplicate: int
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)
    polls: int = 0
    late: int = 0
    partial: int = 0
    opened: int = 0
    changed: int = 0
    closed: int = 0
    returned: int = 0


LETTERS = 100_000
"""Refused rows of a board that are looked at, newest first, for those of an import that is done again."""

Poll = tuple[datetime, list[Item]] | tuple[BadRecord, bytes]
"""When it was made and what it showed, or why it is none: such a poll closes nothing."""


class PollReader:
    """Finds polls in what a source writes."""

    def __init__(self, mapping: Mapping) -> None:
        assert mapping.board is not None
        part = mapping.time
        self._rows, self._column = mapping.board.rows, mapping.columns["time"]
        self._time = TimeReader(part.format, part.zone, part.overlap, part.gap).read

    def poll(self, document: Any, body: bytes, received: datetime | None = None) -> Poll:
        """The poll that is one JSON document. `received` is its time where it does not tell one itself."""
        try:
            rows: Any = document
            for key in self._rows.split(".") if self._rows else []:
                rows = rows.get(key) if isinstance(rows, dict) else None
            if not isinstance(rows, list):
                place = f"has no list at {self._rows!r}" if self._rows else "is no list"
                raise BadRecord(f"the poll {place}; it closes nothing", reason="board.rows")
            told = document.get(self._column) if isinstance(document, dict) else None
            at = received if told is None and received is not None else self._at(told)
        except BadRecord as error:
            return error, body
        return at, [_row(row) for row in rows]

    def polls(self, items: Iterable[tuple[Any, bytes]]) -> Iterator[Poll]:
        """The polls of a file's rows, in its order."""
        if self._rows:
            for item, raw in items:
                if isinstance(item, BadRecord):
                    yield item, raw
                else:
                    yield self.poll(item, raw or orjson.dumps(item, default=str))
            return
        told: object = None
        held: list[Item] = []
        for item, raw in items:
            if isinstance(item, BadRecord):
                held.append((item, raw))  # a row of the poll that is being read: that one closes nothing
                continue
            if item.get(self._column) != told:
                yield from self._gathered(told, held)
                told, held = item.get(self._column), []
            held.append(item)
        yield from self._gathered(told, held)

    def _gathered(self, told: object, rows: list[Item]) -> Iterator[Poll]:
        if not rows:
            return
        try:
            yield self._at(told), rows
        except BadRecord as error:
            for row in rows:
                yield (error, orjson.dumps(row, default=str)) if isinstance(row, dict) else row  # type: ignore[misc]

    def _at(self, told: object) -> datetime:
        at = self._time(told)
        if at is None:
            raise BadRecord(f"column {self._column!r} (time) of the poll is empty", reason="time.empty")
        return at


def board_items(board: Board, path: Path, mapping: Mapping) -> Iterator[Record | DeadLetter]:
    """What a file of polls adds to what is known of the board. Raises BadInput as `feeds.files.read_file` does."""
    for first, second in PollReader(mapping).polls(rows_of(path, mapping)):
        if isinstance(first, BadRecord):
            assert isinstance(second, bytes)
            yield board.letter(first, second)
        else:
            assert isinstance(second, list)
            yield from board.take(first, second)


def _told_once(
    store: Store, source: str, items: Iterable[Record | DeadLetter]
) -> Iterator[Record | DeadLetter]:  # fmt: skip
    """The items without what was refused of the same polls before: that is counted already."""
    known = Counter(_mark(letter) for letter in store.dead_letters(source=source, limit=LETTERS))
    for item in items:
        if isinstance(item, DeadLetter) and known[_mark(item)] > 0:
            known[_mark(item)] -= 1
        else:
            yield item


def _mark(letter: DeadLetter) -> bytes:
    said = "\n".join((letter.reason, letter.message)).replace("\x00", "").encode("utf-8", "replace")
    return hashlib.sha256(said + b"\n" + letter.body).digest()


def import_polls(
    store: Store,
    path: Path | str,
    mapping: Mapping,
    progress: Callable[[int], None] | None = None,
    clock: Clock | None = None,
) -> BoardReport:
    """Append what a file of polls says beside the log. Doing it twice adds nothing: its polls are late then, and what
    was refused is known (as far as dead letters are kept).

    `progress` is told the polls read so far. Raises BadInput and StoreUnavailable; what was appended until then stays,
    and a second run goes on from there.
    """
    clock = clock or SystemClock()
    board = Board(mapping, clock).resume(store)
    items = _told_once(store, mapping.source, board_items(board, Path(path), mapping))
    told = None if progress is None else lambda _rows: progress(board.tally.polls)
    done = append_all(store, items, mapped_feed(mapping, clock.now()), told)
    t = board.tally
    return BoardReport(
        done.accepted, done.duplicate, done.rejected, done.reasons,
        t.polls, t.late, t.partial, t.opened, t.changed, t.closed, t.returned,
    )  # fmt: skip


def _row(row: object) -> Item:
    if isinstance(row, dict):
        return row
    return BadRecord("a row of the poll is no object", reason="json.object"), orjson.dumps(row, default=str)
