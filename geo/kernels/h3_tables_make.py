"""Derive `h3_tables.py` from the h3 library: `python -m geo.kernels.h3_tables_make` writes it anew.

What is taken as known of H3 is its construction (h3geo.org, "The cell index"): an icosahedron whose vertices are the
twelve pentagons, gnomonic faces, hexagons on each face with an axis towards a vertex of the face, vertices two
hexagons away from the middle at resolution 0, aperture 7 with the grid turned by asin(sqrt(3/28)) at odd resolutions.
Which base cell lies where on a face, and how its digits are turned against the face's axes, is observed: points all
over each face are asked of h3 at resolution 4 and must agree with one answer for each place.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray

from geo.kernels.h3_grid import PAIRS, RESIDUE_BIAS, hex_axes, turned

_RES = 4
_SAMPLES = 40_000  # per face
PATH = Path(__file__).with_name("h3_tables.py")


def unit(lat_deg: NDArray[np.float64], lng_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    lat, lng = np.radians(lat_deg), np.radians(lng_deg)
    return np.stack((np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)), axis=-1)


def faces() -> NDArray[np.float64]:
    """[20, 3, 3]: of each face the middle, and the tangents along the hexagons' x and y axes."""
    middles = np.array([h3.cell_to_latlng(cell) for cell in sorted(h3.get_pentagons(0))])
    corners = unit(middles[:, 0], middles[:, 1])
    near = np.arccos(np.clip(corners @ corners.T, -1, 1)) < 1.2  # neighbours are 63.4 degrees apart, others 116.6
    found = []
    for a, b, c in combinations(range(12), 3):
        if near[a, b] and near[b, c] and near[a, c]:
            middle = corners[a] + corners[b] + corners[c]
            middle /= np.linalg.norm(middle)
            x = corners[a] - middle * (corners[a] @ middle)
            x /= np.linalg.norm(x)
            found.append((middle, x, np.cross(middle, x)))
    return np.array(found)


def tables() -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    """FACES, NEIGHBOURS [20, 3], BASE [20, 25] (cell, -1 none), PENTAGON [20, 25], TURN [20, 25, 8]."""
    frames = faces()
    middles = frames[:, 0]
    neighbours = np.argsort(-(middles @ middles.T), axis=1, kind="stable")[:, 1:4]
    neighbours.sort(axis=1)
    base = np.full((20, 25), -1)
    pentagon = np.zeros((20, 25), int)
    turn = np.full((20, 25, 8), -1)
    rng = np.random.default_rng(7)
    for face in range(20):
        points = rng.normal(size=(_SAMPLES, 3)) * 0.45 + middles[face]
        points /= np.linalg.norm(points, axis=1)[:, None]
        dots = points @ middles.T
        points = points[dots[:, face] > np.delete(dots, face, 1).max(1) + 1e-6]
        lat, lng = np.degrees(np.arcsin(points[:, 2])), np.degrees(np.arctan2(points[:, 1], points[:, 0]))
        middle, along_i, along_j = hex_axes(frames[face], _RES)
        depth = points @ middle
        a, b = points @ along_i / depth, points @ along_j / depth
        i, j = np.rint(a), np.rint(b)
        da, db = a - i, b - j
        first = np.abs(2 * da - db) >= np.abs(2 * db - da)
        i += np.where(first, np.trunc(2 * da - db) * (np.abs(2 * da - db) > 1), 0)
        j += np.where(~first, np.trunc(2 * db - da) * (np.abs(2 * db - da) > 1), 0)
        da, db = a - i, b - j
        clear = 1 - np.maximum(np.maximum(np.abs(2 * da - db), np.abs(2 * db - da)), np.abs(da + db)) > 1e-6
        steps = _RES // 2
        ii, jj = (i.astype(int) + RESIDUE_BIAS * 7**steps), (j.astype(int) + RESIDUE_BIAS * 7**steps)
        digits = np.zeros(len(i), int)
        for step in range(steps):
            pair = PAIRS[(ii % 7) * 7 + jj % 7].astype(int)
            digits |= (pair & 63) << (6 * step)
            ii, jj = ii // 7 + (pair >> 8 & 3) - 1, jj // 7 + (pair >> 10 & 3) - 1
        slot = (ii - RESIDUE_BIAS + 2) * 5 + jj - RESIDUE_BIAS + 2
        for n in np.flatnonzero(clear).tolist():
            cell = h3.latlng_to_cell(lat[n], lng[n], _RES)
            theirs = cell >> (3 * (15 - _RES)) & (8**_RES - 1)
            number, at = cell >> 45 & 127, int(slot[n])
            if base[face, at] not in (-1, number):
                raise AssertionError(f"face {face}, place {at}: base cells {base[face, at]} and {number}")
            base[face, at] = number
            pentagon[face, at] = h3.is_pentagon(h3.cell_to_parent(cell, 0))
            mine = int(digits[n])
            if mine == 0:
                continue
            lead = next(mine >> s & 7 for s in range(3 * (_RES - 1), -1, -3) if mine >> s & 7)
            turns = [r for r in range(6) if int(turned(mine, r)) == theirs]
            if len(turns) != 1 or turn[face, at, lead] not in (-1, turns[0]):
                raise AssertionError(f"face {face}, place {at}, digit {lead}: turns {turns}, {turn[face, at, lead]}")
            turn[face, at, lead] = turns[0]
        for at in range(25):
            if base[face, at] < 0:
                continue
            seen = set(turn[face, at][turn[face, at] >= 0].tolist())
            if not pentagon[face, at]:
                if len(seen) != 1:
                    raise AssertionError(f"face {face}, place {at}: a hexagon with turns {seen}")
                turn[face, at] = seen.pop()
            else:
                turn[face, at, 0] = 0
    return {"FACES": frames, "NEIGHBOURS": neighbours, "BASE": base, "PENTAGON": pentagon, "TURN": turn}


def text() -> str:
    lines = [
        '"""H3 as seen from its faces. Written by `python -m geo.kernels.h3_tables_make`; do not edit."""',
        "",
        "import numpy as np",
        "",
        "# fmt: off",
    ]
    for name, values in tables().items():
        kind = "float64" if values.dtype.kind == "f" else "int64"
        shown = [repr(float(v)) if kind == "float64" else str(int(v)) for v in values.ravel()]
        lines.append(f"{name} = np.array([")
        row: list[str] = []
        for value in shown:
            if len(", ".join([*row, value])) > 110:
                lines.append(f"    {', '.join(row)},")
                row = []
            row.append(value)
        lines += [f"    {', '.join(row)},", f"], np.{kind}).reshape({values.shape})"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
