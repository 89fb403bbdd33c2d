"""Text is readable on what it stands on in either theme: WCAG's 4.5:1 for everything that is read, 3:1 for marks."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from dashboard.theme import (
    DARK,
    LIGHT,
    OKABE_ITO,
    OKABE_ITO_LIGHT,
    VIRIDIS,
    WARNING_LEVELS,
    WARNING_LEVELS_LIGHT,
    contrast,
    css_variables,
    light_variables,
)
from tests.unit.dashboard.test_difference_scale import EYES, lab, linear

Theme = Mapping[str, str]

ROOT = Path(__file__).parents[3]
BOTH = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
SHEETS = sorted((ROOT / "dashboard/assets").glob("*.css"))


def test_both_themes_name_the_same_colours() -> None:
    assert list(DARK) == list(LIGHT)
    assert len(OKABE_ITO) == len(OKABE_ITO_LIGHT)
    assert set(WARNING_LEVELS) == set(WARNING_LEVELS_LIGHT)


@BOTH
@pytest.mark.parametrize("surface", ["bg", "panel", "panel-2"])
@pytest.mark.parametrize("words", ["text", "text-2", "text-3", "accent", "good", "late", "replay", "exercise"])
def test_words_stand_out_from_every_surface(theme: Theme, words: str, surface: str) -> None:
    assert contrast(theme[words], theme[surface]) >= 4.5


@BOTH
@pytest.mark.parametrize(
    ("words", "fill"),
    [
        ("text", "accent-dim"),
        ("on-accent", "accent"),
        ("on-strong", "text"),
        ("on-strong", "text-2"),
        ("on-strong", "focus"),
        ("on-replay", "replay"),
        ("on-exercise", "exercise"),
        ("on-message", "message"),
        ("text", "stripe"),
        ("text", "stripe-2"),
        ("text", "head"),
        ("text-3", "well"),
        ("replay", "replay-ground"),
        ("text-2", "replay-ground"),
        ("exercise", "exercise-ground"),
        ("text-2", "exercise-ground"),
    ],
)
def test_words_stand_out_from_what_is_filled(theme: Theme, words: str, fill: str) -> None:
    assert contrast(theme[words], theme[fill]) >= 4.5


@BOTH
@pytest.mark.parametrize("surface", ["bg", "panel", "panel-2"])
@pytest.mark.parametrize("mark", ["focus", "urgent", "accent"])
def test_marks_stand_out_from_every_surface(theme: Theme, mark: str, surface: str) -> None:
    assert contrast(theme[mark], theme[surface]) >= 3


def test_edges_of_what_is_filled_in_are_seen_on_light() -> None:
    # On dark surfaces a field is told by its darker ground; on light ones its edge is all there is.
    assert contrast(LIGHT["line-strong"], LIGHT["panel"]) >= 3
    assert contrast(LIGHT["line-strong"], LIGHT["panel-2"]) >= 3


@BOTH
def test_an_exercise_has_a_colour_of_its_own(theme: Theme) -> None:
    others = {name: colour for name, colour in theme.items() if name != "exercise"}
    signs = {*OKABE_ITO, *OKABE_ITO_LIGHT, *VIRIDIS, *WARNING_LEVELS.values(), *WARNING_LEVELS_LIGHT.values()}
    assert theme["exercise"] not in {*others.values(), *signs}


@pytest.mark.parametrize("level", sorted(WARNING_LEVELS))
def test_warning_levels_are_readable_on_panels(level: str) -> None:
    assert contrast(WARNING_LEVELS[level], DARK["panel"]) >= 4.5
    assert all(contrast(WARNING_LEVELS_LIGHT[level], LIGHT[on]) >= 4.5 for on in ("bg", "panel", "panel-2"))


def test_contrast_of_black_and_white_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_the_style_sheets_find_every_colour() -> None:
    rule = css_variables()
    assert all(f"--{name}:{value}" in rule for name, value in DARK.items())
    assert f"--cat-7:{OKABE_ITO[7]}" in rule
    assert f"--heat-8:{VIRIDIS[8]}" in rule
    light = light_variables()
    assert light.startswith(':root[data-theme="light"]{color-scheme:light;')
    assert all(f"--{name}:{value}" in light for name, value in LIGHT.items())
    assert f"--cat-7:{OKABE_ITO_LIGHT[7]}" in light


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if sheet.name != "70-report.css"], ids=lambda it: it.name)
def test_a_sheet_has_no_colour_of_its_own(sheet: Path) -> None:
    said = re.sub(r"mask-image: [^;]*", "", sheet.read_text(encoding="utf-8"))  # what is masked has no colour
    assert not re.findall(r"#[0-9a-f]{3,8}\b(?![^{]*\{)|rgba?\([^)]*\)", said)
    named = set(re.findall(r"var\(--([\w-]+)\)", said))  # one that has a fallback is set by a script
    own = set(re.findall(r"--([\w-]+):", "".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)))
    series = {f"cat-{i}" for i in range(8)} | {f"heat-{i}" for i in range(9)} | {"fonts"}
    assert named <= {*DARK, *own, *series}


@pytest.mark.parametrize("number", range(8))
def test_marks_of_categories_stand_out(number: int) -> None:
    assert contrast(OKABE_ITO[number], DARK["panel"]) >= 3
    assert contrast(OKABE_ITO_LIGHT[number], LIGHT["panel"]) >= 3
    assert contrast(OKABE_ITO_LIGHT[number], LIGHT["panel-2"]) >= 3


def nearest(colours: tuple[str, ...]) -> float:
    """The smallest distance between two of them, CIE L*a*b* units, to the eye that tells them apart worst."""
    seen = [[lab(np.array(eye) @ linear(colour)) for colour in colours] for eye in EYES.values()]
    return min(float(np.linalg.norm(a - b)) for eye in seen for a, b in itertools.combinations(eye, 2))


def test_categories_on_light_are_told_apart_better_than_those_on_dark() -> None:
    assert nearest(OKABE_ITO_LIGHT) >= 10 > nearest(OKABE_ITO)


def test_what_is_written_down_of_the_colours_is_so() -> None:
    written = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `([\w-]+)` \| `(#[0-9a-f]{6})` \| `(#[0-9a-f]{6})` \| .* \| ([\d.]+) / ([\d.]+) \|$", written, re.M
    )
    assert {row[0] for row in rows} >= {"text", "text-2", "text-3", "accent", "good", "late", "replay", "exercise"}
    for name, dark, light, on_dark, on_light in rows:
        assert (DARK[name], LIGHT[name]) == (dark, light)
        assert round(contrast(dark, DARK["panel"]), 1) == float(on_dark)
        assert round(contrast(light, LIGHT["panel"]), 1) == float(on_light)
