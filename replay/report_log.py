"""What happened in a drill, read from its log alone: the life of each incident, sites, and who did what when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from data.errors import NotFound
from data.exercise import is_exercise
from data.records import (
    ClockOp,
    EventPayload,
    ExercisePayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Record,
    RulePayload,
    SitePayload,
    SiteStatusPayload,
    UnitPayload,
    UnitStatus,
    UnitStatusPayload,
    incident_of,
)
from data.store import Store
from replay.drill_state import DrillState, folded

CHUNK = 5_000
_TERMINAL = "terminal:"
_UNPLACED = ("", "triage")


@dataclass
class Life:
    """One incident: its milestones, None where it did not come to that. `sent` and `there`: (when, unit), in order."""

    id: str
    category: str
    severity: int
    zh: str
    en: str
    opened: datetime
    dispatched: datetime | None = None
    en_route: datetime | None = None
    arrived: datetime | None = None
    closed: datetime | None = None
    assigned: datetime | None = None
    owner: str = ""
    sent: list[tuple[datetime, str]] = field(default_factory=list)
    there: list[tuple[datetime, str]] = field(default_factory=list)
    part_of: str | None = None
    limits: dict[str, float] = field(default_factory=dict)
    """Clock of its workflow -> the minutes that its limit gave."""

    def at(self, milestone: str) -> datetime | None:
        """When it came to a milestone (`scenario.MILESTONES`)."""
        found: datetime | None = getattr(self, milestone)
        return found


@dataclass(frozen=True, slots=True)
class Done:
    """Who did what, about what. `note` is what they said; `workflow` is whose move `what` is, "" for other deeds."""

    at: datetime
    actor: str
    role: str
    what: str
    about: str
    note: str = ""
    workflow: str = ""


@dataclass
class DrillLog:
    """A drill as its log tells it."""

    state: DrillState
    lives: dict[str, Life] = field(default_factory=dict)
    unit_kind: dict[str, str] = field(default_factory=dict)
    sites: dict[str, list[tuple[datetime, bool]]] = field(default_factory=dict)
    deeds: list[Done] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        """Up to when it was played."""
        return self.state.ended_at or max([self.state.anchor, *(d.at for d in self.deeds)])


def read_log(store: Store, timeline: str) -> DrillLog:
    """Raises NotFound where there is no drill on the timeline."""
    log: DrillLog | None = None
    records = list(_records(store, timeline)) if is_exercise(timeline) else []  # a fork has acts of its own
    state = folded(record for record in records if record.kind is Kind.EXERCISE)
    if state is None:
        raise NotFound(f"there is no drill on timeline {timeline[:80]!r}", zh=f"时间线 {timeline[:80]} 上没有演练")
    log = DrillLog(state)
    for record in records:
        add(log, record)
    return log


def add(log: DrillLog, record: Record) -> None:
    """Take over the next record of the log. `log.state` is the caller's to keep."""
    log.counts[record.kind.value] = log.counts.get(record.kind.value, 0) + 1
    _take(log, record)
    done = _deed(record)
    if done is not None:
        log.deeds.append(done)


def _records(store: Store, timeline: str) -> Iterator[Record]:
    """Everything but positions, in the order of the log."""
    seq = 0
    while True:
        chunk = store.read_after(seq, limit=CHUNK, timeline=timeline, positions=False)
        yield from chunk
        if len(chunk) < CHUNK:
            return
        seq = chunk[-1].seq or seq


def _take(log: DrillLog, record: Record) -> None:
    payload, at = record.payload, record.at
    if isinstance(payload, EventPayload):
        _event(log, record, payload)
    elif isinstance(payload, UnitPayload):
        log.unit_kind[record.source_id] = payload.unit_kind
    elif isinstance(payload, SitePayload):
        log.sites.setdefault(record.source_id, []).append((at, payload.online))
    elif isinstance(payload, SiteStatusPayload):
        log.sites.setdefault(payload.site, []).append((at, payload.online))
    elif isinstance(payload, IncidentMoved):
        _moved(log, payload, at)
    elif isinstance(payload, IncidentMerged):
        if payload.incident in log.lives:
            log.lives[payload.incident].part_of = payload.into
    elif isinstance(payload, IncidentDispatched):
        life = log.lives.get(payload.incident)
        if life is not None:
            life.dispatched = life.dispatched or at
            life.sent += [(at, unit) for unit in payload.units]
    elif isinstance(payload, UnitStatusPayload):
        life = log.lives.get(payload.incident or "")
        if life is not None and payload.status is UnitStatus.EN_ROUTE:
            life.en_route = life.en_route or at
        elif life is not None and payload.status is UnitStatus.ON_SCENE:
            life.arrived = life.arrived or at
            life.there.append((at, payload.unit))
    elif isinstance(payload, IncidentArrived):
        life = log.lives.get(payload.incident)
        if life is not None:
            life.arrived = life.arrived or at
            life.there.append((at, payload.unit))
    elif isinstance(payload, IncidentClosed) and payload.incident in log.lives:
        log.lives[payload.incident].closed = at


def _event(log: DrillLog, record: Record, event: EventPayload) -> None:
    id = incident_of(record)
    life = log.lives.get(id)
    if life is None:
        log.lives[id] = Life(id, event.category, event.severity, event.title, event.title_en, record.at)
        return
    life.opened = min(life.opened, record.at)
    life.severity = min(life.severity, event.severity)


def _moved(log: DrillLog, move: IncidentMoved, at: datetime) -> None:
    life = log.lives.get(move.incident)
    if life is None:
        return
    for change in move.clocks:
        if change.op is ClockOp.START and change.due is not None:
            life.limits.setdefault(f"{move.workflow}.{change.clock}", (change.due - at).total_seconds() / 60)
    life.owner = move.owner
    if move.owner not in _UNPLACED and life.assigned is None:
        life.assigned = at
    if move.phase is not IncidentState.CLOSED:
        life.closed = None  # it may have been opened again
    elif move.step != move.before:
        life.closed = at


def _deed(record: Record) -> Done | None:
    """What a person, or a simulated one, did; None for what machines report."""
    payload, at = record.payload, record.at
    if isinstance(payload, ExercisePayload):
        about = payload.inject or payload.objective
        return Done(at, payload.actor, payload.role, payload.act.value, about, payload.rating or payload.note)
    if isinstance(payload, (IncidentDispatched, IncidentRecalled)):
        note = f"{', '.join(payload.units)}{': ' + payload.reason if payload.reason else ''}"
        return Done(at, payload.actor, payload.role, record.kind.value, payload.incident, note)
    if isinstance(payload, IncidentMoved):
        if payload.actor.startswith(_TERMINAL) or payload.role == "system":
            return None
        said = payload.reason or payload.note
        return Done(at, payload.actor, payload.role, payload.move, payload.incident, said, payload.workflow)
    if isinstance(payload, IncidentMerged):
        return Done(at, payload.actor, payload.role, record.kind.value, payload.incident, payload.into or "")
    if isinstance(payload, (IncidentArrived, IncidentClosed)):
        return Done(at, payload.actor, payload.role, record.kind.value, payload.incident)
    if isinstance(payload, UnitStatusPayload) and not payload.actor.startswith(_TERMINAL):
        return Done(at, payload.actor, payload.role, payload.status.value, payload.unit, payload.reason)
    if isinstance(payload, RulePayload) and record.source != "master":
        return Done(at, payload.actor, "", record.kind.value, record.source_id)
    return None
