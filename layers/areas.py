"""Areas: the polygons of one level with their counts and their silence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.cube import OpenAt, Opened
from layers.selection import comparable, compared, only, window_at
from layers.state import LiveState
from layers.table import Column, Table, text
from layers.view import View

Counts = NDArray[np.int64]


def by_place(state: LiveState, level: str, counts: Counts) -> NDArray[np.uint32]:
    """Counts by area number, outside last, summed by place in the level."""
    size = len(state.places.levels.get(level, ()))
    if not size:
        return np.zeros(0, np.uint32)
    place = state.places.ancestor[level]
    inside = place >= 0
    return np.bincount(place[inside], weights=counts[inside], minlength=size).astype(np.uint32)


def build(state: LiveState, view: View, t: float) -> Table:
    """The areas of the view's level inside its focus at t (ms since 1970), in code order.

    `count` is the incidents reported in the window, `open` those open at t; `meta` speaks of the view's measure. A view
    that compares gets `before`, what the window before had of that measure, NaN where there is nothing to compare with.
    """
    places = state.places
    level = places.shown_level(view)
    shown = np.array(places.shown(view), np.int64)
    place = places.ancestor[level][shown] if len(shown) else shown
    cube, filters, seen = state.incidents.cube, only(state, view), window_at(state, view, t)
    count = by_place(state, level, cube.by_area(Opened(seen.after, seen.until), filters))[place]
    still = by_place(state, level, cube.by_area(OpenAt(t), filters))[place]
    silent = state.silence(t)[shown]
    contact = state.last_contact(level)[place] if len(shown) else np.zeros(0)
    chosen = still if view.measure == "open" else count
    meta = {
        "level": level,
        "region": places.version,
        "max": int(chosen.max(initial=0)),
        "total": int(chosen.sum()),
    }
    columns: dict[str, Column] = {"count": count, "open": still, "silent": silent, "contact": contact}
    if view.compare:
        before = np.full(len(chosen), np.nan)
        if comparable(state, view, t):
            before = by_place(state, level, cube.by_area(compared(state, view, t), filters))[place].astype(np.float64)
        columns["before"] = before
        meta |= {"measure": view.measure, "most": float(np.nanmax(np.abs(chosen - before), initial=0.0))}
    return Table(text([places.codes[n] for n in shown.tolist()]), columns, meta)
