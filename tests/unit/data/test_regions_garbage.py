"""Whatever a file holds, an import ends in a region or in one line that a person can read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from data.area_columns import AreaColumns
from data.errors import BadInput
from data.regions import ImportOptions, import_level
from data.sites_import import SiteColumns, load_sites
from geo.area import Area, Region

T = TypeVar("T")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner), max_leaves=12
)
NUMBERS = st.sampled_from(
    [0, 1, 0.5, -1, 90, 91, 180, 181, 1e9, -1e-300, 5e-324, "1", "x", None, True, float("inf"), []]
)
RINGS = st.lists(st.lists(NUMBERS, max_size=3) | SCALARS, max_size=6)
GEOMETRY = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Polygon", "MultiPolygon", "Point", "GeometryCollection", "Circle", None, 7]),
        "coordinates": st.lists(RINGS | st.lists(RINGS, max_size=2), max_size=3) | JSON,
    }
)
FEATURE = st.fixed_dictionaries(
    {
        "type": st.just("Feature"),
        "properties": st.fixed_dictionaries({"code": SCALARS, "name": SCALARS}) | JSON,
        "geometry": GEOMETRY | JSON,
    }
)
NOW = datetime(2026, 5, 1, tzinfo=UTC)
HOME = Region.of(("town",), [Area("T", "T", "town", box(0, 0, 90, 90))])


def write(folder: Path, document: Any) -> Path:
    path = folder / "garbage.geojson"
    path.write_text(json.dumps(document).encode("utf-8", "replace").decode(), "utf-8")
    return path


def outcome(call: Callable[[], T]) -> T | None:
    """What the call returns, or None when it is refused in one line. Any other exception is a failure."""
    try:
        return call()
    except BadInput as error:
        refused = str(error)
    assert refused
    assert "\n" not in refused
    return None


FUZZ: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=300, **FUZZ)
@given(JSON | st.lists(FEATURE, min_size=1, max_size=3))
def test_garbage_becomes_valid_areas_or_one_line(tmp_path: Path, document: Any) -> None:
    options = ImportOptions("grid", AreaColumns("code", "name"), skip_refused=True)
    path = write(tmp_path, document)
    done = outcome(lambda: import_level(HOME, path, options))
    if done is not None:
        region, report = done
        assert report.areas + len(report.refused) == len(document if isinstance(document, list) else [document])
        for area in region.by_level["grid"]:
            assert area.geometry.is_valid
            assert area.geometry.geom_type in ("Polygon", "MultiPolygon")
            assert area.code


@settings(max_examples=150, **FUZZ)
@given(st.binary(max_size=200))
def test_garbage_bytes_are_refused_or_read(tmp_path: Path, body: bytes) -> None:
    for name in ("a.geojson", "a.geojson.gz", "a.csv", "a.csv.gz"):
        path = tmp_path / name
        path.write_bytes(body)
        loaded = outcome(partial(load_sites, path, "camera", SiteColumns(), now=NOW))
        assert loaded is None or len(loaded.records) + len(loaded.refused) == loaded.rows


@settings(max_examples=150, **FUZZ)
@given(st.lists(FEATURE, min_size=1, max_size=4))
def test_every_feature_of_a_site_file_is_a_record_or_is_refused(tmp_path: Path, document: Any) -> None:
    loaded = outcome(partial(load_sites, write(tmp_path, document), "camera", SiteColumns(id="code"), now=NOW))
    assert loaded is None or len(loaded.records) + len(loaded.refused) == loaded.rows == len(document)


def test_a_sound_feature_among_garbage_is_still_imported(tmp_path: Path) -> None:
    sound = {"type": "Feature", "properties": {"code": "G", "name": "G"}, "geometry": mapping(box(1, 1, 2, 2))}
    path = write(tmp_path, [sound, {"type": "Feature"}, {"geometry": 7, "properties": 7}])
    region, report = import_level(HOME, path, ImportOptions("grid", AreaColumns("code", "name"), skip_refused=True))
    assert [(area.code, area.parent) for area in region.by_level["grid"]] == [("G", "T")]
    assert [rejected.feature for rejected in report.refused] == [2, 3]
