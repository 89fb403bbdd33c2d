"""`app.py calendar`: deadlines and checks at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

from typer import Typer
from typer.testing import CliRunner

from cli import calendar as calendar_cli

runner = CliRunner()
app = Typer()
app.add_typer(calendar_cli.app, name="calendar")


def test_a_deadline_is_printed_in_the_calendars_own_time(tmp_path: Path) -> None:
    # Friday 13 February 2026 17:00 + 10 h: 1 h, Saturday 14 (worked) 8 h, Tuesday 24 February 1 h.
    found = runner.invoke(
        app,
        ["calendar", "deadline", "--start", "2026-02-13T17:00+08:00", "--span", "10 h", "--folder", str(tmp_path)],
    )
    assert (found.exit_code, found.stdout, found.stderr) == (0, "2026-02-24T09:00:00+08:00\n", "")


def test_a_start_without_an_offset_is_local_time(tmp_path: Path) -> None:
    common = ["calendar", "deadline", "--start", "2026-03-02T09:00", "--span", "1 h", "--folder", str(tmp_path)]
    here = runner.invoke(app, [*common, "--tz", "Asia/Shanghai"])
    there = runner.invoke(app, [*common, "--tz", "Asia/Tokyo"])
    # 09:00 in Tokyo is 08:00 in Shanghai.
    assert (here.stdout, there.stdout) == ("2026-03-02T10:00:00+08:00\n", "2026-03-02T09:00:00+08:00\n")


def test_json_carries_what_is_uncertain(tmp_path: Path) -> None:
    common = ["calendar", "deadline", "--start", "2029-05-01T08:00+08:00", "--span", "1 day", "--folder", str(tmp_path)]
    found = runner.invoke(app, [*common, "--json"])
    said = json.loads(found.stdout)
    assert said["due"] == "2029-05-01T10:00:00+00:00"  # a Tuesday; nobody has announced its Labour Day
    assert [text for text in said["warnings"] if "no holidays of 2029" in text]
    plain = runner.invoke(app, common)
    assert "warning: calendar cn-working has no holidays of 2029" in plain.stderr


def test_what_cannot_be_computed_is_one_line_and_exit_1(tmp_path: Path) -> None:
    for options, words in (
        (["--span", "2 weeks"], "no unit"),
        (["--span", "1 day", "--calendar", "mars"], "there is no calendar 'mars'"),
    ):
        found = runner.invoke(
            app, ["calendar", "deadline", "--start", "2026-03-02T09:00Z", "--folder", str(tmp_path), *options]
        )
        assert found.exit_code == 1
        assert words in found.stderr
        assert found.stderr.count("\n") == 1


def test_check_lists_the_years_and_refuses_a_faulty_file_with_its_line(tmp_path: Path) -> None:
    good = runner.invoke(app, ["calendar", "check", "--folder", str(tmp_path)])
    assert good.exit_code == 0
    assert "2026: 33 days off, 6 make-up days; 国务院办公厅关于2026年部分节假日安排的通知" in good.stdout
    rows = json.loads(runner.invoke(app, ["calendar", "check", "--json", "--folder", str(tmp_path)]).stdout)
    assert [row["id"] for row in rows] == ["cn-working", "natural"]
    assert "2026-02-14" in rows[0]["years"][2]["work"]

    (tmp_path / "calendars").mkdir()
    faulty = tmp_path / "calendars" / "mine.toml"
    faulty.write_text('id = "mine"\nextends = "cn-working"\nzh = "我"\nen = "Mine"\nwindows = ["9-5"]\n')
    bad = runner.invoke(app, ["calendar", "check", "--folder", str(tmp_path)])
    assert bad.exit_code == 1
    assert f"{faulty}:5: windows: '9-5' is no window" in bad.stderr
