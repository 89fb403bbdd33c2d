"""What is counted from the log: event rows, or incidents folded from them, read as they are stored.

A record counts once, at the latest version of its (source, source_id).
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

import orjson

from data.records import LIVE, Kind
from data.store import Fact, Store

CLOSED, DISPATCH = "closed", "dispatch"
"""Names among `EventPayload.times` that mean: this row's work ended, its unit was sent."""

Of = Literal["records", "incidents"]


class Row(NamedTuple):
    """What is counted: one event record, or one incident folded from its records. `key` is its id."""

    key: str
    at: datetime
    category: str
    severity: int
    status: str
    source: str
    unit: str | None
    lon: float | None
    lat: float | None
    area: str | None
    times: dict[str, datetime]
    attrs: dict[str, str | int | float | bool | None]
    incident: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows count. `start` is included, `end` is not; None = no bound. Empty `category` = all."""

    start: datetime | None = None
    end: datetime | None = None
    category: str = ""

    def takes(self, row: Row) -> bool:
        return (
            (self.start is None or row.at >= self.start)
            and (self.end is None or row.at < self.end)
            and (not self.category or row.category == self.category)
        )


def events(store: Store, timeline: str = LIVE) -> Iterator[Fact]:
    """Event records of a timeline, each at its latest version."""
    return store.scan((Kind.EVENT,), timeline)


def read_rows(store: Store, what: Of, span: Filter, stamps: Collection[str] | None = None) -> list[Row]:
    """The rows of a store that a filter takes. Of `times` only those named in `stamps` are read, None = all."""
    with uncollected():
        facts = store.scan((Kind.EVENT,), start=span.start, end=span.end, by_incident=what == "incidents")
        rows = rows_of_records(facts, stamps) if what == "records" else rows_of_incidents(facts, stamps)
        return [row for row in rows if span.takes(row)]


def rows_of_records(facts: Iterable[Fact], stamps: Collection[str] | None = None) -> list[Row]:
    """Each event record as a row of its own."""
    loads, parse = orjson.loads, datetime.fromisoformat
    rows = []
    for _, _, source, source_id, _, at, lon, lat, area, incident, body in facts:
        payload: dict[str, Any] = loads(body)
        times = payload["times"]
        if times:
            if stamps is None:
                times = {name: parse(text) for name, text in times.items()}
            else:
                times = {name: parse(times[name]) for name in stamps if name in times}
        rows.append(
            Row(
                source_id, at, payload["category"], payload["severity"], payload["status"], source, payload["unit"],
                lon, lat, area, times, payload["attrs"], incident or "",
            )
        )  # fmt: skip
    return rows


def rows_of_incidents(facts: Iterable[Fact], stamps: Collection[str] | None = None) -> list[Row]:
    """Rows that share an incident folded into one.

    The incident takes place, time, category and attributes from its earliest row (then smallest id); every named
    timestamp is the earliest of its rows', except "closed", which is the latest.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows_of_records(facts, stamps):
        groups.setdefault(row.incident, []).append(row)
    return [_folded(key, members) for key, members in groups.items()]


def add_moves(store: Store, rows: Iterable[Row], names: Collection[str], timeline: str = LIVE) -> set[str]:
    """Give rows the times at which their cases made a move, or came to a step, of these names for the first time.

    Returns every name of a move or step that the log has, so that a wrong one can be refused.
    """
    wanted, known = set(names), set[str]()
    first: dict[str, dict[str, datetime]] = {}
    for fact in store.scan((Kind.INCIDENT_MOVED,), timeline):
        payload = orjson.loads(fact.body)
        said = {payload["move"], payload["step"]}
        known |= said
        for name in said & wanted:
            held = first.setdefault(payload["incident"], {})
            held[name] = min(held.get(name, fact.at), fact.at)
    for row in rows:
        for name, at in first.get(row.incident, {}).items():
            row.times.setdefault(name, at)
    return known


def stamp_names(rows: Iterable[Row]) -> set[str]:
    """The names of all timestamps that any row has."""
    return {name for row in rows for name in row.times}


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector: it would walk a million rows, which hold no cycles, again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _folded(key: str, members: list[Row]) -> Row:
    if len(members) == 1:
        return members[0]._replace(key=key)
    members.sort(key=lambda row: (row.at, row.key))
    times: dict[str, datetime] = {}
    for member in members:
        for name, t in member.times.items():
            held = times.get(name)
            times[name] = t if held is None else max(held, t) if name == CLOSED else min(held, t)
    return members[0]._replace(key=key, times=times)
