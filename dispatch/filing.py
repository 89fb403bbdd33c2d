"""An incident becomes a case: the workflow and the owner that the routing table says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from data.errors import Refused
from data.records import IncidentMoved, Kind, Record
from data.store import IncidentRow
from dispatch import words
from dispatch.book import Book
from dispatch.both import Both
from dispatch.moves import Ask, outcome, unknown_role
from dispatch.refusals import refuse, sentence
from dispatch.routing import TRIAGE, Matter, Routing, adopted_rules
from dispatch.stand_in import workflow_of
from dispatch.turn import Turn, workable
from dispatch.words import plain
from dispatch.workflow import ASSIGN, FILE, SYSTEM, Transition, Workflow


def file(turn: Turn, book: Book, id: str, ask: Ask, *, workflow: str = "", asked: str = "") -> None:
    """Add the moves that make a case of the incident: `file` into the initial step, and `assign` where a rule decides.

    `ask.owner`, where given, has it instead of whom the table names, and `workflow` stands for the table's.
    """
    row = turn.reported(id)
    workable(row, turn.now)
    case = row.case
    if case is not None and case.workflow:
        flow = workflow_of(book, row)
        raise refuse(
            Refused,
            "case_already",
            id=id,
            workflow=Both(flow.zh, flow.en),
            step=words.step(flow, case.step),
            owner=plain(case.owner) if case.owner else sentence("nobody"),
        )
    routing = routed(turn, book, row, asked)
    flow = book.workflow(workflow or routing.workflow)
    if ask.role not in flow.roles:
        raise unknown_role(flow, ask.role)
    assign = flow.find(flow.initial, ASSIGN)
    owner = ask.owner or ("" if routing.triage else routing.owner)
    why, rule = ("", "") if ask.owner else (routing.why, routing.rule)
    first = owner if owner and assign is None else TRIAGE
    by_hand = bool(ask.owner)
    if by_hand and assign is not None and ask.role not in (*assign.roles, SYSTEM):
        by = words.either(assign.roles, lambda id: words.role(flow, id))
        raise refuse(Refused, "owner_named_by", roles=by, role=words.role(flow, ask.role))
    told = not owner or assign is None  # the record of filing says why only when no assignment follows it
    at = turn.at(row)
    filed = Ask(FILE, ask.actor, ask.role, first, ask.reason, note=ask.note)
    if told:
        filed = replace(filed, rule=rule, why=why)
    _move(turn, book, id, flow, Transition(FILE, (), flow.initial, (), "立案", "file", needs_owner=True), filed, at)
    if owner and assign is not None:
        who = ask.role if by_hand else SYSTEM
        assigned = Ask(ASSIGN, ask.actor, who, owner, ask.reason, rule, why=why)
        _move(turn, book, id, flow, assign, assigned, at)


def filed_as(records: Sequence[Record], ask: Ask, workflow: str) -> bool:
    """Whether these records of one command filed what is asked for: by whom, with the owner and workflow that it names.

    An owner that the table gave comes with its reason in words, one that a person named without.
    """
    moves = [record.payload for record in records if isinstance(record.payload, IncidentMoved)]
    filed = next((move for move in moves if move.move == FILE), None)
    if filed is None:
        return not (workflow or ask.owner)  # nothing was filed
    giving = next((move for move in moves if move.move == ASSIGN), filed)
    named = None if giving.why or (giving is filed and giving.owner == TRIAGE) else giving.owner
    if (filed.actor, filed.role, filed.reason) != (ask.actor, ask.role, ask.reason):
        return False
    return named == ask.owner and workflow in ("", filed.workflow)


def routed(turn: Turn, book: Book, row: IncidentRow, asked: str = "") -> Routing:
    """What the table says of an incident today, with the rules that were decided at work."""
    matter = Matter(row.category, row.area, row.source, row.severity, row.opened_at, asked)
    return book.routing.decide(matter, adopted_rules(turn.tx.documents(Kind.RULE)))


def _move(turn: Turn, book: Book, id: str, flow: Workflow, t: Transition, ask: Ask, at: datetime) -> None:
    turn.add(Kind.INCIDENT_MOVED, outcome(turn.incident(id), flow, t, ask, at, book), at)
