"""Two charts of a report: response intervals against their plan, and lives of incidents along the exercise's hours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from replay.picture import Disc, Line, Mark, Picture, Shape, Words, polygon, text_width
from replay.picture_ground import rectangle
from replay.picture_symbols import INK, MUTED, WAITS, WORKED

WIDTH = 720.0
GRID, SECOND, ON_WAY, NO_UNITS = "#d5d8de", "#8a8f9a", "#8f9bb3", "#d3cbb8"
TICKS = (0.25, 1.0, 5.0, 15.0, 60.0, 240.0, 960.0)
"""Minutes that the logarithmic axis of intervals names."""

STEPS_MIN = (5, 10, 15, 30, 60, 120, 240, 480, 1440)
"""Minutes between the ticks of an axis of time, the first that gives at most ten of them."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One run's figures of an interval, minutes; None where no incident had both milestones. `label`: p90 in words."""

    p50: float | None
    p90: float | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """An interval, its plan, and the figures of one run, or of two."""

    label: str
    plan: float | None
    bars: tuple[Bar, ...]


def intervals_chart(rows: Sequence[IntervalRow], words: Mapping[str, str], title: str = "") -> Picture:
    """p50 as a dot, p90 as the end of its bar, the plan as a line across, on a logarithmic axis of minutes. Of two runs
    the second is grey. `words`: p50, p90, plan, min, s; `a` and `b` where there are two."""
    left = max([text_width(row.label, 11) for row in rows], default=0.0) + 14
    right = WIDTH - 54
    values = [v for row in rows for v in (row.plan, *(x for bar in row.bars for x in (bar.p50, bar.p90))) if v]
    low, high = 0.2, max([*values, 5.0]) * 1.15

    def x(minutes: float) -> float:
        return left + (right - left) * math.log(max(minutes, low) / low) / math.log(high / low)

    marks: list[Mark] = []
    height = 26.0 + sum(10.0 + 14.0 * len(row.bars) for row in rows)
    for tick in TICKS:
        if low <= tick <= high:
            marks.append(Line(polygon((x(tick), 20), (x(tick), height - 4)), GRID, 0.8))
            said = f"{tick:g} {words['min']}" if tick >= 1 else f"{tick * 60:g} {words['s']}"
            marks.append(Words(x(tick), 12, said, 9.5, MUTED, "middle"))
    y = 26.0
    for row in rows:
        marks.append(Words(0, y + 7 * len(row.bars) + 4, row.label, 11, INK))
        for number, bar in enumerate(row.bars):
            base = y + 7 + 14 * number
            colour = WORKED if number == 0 else SECOND
            if bar.p50 is not None and bar.p90 is not None:
                marks.append(
                    Shape((rectangle(x(bar.p50), base - 3, max(x(bar.p90), x(bar.p50) + 1), base + 3),), colour)
                )
                marks.append(Disc(x(bar.p50), base, 4.2, "#ffffff", colour, 2))
                marks.append(Words(x(bar.p90) + 6, base + 3.4, bar.label, 9.5, INK, halo="#ffffff"))
        if row.plan is not None:
            bottom = y + 14 * len(row.bars)
            marks.append(Line(polygon((x(row.plan), y - 2), (x(row.plan), bottom + 2)), WAITS, 2.2))
        y += 10.0 + 14.0 * len(row.bars)
    two = max([len(row.bars) for row in rows], default=1) > 1
    marks += _key(words, height, two)
    return Picture(WIDTH, height + 18, tuple(marks), title)


def _key(words: Mapping[str, str], top: float, two: bool) -> list[Mark]:
    y, x = top + 10, 0.0
    marks: list[Mark] = []
    for number, run in enumerate(("a", "b") if two else ("",)):
        colour = WORKED if number == 0 else SECOND
        marks.append(Shape((rectangle(x + 4, y - 3, x + 26, y + 3),), colour))
        marks.append(Disc(x + 4, y, 4.2, "#ffffff", colour, 2))
        said = f"{words['p50']} – {words['p90']}" + (f" · {words[run]}" if run else "")
        marks.append(Words(x + 32, y + 3.5, said, 10, INK))
        x += 32 + text_width(said, 10) + 18
    marks.append(Line(polygon((x, y - 6), (x, y + 6)), WAITS, 2.2))
    marks.append(Words(x + 7, y + 3.5, words["plan"], 10, INK))
    return marks


