"""Which owner and workflow a matter goes to: an ordered table of rules, the first that matches holds. Pure values.

A rule knows nothing of units or clocks. Its outcome and the reason in words go into the record, so that nobody needs
the table of that day to read a case later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from data.records import Kind, RulePayload
from data.store import DocumentRow
from dispatch.hours import Hours
from dispatch.routing_words import BETWEEN as BETWEEN
from dispatch.routing_words import WHY_MAX as WHY_MAX
from dispatch.routing_words import because, both, conditions
from dispatch.routing_words import why_in as why_in

TRIAGE = "triage"
"""The queue of matters that a person has to place."""

DISTRICT = "district"
"""The owner that decides after the third return."""


class Basis(StrEnum):
    """Why an owner has a matter: it was asked first (首问), a rule names it (指定), nobody else takes it (兜底), or it
    waits for a person (triage).
    """

    FIRST_ASKED = "first_asked"
    DESIGNATED = "designated"
    FALLBACK = "fallback"
    TRIAGE = "triage"


@dataclass(frozen=True, slots=True)
class Matter:
    """What routing looks at. `area` is the finest area's code, None outside; `severity` 1 most urgent .. 4 routine.

    `asked` is the owner that was asked first, where the source says so.
    """

    category: str
    area: str | None
    source: str
    severity: int
    at: datetime
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody a matter can belong to.

    `areas` are the code prefixes it works in, none for everywhere. With `digits`, it stands for the area itself: its
    id becomes the first `digits` characters of the matter's area, filled up with zeros to `pad`.
    """

    id: str
    zh: str
    en: str
    kind: str
    areas: tuple[str, ...] = ()
    digits: int = 0
    pad: int = 0

    def serving(self, matter: Matter) -> str | None:
        """The id that has this matter, None when it is not this owner's ground."""
        area = matter.area or ""
        if self.areas and not area.startswith(self.areas):
            return None
        if not self.digits:
            return self.id
        return area[: self.digits].ljust(self.pad, "0") if len(area) >= self.digits else None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Every condition that it has must hold; an empty one holds always.

    `category` and `area` are prefixes, `severity` means this or more urgent. `triage` True keeps the matter for a
    person, False lets even an urgent one through, None leaves it to the table. `first_asked` gives it to the owner that
    was asked first, where one is known, before `owner`. `line` is where its file has it, 0 for one of the log.
    """

    id: str
    owner: str
    workflow: str = ""
    zh: str = ""
    en: str = ""
    category: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    severity: int | None = None
    hours: Hours | None = None
    fallback: str = ""
    first_asked: bool = False
    triage: bool | None = None
    position: int = 0
    line: int = 0

    @staticmethod
    def adopted(row: DocumentRow) -> Rule | None:
        """The rule that a document of the log is, None when it is switched off (or no rule)."""
        p = row.payload
        if not isinstance(p, RulePayload) or not p.enabled:
            return None
        return Rule(
            id=row.id,
            owner=p.owner,
            workflow=p.workflow,
            zh=p.note,
            en=p.note,
            category=(p.category,) if p.category else (),
            area=(p.area,) if p.area else (),
            source=(p.source,) if p.source else (),
            severity=p.severity,
            fallback=p.fallback,
            position=p.position,
        )

    def matches(self, matter: Matter) -> bool:
        return (
            (not self.category or matter.category.startswith(self.category))
            and (not self.area or (matter.area or "").startswith(self.area))
            and (not self.source or matter.source in self.source)
            and (self.severity is None or matter.severity <= self.severity)
            and (self.hours is None or self.hours.holds(matter.at))
        )

    def takes_all_of(self, later: Rule) -> bool:
        """Whether everything that the later rule matches is matched by this one already, so that it never gets one."""
        return (
            (not self.category or (bool(later.category) and all(c.startswith(self.category) for c in later.category)))
            and (not self.area or (bool(later.area) and all(a.startswith(self.area) for a in later.area)))
            and (not self.source or (bool(later.source) and set(later.source) <= set(self.source)))
            and (self.severity is None or (later.severity is not None and later.severity <= self.severity))
            and (self.hours is None or (later.hours is not None and self.hours.covers(later.hours)))
        )

    def words(self, lang: str) -> str:
        """Its conditions for a person: "类别 13*，来源 hotline"."""
        return conditions(self, lang)


@dataclass(frozen=True, slots=True)
class Choice:
    """One owner in the order in which a matter is offered, and on what basis."""

    basis: Basis
    owner: str


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a matter goes. `rule` is the id of the rule that holds, empty for none.

    `owner` is `TRIAGE` when `triage`; `proposed` is then who would have it, for a person to confirm. `chain` are all
    owners in their order (first asked, designated, fallback); `fallback` is the last resort. `why` says it in Chinese
    and in English (`why_in`).
    """

    owner: str
    workflow: str
    rule: str
    why: str
    fallback: str
    triage: bool
    basis: Basis
    proposed: str
    chain: tuple[Choice, ...] = ()

    def after(self, returned: Iterable[str]) -> Choice | None:
        """The first of the chain that has not handed the matter back."""
        gone = set(returned)
        return next((choice for choice in self.chain if choice.owner not in gone), None)


