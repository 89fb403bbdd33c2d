"""A column of incidents that migrations fill from times that the incidents' event rows give."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS = """
SELECT r.timeline, r.incident, r.payload FROM record r
JOIN incident i ON i.timeline = r.timeline AND i.id = r.incident
WHERE r.kind = 'event' AND i.{commanded} IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM record_key newer WHERE newer.timeline = r.timeline AND newer.source = r.source
    AND newer.source_id = r.source_id AND newer.version > r.version AND newer.incident IS NOT NULL
)
"""


def fill_from_rows(conn: Connection, what: str, said: str, pick: Callable[[datetime, datetime], datetime]) -> None:
    """Set `src_<what>`, the time that event rows give under the name `said`; `pick` chooses between two.

    Where no command gave one (`cmd_<what>`) the incident has it already; of the others the rows are read.
    """
    conn.execute(text(f"UPDATE incident SET src_{what} = {what} WHERE cmd_{what} IS NULL"))
    embedded = conn.dialect.name == "sqlite"
    found: dict[tuple[str, str], datetime] = {}
    for timeline, incident, body in conn.execute(text(_ROWS.format(commanded=f"cmd_{what}"))):
        payload: dict[str, Any] = json.loads(body) if embedded else body
        if (t := payload.get("times", {}).get(said)) is not None:
            at = datetime.fromisoformat(t)
            found[timeline, incident] = pick(found.get((timeline, incident), at), at)
    if found:
        conn.execute(
            text(f"UPDATE incident SET src_{what} = :at WHERE timeline = :timeline AND id = :id"),
            [
                {"timeline": timeline, "id": id, "at": (at - _EPOCH) // timedelta(microseconds=1) if embedded else at}
                for (timeline, id), at in found.items()
            ],
        )
