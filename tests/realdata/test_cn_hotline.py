"""A district hotline's published counts, one real ticket's way, and one city management case, against their answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from cli import feed as feed_cli
from cli import stats as stats_cli
from data.area_columns import AreaColumns
from data.area_indexes import area_index
from data.clock import ManualClock
from data.code_profiles import read_renumbering
from data.open_store import open_store
from data.regions import ImportOptions, import_level
from data.store import Store
from geo.area import Region
from geo.datum import Datum
from tests.realdata_path import REALDATA, needs_realdata

pytestmark = [needs_realdata, pytest.mark.realdata]

FOLDER = REALDATA / "cn_hotline_and_city_mgmt"
COUNTIES = REALDATA / "china_counties"
MAPPINGS = Path(__file__).resolve().parents[2] / "feeds" / "mappings"
VIEWS = ("pingshan_community_totals.csv", "pingshan_community_by_type.csv", "pingshan_street_by_month.csv")

runner = CliRunner()
app = Typer()
app.command("stats")(stats_cli.stats)
app.add_typer(feed_cli.app, name="feed")


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REALDATA / "answers" / "cn_hotline_and_city_mgmt.json").read_text())
    return found


def ask(*args: str) -> Any:
    done = runner.invoke(app, [*args, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def reconciled() -> dict[str, Any]:
    found: dict[str, Any] = ask("feed", "reconcile", *(str(FOLDER / name) for name in VIEWS), "--count", "tickets")
    return found


def test_the_three_views_reconcile(reconciled: dict[str, Any], answers: dict[str, Any]) -> None:
    assert reconciled["agrees"]
    totals, types, months = reconciled["views"]
    assert totals["total"] == answers["total_by_community"]
    assert types["total"] == answers["total_by_community_and_type"]
    assert months["total"] == answers["total_by_street_and_month"]
    by_community = next(c for c in reconciled["comparisons"] if c["by"] == "community")
    assert by_community["values"] == answers["communities"]
    assert by_community["equal"] == answers["communities_where_type_sum_equals_total"]
    assert [c["differences"] for c in reconciled["comparisons"]] == [[]] * 4
    assert all(view["faulty"] == 0 for view in reconciled["views"])


def test_every_sum_along_every_dimension_is_the_published_one(
    reconciled: dict[str, Any], answers: dict[str, Any]
) -> None:
    totals, types, months = (view["sums"] for view in reconciled["views"])
    assert types["event_type"] == answers["by_type"]
    assert months["street"] == answers["by_street"]
    assert months["month"] == answers["by_month"]
    assert dict(list(totals["community"].items())[:5]) == answers["top5_communities"]
    assert types["community"] == totals["community"]


def test_one_ticket_moved_to_another_type_is_found(tmp_path: Path) -> None:
    text = (FOLDER / VIEWS[1]).read_text(encoding="utf-8")
    first = text.splitlines()[1]
    community, kind, n = first.split(",")
    (tmp_path / VIEWS[1]).write_text(text.replace(first, f"{community},{kind},{int(n) - 1}", 1), encoding="utf-8")
    paths = [str(FOLDER / VIEWS[0]), str(tmp_path / VIEWS[1]), str(FOLDER / VIEWS[2])]
    done = runner.invoke(app, ["feed", "reconcile", *paths, "--count", "tickets", "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    by_community = next(c for c in found["comparisons"] if c["by"] == "community")
    assert [d["value"] for d in by_community["differences"]] == [community]


def four_districts() -> Region:
    """Haimen, Haibowan, Yanzhou and Qinhuai as one level, each out of its prefecture's file."""
    options = ImportOptions(
        "county", AreaColumns("adcode", "name"), datum=Datum.GCJ02, profile="gb2260",
        renumbering=read_renumbering(("320684=320614",)),
    )  # fmt: skip
    areas = []
    for prefecture, code in (("320600", "320614"), ("150300", "150302"), ("370800", "370812"), ("320100", "320104")):
        found, _ = import_level(Region((), ()), COUNTIES / f"datav2021_{prefecture}_full.geojson", options)
        areas.append(found.by_code[code])
    return Region.of(("county",), areas)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A store with the four districts, and both files imported."""
    url = f"sqlite:///{tmp_path_factory.mktemp('hotline') / 'h.db'}"
    one = open_store(url, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    one.put_level(four_districts())
    for name, mapping in (
        ("hotline_ticket_flow_taian", "hotline_steps"),
        ("city_mgmt_case_list_response", "city_management"),
    ):
        path = str(FOLDER / f"{name}.json")
        done = ask("feed", "import", path, "--mapping", str(MAPPINGS / f"{mapping}.toml"), "--db", url)
        assert (done["rejected"], done["duplicate"]) == (0, 0)
    yield one, url
    one.close()


def test_the_tickets_steps_make_one_matter_with_the_recorded_minutes(
    store: tuple[Store, str], answers: dict[str, Any]
) -> None:
    one, url = store
    flow = answers["hotline_flow"]
    row = one.incident("taian-2025-09-11")
    assert row is not None
    assert row.rows == len(flow["steps"])
    assert row.closed_at is not None
    for pair, minutes in (
        ("received:closed", flow["minutes_from_first_to_last"]),
        ("dispatch:disposed", flow["minutes_dispatch_to_disposed"]),
    ):
        found = ask("stats", "--of", "incidents", "--interval", pair, "--group", "source", "--db", url)
        assert found["groups"]["hotline_steps"]["n"] == 1
        assert found["groups"]["hotline_steps"]["p50"] == pytest.approx(minutes, abs=0.005)


def test_the_city_management_case_is_open_as_long_as_recorded_and_in_none_of_the_four_districts(
    store: tuple[Store, str], answers: dict[str, Any]
) -> None:
    one, url = store
    expected = answers["city_mgmt_case"]
    row = one.incident(expected["id"])
    assert row is not None
    how = ("--of", "incidents", "--interval", "at:closed", "--group", "source", "--level", "county")
    found = ask("stats", *how, "--db", url)
    assert found["groups"]["city_management"]["p50"] == pytest.approx(expected["minutes_open"], abs=0.005)
    assert (row.area is not None) == expected["inside_any_of_four_districts"]
    assert [area["count"] for area in found["areas"]] == [0, 0, 0, 0]
    index = area_index(one.region().by_level["county"])
    assert row.lon is not None
    assert row.lat is not None
    assert index.locate_one(row.lon, row.lat) is None
    assert index.locate_one(116.725368, 35.555636) is not None, "the districts are where they should be"
