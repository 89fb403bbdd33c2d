"""The 80 vehicles: patrol, be sent, drive along the roads, work, leave, be free again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from data.records import UnitStatus
from feeds.demo.district import District
from feeds.demo.plane import Points, to_degrees, to_metres
from feeds.demo.resources import Vehicle, road_graph
from geo.roads import RoadGraph

TURNOUT_S = (4.0, 12.0)
LEAVING_S = (45.0, 90.0)
PATROL_PACE = 0.55
"""Share of the free speed at which patrols cruise."""
_PACE = {"grid_worker": 0.6, "repair_team": 1.0}
"""Share of the free speed on the way to a matter; vehicles with blue lights are faster than it."""
LAST_LEG_MS = 5.0
"""Speed from the road to the spot, m/s."""

FREE = (UnitStatus.AVAILABLE,)
BUSY = (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE, UnitStatus.LEAVING)


@dataclass(frozen=True)
class Trip:
    """A way with a timetable: points in metres, epoch seconds at each."""

    points: Points
    times: NDArray[np.float64]

    @property
    def end(self) -> float:
        return float(self.times[-1])

    def at(self, now: float) -> tuple[float, float, float, float]:
        """East, north in metres, speed in km/h and bearing in degrees at `now`."""
        leg = int(np.clip(np.searchsorted(self.times, now, side="right") - 1, 0, len(self.times) - 2))
        a, b = self.points[leg], self.points[leg + 1]
        span = max(float(self.times[leg + 1] - self.times[leg]), 1e-6)
        part = min(max((now - float(self.times[leg])) / span, 0.0), 1.0)
        step = b - a
        x, y = a + step * part
        bearing = round(float(np.degrees(np.arctan2(step[0], step[1]))) % 360, 1) % 360
        moving = now < self.end
        return float(x), float(y), float(np.hypot(*step)) / span * 3.6 if moving else 0.0, bearing


@dataclass
class Mover:
    """One vehicle as it moves. `until` ends its present phase (epoch seconds)."""

    vehicle: Vehicle
    x: float
    y: float
    status: UnitStatus = UnitStatus.AVAILABLE
    incident: str | None = None
    target: tuple[float, float] | None = None  # metres
    work_s: float = 600.0
    trip: Trip | None = None
    until: float = 0.0
    next_fix: float = 0.0
    bearing: float | None = None
    speed: float = 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """A vehicle's new status, for its terminal to report. `incident` is the matter it is about."""

    mover: Mover
    status: UnitStatus
    incident: str | None


