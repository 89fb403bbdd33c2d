"""The server around the resources: health, metrics, who may talk to it, how files are delivered, pages."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from data.clock import SystemClock
from data.settings import Settings
from tests.contract.api.api_server import Server, serving

SAMPLE = re.compile(r'^[a-z_]+(\{([a-z]+="[^"]*",?)+\})? -?[0-9.e+]+$')


def test_alive_and_ready(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    expected = {"ready": True, "store": "ok", "preparing": "", "step": "", "failed": "", "past": False}
    assert (ready.status_code, ready.json()) == (200, expected)


def test_not_ready_while_something_is_prepared(server: Server) -> None:
    server.services.preparation.step = "district"
    answer = server.client.get("/readyz")
    said = "the demonstration district is being made"
    assert (answer.status_code, answer.json()["step"], answer.json()["preparing"]) == (503, "district", said)
    assert server.client.get("/healthz").status_code == 200


def test_a_failed_preparation_is_told_as_such(server: Server) -> None:
    server.services.preparation.failed = "the preparation failed: inbox/x.toml: no such column"
    answer = server.client.get("/readyz")
    assert answer.status_code == 503
    assert (answer.json()["preparing"], answer.json()["failed"]) == ("", server.services.preparation.failed)


def test_metrics_are_prometheus_text_and_count(server: Server) -> None:
    text = server.client.get("/metrics").text
    values = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            assert SAMPLE.match(line), line
            name, _, value = line.rpartition(" ")
            values[name] = float(value)
    assert values["gridcommand_store_up"] == 1
    assert values["gridcommand_log_seq"] == server.services.store.head()
    assert values['gridcommand_records_accepted_total{feed="roster"}'] == 4
    assert values["gridcommand_intake_queue"] == 0
    assert values["gridcommand_state_stale_seconds"] == 0


def test_a_page_of_another_site_may_not_post(client: httpx.Client) -> None:
    body = {"actor": "a", "category": "c"}
    for headers in ({"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = client.post("/api/v1/incidents", json=body, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (403, "origin")
    own = f"http://{client.base_url.host}:{client.base_url.port}"
    assert client.post("/api/v1/incidents", json=body, headers={"origin": own}).status_code == 200
    assert client.post("/api/v1/incidents", json=body).status_code == 200


def test_a_page_of_another_site_may_not_read_the_stream(server: Server) -> None:
    url = f"ws://127.0.0.1:{server.port}/stream"
    with pytest.raises(InvalidStatus) as refused:
        connect(url, origin="http://evil.example").close()  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    with connect(url, origin=f"http://127.0.0.1:{server.port}") as socket:  # type: ignore[arg-type]
        socket.send(json.dumps({"op": "ping", "n": 7}))
        assert json.loads(socket.recv(timeout=60))["n"] == 7


def test_a_foreign_host_name_is_refused(client: httpx.Client) -> None:
    answer = client.get("/api/v1/units", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "host")
    for host in ("localhost:8050", "127.0.0.1", "[::1]:8050"):
        assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_a_body_beyond_the_limit_is_refused_whether_or_not_it_says_its_length(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'api.db'}", push_max_bytes=2000)

    def parts() -> Iterator[bytes]:
        for _ in range(10):
            yield b" " * 1000

    with serving(settings, SystemClock(), fill=False) as server:
        said = server.client.post(
            "/api/v1/incidents", content=b" " * 3000, headers={"content-type": "application/json"}
        )
        unsaid = server.client.post("/api/v1/incidents", content=parts(), headers={"content-type": "application/json"})
    for answer in (said, unsaid):
        assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")


def test_an_unknown_api_path_is_json_and_any_other_path_is_the_page(client: httpx.Client) -> None:
    assert client.get("/api/v2/anything").headers["content-type"] == "application/json"
    assert client.post("/api/v1/areas").json()["error"].startswith("no such call: POST /api/v1/areas")
    assert client.post("/healthz").status_code == 405
    for path in ("/", "/desk", "/anything/else"):
        page = client.get(path)
        assert page.status_code == 200
        assert "_dash-renderer" in page.text
        assert "https://" not in page.text


def test_component_files_are_compressed_once_and_kept_by_browsers(client: httpx.Client) -> None:
    page = client.get("/").text
    scripts = re.findall(r'src="(/_dash-component-suites/[^"]+)"', page)
    assert scripts
    for script in scripts:
        with client.stream("GET", script, headers={"accept-encoding": "gzip"}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        plain = client.get(script, headers={"accept-encoding": "identity"})
        assert gzip.decompress(raw) == plain.content
        assert "max-age=31536000" in answer.headers["cache-control"]
        again = client.get(script, headers={"if-none-match": plain.headers["etag"], "accept-encoding": "identity"})
        assert again.status_code == 304


def test_a_component_file_that_is_not_there_is_404(client: httpx.Client) -> None:
    assert client.get("/_dash-component-suites/dash/..%2f..%2f..%2fetc/passwd").status_code == 404
    assert client.get("/_dash-component-suites/dash/nothing.js").status_code == 404


def test_a_callback_that_is_none_of_the_page_is_refused(client: httpx.Client) -> None:
    for body in ({"output": "nobody.children", "inputs": []}, {}, [1]):
        answer = client.post("/_dash-update-component", json=body)
        assert (answer.status_code, answer.json()["reason"]) == (400, "callback")


def test_a_click_on_a_place_keeps_what_scripts_put_into_the_address(client: httpx.Client) -> None:
    def clicked(click: dict[str, Any]) -> dict[str, list[str]]:
        body = {
            "output": "url.search",
            "outputs": {"id": "url", "property": "search"},
            "inputs": [{"id": "drill", "property": "data", "value": click}],
            "state": [
                {"id": "address", "property": "data", "value": {"view": {"area": ""}}},
                {"id": "url", "property": "search", "value": "?theme=light&list=mine"},
            ],
            "changedPropIds": ["drill.data"],
        }
        answer = client.post("/_dash-update-component", json=body)
        assert answer.status_code == 200, answer.text
        return parse_qs(answer.json()["response"]["url"]["search"].removeprefix("?"))

    town = {"kind": "area", "id": "371"}
    assert clicked(town | {"search": "?incident=119:1"}) == {"incident": ["119:1"], "area": ["371"]}
    assert clicked(town | {"search": ""}) == {"area": ["371"]}
    # A page that was loaded before an update says nothing of it.
    assert clicked(town) == {"theme": ["light"], "list": ["mine"], "area": ["371"]}
