"""Code profiles and renumbering."""

from pathlib import Path

import pytest

from data.code_profiles import load_profile, read_renumbering
from data.errors import BadInput, BadRegion


@pytest.mark.parametrize(
    "code", ["320614", "320614100", "320614100201", "320614100201001", "32061410020101", "110000000000"]
)
def test_gb2260_takes_the_lengths_that_are_in_use(code: str) -> None:
    assert load_profile("gb2260").fault(code) is None


@pytest.mark.parametrize(
    "code", ["", "32061", "3206141", "32061410020", "3206141002010011", "32061a", "020614", "３２０６１４"]
)
def test_gb2260_refuses_the_others_in_one_line_with_an_example(code: str) -> None:
    fault = load_profile("gb2260").fault(code)
    assert fault is not None
    assert "320614" in fault
    assert "\n" not in fault


@pytest.mark.parametrize("code", ["Castro/Upper Market", "06075017601", "里", "a" * 64])
def test_any_takes_text_that_a_view_can_name(code: str) -> None:
    assert load_profile("any").fault(code) is None


@pytest.mark.parametrize("code", ["", "a&b", "a=b", "a?b", "a#b", "a\nb", "a" * 65])
def test_any_refuses_text_that_a_view_cannot_name(code: str) -> None:
    assert load_profile("any").fault(code) is not None


@pytest.mark.parametrize(
    ("code", "significant"),
    [
        ("320000", "32"),
        ("320600", "3206"),
        ("320614", "320614"),
        ("320614000000", "320614"),
        ("320614001000", "320614001"),
        ("320614001200", "320614001200"),
        ("320614100201001", "320614100201001"),
        ("110100", "1101"),
    ],
)
def test_the_significant_part_leaves_out_groups_of_zeros_only(code: str, significant: str) -> None:
    assert load_profile("gb2260").significant(code) == significant


def test_a_child_must_begin_with_its_parents_significant_part() -> None:
    profile = load_profile("gb2260")
    assert profile.child_fault("320614", "320600") is None
    assert profile.child_fault("320614100201", "320614100000") is None
    assert "3206" in (profile.child_fault("320104", "320600") or "")
    assert load_profile("any").child_fault("x", "y") is None


def test_renumbering_a_county_renumbers_what_begins_with_its_code_under_gb2260_only() -> None:
    renumbering = {"320684": "320614"}
    assert load_profile("gb2260").recoded("320684", renumbering) == "320614"
    assert load_profile("gb2260").recoded("320684100201", renumbering) == "320614100201"
    assert load_profile("gb2260").recoded("320685", renumbering) == "320685"
    assert load_profile("any").recoded("320684100201", renumbering) == "320684100201"


def test_the_longest_old_code_decides() -> None:
    renumbering = {"320684": "320614", "320684100": "320614900"}
    assert load_profile("gb2260").recoded("320684100001", renumbering) == "320614900001"


def test_renumbering_is_read_from_pairs_and_from_files(tmp_path: Path) -> None:
    file = tmp_path / "map.csv"
    file.write_text("\ufeffold,new\n# 2020-07\n320684, 320614\n\n110103,110101\n", "utf-8")
    assert read_renumbering((str(file), "1=2")) == {"320684": "320614", "110103": "110101", "1": "2"}


@pytest.mark.parametrize("items", [("=new",), ("old=",), ("nothere.csv",), ("a=b", "a=c"), ("a=b", "b=c")])
def test_renumbering_that_is_not_clear_is_refused(items: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="renumbering"):
        read_renumbering(items)


def test_a_profile_of_ones_own_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "taipei.toml"
    file.write_text(
        "[taipei]\nabout='5 to 11 digits'\nexample='63000'\npattern='\\d{5,11}'\ngroups=[5,3,3]\n"
        "child_begins_with_parent=true\nrecode_prefix=false\n"
    )
    profile = load_profile(str(file))
    assert profile.fault("63000080031") is None
    assert profile.fault("A02") is not None


@pytest.mark.parametrize("body", ["", "[a]\nabout='x'\n", "nonsense", "a=1"])
def test_a_profile_file_that_is_no_profile_is_refused(tmp_path: Path, body: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(body)
    with pytest.raises(BadRegion, match=r"bad\.toml"):
        load_profile(str(file))


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadRegion, match="any, gb2260"):
        load_profile("iso")
