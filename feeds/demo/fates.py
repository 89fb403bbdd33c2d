"""What goes differently with a matter on its way through the offices: drawn with the script, for (seed, day, feed).

The script's closing time holds the time that all this takes, so a matter is over at the same moment whether offices
work it or the history tells of it.
"""

from __future__ import annotations

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray


class Fate(IntFlag):
    """Kinds of going differently; most matters have none."""

    PLAIN = 0
    RETURNED = 1
    """Its owner hands it back once."""
    CONTESTED = 2
    """Three owners hand it back, and the district decides."""
    REWORKED = 4
    """What was done does not pass and is done again."""
    EXTENDED = 8
    SUSPENDED = 16
    STALLED = 32
    """Its owner lets it lie: it is late."""
    UNHEEDED = 64
    """Nobody accepts it for a day or more."""


SHARE = {
    Fate.RETURNED: 0.042,
    Fate.CONTESTED: 0.008,
    Fate.REWORKED: 0.08,
    Fate.EXTENDED: 0.018,
    Fate.SUSPENDED: 0.015,
    Fate.STALLED: 0.014,
    Fate.UNHEEDED: 0.006,
}
"""Of the matters of offices. Emergencies have none of these."""

HOURS = {
    Fate.RETURNED: (0.5, 2.0),
    Fate.CONTESTED: (3.0, 8.0),
    Fate.REWORKED: (1.0, 3.0),
    Fate.EXTENDED: (8.0, 30.0),
    Fate.SUSPENDED: (10.0, 40.0),
    Fate.STALLED: (24.0, 72.0),
    Fate.UNHEEDED: (20.0, 60.0),
}
"""Bounds of the time it costs, hours."""


def draw_fates(
    seed: int, ordinal: int, number: int, urgent: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """(fate of each matter, seconds by which its acceptance is later, seconds by which its end is later).

    `urgent` ones go their straight way.
    """
    n = len(urgent)
    fate, accept, end = np.zeros(n, dtype=np.int64), np.zeros(n), np.zeros(n)
    rng = np.random.default_rng([seed, 19, ordinal, number])
    for kind, share in SHARE.items():
        hit = (rng.random(n) < share) & ~urgent
        cost = rng.uniform(*HOURS[kind], n) * 3600 * hit
        fate |= np.where(hit, int(kind), 0)
        end += cost
        if kind is Fate.UNHEEDED:
            accept += cost
    return fate, accept, end
