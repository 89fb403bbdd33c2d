"""H3 cells of points and polygons. Cells are uint64 inside and H3's hexadecimal text outside."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.kernels import warm

Cells = NDArray[np.uint64]

_compiled = warm.compiled("geo.kernels.cells")
_MANY = 20_000
"""Points in one call that are worth the start of the kernels."""


def latlng_to_cell(lat: ArrayLike, lng: ArrayLike, res: int) -> Cells:
    """Cell of each point at resolution `res` (0..15). WGS 84 degrees, latitude first as H3 has it.

    The answers are h3's, bit by bit. Raises ValueError naming the first point that is not finite or not on the globe,
    for H3 would wrap it silently.
    """
    lat, lng = np.broadcast_arrays(np.asarray(lat, np.float64), np.asarray(lng, np.float64))
    if not 0 <= res <= 15:
        raise ValueError(f"H3 resolution {res} is not from 0 to 15")
    y, x = np.ascontiguousarray(lat).ravel(), np.ascontiguousarray(lng).ravel()
    kernels = _compiled.module
    if kernels is None:
        if y.size >= _MANY:
            warm.start()
        with np.errstate(invalid="ignore"):
            good = (np.abs(y) <= 90.0) & (np.abs(x) <= 180.0)
        bad = -1 if good.all() else int(np.argmin(good))
        cells = np.zeros(0 if bad >= 0 else y.size, np.uint64)
        unanswered = cells.size
    else:
        cells = np.empty(y.size, np.uint64)
        bad, unanswered = kernels.cells(y, x, res, cells)
    if bad >= 0:
        raise ValueError(f"point {bad}: lat {y[bad]}, lon {x[bad]} is not on the globe; expected +-90, +-180")
    if unanswered:
        at = np.flatnonzero(cells == 0)
        cells[at] = np.fromiter(map(h3.latlng_to_cell, y[at].tolist(), x[at].tolist(), repeat(res)), np.uint64, at.size)
    return cells.reshape(lat.shape)


def resolutions(cells: ArrayLike) -> NDArray[np.int64]:
    """Resolution of each cell, 0..15. Raises ValueError naming the first number that is no cell's."""
    found = np.asarray(cells, np.uint64)
    wrong = (found >> np.uint64(59)) != 1
    if wrong.any():
        at = int(np.flatnonzero(wrong.ravel())[0])
        raise ValueError(f"cell {at}: {int(found.ravel()[at])} is not an H3 cell")
    return (found >> np.uint64(52)).astype(np.int64) & 15


def parents(cells: ArrayLike, res: int) -> Cells:
    """The ancestor of each cell at resolution `res`, a cell's own or coarser: what `h3.cell_to_parent` gives for each.

    Raises ValueError for a cell that is coarser. A parent is not always the cell of a point at the coarser resolution:
    children stand a little over their parent's edge.
    """
    found = np.asarray(cells, np.uint64)
    coarser = resolutions(found) < res
    if not 0 <= res <= 15 or coarser.any():
        at = int(np.flatnonzero(coarser.ravel())[0]) if coarser.any() else 0
        which = f" of cell {at}" if coarser.any() else ""
        raise ValueError(f"resolution {res}{which}: expected from 0 to the cell's own")
    unused = np.uint64((1 << 3 * (15 - res)) - 1)
    return (found & ~np.uint64(15 << 52)) | np.uint64(res << 52) | unused


def rings(cells: ArrayLike, k: int) -> tuple[Cells, NDArray[np.int64]]:
    """Cells within `k` steps of each cell: (all of them one after the other, where each begins and the last ends).

    `near[start[i]:start[i + 1]]` are those of cell i, itself among them, in h3's order. At a pentagon there are fewer.
    Raises ValueError for a negative `k` or a number that is no cell.
    """
    if k < 0:
        raise ValueError(f"ring {k}: expected 0 or more steps")
    asked = np.asarray(cells, np.uint64).ravel()
    resolutions(asked)
    distinct, which = np.unique(asked, return_inverse=True)
    found = [h3.grid_disk(int(cell), k) for cell in distinct.tolist()]
    sizes = np.array([len(each) for each in found], np.int64)[which]
    start = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    arrays = [np.asarray(each, np.uint64) for each in found]
    near = np.concatenate([arrays[i] for i in which.tolist()]) if len(which) else np.empty(0, np.uint64)
    return near, start


def cell_to_str(cell: int) -> str:
    """Hexadecimal text of a cell, as H3 tools print it."""
    return format(int(cell), "x")


def str_to_cell(text: str) -> int:
    """Cell of its hexadecimal text. Raises ValueError for text that names no cell."""
    try:
        cell = int(text, 16)
        valid = bool(h3.is_valid_cell(cell))
    except (ValueError, OverflowError):
        valid = False
    if not valid:
        raise ValueError(f"{text[:40]!r} is not an H3 cell; expected 15 hexadecimal digits such as 8828308287fffff")
    return cell


def cover(geom: BaseGeometry, res: int) -> Cells:
    """All cells at `res` that touch a Polygon or MultiPolygon, ascending: the cell of every point in it is among them.

    A few cells that only come near it (a tenth of an edge) are there too: a hexagon's true edges are not straight in
    lon/lat, so the polygon is simplified and widened by more than that before its cells are asked for.
    """
    polygons = [part for part in _polygons(geom) if not part.is_empty]
    if not polygons:
        return np.empty(0, np.uint64)
    found: list[Cells] = []
    for polygon in polygons:
        margin = _margin_deg(polygon, res)
        wide = polygon.simplify(margin).buffer(2 * margin, join_style="mitre")
        for part in _polygons(wide):
            shape = h3.LatLngPoly(_ring(part.exterior.coords), *(_ring(hole.coords) for hole in part.interiors))
            cells = h3.h3shape_to_cells_experimental(shape, res, contain="overlap")
            found.append(np.asarray(cells, np.uint64))
    return np.unique(np.concatenate(found))


def _margin_deg(polygon: Polygon, res: int) -> float:
    """5 % of an average cell edge in degrees of longitude at the polygon's highest latitude (the larger of the two)."""
    _, south, _, north = shapely.bounds(polygon)
    narrow = max(np.cos(np.radians(min(max(abs(south), abs(north)), 89.0))), 0.01)
    return float(0.05 * h3.average_hexagon_edge_length(res, unit="km") / 111.2 / narrow)


def _polygons(geom: BaseGeometry) -> list[Polygon]:
    if isinstance(geom, Polygon):
        return [geom]
    if isinstance(geom, MultiPolygon):
        return list(geom.geoms)
    raise ValueError(f"a {geom.geom_type} has no cover; expected a Polygon or MultiPolygon")


def _ring(coords: Iterable[tuple[float, ...]]) -> list[tuple[float, float]]:
    return [(point[1], point[0]) for point in coords]
