"""`demo`: the invented district with a month of history and a live simulation, in a store of its own.

The port opens first; the district is made behind it, and the pages and the terminal say how far it is.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import casework_rules, note, refusals
from cli.serve import SQLITE, HostOption, PortOption, run, settings_with
from data.clock import Clock, SystemClock
from data.errors import Refused, StoreUnavailable
from data.settings import Settings, read_settings
from data.store import Snapshot, Store
from geo.kernels import warm

if TYPE_CHECKING:
    from dashboard.services import Preparation
    from dispatch.book import Book
    from feeds.runner import Feed

PROGRESS_S = 1.0

KEEP_POSITIONS_DAYS = 2.0
"""Unless the settings say otherwise: a million invented positions a day, 0.25 GB, are worth no disk."""

ROOT = Path(__file__).parents[1]


def demo(host: HostOption = None, port: PortOption = None) -> None:
    """Serve an invented district with a month of history and a live simulation."""
    with refusals():
        base = read_settings()
        path = (base.var_dir / "demo.db").absolute()
        settings = settings_with(base, host, port, f"{SQLITE}{path.as_posix()}")
        if "keep_positions_days" not in base.model_fields_set:
            settings = settings.model_copy(update={"keep_positions_days": KEEP_POSITIONS_DAYS})
        _refuse_another(path, settings.url())
        filling = _Filling(path, settings.url())
        run(settings, SystemClock(), partial(begin, settings, filling), beside=filling.running)


def _refuse_another(path: Path, url: str) -> None:
    """Raises Refused, before anything is served, when the store that is there is not of this district."""
    if not path.exists():
        return
    from data.open_store import open_store
    from feeds.demo.district import draw_district
    from feeds.demo.prepare import refuse_another

    with closing(open_store(url, SystemClock())) as store:
        refuse_another(store.region(), draw_district().region, str(path))


class _Filling:
    """A first start's month of history and casework, made in a process of its own (first_start.py) from the first
    moment on. A process that fails is told of by its own trace; what it left undone, the caller does.
    """

    def __init__(self, path: Path, url: str) -> None:
        self._path, self._url = path, url
        self._child: subprocess.Popen[str] | None = None
        self._rest = ExitStack()
        self._ended = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Fill a store that is not there yet; the filling ends with the block."""
        if self._path.exists():
            yield
            return
        with self._rest:
            self._rest.enter_context(warm.resting())
            command = [sys.executable, "-m", "cli.first_start", self._url]
            self._child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            with self._child:
                try:
                    yield
                finally:
                    self._ended = True
                    if self._child.poll() is None:
                        self._child.terminate()

    def done(self, at: Callable[[str], None]) -> bool:
        """Wait for it, telling `at` the steps it comes to. False when there was nothing to wait for, or it failed.

        Raises Refused when the server stopped meanwhile: then nobody is to do what is left.
        """
        if self._child is None:
            return False
        assert self._child.stdout is not None
        with suppress(ValueError):  # closed, for the server stops
            for line in self._child.stdout:
                at(line.strip())
        well = self._child.wait() == 0
        if self._ended:
            raise Refused("the server stops before the demonstration district is made; the next start goes on with it")
        return well

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A block after which other work may begin that the filling was left alone for."""
        try:
            yield
        finally:
            self._rest.close()


def begin(
    settings: Settings, filling: _Filling, store: Store, clock: Clock, preparation: Preparation
) -> Iterable[Feed]:
    """Make the district, or bring a former one up to now, and say so while it lasts; then its live feeds."""
    from cli.demo_offices import OfficeCommands
    from feeds.demo.simulator import demo_feeds, get_ready

    def at(step: str) -> None:
        preparation.step = step

    at("district")
    note(f"{preparation.said()} ... (its store, for other commands: --db {settings.url()})")
    book = casework_rules(settings)
    have = None
    with filling.alone(), _counting(store):
        get_ready(clock)  # while the other process is still at work
        if not filling.done(at):
            have = _brought_up(store, clock, book, at)
        return demo_feeds(store, clock, have=have, commands=OfficeCommands(store, clock, book))


def _brought_up(store: Store, clock: Clock, book: Book, at: Callable[[str], None]) -> Snapshot | None:
    """Bring a store up to now. The state it had, None when it was empty."""
    from cli.demo_offices import OfficeCommands
    from feeds.demo.catch_up import catch_up
    from feeds.demo.district import SEED
    from feeds.demo.prepare import prepare

    report = prepare(store, clock)
    note(f"up to now: {report.areas} areas, {report.records} new records in {report.seconds:.1f} s")
    at("cases")
    done = catch_up(store, clock, lambda store, clock: OfficeCommands(store, clock, book), SEED)
    note(f"casework up to now: {done.cases} open cases, {done.records} records in {done.seconds:.1f} s")
    return report.have


@contextmanager
def _counting(store: Store) -> Iterator[None]:
    """Tell the terminal every second how many records the log has."""
    done = threading.Event()

    def tell() -> None:
        told = -1
        while not done.wait(PROGRESS_S):
            try:
                head = store.head()
            except StoreUnavailable:
                continue
            if head != told:
                told = head
                note(f"  {head} records")

    thread = threading.Thread(target=tell, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
