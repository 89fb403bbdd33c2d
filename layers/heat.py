"""Heat: incidents counted in H3 cells."""

from __future__ import annotations

import numpy as np

from layers.selection import focus, measured, only
from layers.state import LiveState
from layers.table import Table
from layers.view import View


def resolution(state: LiveState, view: View) -> int:
    """H3 resolution of the view's heat: the one asked for, else the one that suits the focus."""
    return view.res or state.places.heat_res(view.area)


def build(state: LiveState, view: View, t: float) -> Table:
    """Counts at t (ms since 1970) by cell, ascending cells. Incidents without a point are in no cell."""
    res = resolution(state, view)
    cells, counts = state.incidents.cube.by_cell(res, measured(state, view, t), only(state, view), focus(state, view))
    value = counts.astype(np.float32)
    meta = {"res": res, "measure": view.measure, "max": float(value.max(initial=0.0)), "total": float(value.sum())}
    return Table(cells, {"value": value}, meta)
