"""The live feeds of the demonstration: what the script says happens, and terminals that react to the log.

    agenda (script) ─┐                        ┌─ hotline, grid, 110, 119, 120, 122, sensor, water
    log (dispatches) ┼─> Simulation.step(t) ──┼─ gps, cad       vehicles on the roads
    fleet, terminals ┘                        └─ video          cameras

`step` is a plain function of time and what the log said; the feeds only call it and hand over what it made.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from data.clock import Clock
from data.records import (
    EventPayload,
    FeedPayload,
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
from data.store import Snapshot, Store
from feeds.demo.agenda import Agenda
from feeds.demo.deeds import EMERGENCY
from feeds.demo.district import SEED, draw_district
from feeds.demo.fleet import BUSY, Change, Fleet, Mover
from feeds.demo.offices import Commands, Offices
from feeds.demo.plane import to_degrees, to_metres
from feeds.demo.resources import Vehicle, feed_payload, vehicles
from feeds.demo.script import DayPlan
from feeds.demo.sources import SOURCES, TERMINALS, Source
from feeds.demo.spells import water_is_quiet
from feeds.demo.terminals import Cameras, Gauges, Workers, moment, night_watch

STEP_S = 1.0
"""Seconds between two steps."""
MOVING_S, STANDING_S = (2.0, 4.5), (25.0, 45.0)
"""Seconds between two positions of a vehicle."""
WORK_S = (240.0, 1500.0)
"""Bounds of a vehicle's time at a matter, seconds."""
SPARE = 0.45
"""Share of each kind of vehicle that the simulated dispatch centre leaves for the desks."""
LEFT_TO_DESKS_S = 480.0
"""So long an emergency for which too few vehicles are free is left to the desks, seconds."""
OTHERS_S = 2400.0
"""After this time without a free vehicle the source says that somebody is there, seconds."""
CASE_S = 60.0
"""What is no case after this time is told of by its source as ever, seconds."""
LOOK_S = 5.0
HELD = 20_000
"""Records kept for a feed that does not take them."""

_KIND_OF = {"110": "patrol_car", "122": "patrol_car", "119": "fire_engine", "120": "ambulance"}
_REPAIR = ("02", "13")
_CRISIS_KIND = {"05": "fire_engine", "06": "ambulance", "03": "patrol_car", "02": "fire_engine", "13": "repair_team"}
_TERMINAL = "terminal:"
_CENTRE = "cad:auto"


class Taker(Protocol):
    """The part of `feeds.intake.Intake` that is used here."""

    async def submit(self, records: Sequence[Record]) -> int: ...


