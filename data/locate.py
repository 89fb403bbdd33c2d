"""The stamps a point gets in the log: its H3 cell and the finest area that holds it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.area_indexes import area_index
from data.records import CELL_RES
from data.store import Locator
from geo.area import Region
from geo.cells import latlng_to_cell


def locator_of(region: Region) -> Locator:
    """The locator of a region. Without areas everything lies outside."""
    finest = region.finest
    areas = region.by_level[finest] if finest is not None else ()
    index = area_index(areas) if areas else None

    def locate(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.uint64], list[str | None]]:
        cells = latlng_to_cell(lat, lon, CELL_RES)
        if index is None:
            return cells, [None] * len(lon)
        codes = index.codes
        return cells, [codes[i] if i >= 0 else None for i in index.locate(lon, lat).tolist()]

    return locate
