"""Replays over HTTP: begun, controlled, read as of their moment, and never written through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from data.clock import SystemClock
from data.records import EventPayload, IncidentMoved, IncidentState, Kind, Record
from data.settings import Settings
from tests.contract.api.api_server import Server, serving, settled

NOW = SystemClock().now()


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def event(id: str, at: datetime, category: str = "0101", **times: datetime) -> Record:
    payload = EventPayload(category=category, incident=id, title=f"事 {id}", times=times)
    return Record(Kind.EVENT, "hotline", id, at, payload, lon=116.05, lat=35.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One that files nothing by itself: the log holds what a test put there."""
    url = f"sqlite:///{tmp_path / 'replay.db'}"
    with serving(Settings(database_url=url, silence_poll_s=0.2, route_within_hours=0), SystemClock()) as running:
        yield running


@pytest.fixture
def filled(server: Server) -> Server:
    """Four matters within the last two hours; the first was closed after ten minutes."""
    moved = IncidentMoved(
        incident="A", move="assign", workflow="grid-5", before="filed", step="assigned",
        phase=IncidentState.OPEN, owner="urban", actor="坐席 1", role="dispatcher",
    )  # fmt: skip
    server.services.store.append(
        [
            event("A", ago(120), closed=ago(110)),
            event("B", ago(60)),
            event("C", ago(30), "0307"),
            event("D", ago(5)),
            Record(Kind.INCIDENT_MOVED, "desk", "m1", ago(115), moved),
        ]
    )
    settled(server.services)
    return server


