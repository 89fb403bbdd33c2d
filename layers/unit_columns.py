"""Units in columns, with the last points of each as its trail."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from data.records import UnitStatus
from data.store import UnitRow
from geo.area_index import AreaIndex
from layers.columns import NAN, Codes, Columns, ms
from layers.places import Places

TRAIL = 20
"""Points kept of each unit."""

STATUSES = tuple(UnitStatus)
_STATUS_NUMBER = {status: i for i, status in enumerate(STATUSES)}

Point = tuple[float, float, float]
"""(ms, lon, lat)"""


class UnitColumns:
    """`at` is the time of the position, ms; `area` holds the position, `duty` the unit's duty; NaN and -1: none."""

    def __init__(self, places: Places, index: AreaIndex) -> None:
        self._places = places
        self._index = index
        self._number_of = np.array([places.of(code) for code in index.codes] + [-1], np.int32)
        self._columns = Columns(
            lon=np.float64, lat=np.float64, at=np.float64, bearing=np.float32,
            status=np.uint8, kind=np.uint16, area=np.int32, duty=np.int32,
        )  # fmt: skip
        self.ids: list[str] = []
        self.row: dict[str, int] = {}
        self.rows: list[UnitRow] = []
        self.kinds = Codes()
        self.trails: list[deque[Point]] = []
        self._drawn: list[str | None] = []

    def __len__(self) -> int:
        return self._columns.n

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def put(self, rows: Sequence[UnitRow]) -> None:
        """Take over rows, new and changed ones. A position that is newer than the last becomes a point of the trail."""
        if not rows:
            return
        fresh = [row for row in rows if row.id not in self.row]
        if fresh:
            for row in fresh:
                self.row[row.id] = len(self.ids)
                self.ids.append(row.id)
                self.rows.append(row)
                self.trails.append(deque(maxlen=TRAIL))
                self._drawn.append(None)
            self._columns.extend(self.values(fresh))
        known = [row for row in rows if self.rows[self.row[row.id]] is not row]
        if known:
            at = np.array([self.row[row.id] for row in known], np.int64)
            for name, column in self.values(known).items():
                self[name][at] = column
            for row, i in zip(known, at.tolist(), strict=True):
                self.rows[i] = row
        self.walked((row.id, ms(row.position_at), row.lon, row.lat) for row in rows)

    def walked(self, points: Iterable[tuple[str, float, float | None, float | None]]) -> None:
        """Add points (unit, ms, lon, lat) to trails. Points at or before the last one of a trail are left out."""
        for id, at, lon, lat in points:
            i = self.row.get(id)
            if i is None or lon is None or lat is None or not np.isfinite(at):
                continue
            trail = self.trails[i]
            if not trail or at > trail[-1][0]:
                trail.append((at, lon, lat))
                self._drawn[i] = None

    def trail(self, i: int, until: float) -> str:
        """The trail of row i up to `until` (ms) as `docs/wire.md` has it."""
        points = self.trails[i]
        if points and points[-1][0] > until:
            return _drawn(p for p in points if p[0] <= until)
        found = self._drawn[i]
        if found is None:
            found = self._drawn[i] = _drawn(points)
        return found

    def position_at(self, i: int, t: float) -> Point | None:
        """Where row i was at t: its last point at or before t, None when that is not known."""
        return next((p for p in reversed(self.trails[i]) if p[0] <= t), None)

    def areas_of(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
        """Numbers of the finest areas that hold these points, -1 for none."""
        found: NDArray[np.int32] = self._number_of[self._index.locate(lon, lat)]
        return found

    def values(self, rows: Sequence[UnitRow]) -> dict[str, NDArray[Any]]:
        """The columns of these units, whose kinds become known by it."""
        of, kind = self._places.of, self.kinds.number
        lon = np.array([NAN if row.lon is None else row.lon for row in rows])
        lat = np.array([NAN if row.lat is None else row.lat for row in rows])
        return {
            "lon": lon,
            "lat": lat,
            "at": np.array([ms(row.position_at) for row in rows]),
            "bearing": np.array([NAN if row.bearing is None else row.bearing for row in rows], np.float32),
            "status": np.array([_STATUS_NUMBER[row.status] for row in rows], np.uint8),
            "kind": np.array([kind(row.kind) for row in rows], np.uint16),
            "area": self.areas_of(lon, lat),
            "duty": np.array([of(row.duty_area) for row in rows], np.int32),
        }


def _drawn(points: Iterable[Point]) -> str:
    return drawn(rounded(np.array([(lon, lat) for _, lon, lat in points])))


def rounded(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees as they travel: to some 10 cm."""
    return np.round(places, 6)


def drawn(places: NDArray[np.float64]) -> str:
    """A way of rounded rows (lon, lat) as JSON."""
    return orjson.dumps(places, option=orjson.OPT_SERIALIZE_NUMPY).decode()
