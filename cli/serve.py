"""`serve` and `demo`: build the services, run the web server, stop in order."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import DbOption, TzOption, casework_rules, note, read_time, refusals
from cli.lock import sole_server
from data.clock import Clock, ShiftedClock, SystemClock
from data.errors import Refused, StoreUnavailable
from data.exercise import DRILL
from data.lineage import FORK
from data.records import LIVE
from data.settings import Settings, read_settings

if TYPE_CHECKING:
    from dashboard.services import Preparation, Services
    from data.store import Store
    from dispatch.router import AutoRouter
    from feeds.runner import Feed
    from replay.drill_sessions import DrillSessions
    from replay.fork_sessions import ForkSessions

log = logging.getLogger(__name__)

HostOption = Annotated[str | None, typer.Option("--host", help="Address to serve on; loopback only for now")]
PortOption = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port to serve on")]

SQLITE = "sqlite:///"


AtOption = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="T", help="Show the past: the screens' clock starts at T and runs on; nothing is taken in"
    ),
]


def serve(
    host: HostOption = None, port: PortOption = None, db: DbOption = None, at: AtOption = None, tz: TzOption = None
) -> None:
    """Serve the wall, the desk, the API and the stream on the configured store."""
    with refusals():
        settings = settings_with(read_settings(), host, port, db)
        now = SystemClock()
        if at is not None:
            t = read_time(at, tz)
            if tz is not None:
                settings = settings.model_copy(update={"timezone": tz})
            run(settings, now, shown=ShiftedClock(now, t))
        else:
            run(settings, now, partial(_inbox, settings.var_dir / "inbox"))


def _inbox(folder: Path, store: Store, clock: Clock, preparation: Preparation) -> Iterable[Feed]:
    """Feeds of the files that other programs drop into `folder`; a broken mapping there is a failed preparation."""
    from feeds.watch import inbox_feeds

    return inbox_feeds(folder, clock, store)


def settings_with(base: Settings, host: str | None, port: int | None, db: str | None) -> Settings:
    """The settings with what the command line says on top."""
    asked = {"host": host, "port": port, "database_url": db}
    return base.model_copy(update={name: value for name, value in asked.items() if value is not None})


Start = Callable[["Store", Clock, "Preparation"], Iterable["Feed"]]
"""What a server does beside serving: work to finish first, saying how far it is; then the feeds to run."""


def run(
    settings: Settings,
    clock: Clock,
    start: Start | None = None,
    shown: Clock | None = None,
    beside: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Serve until SIGTERM or SIGINT. Raises Refused before anything is opened when the settings are not safe.

    `clock` stamps what is written. `shown` is the screens' clock where that is another one: then the past is shown,
    and nothing may be written, for it would stand in the log at a time that is not now. `beside` is entered as soon as
    it is sure that this process will serve, and left when it stops.
    """
    refuse_beyond_loopback(settings.host)
    with ExitStack() as stack:
        if settings.url().startswith(SQLITE):
            stack.enter_context(sole_server(Path(settings.url().removeprefix(SQLITE))))
        listener = stack.enter_context(listening(settings.host, settings.port))
        stack.enter_context(beside())
        services = stack.enter_context(running_services(settings, clock, start, shown))
        _serve(services, listener)
    note("stopped; what the intake had taken is written")


def refuse_beyond_loopback(host: str) -> None:
    """There is no login yet, so only programs on this machine may reach the server. Raises Refused."""
    try:
        local = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        local = False
    if not local:
        raise Refused(
            f"serving on {host or 'every address'} is refused: access control is not configured, so anyone who reaches "
            "this port could send units and read contacts; serve on 127.0.0.1 and let a proxy that asks for a login "
            "pass requests on (docs/operations.md)"
        )


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket; bound first, so that a taken port is a sentence and not a half-started server."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
        except OSError as error:
            raise Refused(f"{host}:{port} cannot be served on: {error.strerror}; choose another with --port") from None
        yield listener