@dataclass
class Fleet:
    """All vehicles on the district's roads. Deterministic for a seed and the same orders at the same times."""

    district: District
    vehicles: tuple[Vehicle, ...]
    rng: np.random.Generator
    movers: dict[str, Mover] = field(init=False)
    graph: RoadGraph = field(init=False)

    def __post_init__(self) -> None:
        self.graph = road_graph(self.district)
        streets = self.district.streets
        self._nodes = streets.nodes
        self._seconds: dict[tuple[int, int], float] = {}
        for a, b, s in zip(streets.edge_from.tolist(), streets.edge_to.tolist(), streets.seconds.tolist(), strict=True):
            best = min(s, self._seconds.get((a, b), s))
            self._seconds[a, b] = self._seconds[b, a] = best
        self.movers = {}
        for vehicle in self.vehicles:
            x, y = to_metres(np.array(vehicle.station)).tolist()
            self.movers[vehicle.id] = Mover(vehicle, x, y)

    # --- orders ------------------------------------------------------------------------------------------------

    def nearest_free(self, kind: str, x: float, y: float, spare: float) -> Mover | None:
        """The nearest free vehicle of a kind, None when no more than the share `spare` of that kind is free."""
        kin = [m for m in self.movers.values() if m.vehicle.kind == kind]
        free = [m for m in kin if m.status in FREE]
        if len(free) <= spare * len(kin):
            return None
        return min(free, key=lambda m: (m.x - x) ** 2 + (m.y - y) ** 2)

    def join(self, unit: Vehicle) -> Mover:
        """A unit that moves on its own otherwise (a grid worker) is led along the roads from its `station`."""
        x, y = to_metres(np.array(unit.station)).tolist()
        mover = self.movers[unit.id] = Mover(unit, x, y)
        return mover

    def part(self, mover: Mover) -> None:
        """A unit that joined goes its own ways again."""
        del self.movers[mover.vehicle.id]

    def send(self, mover: Mover, incident: str, target: tuple[float, float], work_s: float, now: float) -> None:
        """Order a vehicle to a place (metres); it turns out after some seconds."""
        mover.status, mover.incident, mover.target, mover.work_s = UnitStatus.DISPATCHED, incident, target, work_s
        mover.trip, mover.speed = None, 0.0
        mover.until = now + float(self.rng.uniform(*TURNOUT_S))

    def release(self, mover: Mover, now: float) -> Change:
        """End a vehicle's work at its matter."""
        incident = mover.incident
        mover.status, mover.trip, mover.speed, mover.incident = UnitStatus.LEAVING, None, 0.0, None
        mover.until = now + float(self.rng.uniform(*LEAVING_S))
        return Change(mover, UnitStatus.LEAVING, incident)

    def put(self, mover: Mover, status: UnitStatus, now: float) -> None:
        """Take over a status that a desk has set."""
        mover.status, mover.trip, mover.speed, mover.until = status, None, 0.0, now
        if status in (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE):
            mover.incident = mover.target = None
        elif status is UnitStatus.ON_SCENE:
            mover.until = now + mover.work_s
            if mover.target is not None:
                mover.x, mover.y = mover.target

    # --- time --------------------------------------------------------------------------------------------------

    def step(self, now: float) -> Iterator[Change]:
        """Move everybody to `now`; yields the status changes on the way."""
        for mover in list(self.movers.values()):
            if mover.trip is not None:
                mover.x, mover.y, mover.speed, mover.bearing = mover.trip.at(now)
            if now < mover.until:
                continue
            change = self._next(mover, now)
            if change is not None:
                yield change

    def _next(self, mover: Mover, now: float) -> Change | None:
        if mover.status is UnitStatus.DISPATCHED and mover.target is not None:
            mover.trip = self.drive((mover.x, mover.y), mover.target, now, _PACE.get(mover.vehicle.kind, 1.2))
            mover.status, mover.until = UnitStatus.EN_ROUTE, mover.trip.end
        elif mover.status is UnitStatus.EN_ROUTE:
            mover.status, mover.trip, mover.speed, mover.until = UnitStatus.ON_SCENE, None, 0.0, now + mover.work_s
        elif mover.status is UnitStatus.ON_SCENE:
            return self.release(mover, now)
        elif mover.status is UnitStatus.LEAVING:
            mover.status = UnitStatus.AVAILABLE
            self._roam(mover, now)
        elif mover.status is UnitStatus.AVAILABLE:
            self._roam(mover, now)
            return None
        else:
            mover.until = now + 60
            return None
        return Change(mover, mover.status, mover.incident)

    def _roam(self, mover: Mover, now: float) -> None:
        """A free vehicle goes back to its station; patrol cars cruise around it, resting now and then."""
        home = to_metres(np.array(mover.vehicle.station))
        away = float(np.hypot(mover.x - home[0], mover.y - home[1]))
        if mover.trip is not None or (away < 60 and mover.vehicle.kind != "patrol_car"):
            mover.trip, mover.speed = None, 0.0
            mover.until = now + float(self.rng.uniform(60, 420))
            return
        goal = home
        if mover.vehicle.kind == "patrol_car" and away < 6000:
            goal = home + self.rng.normal(0, 2200, 2)
            goal = self._nodes[self._snap(goal)]
        mover.trip = self.drive((mover.x, mover.y), tuple(goal.tolist()), now, PATROL_PACE)
        mover.until = mover.trip.end

    def drive(self, start: tuple[float, float], goal: tuple[float, float], now: float, pace: float) -> Trip:
        """The fastest way along the roads at `pace` times their speeds; the first and last steps lead off them."""
        a, b = self._snap(np.array(start)), self._snap(np.array(goal))
        way = self.graph.route(a, b).tolist()
        points = np.vstack([np.array(start), self._nodes[way], np.array(goal)])
        on_road = [self._seconds[leg] / pace for leg in pairwise(way)]
        first, last = (float(np.hypot(*(points[i] - points[j]))) / LAST_LEG_MS for i, j in ((0, 1), (-2, -1)))
        legs = np.maximum([first, *on_road, last], 0.01)
        return Trip(points, now + np.concatenate([[0.0], np.cumsum(legs)]))

    def _snap(self, xy: Points) -> int:
        lon, lat = to_degrees(xy).tolist()
        return int(self.graph.snap(lon, lat))
