"""How many records by category fall into each bin of a span: what a scrubber shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.records import Kind
from replay.moments import CATEGORIES, KINDS, Table

COMMANDS = "commands"
"""The series of what people did: dispatches, arrivals, moves, closings, recalls, merges."""

OTHER = ""
"""The series of all categories that have none of their own."""

MOST_BINS = 2000

_DEEDS = [number for kind, number in KINDS.items() if kind not in (Kind.EVENT, Kind.UNIT_STATUS, Kind.SITE_STATUS)]
_MAJOR = 2  # digits of a major class


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by series and bin. Bin i is [start + i x width, + width), ms; the last one ends at `end` and holds it.

    `series` are major categories, the most frequent first, then OTHER, then COMMANDS; one without any record is left
    out. Counts of a series are as many as there are bins.
    """

    start: float
    end: float
    width: float
    series: tuple[tuple[str, tuple[int, ...]], ...]
    total: int


def histogram(table: Table, start: float, end: float, bins: int, names: Collection[str], most: int = 6) -> Histogram:
    """Records in [start, end] by major category, `most` of them on their own. `names`: the major codes that are known;
    a category of another is its own text, as on the wall's panel.
    """
    bins = min(max(1, bins), MOST_BINS)
    low, high = np.searchsorted(table.at, start, "left"), np.searchsorted(table.at, end, "right")
    width = (end - start) / bins
    place = np.minimum(((table.at[low:high] - start) / width).astype(np.int64), bins - 1)
    what = table.what[low:high]
    by_code = _by_category(table.categories, place, what, bins, names)
    ordered = sorted(by_code.items(), key=lambda item: (-int(item[1].sum()), item[0]))
    series = ordered[:most]
    if rest := ordered[most:]:
        series.append((OTHER, np.sum([counts for _, counts in rest], axis=0)))
    deeds = np.bincount(place[np.isin(what, _DEEDS)], minlength=bins)
    series.append((COMMANDS, deeds))
    shown = tuple((code, tuple(counts.tolist())) for code, counts in series if counts.any())
    return Histogram(start, end, width, shown, sum(sum(counts) for _, counts in shown))


def _by_category(
    categories: tuple[str, ...],
    place: NDArray[np.int64],
    what: NDArray[np.uint16],
    bins: int,
    names: Collection[str],
) -> dict[str, NDArray[np.int64]]:
    events = what >= CATEGORIES
    number = what[events].astype(np.int64) - CATEGORIES
    codes: dict[str, int] = {}
    group = np.zeros(len(categories) + 1, np.int64)
    for i, text in enumerate(categories):
        major = text[:_MAJOR]
        group[i] = codes.setdefault(major if text.isdigit() and major in names else text, len(codes))
    flat = np.bincount(group[number] * bins + place[events], minlength=len(codes) * bins)
    rows = flat.reshape(-1, bins)
    return {code: rows[i] for code, i in codes.items() if rows[i].any()}
