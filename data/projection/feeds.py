"""Feeds and areas: who was heard from, and when."""

from __future__ import annotations

from data.projection.changes import Changes
from data.projection.incident import latest
from data.projection.tables import takes
from data.records import FeedPayload, Kind, Record

MUTE = frozenset({Kind.FEED, Kind.LOOK})
"""Records that are no sign of life of their source: its own description, and what a screen looks at."""


def describe_feed(out: Changes, record: Record) -> None:
    payload = record.payload
    assert isinstance(payload, FeedPayload)
    feed = out.feed(record.source_id)
    if not takes(feed, record):
        return
    feed.name, feed.name_en, feed.rhythm_s = payload.name, payload.name_en, payload.rhythm_s
    feed.areas, feed.simulated, feed.seq = payload.areas, payload.simulated, record.seq or 0


def hear(out: Changes, record: Record) -> None:
    """Every record that is not mute is a sign of life of its source, and of its area if it has one.

    A site's inventory entry says that something stands there, not that anybody was heard from.
    """
    feed, at, received, seq = out.feed(record.source), record.at, record.received_at, record.seq or 0
    feed.accepted += 1
    feed.seq = seq
    feed.last_at = latest(feed.last_at, at)
    feed.last_received_at = latest(feed.last_received_at, received)
    area = record.area
    if area is None or record.kind is Kind.SITE:
        return
    contact = out.contact(area)
    if contact.last_at is None or at >= contact.last_at:
        contact.last_at, contact.seq = at, seq
