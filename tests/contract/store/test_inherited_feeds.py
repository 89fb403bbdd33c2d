"""What a fork inherits of feeds and areas, through indexes, is what counting every record one by one gives."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from data.inherited_feeds import contacts, feeds
from data.lineage import parts_of
from data.projection import Contact, Feed
from data.projection.feeds import MUTE
from data.records import LIVE, Kind, Record
from data.sql_store import SqlStore
from tests.contract.store.test_forks import begin, in_time
from tests.contract.store.test_past_seeks import make  # noqa: F401  (a fixture)
from tests.unit.layers.test_state_follows_store import Dice


def one_by_one(records: list[Record], timeline: str) -> tuple[dict[str, Feed], dict[str, Contact]]:
    """The slow way: every record that is a sign of life is looked at."""
    heard: dict[str, Feed] = {}
    areas: dict[str, Contact] = {}
    for record in records:
        if record.kind in MUTE:
            continue
        feed = heard.setdefault(record.source, Feed(timeline, record.source, name=record.source))
        feed.accepted, feed.seq = feed.accepted + 1, max(feed.seq, record.seq)
        feed.last_at = max(feed.last_at or record.at, record.at)
        feed.last_received_at = max(feed.last_received_at or record.received_at, record.received_at)
        if record.area is not None and record.kind is not Kind.SITE:
            new = Contact(timeline, record.area, record.at, record.seq)
            held = areas.setdefault(record.area, new)
            if (held.last_at, held.seq) < (new.last_at, new.seq):
                areas[record.area] = new
    return heard, areas


def of_parts(store: SqlStore, timeline: str) -> list[Record]:
    with store.read() as conn:
        parts = parts_of(store, conn, timeline)[1:]
    return [
        record
        for record in store.read_after(0)
        for part in parts
        if record.timeline == part.timeline and record.at <= part.until and record.seq <= part.head
    ]


def test_feeds_and_areas_are_inherited_as_if_counted_one_by_one(make: Callable[[], SqlStore]):  # noqa: F811
    for seed in (3, 5, 8):
        dice, records = random.Random(seed), Dice(seed)
        store = make()
        try:
            for _ in range(4):  # received at several times, with what happened before others among it
                store.clock.advance(dice.randrange(1, 900))
                store.append([records.record() for _ in range(70)])
            times = sorted(record.at for record in store.read_after(0))
            first = dice.choice(times)
            begin(store, "fork:a", LIVE, first)
            store.append([records.record() for _ in range(30)])  # heard of too late
            own = in_time([r for r in (records.record() for _ in range(120)) if r.at > first])
            store.append([replace(each, timeline="fork:a") for each in own])
            begin(store, "fork:b", "fork:a", dice.choice([first, *(each.at for each in own)]))
            begin(store, "fork:all", LIVE, max(times) + timedelta(days=1))
            begin(store, "fork:none", LIVE, datetime(1990, 1, 1, tzinfo=first.tzinfo))
            for name in ("fork:a", "fork:b", "fork:all", "fork:none"):
                slow = one_by_one(of_parts(store, name), name)
                with store.read() as conn:
                    parts = parts_of(store, conn, name)[1:]
                    assert (feeds(store, conn, name, parts, {}), contacts(store, conn, name, parts)) == slow
            assert slow == ({}, {})
        finally:
            store.close()
