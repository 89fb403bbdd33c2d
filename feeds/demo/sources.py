"""The demo's feeds: names, expected rhythm, volume, and how each breathes over the day and the week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HOURS: dict[str, tuple[float, ...]] = {
    # share of each local hour, 0..23, before scaling
    "office": (1.0, 0.7, 0.5, 0.5, 0.6, 1.1, 2.2, 4.2, 7.6, 8.8, 8.4, 7.0, 4.6, 5.2, 7.2, 7.6, 7.0, 5.8, 4.8, 4.6, 4.2,
               3.2, 2.2, 1.4),
    "patrol": (0.4, 0.3, 0.2, 0.2, 0.4, 1.0, 3.0, 6.5, 9.4, 9.6, 8.6, 5.6, 3.0, 4.4, 8.2, 9.0, 8.0, 5.6, 3.8, 3.6, 2.8,
               1.6, 0.9, 0.6),
    "police": (3.0, 2.2, 1.7, 1.3, 1.2, 1.5, 2.2, 3.6, 4.8, 5.0, 4.8, 4.6, 4.4, 4.4, 4.8, 5.0, 5.2, 5.6, 5.8, 6.4, 6.8,
               6.4, 5.4, 4.2),
    "traffic": (0.9, 0.6, 0.5, 0.5, 0.7, 1.4, 3.6, 8.2, 8.6, 5.2, 4.6, 4.4, 4.0, 4.2, 4.8, 5.2, 6.6, 9.2, 8.0, 5.0, 3.8,
                2.8, 1.9, 1.3),
    "medical": (2.4, 2.0, 1.8, 1.8, 2.2, 3.2, 4.6, 5.6, 6.0, 6.0, 5.4, 4.8, 4.4, 4.2, 4.4, 4.6, 4.8, 5.0, 5.2, 5.4, 5.0,
                4.4, 3.6, 3.0),
    "flat": (3.4, 3.2, 3.0, 3.0, 3.2, 3.6, 4.0, 4.4, 4.6, 4.6, 4.6, 4.6, 4.6, 4.8, 4.8, 4.8, 4.8, 4.8, 4.6, 4.4, 4.2,
             4.0, 3.8, 3.6),
}  # fmt: skip

WEEK: dict[str, tuple[float, ...]] = {
    # factor of Monday .. Sunday, mean 1
    "office": (1.20, 1.14, 1.10, 1.08, 1.06, 0.76, 0.66),
    "patrol": (1.10, 1.08, 1.08, 1.06, 1.06, 0.84, 0.78),
    "police": (0.95, 0.95, 0.96, 0.98, 1.08, 1.08, 1.00),
    "traffic": (1.10, 1.02, 1.02, 1.02, 1.12, 0.90, 0.82),
    "medical": (1.04, 1.00, 1.00, 0.99, 1.00, 0.99, 0.98),
    "flat": (1.0,) * 7,
}


@dataclass(frozen=True, slots=True)
class Source:
    """One feed of the demo.

    `per_day` is the mean number of events a day, `rhythm_s` the longest normal silence in seconds. `dispatch_min`,
    `travel_min` are medians in minutes from report to dispatch and from dispatch to arrival; `emergency` feeds work
    round the clock, the others finish nothing at night. `rain` multiplies the volume on a day of heavy rain.
    """

    id: str
    name: str
    name_en: str
    rhythm_s: float
    per_day: float = 0
    shape: str = "flat"
    dispatch_min: float = 1
    travel_min: float = 7
    emergency: bool = False
    rain: float = 1.0
    areas: bool = False

    def hours(self) -> NDArray[np.float64]:
        """Probability of each local hour of the day."""
        share = np.array(_HOURS[self.shape])
        return np.asarray(share / share.sum())


SOURCES: tuple[Source, ...] = (
    Source("hotline", "12345 热线", "12345 hotline", 2400, 880, "office", 18, 90, rain=1.25),
    Source("grid", "网格终端", "Grid worker terminals", 600, 810, "patrol", 6, 12, rain=0.9, areas=True),
    Source("110", "110 报警", "110 police calls", 2700, 890, "police", 0.6, 6, emergency=True),
    Source("119", "119 火警救援", "119 fire and rescue calls", 21_600, 42, "medical", 0.5, 8, emergency=True, rain=1.5),
    Source("120", "120 急救", "120 medical calls", 7200, 270, "medical", 0.6, 9, emergency=True),
    Source("122", "122 交通报警", "122 traffic calls", 7200, 340, "traffic", 0.9, 9, emergency=True, rain=1.7),
    Source("sensor", "物联感知", "Urban sensors", 7200, 170, "flat", 4, 16, rain=1.2),
    Source("water", "水位雨量监测", "Water level and rain gauges", 120, 26, "flat", 4, 18, rain=9.0),
)
"""Feeds that bring events."""

TERMINALS: tuple[Source, ...] = (
    Source("gps", "车辆定位", "Vehicle positions", 60),
    Source("cad", "车载终端", "Vehicle terminals", 1800),
    Source("video", "视频平台", "Video platform", 1200),
)
"""Feeds that bring positions, unit statuses and camera statuses."""

BY_ID = {source.id: source for source in (*SOURCES, *TERMINALS)}


def heavy_rain(ordinal: int) -> bool:
    """Whether a day (`date.toordinal()`) is a day of heavy rain: one in thirteen."""
    return ordinal % 13 == 5
