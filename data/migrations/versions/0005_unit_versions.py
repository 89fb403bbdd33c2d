"""The version of a unit that commands expect, and no indexes that only cost.

`status_seq` is what `data/projection` would have made of the log: `seq`, where the last change was not a position; else
the seq of the latest record that gives the unit's master data or its status, found by their times.

The embedded log loses its indexes on cell and area: nothing asks by them there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from alembic import op
from sqlalchemy import Connection, text

from data.add_columns import NewColumn, add_columns

revision = "0005"
down_revision = "0004"

_POSITIONED = """
SELECT u.timeline, u.id, u.status_at, u.master_at, u.master_version FROM unit u
WHERE EXISTS (SELECT 1 FROM track t WHERE t.seq = u.seq AND t.timeline = u.timeline AND t.unit = u.id
              AND t.at = u.position_at)
"""
_SAID = """
SELECT timeline, seq, kind, source_id, version, at, payload FROM record WHERE kind <> 'event' AND kind IN
('unit', 'unit.status', 'incident.dispatched', 'incident.arrived', 'incident.recalled', 'incident.closed',
 'incident.moved')
"""


def upgrade() -> None:
    conn = op.get_bind()
    add_columns(conn, "unit", [NewColumn("status_seq", "BIGINT", "BIGINT", "0")])
    conn.exec_driver_sql("UPDATE unit SET status_seq = seq")
    _looked_up(conn)
    if conn.dialect.name == "sqlite":
        for name in ("ix_record_cell", "ix_record_area", "ix_track_cell"):
            conn.exec_driver_sql(f"DROP INDEX {name}")


def _looked_up(conn: Connection) -> None:
    """The version of units whose last change was a position."""
    units = {(timeline, id): rest for timeline, id, *rest in conn.execute(text(_POSITIONED))}
    if not units:
        return
    embedded = conn.dialect.name == "sqlite"
    sent: dict[tuple[str, str], tuple[list[str], Any]] = {}
    for timeline, id, listed, closed_at in conn.execute(
        text("SELECT timeline, id, cmd_units, cmd_closed_at FROM incident")
    ):
        if ids := json.loads(listed) if embedded else listed:
            sent[timeline, id] = ids, closed_at
    found = dict.fromkeys(units, 0)
    for timeline, seq, kind, source_id, version, at, body in conn.execute(text(_SAID)):
        payload = json.loads(body) if embedded else body
        if kind == "unit":
            held = units.get((timeline, source_id))
            if held is not None and (at, version) == (held[1], held[2]):
                found[timeline, source_id] = max(found[timeline, source_id], seq)
            continue
        for id, t in _statuses(kind, payload, at, *sent.get((timeline, payload.get("incident") or ""), ([], None))):
            held = units.get((timeline, id))
            if held is not None and t == held[0]:
                found[timeline, id] = max(found[timeline, id], seq)
    conn.execute(
        text("UPDATE unit SET status_seq = :seq WHERE timeline = :timeline AND id = :id"),
        [{"timeline": timeline, "id": id, "seq": seq} for (timeline, id), seq in found.items()],
    )


def _statuses(
    kind: str, payload: dict[str, Any], at: Any, sent: list[str], closed_at: Any
) -> Iterator[tuple[str, Any]]:
    """(unit, since when) of the statuses that a record may have given. A command on an incident that was closed later
    than it says sets its units free at that closing."""
    if kind == "unit.status":
        yield payload["unit"], at
    elif kind == "incident.moved":
        if payload["phase"] == "closed" and payload["step"] != payload.get("before"):
            yield from ((id, at) for id in sent)
    elif kind == "incident.closed":
        yield from ((id, at) for id in sent)
    else:
        for id in payload.get("units") or [payload["unit"]]:
            yield id, at
            if closed_at is not None and closed_at >= at:
                yield id, closed_at
