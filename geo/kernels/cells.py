"""Kernel of `geo.cells.latlng_to_cell`. The way of a point is told in `docs/geo.md`.

Whatever is too near to a border for two correct roundings to agree is left at 0, for h3 to answer: a face's border, a
hexagon's edge, and the very middle of a face, where h3's own arc cosine loses digits.
"""

# The types of kernels are those of their numba signatures.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,assignment,operator,arg-type,index,union-attr"

from __future__ import annotations

import numpy as np

from geo.kernels.h3_grid import PAIRS, RES0_UNIT, RESIDUE_BIAS, SINGLES, hex_axes
from geo.kernels.h3_tables import BASE, FACES, NEIGHBOURS, TURN
from geo.kernels.jit import typed

_EDGE = 2e-7
"""In hexagons: five times the largest error of coordinates at resolution 15, and far more than at 10."""
_FACE = 1e-12
_H3_ARC = 2e-15
"""h3 takes the angle r from a face's middle as acos(1 - ...), which is off by about 1e-16 / r; with room."""
_ONES = 0o111111111111111

_BLOCK = 256
"""Points that go through one stage before the next begins: stages without branches become vector instructions."""

_SLOT = np.where(BASE.ravel() < 0, -1, BASE.ravel()).astype(np.int64)
_TURN = np.ascontiguousarray(TURN.ravel().astype(np.int64))
_LEAD = np.where(PAIRS >> 3 & 7, PAIRS >> 3 & 7, PAIRS & 7)
_PAIRS = np.ascontiguousarray((PAIRS | _LEAD << 12).astype(np.int64))
"""`PAIRS` with the first digit of the two that is not 0 in bits 12 to 14."""
_SINGLES = np.ascontiguousarray(SINGLES.astype(np.int64))


def _guesses() -> np.ndarray:
    """The face at the middle of each 2 x 2 degrees, 180 columns from -180 and 90 rows from -90."""
    lat, lng = np.meshgrid(np.radians(np.arange(-89, 90, 2)), np.radians(np.arange(-179, 180, 2)), indexing="ij")
    points = np.stack((np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)), axis=-1)
    nearest: np.ndarray = np.argmax(points.reshape(-1, 3) @ FACES[:, 0].T, axis=1).astype(np.uint8)
    return nearest


_GUESS = _guesses()
_AROUND = NEIGHBOURS.ravel().astype(np.int64)
_MIDDLES = np.ascontiguousarray(FACES[:, 0].ravel())
_AXES = [np.ascontiguousarray(np.array([hex_axes(frame, res) for frame in FACES]).ravel()) for res in range(16)]


def cells(lat: np.ndarray, lng: np.ndarray, res: int, out: np.ndarray) -> tuple[int, int]:
    """Fill `out` (uint64); (first point that is not on the globe or -1, points left at 0)."""
    scale = 7.0 ** (res / 2) / RES0_UNIT
    near = scale * scale * _H3_ARC / _EDGE
    found: tuple[int, int] = _cells(lat, lng, res, near, _AXES[res], _MIDDLES, out)
    return found


_R = "Array(float64, 1, 'C', readonly=True)"


