"""The fonts that screens are given have every character that screens say, in the files that are asked for it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from dashboard.fonts import FILES, HERE
from dashboard.theme import FONTS

ROOT = Path(__file__).parents[3]
RULE = re.compile(
    r'@font-face\{font-family:"([^"]+)";font-weight:(\d+);font-display:swap;src:(.*),url\("([^"]+)"\) format\("woff2"\)'
    r";unicode-range:([^}]+)\}"
)
RULES = [RULE.fullmatch(line) for line in (HERE / "faces.css").read_text(encoding="utf-8").splitlines()]
WORDS = [*(ROOT / "dashboard/words").glob("*.toml"), *(ROOT / "dispatch").glob("*.toml")]
CHINESE = {one for path in WORDS for one in path.read_text(encoding="utf-8") if "\u4e00" <= one <= "\u9fff"}
WEIGHTS = (400, 700)
FEW = 15


def covered(ranges: str) -> set[int]:
    """Code points of a `unicode-range`."""
    found: set[int] = set()
    for part in ranges.split(","):
        first, _, last = part.removeprefix("U+").partition("-")
        found |= set(range(int(first, 16), int(last or first, 16) + 1))
    return found


@pytest.fixture(scope="module")
def asked() -> dict[int, dict[int, str]]:
    """weight -> code point -> the file that a browser asks for it: of rules that cover it, the last."""
    found: dict[int, dict[int, str]] = {weight: {} for weight in WEIGHTS}
    for rule in RULES:
        assert rule
        found[int(rule[2])] |= dict.fromkeys(covered(rule[5]), rule[4])
    return found


@pytest.fixture(scope="module")
def held() -> dict[str, set[int]]:
    """file -> the code points that it draws."""
    found = {}
    for name in FILES:
        with TTFont(HERE / name) as font:
            found[name] = set(font.getBestCmap())
    return found


def test_the_rules_name_the_files_that_are_there_by_what_is_in_them() -> None:
    assert {rule[4] for rule in RULES if rule} == FILES
    for name in FILES:
        assert name.split(".")[1] == hashlib.sha256((HERE / name).read_bytes()).hexdigest()[:12]
    assert sum((HERE / name).stat().st_size for name in FILES) < 4 * 2**20
    assert "SIL OPEN FONT LICENSE" in (HERE / "OFL.txt").read_text(encoding="utf-8")


def test_pages_and_maps_ask_for_this_font_and_a_machine_s_own_comes_first() -> None:
    families = {rule[1] for rule in RULES if rule}
    assert len(families) == 1
    family = families.pop()
    assert FONTS.startswith(f'"{family}",')
    assert f"FAMILY = '{family}'" in (ROOT / "dashboard/browser/src/map/letters.ts").read_text(encoding="utf-8")
    assert all(rule and 'local("Noto Sans CJK SC' in rule[3] for rule in RULES)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_every_word_of_the_screens_is_in_the_slices_that_come_first(weight: int, asked: dict, held: dict) -> None:
    first = ("wall", "words") if weight == 400 else ("heads", "wall", "words")
    assert {one for one in CHINESE if ord(one) not in held[asked[weight][ord(one)]]} == set()
    # A few new words may come from a slice of the rest until the next cut.
    later = {one for one in CHINESE if asked[weight][ord(one)].split("-")[0] not in first}
    assert len(later) <= FEW, f"cut the fonts again (deploy/fonts.py --help): {''.join(sorted(later))}"


@pytest.mark.parametrize("weight", WEIGHTS)
def test_names_of_places_and_people_are_drawn_too(weight: int, asked: dict, held: dict) -> None:
    pairs = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    usual = {ord(one) for pair in pairs for one in pair.decode("gb2312", "ignore")}
    assert len(usual) == 6763
    assert {chr(code) for code in usual if code not in held[asked[weight][code]]} == set()


@pytest.mark.parametrize("weight", WEIGHTS)
def test_letters_and_figures_are_in_one_file_and_figures_are_of_one_width(weight: int, asked: dict) -> None:
    files = {asked[weight][code] for code in range(0x20, 0x7F)}
    assert {name.split("-")[0] for name in files} == {"latin"}
    with TTFont(HERE / files.pop()) as font:
        drawn = font.getBestCmap()
        assert len({font["hmtx"][drawn[ord(figure)]][0] for figure in "0123456789"}) == 1
