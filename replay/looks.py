"""What each seat looks at: said by live screens, written as records; `replay/seats.py` finds it again.

A seat is a wall or a desk with a name. What it looks at is its page and its view, never what somebody typed. A look is
written when it changed and stood for a moment; whoever leaves is said to have left. A server that was killed says
nothing, so a look holds for STALE_S at most and is said again in time.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from data.clock import Clock
from data.errors import GridcommandError
from data.records import DESK, LIVE, Kind, LookPayload, Record
from data.store import Appended
from layers.columns import ms
from layers.view import View

log = logging.getLogger(__name__)

EVERY_S = 4.0
"""At most one record of a seat in so long, seconds; what it looked at for less is not kept."""

LEFT_S = 10.0
"""A page that is loaded anew is away for a moment: only who is away longer has left, seconds."""

AGAIN_S = 3600.0
STALE_S = 2 * AGAIN_S
"""A look is said again after AGAIN_S, and nobody is said to look at what was said more than STALE_S before."""

PAGES = ("/", "/desk")
"""Pages of seats."""

MOST_SEATS = 500
LONGEST_VIEW = 1000
"""Characters of a view's query that a record has room for."""

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,60}\Z")


@dataclass(frozen=True, slots=True)
class Look:
    """A page and the query of its view, without its layers."""

    page: str
    view: str


@dataclass(slots=True)
class _Seat:
    look: Look | None
    since: datetime
    written: Look | None = None
    written_at: datetime | None = None
    before: tuple[Look | None, datetime | None] = (None, None)
    """What was written last before that: what the log says where the last did not get there."""


class LookLog:
    """Gathers what screens say and writes it. Its methods are called on one event loop."""

    def __init__(
        self, submit: Callable[[Sequence[Record]], Future[Appended]], clock: Clock, *, step_s: float = 1.0
    ) -> None:
        self._submit, self._clock, self._step_s = submit, clock, step_s
        self._seats: dict[str, _Seat] = {}
        self._at: dict[Hashable, str] = {}
        self._failed = False

    def watches(self, screen: Hashable, seat: str, page: str, view: View) -> None:
        """A screen shows a view now. One that names no seat, or shows what is not live, is none."""
        live = view.timeline == LIVE and not view.replay
        query = view.with_(layers=View().layers, panel=True).query()
        if not live or page not in PAGES or not _NAME.match(seat) or len(query) > LONGEST_VIEW:
            self.leaves(screen)
            return
        if self._at.get(screen, seat) != seat:
            self.leaves(screen)
        if seat not in self._seats and len(self._seats) >= MOST_SEATS:
            return
        self._at[screen] = seat
        self._now(seat, Look(page, query))

    def leaves(self, screen: Hashable) -> None:
        """A screen is gone, or shows nothing live any more."""
        seat = self._at.pop(screen, None)
        if seat is not None and seat not in self._at.values():
            self._now(seat, None)

    def due(self) -> list[Record]:
        """What is to be written now. Who asks writes it, or calls `again`."""
        now = self._clock.now()
        found = []
        for name, seat in list(self._seats.items()):
            stood = (now - seat.since).total_seconds()
            before = EVERY_S if seat.written_at is None else (now - seat.written_at).total_seconds()
            if seat.look == seat.written:
                if seat.look is None:
                    if stood > LEFT_S:
                        del self._seats[name]
                    continue
                if before < AGAIN_S:
                    continue
            elif before < EVERY_S or stood < (LEFT_S if seat.look is None else 1.0):
                continue
            at = seat.since if seat.look != seat.written else now
            look = seat.look or seat.written
            assert look is not None
            payload = LookPayload(seat=name, page=look.page, view=look.view, there=seat.look is not None)
            found.append(Record(Kind.LOOK, DESK, f"look:{name}:{round(ms(at))}", at, payload))
            seat.before = (seat.written, seat.written_at)
            seat.written, seat.written_at = seat.look, now
        return found

    def again(self, records: Sequence[Record]) -> None:
        """These could not be written: what the seats look at is written later."""
        for record in records:
            assert isinstance(record.payload, LookPayload)
            seat = self._seats.get(record.payload.seat)
            if seat is not None:
                # It may have got there all the same: then that is what a seat that leaves meanwhile is to leave.
                written, at = seat.before
                said = None if seat.look is not None else Look(record.payload.page, record.payload.view)
                seat.written = written or said
                seat.written_at = at

    async def run(self) -> None:
        """Write for ever; when it is cancelled, that everybody has left."""
        try:
            while True:
                await asyncio.sleep(self._step_s)
                try:
                    await self._write(self.due())
                except Exception:  # what seats look at is never worth the rest of it
                    log.exception("a look was not written")
        finally:
            for screen in list(self._at):
                self.leaves(screen)
            self._last_words()

    async def _write(self, records: list[Record]) -> None:
        if not records:
            return
        try:
            await asyncio.wrap_future(self._submit(records))
            self._failed = False
        except GridcommandError as error:
            self.again(records)
            if not self._failed:
                log.warning("what seats look at is not written for now: %s", error)
            self._failed = True

    def _last_words(self) -> None:
        now = self._clock.now()
        gone = [
            Record(
                Kind.LOOK, DESK, f"look:{name}:{round(ms(now))}", now,
                LookPayload(seat=name, page=seat.written.page, view=seat.written.view, there=False),
            )
            for name, seat in self._seats.items()
            if seat.written is not None
        ]  # fmt: skip
        if gone:
            try:
                self._submit(gone)  # the writer commits what it took before it closes
            except GridcommandError as error:
                log.warning("that seats left is not written: %s", error)

    def _now(self, name: str, look: Look | None) -> None:
        seat = self._seats.get(name)
        if seat is None:
            if look is not None:
                self._seats[name] = _Seat(look, self._clock.now())
        elif seat.look != look:
            seat.look, seat.since = look, self._clock.now()
