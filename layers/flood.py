"""Too many at once: whether more is being reported than people can read one by one, and what it is made of."""

from __future__ import annotations

from collections import Counter
from typing import Any

from layers.selection import kept
from layers.state import LiveState
from layers.view import View

Json = dict[str, Any]

HOUR_MS = 3_600_000.0
BEFORE_H = 24
"""What is usual is the mean of so many hours before."""

LEAST = 600
"""Reports an hour, ten a minute, below which nothing is a flood. EEMUA 191 calls ten alarms in ten minutes one for a
single operator; a centre has ten desks."""

TIMES = 3
"""And so many times the usual."""

GROUPS = 6
_MAJOR = 2


def build(state: LiveState, view: View, t: float) -> Json | None:
    """`{"n", "usual", "groups": [{"code", "name", "name_en", "count"}], "rest"}` of the hour before t (ms since 1970)
    within the view's focus and filters, None when it is no flood. Groups and `rest` sum to `n`.
    """
    incidents = state.incidents
    rows = kept(state, view, incidents.opened_between(t - HOUR_MS, t))
    if len(rows) < LEAST:
        return None
    earlier = max(incidents.begin(), t - (BEFORE_H + 1) * HOUR_MS)
    hours = (t - HOUR_MS - earlier) / HOUR_MS
    before = len(kept(state, view, incidents.opened_between(earlier, t - HOUR_MS)))
    usual = before / hours if hours >= 1 else 0.0
    if len(rows) < TIMES * usual:
        return None
    texts, names = incidents.categories.texts, state.extras.category_names
    counts = Counter(_group(texts[number], names) for number in incidents["category"][rows].tolist())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:GROUPS]
    groups = [
        {
            "code": code,
            "name": names.get(code, {}).get("zh") or code,
            "name_en": names.get(code, {}).get("en") or "",
            "count": n,
        }
        for code, n in ordered
    ]
    return {"n": len(rows), "usual": round(usual), "groups": groups, "rest": len(rows) - sum(n for _, n in ordered)}


def _group(text: str, names: Any) -> str:
    """The major class where its name is known, else the category's own text."""
    return text[:_MAJOR] if text.isdigit() and text[:_MAJOR] in names else text
