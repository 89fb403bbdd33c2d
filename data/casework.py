"""The case of an incident: where it stands in its workflow, who has it, and its SLA clocks. Pure values.

A case is folded from the records about its incident (`incident.moved`, `incident.merged`) in seq order. Those records
carry outcomes, so folding needs neither the workflow nor a calendar, and a later change of either changes no case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from data.records import ClockChange, ClockOp, IncidentMerged, IncidentMoved, IncidentState, Record

RETURN = "return"
"""The move that hands a case back: each is an entry of the rejection ledger."""


class ClockState(StrEnum):
    """An SLA clock at a moment."""

    RUNNING = "running"
    WARNING = "warning"
    OVERDUE = "overdue"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class CaseClock:
    """One SLA clock. `original` is its first deadline, kept for ever; `due` the one that holds.

    While `paused_at` is set it does not run. `stopped_at` is when what it waited for was done.
    """

    id: str
    started_at: datetime
    original: datetime
    due: datetime
    warn: tuple[datetime, ...] = ()
    limit: str = ""
    calendar: str = ""
    paused_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def runs(self) -> bool:
        return self.paused_at is None and self.stopped_at is None

    @property
    def late_in_pause(self) -> bool:
        """Whether it had missed its deadline already when it was paused: a pause makes nothing good."""
        return self.stopped_at is None and self.paused_at is not None and self.paused_at > self.due

    def state(self, t: datetime) -> ClockState:
        """Its state at t. Being exactly on time is on time; what was late when it was paused is late."""
        if self.stopped_at is not None:
            return ClockState.MET if self.stopped_at <= self.due else ClockState.MISSED
        if self.paused_at is not None:
            return ClockState.OVERDUE if self.late_in_pause else ClockState.PAUSED
        if t > self.due:
            return ClockState.OVERDUE
        if any(t >= moment for moment in self.warn):
            return ClockState.WARNING
        return ClockState.RUNNING


@dataclass(frozen=True, slots=True)
class Returned:
    """One entry of the rejection ledger: `owner` handed the case back, `reason` and perhaps a `rule` say why."""

    at: datetime
    owner: str
    actor: str
    reason: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Where a case stands. `workflow` is empty while the incident has none (it was merged before it was routed).

    `since` is when it came to its `step`, `moved_at` its last move. `parent` is the incident it was merged into,
    `children` those merged into it. `why` says in words why its owner has it.
    """

    workflow: str = ""
    revision: str = ""
    step: str = ""
    owner: str = ""
    since: datetime | None = None
    moved_at: datetime | None = None
    move: str = ""
    rule: str = ""
    why: str = ""
    clocks: tuple[CaseClock, ...] = ()
    returns: tuple[Returned, ...] = ()
    extensions: int = 0
    reworks: int = 0
    parent: str | None = None
    children: tuple[str, ...] = ()

    def clock(self, id: str) -> CaseClock | None:
        return next((clock for clock in self.clocks if clock.id == id), None)

    @property
    def suspended(self) -> bool:
        """No clock runs and at least one is paused."""
        return any(c.paused_at is not None for c in self.clocks) and not any(c.runs for c in self.clocks)

    def next_due(self) -> CaseClock | None:
        """The clock with the earliest deadline, of those that run and those that were late when they were paused."""
        return min((c for c in self.clocks if c.runs or c.late_in_pause), key=lambda c: (c.due, c.id), default=None)


def closes(move: IncidentMoved) -> bool:
    """Whether a move closes its incident: one that leads to a closed step. A note on a closed case closes nothing."""
    return move.phase is IncidentState.CLOSED and move.step != move.before


def moved(case: Case | None, at: datetime, move: IncidentMoved) -> Case:
    """The case after a move at `at`."""
    case = case or Case()
    clocks = {clock.id: clock for clock in case.clocks}
    for change in move.clocks:
        after = _changed(clocks.get(change.clock), at, change)
        if after is not None:
            clocks[change.clock] = after
    returns = case.returns
    if move.move == RETURN:
        returns = (*returns, Returned(at, case.owner, move.actor, move.reason, move.rule))
    by_rule = bool(move.why or move.rule) and move.move != RETURN
    told = move.why or move.owner != case.owner  # who has it now: the reasons of who had it before hold no more
    return replace(
        case,
        workflow=move.workflow,
        revision=move.revision,
        step=move.step,
        owner=move.owner,
        since=at if move.step != case.step or case.since is None else case.since,
        moved_at=at,
        move=move.move,
        rule=move.rule if by_rule else case.rule,
        why=move.why if told else case.why,
        clocks=tuple(clocks.values()),
        returns=returns,
        extensions=case.extensions + any(c.op is ClockOp.EXTEND for c in move.clocks),
        reworks=case.reworks + (move.move == "rework"),
    )


def merged(case: Case | None, into: str | None) -> Case:
    """The case of the incident that was merged (or split off: `into` None)."""
    return replace(case or Case(), parent=into)


def with_child(case: Case | None, child: str) -> Case:
    case = case or Case()
    return case if child in case.children else replace(case, children=(*case.children, child))


def without_child(case: Case | None, child: str) -> Case:
    case = case or Case()
    return replace(case, children=tuple(c for c in case.children if c != child))


def case_of(records: Iterable[Record], incident: str) -> Case | None:
    """The case that these records (of the timeline, in seq order) make of the incident: the slow, obvious way."""
    case: Case | None = None
    parents: dict[str, str | None] = {}
    for record in records:
        payload = record.payload
        if isinstance(payload, IncidentMoved) and payload.incident == incident:
            case = moved(case, record.at, payload)
        elif isinstance(payload, IncidentMerged):
            if payload.incident == incident:
                case = merged(case, payload.into)
            elif payload.into == incident:
                case = with_child(case, payload.incident)
            elif parents.get(payload.incident) == incident:
                case = without_child(case, payload.incident)
            parents[payload.incident] = payload.into
    return case


def _changed(clock: CaseClock | None, at: datetime, change: ClockChange) -> CaseClock | None:
    if change.op is ClockOp.START:
        due = change.due or at
        # A clock that is started anew (the step is done again) keeps the first deadline it ever had.
        original = clock.original if clock is not None else due
        return CaseClock(change.clock, at, original, due, change.warn, change.limit, change.calendar)
    if clock is None:
        return None
    if change.op is ClockOp.STOP:
        return clock if clock.stopped_at is not None else replace(clock, stopped_at=at, paused_at=None)
    if clock.stopped_at is not None:
        return clock
    if change.op is ClockOp.PAUSE:
        return clock if clock.paused_at is not None else replace(clock, paused_at=at)
    due, warn = change.due or clock.due, change.warn or clock.warn
    if change.op is ClockOp.RESUME:
        return replace(clock, paused_at=None, due=due, warn=warn)
    return replace(clock, due=due, warn=warn)
