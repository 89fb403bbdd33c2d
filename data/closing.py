"""Letting go of a database: no connection outlives its store."""

from __future__ import annotations

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry


def shut(engine: Engine) -> None:
    """Close what lies in the pool now, and everything else when it comes back.

    Disposing alone forgets the connections that somebody still works with: they would go back to a pool that nobody
    will ever empty, and hold a place on the server until they are collected.
    """

    @event.listens_for(engine, "checkin")
    def came_back(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.close()

    engine.dispose()
