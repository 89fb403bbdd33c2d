"""What a fork leaves behind: the original's records of its time, parted into observations and decisions.

Observations happen to a room whatever it decides: reports from sources, sites' and feeds' data, master data, units that
go off duty and come back. Decisions are made in it: who was sent where and when, and what was done with cases. What
units then did (positions, statuses under way, milestones of an incident) follows from decisions and is left out as
well. A report row that also says who was sent, and when they got there, is parted in itself (docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from data import codec
from data.records import (
    EventPayload,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    UnitStatus,
    UnitStatusPayload,
    incident_of,
)
from data.store import Fact, Store

LOOK_BACK = timedelta(days=7)
"""So far before a fork its unit's homes, turn-outs and scene times are learnt from."""
REPORTED = frozenset({"received", "entry", "reported"})
"""Times of a row that say when a matter became known; all others follow from what was decided."""
KIND_KEYS = ("unit_kind", "Unit Type", "unit_type")
"""Attributes of a row that say of what kind its unit is."""
NO_KIND = "unit"
_OBSERVED = frozenset({Kind.UNIT, Kind.SITE, Kind.SITE_STATUS, Kind.FEED})
_CASES = frozenset({Kind.INCIDENT_MOVED, Kind.INCIDENT_MERGED, Kind.INCIDENT_CLOSED, Kind.RULE})


@dataclass(slots=True)
class Sent:
    """A unit that was sent to an incident, and what came of it: whole seconds since 1970, None where it is not known.

    `unit` "" is one that the log does not name. `free` is when it was available again.
    """

    incident: str
    unit: str
    kind: str
    at: int
    moving: int | None = None
    there: int | None = None
    free: int | None = None

    @property
    def turnout_s(self) -> int | None:
        return None if self.moving is None or self.moving < self.at else self.moving - self.at

    @property
    def travel_s(self) -> int | None:
        since = self.at if self.moving is None else self.moving
        return None if self.there is None or self.there < since else self.there - since

    @property
    def scene_s(self) -> int | None:
        return None if self.there is None or self.free is None or self.free < self.there else self.free - self.there


@dataclass(slots=True)
class Matter:
    """An incident of the original. `opened` and the others: whole seconds since 1970."""

    id: str
    opened: int
    category: str
    severity: int
    source: str
    area: str | None
    lon: float | None
    lat: float | None
    title: str = ""
    title_en: str = ""
    sent: list[Sent] = field(default_factory=list)

    @property
    def there(self) -> int | None:
        """When the first unit was there."""
        return min((each.there for each in self.sent if each.there is not None), default=None)


@dataclass
class Original:
    """The original of a fork: [start - LOOK_BACK, end), read once."""

    start: datetime
    end: datetime
    matters: dict[str, Matter]
    observed: list[Record]
    """In order of time, as the fork gets them where nobody has to decide on them again."""
    decided: list[Record]
    """What was decided but who is sent, in order of time."""
    rows: dict[str, list[Record]]
    """Event rows by incident, those of before the start as well."""

    def forget_records(self) -> None:
        """Keep the incidents and who was sent to them alone: of a week's log the records take most of the memory."""
        self.rows, self.observed, self.decided = {}, [], []

    def sendings(self) -> list[Sent]:
        """All of [start, end), in order of time."""
        low = ceil(self.start.timestamp())
        found = [each for matter in self.matters.values() for each in matter.sent if each.at > low]
        return sorted(found, key=lambda each: (each.at, each.incident, each.unit))


def read(store: Store, timeline: str, start: datetime, end: datetime) -> Original:
    """The original of a fork at `start`, up to `end`, as the log says it now."""
    rows: dict[str, list[Record]] = {}
    for fact in store.scan((Kind.EVENT,), timeline, start=start - LOOK_BACK, end=end):
        record = _record(fact, Kind.EVENT, timeline)
        rows.setdefault(incident_of(record), []).append(record)
    others = [
        _record(fact, Kind(fact.kind), timeline)
        for fact in store.scan(tuple(kind for kind in Kind if kind not in (Kind.EVENT, Kind.UNIT_POSITION)), timeline)
        if start - LOOK_BACK <= fact.at < end
    ]
    others.sort(key=_place)
    matters: dict[str, Matter] = {}
    for id, found in rows.items():
        found.sort(key=lambda r: (r.at, r.source, r.source_id))
        matters[id] = _matter(id, found)
    _commanded(matters, others)
    observed = [record for found in rows.values() for record in found if record.at > start]
    observed += [record for record in _observed(others) if record.at > start]
    decided = [record for record in others if record.kind in _CASES and record.at > start]
    return Original(start, end, matters, sorted(observed, key=_place), decided, rows)


def as_reported(record: Record) -> Record:
    """An event row without what it says of decisions and of what followed from them."""
    event = record.payload
    assert isinstance(event, EventPayload)
    times = {name: t for name, t in event.times.items() if name in REPORTED}
    if times == event.times and event.unit is None:
        return record
    return replace(record, payload=event.model_copy(update={"times": times, "unit": None, "status": ""}))


