"""What the API's resources answer."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pytest
from shapely.geometry import Point, shape

from data.clock import SystemClock
from data.settings import Settings
from tests.contract.api.api_server import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all: they ask, and the one that posts is the only one that looks at what it posted."""
    url = f"sqlite:///{tmp_path_factory.mktemp('resources') / 'api.db'}"
    with serving(Settings(database_url=url, silence_poll_s=0.2), SystemClock()) as running:
        yield running


def ok(answer: httpx.Response) -> dict:  # type: ignore[type-arg]
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_the_region_says_its_levels_roots_and_extent(client: httpx.Client) -> None:
    body = ok(client.get("/api/v1/region"))
    assert (body["levels"], body["roots"]) == (["district", "town", "grid"], ["37"])
    assert body["bbox"] == pytest.approx([116.0, 35.0, 116.4, 35.1])
    assert body["hash"]
    assert body["notice"] is None


def test_areas_come_as_geojson_with_a_label_point_inside(client: httpx.Client) -> None:
    body = ok(client.get("/api/v1/areas", params={"level": "grid"}))
    assert [f["properties"]["code"] for f in body["features"]] == ["3711", "3712", "3721", "3722"]
    for feature in body["features"]:
        p = feature["properties"]
        assert shape(feature["geometry"]).contains(Point(p["lon"], p["lat"]))
        assert p["level"] == "grid"
        assert p["parent"] in ("371", "372")


def test_areas_within_an_area_are_those_below_it(client: httpx.Client) -> None:
    body = ok(client.get("/api/v1/areas", params={"level": "grid", "within": "372"}))
    assert [f["properties"]["code"] for f in body["features"]] == ["3721", "3722"]


