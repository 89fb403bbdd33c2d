"""San Francisco's fire calls against answers that others computed with pandas and geopandas."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas
import pandas
import pytest
from typer import Typer
from typer.testing import CliRunner

from cli import feed as feed_cli
from cli import stats as stats_cli
from data.clock import ManualClock
from data.open_store import open_store
from data.records import Kind
from feeds.files import import_file
from feeds.mapping import Mapping
from geo.area import Area, Region
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [needs_realdata, pytest.mark.realdata]

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "feeds" / "mappings" / "sf_fire_calls.toml"
CALLS = REALDATA / "sf_fire_calls_2020" / "fire_calls.csv.gz"

runner = CliRunner()
app = Typer()
app.command("stats")(stats_cli.stats)
app.command("cells")(stats_cli.cells)
app.command("state")(stats_cli.state)
app.add_typer(feed_cli.app, name="feed")


@dataclass(frozen=True)
class City:
    url: str
    answers: dict[str, Any]
    imported: dict[str, Any]

    def ask(self, *args: str) -> dict[str, Any]:
        done = runner.invoke(app, [*args, "--json", "--db", self.url])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)  # type: ignore[no-any-return]


def san_francisco() -> Region:
    """City (the union of its neighbourhoods) -> neighborhood -> tract, built without the project's importer."""
    folder = REALDATA / "sf_boundaries"
    hoods = geopandas.read_file(folder / "analysis_neighborhoods_41.geojson")
    tracts = geopandas.read_file(folder / "census_tracts_195_by_neighborhood.geojson")
    city = Area("sf", "San Francisco", "city", hoods.geometry.union_all())
    areas = [city]
    for row in hoods.itertuples():
        areas.append(Area(row.nhood, row.nhood, "neighborhood", row.geometry, "sf"))
    for row in tracts.itertuples():
        areas.append(Area(row.geoid, row.geoid, "tract", row.geometry, row.nhood))
    return Region.of(("city", "neighborhood", "tract"), areas)


