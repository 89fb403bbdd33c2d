"""A piece of work that one process at a time may do, of all that share a store: playing an exercise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from data.failures import translated
from data.postgis import PostgisStore
from data.sql_store import SqlStore

_SPACE = 0x67726964
"""The first key of our advisory locks, so that they are nobody else's."""


class Hold:
    """Whether this process has a piece of work: true where it has."""

    def __init__(self, mine: bool = True, conn: Connection | None = None) -> None:
        """`conn`: the session whose lock it is; without one nobody else can have it."""
        self._mine, self._conn = mine, conn

    def __bool__(self) -> bool:
        return self._mine

    def verify(self) -> None:
        """Raises StoreUnavailable when the session that held it is gone: somebody else may have it by now."""
        if self._conn is not None:
            with translated("held"):
                self._conn.execute(text("SELECT 1"))


@contextmanager
def held(store: SqlStore, work: str) -> Iterator[Hold]:
    """Whether this process holds the work of a name while inside the block. Another gets it when this one is done, or
    gone. Raises StoreUnavailable.

    A server's store keeps it as an advisory lock of one session; an embedded store serves one process anyway. A session
    may end while its process goes on, so who works for long asks `verify` again and again.
    """
    if not isinstance(store, PostgisStore):
        yield Hold()
        return
    with translated("held"):
        conn = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with translated("held"):
            conn.detach()  # the lock lives as long as the session: it must not go back to the pool
            lock = {"space": _SPACE, "work": work}
            mine = conn.execute(text("SELECT pg_try_advisory_lock(:space, hashtext(:work))"), lock).scalar()
        yield Hold(bool(mine), conn)
    finally:
        conn.close()
