"""The real server, started as often as asked: imports once, then forks a serving process per line on standard input.

Prints the process id of each, and "gone" once it is dead and reaped.
"""

import os
import sys
from pathlib import Path

import dashboard.server  # noqa: F401 - loaded before the forks, which then start in a moment
from cli.serve import run
from data.clock import SystemClock
from data.settings import Settings


def main(url: str, port: int, folder: str) -> None:
    settings = Settings(database_url=url, port=port, var_dir=Path(folder))
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                run(settings, SystemClock())
                code = 0
            finally:
                os._exit(code)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
