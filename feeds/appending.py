"""What a file says, appended to a store batch by batch: records, and beside them what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from data.records import Record
from data.store import DeadLetter, Store

BATCH = 2_000
"""Rows read and appended at once: one transaction each."""

MOST_KEPT = 8 << 20
"""Bytes of refused input that wait for their batch."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `reasons` counts the refused rows by their slug."""

    accepted: int
    duplicate: int
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)


def append_all(
    store: Store, items: Iterable[Record | DeadLetter], known: Record | None, told: Callable[[int], None] | None
) -> ImportReport:
    """Append every item; `known` describes the feed and goes before its first record. `told` hears after each batch how
    many items came so far. Raises StoreUnavailable; what was appended until then stays."""
    accepted = duplicate = came = kept = 0
    reasons: Counter[str] = Counter()
    records: list[Record] = []
    letters: list[DeadLetter] = []

    def flush() -> None:
        nonlocal accepted, duplicate, known, kept
        if records:
            if known is not None:
                store.append([known])
                known = None
            done = store.append(records)
            accepted += done.accepted
            duplicate += done.duplicates
            records.clear()
        if letters:
            store.add_dead_letters(letters)
            letters.clear()
        kept = 0
        if told:
            told(came)

    for item in items:
        came += 1
        if isinstance(item, Record):
            records.append(item)
        else:
            reasons[item.reason] += 1
            letters.append(item)
            kept += len(item.body)
        if len(records) + len(letters) >= BATCH or kept > MOST_KEPT:
            flush()
    flush()
    return ImportReport(accepted, duplicate, sum(reasons.values()), dict(sorted(reasons.items())))
