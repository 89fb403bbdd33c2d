"""The crews of an exercise: sent by the log, they turn out, drive along the roads, work, and drive home.

What they report goes in as their terminals' records, by the intake that real terminals use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from data.records import (
    EventPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Record,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from data.store import UnitRow
from dispatch.skills import Skills
from geo.area import Region
from replay.drill_injects import BLOCKED_AREA, BLOCKED_M, BLOCKED_UNTIL
from replay.policies_agenda import Agenda
from replay.policies_draws import LEAVE, TURNOUT, Draws
from replay.policies_roads import Roads, Trip

FIX_S = 30
"""Seconds between two positions of a unit that drives."""
BEAT_S = 300
"""Seconds between two positions of one that stands."""
TERMINAL = "terminal:"
_UNDER_WAY = (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE)

Put = Callable[[Sequence[Record]], None]


class Scene(Protocol):
    """Where crews are sent: of what class it is, and where (None: nobody knows)."""

    @property
    def category(self) -> str: ...
    @property
    def lon(self) -> float | None: ...
    @property
    def lat(self) -> float | None: ...


Find = Callable[[str], Scene | None]


@dataclass
class Crew:
    """A unit as it moves. `orders` counts what it was told: what was planned under an older order is void."""

    id: str
    walk_ms: float
    lon: float
    lat: float
    home: tuple[float, float]
    kind: str
    skills: tuple[str, ...] = ()
    status: UnitStatus = UnitStatus.AVAILABLE
    incident: str = ""
    trip: Trip | None = None
    began: int = 0
    orders: int = 0

    def place(self, now: int) -> tuple[float, float]:
        return (self.lon, self.lat) if self.trip is None else self.trip.place(now - self.began)

    def halt(self, now: int) -> None:
        self.lon, self.lat = self.place(now)
        self.trip = None


class Crews:
    """All units in play. `left` is told when the last unit has left an incident, `lost` when one drops out of it."""

    fix_s, beat_s = FIX_S, BEAT_S

    def __init__(
        self, units: Iterable[UnitRow], *, agenda: Agenda, roads: Roads, draws: Draws, skills: Skills, region: Region,
        zone: str, timeline: str, put: Put, find: Find, left: Callable[[str], None], lost: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._agenda, self._roads, self._draws, self._region = agenda, roads, draws, region
        self._zone, self._timeline, self._put, self._find = ZoneInfo(zone), timeline, put, find
        self._left, self._lost = left, lost
        self.of: dict[str, Crew] = {}
        for row in sorted(units, key=lambda row: row.id):
            if row.lon is not None and row.lat is not None:
                walk = (skills.kind(row.kind).walk_kmh or 0.0) / 3.6
                self.of[row.id] = Crew(row.id, walk, row.lon, row.lat, (row.lon, row.lat), row.kind, row.skills)
        self._agenda.after(self.beat_s, self._beat, quiet=True)

    def at_work(self, incident: str) -> bool:
        """Whether a unit is at an incident, or on its way there."""
        return any(crew.incident == incident for crew in self.of.values())

    def resume(self, row: UnitRow) -> None:
        """Go on with what a unit was doing when the exercise was last played."""
        crew = self.of.get(row.id)
        if crew is None or row.status is UnitStatus.AVAILABLE:
            return
        crew.orders += 1
        crew.status, crew.incident = row.status, row.incident or ""
        since = 0 if row.status_at is None else self._agenda.now - int(row.status_at.timestamp())
        if row.status is UnitStatus.DISPATCHED:
            self._later(crew, max(0, self._turnout(crew) - since), self._leave)
        elif row.status is UnitStatus.EN_ROUTE:
            self._later(crew, 0, self._leave)
        elif row.status is UnitStatus.ON_SCENE:
            self._begin(crew, since)
        elif row.status is UnitStatus.LEAVING:
            crew.incident = ""
            self._later(crew, 0, self._again)

    # --- what the log says -------------------------------------------------------------------------------------

    def hear(self, record: Record) -> None:
        """Take note of a record of the exercise."""
        payload = record.payload
        if isinstance(payload, IncidentDispatched):
            for id in payload.units:
                self._sent(id, payload.incident)
        elif isinstance(payload, IncidentRecalled):
            for id in payload.units:
                crew = self.of.get(id)
                if crew is not None and crew.incident == payload.incident:
                    self._free(crew)
        elif isinstance(payload, IncidentArrived):
            self._there(payload.unit)
        elif isinstance(payload, IncidentClosed):
            self._over(payload.incident)
        elif isinstance(payload, IncidentMoved):
            if payload.phase is IncidentState.CLOSED and payload.step != payload.before:
                self._over(payload.incident)
        elif isinstance(payload, UnitStatusPayload):
            if not payload.actor.startswith(TERMINAL):
                self._told(payload)
        elif isinstance(payload, EventPayload):
            self.block(record, payload)

    def _sent(self, id: str, incident: str) -> None:
        crew = self.of.get(id)
        if crew is None:
            return
        crew.halt(self._agenda.now)
        crew.orders += 1
        crew.status, crew.incident = UnitStatus.DISPATCHED, incident
        self._later(crew, self._turnout(crew), self._leave)

    def _turnout(self, crew: Crew) -> int:
        """Seconds from its order until it moves."""
        return self._draws.seconds(TURNOUT, "turnout", crew.incident, crew.kind)

    def _told(self, status: UnitStatusPayload) -> None:
        """A status that a desk, or an inject, has set."""
        crew = self.of.get(status.unit)
        if crew is None:
            return
        incident = crew.incident
        if status.status is UnitStatus.OUT_OF_SERVICE:
            crew.halt(self._agenda.now)
            crew.orders += 1
            crew.status, crew.incident = UnitStatus.OUT_OF_SERVICE, ""
        elif status.status is UnitStatus.AVAILABLE:
            self._free(crew)
        elif status.status is UnitStatus.ON_SCENE:
            self._there(crew.id)
        if incident and not crew.incident:
            self._lost(incident)

    def _there(self, id: str) -> None:
        """A desk says that it is there: it works from now on."""
        crew = self.of.get(id)
        if crew is not None and crew.status in _UNDER_WAY:
            crew.orders += 1
            self._begin(crew)

    def _over(self, incident: str) -> None:
        for crew in self.of.values():
            if crew.incident == incident:
                self._free(crew)

    def _free(self, crew: Crew) -> None:
        """Nothing binds it any more; it drives home."""
        now = self._agenda.now
        crew.halt(now)
        crew.orders += 1
        crew.status, crew.incident = UnitStatus.AVAILABLE, ""
        self._drive(crew, crew.home)

    # --- roads -------------------------------------------------------------------------------------------------

    def block(self, record: Record, event: EventPayload) -> None:
        """Take note of an event that says what cannot be driven through, unless that is over."""
        area, radius, until = (event.attrs.get(key) for key in (BLOCKED_AREA, BLOCKED_M, BLOCKED_UNTIL))
        if isinstance(until, str) and datetime.fromisoformat(until) <= self._agenda.moment:
            return
        name = record.source_id
        if isinstance(area, str) and area in self._region.by_code:
            touched = self._roads.block_area(name, self._region.by_code[area].geometry)
        elif isinstance(radius, (int, float)) and record.lon is not None and record.lat is not None:
            touched = self._roads.block_round(name, record.lon, record.lat, float(radius))
        else:
            return
        self._turn(touched)
        if isinstance(until, str):
            end = int(datetime.fromisoformat(until).timestamp())
            self._agenda.at(end, lambda: self._turn(self._roads.free(name)))

    def _turn(self, touched: frozenset[tuple[int, int]]) -> None:
        """Who was going to drive there finds another way."""
        now = self._agenda.now
        for crew in self.of.values():
            if crew.trip is None or crew.trip.edges.isdisjoint(touched):
                continue
            goal = tuple(crew.trip.lonlat[-1].tolist())
            crew.halt(now)
            self._drive(crew, (goal[0], goal[1]))

    # --- what they do ------------------------------------------------------------------------------------------

    def _leave(self, crew: Crew) -> None:
        row = self._find(crew.incident)
        if row is None or row.lon is None or row.lat is None:
            self._work(crew)  # nobody knows where it is: it is dealt with by telephone
            return
        self._say(crew, UnitStatus.EN_ROUTE)
        self._drive(crew, (row.lon, row.lat))

    def _drive(self, crew: Crew, goal: tuple[float, float]) -> None:
        now = self._agenda.now
        hour = self._agenda.moment.astimezone(self._zone).hour
        crew.trip = self._trip(crew, goal, hour)
        crew.began = now
        crew.orders += 1
        arrive = self._work if crew.status in _UNDER_WAY else self._home
        self._later(crew, crew.trip.seconds, arrive)
        if crew.trip.seconds > self.fix_s:
            self._later(crew, self.fix_s, self._fix, quiet=True)

    def _trip(self, crew: Crew, goal: tuple[float, float], hour: int) -> Trip:
        return self._roads.trip(crew.place(self._agenda.now), goal, hour, crew.walk_ms)

    def _fix(self, crew: Crew) -> None:
        if crew.trip is None:
            return
        self._put([self._position(crew)])
        if self._agenda.now + self.fix_s < crew.began + crew.trip.seconds:
            self._later(crew, self.fix_s, self._fix, quiet=True)

    def _home(self, crew: Crew) -> None:
        crew.halt(self._agenda.now)
        self._put([self._position(crew)])

    def _work(self, crew: Crew) -> None:
        crew.halt(self._agenda.now)
        self._say(crew, UnitStatus.ON_SCENE)
        self._begin(crew)

    def _begin(self, crew: Crew, since: int = 0) -> None:
        """It works from now on, or for `since` seconds already."""
        crew.halt(self._agenda.now)
        crew.status = UnitStatus.ON_SCENE
        row = self._find(crew.incident)
        category = "" if row is None else row.category
        work = self._draws.scene(category, crew.incident, crew.kind)
        self._later(crew, max(0, work - since), self._done)

    def _done(self, crew: Crew) -> None:
        incident = crew.incident
        self._say(crew, UnitStatus.LEAVING)
        crew.incident = ""
        self._later(crew, self._draws.seconds(LEAVE, "leave", incident, crew.kind), self._again)
        if not self.at_work(incident):
            self._left(incident)

    def _again(self, crew: Crew) -> None:
        self._say(crew, UnitStatus.AVAILABLE)
        self._free(crew)

    def _say(self, crew: Crew, status: UnitStatus) -> None:
        crew.status = status
        self._put([self._status(crew), self._position(crew)])

    def _status(self, crew: Crew) -> Record:
        status, now = crew.status, self._agenda.moment
        said = UnitStatusPayload(
            unit=crew.id, status=status, incident=crew.incident or None if status is not UnitStatus.AVAILABLE else None,
            actor=f"{TERMINAL}{crew.id}",
        )  # fmt: skip
        id = f"{crew.id}-{status}-{self._agenda.now}"
        return Record(Kind.UNIT_STATUS, "cad", id, now, said, timeline=self._timeline)

    def _position(self, crew: Crew) -> Record:
        lon, lat = crew.place(self._agenda.now)
        payload = UnitPosition.model_construct(unit=crew.id, speed_kmh=None, bearing=None)
        return Record(
            Kind.UNIT_POSITION, "gps", crew.id, self._agenda.moment, payload, lon, lat, timeline=self._timeline
        )

    def _beat(self) -> None:
        """Those that stand somewhere say so."""
        self._put([self._position(crew) for crew in self.of.values() if crew.trip is None])
        self._agenda.after(self.beat_s, self._beat, quiet=True)

    def _later(self, crew: Crew, seconds: int, deed: Callable[[Crew], None], *, quiet: bool = False) -> None:
        orders = crew.orders

        def do() -> None:
            if crew.orders == orders:
                deed(crew)

        self._agenda.after(seconds, do, quiet=quiet)
