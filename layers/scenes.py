"""Which incident's scene each wall shows at t: what somebody told it, else a major incident."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.records import Kind, ScenePayload
from data.store import DocumentRow
from layers.columns import ms
from layers.state import LiveState

Json = dict[str, Any]

CRITICAL = 1
MAJOR_UNITS = 3
"""Units at a critical incident that make it major. An incident's grade (I to IV, by casualties and loss) is known
hours later and comes with no feed; that three units were sent is known at once."""

MAJOR_MS = 3_600_000.0
"""So long after it was opened a major incident keeps a wall that nobody took off it."""

OVER_MS = 60_000.0
"""A closed incident's scene stays so long, to be read."""

EVERY = ""
"""The name under which every wall is spoken to."""

_STATES = ("open", "dispatched", "on_scene", "closed")


def build(state: LiveState, t: float) -> dict[str, Json | None]:
    """What walls show at t (ms since 1970), by the names of those that were spoken to; all others as under "".

    None: the wall shows the district. The later of the words to a wall and to every wall counts; one that takes walls
    off an incident ends no other's scene. Where a wall shows
    nothing that somebody chose, a major incident does it by itself, unless the wall was taken off that before.
    """
    words: dict[str, DocumentRow] = {}
    for row in state.documents.values():
        if row.kind is Kind.SCENE and isinstance(row.payload, ScenePayload):
            words[row.payload.wall] = row
    majors = _majors(state, t)
    return {wall: _of_wall(state, t, words.get(wall), words.get(EVERY), majors) for wall in {*words, EVERY}}


def _of_wall(
    state: LiveState, t: float, own: DocumentRow | None, every: DocumentRow | None, majors: list[int]
) -> Json | None:
    said = [row for row in (own, every) if row is not None]
    ended: set[str] = set()  # incidents that a later word took the wall off
    for last in sorted(said, key=lambda row: -row.seq):
        assert isinstance(last.payload, ScenePayload)
        if not last.payload.shown:
            ended.add(last.payload.incident)
        if last.payload.incident in ended:
            continue
        number = state.incidents.row.get(last.payload.incident)
        opened, closed = (state.incidents[name] for name in ("opened", "closed"))
        # Of a past, rows of what was opened later are there as well.
        if number is not None and opened[number] <= t and not closed[number] <= t - OVER_MS:
            return _scene(state, t, number) | {"why": "pushed", "actor": last.payload.actor, "since": ms(last.at)}
    left = {id for row in said if isinstance(row.payload, ScenePayload) for id in row.payload.left}
    for number in majors:
        if state.incidents.ids[number] not in left:
            since = float(state.incidents["dispatched"][number])
            return _scene(state, t, number) | {"why": "major", "actor": "", "since": since}
    return None


def _majors(state: LiveState, t: float) -> list[int]:
    """Rows of the major incidents of the last hour that are not over, the newest first."""
    incidents = state.incidents
    rows = incidents.opened_between(t - MAJOR_MS, t)
    rows = rows[(incidents["severity"][rows] == CRITICAL) & (incidents["units"][rows] >= MAJOR_UNITS)]
    rows = rows[(incidents["dispatched"][rows] <= t) & ~(incidents["closed"][rows] <= t - OVER_MS)]
    found: list[int] = rows[np.argsort(-incidents["opened"][rows], kind="stable")].tolist()
    return found


def _scene(state: LiveState, t: float, number: int) -> Json:
    incidents = state.incidents
    place = int(incidents["area"][number])
    area = state.region.areas[place] if place >= 0 else None
    title, title_en = incidents.titles[number]
    lon, lat = float(incidents["lon"][number]), float(incidents["lat"][number])
    stage = int(incidents.state_at(np.array([number], np.int64), t)[0])
    return {
        "incident": incidents.ids[number],
        "title": title,
        "title_en": title_en,
        "category": incidents.categories.texts[int(incidents["category"][number])],
        "severity": int(incidents["severity"][number]),
        "state": _STATES[stage],
        "opened": float(incidents["opened"][number]),
        "area": area.code if area else None,
        "area_name": area.name if area else "",
        "area_name_en": area.name_en if area else "",
        "lon": round(lon, 6) if lon == lon else None,
        "lat": round(lat, 6) if lat == lat else None,
    }
