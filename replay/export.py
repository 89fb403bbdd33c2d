"""The records of a drill as a file: JSON lines, each saying of itself that it is an exercise."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from data.errors import BadInput
from data.exercise import is_exercise, status_of
from data.store import Store

CHUNK = 5_000


def exercise_lines(store: Store, timeline: str) -> Iterator[bytes]:
    """Every record of an exercise in the order of the log. Raises BadInput for a timeline of real work."""
    if not is_exercise(timeline):
        raise BadInput(f"timeline {timeline[:80]!r} is no exercise; those begin with drill:", zh="该时间线不是演练")
    seq = 0
    while True:
        records = store.read_after(seq, limit=CHUNK, timeline=timeline)
        for record in records:
            seq = record.seq or seq
            yield orjson.dumps(
                {
                    "status": status_of(record), "seq": record.seq, "timeline": record.timeline, "kind": record.kind,
                    "source": record.source, "source_id": record.source_id, "version": record.version, "at": record.at,
                    "received_at": record.received_at, "lon": record.lon, "lat": record.lat, "area": record.area,
                    "payload": record.payload.model_dump(mode="json"),
                }
            )  # fmt: skip
        if len(records) < CHUNK:
            return
