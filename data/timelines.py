"""Which timelines a log has: the real one, and those of exercises."""

from __future__ import annotations

from sqlalchemy import func, select

from data.failures import translated
from data.sql_store import SqlStore


def timelines(store: SqlStore, prefix: str = "") -> list[str]:
    """The timelines that have records and begin so, in the order of their names. Raises StoreUnavailable.

    Reads one entry of the key index for each timeline, not the log.
    """
    key = store.tables.record_key.c.timeline
    found: list[str] = []
    with translated("timelines"), store.read() as conn:
        last = conn.execute(select(func.min(key)).where(key >= prefix)).scalar()
        while last is not None:
            # Names sort by the store's collation, so what begins with the prefix need not come in one run.
            if last.startswith(prefix):
                found.append(last)
            last = conn.execute(select(func.min(key)).where(key > last)).scalar()
    return found
