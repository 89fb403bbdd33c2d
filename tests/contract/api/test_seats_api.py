"""Bookmarks and seats over HTTP and the stream: every browser sees them, and a replay says who looked at what."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from data.clock import SystemClock
from data.settings import Settings
from tests.contract.api.api_server import Server, serving

T = "2026-05-01T08:00:00+08:00"


def listed(client: httpx.Client, **params: str) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/bookmarks", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["bookmarks"]
    return found


def test_a_bookmark_is_kept_named_and_taken_back_for_everybody(client: httpx.Client) -> None:
    made = client.post("/api/v1/bookmarks", json={"t": T, "name": "险情", "actor": "desk 3"}).json()
    assert (made["name"], made["timeline"]) == ("险情", "live")
    assert datetime.fromisoformat(made["t"]) == datetime.fromisoformat(T)
    renamed = client.post("/api/v1/bookmarks", json={"t": T, "name": "first call"}).json()
    assert renamed["id"] == made["id"]
    assert [each["name"] for each in listed(client)] == ["first call"]
    assert client.get("/api/v1/bookmarks", params={"timeline": "drill:x"}).status_code == 404
    gone = client.delete(f"/api/v1/bookmarks/{made['id']}", params={"actor": "desk 3"})
    assert gone.json() == {"bookmarks": []}
    assert client.delete(f"/api/v1/bookmarks/{made['id']}").status_code == 404
    refused = client.post("/api/v1/bookmarks", json={"t": T, "timeline": "nowhere"})
    assert refused.status_code == 404
    assert refused.json()["error_zh"] == "没有时间线 nowhere"
    assert client.post("/api/v1/bookmarks", json={"t": "2026-05-01T08:00:00"}).status_code == 400
    pushed = {"kind": "bookmark", "source": "x", "source_id": "1", "at": T, "payload": {"t": T}}
    assert client.post("/api/v1/records", json=pushed).json()["rejected"]


def seats(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/seats", params={"at": datetime.now(UTC).isoformat()}).json()
    return found


def until_seats(client: httpx.Client, wanted: list[tuple[str, str]]) -> None:
    end = time.monotonic() + 60
    while [(seat["seat"], seat["view"]) for seat in seats(client)["seats"]] != wanted:
        assert time.monotonic() < end, seats(client)
        time.sleep(0.2)


def watch(socket: Any, view: str) -> None:
    socket.send(json.dumps({"op": "watch", "id": "v1", "view": view}))


def test_what_screens_watch_is_what_their_seats_looked_at(server: Server, client: httpx.Client) -> None:
    url = str(client.base_url).replace("http://", "ws://")
    began = datetime.now(UTC)
    with (
        connect(f"{url}/stream", origin=str(client.base_url)) as wall,
        connect(f"{url}/stream", origin=str(client.base_url)) as other,
    ):
        watch(wall, "window=7d&seat=wall&page=/")
        watch(other, "window=1h")  # no seat
        until_seats(client, [("wall", "window=7d")])
        (seat,) = seats(client)["seats"]
        assert (seat["page"], seat["area"]) == ("/", "")
        assert began <= datetime.fromisoformat(seat["since"]) <= datetime.now(UTC)
        watch(wall, "window=24h&seat=north wall&page=/")
        until_seats(client, [("north wall", "")])
    # What was looked at then is still known, and events are none of it.
    then = (began - timedelta(seconds=1)).isoformat()
    assert client.get("/api/v1/seats", params={"at": then}).json()["seats"] == []
    spanned = {"from": then, "to": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
    assert client.get("/api/v1/replays/histogram", params=spanned).json()["total"] == 0


@pytest.mark.parametrize("record", [True, False])
def test_a_server_says_whether_it_records_looks(tmp_path: Path, record: bool) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'api.db'}", record_looks=record)
    with serving(settings, SystemClock()) as server:
        assert seats(server.client) == {"recorded": record, "seats": []}
