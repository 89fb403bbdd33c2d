"""A board that is asked by HTTP: polled for ever, each answer held against the one before."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable

import orjson

from data.clock import Clock
from data.errors import BadRecord
from data.records import FeedPayload, Record
from data.store import DeadLetter, Store
from feeds.board import Board
from feeds.board_polls import PollReader
from feeds.intake import Intake
from feeds.mapping import Mapping

TIMEOUT_S = 30.0
MOST_BYTES = 16 << 20
"""A board is what is active now; an answer beyond this is something else."""

SILENT_POLLS = 5
"""A board without a rhythm of its own is silent after so many polls."""


class BoardAway(Exception):
    """The board did not answer, or not with a board. Nothing is closed by it; the feed is run again later."""


def fetched(url: str) -> bytes:
    """The body at `url`. Raises BoardAway."""
    asked = urllib.request.Request(url, headers={"accept": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
            body: bytes = answer.read(MOST_BYTES + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise BoardAway(f"{url}: {getattr(error, 'reason', None) or error}") from None
    if len(body) > MOST_BYTES:
        raise BoardAway(f"{url}: the answer is larger than {MOST_BYTES >> 20} MiB")
    return body


class BoardFeed:
    """Polls `[board] url` every `every_s` seconds."""

    def __init__(
        self, mapping: Mapping, store: Store, clock: Clock, *, fetch: Callable[[str], bytes] = fetched
    ) -> None:
        assert mapping.board is not None
        self.name = mapping.source
        self._url, self._every_s = mapping.board.url, mapping.board.every_s
        self.rhythm_s = mapping.rhythm_s or SILENT_POLLS * self._every_s
        self.payload = FeedPayload(name=mapping.name or mapping.source, name_en=mapping.name_en, rhythm_s=self.rhythm_s)
        self._mapping, self._store, self._clock, self._fetch = mapping, store, clock, fetch
        self._board: Board | None = None

    async def run(self, intake: Intake) -> None:
        """Poll for ever. Raises BoardAway when the board does not answer."""
        while True:
            await self.poll(intake)
            await asyncio.sleep(self._every_s)

    async def poll(self, intake: Intake) -> None:
        """Ask once and hand over what is new; nothing new still says that the board was heard. Raises BoardAway."""
        board = self._board
        if board is None:
            board = await asyncio.to_thread(Board(self._mapping, self._clock).resume, self._store)
        body = await asyncio.to_thread(self._fetch, self._url)
        received = self._clock.now()
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            await intake.refuse(BadRecord(f"the board's answer is not JSON: {error}", reason="json.syntax"), body)
            raise BoardAway(f"{self._url}: the answer is not JSON") from None
        first, second = PollReader(self._mapping).poll(document, body, received)
        if isinstance(first, BadRecord):
            await intake.refuse(first, body)
            raise BoardAway(f"{self._url}: {first}")
        assert isinstance(second, list)
        self._board = None  # until the log has what this poll says: otherwise the log is read anew
        items = board.take(first, second)
        await intake.refuse_all([item for item in items if isinstance(item, DeadLetter)])
        await intake.submit([item for item in items if isinstance(item, Record)])
        self._board = board
