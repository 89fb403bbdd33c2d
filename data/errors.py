"""Every error gridcommand raises on purpose, in one tree.

    GridcommandError                  400-family unless said otherwise; one line, for a person
    ├── BadInput                      400  the input cannot be taken as it is; names the thing and the way out
    │   ├── BadRecord                 400  one record or message; becomes a dead letter
    │   ├── BadView                   400  a view (URL or stream subscription) that cannot be shown
    │   ├── BadMapping                400  a mapping file; says which key
    │   └── BadRegion                 400  an area file or its hierarchy
    ├── NotFound                      404  no such incident, unit, area, site
    ├── Refused                       409  a command that the current state does not allow
    │   └── VersionConflict           409  somebody else changed it first; says who and when
    ├── StoreUnavailable              503  the store does not answer; carries `retry_after` seconds
    └── Misconfigured                 exit 2  settings that cannot work or are not safe

`HTTP_STATUS` is the one table that maps them to HTTP.
"""

from __future__ import annotations


class GridcommandError(Exception):
    """Base of all errors that are meant to be read by a person, in one line.

    `str()` is the English line; `zh` says the same in Chinese where a desk can meet it, empty where nobody wrote it.
    """

    zh: str = ""

    def __init__(self, message: str = "", *, zh: str = "") -> None:
        super().__init__(message)
        if zh:
            self.zh = zh


class BadInput(GridcommandError):
    """Input that cannot be taken."""


class BadRecord(BadInput):
    """A record or message that cannot be taken. `reason` is a short stable slug counted in dead letters."""

    def __init__(self, message: str, *, reason: str = "invalid") -> None:
        super().__init__(message)
        self.reason = reason


class BadView(BadInput):
    """A view that cannot be shown."""


class BadMapping(BadInput):
    """A mapping file that cannot be used."""


class BadRegion(BadInput):
    """Areas that cannot be imported."""


class NotFound(GridcommandError):
    """No such thing."""


class Refused(GridcommandError):
    """A command that the current state does not allow."""


class VersionConflict(Refused):
    """The thing changed since the caller looked at it."""


class StoreUnavailable(GridcommandError):
    """The store does not answer. `retry_after` is a hint in seconds."""

    zh = "数据库暂时没有应答，请稍后再试"

    def __init__(self, message: str, *, retry_after: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Misconfigured(GridcommandError):
    """Settings that cannot work or are not safe."""


# Most specific first: the first class that matches gives the status.
HTTP_STATUS: tuple[tuple[type[GridcommandError], int], ...] = (
    (StoreUnavailable, 503),
    (NotFound, 404),
    (Refused, 409),
    (BadInput, 400),
    (GridcommandError, 400),
)


def http_status(error: GridcommandError) -> int:
    """HTTP status of an error, from `HTTP_STATUS`."""
    return next(status for cls, status in HTTP_STATUS if isinstance(error, cls))