@typed(f"UniTuple(int64, 2)({_R}, {_R}, int64, float64, {_R}, {_R}, uint64[::1])")
def _cells(lat, lng, res, near, axes, middles, out):
    steps = res // 2
    odd = res & 1
    unused = 3 * (15 - res)
    head = (np.int64(1) << 59) | (np.int64(res) << 52) | ((np.int64(1) << unused) - 1)
    bias = np.int64(RESIDUE_BIAS)
    for _ in range(steps):
        bias *= 7
    bias_i, bias_j = float(bias), float(bias)
    if odd:  # a step up from (3 b, 2 b) leads to (b, b)
        bias_i, bias_j = 3.0 * bias, 2.0 * bias
    xs, ys, zs = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    depths, clear = np.empty(_BLOCK), np.empty(_BLOCK)
    ii, jj = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    faces, digits, leads = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    left = 0
    last_place, last_face = np.int64(-1), np.int64(0)
    for begin in range(0, lat.size, _BLOCK):
        size = min(_BLOCK, lat.size - begin)

        # unit vectors: degrees from the nearest quarter turn, then the series of fdlibm's kernels
        off = 0
        for n in range(size):
            u, v = lat[begin + n], lng[begin + n]
            off += not ((abs(u) <= 90.0) & (abs(v) <= 180.0))
            ku, kv = np.rint(u * (1.0 / 90.0)), np.rint(v * (1.0 / 90.0))
            d = (u - 90.0 * ku) * (np.pi / 180.0)
            t = d * d
            s = -2.50507602534068634195e-08 + t * 1.58969099521155010221e-10
            s = -1.98412698298579493134e-04 + t * (2.75573137070700676789e-06 + t * s)
            s = d + d * t * (-1.66666666666666324348e-01 + t * (8.33333333332248946124e-03 + t * s))
            c = 2.08757232129817482790e-09 + t * -1.13596475577881948265e-11
            c = 2.48015872894767294178e-05 + t * (-2.75573143513906633035e-07 + t * c)
            c = 4.16666666666666019037e-02 + t * (-1.38888888888741095749e-03 + t * c)
            c = 1.0 - 0.5 * t + t * t * c
            turn = ku != 0.0  # -1, 0 or 1 quarter turns
            zs[n] = ku * c if turn else s
            flat = -ku * s if turn else c
            d = (v - 90.0 * kv) * (np.pi / 180.0)
            t = d * d
            s = -2.50507602534068634195e-08 + t * 1.58969099521155010221e-10
            s = -1.98412698298579493134e-04 + t * (2.75573137070700676789e-06 + t * s)
            s = d + d * t * (-1.66666666666666324348e-01 + t * (8.33333333332248946124e-03 + t * s))
            c = 2.08757232129817482790e-09 + t * -1.13596475577881948265e-11
            c = 2.48015872894767294178e-05 + t * (-2.75573143513906633035e-07 + t * c)
            c = 4.16666666666666019037e-02 + t * (-1.38888888888741095749e-03 + t * c)
            c = 1.0 - 0.5 * t + t * t * c
            quarter, half = abs(kv) == 1.0, abs(kv) == 2.0
            s, c = (kv * c if quarter else s), (-kv * s if quarter else c)
            xs[n] = flat * (-c if half else c)
            ys[n] = flat * (-s if half else s)
        if off:
            for n in range(begin, begin + size):
                if not ((abs(lat[n]) <= 90.0) & (abs(lng[n]) <= 180.0)):
                    return n, left

        # The face whose middle is nearest: from a guess, step to the nearest of three neighbours while that is nearer.
        # Points of one region share their guess, so that what the last one found is the better one.
        first_face = np.int64(-1)
        mixed = False
        for n in range(size):
            x, y, z = xs[n], ys[n], zs[n]
            u, v = lat[begin + n], lng[begin + n]
            place = min(np.int64(u * 0.5 + 45.0), 89) * 180 + min(np.int64(v * 0.5 + 90.0), 179)
            face = last_face if place == last_place else np.int64(_GUESS[place])
            depth = x * middles[3 * face] + y * middles[3 * face + 1] + z * middles[3 * face + 2]
            while True:
                f, g, h = _AROUND[3 * face], _AROUND[3 * face + 1], _AROUND[3 * face + 2]
                beside = x * middles[3 * f] + y * middles[3 * f + 1] + z * middles[3 * f + 2]
                second = x * middles[3 * g] + y * middles[3 * g + 1] + z * middles[3 * g + 2]
                third = x * middles[3 * h] + y * middles[3 * h + 1] + z * middles[3 * h + 2]
                f = g if second > beside else f
                beside = max(beside, second)
                f = h if third > beside else f
                beside = max(beside, third)
                if beside < depth - _FACE:
                    break
                if beside < depth + _FACE:
                    depth = -depth  # for h3
                    break
                face, depth = f, beside
            last_place, last_face = place, face
            if n == 0:
                first_face = face
            mixed = mixed | (face != first_face)
            faces[n] = face
            depths[n] = depth

        # the hexagon on the face, and whether the point is clear of its edges
        f = 9 * first_face
        ax, ay, az = axes[f + 3], axes[f + 4], axes[f + 5]
        bx, by, bz = axes[f + 6], axes[f + 7], axes[f + 8]
        for n in range(size):
            if mixed:
                f = 9 * faces[n]
                ax, ay, az = axes[f + 3], axes[f + 4], axes[f + 5]
                bx, by, bz = axes[f + 6], axes[f + 7], axes[f + 8]
            inverse = 1.0 / depths[n]
            a = (xs[n] * ax + ys[n] * ay + zs[n] * az) * inverse
            b = (xs[n] * bx + ys[n] * by + zs[n] * bz) * inverse
            fi, fj = np.rint(a), np.rint(b)
            da, db = a - fi, b - fj
            ea, eb = 2.0 * da - db, 2.0 * db - da
            along_a = abs(ea) >= abs(eb)
            worst = ea if along_a else eb
            move = 1.0 if worst > 1.0 else (-1.0 if worst < -1.0 else 0.0)
            move_a = move if along_a else 0.0
            move_b = 0.0 if along_a else move
            da -= move_a
            db -= move_b
            edge = max(max(abs(2.0 * da - db), abs(2.0 * db - da)), abs(da + db))
            fine = (edge <= 1.0 - 2.0 * _EDGE) & (abs(a) + abs(b) >= near) & (depths[n] > 0.0)
            clear[n] = 1.0 if fine else 0.0
            ii[n] = np.int64(fi + move_a + bias_i)
            jj[n] = np.int64(fj + move_b + bias_j)

        # digits, finest first, two at a time; and the coarsest that is not 0
        shift = np.int64(0)
        if odd:
            shift = np.int64(3)
            for n in range(size):
                i, j = ii[n], jj[n]
                step = _SINGLES[(i % 7) * 7 + j % 7]
                digits[n] = step & 7
                leads[n] = step & 7
                i -= (step >> 8 & 3) - 1
                j -= (step >> 10 & 3) - 1
                ii[n] = (3 * i - j) // 7
                jj[n] = (i + 2 * j) // 7
        else:
            for n in range(size):
                digits[n] = 0
                leads[n] = 0
        for _ in range(steps):
            for n in range(size):
                i, j = ii[n], jj[n]
                # a seventh by multiplication with 2 ** 33 / 7, rounded up: exact for numbers below 2 ** 30
                qi, qj = (i * 1227133514) >> 33, (j * 1227133514) >> 33
                step = _PAIRS[(i - 7 * qi) * 7 + (j - 7 * qj)]
                digits[n] |= (step & 63) << shift
                lead = step >> 12
                leads[n] = lead if lead > 0 else leads[n]
                ii[n] = qi + (step >> 8 & 3) - 1
                jj[n] = qj + (step >> 10 & 3) - 1
            shift += 6

        # the base cell there, and the digits turned to its own axes
        for n in range(size):
            i, j = ii[n] + (2 - RESIDUE_BIAS), jj[n] + (2 - RESIDUE_BIAS)
            found = np.int64(0)
            if (clear[n] > 0.0) & (i >= 0) & (i <= 4) & (j >= 0) & (j <= 4):
                place = faces[n] * 25 + i * 5 + j
                base = _SLOT[place]
                turns = _TURN[place * 8 + leads[n]]
                if (base >= 0) & (turns >= 0):
                    moved = turns % 3
                    low = _ONES * ((np.int64(1) << moved) - 1)
                    packed = digits[n]
                    packed = (packed << moved) & ~low & (7 * _ONES) | (packed >> (3 - moved)) & low
                    some = (packed | packed >> 1 | packed >> 2) & _ONES
                    packed ^= some * 7 * (turns & 1)
                    found = head | (base << 45) | (packed << unused)
            left += found == 0
            out[begin + n] = np.uint64(found)
    return -1, left


def warm() -> None:
    """Nothing is left to do: the kernel was compiled for its one signature at import."""
