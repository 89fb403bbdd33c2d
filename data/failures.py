"""Driver errors in the terms of the project: nothing above `data` sees a SQLAlchemy or driver error."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from data.errors import BadRecord, StoreUnavailable


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Run a block; a driver's error becomes StoreUnavailable, or BadRecord where the data itself was refused."""
    try:
        yield
    except DataError as error:
        raise BadRecord(f"store: {doing}: refused: {_line(error)}", reason="store.data") from error
    except PoolTimeout as error:
        raise StoreUnavailable(f"store: {doing}: every connection is busy; try again") from error
    except _postgres("DataError") as error:
        raise BadRecord(f"store: {doing}: refused: {_line(error)}", reason="store.data") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreUnavailable(f"store: {doing}: {_line(error)}") from error
    except _postgres("Error") as error:
        raise StoreUnavailable(f"store: {doing}: {_line(error)}") from error


def _line(error: BaseException) -> str:
    """The first line of what the driver said, without SQL and parameters."""
    inner = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = str(inner).strip() or type(inner).__name__
    return text.splitlines()[0][:300]


def _postgres(name: str) -> tuple[type[Exception], ...]:
    """An error of PostgreSQL's driver to be caught; none where nobody has loaded it, for loading it takes a while."""
    driver = sys.modules.get("psycopg")
    return () if driver is None else (getattr(driver, name),)
