"""The demonstration's simulated offices at the real casework: what they ask for becomes commands of the dispatcher."""

from __future__ import annotations

from data.clock import Clock
from data.records import Evidence, Kind
from data.store import IncidentRow, Store
from dispatch.book import Book
from dispatch.dispatcher import Dispatcher
from dispatch.router import ACTOR
from dispatch.routing import Matter, adopted_rules
from dispatch.turn import filing_key
from feeds.demo.deeds import Deed

EVIDENCE_NOTE = "模拟材料 | simulated"


class OfficeCommands:
    """`feeds.demo.offices.Commands` over a dispatcher."""

    def __init__(self, store: Store, clock: Clock, book: Book) -> None:
        self._store, self._book = store, book
        self._dispatcher = Dispatcher(store, clock, book=book)

    def file(self, incident: str) -> None:
        """With the router's actor and key: whoever comes first, it is filed once."""
        self._dispatcher.file(incident, actor=ACTOR, key=filing_key(incident))

    def follow(self, incident: str) -> None:
        self._dispatcher.follow(incident)

    def do(self, row: IncidentRow, deed: Deed, key: str) -> None:
        """Give the command, on the version of the case that `row` is."""
        asks = next((t for t in self._dispatcher.moves(row, deed.role) if t.move == deed.move), None)
        evidence = () if asks is None else tuple(_piece(row, kind) for kind in asks.evidence)
        self._dispatcher.move(
            row.id,
            deed.move,
            actor=deed.actor,
            role=deed.role,
            owner=self._place(row) if deed.place else None,
            reason=deed.reason,
            note=deed.note,
            evidence=evidence,
            by=deed.by,
            expected=row.seq,
            key=key,
        )

    def _place(self, row: IncidentRow) -> str:
        """The first owner, in the table's order, that has not handed the case back; when all have, the last one."""
        matter = Matter(row.category, row.area, row.source, row.severity, row.opened_at)
        routing = self._book.routing.decide(matter, adopted_rules(self._store.documents(Kind.RULE)))
        gone = () if row.case is None else tuple(entry.owner for entry in row.case.returns)
        choice = routing.after(gone)
        return routing.proposed if choice is None else choice.owner


def _piece(row: IncidentRow, kind: str) -> Evidence:
    return Evidence(kind=kind, ref=f"sim/{row.id}/{kind}", note=EVIDENCE_NOTE)
