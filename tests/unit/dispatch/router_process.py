"""A process with nothing but a router on a store: what tests start twice, and kill."""

from __future__ import annotations

import sys

from data.clock import SystemClock
from data.open_store import open_store
from data.settings import Settings
from dispatch.dispatcher import Dispatcher
from dispatch.router import AutoRouter


def main(url: str) -> None:
    clock = SystemClock()
    store = open_store(url, clock)
    desk = Dispatcher(store, clock)
    router = AutoRouter(store, clock, desk, Settings(route_per_s=200, silence_poll_s=0.2), desk.book.workflows)
    router.start()
    print("started", flush=True)
    sys.stdin.read()  # until the test lets go
    router.close()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
