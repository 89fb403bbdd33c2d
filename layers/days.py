"""The last seven local days side by side: what the view's measure counted on each, in the areas that it shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from geo.cube import OpenAt, Opened
from layers.areas import by_place
from layers.selection import only
from layers.state import LiveState
from layers.view import View
from layers.windows import before, day_of, instant

DAYS = 7
MOST_AREAS = 200
"""With more areas than this only totals are told: seven maps of so many could not be read, and all of it travels."""


def build(state: LiveState, view: View, t: float) -> dict[str, Any]:
    """The local day of t (ms since 1970) as far as it has come and the six before it, oldest first (`docs/wire.md`).

    Each costs one question to the cube, whatever the log's length. A day that ended before anything was known has no
    total. Incidents still open count where they were open when the day ended.
    """
    places, zone = state.places, state.extras.zone
    shown = places.shown(view)
    shown = shown if len(shown) <= MOST_AREAS else []
    level, inside = places.shown_level(view), places.mask(view.area)
    place = places.ancestor[level][np.array(shown, np.int64)] if shown else np.empty(0, np.int32)
    cube, filters, begin = state.incidents.cube, only(state, view), state.incidents.begin()
    today, found = day_of(t, zone), []
    for back in range(DAYS - 1, -1, -1):
        midnight = today - timedelta(days=back)
        start, end = instant(midnight, zone), instant(midnight + timedelta(days=1), zone)
        until = min(t, before(end))
        counts = cube.by_area(OpenAt(until) if view.measure == "open" else Opened(before(start), until), filters)
        known = begin < end
        found.append(
            {
                "date": f"{midnight:%Y-%m-%d}",
                "from": start,
                "to": end,
                "total": int(counts[inside].sum()) if known else None,
                "counts": by_place(state, level, counts)[place].tolist() if shown and known else [],
            }
        )
    return {"codes": [places.codes[number] for number in shown], "days": found}
