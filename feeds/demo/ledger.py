"""A log in memory on which commands can be tried out at past times; what they append is then stored in one go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from data.casework import moved
from data.records import LIVE, IncidentMoved, IncidentState, Kind, Record
from data.store import Appended, DocumentRow, IncidentRow, UnitRow


class Ledger:
    """The part of a store (and of its transaction) that moves of cases need. It knows no units."""

    def __init__(self, rows: Iterable[IncidentRow], documents: Iterable[DocumentRow]) -> None:
        self._rows = {row.id: row for row in rows}
        self._documents = list(documents)
        self.records: list[Record] = []

    @contextmanager
    def transact(self, timeline: str = LIVE, sought: tuple[str, Sequence[str]] | None = None) -> Iterator[Ledger]:
        """A command's turn. It appends once, at its end, so there is nothing to take back."""
        yield self

    def incident(self, id: str, timeline: str = LIVE) -> IncidentRow | None:
        return self._rows.get(id)

    def put(self, row: IncidentRow) -> None:
        """The incident stands otherwise now: its source said so."""
        self._rows[row.id] = row

    def unit(self, id: str) -> UnitRow | None:
        return None

    def documents(self, kind: Kind, timeline: str = LIVE) -> list[DocumentRow]:
        return [row for row in self._documents if row.kind is kind]

    def timeline_of(self, incident: str, timeline: str = LIVE) -> list[Record]:
        return []

    def recorded(self, source: str, ids: Sequence[str]) -> list[Record]:
        return []

    def append(self, records: Sequence[Record]) -> Appended:
        """Keep the records and fold them as the store will."""
        for record in records:
            payload = record.payload
            assert isinstance(payload, IncidentMoved), "only moves of cases are made here"
            row = self._rows[payload.incident]
            closed = payload.phase is IncidentState.CLOSED
            self._rows[row.id] = replace(
                row,
                case=moved(row.case, record.at, payload),
                state=IncidentState.CLOSED if closed else row.state,
                closed_at=record.at if closed else None,
                last_actor=payload.actor,
            )
        self.records += records
        return Appended(tuple(range(len(records))), 0)