@dataclass(frozen=True)
class Table:
    """The rules of a file with its owners.

    `urgent`: a matter of this severity or more urgent waits for a person (0: none does), unless its rule differs.
    `fallback` is the owner of last resort, `workflow` what an unmatched matter follows. `first_asked`: source -> the
    owner that its reports were first put to.
    """

    rules: tuple[Rule, ...]
    owners: Mapping[str, Owner]
    workflow: str
    fallback: str
    urgent: int = 1
    first_asked: Mapping[str, str] | None = None
    path: str = ""

    def ordered(self, adopted: Sequence[Rule] = ()) -> list[Rule]:
        """All rules as they are tried: adopted ones up to position 0, those of the file, the other adopted ones.

        Adopted rules of one position: the one that comes later in `adopted` is the later decision and goes first.
        """
        latest_first = list(adopted)[::-1]
        by_position = sorted(latest_first, key=lambda rule: rule.position)
        return [
            *(rule for rule in by_position if rule.position <= 0),
            *self.rules,
            *(rule for rule in by_position if rule.position > 0),
        ]

    def decide(self, matter: Matter, adopted: Sequence[Rule] = ()) -> Routing:
        """Owner and workflow of a matter: the first matching rule's. Urgent and unmatched ones wait in `TRIAGE`.

        `adopted` are the rules decided at work (`adopted_rules`). A rule without a workflow takes that of the next
        matching one that has one.
        """
        matching = [rule for rule in self.ordered(adopted) if rule.matches(matter)]
        workflow = next((rule.workflow for rule in matching if rule.workflow), self.workflow)
        if not matching:
            chain = self._chain(matter, None)
            why = both(
                f"没有规则适用于类别 {matter.category}、来源 {matter.source} → 人工分拨",
                f"no rule for category {matter.category}, source {matter.source} -> triage",
            )
            return Routing(TRIAGE, workflow, "", why, self.fallback, True, Basis.TRIAGE, chain[0].owner, chain)
        rule = matching[0]
        chain = self._chain(matter, rule)
        urgent = matter.severity <= self.urgent
        triage = rule.triage if rule.triage is not None else urgent
        first = chain[0]
        why = self._rule_why(rule, first, matter, triage, urgent)
        return Routing(
            owner=TRIAGE if triage else first.owner,
            workflow=workflow,
            rule=rule.id,
            why=why,
            fallback=chain[-1].owner,
            triage=triage,
            basis=Basis.TRIAGE if triage else first.basis,
            proposed=first.owner,
            chain=chain,
        )

    def name_of(self, owner: str, lang: str) -> str:
        """The owner's name in "zh" or "en"; an id that the table does not know (an area, a desk) names itself."""
        known = self.owners.get(owner) or _FIXED.get(owner)
        return owner if known is None else (known.zh if lang == "zh" else known.en)

    def _chain(self, matter: Matter, rule: Rule | None) -> tuple[Choice, ...]:
        wanted: list[tuple[Basis, str]] = []
        if rule is not None:
            if rule.first_asked:
                wanted.append((Basis.FIRST_ASKED, matter.asked or (self.first_asked or {}).get(matter.source, "")))
            wanted.append((Basis.DESIGNATED, rule.owner))
            wanted.append((Basis.FALLBACK, rule.fallback))
        wanted.append((Basis.FALLBACK, self.fallback))
        chain: dict[str, Choice] = {}
        for basis, named in wanted:
            owner = self._serving(named, matter)
            if owner:
                chain.setdefault(owner, Choice(basis, owner))
        return tuple(chain.values())

    def _serving(self, named: str, matter: Matter) -> str | None:
        known = self.owners.get(named)
        return named or None if known is None else known.serving(matter)

    def _rule_why(self, rule: Rule, first: Choice, matter: Matter, triage: bool, urgent: bool) -> str:
        owner = (self._named(first.owner, rule, matter, "zh"), self._named(first.owner, rule, matter, "en"))
        return because(rule, owner, first.basis, triage=triage, urgent=urgent)

    def _named(self, owner: str, rule: Rule, matter: Matter, lang: str) -> str:
        """An owner's name; one that stands for the matter's area is named by its kind and the code."""
        if owner in self.owners or owner in _FIXED:
            return self.name_of(owner, lang)
        for named in (rule.owner, rule.fallback, matter.asked, (self.first_asked or {}).get(matter.source, "")):
            known = self.owners.get(named)
            if known is not None and known.serving(matter) == owner:
                return f"{known.zh if lang == 'zh' else known.en} {owner}"
        return owner


def adopted_rules(documents: Iterable[DocumentRow]) -> list[Rule]:
    """The rules decided at work that are switched on, the latest decision last: `Transaction.documents(Kind.RULE)`."""
    rows = sorted((row for row in documents if row.kind is Kind.RULE), key=lambda row: row.seq)
    return [rule for row in rows if (rule := Rule.adopted(row)) is not None]


_FIXED = {
    TRIAGE: Owner(TRIAGE, "人工分拨", "Triage", "queue"),
    DISTRICT: Owner(DISTRICT, "区指挥中心", "District command centre", "queue"),
}
