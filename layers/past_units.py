"""Units at a moment: what their records make of them, and where the track table has them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from data.area_indexes import area_index
from data.codec import instant
from data.moment_lately import Seen
from data.moment_tracks import Point
from data.projection import Unit
from data.projection_io import unit_row
from data.records import UnitStatus
from data.store import UnitRow
from layers.columns import NAN
from layers.state import LiveState
from layers.unit_columns import STATUSES, TRAIL, UnitColumns, drawn, rounded

ONE_BY_ONE = 8
"""Ways that are fetched one by one; who asks for more draws many, and gets all."""

FindWays = Callable[[Sequence[str]], Sequence[Point]]

_Coded = tuple[float, float, int, int, int]

_NOWHERE = Seen("", 0, 0, NAN, NAN, None)


class PastUnits(UnitColumns):
    """The units of a moment. Their ways are fetched when they are drawn, and kept while time goes on by little."""

    def __init__(self, live: LiveState, timeline: str, find: FindWays) -> None:
        finest = live.region.finest
        super().__init__(live.places, area_index(live.region.by_level[finest] if finest else ()))
        self._timeline, self._find = timeline, find
        self._units: dict[str, Unit] = {}
        self._seen: dict[str, Seen] = {}
        self._known: list[bool] = []
        self._asked = 0
        self._codes: dict[str, tuple[Unit, _Coded]] = {}

    def bring(self, units: Mapping[str, Unit], seen: Mapping[str, Seen], since: Sequence[Seen] | None) -> None:
        """The units as they were, the last position of each, and how they came there from the moment before, by
        (at, seq); None: that is not known."""
        self._units, self._seen = dict(units), dict(seen)
        ids = sorted(units.keys() | seen.keys())
        self.rows = cast("list[UnitRow]", _Rows(self._timeline, ids, self._units, self._seen))
        if ids != self.ids:
            self.ids, self.row = ids, {id: i for i, id in enumerate(ids)}
            since = None
        if since is None:
            self.trails = [deque(maxlen=TRAIL) for _ in ids]
            self._drawn, self._known, self._asked = [None] * len(ids), [False] * len(ids), 0
        for each in since or ():
            i = self.row[each.unit]
            if self._known[i]:
                self.trails[i].append(_point(each))
                self._drawn[i] = None
        self._fill(ids)

    def trail(self, i: int, until: float) -> str:
        if not self._known[i]:
            self._asked += 1
            self._draw([i] if self._asked <= ONE_BY_ONE else [i for i, known in enumerate(self._known) if not known])
        return super().trail(i, until)

    def _draw(self, wanted: Sequence[int]) -> None:
        """Fetch the ways of these units: all in columns, for of a thousand units there are twenty thousand points."""
        for k in wanted:
            self._known[k], self._drawn[k] = True, None
        points = self._find([self.ids[k] for k in wanted])
        if not points:
            return
        units, us, seq, lon, lat = zip(*points, strict=True)
        who = np.array([self.row[unit] for unit in units], np.int64)
        order = np.lexsort((np.array(seq, np.int64), np.array(us, np.int64), who))
        who, places = who[order], np.array((lon, lat), np.float64).T[order]
        at = (np.array(us, np.int64)[order] / 1e6 * 1000.0).tolist()
        starts = np.flatnonzero(np.diff(who, prepend=-1)).tolist()
        shown = rounded(places)
        lons, lats, known = places[:, 0].tolist(), places[:, 1].tolist(), who[starts].tolist()
        for k, start, end in zip(known, starts, [*starts[1:], len(who)], strict=True):
            self.trails[k] = deque(zip(at[start:end], lons[start:end], lats[start:end], strict=True), maxlen=TRAIL)
            self._drawn[k] = drawn(shown[start:end])

    def _fill(self, ids: Sequence[str]) -> None:
        units, seen, none = self._units, self._seen, _NOWHERE
        coded = np.array([self._coded(id, units.get(id)) for id in ids], np.float64).reshape(-1, 5).T
        places = [seen.get(id, none) for id in ids]
        _, us, _, lons, lats, bearing = zip(*places, strict=True) if places else ((),) * 6
        nowhere = np.array([place is none for place in places], bool)
        lon, lat = (np.where(nowhere, c, np.array(p, np.float64)) for c, p in zip(coded, (lons, lats), strict=False))
        at = np.array(us, np.int64) / 1e6 * 1000.0  # as `ms` has it
        at[nowhere] = NAN
        values: dict[str, NDArray[Any]] = {
            "lon": lon,
            "lat": lat,
            "at": at,
            "bearing": np.array(bearing, np.float64).astype(np.float32),  # None is NaN
            "status": coded[2].astype(np.uint8),
            "kind": coded[3].astype(np.uint16),
            "area": self.areas_of(lon, lat),
            "duty": coded[4].astype(np.int32),
        }
        self._columns.n = 0
        self._columns.extend(values)

    def _coded(self, id: str, unit: Unit | None) -> _Coded:
        held = self._codes.get(id)
        if unit is not None and held is not None and held[0] is unit:
            return held[1]
        plain = unit or Unit(self._timeline, id, name=id)
        made = (
            NAN if plain.lon is None else plain.lon,
            NAN if plain.lat is None else plain.lat,
            STATUSES.index(UnitStatus(plain.status)),
            self.kinds.number(plain.kind),
            self._places.of(plain.duty_area),
        )
        if unit is not None:
            self._codes[id] = unit, made
        return made


class _Rows(Sequence[UnitRow]):
    """The rows of units, made when they are asked for."""

    def __init__(self, timeline: str, ids: list[str], units: Mapping[str, Unit], seen: Mapping[str, Seen]) -> None:
        self._timeline, self._ids, self._units, self._seen = timeline, ids, units, seen

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, i: Any) -> Any:
        return [self._row(id) for id in self._ids[i]] if isinstance(i, slice) else self._row(self._ids[i])

    def _row(self, id: str) -> UnitRow:
        row = unit_row(self._units.get(id) or Unit(self._timeline, id, name=id))
        seen = self._seen.get(id)
        if seen is None:
            return row
        return replace(
            row, lon=seen.lon, lat=seen.lat, position_at=instant(seen.us), bearing=seen.bearing,
            seq=max(row.seq, seen.seq),
        )  # fmt: skip


def _point(seen: Seen) -> tuple[float, float, float]:
    return seen.us / 1e6 * 1000.0, seen.lon, seen.lat
