"""One server per embedded store: a file lock that the system drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import Refused


@contextmanager
def sole_server(database: Path) -> Iterator[None]:
    """Hold `<database>.lock` while serving. Raises Refused naming the process that holds it."""
    path = database.with_name(database.name + ".lock")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise Refused(
            f"the store {database} cannot be made: {error.strerror}; name a folder that can be written in "
            "GRIDCOMMAND_VAR_DIR"
        ) from None
    with open(descriptor, "r+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read(20).strip() or "unknown"
            raise Refused(
                f"process {holder} serves the store {database} already; stop it, or give this one another "
                "GRIDCOMMAND_VAR_DIR (several servers on one store need PostGIS: GRIDCOMMAND_DATABASE_URL)"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
