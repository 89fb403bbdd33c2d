"""What units sent in the span of time that a moment lies in, read once and used for all that a past says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple, TypeVar

from data.codec import instant, micros

BUCKET_S = 300
"""Records are counted in spans of so many seconds."""

_SPAN_US = BUCKET_S * 1_000_000

Fix = tuple[str, int, int, float, float, float | None, str | None, str, int]
"""A position: unit, microseconds since 1970, seq, WGS 84 lon and lat in degrees, bearing, area, source, and when it was
received, microseconds since 1970."""


Key = TypeVar("Key", str, int)


class Seen(NamedTuple):
    """A position of a unit: microseconds since 1970, WGS 84 degrees."""

    unit: str
    us: int
    seq: int
    lon: float
    lat: float
    bearing: float | None


class Heard(NamedTuple):
    """What of a source had arrived: how many records, the newest of their times and of their receipts."""

    n: int
    last_at: datetime
    last_received_at: datetime


class Lately(NamedTuple):
    """The newest position of each unit, the newest time (microseconds since 1970) by area, and what arrived of each
    source, of positions that were sent from the beginning of the span on: who is missing had sent nothing since."""

    last: dict[str, Seen]
    contacts: dict[str, int]
    heard: dict[str, Heard]

    @classmethod
    def of(cls, fixes: Iterable[Fix]) -> Lately:
        """From positions in any order."""
        by_time = sorted(fixes, key=itemgetter(1, 2))
        at = {fix[7]: fix[1] for fix in by_time}
        received: dict[str, int] = {}
        for fix in by_time:
            if fix[8] > received.get(fix[7], fix[8] - 1):
                received[fix[7]] = fix[8]
        return cls(
            {fix[0]: Seen._make(fix[:6]) for fix in by_time},
            {fix[6]: fix[1] for fix in by_time if fix[6] is not None},
            {
                source: Heard(n, instant(at[source]), instant(received[source]))
                for source, n in Counter(map(itemgetter(7), by_time)).items()
            },
        )


def span_of(t: datetime) -> int:
    """The number of the span that t lies in."""
    return micros(t) // _SPAN_US


def begin_of(span: int) -> datetime:
    """When a span begins."""
    return instant(span * _SPAN_US)


def added(found: dict[Key, Heard], key: Key, more: Heard) -> None:
    """Count more of what is found under a key."""
    held = found.get(key)
    if held is not None:
        more = Heard(
            held.n + more.n,
            max(held.last_at, more.last_at),
            max(held.last_received_at, more.last_received_at),
        )
    found[key] = more