class Simulation:
    """The living district at one moment. Not thread-safe; all feeds of a process share one."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        seed: int = SEED,
        have: Snapshot | None = None,
        cases: Mapping[str, str] | None = None,
    ) -> None:
        self._store, self._clock, self._seed = store, clock, seed
        now = clock.now().timestamp()
        self._rng = np.random.default_rng([seed, 12, int(now)])
        self.fleet = Fleet(draw_district(seed), vehicles(seed), self._rng)
        self.agenda = Agenda(seed, now)
        self.workers = Workers(seed, now, self._rng)
        offline = None if have is None else [s.id for s in have.sites if s.kind == "camera" and not s.online]
        self._cameras = Cameras(seed, now, self._rng, offline)
        self._gauges = Gauges(seed, now)
        self._out: dict[str, deque[Record]] = {s.id: deque(maxlen=HELD) for s in (*SOURCES, *TERMINALS)}
        self._cursor = store.head() if have is None else have.seq
        self._taken: dict[str, list[float]] = {}
        """Matters of the script that a vehicle works on -> their milestones so far, epoch seconds."""
        self._casework = cases is not None
        self._waiting: dict[str, tuple[float, str]] = {}
        """Emergencies left to the desks -> since when, and what kind of unit they need."""
        self._look_at = 0.0
        self._ended: set[str] = set()
        self._cases = dict(cases or {})
        """Incidents that are cases -> their workflow: they are closed by their workflow, not by their source."""
        self._last = now
        self._lock = asyncio.Lock()
        if have is not None:
            self._resume(have, now)

    # --- time --------------------------------------------------------------------------------------------------

    def step(self, now: float, heard: Iterable[Record] = ()) -> None:
        """Go to `now` (epoch seconds) after hearing what the log got meanwhile."""
        for record in heard:
            self._hear(record, now)
        for plan, i, version in self.agenda.due(now):
            self._scripted(plan, i, version, now)
        for change in self.fleet.step(now):
            self._report(change, now)
        if self._waiting and now >= self._look_at:
            self._look_at = now + LOOK_S
            self._look_after(now)
        for mover in list(self.fleet.movers.values()):
            if mover.next_fix <= now:
                self._fix(mover, now)
        self._put(self.workers.step(now))
        self._put(self._cameras.step(now))
        self._put(self._gauges.step(now, quiet=water_is_quiet(self._seed, now)))
        self._last = now

    def take(self, source: str, now: float) -> list[Record]:
        """What a feed has to hand over now. The water gauges hold theirs back while they are quiet."""
        box = self._out[source]
        if source == "water" and water_is_quiet(self._seed, now):
            return []
        out = list(box)
        box.clear()
        return out

    async def advance(self) -> float:
        """Step to the clock's now, at most once per STEP_S however many feeds ask. Returns that now."""
        async with self._lock:
            now = self._clock.now().timestamp()
            if now - self._last >= STEP_S * 0.6:
                heard = await asyncio.to_thread(self._store.read_after, self._cursor, limit=5000)
                if heard:
                    self._cursor = heard[-1].seq or self._cursor
                self.step(now, heard)
            return now

    # --- what the script says ----------------------------------------------------------------------------------

    def _scripted(self, plan: DayPlan, i: int, version: int, now: float) -> None:
        id = plan.ids[i]
        if version > 0 and not self._source_tells(id, version):
            return
        if version > 0 and (id in self._taken or id in self._ended):
            if version == 3 and id not in self._taken:
                self._ended.discard(id)
            return
        self._put([plan.record(i, version)])
        if version == 0:
            self._send_help(plan, i, now)

    def _source_tells(self, id: str, version: int) -> bool:
        """Whether a matter's source reports this milestone: not of a case, but for an emergency that is under way."""
        if id in self._waiting:
            return False
        workflow = self._cases.get(id)
        return workflow is None or (workflow == EMERGENCY and version < 3)

    def at_work(self, incident: str) -> bool:
        """Whether a unit is bound to the incident."""
        return any(mover.incident == incident for mover in list(self.fleet.movers.values()))

    def _send_help(self, plan: DayPlan, i: int, now: float) -> None:
        """The simulated dispatch centre: sends the nearest vehicle to urgent matters while enough are left."""
        record = plan.record(i, 0)
        assert isinstance(record.payload, EventPayload)
        kind = _kind_for(record.source, record.payload, urgent=bool(plan.urgent[i]))
        if kind is None:
            return
        if kind == "grid_worker" and night_watch(moment(now)) is not None:
            kind = "patrol_car"
        if not self._send(kind, plan, i, SPARE, now) and self._casework:
            self._waiting[plan.ids[i]] = (now, "patrol_car" if kind == "grid_worker" else kind)

    def _send(self, kind: str, plan: DayPlan, i: int, spare: float, now: float) -> bool:
        x, y = to_metres(plan.lonlat[i]).tolist()
        if kind == "grid_worker":
            worker = self.workers.all[int(plan.grid[i])].id
            mover = None if worker in self.fleet.movers else self._lead_worker(worker)
        else:
            mover = self.fleet.nearest_free(kind, x, y, spare)
        if mover is None:
            return False
        self._order(mover, plan.ids[i], (x, y), now)
        self._status(mover.vehicle.id, "cad", UnitStatus.DISPATCHED, plan.ids[i], _CENTRE, now)
        return True

    def _look_after(self, now: float) -> None:
        """Emergencies that were left to the desks and to which nobody was sent: the centre sends what there is."""
        for id, (since, kind) in list(self._waiting.items()):
            found = self.agenda.find(id)
            if found is None or id in self._taken or id in self._ended or id not in self._cases:
                if now - since > CASE_S or id in self._taken:
                    del self._waiting[id]
                continue
            if now - since < LEFT_TO_DESKS_S:
                continue
            plan, i = found
            if self._send(kind, plan, i, 0.0, now):
                continue
            if now - since > OTHERS_S:  # others went there, whom nobody follows
                del self._waiting[id]
                times = [float(plan.at[i, 0]), now - 600.0, now]
                self._put([plan.record(i, 2, times)])

    # --- what the log says -------------------------------------------------------------------------------------

    def _hear(self, record: Record, now: float) -> None:
        payload = record.payload
        if record.timeline != "live":
            return
        if isinstance(payload, IncidentDispatched):
            for unit in payload.units:
                self._sent(unit, payload.incident, now)
        elif isinstance(payload, IncidentArrived):
            mover = self.fleet.movers.get(payload.unit)
            if mover is not None and mover.status is not UnitStatus.ON_SCENE:
                self.fleet.put(mover, UnitStatus.ON_SCENE, now)
                self._milestone(payload.incident, 2, now)
        elif isinstance(payload, IncidentMoved):
            if payload.phase is IncidentState.CLOSED:
                self._over(payload.incident, now)
            else:
                self._cases[payload.incident] = payload.workflow
        elif isinstance(payload, IncidentRecalled):
            for unit in payload.units:
                mover = self.fleet.movers.get(unit)
                if mover is not None and mover.incident == payload.incident:
                    self._set(mover, UnitStatus.AVAILABLE, now)
        elif isinstance(payload, IncidentClosed):
            self._over(payload.incident, now)
        elif isinstance(payload, UnitStatusPayload) and not payload.actor.startswith((_TERMINAL, _CENTRE)):
            mover = self.fleet.movers.get(payload.unit)
            if mover is not None and payload.status in (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE):
                self._set(mover, payload.status, now)

    def _over(self, incident: str, now: float) -> None:
        """It was closed: its units are free, and its source says no more of it."""
        found = self.agenda.find(incident)
        if found is not None and found[0].at[found[1], 3] > self._last:  # the script has its end yet to tell
            self._ended.add(incident)
        self._taken.pop(incident, None)
        self._cases.pop(incident, None)
        for mover in list(self.fleet.movers.values()):
            if mover.incident == incident:
                self._set(mover, UnitStatus.AVAILABLE, now)

    def _set(self, mover: Mover, status: UnitStatus, now: float) -> None:
        """A desk set a unit's status: what it was doing ends."""
        self.fleet.put(mover, status, now)
        if mover.vehicle.kind == "grid_worker":
            self._part(mover)

    def _sent(self, unit: str, incident: str, now: float) -> None:
        """A desk sent a unit: its terminal shows the order and the unit goes there."""
        mover = self.fleet.movers.get(unit)
        if mover is not None and mover.incident == incident and mover.status in BUSY:
            return
        target = self._where(incident)
        if target is None:
            return
        if mover is None:
            mover = self._lead_worker(unit)
        if mover is not None:
            self._order(mover, incident, target, now)

    def _lead_worker(self, unit: str) -> Mover | None:
        number = self.workers.number.get(unit)
        if number is None:
            return None
        self.workers.held.add(number)
        worker = self.workers.all[number]
        lon, lat = self.workers.lonlat[number].tolist()
        town = int(draw_district(self._seed).grid_town[number])
        return self.fleet.join(
            Vehicle(worker.id, "grid_worker", worker.name, worker.name_en, ("patrol",), (lon, lat), town)
        )

    def _where(self, incident: str) -> tuple[float, float] | None:
        found = self.agenda.find(incident)
        if found is not None:
            x, y = to_metres(found[0].lonlat[found[1]]).tolist()
            return x, y
        for record in self._store.timeline_of(incident):
            if record.kind is Kind.EVENT and record.lon is not None and record.lat is not None:
                x, y = to_metres(np.array([record.lon, record.lat])).tolist()
                return x, y
        return None

    def _order(self, mover: Mover, incident: str, target: tuple[float, float], now: float) -> None:
        self._waiting.pop(incident, None)
        work = float(self._rng.uniform(300, 720))
        found = self.agenda.find(incident)
        if found is not None:
            plan, i = found
            work = float(np.clip(plan.at[i, 3] - plan.at[i, 2], *WORK_S))
            if incident not in self._taken and incident not in self._ended:
                self._taken[incident] = [float(plan.at[i, 0])]
                self._milestone(incident, 1, now)
        self.fleet.send(mover, incident, target, work, now)

    # --- what the vehicles do ----------------------------------------------------------------------------------

    def _report(self, change: Change, now: float) -> None:
        unit = change.mover.vehicle.id
        about = change.incident if change.status in BUSY else None
        on_foot = change.mover.vehicle.kind == "grid_worker"
        self._status(unit, "grid" if on_foot else "cad", change.status, about, f"{_TERMINAL}{unit}", now)
        self._fix(change.mover, now)
        if on_foot and change.status is UnitStatus.AVAILABLE:
            self._part(change.mover)
        if change.incident is None:
            return
        if change.status is UnitStatus.ON_SCENE:
            self._milestone(change.incident, 2, now)
        elif change.status is UnitStatus.LEAVING and not self._others(change.incident):
            self._milestone(change.incident, 3, now)

    def _part(self, mover: Mover) -> None:
        self.workers.held.discard(self.workers.number[mover.vehicle.id])
        self.fleet.part(mover)

    def _others(self, incident: str) -> bool:
        return any(m.incident == incident for m in self.fleet.movers.values())

    def _milestone(self, incident: str, version: int, now: float) -> None:
        """The source of a matter of the script reports how far it has come: 1 sent, 2 on scene, 3 closed."""
        times, found = self._taken.get(incident), self.agenda.find(incident)
        if times is None or found is None or len(times) > version:
            return
        while len(times) <= version:
            times.append(max(now, times[-1]))
        plan, i = found
        too_soon = self._casework and version == 1 and not plan.urgent[i]  # it is about to become a case
        if self._source_tells(incident, version) and not too_soon:
            self._put([plan.record(i, version, times)])
        if version == 3:
            del self._taken[incident]
            if plan.at[i, 3] > now:
                self._ended.add(incident)

    def _fix(self, mover: Mover, now: float) -> None:
        """A vehicle's position."""
        low, high = MOVING_S if mover.trip is not None else STANDING_S
        mover.next_fix = now + float(self._rng.uniform(low, high))
        lon, lat = to_degrees(np.array([mover.x, mover.y])).tolist()
        source = "gps"
        if mover.vehicle.kind == "grid_worker":
            source = "grid"
            self.workers.lonlat[self.workers.number[mover.vehicle.id]] = (lon, lat)
        payload = UnitPosition.model_construct(
            unit=mover.vehicle.id, speed_kmh=round(min(mover.speed, 150.0), 1), bearing=mover.bearing
        )
        id = f"{mover.vehicle.id}-{int(now * 1000)}"
        self._put([Record(Kind.UNIT_POSITION, source, id, moment(now), payload, lon, lat)])

    def _status(self, unit: str, source: str, status: UnitStatus, incident: str | None, actor: str, now: float) -> None:
        payload = UnitStatusPayload.model_construct(unit=unit, status=status, incident=incident, reason="", actor=actor)
        id = f"{unit}-{status}-{int(now * 1000)}"
        self._put([Record(Kind.UNIT_STATUS, source, id, moment(now), payload)])

    def _put(self, records: Iterable[Record]) -> None:
        for record in records:
            self._out[record.source].append(record)

    def _resume(self, have: Snapshot, now: float) -> None:
        """Take up where the units stood at the last stop."""
        for row in have.units:
            mover = self.fleet.movers.get(row.id)
            if mover is None:
                continue
            if row.lon is not None and row.lat is not None:
                mover.x, mover.y = to_metres(np.array([row.lon, row.lat])).tolist()
            if row.status in (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE) and row.incident:
                target = self._where(row.incident)
                if target is not None:
                    self._order(mover, row.incident, target, now)
            elif row.status is not UnitStatus.AVAILABLE:
                self.fleet.put(mover, row.status, now)


