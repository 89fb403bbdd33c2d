"""Units: where they are, what they do, and the way they came."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.incident_columns import Rows
from layers.state import LiveState
from layers.table import Table, text
from layers.unit_columns import STATUSES
from layers.view import View

GRID_WORKER = "grid_worker"


def in_focus(state: LiveState, view: View) -> Rows:
    """Rows of the units in the focus: by position, and by duty while they have none."""
    units, inside = state.units, state.places.mask(view.area)
    placed = np.isfinite(units["at"])
    found: Rows = np.flatnonzero(np.where(placed, inside[units["area"]], inside[units["duty"]]))
    return found


def build(state: LiveState, view: View, t: float) -> Table:
    """Units in the focus with a position at t (ms since 1970), in order of appearance. Grid workers are left out while
    the focus is the whole region: there are hundreds, and each has a place in the grids' own views."""
    units = state.units
    rows = in_focus(state, view)
    if not view.area:
        worker = units.kinds.find(GRID_WORKER)
        rows = rows[units["kind"][rows] != (-1 if worker is None else worker)]
    rows = rows[np.isfinite(units["lon"][rows])]
    lon, lat, at, bearing = (units[name][rows] for name in ("lon", "lat", "at", "bearing"))
    known = np.ones(len(rows), bool)
    for i in np.flatnonzero(at > t).tolist():
        before = units.position_at(int(rows[i]), t)
        known[i] = before is not None
        if before is not None:
            at[i], lon[i], lat[i] = before
            bearing[i] = np.nan
    rows, lon, lat, at, bearing = (column[known] for column in (rows, lon, lat, at, bearing))
    status = units["status"][rows]
    return Table(
        text([units.ids[row] for row in rows.tolist()]),
        {
            "lon": lon,
            "lat": lat,
            "status": status,
            "kind": units["kind"][rows],
            "at": np.nan_to_num(at, nan=0.0),
            "bearing": bearing,
            "trail": text([units.trail(row, t) for row in rows.tolist()]),
        },
        {"kinds": list(units.kinds.texts), "counts": _counts(status)},
    )


def _counts(status: NDArray[np.uint8]) -> dict[str, int]:
    counts = np.bincount(status, minlength=len(STATUSES)).tolist()
    return {name.value: n for name, n in zip(STATUSES, counts, strict=True) if n}
