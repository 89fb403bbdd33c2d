"""The rejection ledger: who handed which case back, why, and what follows from it.

A return names a rule or a reason. Its clocks run on. The third return of a case goes to the district, whose decision
binds and may become a routing rule. The ledger is no store of its own: its entries are the returns of the cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.casework import Case
from data.records import Kind, Record, RulePayload
from data.store import IncidentRow
from dispatch.routing import BETWEEN, DISTRICT, TRIAGE, Choice, Matter, Routing, Rule, Table

RETURNS_TO_DISTRICT = 3
"""The return that goes to the district, counted over the whole case."""

TOWN_DIGITS = 9
"""Of an area's code in digits, the part that names its town (GB/T 2260): where a proposed rule holds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One return. `number` counts the case's returns from 1; `rule` is the one it appeals to, `reason` its words.

    `routed_by` is the rule that the case was last routed by, `now` who has it now.
    """

    incident: str
    number: int
    at: datetime
    owner: str
    actor: str
    reason: str
    rule: str
    category: str
    area: str | None
    source: str
    title: str
    title_en: str
    routed_by: str
    now: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Returns counted, each list by falling number and then by name. `binding`: those that went to the district."""

    total: int
    cases: int
    binding: int
    by_owner: tuple[tuple[str, int], ...]
    by_rule: tuple[tuple[str, int], ...]
    by_reason: tuple[tuple[str, int], ...]
    by_category: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Handover:
    """Who has a case after a return. `proposed` is whom to offer it to next, None when everybody handed it back."""

    owner: str
    why: str
    proposed: Choice | None = None


def entries(
    incidents: Iterable[IncidentRow], *, since: datetime | None = None, until: datetime | None = None
) -> list[Entry]:
    """All returns after `since` and up to `until`, the latest first."""
    found = [
        Entry(
            incident=row.id,
            number=number,
            at=returned.at,
            owner=returned.owner,
            actor=returned.actor,
            reason=returned.reason,
            rule=returned.rule,
            category=row.category,
            area=row.area,
            source=row.source,
            title=row.title,
            title_en=row.title_en,
            routed_by=row.case.rule,
            now=row.case.owner,
            closed=row.closed_at is not None,
        )
        for row in incidents
        if row.case is not None
        for number, returned in enumerate(row.case.returns, start=1)
        if (since is None or returned.at > since) and (until is None or returned.at <= until)
    ]
    found.sort(key=lambda entry: (entry.incident, entry.number))
    found.sort(key=lambda entry: entry.at, reverse=True)
    return found


def counts(ledger: Sequence[Entry]) -> Counts:
    """How often each owner handed back, on which rule and for which reason. Reasons are compared without the case of
    their letters and outer blanks, and shown as they were written first.
    """
    reasons: dict[str, str] = {}
    for entry in reversed(ledger):
        reasons.setdefault(entry.reason.strip().casefold(), entry.reason.strip())
    return Counts(
        total=len(ledger),
        cases=len({entry.incident for entry in ledger}),
        binding=sum(entry.number >= RETURNS_TO_DISTRICT for entry in ledger),
        by_owner=_ranked(entry.owner for entry in ledger),
        by_rule=_ranked(entry.rule for entry in ledger),
        by_reason=_ranked(reasons[entry.reason.strip().casefold()] for entry in ledger),
        by_category=_ranked(entry.category for entry in ledger),
    )


def after_return(case: Case, routing: Routing | None = None, table: Table | None = None) -> Handover:
    """Who has the case after its owner hands it back now: a person places it, the third time the district decides.

    `routing` is what the table says of the matter today; of its chain the first who has not returned it is proposed,
    by the name that the table has for it.
    """
    number = len(case.returns) + 1
    gone = [*(returned.owner for returned in case.returns), case.owner]
    proposed = routing.after(gone) if routing is not None else None
    if number >= RETURNS_TO_DISTRICT:
        owner = DISTRICT
        zh, en = f"第 {number} 次退回，由区级作出有约束力的裁定", f"return {number}: the district decides, and it binds"
    else:
        owner = TRIAGE
        zh, en = f"第 {number} 次退回，人工分拨", f"return {number}: to be placed by a person"
    if proposed is not None:
        zh_name, en_name = (table.name_of(proposed.owner, lang) if table else proposed.owner for lang in ("zh", "en"))
        zh, en = f"{zh}，建议 {zh_name}", f"{en}, proposed {en_name}"
    return Handover(owner, zh + BETWEEN + en, proposed)


def propose_rule(incident: IncidentRow, owner: str, actor: str, *, position: int = 0) -> RulePayload:
    """The rule that a binding decision on this case would make: its class, in its town, belongs to `owner`.

    It names no workflow, so matters of the class keep the one of their source. A person may change every field before
    it is adopted.
    """
    returned = len(incident.case.returns) if incident.case is not None else 0
    return RulePayload(
        position=position,
        category=incident.category,
        area=_town(incident.area),
        owner=owner,
        note=f"{incident.id} {returned} 次退回后裁定{BETWEEN}decided on {incident.id} after {returned} returns"[:500],
        incident=incident.id,
        actor=actor,
    )


def rule_record(id: str, payload: RulePayload, at: datetime, *, timeline: str, version: int = 0) -> Record:
    """The record that adopts a rule; of a later version, the one that replaces or switches it off."""
    return Record(Kind.RULE, "desk", id, at, payload, version=version, timeline=timeline)


def effect(rule: Rule, matters: Sequence[Matter], table: Table, adopted: Sequence[Rule] = ()) -> tuple[int, int]:
    """Before a rule is adopted: how many of these matters it would take, and how many of them would change owner."""
    taken = changed = 0
    with_it = [*adopted, rule]
    for matter in matters:
        if not rule.matches(matter):
            continue
        after = table.decide(matter, with_it)
        if after.rule == rule.id:
            taken += 1
            changed += after.owner != table.decide(matter, adopted).owner
    return taken, changed


def _town(area: str | None) -> str:
    """The prefix of an area's code that stands for its town; of a code of another kind the code itself."""
    code = area or ""
    return code[:TOWN_DIGITS] if code.isdigit() and len(code) >= 12 else code


def _ranked(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    counted = Counter(name for name in names if name)
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))
