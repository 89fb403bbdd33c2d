"""A feed made known to the log: its names and its rhythm, so that screens can say who is silent."""

from __future__ import annotations

import zlib
from datetime import datetime

from data.codec import payload_json
from data.records import FeedPayload, Kind, Record
from feeds.mapping import Mapping


def feed_record(id: str, payload: FeedPayload, now: datetime) -> Record:
    """The record that makes feed `id` known.

    Its version is a checksum of what it says: said again unchanged it is a duplicate, changed it is a new record,
    which replaces the former one by its later time.
    """
    version = zlib.crc32(payload_json(payload)) & 0x7FFFFFFF
    return Record(kind=Kind.FEED, source=id, source_id=id, at=now, payload=payload, version=version)


def mapped_feed(mapping: Mapping, now: datetime) -> Record | None:
    """The feed record of a mapping that names an expected rhythm, None for one that does not."""
    if mapping.rhythm_s is None:
        return None
    payload = FeedPayload(name=mapping.name or mapping.source, name_en=mapping.name_en, rhythm_s=mapping.rhythm_s)
    return feed_record(mapping.source, payload, now)
