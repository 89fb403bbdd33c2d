"""Moves that make themselves: what units did, and what the source says, carries a case along its workflow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from data.records import (
    IncidentArrived,
    IncidentDispatched,
    IncidentRecalled,
    Kind,
    Record,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import IncidentRow, UnitRow
from dispatch.book import Book
from dispatch.closing import wind_up
from dispatch.moves import automatic_ask, awaits_district, outcome
from dispatch.turn import Turn
from dispatch.workflow import On

_REACHED: Mapping[UnitStatus, tuple[On, ...]] = {
    UnitStatus.DISPATCHED: (On.DISPATCHED,),
    UnitStatus.EN_ROUTE: (On.DISPATCHED, On.EN_ROUTE),
    UnitStatus.ON_SCENE: (On.DISPATCHED, On.EN_ROUTE, On.ON_SCENE),
    UnitStatus.LEAVING: (On.DISPATCHED, On.EN_ROUTE, On.ON_SCENE),
}
_ORDER = (On.CLOSED, On.DISPATCHED, On.EN_ROUTE, On.ON_SCENE, On.RECALLED)


@dataclass
class Facts:
    """What has happened that a workflow may move on by: when, and who said so."""

    at: dict[On, tuple[datetime, str]] = field(default_factory=dict)

    def note(self, on: On, at: datetime, actor: str) -> None:
        """The earliest time counts."""
        if on not in self.at or at < self.at[on][0]:
            self.at[on] = (at, actor)

    def reached(self, status: UnitStatus, at: datetime, actor: str) -> None:
        for on in _REACHED.get(status, ()):
            self.note(on, at, actor)


def follow(turn: Turn, book: Book, id: str, facts: Facts) -> bool:
    """Add the moves that the workflow makes by itself for these facts, in their order. Says whether there were any."""
    moved = False
    passed: set[str] = set()
    while True:
        row = turn.incident(id)
        case = row.case
        if case is None or not case.workflow or case.parent is not None or case.workflow not in book.workflows:
            return moved
        workflow = book.workflows[case.workflow]
        if case.step in passed or case.step not in workflow.steps or workflow.steps[case.step].final:
            return moved
        passed.add(case.step)
        if On.CLOSED not in facts.at and (case.suspended or awaits_district(case)):
            return moved  # people hold it: only its end gets past them
        happened = sorted(facts.at, key=lambda on: (on is not On.CLOSED, facts.at[on][0], _ORDER.index(on)))
        found = next(((t, on) for on in happened if (t := workflow.automatic(case.step, on)) is not None), None)
        if found is None:
            return moved
        t, on = found
        when, actor = facts.at[on]
        at = max(min(when, turn.now), case.moved_at or when)  # a terminal whose clock is ahead does not take it along
        turn.add(Kind.INCIDENT_MOVED, outcome(row, workflow, t, automatic_ask(t.move, actor), at, book), at)
        moved = True
        if workflow.ends(t):
            wind_up(turn, book, row, actor, at)


def present(row: IncidentRow, units: Sequence[UnitRow]) -> Facts:
    """What has happened to an incident by the time it becomes a case."""
    facts = Facts()
    for unit in units:
        if unit.incident == row.id and unit.status_at is not None:
            facts.reached(unit.status, unit.status_at, unit.status_actor or f"unit {unit.id}")
    for status, t in ((UnitStatus.DISPATCHED, row.dispatched_at), (UnitStatus.ON_SCENE, row.arrived_at)):
        if t is not None:
            facts.reached(status, t, row.last_actor or row.source)
    return facts


def facts_of(row: IncidentRow, units: Sequence[UnitRow], life: Iterable[Record]) -> Facts:
    """What the incident's units and its source have done since the case came to its step.

    `units` are those it names, `life` its records: they tell earlier times than the units' present status. What
    happened before the case came to its step moves nothing: a case that was returned while a unit stands there stays
    returned.
    """
    case, facts = row.case, Facts()
    if case is None or case.since is None:
        return facts
    if row.closed_at is not None:
        facts.note(On.CLOSED, row.closed_at, row.source)
        return facts
    since = case.since
    bound = {unit.id for unit in units if unit.incident == row.id}
    sent: set[str] = set()
    recalled: tuple[datetime, str] | None = None
    for unit in units:
        if unit.id in bound and unit.status_at is not None and unit.status_at > since:
            facts.reached(unit.status, unit.status_at, unit.status_actor or f"unit {unit.id}")
    for record in life:
        payload = record.payload
        if isinstance(payload, IncidentDispatched):
            sent.update(payload.units)
        if record.at <= since:
            continue
        if isinstance(payload, UnitStatusPayload) and payload.unit in bound:
            facts.reached(payload.status, record.at, payload.actor or f"unit {payload.unit}")
        elif isinstance(payload, IncidentDispatched) and bound.intersection(payload.units):
            facts.note(On.DISPATCHED, record.at, payload.actor)
        elif isinstance(payload, IncidentArrived) and payload.unit in bound:
            facts.reached(UnitStatus.ON_SCENE, record.at, payload.actor)
        elif isinstance(payload, IncidentRecalled):
            recalled = (record.at, payload.actor)
    for status, t in ((UnitStatus.DISPATCHED, row.dispatched_at), (UnitStatus.ON_SCENE, row.arrived_at)):
        if t is not None and t > since:
            facts.reached(status, t, row.last_actor or row.source)
    if sent and not bound and not facts.at:
        # Those that were sent are on it no more, and none got there: they were called back, or gave up on the way.
        who = row.last_actor or row.source
        freed = [(unit.status_at, who) for unit in units if unit.id in sent and unit.status_at is not None]
        if recalled is not None:
            freed.append(recalled)
        if freed and max(freed)[0] > since:
            facts.note(On.RECALLED, *max(freed))
    return facts
