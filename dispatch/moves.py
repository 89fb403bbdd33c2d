"""One move of a case: whether it may be made, by whom, with what, and what becomes of the case. Pure.

transition = allowed(row, workflow, ask, now)      raises Refused with a sentence to act on
payload = outcome(row, workflow, transition, ask, at, book)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from data.casework import Case
from data.errors import BadInput, Refused
from data.records import ClockChange, ClockOp, Evidence, IncidentMoved, IncidentState
from data.store import IncidentRow
from dispatch import words
from dispatch.book import Book
from dispatch.both import Both
from dispatch.case_clocks import changes
from dispatch.refusals import Value, refuse, sentence
from dispatch.rejections import RETURNS_TO_DISTRICT, after_return
from dispatch.routing import TRIAGE
from dispatch.spans import Span
from dispatch.words import ago, plain
from dispatch.workflow import (
    ASSIGN,
    DISTRICT,
    NOTE,
    RETURN,
    SYSTEM,
    Effect,
    Transition,
    Workflow,
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants of a case. `by` is the length of an extension."""

    move: str
    actor: str
    role: str
    owner: str | None = None
    reason: str = ""
    rule: str = ""
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    by: str = ""
    why: str = ""


def awaits_district(case: Case) -> bool:
    """Handed back for the last time: only the district moves it on."""
    return len(case.returns) >= RETURNS_TO_DISTRICT and case.owner == DISTRICT


def bound(case: Case) -> bool:
    """The district has decided who has it: that is not handed back again."""
    return len(case.returns) >= RETURNS_TO_DISTRICT and case.owner != DISTRICT


def possible(row: IncidentRow, workflow: Workflow, role: str | None = None) -> list[Transition]:
    """The moves that people (of a role) can make now, in the order of the file."""
    case = row.case
    if case is None or case.parent is not None:
        return []
    found = workflow.moves(case.step)
    if row.state is IncidentState.CLOSED and not _final(workflow, case):
        found = [t for t in found if t.move == NOTE]  # its source closed it; the workflow is about to follow
    found = [t for t in found if not hindrance(case, t, workflow)]
    if awaits_district(case):
        found = [t for t in found if t.move == NOTE or DISTRICT in t.roles]
        if role is not None and role != DISTRICT:
            found = [t for t in found if t.move == NOTE]
    if bound(case) and role is not None and role != DISTRICT:
        found = [t for t in found if not t.needs_owner]
    return [t for t in found if role is None or role in t.roles]


def hindrance(case: Case, t: Transition, workflow: Workflow) -> Both | None:
    """Why a transition cannot be made though the step has it, None when nothing hinders."""
    runs = any(c.runs for c in case.clocks)
    why = ""
    if t.effect is Effect.RESUME:
        why = "" if any(c.paused_at is not None for c in case.clocks) else "not_suspended"
    elif t.effect is Effect.SUSPEND and not runs:
        why = "suspended_already" if case.suspended else "no_clock"
    elif t.effect is Effect.EXTEND and not runs:
        why = "resume_first" if case.suspended else "no_deadline"
    elif case.suspended and t.to is not None and not workflow.ends(t):
        why = "resume_first"
    elif t.move == RETURN and case.owner in ("", TRIAGE):
        why = "to_place"
    elif t.move == RETURN and bound(case):
        return sentence("binding", owner=case.owner, times=len(case.returns))
    return sentence(why) if why else None


def unknown_role(workflow: Workflow, role: str) -> BadInput:
    """At a terminal roles are typed by their id, so the English line lists ids."""
    name = Both(workflow.zh, workflow.en)
    known = Both("、".join(zh for zh, _ in workflow.roles.values()), ", ".join(workflow.roles))
    return refuse(BadInput, "no_role", role=role, workflow=name, known=known)


def allowed(row: IncidentRow, workflow: Workflow, ask: Ask, now: datetime) -> Transition:
    """The transition that the move makes. Raises Refused (or BadInput for a role that is none) in one sentence."""
    case = row.case
    assert case is not None
    if ask.role not in workflow.roles:
        raise unknown_role(workflow, ask.role)
    if row.state is IncidentState.CLOSED and not _final(workflow, case) and ask.move != NOTE:
        closer = words.who(row.last_actor) if row.last_actor else words.plain(row.source)
        raise refuse(Refused, "closed", id=row.id, who=closer, ago=ago(row.closed_at, now))
    mine = listed_moves(possible(row, workflow, ask.role))
    can = mine or _by_others(workflow, possible(row, workflow))
    t, step = workflow.find(case.step, ask.move), words.step(workflow, case.step)
    if t is None and workflow.lost is not None:
        raise refuse(Refused, "lost", id=row.id, step=step, lost=Both(*workflow.lost), now=can)
    if t is None:
        raise refuse(Refused, "step", id=row.id, step=step, from_=_made_from(workflow, ask.move), now=can)
    district = words.role(workflow, DISTRICT)
    if awaits_district(case) and ask.role != DISTRICT and ask.move != NOTE:
        last = case.returns[-1]
        who, since = last.owner or last.actor, ago(last.at, now)
        raise refuse(Refused, "returned", id=row.id, times=len(case.returns), who=who, ago=since, district=district)
    move = Both(t.zh, t.en)
    if ask.role not in t.roles:
        by, role = words.either(t.roles, lambda id: words.role(workflow, id)), words.role(workflow, ask.role)
        raise refuse(Refused, "role", id=row.id, move=move, roles=by, role=role, now=can)
    hinders = hindrance(case, t, workflow)
    if hinders is not None:
        raise refuse(Refused, "hindered", id=row.id, move=move, why=hinders, now=can)
    if bound(case) and t.needs_owner and ask.role != DISTRICT:
        raise refuse(Refused, "binding_owner", id=row.id, owner=case.owner, times=len(case.returns), district=district)
    _needs(row, workflow, t, ask)
    return t


