"""Incidents: the points of those at work, and of those closed a moment ago."""

from __future__ import annotations

import numpy as np

from layers.selection import kept
from layers.state import LiveState
from layers.table import Table, text
from layers.view import View

LINGER_MS = 600_000.0
"""How long a closed incident stays on the map, ms."""

MOST = 5000
"""Most incidents sent; the newest are kept."""

_MOST_CODES = 4096
"""With up to so many category codes all are named, so that a row's number never moves; beyond, only those in use."""


def build(state: LiveState, view: View, t: float) -> Table:
    """Incidents with a point that are open at t (ms since 1970) or were closed in the 10 minutes before it, in order of
    arrival. `total` counts them all, `shown` those sent."""
    incidents = state.incidents
    here = (incidents["opened"] <= t) & ~(incidents["closed"] <= t - LINGER_MS) & np.isfinite(incidents["lon"])
    rows = kept(state, view, np.flatnonzero(here))
    total = len(rows)
    if total > MOST:
        newest = np.argsort(-incidents["opened"][rows], kind="stable")[:MOST]
        rows = rows[np.sort(newest)]
    ids, category, codes = incidents.ids, incidents["category"][rows], incidents.categories.texts
    if len(codes) > _MOST_CODES:
        used, category = np.unique(category, return_inverse=True)
        codes = [codes[n] for n in used.tolist()]
    return Table(
        text([ids[row] for row in rows.tolist()]),
        {
            "lon": incidents["lon"][rows],
            "lat": incidents["lat"][rows],
            "state": incidents.state_at(rows, t),
            "severity": incidents["severity"][rows],
            "category": category.astype(np.uint16),
            "opened": incidents["opened"][rows],
        },
        {"categories": list(codes), "total": total, "shown": len(rows)},
    )
