"""An address is understood, or comes back with the sentence that says why not."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from shapely.geometry import box

from dashboard.pages.focus import child_at, focus_on, read_address, with_area
from geo.area import Area, Region


def square(code: str, level: str, parent: str | None, west: float, south: float, size: float) -> Area:
    return Area(code, f"区{code}", level, box(west, south, west + size, south + size), parent, f"Area {code}")


REGION = Region.of(
    ("district", "town", "grid"),
    [
        square("1", "district", None, 100, 30, 2),
        square("11", "town", "1", 100, 30, 1),
        square("12", "town", "1", 101, 30, 1),
        square("111", "grid", "11", 100, 30, 0.5),
        square("112", "grid", "11", 100.5, 30, 0.5),
    ],
)
TWO_ROOTS = Region.of(("city",), [square("A", "city", None, 0, 0, 1), square("B", "city", None, 1, 0, 1)])
EMPTY = Region((), ())


def test_the_whole_region_shows_its_single_root_and_the_level_below() -> None:
    focus = read_address("/", "", REGION, "zh").focus
    assert focus.bbox == (100, 30, 102, 32)
    assert [step.code for step in focus.path] == [""]
    assert focus.path[0].name == "区1"
    assert (focus.level, focus.finest) == ("town", False)


def test_a_grid_has_its_whole_path_and_is_the_finest() -> None:
    focus = read_address("/", "?area=112", REGION, "zh").focus
    assert [step.code for step in focus.path] == ["", "11", "112"]
    assert focus.finest
    assert focus.level == "grid"


def test_a_region_of_several_roots_begins_with_all_of_them() -> None:
    focus = focus_on(TWO_ROOTS, "", "")
    assert (focus.bbox, focus.level, [s.code for s in focus.path]) == ((0, 0, 2, 1), "city", [""])
    assert [s.code for s in focus_on(TWO_ROOTS, "B", "").path] == ["", "B"]


def test_language_and_view_are_read_together() -> None:
    address = read_address("/desk", "?lang=en&window=7d&area=11", REGION, "zh")
    assert (address.page, address.lang, address.view.window, address.error) == ("/desk", "en", "7d", None)
    assert parse_qs(address.view.query()) == {"area": ["11"], "window": ["7d"]}
    assert read_address("/", "?lang=fr", REGION, "zh").lang == "zh"


def test_how_heat_is_drawn_is_part_of_the_address_and_not_of_what_is_watched() -> None:
    address = read_address("/", "?heat=smooth&sun=0&window=7d", REGION, "zh")
    assert (address.heat, address.sun, address.error) == ("smooth", False, None)
    assert parse_qs(address.watched().query()) == {"window": ["7d"]}
    view = address.to_json()["view"]
    assert (view["heat"], view["sun"]) == ("smooth", False)
    usual = read_address("/", "", REGION, "zh")
    assert (usual.heat, usual.sun) == ("cells", True)
    wrong = read_address("/", "?heat=fog", REGION, "zh")
    assert wrong.error is not None
    assert wrong.error[2] == "view: heat: 'fog' is not one of cells, smooth, areas"


@pytest.mark.parametrize(
    ("path", "search", "key"),
    [
        ("/", "?area=99", "bad.area"),
        ("/", "?level=street", "bad.level"),
        ("/", "?window=3y", "bad.title"),
        ("/", "?severity=9", "bad.title"),
        ("/nowhere", "", "bad.page"),
    ],
)
def test_what_cannot_be_shown_says_so_and_shows_the_whole(path: str, search: str, key: str) -> None:
    address = read_address(path, search, REGION, "zh")
    assert address.error is not None
    assert address.error[0] == key
    assert address.view.query() == ""
    assert address.to_json()["error"]["key"] == key


def test_no_region_is_no_error() -> None:
    address = read_address("/", "?area=99", EMPTY, "zh")
    assert (address.empty, address.error, address.map_focus()) == (True, None, None)


def test_a_click_finds_the_child_of_the_focus_and_the_smallest_code_on_a_border() -> None:
    assert child_at(REGION, "", 101.5, 30.5) == "12"
    assert child_at(REGION, "11", 100.7, 30.2) == "112"
    assert child_at(REGION, "11", 100.5, 30.2) == "111"
    assert child_at(REGION, "11", 101.7, 30.2) is None
    assert child_at(REGION, "112", 100.7, 30.2) is None
    assert child_at(TWO_ROOTS, "", 1.5, 0.5) == "B"


def test_another_area_keeps_the_rest_of_the_address_and_drops_the_level() -> None:
    assert parse_qs(with_area("?window=7d&level=grid&lang=en", "1&2").removeprefix("?")) == {
        "window": ["7d"],
        "lang": ["en"],
        "area": ["1&2"],
    }


@pytest.mark.parametrize("rest", ["", "&area=nowhere", "&window=3y", "&severity=9", "&level=street"])
def test_an_address_of_an_exercise_never_shows_what_is_live(rest: str) -> None:
    address = read_address("/desk", f"?timeline=drill:quay:a{rest}", REGION, "zh")
    assert (address.error is None) == (rest == "")
    assert parse_qs(address.watched().query())["timeline"] == ["drill:quay:a"]


def test_a_timeline_that_cannot_be_named_shows_nothing() -> None:
    address = read_address("/", "?timeline=" + "x" * 65, REGION, "zh")
    assert address.error is not None
    assert (address.view.layers, address.view.panel) == ((), False)


@pytest.mark.parametrize("page", ["/desk", "/drill", "/fork"])
def test_where_days_and_differences_are_not_shown_they_are_not_watched(page: str) -> None:
    asked = "?compare=1&days=1&window=7d"
    assert parse_qs(read_address(page, asked, REGION, "zh").view.query()) == {"window": ["7d"]}
    wall = parse_qs(read_address("/", asked, REGION, "zh").view.query())
    assert (wall["compare"], wall["days"]) == (["1"], ["1"])


def test_the_list_of_exercises_watches_nothing_of_the_district_and_a_console_its_drill() -> None:
    listed = read_address("/drill", "", REGION, "zh")
    assert (listed.watched().layers, listed.watched().panel) == ((), False)
    console = read_address("/drill", "?timeline=drill:quay", REGION, "zh")
    assert console.watched().query() == "timeline=drill%3Aquay"
