"""Counts that others made of their tickets (by community, by month, ...): do the views of one total agree?

A count is not a ticket. It has no time, place or life, so nothing here enters the log: a record per counted ticket
would be an invention. What can be done with several views of the same tickets is to hold them against each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from data.errors import BadInput, BadRecord
from feeds.csv_rows import read_csv

PLACE = frozenset({"lon", "lat", "lng", "longitude", "latitude", "x", "y"})
"""Columns that say where a value is: neither a count nor something to count by."""

MAX_FAULTS = 20
"""Faulty rows told one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class View:
    """One file of counts. `sums`: dimension -> value -> count. `faults` say which rows were left out and why."""

    name: str
    by: tuple[str, ...]
    rows: int
    total: int
    sums: dict[str, dict[str, int]]
    faulty: int = 0
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What two views say of one value: `first` and `second` are their counts, None where a view has no such value."""

    value: str
    first: int | None
    second: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two views held against each other along one dimension they share, or, with `by` empty, in their totals.

    `equal` of `values` agree, `differences` are the others, the largest first.
    """

    first: str
    second: str
    by: str
    values: int
    equal: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All views and all comparisons. `unlinked` are dimensions that one view alone has: only the total checks them.

    `agrees`: no two views differ anywhere, and no row of any was left out.
    """

    views: tuple[View, ...]
    comparisons: tuple[Comparison, ...]
    unlinked: tuple[str, ...]
    agrees: bool


def read_view(
    path: Path, count: str, *, leave_out: Sequence[str] = (), encoding: str = "utf-8", delimiter: str = ","
) -> View:
    """A CSV file of counts: the column `count`, and all others but `leave_out` and coordinates to count by.

    A row is faulty, and left out, when its count is not a whole number from 0, when it does not say what it counts, or
    when it says again what an earlier row has said. Raises BadInput when the file cannot be read or lacks the column.
    """
    by: tuple[str, ...] | None = None
    sums: dict[str, Counter[str]] = {}
    seen: dict[tuple[str, ...], int] = {}
    total = rows = 0
    faults: list[str] = []
    try:
        with path.open("rb") as stream:
            items = read_csv(stream, encoding=encoding, delimiter=delimiter, needed=[count], name=path.name)
            for row, _ in items:
                rows += 1
                try:
                    if isinstance(row, BadRecord):
                        raise row
                    if by is None:
                        by = tuple(c for c in row if c != count and c not in leave_out and c.lower() not in PLACE)
                        sums = {name: Counter() for name in by}
                    key = _key(row, by)
                    number = _count(row[count], count)
                    if key in seen:
                        raise BadRecord(f"{' / '.join(key) or 'this'} was counted in row {seen[key]} already")
                except BadRecord as error:
                    faults.append(f"{path.name}: row {rows}: {error}")
                    continue
                seen[key] = rows
                total += number
                for name, value in zip(by, key, strict=True):
                    sums[name][value] += number
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror or error}") from None
    return View(
        name=path.name,
        by=by or (),
        rows=rows,
        total=total,
        sums={name: dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))) for name, found in sums.items()},
        faulty=len(faults),
        faults=tuple(faults[:MAX_FAULTS]),
    )


def reconcile(views: Sequence[View]) -> Reconciliation:
    """Every two views along every dimension they share, and in their totals. Raises BadInput for fewer than two."""
    if len(views) < 2:
        raise BadInput("reconcile: give at least two files of counts; one agrees with itself")
    twice = [name for name, n in Counter(view.name for view in views).items() if n > 1]
    if twice:
        raise BadInput(f"reconcile: two files are named {twice[0]}; rename one, so that the report can tell them apart")
    comparisons = []
    for a, b in combinations(views, 2):
        comparisons.append(_compare(a, b, "", {"": a.total}, {"": b.total}))
        shared = [name for name in a.by if name in b.by]
        comparisons += [_compare(a, b, name, a.sums[name], b.sums[name]) for name in shared]
    had = Counter(name for view in views for name in view.by)
    return Reconciliation(
        views=tuple(views),
        comparisons=tuple(comparisons),
        unlinked=tuple(sorted(name for name, n in had.items() if n == 1)),
        agrees=not any(c.differences for c in comparisons) and not any(view.faulty for view in views),
    )


def _compare(a: View, b: View, by: str, first: dict[str, int], second: dict[str, int]) -> Comparison:
    values = sorted(first.keys() | second.keys())
    found = [
        Difference(value, first.get(value), second.get(value))
        for value in values
        if first.get(value, 0) != second.get(value, 0)  # many a view leaves out the rows that count nothing
    ]
    found.sort(key=lambda d: (-abs((d.first or 0) - (d.second or 0)), d.value))
    return Comparison(a.name, b.name, by, len(values), len(values) - len(found), tuple(found))


def _key(row: dict[str, str], by: Sequence[str]) -> tuple[str, ...]:
    key = tuple(row[name].strip() for name in by)
    empty = [name for name, value in zip(by, key, strict=True) if not value]
    if empty:
        raise BadRecord(f"column {empty[0]!r} is empty")
    return key


def _count(text: str, column: str) -> int:
    try:
        number = int(text.strip())
    except ValueError:
        number = -1
    if number < 0:
        raise BadRecord(f"column {column!r} is {text.strip()[:40]!r}, not a whole number from 0")
    return number
