"""The crews of a fork: as those of an exercise, but their times are those that the original recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from data.records import IncidentDispatched, Record, UnitStatus
from data.store import UnitRow
from geo.roads import RoadGraph
from replay.fork_original import Sent
from replay.fork_times import ForkTimes
from replay.policies_roads import Roads, Trip
from replay.policies_units import Crew, Crews

Place = tuple[float, float]
ROADS, HISTORY = "roads", "history"
"""How units travel: on the roads always, or as recorded where the unit that history sent goes."""
FIX_S, BEAT_S = 60, 900
"""Seconds between two positions of a unit that drives, and of one that stands."""
WATCHED_BEAT_S = 540
"""The latter where people choose: below the ten minutes after which a unit is offered no more, and few."""


class SharedTrips:
    """Trips that were found before, for courses on the same roads: most units go the same ways in each of them."""

    def __init__(self, roads: RoadGraph | None) -> None:
        self._roads = Roads(roads)
        self._found: dict[tuple[Place, Place, int, float], Trip] = {}
        self._by_hour = roads is not None and len(roads.profiles) > 0

    def trip(self, start: Place, goal: Place, hour: int, walk_ms: float) -> Trip:
        """The fastest way at an hour of the local day; straight for who walks."""
        key = start, goal, hour if self._by_hour else 0, walk_ms
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._roads.trip(start, goal, hour, walk_ms)
        return found


class ForkCrews(Crews):
    """`travel`: ROADS or HISTORY. `watched`: people choose among them, and are offered only those that were heard from
    of late: all that stand say so as often as real terminals do."""

    fix_s, beat_s = FIX_S, BEAT_S

    def __init__(
        self, *args: object, times: ForkTimes, travel: str, trips: SharedTrips | None = None, watched: bool = False,
        **more: object,
    ) -> None:  # fmt: skip
        self._watched = watched
        if watched:
            self.beat_s = WATCHED_BEAT_S
        self._times, self._travel, self._shared = times, travel, trips
        self._orders: dict[str, Sent] = {}
        self._kinds: dict[str, list[Crew]] | None = None
        super().__init__(*args, draws=times, **more)  # type: ignore[arg-type]

    def kinds(self) -> Iterable[str]:
        """The kinds of units there are."""
        return self._by_kind()

    def free(self, kind: str | None = None) -> list[Crew]:
        """The units (of a kind) that can be sent, by id."""
        some: Iterable[Crew] = self.of.values() if kind is None else self._by_kind().get(kind, ())
        return [crew for crew in some if crew.status is UnitStatus.AVAILABLE]

    def _by_kind(self) -> dict[str, list[Crew]]:
        if self._kinds is None:
            self._kinds = {}
            for crew in self.of.values():
                self._kinds.setdefault(crew.kind, []).append(crew)
        return self._kinds

    def order(self, unit: str, sent: Sent, record: Record) -> None:
        """A unit is sent in place of history's: `record` says so."""
        assert isinstance(record.payload, IncidentDispatched)
        self._orders[unit] = sent
        self._sent(unit, sent.incident)

    def carry_on(self, unit: str, sent: Sent) -> None:
        """A unit that had been sent before the fork goes on as it did."""
        crew, now = self.of.get(unit), self._agenda.now
        if crew is None:
            return
        crew.orders += 1
        crew.incident = sent.incident
        self._orders[unit] = sent
        there, free = sent.there, sent.free
        if there is not None and there <= now:
            crew.status = UnitStatus.ON_SCENE
            left = self._times.scene_s(sent, sent.incident, self._category(crew), crew.kind)
            self._later(crew, max(0, (there + left if free is None else free) - now), self._done)
        elif there is not None:
            crew.status = UnitStatus.EN_ROUTE
            self._later(crew, there - now, self._work)
        else:
            crew.status = UnitStatus.DISPATCHED
            if free is not None:
                self._later(crew, max(0, free - now), self._called_off)
            else:
                self._later(crew, self._times.turnout_s(None, sent.incident, crew.kind), self._leave)

    def hear(self, record: Record) -> None:
        """Take note of what people, or a source, said. Who is sent anew is no more on its former order."""
        if isinstance(record.payload, IncidentDispatched):
            for unit in record.payload.units:
                self._orders.pop(unit, None)
        super().hear(record)

    def take_up(self, row: UnitRow, inherited: Sent | None) -> None:
        """Go on with what a unit was doing when the fork was last played; `inherited` is the order that it still works
        on, where that was given before the fork."""
        crew = self.of.get(row.id)
        if crew is None:
            return
        if row.lon is not None and row.lat is not None:
            crew.lon, crew.lat = row.lon, row.lat
        if inherited is not None:
            self.carry_on(row.id, inherited)
        elif row.status is not UnitStatus.AVAILABLE:
            self.resume(row)
        elif (crew.lon, crew.lat) != crew.home:
            self._drive(crew, crew.home)

    def status_of(self, unit: str) -> Record | None:
        """What its terminal says at present."""
        crew = self.of.get(unit)
        return None if crew is None or crew.status is UnitStatus.AVAILABLE else self._status(crew)

    def _called_off(self, crew: Crew) -> None:
        self._done(crew)

    def _turnout(self, crew: Crew) -> int:
        return self._times.turnout_s(None, crew.incident, crew.kind)

    def _sent(self, id: str, incident: str) -> None:
        crew = self.of.get(id)
        if crew is None:
            return
        sent = self._orders.get(id)
        if sent is not None and sent.incident != incident:
            del self._orders[id]
            sent = None
        crew.halt(self._agenda.now)
        crew.orders += 1
        crew.status, crew.incident = UnitStatus.DISPATCHED, incident
        turnout = self._times.turnout_s(sent, incident, crew.kind)
        own = sent is not None and self._travel == HISTORY and sent.unit == id
        if own and sent is not None and sent.there is not None and sent.moving is None:
            turnout = 0  # the time that is recorded includes it
        self._later(crew, turnout, self._leave)

    def _trip(self, crew: Crew, goal: tuple[float, float], hour: int) -> Trip:
        if self._shared is None:
            trip = super()._trip(crew, goal, hour)
        else:
            trip = self._shared.trip(crew.place(self._agenda.now), goal, hour, crew.walk_ms)
        sent = self._orders.get(crew.id)
        if self._travel != HISTORY or sent is None or sent.unit != crew.id or not crew.incident:
            return trip
        recorded = sent.travel_s
        if recorded is None:
            return trip
        took = float(trip.at[-1])
        return replace(trip, at=trip.at * (recorded / took) if took else np.full(len(trip.at), float(recorded)))

    def _work(self, crew: Crew) -> None:
        """It is there; an order that history called off before anybody was there is not carried out in a fork either:
        whoever went waits to be called off."""
        sent = self._orders.get(crew.id)
        if sent is not None and sent.there is None and sent.free is not None:
            crew.halt(self._agenda.now)
            return
        super()._work(crew)

    def report_at_first(self) -> None:
        """Where people choose, all that stand are heard from as the fork begins, however long ago that was before."""
        if self._watched:
            self._report()

    def _report(self) -> None:
        some = (crew for crew in self.of.values() if crew.trip is None and (crew.orders or self._watched))
        self._put([self._position(crew) for crew in some])

    def beat_on(self, start: int) -> None:
        """Go on with the beats that began at `start`, as if they had never been interrupted."""
        done = (self._agenda.now - start) // self.beat_s
        self._agenda.at(start + (done + 1) * self.beat_s, self._beat, quiet=True)

    def _beat(self) -> None:
        """Those that were sent say where they stand; of the others nothing has changed since the fork began, and
        nobody asks how old that is but people."""
        self._report()
        self._agenda.after(self.beat_s, self._beat, quiet=True)

    def _begin(self, crew: Crew, since: int = 0) -> None:
        crew.halt(self._agenda.now)
        crew.status = UnitStatus.ON_SCENE
        work = self._times.scene_s(
            self._orders.get(crew.id), crew.incident, self._category(crew), crew.kind
        )  # fmt: skip
        self._later(crew, max(0, work - since), self._done)

    def _done(self, crew: Crew) -> None:
        """Recorded times end when a unit is available: it is, and goes home."""
        incident = crew.incident
        self._orders.pop(crew.id, None)
        crew.incident = ""
        self._again(crew)
        if incident and not self.at_work(incident):
            self._left(incident)

    def _category(self, crew: Crew) -> str:
        row = self._find(crew.incident)
        return "" if row is None else row.category