def test_areas_that_did_not_change_are_not_sent_again(client: httpx.Client) -> None:
    first = client.get("/api/v1/areas", params={"level": "town"})
    again = client.get("/api/v1/areas", params={"level": "town"}, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/api/v1/areas", params={"level": "grid"}, headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


def test_areas_are_sent_compressed_to_those_who_take_it(client: httpx.Client) -> None:
    with client.stream("GET", "/api/v1/areas", headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    plain = client.get("/api/v1/areas", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content


def test_one_area_knows_its_path_and_children(client: httpx.Client) -> None:
    body = ok(client.get("/api/v1/areas/371"))
    assert [a["code"] for a in body["path"]] == ["37", "371"]
    assert [(a["code"], a["name"]) for a in body["children"]] == [("3711", "1网格"), ("3712", "2网格")]
    assert body["bbox"] == pytest.approx([116.0, 35.0, 116.2, 35.1])


def test_units_can_be_chosen_by_status_and_area(client: httpx.Client) -> None:
    body = ok(client.get("/api/v1/units", params={"limit": 2}))
    assert [u["id"] for u in body["units"]] == ["E01", "E02"]
    assert body["total"] == 4
    assert ok(client.get("/api/v1/units", params={"within": "372"}))["total"] == 0
    assert ok(client.get("/api/v1/units", params={"within": "37", "status": "available"}))["total"] == 4
    assert ok(client.get("/api/v1/units", params={"status": "on_scene"}))["total"] == 0


def test_sites_near_a_place_carry_distance_and_whether_it_is_in_view(client: httpx.Client) -> None:
    body = ok(client.get("/api/v1/sites", params={"near": "116.0405,35.05", "kind": "camera"}))
    seen = [(s["id"], s["in_view"]) for s in body["sites"]]
    assert sorted(seen[:2]) == [("C1", True), ("C2", True)]  # C1 looks east, C2 west, the place is between them
    assert seen[2] == ("C3", None)  # its bearing is unknown
    # 0.0005 degrees of longitude at 35.05 N: 111195 * cos(35.05) * 0.0005 = 45.5 m
    assert [round(s["distance_m"], 1) for s in body["sites"][:2]] == [45.5, 45.5]
    behind = ok(client.get("/api/v1/sites", params={"near": "116.039,35.05", "kind": "camera"}))
    assert {s["id"]: s["in_view"] for s in behind["sites"]} == {"C1": False, "C2": True, "C3": None}


def test_sites_within_an_area_are_those_that_stand_in_it(client: httpx.Client) -> None:
    assert [s["id"] for s in ok(client.get("/api/v1/sites", params={"within": "372"}))["sites"]] == ["S1"]
    assert ok(client.get("/api/v1/sites", params={"within": "37"}))["total"] == 4


def test_feeds_and_dead_letters_tell_what_was_heard_and_refused(client: httpx.Client) -> None:
    good = {"source": "hotline", "source_id": "T1", "at": "2026-05-01T08:00:00+08:00", "lon": 116.05, "lat": 35.05,
            "payload": {"category": "noise"}}  # fmt: skip
    answer = ok(client.post("/api/v1/records", json=[good, {**good, "source_id": "T2", "at": "yesterday"}]))
    assert (answer["accepted"], len(answer["rejected"])) == (1, 1)
    letters = ok(client.get("/api/v1/dead-letters"))
    assert [(x["source"], x["reason"]) for x in letters["dead_letters"]] == [
        (c["source"], c["reason"]) for c in letters["counts"]
    ]
    assert letters["counts"][0]["count"] == 1
    assert "yesterday" in letters["dead_letters"][0]["body"]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/v1/areas?level=street", 404, "has district, town, grid"),
        ("/api/v1/areas?within=99", 404, "no area 99"),
        ("/api/v1/areas/99", 404, "no area 99"),
        ("/api/v1/incidents/none", 404, "no incident none"),
        ("/api/v1/incidents?area=99", 404, "no area 99"),
        ("/api/v1/incidents?state=asleep", 400, "'asleep'; expected open"),
        ("/api/v1/incidents?limit=0", 400, "limit: "),
        ("/api/v1/sites?near=here", 400, "is not lon,lat"),
        ("/api/v1/sites?near=35.1,116.0", 400, "the order is lon,lat"),
        ("/api/v1/units?status=tired", 400, "status: "),
        ("/api/v1/basemap/moon", 404, "known are water, roads, outline"),
        ("/api/v1/nothing", 404, "no such call: GET /api/v1/nothing"),
        ("/api", 404, "no such call: GET /api"),
    ],
)
def test_refusals_are_one_line_with_a_reason(client: httpx.Client, path: str, status: int, says: str) -> None:
    answer = client.get(path)
    body = answer.json()
    assert (answer.status_code, set(body) - {"error_zh"}) == (status, {"error", "reason"})
    assert says in body["error"]
    assert "\n" not in body["error"]
    assert body["reason"]


def test_every_call_is_documented_with_its_refusals(client: httpx.Client) -> None:
    spec = ok(client.get("/api/openapi.json"))
    calls = {(m.upper(), p) for p, methods in spec["paths"].items() for m in methods}
    assert {
        ("GET", "/api/v1/areas"), ("GET", "/api/v1/region"), ("GET", "/api/v1/areas/{code}"),
        ("GET", "/api/v1/basemap/{layer}"), ("POST", "/api/v1/records"), ("GET", "/api/v1/incidents"),
        ("POST", "/api/v1/incidents"), ("GET", "/api/v1/incidents/{id}"), ("POST", "/api/v1/incidents/{id}/dispatch"),
        ("POST", "/api/v1/incidents/{id}/arrive"), ("POST", "/api/v1/incidents/{id}/close"), ("GET", "/api/v1/units"),
        ("POST", "/api/v1/units/{id}/status"), ("GET", "/api/v1/sites"), ("GET", "/api/v1/feeds"),
        ("GET", "/api/v1/dead-letters"), ("GET", "/api/v1/categories"), ("GET", "/healthz"), ("GET", "/readyz"),
        ("GET", "/metrics"),
    } <= calls  # fmt: skip
    dispatch = spec["paths"]["/api/v1/incidents/{id}/dispatch"]["post"]
    assert {"200", "400", "404", "409", "503"} <= set(dispatch["responses"])
    assert spec["components"]["schemas"]["Dispatch"]["examples"][0]["units"] == ["E07"]


def test_the_documentation_page_asks_nobody_outside(client: httpx.Client) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_a_base_map_that_was_never_imported_has_no_features(client: httpx.Client) -> None:
    answer = client.get("/api/v1/basemap/roads")
    assert (answer.status_code, answer.json()) == (200, {"type": "FeatureCollection", "features": []})
