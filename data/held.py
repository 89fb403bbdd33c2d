"""A piece of work that one process at a time may do, of all that share a store: playing an exercise, making a fork."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, text

from data.errors import StoreUnavailable
from data.failures import translated
from data.postgis import PostgisStore
from data.sql_store import SqlStore
from data.sqlite import SqliteStore

_SPACE = 0x67726964
"""The first key of our advisory locks, so that they are nobody else's."""


class Hold(Protocol):
    """Whether this process has a piece of work: true where it has."""

    def __bool__(self) -> bool: ...

    def verify(self) -> None:
        """Raises StoreUnavailable when what held it is gone: somebody else may have it by now."""
        ...


class _Session:
    """An advisory lock of one session of the server. The session may end while this process goes on."""

    def __init__(self, mine: bool, conn: Connection) -> None:
        self._mine, self._conn = mine, conn

    def __bool__(self) -> bool:
        return self._mine

    def verify(self) -> None:
        with translated("held"):
            self._conn.execute(text("SELECT 1"))


class _File:
    """A lock of a file beside an embedded store: the system keeps it for as long as this process lives."""

    def __init__(self, mine: bool) -> None:
        self._mine = mine

    def __bool__(self) -> bool:
        return self._mine

    def verify(self) -> None:
        """Nobody takes it away."""


@contextmanager
def held(store: SqlStore, work: str) -> Iterator[Hold]:
    """Whether this process holds the work of a name while inside the block. Another gets it when this one is done, or
    gone; a second block of the same process is another. Raises StoreUnavailable.

    Who works for long asks `verify` again and again. An embedded store has one server, but commands may work beside it.
    """
    if isinstance(store, PostgisStore):
        with _session(store, work) as hold:
            yield hold
    elif isinstance(store, SqliteStore):
        with _file(store.path, work) as mine:
            yield _File(mine)
    else:
        raise TypeError(f"no holds on a {type(store).__name__}")


@contextmanager
def _session(store: PostgisStore, work: str) -> Iterator[Hold]:
    with translated("held"):
        conn = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with translated("held"):
            conn.detach()  # the lock lives as long as the session: it must not go back to the pool
            lock = {"space": _SPACE, "work": work}
            mine = conn.execute(text("SELECT pg_try_advisory_lock(:space, hashtext(:work))"), lock).scalar()
        yield _Session(bool(mine), conn)
    finally:
        conn.close()


@contextmanager
def _file(database: Path, work: str) -> Iterator[bool]:
    path = database.with_name(f"{database.name}.{hashlib.sha256(work.encode()).hexdigest()[:16]}.held")
    while True:
        try:
            file = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)  # who only reads it may lock it: another user as well
        except OSError as error:
            raise StoreUnavailable(
                f"store: {path} cannot be opened: {error.strerror}; let this user write in its folder, or remove it"
            ) from None
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            except OSError as error:
                raise StoreUnavailable(
                    f"store: {path} cannot be locked: {error.strerror}; keep the store on a local disk"
                ) from None
            if not _is(file, path):
                continue  # who had it before has just taken the file away
            try:
                yield True
            finally:
                with suppress(PermissionError):  # another user's, in a folder where each removes his own only
                    path.unlink(missing_ok=True)
            return
        finally:
            os.close(file)


def _is(descriptor: int, path: Path) -> bool:
    """Whether the path still names this file."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
