"""The queue: every incident that is not closed, with what a desk sorts and filters by (`docs/wire.md`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.columns import Codes
from layers.incident_columns import IncidentColumns, Rows
from layers.selection import kept
from layers.state import LiveState
from layers.table import Table
from layers.view import View

MOST = 25_000
"""Most incidents sent."""

_MOST_CODES = 4096
"""With up to so many texts all are named, so that a row's number never moves; beyond, only those in use."""
_MOST_WORKFLOWS = 255


def build(state: LiveState, view: View, t: float) -> Table:
    """Incidents open at t (ms since 1970) that the view's focus and filters let through, in order of arrival.

    `meta.all`: how many cases the focus has whatever the filters, without those that are part of another. Where there
    are more than `MOST` those with a case come first, the earliest deadline first, then the newest.
    """
    incidents = state.incidents
    going = np.flatnonzero((incidents["opened"] <= t) & ~(incidents["closed"] <= t))
    rows = kept(state, view, going)
    total = len(rows)
    everything = kept(state, View(area=view.area), going)
    if total > MOST:
        rows = np.sort(rows[_urgency(incidents, rows)[:MOST]])
    codes = incidents.codes
    category, categories = _coded(incidents["category"][rows], incidents.categories)
    workflow, workflows = _coded(incidents["workflow"][rows], codes.workflows, _MOST_WORKFLOWS)
    step, steps = _coded(incidents["step"][rows], codes.steps)
    owner, owners = _coded(incidents["owner"][rows], codes.owners)
    source, sources = _coded(incidents["source"][rows], incidents.sources)
    clock, clocks = _coded(incidents["clock"][rows], codes.clocks)
    same = ("units", "children", "parent", "seq")
    return Table(
        incidents["id"][rows],
        {
            "severity": incidents["severity"][rows],
            "state": incidents.state_at(rows, t),
            "category": category.astype(np.uint16),
            "workflow": workflow.astype(np.uint8),
            "step": step.astype(np.uint16),
            "owner": owner.astype(np.uint16),
            "source": source.astype(np.uint16),
            "area": state.places.code_column[incidents["area"][rows]],
            **{name: incidents[name][rows] for name in ("title", "title_en", "opened", "due", "warn", "original")},
            "clock": clock.astype(np.uint16),
            **{name: incidents[name][rows] for name in ("paused", "returns", *same)},
        },
        {
            "categories": categories, "workflows": workflows, "steps": steps, "owners": owners, "sources": sources,
            "clocks": clocks, "total": total, "shown": len(rows),
            "all": int((incidents["parent"][everything] == 0).sum()),
        },
    )  # fmt: skip


def _urgency(incidents: IncidentColumns, rows: Rows) -> Rows:
    """The order in which rows are kept: NaN (no deadline) sorts last by itself."""
    order: Rows = np.lexsort((-incidents["opened"][rows], incidents["due"][rows], incidents["workflow"][rows] == 0))
    return order


def _coded(numbers: NDArray[np.int32], codes: Codes, most: int = _MOST_CODES) -> tuple[NDArray[np.int64], list[str]]:
    """Numbers and their texts, few enough for the column's type."""
    if len(codes) <= most:
        return numbers.astype(np.int64), list(codes.texts)
    used, found = np.unique(numbers, return_inverse=True)
    return found.astype(np.int64), [codes.texts[n] for n in used.tolist()]
