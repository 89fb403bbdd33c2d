"""When something says nothing: grid terminals that fall silent, a feed that goes quiet. Fixed by seed and time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from feeds.demo.grids import GRIDS

SLOT_S = 1800
"""Spells are drawn for each slot of this many seconds since 1970."""

TERMINALS_PER_SLOT = 9
TERMINAL_S = (1500.0, 3000.0)
QUIET_S = (300.0, 560.0)


@lru_cache(maxsize=64)
def _terminal_spells(seed: int, slot: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng([seed, 10, slot])
    worker = rng.choice(GRIDS, TERMINALS_PER_SLOT, replace=False)
    start = slot * SLOT_S + rng.uniform(0, SLOT_S, TERMINALS_PER_SLOT)
    return worker, start, start + rng.uniform(*TERMINAL_S, TERMINALS_PER_SLOT)


def silent_terminals(seed: int, now: float) -> dict[int, float]:
    """Grids whose terminal is silent at `now` (epoch seconds) -> since when. Eleven at a time, on average."""
    out: dict[int, float] = {}
    slot = int(now // SLOT_S)
    for back in range(3):
        for worker, start, end in zip(*(c.tolist() for c in _terminal_spells(seed, slot - back)), strict=True):
            if start <= now < end:
                out[worker] = min(start, out.get(worker, start))
    return out


def water_is_quiet(seed: int, now: float) -> bool:
    """Whether the water gauges say nothing at `now`: one spell of five to nine minutes in each half hour or so."""
    slot = int(now // SLOT_S)
    rng = np.random.default_rng([seed, 11, slot])
    length = float(rng.uniform(*QUIET_S))
    start = slot * SLOT_S + float(rng.uniform(0, SLOT_S - length))
    return start <= now < start + length
