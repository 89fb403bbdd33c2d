"""Casework that happened while nobody was looking: the offices' work of the past days, done at its own times.

At a first start the open incidents of the history become cases in all steps; after a pause, cases come as far as they
would have come. The same code decides as in live work (deeds.py), and the real commands make the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import cast

from data.clock import Clock, ManualClock
from data.errors import GridcommandError
from data.records import IncidentState, Kind, Record
from data.store import IncidentRow, Store
from feeds.demo.deeds import next_deed
from feeds.demo.ledger import Ledger
from feeds.demo.matters import Matters
from feeds.demo.offices import Commands, key_of, worker_of
from feeds.demo.timetable import timetable_of

WITHIN = timedelta(hours=72)
"""Incidents that were opened in this time become cases."""
FILED_S = 2.0
"""Seconds after which an incident is a case."""
MOST_DEEDS = 40
"""Of one case; a case that does more goes round in circles."""
BATCH = 1_000

CommandsFor = Callable[[Store, Clock], Commands]


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What was done."""

    cases: int
    records: int
    seconds: float


def catch_up(store: Store, clock: Clock, commands_for: CommandsFor, seed: int) -> CaughtUp:
    """File and move all open cases up to now. Repeatable: what is there already is recognised."""
    began = perf_counter()
    now = clock.now()
    _, rows = store.unsettled(now)
    rows = [row for row in rows if row.state is not IncidentState.CLOSED and row.rows]
    rows = [row for row in rows if (row.case is not None and row.case.workflow) or row.opened_at >= now - WITHIN]
    ledger = Ledger(rows, store.documents(Kind.RULE))
    hands = ManualClock(now)
    commands = commands_for(cast(Store, ledger), hands)
    matters = Matters(seed)
    seen: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: (row.opened_at, row.id)):
        seen[row.id] = row.seq
        try:
            _work(row, ledger, hands, commands, matters, now)
        except GridcommandError:
            continue  # as far as it came: the live offices, and people, look at it again
    records = sorted(_named(ledger.records), key=lambda record: record.at)
    added = 0
    for batch in _batches(records):
        added += _store(store, batch, seen)
    return CaughtUp(len(seen), added, perf_counter() - began)


def _work(
    row: IncidentRow, ledger: Ledger, hands: ManualClock, commands: Commands, matters: Matters, now: datetime
) -> None:
    pending: list[tuple[datetime, str]] = []
    if row.case is None or not row.case.workflow:
        pending = [(t, name) for name in ("dispatched_at", "arrived_at") if (t := getattr(row, name)) is not None]
        ledger.put(replace(row, dispatched_at=None, arrived_at=None, state=IncidentState.OPEN))
        hands.set(min(row.opened_at + timedelta(seconds=FILED_S), now))
        commands.file(row.id)
    table, worker = timetable_of(row, matters), worker_of(row)
    for _ in range(MOST_DEEDS):
        there = ledger.incident(row.id)
        assert there is not None
        deed = next_deed(there, table, worker)
        at = now + timedelta(days=1) if deed is None else datetime.fromtimestamp(deed.at, UTC)
        if pending and pending[0][0] <= at:
            t, name = pending.pop(0)
            ledger.put(replace(there, last_actor=row.source, **{name: t}))  # type: ignore[arg-type]
            hands.set(min(max(t, hands.now()), now))
            commands.follow(row.id)
            continue
        if deed is None or at > now or (deed.on_site and row.units):
            return
        hands.set(at)
        commands.do(there, deed, key_of(there, deed))


def _store(store: Store, batch: list[Record], seen: dict[str, int]) -> int:
    """Append the records of the cases that nobody has touched meanwhile."""
    with store.transact() as tx:
        there = tx.incidents({_incident(record) for record in batch})
        keep = [r for r in batch if (row := there.get(_incident(r))) is not None and row.seq == seen[row.id]]
        if not keep:
            return 0
        done = tx.append(keep)
        seen.update((id, row.seq) for id, row in tx.incidents({_incident(record) for record in keep}).items())
        return done.accepted


def _named(records: list[Record]) -> Iterator[Record]:
    """Moves that made themselves have names drawn by chance; the same start is to make the same log."""
    count: dict[str, int] = {}
    for record in records:
        id = _incident(record)
        n = count[id] = count.get(id, 0) + 1
        yield replace(record, source_id=f"sim:{id}:{n}") if record.source_id.startswith("c:") else record


def _incident(record: Record) -> str:
    return str(getattr(record.payload, "incident", ""))


def _batches(records: list[Record]) -> Iterator[list[Record]]:
    for start in range(0, len(records), BATCH):
        yield records[start : start + BATCH]
