"""Routing rules that are decided at work."""

from __future__ import annotations

from collections.abc import Iterable

from data.errors import BadInput, NotFound, Refused
from data.records import Kind, Payload, RulePayload
from data.store import DocumentRow
from dispatch import words
from dispatch.book import Book
from dispatch.refusals import refuse, sentence
from dispatch.rejections import rule_record
from dispatch.runner import deed, incident_id
from dispatch.turn import DESK, Turn, expect, key_id
from dispatch.workflow import DISTRICT

ID_MAX = 100


def adopt(turn: Turn, book: Book, id: str, payload: RulePayload, role: str, expected: int | None) -> tuple[int, bool]:
    """Add the rule, or a later version of it. (seq, whether nothing was changed now: the command's key had decided it
    before, whatever became of the rule since, or it is there as it is asked for).
    """
    if not 1 <= len(id.strip()) <= ID_MAX:
        raise refuse(BadInput, "rule_id", most=ID_MAX)
    rules = {row.id: row for row in turn.tx.documents(Kind.RULE)}
    before = rules.get(id)
    if payload.key and _repeats(turn, id, payload, rules) and before is not None:
        return before.seq, True
    if role != DISTRICT:
        raise refuse(Refused, "rule_role", id=id, district=words.role(None, DISTRICT), role=words.role(None, role))
    if not (payload.category or payload.area or payload.source or payload.severity is not None):
        raise refuse(BadInput, "rule_open", id=id)
    if payload.workflow:
        book.workflow(payload.workflow)
    if payload.incident and turn.tx.incident(payload.incident) is None:
        raise refuse(NotFound, "rule_incident", incident=payload.incident, id=id)
    if before is not None and _same(before.payload, payload):
        return before.seq, True
    if expected is not None:
        _expect(id, before, expected, turn)
    version = 0 if before is None else before.version + 1
    turn.put(rule_record(id, payload, turn.now, timeline=turn.timeline, version=version))
    turn.write()
    after = next(row for row in turn.tx.documents(Kind.RULE) if row.id == id)
    return after.seq, False


def _repeats(turn: Turn, id: str, payload: RulePayload, rules: Iterable[str]) -> bool:
    """Whether the key has decided this before, in any version of a rule. Raises Refused when it did something else."""
    key = payload.key
    other = turn.tx.recorded(DESK, [key_id(key), incident_id(key)])
    versions = turn.tx.recorded(DESK, [*rules])
    made = [*other, *(each for each in versions if isinstance(each.payload, RulePayload) and each.payload.key == key)]
    if any(each.source_id != id or not _same(each.payload, payload) for each in made):
        raise refuse(Refused, "key_used", key=key, deed=deed(made[0]))
    return bool(made)


def _same(one: Payload, other: RulePayload) -> bool:
    """Whether two say the same rule, by whichever command."""
    return one.model_copy(update={"key": other.key}) == other


def _expect(id: str, before: DocumentRow | None, expected: int, turn: Turn) -> None:
    if before is None:
        raise refuse(Refused, "rule_gone", id=id)
    actor = before.payload.actor if isinstance(before.payload, RulePayload) else ""
    expect(sentence("rule_", id=id), before.seq, expected, actor, before.at, turn.now)
