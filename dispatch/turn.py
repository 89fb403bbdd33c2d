"""One command's turn at the log: what it has read, what it will append, in one transaction.

Times are taken inside the transaction, where writers go one after another, so a case's moves never go back in time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from data.casework import Case, moved
from data.codec import MAX_TEXT
from data.errors import NotFound, Refused, VersionConflict
from data.records import IncidentDispatched, IncidentMoved, IncidentState, Kind, Payload, Record
from data.store import IncidentRow, Transaction, UnitRow
from dispatch.both import Both
from dispatch.refusals import refuse, sentence
from dispatch.words import ago, listed, plain
from dispatch.words import who as named

DESK = "desk"
"""The source of records that people make."""


OWN_KEYS = "system:"
"""How keys begin under which the system acts by itself; no person's key does."""

KEY_ROOM = MAX_TEXT - 8
"""Characters of a command's own id; the rest is for the numbers of its further records."""


class Turn:
    """Reads each row once, collects records, appends them together."""

    def __init__(self, tx: Transaction, now: datetime, timeline: str, key: str | None) -> None:
        self.tx, self.now, self.timeline = tx, now, timeline
        self._name = key_id(key) if key is not None else f"c:{secrets.token_hex(10)}"
        self._incidents: dict[str, IncidentRow] = {}
        self._units: dict[str, UnitRow | None] = {}
        self.records: list[Record] = []

    def incident(self, id: str) -> IncidentRow:
        """The incident as it stands, with the moves of this turn. Raises NotFound."""
        row = self.known_incident(id)
        if row is None:
            raise refuse(NotFound, "no_report" if self.tx.timeline_of(id) else "no_incident", id=id)
        return row

    def known_incident(self, id: str) -> IncidentRow | None:
        """None for one that is not there, or that lost its last report before anybody worked on it."""
        row = self._incidents.get(id)
        if row is None:
            row = self.tx.incident(id)
            if row is not None:
                self._incidents[id] = row
        return row

    def reported(self, id: str) -> IncidentRow:
        """The incident where there is still a report of it: one without takes no new work. Raises NotFound."""
        row = self.incident(id)
        if not row.rows:
            raise refuse(NotFound, "no_report", id=id)
        return row

    def unit(self, id: str) -> UnitRow:
        """Raises NotFound."""
        row = self.known_unit(id)
        if row is None:
            raise refuse(NotFound, "no_unit", id=id)
        return row

    def known_unit(self, id: str) -> UnitRow | None:
        """None for what only a source calls a unit."""
        if id not in self._units:
            self._units[id] = self.tx.unit(id)
        return self._units[id]

    def units_on(self, row: IncidentRow, without: Iterable[str] = ()) -> list[UnitRow]:
        """The units that are bound to an incident now."""
        gone = set(without)
        found = (self.known_unit(id) for id in row.units if id not in gone)
        return [unit for unit in found if unit is not None and unit.incident == row.id]

    def at(self, row: IncidentRow | None = None, *others: datetime | None) -> datetime:
        """Now, or later where what it follows is stamped later: a command must not lose to a clock that is ahead."""
        times = [self.now, *(t for t in others if t is not None)]
        if row is not None and row.case is not None and row.case.moved_at is not None:
            times.append(row.case.moved_at)
        return max(times)

    def add(self, kind: Kind, payload: Payload, at: datetime) -> None:
        self.put(Record(kind, DESK, self._next_id(), at, payload, timeline=self.timeline))

    def put(self, record: Record) -> None:
        """Add a record that has an id of its own. Moves show in `incident` from now on."""
        self.records.append(record)
        payload = record.payload
        if isinstance(payload, IncidentMoved):
            row = self.incident(payload.incident)
            self._incidents[row.id] = replace(row, case=moved(row.case, record.at, payload))

    def case(self, id: str) -> Case:
        return self.incident(id).case or Case()

    def write(self) -> None:
        """Append what was added; from now on rows are read anew."""
        if not self.records:
            return
        done = self.tx.append(self.records)
        if done.duplicates:  # keys are looked up first, so another timeline's or source's id stands in the way
            raise refuse(Refused, "same_name", id=self.records[0].source_id)
        self.records = []
        self._incidents.clear()
        self._units.clear()

    def _next_id(self) -> str:
        """The first record bears the command's own name, by which a repeat is known."""
        more = f"{self._name}/"  # a key may hold a stroke itself: "hotline:2024/0512"
        own = sum(record.source_id == self._name or record.source_id.startswith(more) for record in self.records)
        return self._name if not own else f"{self._name}/{own + 1}"


def filing_key(incident: str) -> str:
    """The key under which an incident is filed by itself, by whichever process."""
    return f"{OWN_KEYS}file:{incident}"


def key_id(key: str) -> str:
    """The id in the log of the command that was made with a key; a digest of one that is too long for the log."""
    if len(key) + 2 <= KEY_ROOM:
        return f"k:{key}"
    return f"k:{hashlib.sha256(key.encode()).hexdigest()}"


def unchanged(turn: Turn, row: IncidentRow, expected: int | None) -> None:
    """Raises VersionConflict when the actor looked at another version of the incident: what was done last, by whom."""
    if expected is None or expected == row.seq:
        return
    what = sentence("incident", id=row.id)
    last = _last_change(turn, row)
    if last is None:
        expect(what, row.seq, expected, row.last_actor, None, turn.now)
        return
    who, since = getattr(last.payload, "actor", "") or row.last_actor, ago(last.at, turn.now)
    if isinstance(last.payload, IncidentDispatched) and who:
        units = last.payload.units
        raise refuse(
            VersionConflict,
            "changed_sent",
            what=what,
            units=listed(units, plain),
            was="was" if len(units) == 1 else "were",
            who=named(who),
            ago=since,
        )
    raise refuse(VersionConflict, "changed", what=what, who=named(who) if who else sentence("its_source"), ago=since)


def _last_change(turn: Turn, row: IncidentRow) -> Record | None:
    """The command or source record that the row's version is of. Its life is read here alone, when one is refused.

    What makes itself bears the moment of the deed that it follows, so of one moment the first record is that deed.
    """
    life = [record for record in turn.tx.timeline_of(row.id) if record.seq is not None and record.seq <= row.seq]
    if not life:
        return None
    return next(record for record in life if record.at == life[-1].at)


def expect(what: Both, seq: int, expected: int | None, actor: str, changed: datetime | None, now: datetime) -> None:
    """Raises VersionConflict when the actor looked at another version."""
    if expected is not None and expected != seq:
        who = named(actor) if actor else sentence("its_source")
        raise refuse(VersionConflict, "changed", what=what, who=who, ago=ago(changed, now))


def workable(row: IncidentRow, now: datetime) -> None:
    """Raises Refused when the incident is part of another, or closed."""
    since = ago(row.closed_at, now)
    if row.case is not None and row.case.parent is not None:
        raise refuse(Refused, "part_of", id=row.id, parent=row.case.parent, who=named(row.last_actor), ago=since)
    if row.state is IncidentState.CLOSED:
        who = named(row.last_actor) if row.last_actor else plain(row.source)
        raise refuse(Refused, "closed", id=row.id, who=who, ago=since)
