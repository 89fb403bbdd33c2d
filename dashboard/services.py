"""The collaborators that a page or a route is given. Built once, in `cli/serve.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dashboard.i18n import TEXT, Lang, text
from dashboard.rooms import Rooms
from data.clock import Clock, SystemClock
from data.records import LIVE
from data.settings import Settings
from data.store import Store
from dispatch.dispatcher import Dispatcher
from replay.looks import LookLog
from replay.moments import Moments, no_moments
from replay.seats import Seats
from replay.sessions import Replays, no_past

if TYPE_CHECKING:
    from dashboard.hub import Hub
    from data.writer import Writer
    from dispatch.book import Book
    from dispatch.router import AutoRouter
    from feeds.runner import Feed, Runner
    from layers.reader import Reader
    from replay.drill_sessions import DrillSessions
    from replay.fork_sessions import ForkSessions


@dataclass(slots=True)
class Preparation:
    """What a start still has to do while it serves already.

    `work` is called once on a thread and returns the feeds that this process runs from then on, by `runner`. `step`
    is the name of what is being done, one of the keys `preparing.…` of the pages' words, empty when nothing is;
    `failed` is the one line of a failure. Written by the server's start, read by /readyz, /metrics and the pages.
    """

    work: Callable[[], Iterable[Feed]] | None = None
    step: str = ""
    failed: str = ""
    runner: Runner | None = None

    @property
    def running(self) -> bool:
        """Whether there is still something to do; also before it began."""
        return bool(self.step) or (self.work is not None and self.runner is None and not self.failed)

    def named(self) -> str:
        """The name of what is being done, empty when nothing is left to do."""
        return self.step or ("starting" if self.running else "")

    def said(self, lang: Lang = "en") -> str:
        """What is being done, in words; empty when nothing is left to do."""
        key = f"preparing.{self.named()}"
        return text(key, lang) if key in TEXT else self.named()


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may need."""

    settings: Settings
    clock: Clock
    store: Store
    writer: Writer
    reader: Reader
    hub: Hub
    dispatcher: Dispatcher
    preparation: Preparation = field(default_factory=Preparation)
    past: bool = False
    """The screens show a past time: nothing may be written."""
    replays: Replays = field(default_factory=lambda: Replays(SystemClock(), no_past))
    moments: Callable[[str], Moments] = no_moments
    """When something changed on a timeline."""
    looks: LookLog | None = None
    """Records what seats look at; None in a server that does not."""
    seats: Seats | None = None
    """What seats looked at; None in a server that does not say."""
    rooms: Rooms = field(default_factory=Rooms)
    """The timelines beside the live one."""
    drills: DrillSessions | None = None
    """The drills of this server; None in a server that has none."""
    forks: ForkSessions | None = None
    """The forks of this server; None in a server that has none."""
    router: AutoRouter | None = None
    """Files what feeds open; None in a server that files nothing."""
    timeline: str = LIVE
    """What the request is about: the live timeline, that of a room, or a replay's. The fields above are that one's."""
    live: Services | None = None
    """Those of the live timeline, where these are of another; None where these are."""
    replaying: str = ""
    """Id of the replay that the request names, whose clock and state these services then have."""

    @property
    def book(self) -> Book:
        """The rules of casework that the commands go by."""
        return self.dispatcher.book

    @property
    def runner(self) -> Runner | None:
        """Runs this process's feeds; None where it has none, or before they could start."""
        return self.preparation.runner
