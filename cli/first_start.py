"""A first start's month of history and its casework, made in a process of its own: `python -m cli.first_start URL`.

The pages stay quick meanwhile, the second core is used, and the memory it takes (300 MB) is given back. What it leaves
undone because it fails or is stopped, the server does. On standard output it says which step it is at.
"""

from __future__ import annotations

import signal
import sys

from cli.common import casework_rules, note
from data.clock import SystemClock
from data.open_store import open_store
from data.settings import read_settings
from feeds.demo.catch_up import catch_up
from feeds.demo.district import SEED
from feeds.demo.history import DAYS
from feeds.demo.prepare import prepare

SWITCH_S = 0.0005
"""How soon a thread gives way, seconds: the one that writes waits for it after each statement."""
CASES = "cases"
"""The step after the district's history, as the server names it."""


def fill(url: str, days: int = DAYS) -> None:
    """Fill the store at `url` with so many days. What is lost by a power cut is made again, so the disk is not waited
    for."""
    clock = SystemClock()
    store = open_store(url, clock, repeatable=True)
    try:
        made = prepare(store, clock, days=days)
        note(f"made: {made.areas} areas, {made.records} records in {made.seconds:.1f} s")
        sys.stdout.write(f"{CASES}\n")
        sys.stdout.flush()
        from cli.demo_offices import OfficeCommands  # half a second that the history need not wait for

        book = casework_rules(read_settings())
        done = catch_up(store, clock, lambda store, clock: OfficeCommands(store, clock, book), SEED)
        note(f"casework up to now: {done.cases} open cases, {done.records} records in {done.seconds:.1f} s")
    finally:
        store.close()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the server too, which ends this process in its turn
    sys.setswitchinterval(SWITCH_S)
    fill(sys.argv[1])
