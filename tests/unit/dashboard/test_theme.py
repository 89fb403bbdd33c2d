"""Text is readable on what it stands on: WCAG's 4.5:1 for everything that is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.theme import DARK, OKABE_ITO, VIRIDIS, WARNING_LEVELS, contrast, css_variables


@pytest.mark.parametrize("surface", ["bg", "panel", "panel-2"])
@pytest.mark.parametrize("words", ["text", "text-2", "text-3", "accent", "good", "late", "replay", "exercise"])
def test_words_stand_out_from_every_surface(words: str, surface: str) -> None:
    assert contrast(DARK[words], DARK[surface]) >= 4.5


def test_an_exercise_is_named_readably_and_in_a_colour_of_its_own() -> None:
    assert contrast(DARK["exercise"], DARK["panel"]) >= 4.5
    assert contrast("#141d06", DARK["exercise"]) >= 4.5
    others = {name: colour for name, colour in DARK.items() if name != "exercise"}
    assert DARK["exercise"] not in {*others.values(), *OKABE_ITO, *VIRIDIS, *WARNING_LEVELS.values()}


def test_pressed_buttons_and_main_buttons_are_readable() -> None:
    assert contrast(DARK["text"], DARK["accent-dim"]) >= 4.5
    assert contrast("#06121f", DARK["accent"]) >= 4.5


@pytest.mark.parametrize("level", sorted(WARNING_LEVELS))
def test_warning_levels_are_readable_on_panels(level: str) -> None:
    assert contrast(WARNING_LEVELS[level], DARK["panel"]) >= 4.5


def test_contrast_of_black_and_white_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_the_style_sheets_find_every_colour() -> None:
    rule = css_variables()
    assert all(f"--{name}:{value}" in rule for name, value in DARK.items())
    assert f"--cat-7:{OKABE_ITO[7]}" in rule
    assert f"--heat-8:{VIRIDIS[8]}" in rule


@pytest.mark.parametrize("colour", OKABE_ITO)
def test_marks_of_categories_stand_out(colour: str) -> None:
    assert contrast(colour, DARK["panel"]) >= 3


def test_what_is_written_down_of_the_colours_is_so() -> None:
    written = (Path(__file__).parents[3] / "docs/design.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| `(#[0-9a-f]{6})` \| .* \| ([\d.]+) \|$", written, re.M)
    assert {name for name, _, _ in rows} >= {"text", "text-2", "text-3", "accent", "good", "late", "replay", "exercise"}
    for name, colour, ratio in rows:
        assert DARK[name] == colour
        assert round(contrast(colour, DARK["panel"]), 1) == float(ratio)
