"""What every sub-command shares: one JSON document on stdout, refusals as exit status 1, the store by URL."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import typer

from data.clock import SystemClock
from data.errors import BadInput, GridcommandError, Misconfigured, Refused
from data.settings import Settings, read_settings

if TYPE_CHECKING:
    from data.sql_store import SqlStore
    from dispatch.book import Book

DbOption = Annotated[
    str | None,
    typer.Option("--db", metavar="URL", help="Store URL; without it the configured one, an embedded store in ./var"),
]
TzOption = Annotated[
    str | None, typer.Option("--tz", metavar="ZONE", help="IANA zone of times without an offset; default: the setting")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, nothing else")]


def emit_json(obj: object) -> None:
    """Print one JSON document (UTF-8, dataclasses and NumPy values allowed) and a newline on standard output."""
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    sys.stdout.write(orjson.dumps(obj, option=options).decode())
    sys.stdout.flush()


def note(line: str) -> None:
    """One line of progress or remark for the person at the terminal, on standard error."""
    typer.echo(line, err=True)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn an error meant for a person into its line on standard error and exit 1 (settings: exit 2)."""
    try:
        yield
    except GridcommandError as error:
        note(f"refused: {error}")
        raise typer.Exit(2 if isinstance(error, Misconfigured) else 1) from None


def open_cli_store(db: str | None, *, reading: bool = False) -> SqlStore:
    """The store that `--db` names, or the configured one. The caller closes it.

    Raises Refused where one that is only to be read is not there: made anew, it would answer everything with nothing.
    """
    from data.area_indexes import keep_in
    from data.open_store import missing_file, open_store  # late: drivers load only for commands that need a store

    settings = read_settings()
    url = db or settings.url()
    missing = missing_file(url)
    if reading and missing is not None:
        raise Refused(f"no such store: {missing}; import something first or name another with --db")
    keep_in(settings.var_dir / "cache")
    return open_store(url, SystemClock())


def casework_rules(settings: Settings) -> Book:
    """The rules of casework: those that ship and those in the settings' folder. Raises Misconfigured, BadBook."""
    from dispatch.book import Book

    folder = settings.casework()
    if settings.casework_dir and not folder.is_dir():
        raise Misconfigured(f"GRIDCOMMAND_CASEWORK_DIR={settings.casework_dir}: there is no such folder; make it")
    return Book.load(folder)


def read_time(text: str, tz: str | None) -> datetime:
    """An ISO 8601 time; without an offset it is local time of `tz`, or of the setting GRIDCOMMAND_TIMEZONE."""
    zone = tz or read_settings().timezone
    try:
        t = datetime.fromisoformat(text)
        aware = t if t.tzinfo else t.replace(tzinfo=ZoneInfo(zone))
        aware.astimezone(UTC)  # the first and last years overflow here rather than in a comparison
    except (ZoneInfoNotFoundError, IsADirectoryError, PermissionError):
        raise BadInput(f"time zone {zone!r} is not known; expected an IANA zone such as America/Los_Angeles") from None
    except (ValueError, OverflowError):
        raise BadInput(f"time {text!r} is not ISO 8601, such as 2026-05-01T08:00 or 2026-05-01T08:00+08:00") from None
    return aware