def _kind_for(source: str, event: EventPayload, *, urgent: bool) -> str | None:
    """The kind of unit that the dispatch centre sends to a matter, None for one of the offices."""
    kind = _KIND_OF.get(source) or (_CRISIS_KIND.get(event.category[:2]) if urgent else None)
    if kind == "patrol_car" and event.severity > 3:
        return "grid_worker"
    if kind is None and event.category[:2] in _REPAIR and event.severity <= 2:
        return "repair_team"
    return kind if event.severity <= 3 else None


class DemoFeed:
    """One live feed of the demonstration, for `feeds.runner.Runner`."""

    def __init__(
        self, source: Source, simulation: Simulation, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.name = source.id
        self.rhythm_s = source.rhythm_s
        self.payload: FeedPayload = feed_payload(source)
        self._simulation, self._pause = simulation, pause

    async def run(self, intake: Taker) -> None:
        """Hand over what happens, once a second, until cancelled."""
        while True:
            now = await self._simulation.advance()
            records = self._simulation.take(self.name, now)
            if records:
                await intake.submit(records)
            await self._pause(STEP_S)


class CentreFeed(DemoFeed):
    """The dispatch centre's feed, and the offices beside it: they give commands, once a second, and submit nothing."""

    def __init__(self, source: Source, simulation: Simulation, offices: Offices) -> None:
        super().__init__(source, simulation)
        self._offices = offices

    async def run(self, intake: Taker) -> None:
        """Both, until cancelled or one fails."""
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run(intake))
            group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await asyncio.to_thread(self._offices.step)
            await self._pause(STEP_S)


