"""`app.py locate`: CSV lon,lat on standard input, the area's code on standard output."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Annotated

import numpy as np
import typer

from cli.common import DbOption, open_cli_store, refusals
from data.errors import BadInput
from geo.area_index import AreaIndex
from geo.datum import Datum, to_wgs84

_CHUNK = 100_000
_ORDERS = {("lon", "lat"): (0, 1), ("lat", "lon"): (1, 0)}


def locate(
    level: Annotated[str | None, typer.Option(help="Level whose codes are wanted; the finest without it")] = None,
    datum: Annotated[Datum, typer.Option(help="What the coordinates are in")] = Datum.WGS84,
    db: DbOption = None,
) -> None:
    """One line per point: its area's code, empty outside all areas (and for an empty line).

    A first line `lon,lat` or `lat,lon` names the order and gets no line of its own. Further columns are ignored.
    """
    with refusals():
        with closing(open_cli_store(db, reading=True)) as store:
            region = store.region()
        wanted = level or region.finest
        if wanted is None or wanted not in region.levels:
            known = ", ".join(region.levels) or "none; import one with app.py region import"
            raise BadInput(f"no level {wanted or ''!r}; there are: {known}")
        index = AreaIndex(region.by_level[wanted])
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # what is no UTF-8 is refused by line, below
        for lon, lat in _points(sys.stdin):
            found = index.locate(*to_wgs84(lon, lat, datum))
            sys.stdout.writelines((index.codes[at] if at >= 0 else "") + "\n" for at in found.tolist())


def _points(lines: Iterable[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Arrays of lon and lat, chunk by chunk; NaN for an empty line. Raises BadInput naming the line."""
    order, number, rows = (0, 1), 0, iter(lines)
    while chunk := list(islice(rows, _CHUNK)):
        points: list[tuple[float, float]] = []
        for line in chunk:
            number += 1
            cells = [cell.strip().strip('"') for cell in line.lstrip("\ufeff").strip().split(",")]
            if number == 1 and (named := _ORDERS.get((cells[0].lower(), cells[1].lower() if cells[1:] else ""))):
                order = named
                continue
            if cells == [""]:
                points.append((np.nan, np.nan))
                continue
            try:
                points.append((float(cells[order[0]]), float(cells[order[1]])))
            except (ValueError, IndexError):
                raise BadInput(f"line {number}: {line.strip()[:60]!r}: expected lon,lat in degrees") from None
        if points:
            lon, lat = np.array(points, np.float64).T
            yield lon, lat
