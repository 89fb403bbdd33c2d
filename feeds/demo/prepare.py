"""Bring a store to the point where the demonstration can run: at a first start everything, later only the gap."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice
from time import perf_counter
from typing import TypeVar

import numpy as np

from data.clock import Clock
from data.errors import Refused
from data.plain_columns import PlainEvents
from data.records import IncidentState, Record
from data.store import Snapshot, Store
from feeds.demo.deeds import EMERGENCY
from feeds.demo.district import SEED, draw_district
from feeds.demo.history import DAYS, columns, window_start
from feeds.demo.names import DISTRICT, DISTRICT_CODE, DISTRICT_EN, NOTICE
from feeds.demo.resources import feed_records, site_records, unit_records
from feeds.demo.script import find_id, plan_day
from feeds.demo.sources import SOURCES
from feeds.demo.taxonomy import names_json
from geo.area import Region

BATCH = 10_000
"""Records in one transaction."""
RECENT = timedelta(days=2)
"""A store that was left within so long, less a day, is read in part."""
DAYS_AT_ONCE = 3
"""Days of history in one: about as many records."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What a preparation did. `from_` is where the history it added begins; `first` is whether the store was empty."""

    first: bool
    areas: int
    records: int
    duplicates: int
    from_: datetime
    to: datetime
    seconds: float
    have: Snapshot | None = field(default=None, repr=False)
    """State of a store that was filled before, for `demo_feeds`; None after a first start."""


def prepare(store: Store, clock: Clock, *, seed: int = SEED, days: int = DAYS) -> DemoReport:
    """Fill an empty store with the demonstration district and `days` of history, or top one up to now.

    Idempotent. Raises Refused when the store holds a region that is not the demonstration's.
    """
    began = perf_counter()
    now = clock.now()
    district = draw_district(seed)
    stored = store.region()
    refuse_another(stored, district.region)
    first = not stored.areas
    if first:
        store.put_level(district.region)
        for layer, body in district.basemap().items():
            store.put_basemap(layer, body)
    store.put_basemap("categories", names_json())
    store.put_basemap("notice", json.dumps(NOTICE, ensure_ascii=False).encode())

    have, start = _held(store, now, days)
    known = {feed.id for feed in have.feeds if feed.rhythm_s is not None}
    cases = {i.id for i in have.incidents if i.case is not None and i.case.workflow}
    fixed: Iterable[Record] = ()
    units: Iterable[Record] = ()
    if len(known) < len(SOURCES) or not have.sites or not have.units:
        fixed, units = chain(feed_records(now), site_records(seed, now)), unit_records(seed, now)
    days_of = (day.without(cases) for day in columns(seed, start, now))
    past = (PlainEvents.joined(part) for part in _parts(days_of, DAYS_AT_ONCE))
    added = duplicates = 0
    rest = chain(units, _progress(seed, have, start, now))
    with _made_ahead(chain(_parts(fixed, BATCH), past, _parts(rest, BATCH))) as parts:
        for part in parts:
            done = store.append_plain(part) if isinstance(part, PlainEvents) else store.append(part)
            added += done.accepted
            duplicates += done.duplicates
    took = perf_counter() - began
    before = have if have.units else None
    return DemoReport(first, len(district.region.areas), added, duplicates, start, now, took, before)


def refuse_another(stored: Region, ours: Region, file: str = "its file") -> None:
    """Raises Refused when the region of a store, if it has one, is not the demonstration district. `file` is the
    store's, for the sentence."""
    if stored.areas and {a.code for a in stored.areas} != {a.code for a in ours.areas}:
        raise Refused(_not_ours(stored, file))


def _not_ours(stored: Region, file: str) -> str:
    if any(root.code == DISTRICT_CODE for root in stored.roots):
        return (
            f"demo: the store holds {DISTRICT} as another version or seed drew it; remove {file}, or name another "
            "folder in GRIDCOMMAND_VAR_DIR, and it is made anew"
        )
    kept = stored.roots[0].name if stored.roots else "another region"
    return (
        f"demo: the store holds {kept} ({len(stored.areas)} areas), not the demonstration district {DISTRICT} "
        f"({DISTRICT_EN}); move {file} away, or name another folder in GRIDCOMMAND_VAR_DIR"
    )


def _held(store: Store, now: datetime, days: int) -> tuple[Snapshot, datetime]:
    """What the store has, and where its history ends. Of a store that was left not long ago only what is not settled
    yet is read: nothing older can be told of any further."""
    have = store.snapshot(unsettled_since=now - RECENT)
    start = _resume(have, now, days)
    if start >= now - RECENT + timedelta(days=1):
        return have, start
    have = store.snapshot()
    return have, _resume(have, now, days)


def _resume(have: Snapshot, now: datetime, days: int) -> datetime:
    """Where the stored history ends: the last event that every live source could have brought, or `days` ago.

    The last matter of the busiest feeds marks the end; the minutes before it are read again, which costs nothing
    because what is stored already is recognised.
    """
    heard = [i.opened_at for i in have.incidents if find_id(i.id) and i.opened_at <= now]
    oldest = window_start(now, days)
    if not heard:
        return oldest
    return max(oldest, max(heard) - timedelta(minutes=10))


def _progress(seed: int, have: Snapshot, start: datetime, now: datetime) -> Iterator[Record]:
    """How far the matters that were open at the last stop have come meanwhile. Cases are closed by their workflow."""
    position: dict[object, dict[str, int]] = {}
    for incident in have.incidents:
        found = find_id(incident.id)
        if incident.state is IncidentState.CLOSED or found is None or incident.opened_at > start:
            continue
        plan = plan_day(seed, found[0])
        index = position.setdefault(found[0], {id: i for i, id in enumerate(plan.ids)})
        i = index.get(incident.id)
        if i is None:
            continue
        version = int(np.count_nonzero(plan.at[i] <= now.timestamp())) - 1
        if incident.case is not None and incident.case.workflow:
            version = min(version, 2) if incident.case.workflow == EMERGENCY else 0
        elif version < 3 and not plan.urgent[i]:
            version = 0  # as the history tells of it
        if version > 0:
            yield plan.record(i, version)


T = TypeVar("T")


def _parts(of: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(of)
    while part := list(islice(source, size)):
        yield part


Part = list[Record] | PlainEvents


@contextmanager
def _made_ahead(source: Iterator[Part]) -> Iterator[Iterator[Part]]:
    """Parts of which the next is made in a second thread while this one is written.

    The collector of cycles rests meanwhile: a hundred thousand living records hold none, and looking for some costs
    a fifth of the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="demo-history") as worker:

            def ahead() -> Iterator[Part]:
                coming = worker.submit(next, source, None)
                while (part := coming.result()) is not None:
                    coming = worker.submit(next, source, None)
                    yield part

            yield ahead()
    finally:
        if collecting:
            gc.enable()