def as_of(record: Record, t: datetime) -> Record | None:
    """An event row that was there at `t`, without what it says of decisions after it, as its next version. None where
    it says nothing of the kind."""
    event = record.payload
    assert isinstance(event, EventPayload)
    sent = event.times.get("dispatch")
    if event.unit is not None and sent is not None and sent <= t:
        return None  # it had been sent: what it then did follows from a decision that was inherited
    times = {name: at for name, at in event.times.items() if at <= t or name in REPORTED}
    unit = None if sent is not None and sent > t else event.unit
    if times == event.times and unit == event.unit:
        return None
    payload = event.model_copy(update={"times": times, "unit": unit, "status": ""})
    return replace(record, payload=payload, version=record.version + 1, seq=None)


def _matter(id: str, rows: list[Record]) -> Matter:
    first = rows[0]
    event = first.payload
    assert isinstance(event, EventPayload)
    place = next((row for row in rows if row.lon is not None), first)
    matter = Matter(
        id, ceil(first.at.timestamp()), event.category, event.severity, first.source, place.area, place.lon, place.lat,
        event.title, event.title_en,
    )  # fmt: skip
    for row in rows:
        said = row.payload
        assert isinstance(said, EventPayload)
        at = _second(said.times, "dispatch")
        if at is None:
            continue
        kind = next((str(said.attrs[key]) for key in KIND_KEYS if said.attrs.get(key)), NO_KIND)
        moving, there, free = (_second(said.times, name) for name in ("response", "on_scene", "closed"))
        matter.sent.append(Sent(id, said.unit or "", kind if said.unit else "", at, moving, there, free))
    return matter


def _commanded(matters: Mapping[str, Matter], records: Iterable[Record]) -> None:
    """Who was sent by command, and what their terminals then said. Of such a matter its rows' times say nothing new."""
    sent: dict[tuple[str, str], Sent] = {}
    last: dict[str, Sent] = {}
    for record in records:
        payload = record.payload
        at = ceil(record.at.timestamp())
        incident = codec.about_incident(record)
        if record.kind is Kind.INCIDENT_DISPATCHED:
            for unit in payload.units:  # type: ignore[attr-defined]
                _order(matters, sent, last, str(incident), unit, at)
        elif isinstance(payload, UnitStatusPayload):
            if payload.incident and payload.status in (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE):
                one = _order(matters, sent, last, payload.incident, payload.unit, at)
                if one is not None and payload.status is not UnitStatus.DISPATCHED:
                    name = "moving" if payload.status is UnitStatus.EN_ROUTE else "there"
                    if getattr(one, name) is None:
                        setattr(one, name, at)
            elif payload.status in (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE):
                held = last.pop(payload.unit, None)
                if held is not None and held.free is None:
                    held.free = at
        elif record.kind is Kind.INCIDENT_ARRIVED:
            one = _order(matters, sent, last, str(incident), payload.unit, at)  # type: ignore[attr-defined]
            if one is not None and one.there is None:
                one.there = at
        elif record.kind is Kind.INCIDENT_CLOSED or (
            isinstance(payload, IncidentMoved) and payload.phase is IncidentState.CLOSED
        ):
            for held in [each for each in last.values() if each.incident == incident]:
                held.free = held.free or at
                del last[held.unit]
        elif record.kind is Kind.INCIDENT_RECALLED:
            for unit in payload.units:  # type: ignore[attr-defined]
                held = sent.get((str(incident), unit))
                if held is not None and held.free is None:
                    held.free = at


def _order(
    matters: Mapping[str, Matter], sent: dict[tuple[str, str], Sent], last: dict[str, Sent], incident: str, unit: str,
    at: int,
) -> Sent | None:  # fmt: skip
    matter = matters.get(incident)
    if matter is None:
        return None
    one = sent.get((incident, unit))
    if one is None or one.free is not None:
        one = sent[incident, unit] = Sent(incident, unit, "", at)
        matter.sent = [each for each in matter.sent if each.unit]
        matter.sent.append(one)
    last[unit] = one
    return one


def _observed(records: Iterable[Record]) -> Iterable[Record]:
    """Those that are no decision and do not follow from one: a unit goes off duty, and comes back."""
    off: set[str] = set()
    for record in records:
        payload = record.payload
        if record.kind in _OBSERVED:
            yield record
        elif isinstance(payload, UnitStatusPayload):
            if payload.status is UnitStatus.OUT_OF_SERVICE:
                off.add(payload.unit)
                yield record
            elif payload.status is UnitStatus.AVAILABLE and payload.unit in off:
                off.discard(payload.unit)
                yield record


def _second(times: Mapping[str, datetime], name: str) -> int | None:
    t = times.get(name)
    return None if t is None else ceil(t.timestamp())


def _place(record: Record) -> tuple[datetime, int]:
    return record.at, record.seq or 0


def _record(fact: Fact, kind: Kind, timeline: str) -> Record:
    payload: Any = codec.payload_from(kind, fact.body)
    return Record(
        kind, fact.source, fact.source_id, fact.at, payload, fact.lon, fact.lat, fact.version, timeline,
        area=fact.area, seq=fact.seq,
    )  # fmt: skip
