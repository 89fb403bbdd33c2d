"""A server whose preparation lasts until the file `done` lies in its folder: `python slow_start.py serve --port N`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from cli.serve import run, settings_with
from data.clock import Clock, SystemClock
from data.settings import read_settings
from data.store import Store

if TYPE_CHECKING:
    from dashboard.services import Preparation
    from feeds.runner import Feed


def begin(_store: Store, _clock: Clock, preparation: Preparation) -> Iterable[Feed]:
    preparation.step = "district"
    while not Path("done").exists():
        time.sleep(0.05)
    return ()


if __name__ == "__main__":
    port, url = int(sys.argv[sys.argv.index("--port") + 1]), sys.argv[sys.argv.index("--db") + 1]
    run(settings_with(read_settings(), None, port, url), SystemClock(), begin)
