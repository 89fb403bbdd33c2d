"""Units are sent, called back, arrive, and say how they are."""

from __future__ import annotations

from collections.abc import Sequence

from data.errors import BadInput, Refused
from data.records import (
    IncidentArrived,
    IncidentDispatched,
    IncidentRecalled,
    Kind,
    Payload,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import IncidentRow, UnitRow
from dispatch.book import Book
from dispatch.choosing import check_choice
from dispatch.following import Facts, follow
from dispatch.refusals import refuse, sentence
from dispatch.turn import Turn, expect, unchanged, workable
from dispatch.words import ago
from dispatch.words import status as worded
from dispatch.words import who as named
from dispatch.workflow import On

_UNDER_WAY = (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE)
_FREE = (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE)


def dispatch(turn: Turn, book: Book, payload: IncidentDispatched, expected: int | None) -> None:
    """Send available units to an incident that is worked on."""
    turn.reported(payload.incident)
    row = _incident(turn, payload.incident, expected)
    if row.case is not None and row.case.suspended:
        since = min(c.paused_at for c in row.case.clocks if c.paused_at is not None)
        raise refuse(Refused, "suspended", id=row.id, ago=ago(since, turn.now))
    units = [turn.unit(id) for id in payload.units]
    for unit in units:
        _available(unit, turn)
    check_choice(turn, book, row, payload)
    _happens(turn, book, row, units, Kind.INCIDENT_DISPATCHED, payload, On.DISPATCHED, payload.actor)


def recall(turn: Turn, book: Book, payload: IncidentRecalled, expected: int | None) -> None:
    """Call units back that were sent to the incident: they are available again."""
    row = _incident(turn, payload.incident, expected)
    units = [turn.unit(id) for id in payload.units]
    for unit in units:
        _on_it(unit, row.id)
    alone = not turn.units_on(row, without=payload.units)
    on = On.RECALLED if alone else On.NOTHING
    _happens(turn, book, row, units, Kind.INCIDENT_RECALLED, payload, on, payload.actor)


def arrive(turn: Turn, book: Book, payload: IncidentArrived, expected: int | None) -> None:
    """A unit that was sent to the incident is there."""
    row = _incident(turn, payload.incident, expected)
    unit = turn.unit(payload.unit)
    _on_it(unit, row.id)
    if unit.status is UnitStatus.ON_SCENE:
        raise refuse(Refused, "arrived", unit=unit.id, incident=row.id, ago=ago(unit.status_at, turn.now))
    _happens(turn, book, row, [unit], Kind.INCIDENT_ARRIVED, payload, On.ON_SCENE, payload.actor)


def set_status(turn: Turn, book: Book, payload: UnitStatusPayload, expected: int | None) -> None:
    """A unit's status from a desk, and what its incident's workflow makes of it. Raises Refused."""
    unit, status = turn.unit(payload.unit), payload.status
    expect(sentence("unit", id=unit.id), unit.status_seq, expected, unit.status_actor, unit.status_at, turn.now)
    if status is UnitStatus.DISPATCHED:
        raise refuse(Refused, "dispatched_by_sending", unit=unit.id)
    if status not in _FREE and unit.incident is None:
        raise refuse(Refused, "status_without_incident", unit=unit.id, status=worded(status))
    if status is UnitStatus.OUT_OF_SERVICE and not payload.reason.strip():
        raise refuse(Refused, "out_needs_reason", unit=unit.id)
    row = turn.known_incident(unit.incident) if unit.incident is not None else None
    bound = payload.model_copy(update={"incident": None if status in _FREE else unit.incident})
    at = turn.at(row, unit.status_at)
    turn.add(Kind.UNIT_STATUS, bound, at)
    if status in _FREE and unit.incident is not None:  # neither bound to its case any more nor listed there
        who = {"actor": payload.actor, "role": payload.role, "reason": payload.reason}
        turn.add(Kind.INCIDENT_RECALLED, IncidentRecalled(incident=unit.incident, units=(unit.id,), **who), at)
    if row is None:
        return  # it is on none, or on one that lost its last report: there is no case to follow
    facts = Facts()
    facts.reached(status, at, payload.actor)
    given_up = unit.status in _UNDER_WAY or status is UnitStatus.OUT_OF_SERVICE
    if status in _FREE and given_up and not turn.units_on(row, without=(unit.id,)):
        facts.note(On.RECALLED, at, payload.actor)
    follow(turn, book, row.id, facts)


def _happens(
    turn: Turn, book: Book, row: IncidentRow, units: Sequence[UnitRow], kind: Kind, payload: Payload, on: On, actor: str
) -> None:
    """Put it on record, with the moves that the case's workflow makes of it."""
    at = turn.at(row, *(unit.status_at for unit in units))
    turn.add(kind, payload, at)
    if on is not On.NOTHING:
        facts = Facts()
        if on is On.ON_SCENE:
            facts.reached(UnitStatus.ON_SCENE, at, actor)
        else:
            facts.note(on, at, actor)
        follow(turn, book, row.id, facts)


def _incident(turn: Turn, id: str, expected: int | None) -> IncidentRow:
    row = turn.incident(id)
    workable(row, turn.now)
    unchanged(turn, row, expected)
    return row


def _available(unit: UnitRow, turn: Turn) -> None:
    bound = None if unit.incident is None else turn.known_incident(unit.incident)
    gone = unit.incident is not None and (bound is None or not bound.rows)  # corrected away: it may go on
    if unit.status is UnitStatus.AVAILABLE or (gone and unit.status is not UnitStatus.OUT_OF_SERVICE):
        return
    since = ago(unit.status_at, turn.now)
    if unit.incident is not None and unit.status is UnitStatus.DISPATCHED:
        key = "sent_by" if unit.status_actor else "sent"
        raise refuse(Refused, key, unit=unit.id, incident=unit.incident, who=named(unit.status_actor), ago=since)
    who = named(unit.status_actor) if unit.status_actor else sentence("its_terminal")
    key = "not_free" if unit.incident is None else "not_free_at"
    where = unit.incident or ""
    raise refuse(Refused, key, unit=unit.id, incident=where, status=worded(unit.status), who=who, ago=since)


def _on_it(unit: UnitRow, incident: str) -> None:
    if unit.incident != incident:
        where = sentence("on_other", incident=unit.incident) if unit.incident else sentence("on_none")
        raise refuse(Refused, "not_on_it", unit=unit.id, incident=incident, where=where)


def wanted(units: Sequence[str], what: str) -> tuple[str, ...]:
    """The units named, each once. Raises BadInput when none is."""
    named = tuple(dict.fromkeys(units))
    if not named:
        raise refuse(BadInput, "name_units_send" if what == "dispatch" else "name_units_recall")
    return named
