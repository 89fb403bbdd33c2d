"""Cameras in columns; other sites as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.store import SiteRow
from layers.columns import NAN, Columns
from layers.places import Places
from layers.table import Column, text

CAMERA = "camera"


class CameraColumns:
    """The cameras of a state. `area` is the number of the area that holds the camera, -1 outside."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._columns = Columns(
            lon=np.float64, lat=np.float64, bearing=np.float32, fov=np.float32, online=np.uint8, area=np.int32
        )
        self.rows: list[SiteRow] = []
        self.row: dict[str, int] = {}
        self._ids: Column = text([])

    def __len__(self) -> int:
        return self._columns.n

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    @property
    def ids(self) -> Column:
        """Ids of all cameras; the same array as long as none is added, so that tables can see that keys are equal."""
        if len(self._ids) != len(self.rows):
            self._ids = text([row.id for row in self.rows])
        return self._ids

    def put(self, rows: Sequence[SiteRow]) -> None:
        """Take over rows, new and changed ones; sites that are no cameras are left out."""
        cameras = [row for row in rows if row.kind == CAMERA]
        fresh = [row for row in cameras if row.id not in self.row]
        known = [row for row in cameras if row.id in self.row]
        if known:
            at = [self.row[row.id] for row in known]
            for name, column in self._values(known).items():
                self[name][at] = column
            for row, i in zip(known, at, strict=True):
                self.rows[i] = row
        if fresh:
            for row in fresh:
                self.row[row.id] = len(self.rows)
                self.rows.append(row)
            self._columns.extend(self._values(fresh))

    def _values(self, rows: Sequence[SiteRow]) -> dict[str, NDArray[Any]]:
        return {
            "lon": np.array([row.lon for row in rows], np.float64),
            "lat": np.array([row.lat for row in rows], np.float64),
            "bearing": np.array([NAN if row.bearing is None else row.bearing for row in rows], np.float32),
            "fov": np.array([NAN if row.fov is None else row.fov for row in rows], np.float32),
            "online": np.array([row.online for row in rows], np.uint8),
            "area": np.array([self._places.of(row.area) for row in rows], np.int32),
        }
