"""The panel: the figures beside the map, all counting incidents at t within the view (`docs/wire.md`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from data.records import DESK, UnitStatus
from data.store import FeedRow
from geo.area import Area
from geo.cube import Closed, OpenAt, Opened
from layers import cameras as camera_layer
from layers import flood, scenes
from layers import units as unit_layer
from layers.areas import by_place
from layers.columns import ms
from layers.days import build as seven_days
from layers.incident_columns import Rows
from layers.selection import comparable, focus, kept, only, window_at
from layers.state import LiveState
from layers.unit_columns import STATUSES
from layers.view import View

Json = dict[str, Any]

URGENT = 1
CATEGORIES, TICKER, SILENT, SITES = 12, 40, 20, 50
BACKFILL = timedelta(days=1)
_MAJOR = 2  # digits of a major class
_STATES = ("open", "dispatched", "on_scene", "closed")
_BUSY = [s not in (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE) for s in STATUSES]


def build(state: LiveState, view: View, t: float) -> Json:
    """The panel at t (ms since 1970)."""
    counted = _Counted(state, view, t)
    silent = state.silence(t)
    finest_focus = _at_finest(state, view)
    return {
        "focus": _focus(state, view),
        "kpis": _kpis(state, view, t, counted, silent),
        "trend": _trend(state, view, t),
        "categories": _categories(state, view, t),
        "ranking": _ranking(state, view, counted, silent),
        "ticker": _ticker(state, view, t),
        "feeds": [_feed(feed, t) for feed in sorted(state.feeds.values(), key=lambda f: f.id) if feed.id != DESK],
        "silent": _silent(state, view, t, silent),
        "roster": _roster(state, view) if finest_focus else [],
        "sites": _sites(state, view) if finest_focus else [],
        "simulated": any(feed.simulated for feed in state.feeds.values()),
        "notice": state.extras.notice,
        **({"days": seven_days(state, view, t)} if view.days else {}),
        "scenes": scenes.build(state, t),
        "flood": flood.build(state, view, t),
    }


class _Counted:
    """Incidents by area number at t, within the filters but wherever they are: what figures and ranking sum."""

    def __init__(self, state: LiveState, view: View, t: float) -> None:
        cube, filters, seen = state.incidents.cube, only(state, view), window_at(state, view, t)
        self.now = cube.by_area(Opened(seen.after, seen.until), filters)
        self.before = cube.by_area(Opened(seen.before_after, seen.before_until), filters)
        self.comparable = comparable(state, view, t)
        self.still = cube.by_area(OpenAt(t), filters)
        self.closed = cube.by_area(Closed(seen.after, seen.until), filters)
        urgent = replace(filters, severity=URGENT)
        none = np.zeros_like(self.now)
        self.urgent = cube.by_area(OpenAt(t), urgent) if filters.severity in (None, URGENT) else none
        if view.compare:
            self.still_before = cube.by_area(OpenAt(seen.earlier), filters)
            self.closed_before = cube.by_area(Closed(seen.before_after, seen.before_until), filters)
            self.urgent_before = cube.by_area(OpenAt(seen.earlier), urgent) if self.urgent is not none else none


def _named(area: Area) -> Json:
    return {"code": area.code, "name": area.name, "name_en": area.name_en}


def _focus(state: LiveState, view: View) -> Json:
    """The area in focus; the whole region has the code "" and, with a single root, that root's names."""
    area = state.places.focus(view)
    if area is None:
        return {"code": "", "name": "", "name_en": "", "level": "", "path": []}
    path = [_named(step) | {"level": step.level} for step in state.region.path(area.code)]
    return _named(area) | {"code": view.area, "level": area.level, "path": path}


def _at_finest(state: LiveState, view: View) -> bool:
    return bool(view.area) and state.region.by_code[view.area].level == state.region.finest


def _kpis(state: LiveState, view: View, t: float, counted: _Counted, silent: np.ndarray[Any, Any]) -> Json:
    inside = state.places.mask(view.area)
    units = _units(state, view, t)
    watched = camera_layer.in_focus(state, view)
    finest = state.finest[inside[state.finest]]
    return {
        "reported": int(counted.now[inside].sum()),
        "reported_before": int(counted.before[inside].sum()) if counted.comparable else None,
        "open": int(counted.still[inside].sum()),
        "closed": int(counted.closed[inside].sum()),
        "urgent_open": int(counted.urgent[inside].sum()),
        **units,
        "cameras": len(watched),
        "cameras_online": int(state.cameras["online"][watched].sum()),
        "areas": len(finest),
        "areas_silent": int((silent[finest] > 0).sum()),
        **_before(view, counted, inside),
    }


