"""Views of one total: what they add up to, where they differ, and which rows cannot be counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import feed as feed_cli
from data.errors import BadInput
from feeds.aggregates import MAX_FAULTS, Difference, read_view, reconcile

TOTALS = "community,lon,lat,tickets\n甲,114.3,22.7,30\n乙,114.4,22.6,12\n"
BY_TYPE = "community,event_type,tickets\n甲,路灯,20\n甲,井盖,10\n乙,路灯,12\n"
BY_MONTH = "street,month,tickets\n东街,2026-01,25\n东街,2026-02,17\n"


def written(folder: Path, **files: str) -> list[Path]:
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def test_views_that_agree(tmp_path: Path) -> None:
    views = [read_view(p, "tickets") for p in written(tmp_path, totals=TOTALS, types=BY_TYPE, months=BY_MONTH)]
    assert [(view.by, view.total, view.rows) for view in views] == [
        (("community",), 42, 2),
        (("community", "event_type"), 42, 3),
        (("street", "month"), 42, 2),
    ]
    assert views[1].sums == {"community": {"甲": 30, "乙": 12}, "event_type": {"路灯": 32, "井盖": 10}}
    found = reconcile(views)
    assert found.agrees
    assert [(c.first, c.second, c.by, c.equal) for c in found.comparisons] == [
        ("totals.csv", "types.csv", "", 1),
        ("totals.csv", "types.csv", "community", 2),
        ("totals.csv", "months.csv", "", 1),
        ("types.csv", "months.csv", "", 1),
    ]
    assert found.unlinked == ("event_type", "month", "street")


def test_views_that_differ_say_where_the_largest_first(tmp_path: Path) -> None:
    changed = BY_TYPE.replace("乙,路灯,12", "乙,路灯,13").replace("甲,路灯,20", "甲,路灯,15") + "丙,路灯,4\n"
    totals, types = (read_view(p, "tickets") for p in written(tmp_path, totals=TOTALS, types=changed))
    found = reconcile([totals, types])
    assert not found.agrees
    whole, community = found.comparisons
    assert whole.differences == ()
    assert community.differences == (Difference("甲", 30, 25), Difference("丙", None, 4), Difference("乙", 12, 13))


def test_sums_may_differ_though_the_totals_agree(tmp_path: Path) -> None:
    swapped = BY_TYPE.replace("甲,井盖,10", "甲,井盖,9").replace("乙,路灯,12", "乙,路灯,13")
    found = reconcile([read_view(p, "tickets") for p in written(tmp_path, totals=TOTALS, types=swapped)])
    assert [bool(c.differences) for c in found.comparisons] == [False, True]
    assert not found.agrees


def test_a_value_that_counts_nothing_may_be_left_out(tmp_path: Path) -> None:
    found = reconcile([read_view(p, "tickets") for p in written(tmp_path, a=TOTALS + "丙,114,22,0\n", b=BY_TYPE)])
    assert found.agrees


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("丙,路灯,-1", "column 'tickets' is '-1', not a whole number from 0"),
        ("丙,路灯,1.5", "column 'tickets' is '1.5'"),
        ("丙,路灯,", "column 'tickets' is ''"),
        ("丙,,3", "column 'event_type' is empty"),
        ("甲,路灯,1", "甲 / 路灯 was counted in row 1 already"),
        ("丙,路灯", "the row has 2 fields, the header 3"),
    ],
)
def test_a_row_that_cannot_be_counted_is_left_out_and_said(tmp_path: Path, row: str, reason: str) -> None:
    (path,) = written(tmp_path, a=BY_TYPE + row + "\n")
    view = read_view(path, "tickets")
    assert (view.total, view.rows, view.faulty) == (42, 4, 1)
    assert view.faults[0].startswith("a.csv: row 4: ")
    assert reason in view.faults[0]
    (other,) = written(tmp_path, b=TOTALS)
    assert not reconcile([view, read_view(other, "tickets")]).agrees


def test_many_faults_are_counted_and_the_first_told(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a="community,tickets\n" + "甲,x\n" * 50)
    view = read_view(path, "tickets")
    assert (view.faulty, len(view.faults)) == (50, MAX_FAULTS)


def test_what_is_no_view_is_refused(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a=TOTALS)
    with pytest.raises(BadInput, match="no column 'count'"):
        read_view(path, "count")
    with pytest.raises(BadInput, match="cannot be read"):
        read_view(tmp_path / "none.csv", "tickets")
    with pytest.raises(BadInput, match="at least two"):
        reconcile([read_view(path, "tickets")])
    with pytest.raises(BadInput, match=r"two files are named a\.csv"):
        reconcile([read_view(path, "tickets")] * 2)


def test_other_encodings_and_columns_that_are_not_counted_by(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_bytes("社区,备注,件数\n甲,x,3\n".encode("gb18030"))
    view = read_view(path, "件数", leave_out=["备注"], encoding="gb18030")
    assert view.sums == {"社区": {"甲": 3}}


def test_the_command_prints_sums_and_says_by_its_exit_whether_they_agree(tmp_path: Path) -> None:
    runner = CliRunner()
    paths = [str(p) for p in written(tmp_path, totals=TOTALS, types=BY_TYPE)]
    good = runner.invoke(feed_cli.app, ["reconcile", *paths, "--count", "tickets"])
    assert good.exit_code == 0, good.output
    assert "totals.csv = types.csv  by community: 2 of 2 agree" in good.stdout
    assert good.stdout.endswith("the views agree\n")
    written(tmp_path, types=BY_TYPE.replace("12", "11"))
    bad = runner.invoke(feed_cli.app, ["reconcile", *paths, "--count", "tickets"])
    assert bad.exit_code == 1
    assert "totals.csv ≠ types.csv  by community: 1 of 2 agree: 乙 12 / 11" in bad.stdout
    answer = json.loads(runner.invoke(feed_cli.app, ["reconcile", *paths, "--count", "tickets", "--json"]).stdout)
    assert (answer["agrees"], answer["views"][0]["total"]) == (False, 42)
