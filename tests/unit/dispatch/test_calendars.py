"""Calendar files: what ships, what an operator adds, and what is said of a faulty one."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.calendar import Calendar, TimeKind, Window
from dispatch.calendars import BadCalendar, load, load_calendars, remarks
from dispatch.spans import Span
from tests.unit.dispatch.calendar_cases import cn

GOOD = """\
id = "office"
zh = "机关"
en = "Office"
kind = "working"
zone = "Asia/Shanghai"
windows = ["08:30-12:00", "13:30-18:00"]

[years.2026]
source = "notice"
off = [
    { from = 2026-01-01, to = 2026-01-03, zh = "元旦", en = "New Year" },
    { from = 2026-05-01, zh = "劳动节", en = "Labour Day" },
]
work = [
    2026-01-04,
]
"""


def read(tmp_path: Path, text: str, name: str = "office.toml") -> Calendar:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load(path, load_calendars())


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(BadCalendar) as refused:
        read(tmp_path, text)
    path = str(tmp_path / "office.toml")
    assert all(problem.startswith(f"{path}:") for problem in refused.value.problems)
    return [problem.removeprefix(f"{path}:") for problem in refused.value.problems]


def test_what_ships_is_natural_time_and_chinas_working_time_with_its_sources() -> None:
    shipped = load_calendars()
    assert set(shipped) == {"natural", "cn-working"}
    assert shipped["natural"].kind is TimeKind.NATURAL
    cn_working = shipped["cn-working"]
    assert cn_working.windows == (Window(480, 720), Window(840, 1080))
    assert sorted(cn_working.years) == [2024, 2025, 2026, 2027]
    assert [cn_working.years[y].provisional for y in (2024, 2025, 2026, 2027)] == [False, False, False, True]
    for year, number in (
        (2024, "国办发明电〔2023〕7号"),
        (2025, "国办发明电〔2024〕12号"),
        (2026, "国办发明电〔2025〕7号"),
    ):
        assert number in cn_working.years[year].source
    for calendar in shipped.values():
        assert calendar.zh
        assert calendar.en


def test_a_file_is_read(tmp_path: Path) -> None:
    office = read(tmp_path, GOOD)
    assert (office.id, office.zone, office.day, office.weekend) == (
        "office", "Asia/Shanghai", timedelta(hours=8), frozenset({5, 6}),
    )  # fmt: skip
    assert office.windows == (Window(510, 720), Window(810, 1080))
    assert office.years[2026].off[date(2026, 1, 2)] == ("元旦", "New Year")
    assert office.works_on(date(2026, 1, 4))
    # Wednesday 31 December 2025 17:00 + 2 h: 1 h; Sunday 4 January 08:30 + 1 h.
    assert office.add(cn("2025-12-31 17:00"), Span.parse("2 h")) == cn("2026-01-04 09:30")


def test_an_operators_calendar_takes_the_holidays_of_another_and_its_own_hours(tmp_path: Path) -> None:
    summer = read(
        tmp_path,
        """\
id = "street-office"
extends = "cn-working"
zh = "街道办"
en = "Street office"

[[seasons]]
from = "06-01"
to = "09-30"
windows = ["08:00-12:00", "15:00-19:00"]
""",
    )
    shipped = load_calendars()["cn-working"]
    assert summer.years == shipped.years
    assert summer.windows_of(date(2026, 7, 1)) == (Window(480, 720), Window(900, 1140))
    assert summer.windows_of(date(2026, 3, 2)) == shipped.windows
    assert summer.windows_of(date(2026, 10, 1)) == ()


def test_an_operator_replaces_a_year_of_the_shipped_calendar(tmp_path: Path) -> None:
    folder = tmp_path / "calendars"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        """\
id = "cn-working"
extends = "cn-working"

