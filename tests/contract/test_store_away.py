"""The store goes away and comes back: intake refuses, screens say stale, and everything goes on by itself."""

from __future__ import annotations

import json
import struct
import time
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from data.clock import SystemClock
from data.settings import Settings
from tests.contract.api.api_server import Server, eventually, serving

AWAY_S = 30.0
"""How long the store is away, as the requirement words it."""

pytestmark = pytest.mark.postgis


def record(n: int) -> dict[str, Any]:
    return {
        "source": "hotline",
        "source_id": f"T{n}",
        "at": "2026-05-01T08:00:00+08:00",
        "lon": 116.05,
        "lat": 35.05,
        "payload": {"category": "noise"},
    }


class Screen:
    """A watching client that keeps what it was told."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.store = "ok"
        self.log = -1
        """Log seq of the newest frame."""
        socket.send(json.dumps({"op": "watch", "id": "v", "view": "window=30d"}))

    def until(self, true: Any, timeout_s: float = 60.0) -> None:
        """Take messages until the condition holds."""
        end = time.monotonic() + timeout_s
        while not true(self):
            message = self.socket.recv(timeout=max(0.1, end - time.monotonic()))
            if isinstance(message, bytes):
                length = struct.unpack_from("<I", message, 4)[0]
                self.log = json.loads(message[8 : 8 + length])["log"]
            else:
                word = json.loads(message)
                if word["op"] == "state":
                    self.store = word["store"]


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    body = answer.json()
    assert body["reason"]
    assert "\n" not in body["error"]


def outage(server: Server, screen: Screen) -> None:
    """What holds while the store is away."""
    client = server.client
    screen.until(lambda s: s.store == "away")
    refused(client.post("/api/v1/records", json=record(2)))
    refused(client.post("/api/v1/incidents", json={"actor": "desk 1", "category": "fire"}))
    refused(client.get("/api/v1/dead-letters"))
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    metrics = client.get("/metrics").text
    assert "gridcommand_store_up 0\n" in metrics
    stale = next(line for line in metrics.splitlines() if line.startswith("gridcommand_state_stale_seconds "))
    assert float(stale.split()[1]) > 0
    assert client.get("/api/v1/units").json()["total"] == 4  # what was known stays in sight


def test_an_outage_of_the_store_is_told_and_survived(own_postgis_server: Any) -> None:
    settings = Settings(database_url=own_postgis_server.url(), silence_poll_s=0.3)
    with (
        serving(settings, SystemClock()) as server,
        connect(f"ws://127.0.0.1:{server.port}/stream", max_size=None) as socket,
    ):
        first = server.client.post("/api/v1/records", json=record(1))
        assert first.json()["accepted"] == 1
        kept = first.json()["seq"]
        screen = Screen(socket)
        screen.until(lambda s: s.log >= kept)

        own_postgis_server.stop()
        began = time.monotonic()
        outage(server, screen)
        asked = 0
        while (left := AWAY_S - (time.monotonic() - began)) > 0:
            refused(server.client.post("/api/v1/records", json=record(3)))  # a good sender tries all the time
            asked += 1
            time.sleep(min(1.0, left))
        assert asked > 5
        assert screen.store == "away"
        own_postgis_server.start()

        screen.until(lambda s: s.store == "ok")
        eventually(lambda: server.client.post("/api/v1/records", json=record(4)).status_code == 200)
        eventually(lambda: server.client.get("/readyz").status_code == 200)
        head = server.services.store.head()
        screen.until(lambda s: s.log >= head)
        opened = server.client.post("/api/v1/incidents", json={"actor": "desk 1", "category": "fire"})
        assert opened.status_code == 200
        events = [r.source_id for r in server.services.store.read_after(0) if r.source == "hotline"]
        assert events == ["T1", "T4"]  # what was acknowledged, once each, and nothing that was refused
