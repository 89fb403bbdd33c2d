"""A board of active incidents, polled: what it shows from poll to poll -> when incidents opened, changed and closed.

Such a board never says that something ended; an id is just no longer there. So a poll is held against the one before:

    new id            -> the incident opened when it was first seen
    other content     -> a correction of its record, with the time of the poll as "changed"
    id no longer there -> a correction with "closed", the first poll without it, and "last_seen", the last with it
    id there again    -> soon: it never closed (a correction takes the closing back); later: another incident

Only a poll that was read whole closes anything. Each correction keeps the record's own time, when the incident was
first seen, so that at any T those are open that the last poll by T showed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from data.clock import Clock
from data.codec import payload_from
from data.errors import BadRecord
from data.records import LIVE, EventPayload, Kind, Record
from data.store import DeadLetter, Store
from feeds.lines import KEPT
from feeds.mapping import BOARD_TIMES, Mapping
from feeds.rows import Row, RowReader, in_wgs84

CHANGED, CLOSED, LAST_SEEN = BOARD_TIMES

Item = Row | tuple[BadRecord, bytes]
"""A row of a poll, or what is wrong with it and its bytes."""


@dataclass(slots=True)
class Shown:
    """An id on the board: its latest record, what the board said, the last poll with it, and those without it since."""

    record: Record
    said: tuple[Any, ...]
    seen: datetime
    missed: int = 0
    since: datetime | None = None


@dataclass(slots=True)
class Tally:
    """What became of polls. `late`: polls older than one that was taken before; they say nothing new.
    `partial`: polls with a row that could not be read; they close nothing."""

    polls: int = 0
    late: int = 0
    partial: int = 0
    opened: int = 0
    changed: int = 0
    closed: int = 0
    returned: int = 0


class Board:
    """The board as the polls so far have shown it. Not thread-safe; `resume` before the first poll."""

    def __init__(self, mapping: Mapping, clock: Clock) -> None:
        assert mapping.board is not None
        self._m, self._part, self._clock = mapping, mapping.board, clock
        self._reader = RowReader(mapping)
        self._time = mapping.columns["time"]
        self._returns = timedelta(seconds=mapping.board.returns_s)
        self._open: dict[str, Shown] = {}
        self._closed: dict[str, Shown] = {}  # in order of closing, as long as they may return
        self._used: set[str] = set()
        self.last: datetime | None = None
        """The latest poll that was taken."""
        self.tally = Tally()

    @property
    def ids(self) -> list[str]:
        """What is on the board, ascending."""
        return sorted(self._open)

    def resume(self, store: Store) -> Board:
        """Take up where the log is: corrections count on from there. Reads the events of the log once."""
        ended: list[tuple[datetime, str, Shown]] = []
        times: list[datetime] = []
        for fact in store.scan((Kind.EVENT,), LIVE):
            if fact.source != self._m.source:
                continue
            payload = payload_from(Kind.EVENT, fact.body)
            assert isinstance(payload, EventPayload)
            record = Record(Kind.EVENT, fact.source, fact.source_id, fact.at, payload, fact.lon, fact.lat, fact.version)
            own = {name: payload.times[name] for name in BOARD_TIMES if name in payload.times}
            times += [fact.at, *own.values()]
            id, said = _board_id(fact.source_id), _said(record)
            self._used.add(id)
            seen = own.get(LAST_SEEN, fact.at)
            if CLOSED in own:
                ended.append((own[CLOSED], id, Shown(record, said, seen)))
            else:
                self._open[id] = Shown(record, said, seen)
        self.last = max(times, default=None)
        for shown in self._open.values():
            shown.seen = self.last or shown.seen  # whoever was not there then would have been closed
        for _, id, shown in sorted(ended, key=lambda each: each[:2]):
            if id not in self._open:
                self._closed.pop(id, None)
                self._closed[id] = shown
        return self

    def take(self, at: datetime, rows: Iterable[Item]) -> list[Record | DeadLetter]:
        """What a poll made at `at` says beside what is known. A poll older than the last is counted and left out."""
        if self.last is not None and at < self.last:
            self.tally.late += 1
            return []
        self.last = at
        self.tally.polls += 1
        found, letters = self._read(at, rows)
        if letters:
            self.tally.partial += 1
        elif not found and self._part.empty == "ignored":
            return []
        self._forget(at)
        out: list[Record | DeadLetter] = list(letters)
        for record in found:
            out += self._seen(at, record)
        if not letters:
            out += self._missed(at, {record.source_id for record in found})
        return out

    def _read(self, at: datetime, rows: Iterable[Item]) -> tuple[list[Record], list[DeadLetter]]:
        found: dict[str, Record] = {}
        letters: list[DeadLetter] = []
        for item in rows:
            if isinstance(item, tuple):
                letters.append(self.letter(*item, at))
                continue
            try:
                record = self._reader.record({**item, self._time: at})
                if record.source_id in found:
                    raise BadRecord(f"id {record.source_id[:80]!r} is twice in one poll", reason="board.twice")
                found[record.source_id] = record
            except BadRecord as error:
                letters.append(self.letter(error, orjson.dumps(item, default=str, option=orjson.OPT_NON_STR_KEYS), at))
        return in_wgs84(list(found.values()), self._m.datum), letters

    def _seen(self, at: datetime, record: Record) -> Sequence[Record]:
        id, said = record.source_id, _said(record)
        shown = self._open.get(id)
        if shown is None and (back := self._closed.pop(id, None)) is not None:
            self.tally.returned += 1
            self._open[id] = shown = back
            shown.said = ()  # its closing is taken back, whatever it says
        if shown is None:
            self.tally.opened += 1
            new = self._named_anew(record, at) if id in self._used else record
            self._used.add(id)
            self._open[id] = Shown(new, said, at)
            return [new]
        shown.seen, shown.missed, shown.since = at, 0, None
        if said == shown.said:
            return ()
        self.tally.changed += bool(shown.said)
        before, now = _event(shown.record), _event(record)
        times = {**now.times, CHANGED: at}
        payload = now.model_copy(update={"times": times, "incident": before.incident})
        shown.record = replace(
            record, source_id=shown.record.source_id, at=shown.record.at, version=shown.record.version + 1,
            payload=payload,
        )  # fmt: skip
        shown.said = said
        return [shown.record]

    def _missed(self, at: datetime, there: set[str]) -> list[Record]:
        gone = []
        for id in [id for id in self._open if id not in there]:
            shown = self._open[id]
            shown.missed += 1
            shown.since = shown.since or at
            if shown.missed < self._part.missing:
                continue
            self.tally.closed += 1
            event = _event(shown.record)
            payload = event.model_copy(update={"times": {**event.times, CLOSED: shown.since, LAST_SEEN: shown.seen}})
            shown.record = replace(shown.record, version=shown.record.version + 1, payload=payload)
            self._closed[id] = self._open.pop(id)
            gone.append(shown.record)
        return gone

    def _forget(self, at: datetime) -> None:
        """What closed too long ago to return as itself is forgotten but for its id."""
        for id, shown in list(self._closed.items()):
            if at - shown.seen <= self._returns:
                break
            del self._closed[id]

    def _named_anew(self, record: Record, at: datetime) -> Record:
        """An id that is used again for another matter."""
        tag = f"{_AGAIN}{at:%Y%m%dT%H%M%SZ}"
        event = _event(record)
        incident = None if event.incident is None else event.incident + tag
        return replace(
            record, source_id=record.source_id + tag, payload=event.model_copy(update={"incident": incident})
        )

    def letter(self, error: BadRecord, body: bytes, at: datetime | None = None) -> DeadLetter:
        """What cannot be taken, as a dead letter of this board; of a poll made `at`, which its message says."""
        said = str(error)[:500] + ("" if at is None else f" (poll of {at.isoformat()})")
        return DeadLetter(self._m.source, error.reason, said, bytes(body[:KEPT]), self._clock.now())


_AGAIN = "@"


def _board_id(source_id: str) -> str:
    """The board's own id of a record: without the time that tells the second use of an id from the first."""
    id, sign, tag = source_id.rpartition(_AGAIN)
    is_tag = len(tag) == len("20230101T000000Z") and tag[8:9] == "T" and tag.endswith("Z") and tag[:8].isdigit()
    return id if sign and is_tag else source_id


def _event(record: Record) -> EventPayload:
    assert isinstance(record.payload, EventPayload)
    return record.payload


def _said(record: Record) -> tuple[Any, ...]:
    """What the board says of an incident, to tell whether it changed."""
    event = _event(record)
    times = {name: at for name, at in event.times.items() if name not in BOARD_TIMES}
    plain = event.model_copy(update={"times": times, "incident": None})
    return plain, record.lon, record.lat