[years.2027]
source = "the notice, when it came"
off = [{ from = 2027-01-01, to = 2027-01-03, zh = "元旦", en = "New Year's Day" }]
work = [2026-12-27]
""",
        encoding="utf-8",
    )
    found = load_calendars(tmp_path)["cn-working"]
    assert found.en == "Working time, China"
    assert set(found.years) == {2024, 2025, 2026, 2027}
    assert not found.years[2027].provisional
    # The notice reaches back: Sunday 27 December 2026 is worked. Saturday 26 + 1 h -> Sunday 09:00.
    assert found.add(cn("2026-12-26 10:00"), Span.parse("1 h")) == cn("2026-12-27 09:00")
    assert found.warnings(cn("2026-12-20 08:00"), cn("2027-03-01 08:00")) == []
    assert load_calendars()["cn-working"].years[2027].provisional


def test_calendars_may_extend_each_other_in_any_order(tmp_path: Path) -> None:
    folder = tmp_path / "calendars"
    folder.mkdir()
    (folder / "a.toml").write_text('id = "a"\nextends = "b"\nzh = "甲"\nen = "A"\n', encoding="utf-8")
    (folder / "b.toml").write_text(
        'id = "b"\nextends = "cn-working"\nzh = "乙"\nen = "B"\nwindows = ["09:00-17:00"]\n', encoding="utf-8"
    )
    found = load_calendars(tmp_path)
    assert found["a"].windows == (Window(540, 1020),)
    assert found["a"].years == found["cn-working"].years

    (folder / "b.toml").write_text('id = "b"\nextends = "a"\nzh = "乙"\nen = "B"\n', encoding="utf-8")
    with pytest.raises(BadCalendar) as refused:
        load_calendars(tmp_path)
    assert [p.rpartition("/")[2] for p in refused.value.problems] == [
        "a.toml:2: calendar a extends itself by way of b",
        "b.toml:2: calendar b extends itself by way of a",
    ]


def test_an_id_that_is_there_twice_is_said_with_both_files(tmp_path: Path) -> None:
    folder = tmp_path / "calendars"
    folder.mkdir()
    for name in ("a.toml", "b.toml"):
        (folder / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(BadCalendar) as refused:
        load_calendars(tmp_path)
    assert refused.value.problems == (
        f"{folder / 'b.toml'}:1: calendar office is there twice, also in {folder / 'a.toml'}",
    )


def test_a_folder_without_calendars_gives_what_ships(tmp_path: Path) -> None:
    assert load_calendars(tmp_path) == load_calendars(None)


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ('zh = "机关"', 'zh = ""', "2: zh is missing"),
        ('en = "Office"\n', "", "1: en is missing"),
        ('kind = "working"', 'kind = "weekly"', '4: kind is "natural"'),
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Shangai"', "5: 'Asia/Shangai' is no IANA time zone"),
        ('zone = "Asia/Shanghai"\n', "", "1: zone is missing"),
        ('"08:30-12:00"', '"8:30-12:00"', "6: windows: '8:30-12:00' is no window"),
        ('"08:30-12:00"', '"12:30-12:00"', "6: windows: '12:30-12:00' does not end after it begins"),
        ('"08:30-12:00"', '"08:30-14:00"', "6: windows: 08:30-14:00 and 13:30-18:00 overlap"),
        ('"13:30-18:00"', '"13:30-24:30"', "6: windows: '13:30-24:30'"),
        ('windows = ["08:30-12:00", "13:30-18:00"]', "windows = []", "6: windows is a list of hours"),
        ('windows = ["08:30-12:00", "13:30-18:00"]\n', "", "1: windows is missing"),
        ("windows", 'weekend = ["sat", "soon"]\nwindows', "6: 'soon' is no weekday"),
        ("windows", 'weekend = ["mon","tue","wed","thu","fri","sat","sun"]\nwindows', "6: weekend has all seven"),
        ("windows", "day_hours = 0\nwindows", "6: day_hours is"),
        ("windows", "day_hours = true\nwindows", "6: day_hours is"),
        ("windows", "windos", "6: a calendar has no key 'windos' (did you mean windows?)"),
        ("[years.2026]", "[years.soon]", "8: [years.soon] is no year"),
        ('source = "notice"\n', "", "8: source of 2026 is missing"),
        ('source = "notice"', 'source = "notice"\nprovisional = "yes"', "10: provisional is true or false"),
        ("2026-05-01, zh", "2025-05-01, zh", "12: 2025-05-01 is not of 2026; write it under [years.2025]"),
        ("2026-05-01, zh", "2026-01-03, zh", "11: 2026-01-03 is off twice"),
        ("to = 2026-01-03", "to = 2025-12-31", "11: holiday 2026-01-01 to 2025-12-31"),
        ("to = 2026-01-03", "to = 2026-03-03", "11: holiday 2026-01-01 to 2026-03-03"),
        ('"劳动节", en = "Labour Day"', '"劳动节"', "12: holiday 2026-05-01: en is missing"),
        ('"劳动节", en', '"劳动节", name = "x", en', "12: holiday 2026-05-01 has no key 'name'"),
        ("from = 2026-05-01", 'from = "2026-05-01"', "10: a holiday has from"),
        ("    2026-01-04", "    2026-01-02", "15: 2026-01-02 is both a holiday and a make-up working day"),
        ("    2026-01-04", "    2026-01-05", "15: 2026-01-05 is a mon, a working day anyway"),
        ("    2026-01-04,\n", "    2026-01-04,\n    2026-01-04,\n", "15: 2026-01-04 is there twice"),
        ("    2026-01-04", "    2026-01-04T08:00:00", "14: work is a list of dates"),
        ("    2026-01-04", "    2026-02-30", "15: is not TOML"),
        ('id = "office"\n', "", "1: id is missing"),
        ('id = "office"', 'id = "office"\nextends = "cn-workin"', "2: there is no calendar cn-workin (did you mean cn"),
    ],
)  # fmt: skip
def test_a_fault_is_said_with_its_line(tmp_path: Path, was: str, becomes: str, fault: str) -> None:
    assert was in GOOD
    found = faults(tmp_path, GOOD.replace(was, becomes, 1))
    assert [problem for problem in found if problem.startswith(fault)], found


def test_all_faults_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace('en = "Office"', 'en = ""').replace("12:00", "12:60").replace("    2026-01-04", "    2026-01-05")
    )
    assert [problem.partition(":")[0] for problem in faults(tmp_path, text)] == ["3", "6", "15"]


def test_natural_time_has_no_hours(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, 'id = "n"\nzh = "自然"\nen = "N"\nkind = "natural"\nwindows = ["08:00-12:00"]\n')
    assert found.startswith("5: natural time is every hour of every day: it has no windows")


def test_seasons_may_not_overlap_and_need_real_days(tmp_path: Path) -> None:
    season = '\n[[seasons]]\nfrom = "{}"\nto = "{}"\nwindows = ["08:00-12:00"]\n'
    two = GOOD + season.format("05-01", "09-30") + season.format("09-30", "10-05")
    assert any("overlap" in problem for problem in faults(tmp_path, two))
    assert any("is a month and a day" in p for p in faults(tmp_path, GOOD + season.format("02-30", "03-05")))


def test_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadCalendar, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'id = "\xff"')
    with pytest.raises(BadCalendar, match="cannot be read"):
        load(tmp_path / "latin.toml")


def test_what_is_odd_but_not_wrong_is_remarked(tmp_path: Path) -> None:
    short = read(tmp_path, GOOD.replace("13:30-18:00", "13:30-17:30"))
    today = date(2026, 11, 22)
    said = [remark.en for remark in remarks(short, today)]
    assert "工作时段每天共 7.5 小时，而一个工作日按 8 小时计" in [remark.zh for remark in remarks(short, today)]
    assert any("the windows hold 7.5 h a day, and a working day counts 8 h" in text for text in said)
    assert any("no holidays of 2027" in text for text in said)
    assert remarks(load_calendars()["natural"], today) == []
    assert remarks(load_calendars()["cn-working"], date(2024, 5, 1)) == []
    assert any("2027 are provisional" in remark.en for remark in remarks(load_calendars()["cn-working"], today))
    assert short.warnings(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)) == []


def test_the_files_and_deadlines_of_the_manual_are_true(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[3] / "docs" / "casework.md").read_text(encoding="utf-8")
    section = manual.partition("## Time limits\n")[2].partition("\n## ")[0]
    (tmp_path / "calendars").mkdir()
    for n, block in enumerate(re.findall(r"```toml\n(.*?)```", section, re.S)):
        (tmp_path / "calendars" / f"{n}.toml").write_text(block, encoding="utf-8")
    found = load_calendars(tmp_path)
    assert set(found) == {"natural", "cn-working", "street-office"}
    assert sorted(found["cn-working"].years) == [2024, 2025, 2026, 2027, 2028]

    rows = re.findall(r"^\| \w{3} (\S+ \d\d:\d\d) \| ([^|]+) \| \w{3} (\S+ \d\d:\d\d) \|", section, re.M)
    assert len(rows) == 4
    for start, span, due in rows:
        assert load_calendars()["cn-working"].add(cn(start), Span.parse(span)) == cn(due)
