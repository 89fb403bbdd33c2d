"""Aperture 7 in whole numbers: digits of a hexagon from its coordinates on a face. NumPy only.

Hexagons have coordinates (i, j) along axes 120 degrees apart. The seven children of a hexagon are its middle one, digit
0, and one in each direction: 1 is -i-j, 2 is j, 3 is -i, 4 is i, 5 is -j, 6 is i+j. One level up is a turn and a
scaling by the square root of 7; two levels, the turns being opposite, are a plain division by 7. So a hexagon's
remainders by 7 tell its last two digits, and what to carry to the quotient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

RES0_UNIT = (3 - math.sqrt(5)) / 2
"""Distance of neighbouring hexagons at resolution 0 in the plane that touches a face's middle, of a unit sphere."""
ODD_TURN = math.asin(math.sqrt(3 / 28))
RESIDUE_BIAS = 4
"""Added to a coordinate at resolution 0, so that no step meets a negative number."""

_STEPS = {(0, 0): 0, (-1, -1): 1, (0, 1): 2, (-1, 0): 3, (1, 0): 4, (0, -1): 5, (1, 1): 6}


def _up_from_odd(i: int, j: int) -> tuple[int, int, int]:
    """(digit, parent's i, j) of a hexagon at an odd resolution."""
    up_i, up_j = round((3 * i - j) / 7), round((i + 2 * j) / 7)
    return _STEPS[i - 2 * up_i - up_j, j + up_i - 3 * up_j], up_i, up_j


def _up_from_even(i: int, j: int) -> tuple[int, int, int]:
    up_i, up_j = round((2 * i + j) / 7), round((3 * j - i) / 7)
    return _STEPS[i - 3 * up_i + up_j, j - up_i - 2 * up_j], up_i, up_j


def _pairs() -> NDArray[np.int64]:
    """By remainders i * 7 + j at an even resolution: two digits, carry of i + 1 << 8, carry of j + 1 << 10."""
    table = np.full(49, -1)
    for i in range(-8, 9):
        for j in range(-8, 9):
            fine, up_i, up_j = _up_from_even(i, j)
            coarse, up_i, up_j = _up_from_odd(up_i, up_j)
            if (up_i, up_j) == (0, 0):
                carry_i, carry_j = (i % 7 - i) // 7, (j % 7 - j) // 7
                table[(i % 7) * 7 + j % 7] = coarse << 3 | fine | carry_i + 1 << 8 | carry_j + 1 << 10
    return table


def _singles() -> NDArray[np.int64]:
    """By remainders i * 7 + j at an odd resolution: the digit, and its step from the middle child i + 1 << 8,
    j + 1 << 10."""
    table = np.full(49, -1)
    for i in range(7):
        for j in range(7):
            digit, _, _ = _up_from_odd(i, j)
            step_i, step_j = next(step for step, d in _STEPS.items() if d == digit)
            table[i * 7 + j] = digit | step_i + 1 << 8 | step_j + 1 << 10
    return table


PAIRS = _pairs()
SINGLES = _singles()


def hex_axes(frame: NDArray[np.float64], res: int) -> NDArray[np.float64]:
    """[middle, along i, along j] of a face: a point's products with the last two, over that with the first, are its
    hexagon coordinates at `res`."""
    middle, x, y = frame
    if res % 2:
        x, y = math.cos(ODD_TURN) * x + math.sin(ODD_TURN) * y, math.cos(ODD_TURN) * y - math.sin(ODD_TURN) * x
    scale = 7.0 ** (res // 2) * (math.sqrt(7.0) if res % 2 else 1.0) / RES0_UNIT
    return np.stack((middle, (x + y / math.sqrt(3.0)) * scale, y * (2 / math.sqrt(3.0)) * scale))


_ONES = 0o111111111111111


def turned(digits: Any, turns: Any) -> Any:
    """Digits, three bits each, turned by 60 degrees counter-clockwise `turns` times: multiplied by 5 modulo 7 each.

    Twice five is 25, four modulo 7, which moves a digit's bits by two places; six, that is -1, inverts them.
    """
    shift = turns % 3
    low = _ONES * ((1 << shift) - 1)
    digits = (digits << shift) & ~low & (7 * _ONES) | (digits >> (3 - shift)) & low
    some = (digits | digits >> 1 | digits >> 2) & _ONES
    return digits ^ some * 7 * (turns & 1)
