"""Forks over HTTP: the list, one beside its original, and the fork itself on the ordinary routes."""

from __future__ import annotations

from datetime import timedelta

from data.clock import ManualClock
from data.settings import Settings
from dispatch.book import shipped
from replay.fork_run import run
from tests.contract.api.api_server import Server
from tests.unit.replay.exercise_world import region
from tests.unit.replay.fork_world import DAY, END, NOW, history


def test_forks_are_listed_compared_and_shown_and_nobody_acts_on_them(server: Server) -> None:
    client, store = server.client, server.services.store
    assert client.get("/api/v1/forks").json() == {"forks": []}
    assert client.get("/api/v1/forks/fork:none").status_code == 404
    pushed = {"kind": "fork", "source": "x", "source_id": "1", "at": DAY.isoformat(), "payload": {"parent": "live"}}
    assert client.post("/api/v1/records", json=pushed).json()["rejected"]
    store.put_level(region())
    store.append(history())
    for policy, travel in (("nearest-by-road", ""), ("as-history", "roads")):
        run(
            store, ManualClock(NOW), shipped(), Settings(), None, at=DAY, until=END, policy=policy, travel=travel,
            id=policy, actor="zhao",
        )  # fmt: skip
    listed = client.get("/api/v1/forks").json()["forks"]
    assert [(each["timeline"], each["of"], each["actor"]) for each in listed] == [
        ("fork:nearest-by-road", "live", "zhao"),
        ("fork:as-history", "live", "zhao"),
    ]
    found = client.get("/api/v1/forks/fork:nearest-by-road/comparison", params={"beside": "fork:as-history"}).json()
    gained = {each["id"]: each["gained"] for each in found["incidents"]}
    assert set(gained) == {"X1", "X2", "X3", "X4"}
    assert min(gained["X1"], gained["X2"], gained["X4"]) > 1
    timeline = {"timeline": "fork:nearest-by-road"}
    units = client.get("/api/v1/incidents/X1", params=timeline).json()["units"]
    assert [unit["id"] if isinstance(unit, dict) else unit for unit in units] == ["F2"]
    order = {"units": ["F1"], "actor": "desk 3"}
    refused = client.post("/api/v1/incidents/X5/dispatch", params=timeline, json=order)
    assert refused.status_code == 409
    begin = {"t": (DAY + timedelta(minutes=20)).isoformat(), **timeline}
    assert client.post("/api/v1/replays", json=begin).json()["timeline"] == "fork:nearest-by-road"
