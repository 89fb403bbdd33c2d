"""A base map of tiles: listed when it is put there, sent in ranges, and nothing else with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from data.clock import SystemClock
from data.settings import Settings
from data.tiles import FOLDER, read
from tests import pmtiles_file
from tests.contract.api.api_server import Server, serving


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all these tests: they only put files beside its store."""
    settings = Settings(var_dir=tmp_path_factory.mktemp("var"), silence_poll_s=5)
    with serving(settings, SystemClock(), fill=False) as server:
        yield server


@pytest.fixture
def client(running: Server) -> httpx.Client:
    shutil.rmtree(running.services.settings.var_dir / FOLDER, ignore_errors=True)
    return running.client


@pytest.fixture
def city(client: httpx.Client, running: Server) -> Path:
    return pmtiles_file.write(running.services.settings.var_dir / FOLDER / "city 1.pmtiles")


def test_without_a_file_there_is_none(client: httpx.Client) -> None:
    assert client.get("/api/v1/basemap/tiles").json() == {"tiles": []}
    assert client.get("/api/v1/basemap/tiles/city.pmtiles").status_code == 404


def test_a_file_is_found_as_soon_as_it_is_there(client: httpx.Client, city: Path) -> None:
    box = [-180, -85, 180, 85]
    url = "/api/v1/basemap/tiles/city%201.pmtiles"
    found = {"name": city.name, "url": url, "kind": "vector", "min_zoom": 0, "max_zoom": 12, "bbox": box}
    assert client.get("/api/v1/basemap/tiles").json() == {"tiles": [found]}
    pmtiles_file.write(city.with_name("air.pmtiles"), kind=2, most=3)
    kinds = [(each["name"], each["kind"]) for each in client.get("/api/v1/basemap/tiles").json()["tiles"]]
    assert kinds == [("air.pmtiles", "raster"), ("city 1.pmtiles", "vector")]


def test_ranges_are_the_bytes_of_the_file(client: httpx.Client, city: Path) -> None:
    url, body = client.get("/api/v1/basemap/tiles").json()["tiles"][0]["url"], city.read_bytes()
    whole = client.get(url)
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, body, "bytes")
    last = len(body) - 1
    for asked, start, end in (
        ("0-126", 0, 126),
        ("5-5", 5, 5),
        (f"{last}-{last + 99}", last, last),
        ("-7", last - 6, last),
    ):
        part = client.get(url, headers={"range": f"bytes={asked}", "accept-encoding": "gzip"})
        assert (part.status_code, part.content) == (206, body[start : end + 1])
        assert part.headers["content-range"] == f"bytes {start}-{end}/{len(body)}"
        assert "content-encoding" not in part.headers
        assert part.headers["etag"] == whole.headers["etag"]
    beyond = client.get(url, headers={"range": f"bytes={len(body)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(body)}")
    for unreadable in ("bytes", "bytes=", "bytes=-", "bytes=9-3", "lines=1-2", "bytes=a-b"):
        refused = client.get(url, headers={"range": unreadable})
        assert (refused.status_code, "expected bytes=" in refused.json()["error"]) == (400, True), unreadable


def test_nothing_beside_the_files_is_sent(client: httpx.Client, city: Path) -> None:
    (city.parent.parent / "secret.pmtiles").write_bytes(city.read_bytes())
    (city.parent / "notes.txt").write_text("not for the map")
    names = ("../secret.pmtiles", "..%2Fsecret.pmtiles", "%2e%2e%2fsecret.pmtiles", "..%5Csecret.pmtiles", "notes.txt")
    for name in (*names, "%2e%2e", "city%201.pmtiles%00", str(city).replace("/", "%2F")):
        answer = client.get(f"/api/v1/basemap/tiles/{name}")
        assert answer.status_code == 404, name
        assert b"PMTiles\x03" not in answer.content


def test_what_is_no_such_file_or_not_there_in_full_is_left_out(client: httpx.Client, city: Path) -> None:
    body = city.read_bytes()
    for name, held, why in (
        ("a", b"<html>", "not a PMTiles file"),
        ("b", body[:-1], "still being copied, or was cut"),
        ("c", body[:7] + b"\x02" + body[8:], "of version 2, expected 3"),
        ("d", body[:99] + b"\x09" + body[100:], "tiles of type 9"),
    ):
        path = city.with_name(f"{name}.pmtiles")
        path.write_bytes(held)
        with pytest.raises(ValueError, match=why):
            read(path)
    assert [each["name"] for each in client.get("/api/v1/basemap/tiles").json()["tiles"]] == [city.name]
