"""A request that names a replay (`?replay=ID`) is answered as of the moment that the replay shows; one that names
another timeline (`?timeline=drill:x`) by that timeline's state and clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from dashboard.services import Services
from data.errors import Refused
from layers.reader import Reader
from layers.state import LiveState
from replay.sessions import Session

_SAFE = ("GET", "HEAD", "OPTIONS")


class StillClock:
    """Shows one moment."""

    def __init__(self, t: datetime) -> None:
        self._t = t

    def now(self) -> datetime:
        return self._t


class ReplayReader:
    """What the routes read from: the state of a replay in place of the live one."""

    away_since: float | None = None

    def __init__(self, session: Session) -> None:
        self._session = session
        self.timeline = session.transport.timeline

    @contextmanager
    def reading(self) -> Iterator[LiveState]:
        """The state as of the moment shown, held still inside the block."""
        with self._session.reading() as (_, state):
            yield state

    @property
    def seq(self) -> int | None:
        """The log's seq that the state contains."""
        with self.reading() as state:
            return state.seq


def as_replayed(services: Services, id: str, method: str) -> Services:
    """The services of a request that names a replay: its clock, its state, and nothing may be written.

    Raises NotFound when there is no such replay, Refused for what is not a question.
    """
    session = services.replays.get(id)
    if method not in _SAFE:
        raise Refused(
            "a replay is shown here: it takes no records and no commands; go back to the live screens to act",
            zh="这里正在回放：不接收数据，也不能下达指令；要处置请回到实时画面",
        )
    return replace(
        services,
        clock=StillClock(datetime.fromtimestamp(session.t() / 1000.0, UTC)),
        reader=cast(Reader, ReplayReader(session)),  # the routes use no more of it
        past=True,
        timeline=session.transport.timeline,
        live=services,
        replaying=id,
    )


def as_hosted(services: Services, timeline: str) -> Services:
    """The services of a request that names another timeline: its clock, its state, and commands that stay on it.

    Not for the event loop's thread: the room may have to be opened. Raises NotFound, Refused, StoreUnavailable.
    """
    if timeline == services.timeline:
        return services
    live = services.live or services
    if timeline == live.timeline:
        return live
    room = services.rooms.open(timeline)
    return replace(
        live, clock=room.hosted, reader=room.reader, dispatcher=room.dispatcher, timeline=timeline, live=live
    )  # fmt: skip