def get_ready(clock: Clock, *, seed: int = SEED) -> None:
    """Draw what `demo_feeds` needs of a district, which is kept: so it is at hand when the store is filled."""
    now = clock.now().timestamp()
    Fleet(draw_district(seed), vehicles(seed), np.random.default_rng())
    Agenda(seed, now)
    Workers(seed, now, np.random.default_rng())
    Cameras(seed, now, np.random.default_rng())
    Gauges(seed, now)


def demo_feeds(
    store: Store, clock: Clock, *, seed: int = SEED, have: Snapshot | None = None, commands: Commands | None = None
) -> list[DemoFeed]:
    """All live feeds of the demonstration on a store that `prepare` has filled.

    `have` is the state the store had at the start (`DemoReport.have`); without it all units are taken to be free.
    `commands` are casework's; without them nobody works the cases.
    """
    if commands is None:
        simulation = Simulation(store, clock, seed=seed, have=have)
        return [DemoFeed(source, simulation) for source in (*SOURCES, *TERMINALS)]
    _, rows = store.unsettled(clock.now())
    cases = {row.id: row.case.workflow for row in rows if row.case is not None and row.case.workflow}
    simulation = Simulation(store, clock, seed=seed, have=have, cases=cases)
    offices = Offices(store, clock, commands, seed, simulation.at_work)
    return [
        CentreFeed(source, simulation, offices) if source.id == "cad" else DemoFeed(source, simulation)
        for source in (*SOURCES, *TERMINALS)
    ]
