"""Heat: incidents counted in H3 cells."""

from __future__ import annotations

import numpy as np

from layers.selection import comparable, compared, focus, measured, only
from layers.state import LiveState
from layers.table import Table
from layers.view import View


def resolution(state: LiveState, view: View) -> int:
    """H3 resolution of the view's heat: the one asked for, else the one that suits the focus."""
    return view.res or state.places.heat_res(view.area)


def build(state: LiveState, view: View, t: float) -> Table:
    """Counts at t (ms since 1970) by cell, ascending cells. Incidents without a point are in no cell.

    A view that compares gets `before` as well, NaN where there is nothing to compare with, and the cells of both;
    `most` is the largest difference, whichever its sign.
    """
    res = resolution(state, view)
    cube, asked = state.incidents.cube, (only(state, view), focus(state, view))
    cells, counts = cube.by_cell(res, measured(state, view, t), *asked)
    value = counts.astype(np.float32)
    meta = {"res": res, "measure": view.measure, "max": float(value.max(initial=0.0)), "total": float(value.sum())}
    if not view.compare:
        return Table(cells, {"value": value}, meta)
    if not comparable(state, view, t):
        return Table(cells, {"value": value, "before": np.full(len(value), np.nan, np.float32)}, meta | {"most": 0.0})
    were, had = cube.by_cell(res, compared(state, view, t), *asked)
    both = np.union1d(cells, were)
    now, before = np.zeros(len(both), np.float32), np.zeros(len(both), np.float32)
    now[np.searchsorted(both, cells)] = counts
    before[np.searchsorted(both, were)] = had
    meta["most"] = float(np.abs(now - before).max(initial=0.0))
    return Table(both, {"value": now, "before": before}, meta)
