"""The commands: one JSON document on stdout, remarks on stderr, exit status 0, 1 or 2."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from shapely.geometry import box, mapping
from typer.testing import CliRunner, Result

from cli.locate import locate
from cli.region import app as region_app
from cli.sites import app as sites_app
from data.clock import SystemClock
from data.open_store import open_store

app = typer.Typer()
app.add_typer(region_app, name="region")
app.add_typer(sites_app, name="sites")
app.command("locate")(locate)


@pytest.fixture
def db(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def call(db: str, *words: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, [*words, "--db", db], input=stdin)


def write(path: Path, *shapes: tuple[str, Any]) -> str:
    features = [{"type": "Feature", "properties": {"code": c, "name": f"镇{c}"}, "geometry": g} for c, g in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


@pytest.fixture
def towns(tmp_path: Path) -> str:
    left, right = box(121.0, 31.0, 121.2, 31.2), box(121.2, 31.0, 121.4, 31.2)
    return write(tmp_path / "towns.geojson", ("T1", mapping(left)), ("T2", mapping(right)))


def imported(db: str, towns: str) -> None:
    result = call(db, "region", "import", towns, "--level", "town", "--code", "code", "--name", "name")
    assert result.exit_code == 0, result.output


def test_import_derive_check_show_and_remove(db: str, towns: str) -> None:
    imported(db, towns)
    derived = call(db, "region", "derive", "--level", "district", "--code", "D", "--name", "海门", "--from", "town")
    assert derived.exit_code == 0, derived.output
    checked = json.loads(call(db, "region", "check", "--json").stdout)
    assert [(level["level"], level["areas"]) for level in checked["levels"]] == [("district", 1), ("town", 2)]
    for level in checked["levels"]:
        assert {"level", "areas", "gaps_m2", "overlaps_m2", "orphans", "duplicates"} <= set(level)
        assert level["orphans"] == level["duplicates"] == []
        assert level["gaps_m2"] + level["overlaps_m2"] < 1
    shown = json.loads(call(db, "region", "show", "T1", "--json").stdout)
    assert (shown["parent"], shown["name"]) == ("D", "镇T1")
    assert [each["code"] for each in shown["path"]] == ["D", "T1"]
    assert "镇T2" in call(db, "region", "show", "D").stdout
    removed = json.loads(call(db, "region", "remove", "--level", "district", "--json").stdout)
    assert (removed["removed"], removed["levels"]) == (1, ["town"])


def test_import_prints_its_report_as_json_and_remarks_on_stderr(db: str, tmp_path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    path = write(tmp_path / "bow.geojson", ("B", bow))
    result = call(db, "region", "import", path, "--level", "town", "--code", "code", "--name", "name", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["areas"], report["stored"], report["repairs"][0]["code"]) == (1, True, "B")
    assert "repaired: feature 1 (B): made valid" in result.stderr


def test_a_refused_import_exits_1_names_the_feature_and_stores_nothing(db: str, towns: str, tmp_path: Path) -> None:
    imported(db, towns)
    path = write(tmp_path / "bad.geojson", ("X", mapping(box(0, 0, 1, 1))), ("Y", None))
    result = call(db, "region", "import", path, "--level", "town", "--code", "code", "--name", "name", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["refused"] == [{"feature": 2, "code": "Y", "reason": "has no geometry"}]
    assert "bad.geojson: feature 2 (Y): has no geometry; nothing was stored" in result.stderr
    shown = json.loads(call(db, "region", "show", "--json").stdout)
    assert [root["code"] for root in shown["roots"]] == ["T1", "T2"]


def test_wrong_usage_exits_2_and_bad_values_exit_1(db: str, towns: str) -> None:
    assert call(db, "region", "import", towns, "--level", "town").exit_code == 2
    assert (
        call(db, "region", "import", towns, "--level", "t", "--code", "c", "--name", "n", "--datum", "x").exit_code == 2
    )
    missing = call(db, "region", "import", towns, "--level", "t", "--code", "c", "--name", "name")
    assert missing.exit_code == 1
    assert "no column 'c'" in missing.stderr
    assert missing.stdout == ""
    assert call(db, "region", "show", "nowhere").exit_code == 1


def test_people_read_what_was_found_line_by_line(db: str, towns: str, tmp_path: Path) -> None:
    imported(db, towns)
    away = write(
        tmp_path / "g.geojson", ("G1", mapping(box(121.0, 31.0, 121.3, 31.2))), ("G2", mapping(box(9, 9, 10, 10)))
    )
    words = ["region", "import", away, "--level", "grid", "--code", "code", "--name", "name", "--recode", "G2=G9"]
    result = call(db, *words)
    assert result.exit_code == 0
    assert "orphan: G9 has no parent" in result.stderr
    assert "renumbered: G2 -> G9" in result.stderr
    assert "divided: G1 has 67% of itself in its parent T1" in result.stderr
    assert result.stdout.startswith("grid: 2 areas; parents 1 by overlap; gaps ")
    lines = call(db, "region", "check").stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["town", "grid"]
    assert "orphans G9; duplicates none; misplaced none; childless T2; invalid none" in lines[1]
    derived = call(db, "region", "derive", "--level", "district", "--code", "D", "--name", "海门", "--from", "town")
    assert derived.stdout.startswith("district: 海门 (D), 846.21 km2")
    open_store(db + "2", SystemClock()).close()
    assert "no region yet" in call(db + "2", "region", "check").stdout


def test_an_empty_region_checks_and_shows(db: str) -> None:
    open_store(db, SystemClock()).close()
    assert json.loads(call(db, "region", "check", "--json").stdout) == {"levels": []}
    assert json.loads(call(db, "region", "show", "--json").stdout) == {"levels": [], "roots": []}


def test_locate_answers_line_by_line(db: str, towns: str) -> None:
    imported(db, towns)
    result = call(db, "locate", "--level", "town", stdin="121.1,31.1\n0,0\n\n121.2,31.1,more\n999,999\n")
    assert result.exit_code == 0
    assert result.stdout == "T1\n\n\nT1\n\n"


def test_locate_reads_a_header_for_the_order_and_the_datum_by_name(db: str, towns: str) -> None:
    imported(db, towns)
    assert call(db, "locate", stdin="lat,lon\n31.1,121.3\n").stdout == "T2\n"
    # 121.1983 E in WGS 84 is 121.2026 in GCJ-02
    assert call(db, "locate", "--datum", "gcj02", stdin="121.2026,31.1\n").stdout == "T1\n"
    assert call(db, "locate", stdin="121.2026,31.1\n").stdout == "T2\n"


@pytest.mark.parametrize("stdin", ["121.1,31.1\nabc\n", "121.1\n", b"\xff\xfe,1\n"])
def test_locate_refuses_a_line_that_is_no_point_by_its_number(db: str, towns: str, stdin: str | bytes) -> None:
    imported(db, towns)
    result = call(db, "locate", stdin=stdin)
    assert result.exit_code == 1
    assert "refused: line" in result.stderr


def test_locate_without_the_level_says_which_there_are(db: str, towns: str) -> None:
    open_store(db, SystemClock()).close()
    assert "import one" in call(db, "locate", stdin="1,2\n").stderr
    imported(db, towns)
    result = call(db, "locate", "--level", "grid", stdin="1,2\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there are: town" in result.stderr


def test_sites_are_imported_and_the_refused_are_printed_by_name(db: str, tmp_path: Path) -> None:
    path = tmp_path / "cams.csv"
    path.write_text("id,name,lon,lat\nC1,East gate,121.3,31.9\nC2,West gate,0,0\n")
    result = call(db, "sites", "import", str(path), "--kind", "camera", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["accepted"], report["rejected"], report["reasons"]) == (1, 1, {"null_island": 1})
    assert "refused: row 2: C2 (West gate)" in result.stderr
