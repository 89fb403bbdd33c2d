"""What every table of `bench` shares: contestants on the same data in turn, medians, ratios, and whether they agree.

    rows = compare([Contestant("ours", ours), Contestant("sjoin", sjoin, want=60)], rounds=5)
    show("1M points into 930 grids", rows)

The first contestant is ours. In each round every contestant runs once, so that a machine that is busy for a while is
busy for all of them; the first round warms caches and is not counted. A ratio is the peer's median time over ours.
"""

from __future__ import annotations

import gc
import resource
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Contestant:
    """One way to do the job. `run` does it and returns the answer.

    `want`: how many times ours shall be faster. `repeat`: calls within one timing, for jobs of microseconds. `rounds`:
    fewer rounds for one that takes long. `at_least`: repeat within one timing until it lasts this many seconds, so that
    a fast job gets its share of a busy machine's pauses as a slow one does, not all of one or none. `same`: whether its
    answer is ours; `equal` unless given. `compared`: whether that is looked at.
    """

    name: str
    run: Callable[[], Any]
    want: float | None = None
    repeat: int = 1
    rounds: int | None = None
    same: Callable[[Any, Any], bool] | None = None
    compared: bool = True
    at_least: float = 0.0


@dataclass(frozen=True)
class Row:
    """A line of the table: median seconds of one call, that of the fastest, ratio to ours, target, agreement."""

    name: str
    seconds: float
    best: float
    ratio: float
    want: float | None
    identical: bool | None


def equal(mine: Any, other: Any) -> bool:
    """Bit-identical: same shape, dtype kind and values for arrays, element by element for tuples, == for the rest."""
    if isinstance(mine, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(mine) == len(other) and all(equal(a, b) for a, b in zip(mine, other, strict=True))
    if isinstance(mine, np.ndarray) or isinstance(other, np.ndarray):
        return bool(np.array_equal(mine, other))
    return bool(mine == other)


def compare(contestants: Sequence[Contestant], rounds: int = 5) -> list[Row]:
    """Run all of them in turn, `rounds` times after one that warms up."""
    answers: list[Any] = []
    times: list[list[float]] = [[] for _ in contestants]
    for number in range(rounds + 1):
        for at, one in enumerate(contestants):
            if number > (rounds if one.rounds is None else one.rounds):
                continue
            gc.collect()
            calls = 0
            start = perf_counter()
            while True:
                for _ in range(one.repeat):
                    answer = one.run()
                calls += one.repeat
                took = perf_counter() - start
                if took >= one.at_least or number == 0:
                    break
            took /= calls
            if number == 0:
                answers.append(answer)
                if one.rounds == 0:
                    times[at].append(took)
            else:
                times[at].append(took)
            del answer
    ours = statistics.median(times[0])
    rows = []
    for at, one in enumerate(contestants):
        median = statistics.median(times[at])
        agrees = None if at == 0 or not one.compared else (one.same or equal)(answers[0], answers[at])
        rows.append(Row(one.name, median, min(times[at]), median / ours, one.want, agrees))
    return rows


def duration(seconds: float) -> str:
    """With three digits and a unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds / size < 1000 else f"{seconds / size:,.0f} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def show(title: str, rows: Sequence[Row], note: str = "") -> None:
    """Print one table."""
    print(f"\n{title}")
    if note:
        print(f"  {note}")
    wide = max(28, *(len(row.name) for row in rows))
    print(f"  {'':{wide}} {'median':>10} {'best':>10} {'ratio':>9} {'target':>9}       identical")
    for number, row in enumerate(rows):
        ratio = "" if number == 0 else f"{row.ratio:,.3g} x" if row.ratio < 1000 else f"{row.ratio:,.0f} x"
        target = "" if row.want is None else f">= {row.want:g} x"
        met = "" if row.want is None else "met" if row.ratio >= row.want else "MISSED"
        same = "" if row.identical is None else "yes" if row.identical else "NO"
        print(
            f"  {row.name:{wide}} {duration(row.seconds):>10} {duration(row.best):>10} {ratio:>9} {target:>9} {met:6}"
            f"{same:>9}",
            flush=True,
        )


def show_facts(title: str, facts: Sequence[tuple[str, str, str, bool | None]]) -> None:
    """Print (what, value, target, met) lines, for figures that are no ratio: memory, build time, a percentile."""
    print(f"\n{title}")
    wide = max(28, *(len(what) for what, *_ in facts))
    for what, value, target, met in facts:
        print(
            f"  {what:{wide}} {value:>16} {target:>14} {'' if met is None else 'met' if met else 'MISSED'}", flush=True
        )


def peak_mb() -> float:
    """Largest resident memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
