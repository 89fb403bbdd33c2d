"""Which incidents a view speaks of: its filters and its focus, the same for every layer and for the panel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.cube import Filter, OpenAt, Opened, What
from layers.incident_columns import IncidentColumns, Rows
from layers.state import LiveState
from layers.view import View
from layers.windows import Window, window

Mask = NDArray[np.bool_]


def window_at(state: LiveState, view: View, t: float) -> Window:
    """The view's window at t."""
    return window(view.window, t, state.extras.zone)


def measured(state: LiveState, view: View, t: float) -> What:
    """What the view's measure counts at t: opened in its window, or open at t."""
    if view.measure == "open":
        return OpenAt(t)
    seen = window_at(state, view, t)
    return Opened(seen.after, seen.until)


def compared(state: LiveState, view: View, t: float) -> What:
    """What the view's measure is compared with at t: opened in the window before, or open one window earlier."""
    seen = window_at(state, view, t)
    return OpenAt(seen.earlier) if view.measure == "open" else Opened(seen.before_after, seen.before_until)


def comparable(state: LiveState, view: View, t: float) -> bool:
    """Whether the window before holds enough to compare with: it does not begin before anything was known."""
    return state.incidents.begin() <= window_at(state, view, t).before_after


def only(state: LiveState, view: View) -> Filter:
    """The view's filters as the cube takes them."""
    categories = source = None
    if view.category:
        categories = frozenset(np.flatnonzero(category_mask(state.incidents, view.category)).tolist())
    if view.source:
        number = state.incidents.sources.find(view.source)
        source = -1 if number is None else number
    return Filter(categories, view.severity or None, source)


def focus(state: LiveState, view: View) -> Mask | None:
    """Area number -> whether it is in the view's focus; None where the focus is everything."""
    return state.places.mask(view.area) if view.area else None


def kept(state: LiveState, view: View, rows: Rows) -> Rows:
    """Of these rows those that the filters and the focus let through, in the same order."""
    found = filtered(state, view, rows)
    if view.area:
        found = found[state.places.mask(view.area)[state.incidents["area"][found]]]
    return found


def filtered(state: LiveState, view: View, rows: Rows) -> Rows:
    """Of these rows those that the filters let through, wherever they are."""
    incidents = state.incidents
    if view.category:
        rows = rows[category_mask(incidents, view.category)[incidents["category"][rows]]]
    if view.source:
        number = incidents.sources.find(view.source)
        rows = rows[incidents["source"][rows] == (-1 if number is None else number)]
    if view.severity:
        rows = rows[incidents["severity"][rows] == view.severity]
    return rows


def category_mask(incidents: IncidentColumns, category: str) -> Mask:
    """Category number -> whether the filter lets it through.

    Where codes are digits a shorter code stands for all that begin with it: a major class for its minor ones. Names
    are not cut: "Fire" is not "Fire alarm".
    """
    texts = incidents.categories.texts
    if category.isascii() and category.isdigit():
        return np.array([text.startswith(category) for text in texts], bool)
    return np.array([text == category for text in texts], bool)