@dataclass(frozen=True, slots=True)
class LifeRow:
    """An incident's life; None for what it did not come to."""

    id: str
    severity: int
    opened: datetime
    dispatched: datetime | None
    arrived: datetime | None
    closed: datetime | None


def lives_chart(
    rows: Sequence[LifeRow], start: datetime, end: datetime, words: Mapping[str, str], zone: tzinfo, title: str = ""
) -> Picture:
    """One line for each incident: waiting for units, units on their way, worked on, closed; pale where no units were
    sent. What was open at the end runs to the border. `words`: waiting, on_way, worked, no_units, over, open_end."""
    left, right, step = 74.0, WIDTH - 16, 13.0
    span = max((end - start).total_seconds(), 1.0)

    def x(t: datetime) -> float:
        return left + (right - left) * min(max((t - start).total_seconds() / span, 0.0), 1.0)

    height = 26.0 + step * len(rows)
    marks: list[Mark] = []
    for tick in time_ticks(start, end, zone):
        marks.append(Line(polygon((x(tick), 20), (x(tick), height)), GRID, 0.8))
        marks.append(Words(x(tick), 12, f"{tick.astimezone(zone):%H:%M}", 9.5, MUTED, "middle"))
    for number, row in enumerate(rows):
        y = 22.0 + step * (number + 0.5)
        marks.append(Words(0, y + 3.4, row.id, 9.5, INK, bold=row.severity == 1))
        marks.append(Words(left - 8, y + 3.4, str(row.severity), 9.5, MUTED, "end"))
        marks += _life(row, x, y, end)
    return Picture(WIDTH, height + 22, (*marks, *_lives_key(words, height + 12)), title)


def _life(row: LifeRow, x: Callable[[datetime], float], y: float, end: datetime) -> list[Mark]:
    marks: list[Mark] = []
    over = row.closed or end
    sent = min(row.dispatched or over, over)
    there = min(row.arrived or over, over)
    colour = WAITS if row.dispatched is not None else NO_UNITS
    marks.append(Shape((rectangle(x(row.opened), y - 3.6, max(x(sent), x(row.opened) + 1.2), y + 3.6),), colour))
    if row.dispatched is not None:
        marks.append(Shape((rectangle(x(sent), y - 2.2, max(x(there), x(sent) + 0.8), y + 2.2),), ON_WAY))
    if row.arrived is not None:
        marks.append(Shape((rectangle(x(there), y - 3.6, max(x(over), x(there) + 0.8), y + 3.6),), WORKED))
    if row.closed is None:
        tip = x(end) + 6
        marks.append(Shape((polygon((tip - 6, y - 4), (tip, y), (tip - 6, y + 4)),), INK))
    else:
        marks.append(Line(polygon((x(over), y - 5), (x(over), y + 5)), INK, 1.4))
    return marks


def _lives_key(words: Mapping[str, str], y: float) -> list[Mark]:
    marks: list[Mark] = []
    x = 0.0
    bars = (("waiting", WAITS, 3.6), ("on_way", ON_WAY, 2.2), ("worked", WORKED, 3.6), ("no_units", NO_UNITS, 3.6))
    for key, colour, half in bars:
        marks.append(Shape((rectangle(x, y - half, x + 20, y + half),), colour))
        marks.append(Words(x + 25, y + 3.5, words[key], 10, INK))
        x += 25 + text_width(words[key], 10) + 16
    marks.append(Line(polygon((x + 2, y - 5), (x + 2, y + 5)), INK, 1.4))
    marks.append(Words(x + 8, y + 3.5, words["over"], 10, INK))
    x += 8 + text_width(words["over"], 10) + 16
    marks.append(Shape((polygon((x, y - 4), (x + 6, y), (x, y + 4)),), INK))
    marks.append(Words(x + 11, y + 3.5, words["open_end"], 10, INK))
    return marks


def time_ticks(start: datetime, end: datetime, zone: tzinfo) -> list[datetime]:
    """Round local times within a span, at most ten."""
    minutes = max((end - start).total_seconds() / 60, 1.0)
    step = timedelta(minutes=next((each for each in STEPS_MIN if minutes / each <= 10), STEPS_MIN[-1]))
    local = start.astimezone(zone)
    at = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at += step * math.ceil((local - at) / step)
    found = []
    while at <= end:
        found.append(at)
        at += step
    return found
