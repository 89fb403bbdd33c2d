"""One number for the state of a timeline: the same log gives the same hash on every machine and in both stores.

It covers what the projections say: incidents with their cases, units, sites, feeds, areas that were heard from, and
documents. It leaves out what depends on where and when the log was written: the timeline's name, seqs, when records
were received, and refused input, which is not of the log. Neither is the running of a drill or a fork (its acts, its
ratings) state of the district.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import orjson
from pydantic import BaseModel

from data.lineage import SOURCE as FORK_SOURCE
from data.store import Snapshot, Store
from replay.drill_injects import SOURCE as DRILL_SOURCE

_LEFT_OUT = frozenset({"timeline", "last_received_at", "rejected"})
_RUNNING = frozenset({DRILL_SOURCE, FORK_SOURCE})
_NAMES: dict[type[Any], tuple[str, ...] | None] = {}
_AS_IT_IS = frozenset({str, int, bool, type(None)})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DIGITS = 7
"""Decimals of a degree, and of every other number with a fraction: a centimetre."""


def state_hash(store: Store, timeline: str) -> str:
    """SHA-256 of the state of a timeline, 64 hexadecimal digits."""
    return hash_of(store.snapshot(timeline))


def hash_of(snapshot: Snapshot) -> str:
    """SHA-256 of a snapshot."""
    digest = hashlib.sha256()
    for line in _lines(snapshot):
        digest.update(line)
        digest.update(b"\n")
    return digest.hexdigest()


def _lines(snapshot: Snapshot) -> Iterable[bytes]:
    """One line for each row, each table in the order of its rows."""
    tables: dict[str, list[Any]] = {
        "incident": sorted(snapshot.incidents, key=lambda row: row.id),
        "unit": sorted(snapshot.units, key=lambda row: row.id),
        "site": sorted(snapshot.sites, key=lambda row: row.id),
        "feed": sorted((row for row in snapshot.feeds if row.id not in _RUNNING), key=lambda row: row.id),
        "contact": sorted(snapshot.contacts, key=lambda row: row.area),
        "document": sorted(snapshot.documents, key=lambda row: (row.kind, row.id)),
    }
    for name, rows in tables.items():
        for row in rows:
            yield orjson.dumps([name, plain(row)], option=orjson.OPT_SORT_KEYS)


def plain(value: Any) -> Any:
    """A value in one form only: times as microseconds, numbers with a fraction rounded, no keys that say nothing."""
    of = type(value)
    if of in _AS_IT_IS:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if (names := _names(of)) is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, datetime):
        since = value.astimezone(UTC) - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if isinstance(value, float):
        rounded = round(value, DIGITS)
        return int(rounded) if rounded.is_integer() else rounded
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(each) for each in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def _names(of: type[Any]) -> tuple[str, ...] | None:
    """The fields of a dataclass that count; None: it is none."""
    if of not in _NAMES:
        found = fields(of) if is_dataclass(of) else None
        _NAMES[of] = None if found is None else tuple(f.name for f in found if not _left_out(f.name))
    return _NAMES[of]


def _left_out(name: str) -> bool:
    """Whether a field says nothing of the district. Numbers of the log depend on what else the store has."""
    return name in _LEFT_OUT or name == "seq" or name.endswith("_seq")
