"""A stream server on a real socket, over the real embedded store, for the tests of the stream."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvicorn
from fastapi import FastAPI

from dashboard import stream
from dashboard.guard import Guard
from dashboard.hub import Hub
from data.clock import SystemClock
from data.errors import StoreUnavailable
from data.open_store import open_store
from data.records import EventPayload, Kind, Record
from data.settings import Settings
from layers.reader import Reader
from layers.table import Table, apply
from layers.wire import Frame, decode
from tests.unit.layers.small_world import region

SETTINGS = Settings(tick_min_s=0.02, tick_max_s=0.2, silence_poll_s=0.05)


class Flaky:
    """The real store, which can be told to be away."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.away = False

    def __getattr__(self, name: str) -> Any:
        if self.away:
            raise StoreUnavailable("the store does not answer")
        return getattr(self._store, name)


class Served:
    """The running server and what is behind it."""

    def __init__(self, store: Flaky, hub: Hub, reader: Reader, clock: SystemClock, port: int) -> None:
        self.store, self.hub, self.reader, self.clock, self.port = store, hub, reader, clock, port
        self.url = f"ws://127.0.0.1:{port}/stream"
        self._n = 0

    def report(self, count: int = 1, **payload: Any) -> None:
        """Append new events in T0G0, now."""
        events = []
        for _ in range(count):
            self._n += 1
            about = EventPayload(**({"category": "0101"} | payload))
            lon, lat = 120.01 + (self._n % 80) / 1000, 30.01 + (self._n % 7) / 100
            events.append(Record(Kind.EVENT, "hotline", f"E{self._n}", self.clock.now(), about, lon, lat))
        self.store.append(events)


@contextmanager
def serving(folder: Path, settings: Settings = SETTINGS) -> Iterator[Served]:
    """A server on a free port of loopback, stopped at the end."""
    clock = SystemClock()
    held = open_store(f"sqlite:///{folder / 'a.db'}", clock)
    held.put_level(region())
    store = Flaky(held)
    reader = Reader(store, clock, settings)  # type: ignore[arg-type]
    hub = Hub(reader, clock, settings)
    services = SimpleNamespace(store=store, reader=reader, hub=hub, clock=clock, settings=settings, looks=None)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> Any:
        async with stream.running(services):  # type: ignore[arg-type]
            yield

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(Guard, hosts=(), max_body=settings.push_max_bytes)
    app.state.services = services
    stream.register(app)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, lifespan="on", ws_per_message_deflate=False, ws_max_size=65_536)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        try:
            if not reader.wait(60):
                raise AssertionError("the server did not load its state in 60 s")
            yield Served(store, hub, reader, clock, listener.getsockname()[1])
        finally:
            store.away = False
            server.should_exit = True
            thread.join(60)
            reader.close()
            held.close()


class Screen:
    """What a page does with frames of one view: keeps tables, notices gaps."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.panel: Any = None
        self.seq: int | None = None
        self.gaps = 0
        self.last: Frame | None = None

    def take(self, data: bytes) -> Frame:
        frame = decode(data)
        if frame.base is not None and frame.base != self.seq:
            raise AssertionError(f"a delta on {frame.base} came to a client that holds {self.seq}")
        if frame.base is None and self.seq is not None:
            self.gaps += 1
        for name, table in frame.layers.items():
            self.tables[name] = table if isinstance(table, Table) else apply(self.tables[name], table)
        if frame.panel is not None:
            self.panel = frame.panel
        self.seq, self.last = frame.seq, frame
        return frame
