"""Counts, intervals, cells and states from a small table that can be checked by hand (fixtures/feeds/make_calls.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import h3
import pytest
from shapely.geometry import box
from typer import Typer
from typer.testing import CliRunner

from cli import feed as feed_cli
from cli import stats as stats_cli
from data.clock import ManualClock
from data.open_store import open_store
from data.records import EventPayload, Kind, Record
from data.store import Store
from geo.area import Area, Region

ROOT = Path(__file__).resolve().parents[3]
CALLS = ROOT / "tests" / "fixtures" / "feeds" / "calls.csv"
MAPPING = ROOT / "feeds" / "mappings" / "sf_fire_calls.toml"
TZ = ("--tz", "America/Los_Angeles")

runner = CliRunner()
app = Typer()
app.command("stats")(stats_cli.stats)
app.command("cells")(stats_cli.cells)
app.command("state")(stats_cli.state)
app.add_typer(feed_cli.app, name="feed")


def wards() -> Region:
    north, south = box(-122.5, 37.7, -122.3, 37.8), box(-122.5, 37.6, -122.3, 37.7)
    blocks = {
        "nw": box(-122.5, 37.7, -122.4, 37.8),
        "ne": box(-122.4, 37.7, -122.3, 37.8),
        "sw": box(-122.5, 37.6, -122.4, 37.7),
        "se": box(-122.4, 37.6, -122.3, 37.7),
    }
    areas = [Area("n", "North", "ward", north), Area("s", "South", "ward", south)]
    areas += [Area(code, code.upper(), "block", shape, code[0]) for code, shape in blocks.items()]
    areas.append(Area("x", "Empty", "ward", box(-122.5, 37.5, -122.3, 37.6)))
    return Region.of(("ward", "block"), areas)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('calls') / 's.db'}"
    store = open_store(url, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    store.put_level(wards())
    store.close()
    report = ask(url, "feed", "import", str(CALLS), "--mapping", str(MAPPING))
    assert report == {"accepted": 8, "duplicate": 0, "rejected": 0, "reasons": {}}
    return url


def run(url: str, *args: str) -> Any:
    return runner.invoke(app, [*args, "--db", url])


def ask(url: str, *args: str) -> Any:
    done = run(url, *args, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def counts(answer: dict[str, Any]) -> dict[str, int]:
    return {area["code"]: area["count"] for area in answer["areas"]}


def test_importing_again_adds_nothing(url: str) -> None:
    report = ask(url, "feed", "import", str(CALLS), "--mapping", str(MAPPING))
    assert report == {"accepted": 0, "duplicate": 8, "rejected": 0, "reasons": {}}


def test_records_are_counted_in_their_area_and_its_ancestors(url: str) -> None:
    blocks = ask(url, "stats", "--level", "block")
    assert counts(blocks) == {"nw": 3, "se": 2, "ne": 1, "sw": 1}
    assert [a["code"] for a in blocks["areas"]] == ["nw", "se", "ne", "sw"]
    assert (blocks["level"], blocks["of"], blocks["total"], blocks["outside"]) == ("block", "records", 8, 1)
    assert (blocks["from"], blocks["to"]) == (None, None)
    assert counts(ask(url, "stats", "--level", "ward")) == {"n": 4, "s": 3, "x": 0}


def test_incidents_are_counted_once(url: str) -> None:
    answer = ask(url, "stats", "--level", "ward", "--of", "incidents")
    assert counts(answer) == {"s": 3, "n": 2, "x": 0}
    assert (answer["total"], answer["outside"]) == (6, 1)


def test_periods_include_their_start_and_not_their_end(url: str) -> None:
    answer = ask(url, "stats", "--level", "ward", "--from", "2020-06-01T08:10", "--to", "2020-06-01T09:10", *TZ)
    assert answer["total"] == 2  # C2 at 08:10 and C4 at 09:00, not C3 at 09:10
    assert answer["from"] == "2020-06-01T08:10:00-07:00"
    same = ask(url, "stats", "--level", "ward", "--from", "2020-06-01T15:10Z", "--to", "2020-06-02T00:10+08:00")
    assert counts(same) == counts(answer)


def test_a_time_without_offset_is_in_the_configured_zone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCOMMAND_TIMEZONE", "America/Los_Angeles")
    answer = ask(url, "stats", "--level", "ward", "--from", "2020-06-01T12:15")
    assert answer["total"] == 1


def test_category_and_status(url: str) -> None:
    assert ask(url, "stats", "--level", "ward", "--category", "Medical")["total"] == 3
    answer = ask(url, "stats", "--level", "ward", "--by", "Fire", "--by", "Cancelled", "--by", "never")
    assert answer["by"] == {"Fire": 3, "Cancelled": 1, "never": 0}
    assert answer["areas"][0] == {
        "code": "n",
        "name": "North",
        "count": 4,
        "by": {"Fire": 3, "Cancelled": 1, "never": 0},
    }


def test_intervals_leave_out_what_is_missing_or_out_of_order(url: str) -> None:
    answer = ask(url, "stats", "--level", "ward", "--interval", "dispatch:on_scene")
    # 4, 8, 6, 10, 2, 4 minutes; M1 on C1 never arrived, C4's arrival precedes its dispatch
    assert answer["all"] == {"n": 6, "p50": 5.0, "p90": 9.0, "excluded": 2}
    assert answer["excluded"] == 2
    by_code = {a["code"]: a for a in answer["areas"]}
    assert by_code["n"] == {"code": "n", "name": "North", "count": 4, "n": 2, "p50": 6.0, "p90": 7.6, "excluded": 2}
    assert by_code["x"] == {"code": "x", "name": "Empty", "count": 0, "n": 0, "p50": None, "p90": None, "excluded": 0}


def test_groups_by_attribute_and_field(url: str) -> None:
    answer = ask(url, "stats", "--level", "ward", "--interval", "dispatch:on_scene", "--group", "Battalion")
    assert answer["groups"] == {
        "B1": {"count": 4, "n": 3, "p50": 4.0, "p90": 7.2, "excluded": 1},
        "B2": {"count": 3, "n": 2, "p50": 8.0, "p90": 9.6, "excluded": 1},
        "B3": {"count": 1, "n": 1, "p50": 4.0, "p90": 4.0, "excluded": 0},
    }
    assert ask(url, "stats", "--level", "ward", "--group", "category")["groups"] == {
        "Alarm": {"count": 2}, "Fire": {"count": 3}, "Medical": {"count": 3},
    }  # fmt: skip


def test_intervals_of_incidents_run_from_the_first_to_the_first_and_close_with_the_last(url: str) -> None:
    arrival = ask(url, "stats", "--level", "ward", "--of", "incidents", "--interval", "received:on_scene")
    assert arrival["all"]["n"] == 5  # 5, 8, 12, 3, 5 minutes; C4 is out of order
    assert arrival["all"]["p50"] == 5.0
    whole = ask(url, "stats", "--level", "block", "--of", "incidents", "--interval", "at:closed")
    assert next(a for a in whole["areas"] if a["code"] == "nw")["p50"] == 60.0


def test_cells_are_those_of_the_points(url: str) -> None:
    answer = ask(url, "cells", "--res", "8")
    want = {
        h3.latlng_to_cell(37.75, -122.45, 8): 3, h3.latlng_to_cell(37.65, -122.35, 8): 2,
        h3.latlng_to_cell(37.75, -122.35, 8): 1, h3.latlng_to_cell(37.65, -122.45, 8): 1,
        h3.latlng_to_cell(38.5, -122.45, 8): 1,
    }  # fmt: skip
    assert {c["cell"]: c["count"] for c in answer["cells"]} == want
    assert [c["count"] for c in answer["cells"]] == [3, 2, 1, 1, 1]
    tied = [c["cell"] for c in answer["cells"]][2:]
    assert tied == sorted(tied)
    assert ask(url, "cells", "--res", "8", "--top", "2")["cells"] == answer["cells"][:2]


@pytest.mark.parametrize(
    ("at", "open_ids", "busy"),
    [
        ("07:59:59", [], []),
        ("08:00:00", ["C1"], []),
        ("08:01:00", ["C1"], ["E1", "T1"]),
        ("08:03:00", ["C1"], ["E1", "M1", "T1"]),
        ("08:04:00", ["C1"], ["E1", "T1"]),
        ("08:20:00", ["C1", "C2"], ["E1", "M1", "T1"]),
        ("08:30:00", ["C1", "C2"], ["M1", "T1"]),
        ("09:00:00", ["C2", "C4"], ["M1"]),
        ("09:11:59", ["C2", "C3", "C4"], ["E2", "M1"]),
        ("09:12:00", ["C3", "C4"], ["E2", "M1"]),  # M1 has no release from C2, but is sent to C3
        ("09:50:00", [], []),
        ("12:15:59", ["C6"], []),
        ("23:00:00", ["C6"], ["E3"]),  # nothing says that E3 was released
    ],
)
def test_state_at_an_instant(url: str, at: str, open_ids: list[str], busy: list[str]) -> None:
    answer = ask(url, "state", "--at", f"2020-06-01T{at}", *TZ)
    assert answer == {
        "at": f"2020-06-01T{at}-07:00", "open": len(open_ids), "open_ids": open_ids, "busy_units": len(busy),
        "busy_unit_ids": busy, "overdue": 0, "warning": 0, "suspended": 0, "cases": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["stats", "--level", "village"], 1, ["village", "ward, block"]),
        (["stats", "--level", "ward", "--from", "noon"], 1, ["noon", "ISO 8601"]),
        (["stats", "--level", "ward", "--from", "2020-06-01T08:00", "--tz", "Mars/X"], 1, ["Mars/X", "IANA"]),
        (["stats", "--level", "ward", "--interval", "dispatch:moon"], 1, ["moon", "on_scene"]),
        (["stats", "--level", "ward", "--group", "colour"], 1, ["colour", "Battalion"]),
        (["stats", "--level", "ward", "--interval", "dispatch"], 2, ["A:B"]),
        (["stats", "--level", "ward", "--of", "people"], 2, ["people"]),
        (["cells", "--res", "16"], 2, ["--res"]),
        (["state"], 2, ["--at"]),
        (["feed", "import", "none.csv", "--mapping", str(MAPPING)], 1, ["none.csv", "cannot be read"]),
        (["feed", "import", str(CALLS), "--mapping", "none.toml"], 1, ["none.toml", "cannot be read"]),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(url: str, args: list[str], code: int, words: list[str]) -> None:
    done = run(url, *args)
    assert done.exit_code == code, done.output
    for word in words:
        assert word in done.output


def test_people_get_lines_instead_of_json(url: str) -> None:
    assert "total 8, outside 1" in run(url, "stats", "--level", "ward", "--group", "category").stdout
    assert run(url, "cells", "--res", "8").stdout.splitlines()[0].endswith("\t3")
    assert "busy units 2" in run(url, "state", "--at", "2020-06-01T08:01:00", *TZ).stdout
    assert "duplicate 8" in run(url, "feed", "import", str(CALLS), "--mapping", str(MAPPING)).stdout


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    yield store
    store.close()


def test_a_corrected_record_counts_once_at_its_latest_version_whatever_came_first(store: Store) -> None:
    from layers.stats import events, rows_of_incidents, rows_of_records

    at = datetime(2026, 5, 1, tzinfo=UTC)

    def version(n: int, category: str) -> Record:
        return Record(Kind.EVENT, "s", "1", at + timedelta(hours=n), EventPayload(category=category), version=n)

    store.append([version(2, "newest"), version(0, "first"), version(1, "second")])
    assert [row.category for row in rows_of_records(events(store))] == ["newest"]
    assert [row.category for row in rows_of_incidents(events(store))] == ["newest"]
