"""The course of a fork: observations come at their times, each order of history is filled by a policy, crews turn out,
drive, work and go home. In memory, in the order of time; what it says is the fork's records.

    original ── observations ──────────────► records
        └────── orders ──► policy ──► crews ──► records (orders, terminals, positions, closings)

Where people decide there is no policy: nobody fills history's orders, and crews hear of orders from the log
(`fork_engine.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import ceil

from data.records import (
    EventPayload,
    IncidentClosed,
    IncidentDispatched,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Record,
    UnitPosition,
    UnitStatus,
    incident_of,
)
from data.store import IncidentRow, UnitRow
from dispatch.skills import Need, Skills
from geo.area import Region
from geo.roads import RoadGraph
from replay.fork_coverage import Coverage
from replay.fork_crews import ForkCrews, SharedTrips
from replay.fork_original import Matter, Original, Sent, as_of, as_reported
from replay.fork_times import ForkTimes
from replay.policies_agenda import Agenda
from replay.policies_forks import Chooser, Place, kinds_for
from replay.policies_roads import Roads

POLICY = "policy"
"""The source of what a policy decides."""
CREW = "sim:crew"
AGAIN_S = 60
"""Seconds until an order that nobody could fill is looked at again."""
GIVE_UP_S = 3600
"""An order that nobody could fill for so long is dropped."""
TELL_S = 600
"""How often a run tells how far it is, seconds of the fork."""


@dataclass
class Course:
    """What came of it. Times: whole seconds since 1970. `filled`: order -> the unit that went."""

    records: list[Record] = field(default_factory=list)
    arrived: dict[str, int] = field(default_factory=dict)
    """Incident -> when the first unit was there."""
    filled: list[tuple[Sent, str, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    coverage: list[tuple[int, float]] = field(default_factory=list)


class Play:
    """Plays one fork from its beginning to its end. Without a `chooser` people decide, and nothing is decided here."""

    def __init__(
        self, original: Original, units: Sequence[UnitRow], *, timeline: str, policy: str,
        chooser: Chooser | None, travel: str, seed: int, skills: Skills, region: Region, zone: str,
        roads: RoadGraph | None, coverage: Coverage | None = None, trips: SharedTrips | None = None,
        find: Callable[[str], IncidentRow | None] = lambda incident: None,
    ) -> None:  # fmt: skip
        """`units` as they stand at the beginning, all of them with a place. `find`: incidents that the original does
        not have."""
        self.course = Course()
        self._original, self._timeline, self._policy, self._chooser = original, timeline, policy, chooser
        self._coverage, self._skills, self._elsewhere = coverage, skills, find
        start = ceil(original.start.timestamp())
        self._start, self.agenda = start, Agenda(start)
        self.end = ceil(original.end.timestamp())
        self._pending: Counter[str] = Counter()
        self._bound: dict[str, Sent] = {}
        self._needed: dict[tuple[str, str, int], tuple[frozenset[str], Sequence[Need]]] = {}
        self.crews = ForkCrews(
            units, agenda=self.agenda, roads=Roads(roads), skills=skills, region=region, zone=zone, timeline=timeline,
            put=self._put, find=self._find, left=self._left, lost=lambda incident: None,
            times=ForkTimes(seed, original), travel=travel, trips=trips, watched=chooser is None,
        )  # fmt: skip

    def run(self, so_far: Callable[[float], None] = lambda share: None) -> Course:
        """Everything up to the end. `so_far` is told the share of the time that was played; what it raises ends it."""
        self.begin()
        told = self._start
        while (at := self.agenda.next) is not None and at < self.end:
            if at >= told:
                so_far((at - self._start) / max(1, self.end - self._start))
                told = at + TELL_S
            self.step()
        return self.course

    def begin(self) -> None:
        """What is so when it begins, and what will come by itself."""
        redecided = self._redecided()
        self._withdraw(redecided)
        self._carry_on()
        self.crews.report_at_first()
        for record in self._observed(redecided):
            self.agenda.at(ceil(record.at.timestamp()), self._putting(record))
        if self._chooser is not None:
            for sent in self._original.sendings():
                self._pending[sent.incident] += 1
                self.agenda.at(sent.at, lambda sent=sent: self._send(sent))  # type: ignore[misc]
            for record in self._original.decided:
                self._decide(record, redecided)
        if self._coverage is not None:
            self.agenda.at(self._start, self._look, quiet=True)

    def resume(self, second: int, units: Iterable[UnitRow]) -> None:
        """Go on at `second` with a fork that was played so far by another server: `units` as they stand."""
        self.agenda.begin_at(second)
        self.crews.beat_on(self._start)
        for record in self._observed(self._redecided()):
            at = ceil(record.at.timestamp())
            if at <= second:
                self.course.records.append(record)  # the log knows which of them it has
            else:
                self.agenda.at(at, self._putting(record))
        inherited = {sent.unit: sent for matter in self._original.matters.values() for sent in matter.sent
                     if sent.unit and sent.at <= self._start}  # fmt: skip
        for row in units:
            sent = inherited.get(row.id)
            self.crews.take_up(row, sent if sent is not None and sent.incident == row.incident else None)

    def step(self) -> bool:
        """Do what comes next. Whether somebody may have to react to it."""
        deed, quiet = self.agenda.pop()
        deed()
        return not quiet

    def _redecided(self) -> set[str]:
        """Incidents on which is decided again."""
        if self._chooser is None:
            return set(self._original.matters)
        return {sent.incident for sent in self._original.sendings()}

    # --- what comes by itself ----------------------------------------------------------------------------------

    def _withdraw(self, redecided: set[str]) -> None:
        """What rows of before the fork say of decisions after it was not yet so."""
        for id in sorted(redecided):
            for row in self._original.rows[id]:
                corrected = as_of(row, self._original.start) if row.at <= self._original.start else None
                if corrected is not None:
                    self._put([replace(corrected, timeline=self._timeline)])

    def _observed(self, redecided: set[str]) -> Iterable[Record]:
        """What comes by itself, as records of the fork, in the order of time."""
        for record in self._original.observed:
            event = record.payload
            if isinstance(event, EventPayload):
                incident = incident_of(record)
                if incident in redecided:
                    first = record is self._original.rows[incident][0]
                    if event.unit is not None and not first:
                        continue  # a further row of a matter says who else was sent, and nothing more
                    record = as_reported(record)
            yield replace(record, timeline=self._timeline, seq=None)

    def _putting(self, record: Record):  # type: ignore[no-untyped-def]
        def put() -> None:
            self._put([record])
            if record.kind is Kind.UNIT_STATUS:
                self.crews.hear(record)

        return put

    def _carry_on(self) -> None:
        """Units that had been sent before go on as they did."""
        for matter in self._original.matters.values():
            for sent in matter.sent:
                if sent.unit and sent.at <= self._start and (sent.free is None or sent.free > self._start):
                    if sent.free is None and self._start - sent.at > GIVE_UP_S:
                        continue
                    self.crews.carry_on(sent.unit, sent)
                    if (said := self.crews.status_of(sent.unit)) is not None:
                        self._put([said])

    # --- what is decided ---------------------------------------------------------------------------------------

    def _decide(self, record: Record, redecided: set[str]) -> None:
        """Everything but who is sent goes on as in history; for incidents that a policy decides on, up to there."""
        payload = record.payload
        if isinstance(payload, IncidentMoved) and payload.incident in redecided:
            if payload.phase is not IncidentState.OPEN or payload.step == payload.before:
                return
        elif isinstance(payload, IncidentClosed) and payload.incident in redecided:
            return
        at = ceil(record.at.timestamp())
        self.agenda.at(at, self._putting(replace(record, timeline=self._timeline, seq=None)))

    def _send(self, sent: Sent, since: int | None = None) -> None:
        assert self._chooser is not None
        matter, now = self._original.matters[sent.incident], self.agenda.now
        able = self._able(sent, matter)
        unit = self._chooser.choose(sent, matter, able, self.agenda.moment) if able else None
        if unit is None:
            first = now if since is None else since
            if (sent.free is not None and now >= sent.free) or now - first >= GIVE_UP_S:
                self.course.counts["unfilled"] += 1
                self._pending[sent.incident] -= 1
                return
            self.course.counts["waited"] += since is None
            self.agenda.after(AGAIN_S, lambda: self._send(sent, first))
            return
        self._pending[sent.incident] -= 1
        self.course.counts["sent"] += 1
        self.course.counts["other_unit"] += unit != sent.unit
        payload = IncidentDispatched(incident=sent.incident, units=(unit,), actor=f"sim:{self._policy}")
        record = Record(
            Kind.INCIDENT_DISPATCHED, POLICY, self._name("send", sent.incident, unit), self.agenda.moment, payload,
            timeline=self._timeline,
        )  # fmt: skip
        self.course.filled.append((sent, unit, now))
        self._put([record])
        self._bound[unit] = sent
        self.crews.order(unit, sent, record)
        if sent.there is None and sent.free is not None:
            self.agenda.at(sent.free, lambda: self._recall(unit, sent))

    def _able(self, sent: Sent, matter: Matter) -> list[tuple[str, Place]]:
        """The free units that can fill an order, by id, with where they are."""
        asked = sent.kind, matter.category, matter.severity
        if asked not in self._needed:  # those that wait ask once a minute
            self._needed[asked] = kinds_for(sent, matter, self._skills)
        kinds, needs = self._needed[asked]
        fit = [
            crew
            for kind in sorted(kinds or self.crews.kinds())
            if not (needs and self._skills.kind(kind).own_area)
            for crew in self.crews.free(kind)
            if not needs or any(need.fits(crew.kind, crew.skills) for need in needs)
        ]
        return sorted((crew.id, crew.place(self.agenda.now)) for crew in fit)

    def _recall(self, unit: str, sent: Sent) -> None:
        """History called its unit off before it was there: so is the one that went instead."""
        if self._bound.get(unit) is not sent or self.crews.of[unit].incident != sent.incident:
            return
        payload = IncidentRecalled(incident=sent.incident, units=(unit,), actor=f"sim:{self._policy}")
        record = Record(
            Kind.INCIDENT_RECALLED, POLICY, self._name("recall", sent.incident, unit), self.agenda.moment, payload,
            timeline=self._timeline,
        )  # fmt: skip
        self._put([record])
        self.course.counts["recalled"] += 1
        self.crews.hear(record)
        if not self.crews.at_work(sent.incident):
            self._left(sent.incident)

    def _left(self, incident: str) -> None:
        """The last unit has left: it is over, unless history sends somebody else. Where people decide, they close it:
        nothing is pending there."""
        if self._pending[incident] or incident not in self._pending:
            return
        payload = IncidentClosed(incident=incident, actor=CREW)
        self._put([
            Record(Kind.INCIDENT_CLOSED, POLICY, self._name("close", incident), self.agenda.moment, payload,
                   timeline=self._timeline)
        ])  # fmt: skip

    # --- records -----------------------------------------------------------------------------------------------

    def _put(self, records: Sequence[Record]) -> None:
        for record in records:
            payload = record.payload
            if record.kind is Kind.UNIT_STATUS and payload.status is UnitStatus.ON_SCENE:  # type: ignore[attr-defined]
                incident = payload.incident  # type: ignore[attr-defined]
                if incident is not None:
                    self.course.arrived.setdefault(incident, ceil(record.at.timestamp()))
        self.course.records += records

    def _find(self, incident: str) -> Matter | IncidentRow | None:
        return self._original.matters.get(incident) or self._elsewhere(incident)

    def _name(self, what: str, incident: str, unit: str = "") -> str:
        return f"{what}:{incident}:{unit}:{self.agenda.now}"[:180]

    def _look(self) -> None:
        assert self._coverage is not None
        now = self.agenda.now
        free = [(crew.kind, crew.place(now)) for crew in self.crews.free()]
        self.course.coverage.append((now, self._coverage.share(free)))
        self.agenda.after(self._coverage.every_s, self._look, quiet=True)


def positions_of(units: Sequence[UnitRow], timeline: str, at: datetime) -> list[Record]:
    """Where units stand when a fork begins, where the log has no position of theirs."""
    return [
        Record(
            Kind.UNIT_POSITION, "fork", unit.id, at, UnitPosition(unit=unit.id), unit.lon, unit.lat, timeline=timeline
        )
        for unit in units
        if unit.position_at is None
    ]


def moment(second: int) -> datetime:
    """Whole seconds since 1970 as a time."""
    return datetime.fromtimestamp(second, UTC)
