"""The scale of differences, measured: both arms are seen on the land, equally bright, and told apart by every eye."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard.theme import DIFFERENCE, DIFFERENCE_LIGHT, OKABE_ITO, WARNING_LEVELS, contrast

Colour = NDArray[np.float64]

LAND = "#101c31"
ROOT = Path(__file__).parents[3]
EYES: dict[str, list[list[float]]] = {
    "any": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanope": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]
    ],
}  # fmt: skip
"""What the three cones of an eye make of linear sRGB (Machado, Oliveira and Fernandes 2009, severity 1)."""


def linear(colour: str) -> Colour:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: Colour) -> Colour:
    """CIE L*a*b* of linear sRGB, D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (
        np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116
        for v in to_xyz @ np.clip(rgb, 0, 1) / np.array([0.95047, 1, 1.08883])
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_a_rise_and_as_large_a_fall_are_told_apart(eye: str, step: int) -> None:
    fell, rose = (lab(np.array(EYES[eye]) @ linear(DIFFERENCE[4 + sign * step])) for sign in (-1, 1))
    assert np.linalg.norm(fell - rose) >= 25


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_they_are_told_apart_on_light_ground_too(eye: str, step: int) -> None:
    fell, rose = (lab(np.array(EYES[eye]) @ linear(DIFFERENCE_LIGHT[4 + sign * step])) for sign in (-1, 1))
    assert np.linalg.norm(fell - rose) >= 25


def test_on_light_ground_both_arms_grow_darker_alike_and_are_seen() -> None:
    light = [lab(linear(colour))[0] for colour in DIFFERENCE_LIGHT]
    assert light[:5] == sorted(light[:5])
    assert light[4:] == sorted(light[4:], reverse=True)
    assert max(abs(light[4 - k] - light[4 + k]) for k in range(5)) <= 5
    drawn = (ROOT / "dashboard/browser/src/palette.ts").read_text(encoding="utf-8")
    land = re.findall(r"^  land: '(#\w{6})'", drawn, re.M)
    assert land[0] == LAND
    assert all(contrast(DIFFERENCE_LIGHT[k], land[1]) >= 3 for k in (0, 1, 2, 6, 7, 8))
    found = re.search(r"^const DIFFERENCE_LIGHT = \[(.*)\]$", drawn, re.M)
    assert found
    assert tuple(re.findall(r"#\w{6}", found[1])) == DIFFERENCE_LIGHT


def test_what_lies_on_a_light_map_is_seen() -> None:
    drawn = (ROOT / "dashboard/browser/src/palette.ts").read_text(encoding="utf-8")
    light = drawn[drawn.index("const LIGHT:") :]
    land = re.findall(r"  land: '(#\w{6})'", light)[0]
    named = dict(re.findall(r"^  (\w+): '(#\w{6})'", light, re.M))
    assert all(contrast(named[name], land) >= 3 for name in ("outline", "border", "hatch", "leg", "closed", "selected"))
    assert all(contrast(named[name], named["labelHalo"]) >= 4.5 for name in ("label", "count", "street"))
    marks = re.findall(r"#\w{6}", " ".join(re.findall(r"^  (?:dots|trails): (\[.*\])", light, re.M)))
    assert len(marks) == 10
    assert all(contrast(mark, land) >= 3 for mark in marks)


def test_both_arms_grow_brighter_alike_and_are_seen_on_the_land() -> None:
    light = [lab(linear(colour))[0] for colour in DIFFERENCE]
    assert light[4] == min(light)
    assert light[:5] == sorted(light[:5], reverse=True)
    assert light[4:] == sorted(light[4:])
    assert max(abs(light[4 - k] - light[4 + k]) for k in range(5)) <= 5
    assert all(contrast(DIFFERENCE[k], LAND) >= 3 for k in (0, 1, 2, 6, 7, 8))


def test_the_scale_is_no_signal_and_the_map_draws_the_same() -> None:
    assert not {*DIFFERENCE} & {*OKABE_ITO, *WARNING_LEVELS.values()}
    drawn = (ROOT / "dashboard/browser/src/palette.ts").read_text(encoding="utf-8")
    found = re.search(r"^const DIFFERENCE = \[(.*)\]$", drawn, re.M)
    assert found
    assert tuple(re.findall(r"#\w{6}", found[1])) == DIFFERENCE
    written = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    assert f"`{DIFFERENCE[0]}`" in written
    assert f"`{DIFFERENCE[8]}`" in written