def _before(view: View, counted: _Counted, inside: Any) -> Json:
    """The figures that a comparing view sets beside its own: of the window before, or open one window earlier."""
    if not view.compare:
        return {}
    names = {"reported": "before", "open": "still_before", "urgent_open": "urgent_before", "closed": "closed_before"}
    figures = {name: int(getattr(counted, of)[inside].sum()) for name, of in names.items()}
    return {"before": figures if counted.comparable else None}


def _units(state: LiveState, view: View, t: float) -> dict[str, int]:
    """Units of the roster in the focus, by their statuses, and those that only event rows name, while they are at work:
    they count where their incident is. A unit that rows say is at work is not free."""
    units = state.units
    rows = unit_layer.in_focus(state, view)
    busy = np.array(_BUSY)[units["status"][rows]]
    free = units["status"][rows] == STATUSES.index(UnitStatus.AVAILABLE)
    others = 0
    if at_work := state.work.busy(t, units):
        inside, incidents = state.places.mask(view.area), state.incidents
        known = []
        for unit, on in at_work:
            if unit in units.row:
                known.append(units.row[unit])
                continue
            row = incidents.row.get(on)
            others += bool(inside[-1 if row is None else incidents["area"][row]])
        at_it = np.isin(rows, known)
        busy, free = busy | at_it, free & ~at_it
    return {
        "units": len(rows) + others,
        "units_available": int(free.sum()),
        "units_busy": int(busy.sum()) + others,
    }


def _trend(state: LiveState, view: View, t: float) -> Json:
    """Bins (start, start + bin_s] over the window, so that their sums are its figures. `t` is the start, to the ms."""
    seen = window_at(state, view, t)
    width, bins = seen.bin_s * 1000.0, seen.bins
    mine = width, bins, only(state, view), focus(state, view)
    by_bin = state.incidents.cube.by_bin
    return {
        "bin_s": seen.bin_s,
        "t": [round(seen.after + i * width, 3) for i in range(bins)],
        "reported": by_bin(Opened(seen.after, seen.until), *mine).tolist(),
        "before": by_bin(Opened(seen.before_after, seen.before_until), *mine).tolist(),
        "closed": by_bin(Closed(seen.after, seen.until), *mine).tolist(),
    }


def _categories(state: LiveState, view: View, t: float) -> list[Json]:
    """By major class where its name is known, else by the category's own text. Ties by code."""
    names = state.extras.category_names
    seen = window_at(state, view, t)
    what = Opened(seen.after, seen.until)
    kinds, counts = state.incidents.cube.by_kind(what, only(state, view), focus(state, view))
    grouped: dict[str, int] = {}
    for number, count in zip(kinds[:, 0].tolist(), counts.tolist(), strict=True):
        text = state.incidents.categories.texts[number]
        major = text[:_MAJOR]
        code = major if text.isdigit() and major in names else text
        grouped[code] = grouped.get(code, 0) + count
    ordered = sorted(grouped.items(), key=lambda item: (-item[1], item[0]))
    found = [_category(state, code) | {"count": count} for code, count in ordered[:CATEGORIES]]
    rest = sum(count for _, count in ordered[CATEGORIES:])
    return [*found, {"code": "", "name": "其他", "name_en": "Other", "count": rest}] if rest else found


def _category(state: LiveState, code: str) -> Json:
    name = state.extras.category_names.get(code, {})
    return {"code": code, "name": name.get("zh") or code, "name_en": name.get("en") or ""}


def _ranking(state: LiveState, view: View, counted: _Counted, silent: np.ndarray[Any, Any]) -> list[Json]:
    """Children of the focus, most reported first, ties by code."""
    children = state.places.children(view)
    if not children:
        return []
    level = children[0].level
    count, before, still = (by_place(state, level, each) for each in (counted.now, counted.before, counted.still))
    earlier = by_place(state, level, counted.still_before) if view.compare else None
    found = []
    for area in children:
        number = state.places.number[area.code]
        place = int(state.places.ancestor[level][number])
        figures = {"count": int(count[place]), "open": int(still[place]), "before": int(before[place])}
        if earlier is not None:
            figures["open_before"] = int(earlier[place])
        found.append(_named(area) | figures | {"silent": int(silent[number])})
    return sorted(found, key=lambda row: (-row["count"], row["code"]))


