"""A quiet centre for the desk's tests: two towns, three fire engines, and nothing that moves by itself."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from data.clock import SystemClock
from data.records import EventPayload, Kind, Record
from data.settings import Settings
from tests.contract.api.api_server import serving, settled

CLASSES = {
    "05": {"zh": "消防安全", "en": "Fire safety"},
    "0502": {"zh": "建筑火灾", "en": "Building fire"},
    "0503": {"zh": "被困救援", "en": "Rescue of trapped persons"},
    "13": {"zh": "防汛排涝", "en": "Water and flooding"},
    "1301": {"zh": "道路积水", "en": "Water on the road"},
    "1302": {"zh": "河道漂浮物", "en": "Floating debris in a river"},
}
PLACE = {"lon": 116.045, "lat": 35.05}


class Quiet:
    """The server and short ways to ask it for things."""

    def __init__(self, services: Any, client: httpx.Client, port: int) -> None:
        self.services, self.client = services, client
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def opened(self, title: str, **more: Any) -> str:
        """Another desk opens an incident: a fire that waits in triage, unless told otherwise."""
        matter = {"actor": "坐席 9", "category": "0502", "severity": 1, **PLACE, **more}
        return str(self.post("/incidents", title=title, **matter)["incident"]["id"])

    def life(self, id: str) -> Any:
        return self.get(f"/incidents/{id}")

    def flood(self, n: int) -> None:
        """So many reports of a feed at once."""
        now = self.services.clock.now()
        events = [
            Record(
                Kind.EVENT,
                "hotline",
                f"F{i:04d}",
                now,
                EventPayload(category="1301", severity=3, title=f"积水 {i}", title_en=f"Water {i}"),
                lon=116.01 + (i % 90) / 1000,
                lat=35.01 + (i % 80) / 1000,
            )
            for i in range(n)
        ]
        self.services.store.append(events)


@pytest.fixture(scope="session")
def port() -> int:
    """The port of one quiet centre after another: to a browser they are one place, whose scripts it has. It lies below
    those that a system gives to whoever asks for any."""
    candidates = list(range(20_000, 32_000))
    random.shuffle(candidates)
    for candidate in candidates:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", candidate))
            return candidate
    raise AssertionError("no port from 20000 to 31999 is free")


@pytest.fixture
def quiet(tmp_path: Path, browser: Any, port: int) -> Iterator[Quiet]:
    settings = Settings(var_dir=tmp_path, database_url="", tick_min_s=0.05, silence_poll_s=0.2)
    with serving(settings, SystemClock(), port=port) as server:
        server.services.store.put_basemap("categories", json.dumps(CLASSES).encode())
        settled(server.services)
        yield Quiet(server.services, server.client, server.port)
