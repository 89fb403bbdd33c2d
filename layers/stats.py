"""Counts and intervals of rows of the log: what `app.py stats` and `cells` print. Periods are [from, to)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from data.errors import BadInput
from geo.area import Region
from geo.cells import cell_to_str, latlng_to_cell
from layers.log_rows import (
    Filter,
    Of,
    Row,
    add_moves,
    events,
    read_rows,
    rows_of_incidents,
    rows_of_records,
    stamp_names,
)

__all__ = [
    "Bucket", "Filter", "Interval", "Of", "Row", "add_moves", "bucket", "count_by_area", "count_cells", "events",
    "group", "interval_of", "read_rows", "rows_of_incidents", "rows_of_records", "stamp_names",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interval:
    """Minutes between two named timestamps over some rows.

    n     rows that have both, in order
    p50, p90   linear-interpolated percentiles in minutes, rounded to 4 decimals; None when n is 0
    missing, reversed   rows left out because a timestamp is not there, or they are out of order
    """

    n: int
    p50: float | None
    p90: float | None
    missing: int
    reversed: int

    @property
    def excluded(self) -> int:
        return self.missing + self.reversed


@dataclass(frozen=True, slots=True)
class Bucket:
    """Rows of one area or one group."""

    count: int
    by: dict[str, int] = field(default_factory=dict)
    interval: Interval | None = None


def count_by_area(
    rows: Sequence[Row],
    region: Region,
    level: str,
    by: Sequence[str] = (),
    interval: tuple[str, str] | None = None,
) -> tuple[dict[str, Bucket], Bucket]:
    """(code -> bucket for every area of the level, the bucket of rows outside all of them).

    Raises BadInput when the region has no such level.
    """
    if level not in region.levels:
        known = ", ".join(region.levels) or "none yet; import one with `region import`"
        raise BadInput(f"level {level!r} is not in the region; it has {known}")
    at_level: dict[str | None, str | None] = {None: None}
    members: dict[str | None, list[Row]] = {area.code: [] for area in region.by_level[level]}
    members[None] = []
    for row in rows:
        if row.area not in at_level:
            at_level[row.area] = region.ancestor(row.area or "", level)
        members[at_level[row.area]].append(row)
    outside = bucket(members.pop(None), by, interval)
    return {code: bucket(inside, by, interval) for code, inside in members.items() if code is not None}, outside


def group(
    rows: Sequence[Row], name: str, by: Sequence[str] = (), interval: tuple[str, str] | None = None
) -> dict[str, Bucket]:
    """Rows by the value of a field (category, severity, status, source, unit) or of an attribute. "" = no value.

    Raises BadInput when no row has such a field.
    """
    read = _reader(rows, name)
    members: dict[str, list[Row]] = {}
    for row in rows:
        value = read(row)
        members.setdefault("" if value is None else str(value), []).append(row)
    return {value: bucket(members[value], by, interval) for value in sorted(members)}


def bucket(rows: Sequence[Row], by: Sequence[str] = (), interval: tuple[str, str] | None = None) -> Bucket:
    """The count of some rows, their count per status, and their interval."""
    statuses = Counter(row.status for row in rows) if by else Counter()
    return Bucket(
        count=len(rows),
        by={status: statuses[status] for status in by},
        interval=interval_of(rows, *interval) if interval else None,
    )


def interval_of(rows: Iterable[Row], first: str, second: str) -> Interval:
    """Minutes from timestamp `first` to timestamp `second`. "at" names the time of the row itself."""
    minutes: list[float] = []
    missing = reverse = 0
    for row in rows:
        a, b = _stamp(row, first), _stamp(row, second)
        if a is None or b is None:
            missing += 1
        elif b < a:
            reverse += 1
        else:
            minutes.append((b - a).total_seconds() / 60.0)
    if not minutes:
        return Interval(0, None, None, missing, reverse)
    p50, p90 = np.percentile(np.array(minutes), [50, 90])
    return Interval(len(minutes), round(float(p50), 4), round(float(p90), 4), missing, reverse)


def count_cells(rows: Sequence[Row], res: int, top: int | None = None) -> list[tuple[str, int]]:
    """(H3 cell, rows) at `res`, largest first, ties by cell. The cell is that of the point, at this resolution."""
    placed = [row for row in rows if row.lon is not None and row.lat is not None]
    if not placed:
        return []
    cells = latlng_to_cell(np.array([r.lat for r in placed], float), np.array([r.lon for r in placed], float), res)
    found, counts = np.unique(cells, return_counts=True)
    order = np.lexsort((found, -counts))[:top]
    return [(cell_to_str(int(found[i])), int(counts[i])) for i in order]


def _stamp(row: Row, name: str) -> datetime | None:
    return row.at if name == "at" else row.times.get(name)


_FIELDS: dict[str, Callable[[Row], object]] = {
    "category": lambda r: r.category,
    "severity": lambda r: r.severity,
    "status": lambda r: r.status,
    "source": lambda r: r.source,
    "unit": lambda r: r.unit,
}


def _reader(rows: Sequence[Row], name: str) -> Callable[[Row], object]:
    if name in _FIELDS:
        return _FIELDS[name]
    attrs = sorted({attr for row in rows for attr in row.attrs})
    if rows and name not in attrs:
        raise BadInput(f"group {name!r}: no such field; there are {', '.join([*_FIELDS, *attrs])}")
    return lambda row: row.attrs.get(name)