@contextmanager
def running_services(
    settings: Settings, clock: Clock, start: Start | None = None, shown: Clock | None = None
) -> Iterator[Services]:
    """The collaborators over one store, closed in the order rooms, forks, drills, router, retention, intake, reader,
    store.

    Raises BadBook before anything is opened when a rule of casework is broken.
    """
    from dashboard.api.travel import roads_in
    from dashboard.hub import Hub
    from dashboard.rooms import Rooms
    from dashboard.services import Preparation, Services
    from data.area_indexes import keep_in
    from data.held import held
    from data.open_store import open_store
    from data.retention import Retention
    from data.timelines import timelines
    from data.writer import Writer
    from dispatch.dispatcher import Dispatcher
    from dispatch.router import AutoRouter
    from geo.kernels import warm
    from layers.columns import ms
    from layers.past import Past, Pasts
    from layers.past_reader import PastReader
    from layers.reader import Reader
    from replay.drill_sessions import DrillSessions
    from replay.fork_sessions import ForkSessions
    from replay.looks import LookLog
    from replay.moments import Moments
    from replay.seats import Seats
    from replay.sessions import Replays

    book = casework_rules(settings)
    with ExitStack() as stack:
        keep_in(settings.var_dir / "cache")
        warm.start()
        store = open_store(settings.url(), clock)
        stack.callback(store.close)
        reader = Reader(store, clock, settings) if shown is None else PastReader(store, shown, settings)
        stack.callback(reader.close)
        reader.start()
        writer = Writer(store, settings)
        stack.callback(writer.close)
        if shown is None:  # a screen that shows the past deletes nothing of it
            retention = Retention(store, clock, settings)
            stack.callback(retention.close)
            retention.start()
        dispatcher = Dispatcher(store, clock, book=book)
        if shown is None:
            router = AutoRouter(store, clock, dispatcher, settings, book.workflows)
            stack.callback(router.close)
        past = reader if isinstance(reader, PastReader) else Past(store, reader)
        drills = DrillSessions(
            store, clock, book, settings, roads=lambda: roads_in(store, settings),
            timelines=partial(timelines, store, DRILL), submit=writer.submit, playing=shown is None,
            held=partial(held, store),
        )  # fmt: skip
        stack.callback(drills.close)
        forks = ForkSessions(
            store, clock, book, settings, roads=lambda: roads_in(store, settings), playing=shown is None,
            held=partial(held, store),
        )  # fmt: skip
        stack.callback(forks.close)
        rooms = Rooms({} if shown else {DRILL: drills, FORK: forks}, store, settings, book)
        stack.callback(rooms.close)
        replays = Replays(
            clock,
            Pasts(store, past if isinstance(past, Past) else past.beside(), clock, settings),
            rooms.known,
            lambda timeline: ms((clock if timeline == LIVE else rooms.find(timeline)).now()),
        )
        if shown is None:
            _take_up(drills, forks)
        preparation = Preparation()
        if start is not None:
            preparation.work = partial(_routed_afterwards, router, partial(start, store, clock, preparation))
        elif shown is None:
            router.start()
        yield Services(
            settings=settings,
            clock=shown or clock,
            store=store,
            writer=writer,
            reader=reader,
            hub=Hub(reader, shown or clock, settings, replays, rooms),
            dispatcher=dispatcher,
            preparation=preparation,
            past=shown is not None,
            replays=replays,
            moments=cache(partial(Moments, store)),
            looks=LookLog(writer.submit, clock) if shown is None and settings.record_looks else None,
            seats=Seats(store),
            rooms=rooms,
            drills=drills,
            forks=forks,
            router=None if shown else router,
        )


def _take_up(drills: DrillSessions, forks: ForkSessions) -> None:
    """Play on what was under way when the last server stopped."""
    try:
        drills.take_up()
        forks.take_up()
    except StoreUnavailable as error:
        log.warning("exercises and forks wait until somebody looks at them: %s", error)


def _routed_afterwards(router: AutoRouter, work: Callable[[], Iterable[Feed]]) -> Iterable[Feed]:
    """What is prepared comes as it is meant; what is open afterwards, or when it failed, is routed."""
    try:
        return work()
    finally:
        router.start()


def _already_stopping(_signal: int, _frame: FrameType | None) -> None:
    """Nothing more to do."""


def _serve(services: Services, listener: socket.socket) -> None:
    import uvicorn

    from dashboard.server import create_app

    settings = services.settings
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = uvicorn.Config(
        create_app(services),
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        ws_per_message_deflate=False,  # frames are binary already; deflating them costs half a core
        ws_max_size=65_536,  # screens send short JSON only
        timeout_graceful_shutdown=round(settings.stop_grace_s),
    )
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    note(f"serving http://{name}:{settings.port}  (stop with Ctrl-C)")
    # uvicorn stops on these signals and then raises them again for whoever held them before: the stop that follows
    # (queue written, store closed) must not be cut short by that.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _already_stopping)
    uvicorn.Server(config).run(sockets=[listener])