def begun(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/replays", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def used(client: httpx.Client, id: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/replays/{id}/transport", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_replay_begins_is_controlled_and_ends(filled: Server):
    client = filled.client
    made = begun(client, t=ago(90).isoformat(), rate=60)
    id = made["id"]
    assert not made["playing"]
    assert abs(datetime.fromisoformat(made["t"]) - ago(90)) < timedelta(milliseconds=2)
    assert used(client, id, op="play")["replay"]["playing"]
    assert used(client, id, op="rate", rate=-1)["replay"]["rate"] == -1
    assert not used(client, id, op="pause")["replay"]["playing"]
    sought = used(client, id, op="seek", t=ago(45).isoformat())["replay"]
    assert client.get(f"/api/v1/replays/{id}").json() == sought
    spanned = used(client, id, op="span", **{"from": ago(60).isoformat(), "to": ago(30).isoformat()})["replay"]
    assert spanned["from"] < spanned["t"] < spanned["to"]
    assert [each["id"] for each in client.get("/api/v1/replays").json()["replays"]] == [id]
    assert client.delete(f"/api/v1/replays/{id}").json() == {"replays": []}
    gone = client.get(f"/api/v1/replays/{id}")
    assert gone.status_code == 404
    assert "/replay" in gone.json()["error"]
    assert "回放" in gone.json()["error_zh"]


def test_reading_calls_answer_as_of_the_replay_and_live_ones_go_on(filled: Server):
    client = filled.client
    id = begun(client, t=ago(116).isoformat())["id"]

    def active(**params: str) -> list[str]:
        found = client.get("/api/v1/incidents", params={"state": "active", **params}).json()["incidents"]
        return sorted(each["id"] for each in found)

    assert active(replay=id) == ["A"]
    assert active() == ["B", "C", "D"]
    life = client.get("/api/v1/incidents/A", params={"replay": id}).json()
    assert (life["past"], life["incident"]["state"], life["case"]) == (True, "open", None)
    used(client, id, op="seek", t=ago(112).isoformat())
    life = client.get("/api/v1/incidents/A", params={"replay": id}).json()
    assert life["case"]["owner"] == "urban"
    assert life["moves"] == []
    used(client, id, op="seek", t=ago(20).isoformat())
    assert active(replay=id) == ["B", "C"]
    later = client.get("/api/v1/incidents/D", params={"replay": id})
    assert later.status_code == 404
    assert active() == ["B", "C", "D"]


def test_a_command_within_a_replay_is_refused_in_both_languages_and_the_log_stays(filled: Server):
    client = filled.client
    id = begun(client, t=ago(45).isoformat())["id"]
    head = filled.services.store.head()
    for path, body in (
        ("/incidents/B/close", {"actor": "desk 1"}),
        ("/units/E01/status", {"status": "available", "actor": "desk 1"}),
        ("/incidents", {"actor": "desk 1", "category": "0101", "lon": 116.05, "lat": 35.05}),
    ):
        answer = client.post(f"/api/v1{path}", params={"replay": id}, json=body)
        assert answer.status_code == 409
        assert "replay" in answer.json()["error"]
        assert "回放" in answer.json()["error_zh"]
    assert filled.services.store.head() == head
    assert client.get("/api/v1/units", params={"replay": "nope"}).status_code == 404


def test_stepping_goes_to_each_moment_at_which_something_changed(filled: Server):
    client = filled.client
    id = begun(client, t=ago(125).isoformat())["id"]
    at, kinds = [], []
    for _ in range(6):
        stepped = used(client, id, op="step")
        at.append(round((NOW - datetime.fromisoformat(stepped["replay"]["t"])).total_seconds() / 60))
        kinds.append(stepped["moment"]["record"]["kind"])
    assert at == [120, 115, 110, 60, 30, 5]
    assert kinds == ["event", "incident.moved", "event", "event", "event", "event"]
    back = used(client, id, op="step", by=-1)
    assert round((NOW - datetime.fromisoformat(back["replay"]["t"])).total_seconds() / 60) == 30
    used(client, id, op="seek", t=ago(125).isoformat())
    none = client.post(f"/api/v1/replays/{id}/transport", json={"op": "step", "by": -1})
    assert none.status_code == 404
    assert "变化" in none.json()["error_zh"]


def test_the_histogram_counts_every_record_once_by_category_and_says_what_people_did(filled: Server):
    span = {"from": ago(125).isoformat(), "to": NOW.isoformat(), "bins": 25}
    found = filled.client.get("/api/v1/replays/histogram", params=span).json()
    counts = {each["code"]: each["counts"] for each in found["series"]}
    assert {code: sum(each) for code, each in counts.items()} == {"0101": 3, "0307": 1, "commands": 1}
    assert [i for i, n in enumerate(counts["0101"]) if n] == [1, 13, 24]
    assert found["total"] == 5
    filled.services.store.append([event("E", ago(1), "0307")])
    again = filled.client.get("/api/v1/replays/histogram", params=span).json()
    assert again["total"] == 6, "what came since is counted without reading all anew"


def test_what_had_happened_comes_newest_first_with_its_actor(filled: Server):
    found = filled.client.get("/api/v1/replays/moments", params={"at": ago(100).isoformat()}).json()["moments"]
    assert [each["record"]["kind"] for each in found] == ["event", "incident.moved"]
    assert found[1]["record"]["payload"]["actor"] == "坐席 1"
    assert [(each["incident"], each["title"]) for each in found] == [("A", "事 A")] * 2


def test_an_incidents_life_is_the_span(filled: Server):
    made = begun(filled.client, incident="A")
    start, t, end = (datetime.fromisoformat(made[name]) for name in ("from", "t", "to"))
    assert start < t < end
    assert abs((t - ago(120)).total_seconds()) < 1
    assert timedelta(0) < end - ago(110) < timedelta(minutes=5)
    assert filled.client.post("/api/v1/replays", json={"incident": "none"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"t": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "not come yet"),
        ({"rate": 4000}, "3600"),
        ({"rate": 0}, "pause"),
        ({"timeline": "drill:none"}, "timeline"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "after its start"),
        ({"t": "yesterday"}, "expected a time"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_a_sentence(server: Server, body: dict[str, Any], says: str):
    answer = server.client.post("/api/v1/replays", json=body)
    assert answer.status_code in (400, 404)
    assert says in answer.json()["error"]
