"""Cameras: where they stand, where they look, whether they answer."""

from __future__ import annotations

import numpy as np

from layers.incident_columns import Rows
from layers.state import LiveState
from layers.table import Table
from layers.view import View


def in_focus(state: LiveState, view: View) -> Rows:
    """Rows of the cameras in the focus."""
    found: Rows = np.flatnonzero(state.places.mask(view.area)[state.cameras["area"]])
    return found


def build(state: LiveState, view: View, t: float) -> Table:
    """Cameras in the focus, as the state knows them: one of a past moment (`layers/past.py`) knows those of then."""
    cameras = state.cameras
    if view.area:
        rows = in_focus(state, view)
        key = cameras.ids[rows]
        columns = {name: cameras[name][rows] for name in ("lon", "lat", "bearing", "fov", "online")}
    else:
        key = cameras.ids
        columns = {name: cameras[name].copy() for name in ("lon", "lat", "bearing", "fov", "online")}
    online = int(columns["online"].sum())
    return Table(key, columns, {"online": online, "offline": len(key) - online})