def _ticker(state: LiveState, view: View, t: float) -> list[Json]:
    """The newest incidents of the window, ties by id."""
    incidents = state.incidents
    seen = window_at(state, view, t)
    rows = _newest(state, view, incidents.opened_between(seen.after, seen.until))
    newest = np.array(
        sorted(rows.tolist(), key=lambda r: (-incidents["opened"][r], incidents.ids[r]))[:TICKER], np.int64
    )
    found = []
    for row, stage in zip(newest.tolist(), incidents.state_at(newest, t).tolist(), strict=True):
        number = int(incidents["area"][row])
        area = state.region.areas[number] if number >= 0 else None
        title, title_en = incidents.titles[row]
        times = [float(incidents[name][row]) for name in ("opened", "dispatched", "arrived", "closed")]
        lon, lat = float(incidents["lon"][row]), float(incidents["lat"][row])
        found.append(
            {
                "id": incidents.ids[row],
                "at": max(at for at in times if at <= t),
                "opened": times[0],
                "category": incidents.categories.texts[int(incidents["category"][row])],
                "severity": int(incidents["severity"][row]),
                "title": title,
                "title_en": title_en,
                "area": area.code if area else None,
                "area_name": area.name if area else "",
                "area_name_en": area.name_en if area else "",
                "state": _STATES[stage],
                "lon": round(lon, 6) if lon == lon else None,
                "lat": round(lat, 6) if lat == lat else None,
            }
        )
    return found


def _newest(state: LiveState, view: View, rows: Rows) -> Rows:
    """Of these rows, by opening time, the view's TICKER newest and those opened at one time with the last of them.

    Looks back in steps that grow, so that a long window costs no more than it must.
    """
    opened, many = state.incidents["opened"], 4 * TICKER
    while True:
        part = rows[-many:]
        mine = kept(state, view, part)
        if len(mine) >= TICKER and (last := opened[mine[-TICKER]]) > opened[part[0]]:
            newest: Rows = mine[opened[mine] >= last]
            return newest
        if many >= len(rows):
            return mine
        many *= 4


def _feed(feed: FeedRow, t: float) -> Json:
    """Silent when nothing came for longer than the feed's rhythm; a feed without a rhythm is never silent.

    A feed was last heard when something of it arrived. What tells of more than a day before its arrival is history
    being brought in, and no sign of life: then the newest event counts.
    """
    heard = feed.last_received_at
    if heard is not None and feed.last_at is not None and heard - feed.last_at > BACKFILL:
        heard = feed.last_at
    age = None if heard is None else max(0.0, t - ms(heard)) / 1000.0
    if age is None:
        status = "never"
    else:
        status = "silent" if feed.rhythm_s is not None and age > feed.rhythm_s else "ok"
    return {
        "id": feed.id,
        "name": feed.name,
        "name_en": feed.name_en,
        "age_s": None if age is None else _calm(age),
        "rhythm_s": feed.rhythm_s,
        "state": status,
        "accepted": feed.accepted,
        "rejected": feed.rejected,
        "simulated": feed.simulated,
    }


def _silent(state: LiveState, view: View, t: float, silent: np.ndarray[Any, Any]) -> Json:
    """Finest areas of the focus that are silent, longest first: those never heard (age null) before all others."""
    mine = state.finest[state.places.mask(view.area)[state.finest] & (silent[state.finest] > 0)]
    contact = state.contact[mine]
    longest = mine[np.argsort(contact, kind="stable")][:SILENT]
    rows = []
    for number in longest.tolist():
        heard = float(state.contact[number])
        age = _calm(max(0.0, t - heard) / 1000.0) if heard else None
        rows.append(_named(state.region.areas[number]) | {"age_s": age})
    return {"areas": rows, "total": len(mine)}


def _calm(age_s: float) -> int:
    """An age in whole seconds, coarser when older, so that a panel on which nothing happens stays the same."""
    step = 1 if age_s < 10 else 5 if age_s < 60 else 60 if age_s < 3600 else 600
    return int(age_s // step * step)


def _roster(state: LiveState, view: View) -> list[Json]:
    units = state.units
    rows = np.flatnonzero(state.places.mask(view.area)[units["duty"]]).tolist()
    return [
        {"id": u.id, "name": u.name, "name_en": u.name_en, "kind": u.kind, "status": u.status.value}
        for u in sorted((units.rows[row] for row in rows), key=lambda u: u.id)
    ]


def _sites(state: LiveState, view: View) -> list[Json]:
    rows = camera_layer.in_focus(state, view).tolist()
    cameras = sorted((state.cameras.rows[row] for row in rows), key=lambda s: s.id)
    return [
        {"id": s.id, "name": s.name, "name_en": s.name_en, "kind": s.kind, "online": s.online} for s in cameras[:SITES]
    ]
