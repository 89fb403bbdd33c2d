"""Commands of people at desks, and what makes itself: everything that changes incidents, cases and units.

Each command reads, decides and appends inside one `store.transact()`. Writers are serialised, so of two desks that
send the same unit at the same moment exactly one wins and the other is told who did, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from data.errors import Refused
from data.records import (
    EventPayload,
    Evidence,
    IncidentClosed,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    RulePayload,
)
from data.store import IncidentRow
from dispatch import filing, following, words
from dispatch.closing import closing_move, wind_up
from dispatch.link_commands import LinkCommands
from dispatch.moves import Ask, allowed, extended_by, outcome, possible
from dispatch.not_now import NotNow, not_now
from dispatch.refusals import refuse
from dispatch.rejections import after_return
from dispatch.reopening import reopen
from dispatch.rules import adopt
from dispatch.runner import Done, incident_id, require, said
from dispatch.scenes import SceneCommands
from dispatch.stand_in import workflow_of
from dispatch.turn import DESK, Turn, unchanged, workable
from dispatch.unit_commands import UnitCommands
from dispatch.workflow import DISPATCHER, NOTE, RETURN, SYSTEM, Transition


class Dispatcher(UnitCommands, LinkCommands, SceneCommands):
    """Appends the outcomes of commands on one timeline, or refuses in one line.

    Every command takes the `actor` who answers for it (and a case's moves the `role` in which), and optionally
    `expected`, the `seq` of the incident (or unit) that the actor looked at, and `key`, an idempotency key: a command
    repeated with its key changes nothing and is answered with the present state. A key belongs to one command.
    """

    # --- incidents and cases -----------------------------------------------------------------------------------

    def open(
        self,
        *,
        actor: str,
        category: str,
        severity: int = 3,
        title: str = "",
        lon: float | None = None,
        lat: float | None = None,
        address: str = "",
        contact: str | None = None,
        key: str | None = None,
        role: str = DISPATCHER,
        workflow: str = "",
        owner: str | None = None,
        outside: bool = False,
    ) -> Done:
        """Open an incident from a desk, as a case where the dispatcher was given a book. Its id is generated.

        `workflow` and `owner` stand for what the routing table says. A point outside the region's areas is refused
        (`Outside`) unless `outside` insists on it.
        """
        require(actor, key)
        id = incident_id(key)
        ask = Ask("file", actor, role, owner or None)

        def same(record: Record) -> bool:
            p = record.payload
            if not isinstance(p, EventPayload):
                return False
            asked = (category, severity, title, address, contact, actor, lon, lat)
            given = (
                p.category,
                p.severity,
                p.title,
                p.address,
                p.contact,
                p.attrs.get("actor"),
                record.lon,
                record.lat,
            )
            return given == asked

        def work(turn: Turn) -> None:
            payload = EventPayload(
                incident=id,
                category=category,
                severity=severity,
                title=title,
                address=address,
                contact=contact,
                times={"received": turn.now},
                attrs={"actor": actor},
            )
            turn.put(Record(Kind.EVENT, DESK, id, turn.now, payload, lon=lon, lat=lat, timeline=self._timeline))
            turn.write()  # the log says in which area the point lies
            if lon is not None and lat is not None and not outside and turn.incident(id).area is None:
                self._place.within(lon, lat)
            if self._book is not None:  # routing goes by the area
                filing.file(turn, self.book, id, ask, workflow=workflow)

        return self.run(key, work, same, lambda made: filing.filed_as(made, ask, workflow), incident=id, opens=True)

    def file(
        self,
        incident: str,
        *,
        actor: str,
        role: str = SYSTEM,
        workflow: str = "",
        owner: str | None = None,
        reason: str = "",
        asked: str = "",
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """Make a case of an incident that a feed opened: in the workflow and with the owner that the table says.

        `asked` is the owner that was asked first, where its source says so.
        """
        require(actor, key)
        ask = Ask("file", actor, role, owner or None, reason)

        def work(turn: Turn) -> None:
            row = turn.incident(incident)
            unchanged(turn, row, expected)
            filing.file(turn, self.book, incident, ask, workflow=workflow, asked=asked)
            row = turn.incident(incident)
            units = [unit for id in row.units if (unit := turn.known_unit(id)) is not None]
            following.follow(turn, self.book, incident, following.present(row, units))

        def same(record: Record) -> bool:
            p = record.payload
            return isinstance(p, IncidentMoved) and (p.incident, p.move) == (incident, "file")

        return self.run(key, work, same, lambda made: filing.filed_as(made, ask, workflow), incident=incident)

    def move(
        self,
        incident: str,
        move: str,
        *,
        actor: str,
        role: str,
        owner: str | None = None,
        reason: str = "",
        rule: str = "",
        note: str = "",
        evidence: Sequence[Evidence] = (),
        by: str = "",
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """Make one move of the case's workflow. `by` is the length of an extension, such as "1 day"."""
        require(actor, key)
        ask = Ask(move, actor, role, owner, reason, rule, note, tuple(evidence), by)
        return self.run(key, lambda turn: self._move(turn, incident, ask, expected), _same_move(incident, ask),
                         incident=incident)  # fmt: skip

    def moves(self, row: IncidentRow, role: str | None = None) -> list[Transition]:
        """The moves that people (of a role) can make of a case now."""
        if row.case is None or not row.case.workflow:
            return []
        return possible(row, workflow_of(self.book, row), role)

    def not_now(self, row: IncidentRow) -> list[NotNow]:
        """The moves that nobody can make of an open case now, each with why."""
        if row.case is None or not row.case.workflow:
            return []
        return not_now(row, workflow_of(self.book, row))

    def close(
        self,
        incident: str,
        *,
        actor: str,
        disposition: str = "",
        role: str = DISPATCHER,
        note: str = "",
        evidence: Sequence[Evidence] = (),
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """Close the incident and release its units; a case by its workflow's closing move, where that is allowed."""
        require(actor, key)
        payload = said(IncidentClosed, incident=incident, actor=actor, role=role, disposition=disposition)

        def work(turn: Turn) -> None:
            row = turn.incident(incident)
            case = row.case
            workable(row, turn.now)
            unchanged(turn, row, expected)
            if case is not None and case.workflow:
                move = closing_move(row, workflow_of(self.book, row), role)
                ask = Ask(move, actor, role, None, disposition, "", note, tuple(evidence))
                self._move(turn, incident, ask, expected)
                return
            at = turn.at(row)
            turn.add(Kind.INCIDENT_CLOSED, payload, at)
            wind_up(turn, self.book, row, actor, at)

        def same(record: Record) -> bool:
            p = record.payload
            if isinstance(p, IncidentMoved):
                ends = p.phase is IncidentState.CLOSED and p.step != p.before
                asked = (incident, actor, role, disposition, note, tuple(evidence))
                return ends and (p.incident, p.actor, p.role, p.reason, p.note, p.evidence) == asked
            return p == payload

        return self.run(key, work, same, incident=incident)

    # --- what makes itself, and rules --------------------------------------------------------------------------

    def follow(self, incident: str) -> Done | None:
        """Make the moves that the workflow makes by itself for what units and the source did, or the one back where the
        source takes its closing back. None: there are none."""
        row = self._store.incident(incident, self._timeline)
        if row is None or row.case is None or not row.case.workflow or row.case.parent is not None:
            return None
        with self._store.transact(self._timeline) as tx:
            turn = Turn(tx, self._clock.now(), self._timeline, None)
            row = turn.incident(incident)
            units = [unit for id in row.units if (unit := turn.known_unit(id)) is not None]
            life = tx.timeline_of(incident)
            facts = following.facts_of(row, units, life)
            followed = following.follow(turn, self.book, incident, facts)
            if not followed and not reopen(turn, self.book, row, life):
                return None
            turn.write()
            after = turn.incident(incident)
        return Done(after.seq, False, incident=after)

    def adopt_rule(
        self,
        id: str,
        *,
        actor: str,
        role: str,
        owner: str,
        category: str = "",
        area: str = "",
        source: str = "",
        severity: int | None = None,
        workflow: str = "",
        fallback: str = "",
        position: int = 0,
        note: str = "",
        incident: str = "",
        enabled: bool = True,
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """Make a routing rule of a decision (role `district`), or replace one by a later version.

        `incident` is the case whose decision it came from, `expected` the seq of the rule that the actor looked at.
        """
        require(actor, key)
        payload = said(
            RulePayload, enabled=enabled, position=position, category=category, area=area, source=source,
            severity=severity, workflow=workflow, owner=owner, fallback=fallback, note=note, incident=incident,
            actor=actor, key=key or "",
        )  # fmt: skip
        with self._store.transact(self._timeline) as tx:
            turn = Turn(tx, self._clock.now(), self._timeline, key)
            seq, repeated = adopt(turn, self.book, id, payload, role, expected)
        return Done(seq, repeated, rule=id)

    def _move(self, turn: Turn, incident: str, ask: Ask, expected: int | None) -> None:
        row = turn.incident(incident)
        case = row.case
        if case is None or not case.workflow:
            workable(row, turn.now)
            raise refuse(Refused, "no_case", id=incident, move=words.move(None, ask.move))
        workflow = workflow_of(self.book, row)
        if case.parent is not None:
            workable(row, turn.now)
        unchanged(turn, row, expected)
        t = allowed(row, workflow, ask, turn.now)
        if t.move == RETURN:
            routing = filing.routed(turn, self.book, row)
            ask = replace(ask, why=after_return(case, routing, self.book.routing).why)
        at = turn.at(row)
        payload = outcome(row, workflow, t, ask, at, self.book)
        turn.add(Kind.INCIDENT_MOVED, payload, at)
        if workflow.steps[payload.step].final and t.move != NOTE:
            wind_up(turn, self.book, row, ask.actor, at)


def _same_move(incident: str, ask: Ask) -> Callable[[Record], bool]:
    def same(record: Record) -> bool:
        p = record.payload
        if not isinstance(p, IncidentMoved):
            return False
        asked = (incident, ask.move, ask.actor, ask.role, ask.reason, ask.rule, ask.note, ask.evidence)
        return (p.incident, p.move, p.actor, p.role, p.reason, p.rule, p.note, p.evidence) == asked and (
            (ask.owner is None or ask.owner == p.owner) and extended_by(p, ask.by)
        )

    return same