@pytest.fixture(scope="module")
def sf(tmp_path_factory: pytest.TempPathFactory) -> City:
    url = f"sqlite:///{tmp_path_factory.mktemp('sf') / 'sf.db'}"
    store = open_store(url, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    try:
        store.put_level(san_francisco())
    finally:
        store.close()
    answers = json.loads((REALDATA / "answers" / "sf_fire_calls_2020.json").read_text())
    done = runner.invoke(app, ["feed", "import", str(CALLS), "--mapping", str(MAPPING), "--json", "--db", url])
    assert done.exit_code == 0, done.output
    return City(url, answers, json.loads(done.stdout))


def assert_within_border(found: dict[str, int], expected: dict[str, int], border: int) -> None:
    """Equal, but for points on a border, which may fall on either side: at most `border` rows differ in all."""
    apart = sum(abs(found.get(k, 0) - expected.get(k, 0)) for k in found.keys() | expected.keys())
    assert apart <= 2 * border


def test_every_row_is_accepted(sf: City) -> None:
    assert sf.imported == {"accepted": 10410, "duplicate": 0, "rejected": 0, "reasons": {}}


def test_a_second_run_adds_nothing(sf: City) -> None:
    again = sf.ask("feed", "import", str(CALLS), "--mapping", str(MAPPING))
    assert again == {"accepted": 0, "duplicate": 10410, "rejected": 0, "reasons": {}}


@pytest.mark.parametrize(
    ("level", "of", "answer", "border"),
    [
        ("neighborhood", "records", "rows_by_spatial_neighborhood", "rows_within_1m_of_a_neighborhood_boundary"),
        ("tract", "records", "rows_by_tract", "rows_within_1m_of_a_tract_boundary"),
        ("neighborhood", "incidents", "calls_by_spatial_neighborhood", "rows_within_1m_of_a_neighborhood_boundary"),
        ("tract", "incidents", "calls_by_tract", "rows_within_1m_of_a_tract_boundary"),
    ],
)
def test_counts_by_area_agree(sf: City, level: str, of: str, answer: str, border: str) -> None:
    found = sf.ask("stats", "--level", level, "--of", of)
    counts = {area["code"]: area["count"] for area in found["areas"]}
    expected = {k: v for k, v in sf.answers[answer].items() if k not in ("None", "nan", "outside")}
    assert found["total"] == {"records": 10410, "incidents": 5292}[of]
    assert sum(counts.values()) + found["outside"] == found["total"]
    assert_within_border(counts, expected, sf.answers[border])


def test_three_rows_are_outside_every_neighborhood(sf: City) -> None:
    found = sf.ask("stats", "--level", "neighborhood")
    assert abs(found["outside"] - 3) <= sf.answers["rows_within_1m_of_a_neighborhood_boundary"]
    assert len(found["areas"]) == 41


@pytest.mark.parametrize("res", ["7", "8", "9"])
def test_the_largest_cells_agree(sf: City, res: str) -> None:
    found = sf.ask("cells", "--res", res, "--top", "5")
    assert {c["cell"]: c["count"] for c in found["cells"]} == sf.answers["top5_h3"][res]
    everything = sf.ask("cells", "--res", res)
    assert len(everything["cells"]) == sf.answers["distinct_h3"][res]


def test_minutes_from_dispatch_to_scene_agree(sf: City) -> None:
    found = sf.ask("stats", "--level", "city", "--interval", "dispatch:on_scene", "--group", "Battalion")
    expected = sf.answers["unit_dispatch_to_onscene_min"]
    assert found["all"]["n"] == expected["n"]
    assert found["all"]["p50"] == pytest.approx(expected["p50"], abs=1e-4)
    assert found["all"]["p90"] == pytest.approx(expected["p90"], abs=1e-4)
    assert found["excluded"] == 10410 - expected["n"]
    by_battalion = sf.answers["unit_dispatch_to_onscene_min_by_battalion"]
    assert found["groups"].keys() == by_battalion.keys()
    for battalion, want in by_battalion.items():
        got = found["groups"][battalion]
        assert (got["n"], got["p50"], got["p90"]) == (
            want["n"],
            pytest.approx(want["p50"], abs=1e-4),
            pytest.approx(want["p90"], abs=1e-4),
        )
    assert {k: v["count"] for k, v in found["groups"].items()} == sf.answers["rows_by_battalion"]


def test_minutes_by_neighborhood_and_by_battalion_agree_in_one_answer(sf: City) -> None:
    found = sf.ask("stats", "--level", "neighborhood", "--interval", "dispatch:on_scene", "--group", "Battalion")
    for got, answer in (
        ({a["code"]: a for a in found["areas"]}, "unit_dispatch_to_onscene_min_by_spatial_neighborhood"),
        (found["groups"], "unit_dispatch_to_onscene_min_by_battalion"),
    ):
        want = sf.answers[answer]
        assert got.keys() == want.keys()
        for name, one in want.items():
            assert got[name]["n"] == one["n"], name
            assert got[name]["p50"] == pytest.approx(one["p50"], abs=6e-5), name  # the answers have four digits
            assert got[name]["p90"] == pytest.approx(one["p90"], abs=6e-5), name


def test_minutes_of_turnout_and_of_the_call_agree(sf: City) -> None:
    for interval, answer in (
        ("dispatch:response", "unit_turnout_min"),
        ("received:dispatch", "call_processing_received_to_dispatch_min"),
    ):
        found = sf.ask("stats", "--level", "city", "--interval", interval)["all"]
        want = sf.answers[answer]
        assert found["n"] == want["n"]
        assert (found["p50"], found["p90"]) == (
            pytest.approx(want["p50"], abs=6e-5),
            pytest.approx(want["p90"], abs=6e-5),
        )


def test_minutes_from_call_to_first_unit_on_scene_agree(sf: City) -> None:
    found = sf.ask("stats", "--level", "city", "--of", "incidents", "--interval", "received:on_scene")
    want = sf.answers["call_received_to_first_unit_onscene_min"]
    assert found["all"]["n"] == want["n"]
    assert found["all"]["p50"] == pytest.approx(want["p50"], abs=1e-4)
    assert found["all"]["p90"] == pytest.approx(want["p90"], abs=1e-4)
    assert found["excluded"] == sf.answers["calls_never_on_scene"]


def test_one_local_day_agrees(sf: City) -> None:
    day = sf.answers["rows_per_received_day"]["2020-04-14"]
    found = sf.ask(
        "stats",
        "--level",
        "city",
        "--from",
        "2020-04-14T00:00",
        "--to",
        "2020-04-15T00:00",
        "--tz",
        "America/Los_Angeles",
    )
    assert found["total"] == day


def test_categories_agree(sf: City) -> None:
    found = sf.ask("stats", "--level", "city", "--group", "category")
    assert {k: v["count"] for k, v in found["groups"].items()} == sf.answers["rows_by_call_type"]
    one = sf.ask("stats", "--level", "city", "--category", "Alarms")
    assert one["total"] == sf.answers["rows_by_call_type"]["Alarms"]


def test_statuses_agree(sf: City) -> None:
    found = sf.ask("stats", "--level", "city", "--by", "Cancelled", "--by", "Fire")
    want = sf.answers["rows_by_final_disposition"]
    assert found["by"] == {"Cancelled": want["Cancelled"], "Fire": want["Fire"]}


def test_the_state_at_an_instant_agrees(sf: City) -> None:
    found = sf.ask("state", "--at", "2020-04-14T18:00", "--tz", "America/Los_Angeles")
    want = sf.answers["replay"]
    assert found["busy_unit_ids"] == want["busy_unit_ids"]
    assert found["open_ids"] == want["open_call_numbers"]
    assert (found["open"], found["busy_units"]) == (want["open_calls"], want["busy_units_distinct"])


def test_the_state_is_a_matter_of_the_instant(sf: City) -> None:
    """A call is open from its receipt until its last unit is available again, both to the second."""
    rows = pandas.read_csv(CALLS, dtype=str)
    form = "%m/%d/%Y %I:%M:%S %p"
    number = rows["Call Number"].astype(str)
    first = pandas.to_datetime(rows["Received DtTm"], format=form).groupby(number).min()
    last = pandas.to_datetime(rows["Available DtTm"], format=form).groupby(number).max()
    for at in ("2020-04-11T20:56:49", "2020-04-14T18:00:00", "2020-04-20T03:00:00"):
        found = sf.ask("state", "--at", at, "--tz", "America/Los_Angeles")
        t = pandas.Timestamp(at)
        assert found["open_ids"] == sorted(first.index[(first <= t) & (t < last)])


def test_rows_written_as_parquet_and_json_lines_are_the_same_records(sf: City, tmp_path: Path) -> None:
    table = pandas.read_csv(CALLS, dtype=str)
    table.to_parquet(tmp_path / "calls.parquet")
    table.to_json(tmp_path / "calls.jsonl.gz", orient="records", lines=True)
    mapping = Mapping.load(MAPPING)
    store = open_store(sf.url, ManualClock(datetime(2026, 1, 2, tzinfo=UTC)))
    try:
        for name in ("calls.parquet", "calls.jsonl.gz"):
            report = import_file(store, tmp_path / name, mapping)
            assert (report.accepted, report.duplicate, report.rejected) == (0, 10410, 0)
        assert sum(r.kind is Kind.EVENT for r in store.read_after(0, limit=20_000)) == 10410
    finally:
        store.close()
