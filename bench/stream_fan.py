"""A server whose one view is a frame of 20 KB that changes wholly twice a second: `bench.stream`'s fan-out.

`python -m bench.stream_fan FOLDER PORT`. Hub, stream and server are the real ones; only the heat is made up.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import uvicorn
from fastapi import FastAPI

from dashboard import channel, stream
from dashboard.hub import Hub
from data.clock import SystemClock
from data.open_store import open_store
from data.settings import Settings
from layers.reader import Reader
from layers.state import LiveState
from layers.table import Table
from layers.view import View

CELLS = 1700  # 12 bytes each: 20 KB


def made_up(_state: LiveState, _view: View, t: float) -> Table:
    """Other cells and other values at every t."""
    draw = np.random.default_rng(int(t))
    value = draw.random(CELLS, np.float32)
    key = draw.integers(1, 2**60, CELLS, np.uint64)
    return Table(key, {"value": value}, {"res": 8, "measure": "reported", "max": 1.0, "total": float(value.sum())})


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    channel.BUILD = {**channel.BUILD, "heat": made_up}  # type: ignore[misc]
    clock, settings = SystemClock(), Settings(tick_min_s=0.5, tick_max_s=0.5)
    store = open_store(f"sqlite:///{folder / 'fan.db'}", clock)
    reader = Reader(store, clock, settings)
    services = SimpleNamespace(reader=reader, hub=Hub(reader, clock, settings), clock=clock, settings=settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with stream.running(services):  # type: ignore[arg-type]
            yield

    app = FastAPI(lifespan=lifespan)
    app.state.services = services
    stream.register(app)
    config = uvicorn.Config(app, port=port, log_config=None, ws_per_message_deflate=False, backlog=4096)
    try:
        asyncio.run(uvicorn.Server(config).serve())
    finally:
        reader.close()
        store.close()


if __name__ == "__main__":
    main()