def outcome(row: IncidentRow, workflow: Workflow, t: Transition, ask: Ask, at: datetime, book: Book) -> IncidentMoved:
    """The record of the move: step, owner and deadlines as they are after it."""
    case = row.case or Case()
    step = t.to or case.step
    by = _length(ask.by) if t.effect is Effect.EXTEND else None
    return IncidentMoved(
        incident=row.id,
        move=t.move,
        workflow=workflow.id,
        revision=workflow.revision,
        before=case.step,
        step=step,
        phase=workflow.steps[step].phase,
        owner=_owner(case, t, ask),
        actor=ask.actor,
        role=ask.role,
        reason=ask.reason,
        note=ask.note,
        rule=ask.rule,
        why=ask.why or (after_return(case).why if t.move == RETURN else ""),
        evidence=ask.evidence,
        clocks=_clocks(row, case, workflow, t, at, book, by),
    )


def _clocks(
    row: IncidentRow, case: Case, workflow: Workflow, t: Transition, at: datetime, book: Book, by: Span | None
) -> tuple[ClockChange, ...]:
    try:
        return changes(row, case, workflow, t, at, book, by)
    except BadInput as error:  # an extension of nothing, or beyond what a calendar counts
        raise refuse(BadInput, "far_deadline", en=str(error)) from None


def _length(text: str) -> Span:
    try:
        return Span.parse(text)
    except BadInput as error:
        raise refuse(BadInput, "bad_length", text=text[:40], en=str(error)) from None


def extended_by(move: IncidentMoved, by: str) -> bool:
    """Whether a move on record extended the case's deadlines by this length, or by none where none is given."""
    if not by:
        return all(c.op is not ClockOp.EXTEND for c in move.clocks)
    return any(c.op is ClockOp.EXTEND and c.limit == str(Span.parse(by)) for c in move.clocks)


def _owner(case: Case, t: Transition, ask: Ask) -> str:
    if t.move == RETURN:
        return after_return(case).owner
    return ask.owner if t.needs_owner and ask.owner else case.owner


def _needs(row: IncidentRow, workflow: Workflow, t: Transition, ask: Ask) -> None:
    def lacks(key: str, **more: Value) -> BadInput:
        return refuse(BadInput, key, id=row.id, move=Both(t.zh, t.en), **more)

    if t.needs_owner and not (ask.owner or "").strip():
        raise lacks("needs_owner")
    if t.move == RETURN and ask.owner:
        raise lacks("names_no_owner", district=words.role(workflow, DISTRICT))
    if not t.needs_owner and ask.owner and row.case and ask.owner != row.case.owner:
        owner = plain(row.case.owner) if row.case.owner else sentence("its_owner")
        raise lacks("leaves_owner", owner=owner, assign=words.move(workflow, ASSIGN))
    if t.needs_reason and not (ask.reason.strip() or (t.move == RETURN and ask.rule.strip())):
        raise lacks("needs_rule" if t.move == RETURN else "needs_reason")
    if t.needs_note and not ask.note.strip():
        raise lacks("needs_note")
    given = {piece.kind for piece in ask.evidence}
    lacking = [kind for kind in t.evidence if kind not in given]
    if lacking:
        raise lacks("needs_evidence", evidence=words.listed(lacking, words.evidence))
    if t.effect is Effect.EXTEND and not ask.by.strip():
        raise lacks("needs_length")
    if t.effect is not Effect.EXTEND and ask.by:
        raise lacks("takes_no_length")


def _made_from(workflow: Workflow, move: str) -> Both:
    """Where the move is made from: "'report done' is made from handling"."""
    named, name = workflow.named(move), words.move(workflow, move)
    if not named:
        known = words.listed(
            dict.fromkeys(t.move for t in workflow.transitions if t.manual), lambda id: words.move(workflow, id)
        )
        return sentence("no_move", move=name, workflow=Both(workflow.zh, workflow.en), known=known)
    steps = dict.fromkeys(step for t in named if t.manual for step in t.sources)
    if not steps:
        return sentence("from_itself", move=name)
    return sentence("from", move=name, steps=words.either(steps, lambda id: words.step(workflow, id)))


def listed_moves(found: Sequence[Transition]) -> Both | None:
    """ "possible now: ...", None where nothing but a note is."""
    others = {t.move: Both(t.zh, t.en) for t in found if t.move != NOTE}
    return sentence("now", moves=words.listed(others, others.__getitem__)) if others else None


def _by_others(workflow: Workflow, found: Sequence[Transition]) -> Both:
    others = {
        t.move: sentence(
            "now_by", move=Both(t.zh, t.en), roles=words.listed(t.roles, lambda id: words.role(workflow, id))
        )
        for t in found
        if t.move != NOTE
    }
    if not others:
        return sentence("now_nothing")
    return sentence("now_others", moves=words.listed(others, others.__getitem__))


def _final(workflow: Workflow, case: Case) -> bool:
    step = workflow.steps.get(case.step)
    return step is not None and step.final


def automatic_ask(move: str, actor: str) -> Ask:
    """What the system asks for when a move makes itself."""
    return Ask(move, actor, SYSTEM)
