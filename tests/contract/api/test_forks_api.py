"""Forks over HTTP: the list, one beside its original, and the fork itself on the ordinary routes."""

from __future__ import annotations

from datetime import datetime, timedelta

from data.clock import ManualClock
from data.settings import Settings
from dispatch.book import shipped
from replay.fork_run import run
from tests.contract.api.api_server import Server, eventually, settled
from tests.unit.replay.exercise_world import region
from tests.unit.replay.fork_world import DAY, END, NOW, history

API = "/api/v1"


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


def test_people_play_a_fork_on_the_ordinary_calls_and_nothing_of_it_is_real(server: Server) -> None:
    client, store = server.client, server.services.store
    store.put_level(region())
    store.append(history())
    settled(server.services)
    begin = DAY + timedelta(minutes=9)  # a minute before the first incident
    asked = {
        "at": begin.isoformat(),
        "until": END.isoformat(),
        "actor": "zhao",
        "name": "night",
        "note": "二号站先出动",
    }
    assert client.post(f"{API}/forks", json={**asked, "policy": "nearest"}).status_code == 400
    late = client.post(f"{API}/forks", json={**asked, "policy": "players", "until": "2999-01-01T00:00:00Z"})
    assert (late.status_code, "结束时刻" in late.json()["error_zh"]) == (400, True)
    answer = client.post(f"{API}/forks", json={**asked, "policy": "players", "seed": 7})
    assert answer.status_code == 201, answer.text
    assert answer.headers["x-gridcommand-exercise"] == "1"
    made = answer.json()
    assert (made["timeline"], made["name"], made["of"], made["state"]) == ("fork:night", "night", "live", "paused")
    assert (made["policy"], made["seed"], made["note"], made["rate"]) == ("players", 7, "二号站先出动", 0)
    assert datetime.fromisoformat(made["now"]) == begin
    again = client.post(f"{API}/forks", json={**asked, "policy": "players"})
    assert (again.status_code, "已存在" in again.json()["error_zh"]) == (409, True)

    timeline = {"timeline": "fork:night"}
    live = client.get(f"{API}/units").json()["units"]
    # A minute a second: the fork's six hours last longer than any machine takes for what follows.
    started = client.post(f"{API}/forks/night/start", json={"actor": "zhao", "rate": 60})
    assert (started.status_code, started.json()["state"], started.json()["rate"]) == (200, "running", 60)
    refused = client.delete(f"{API}/forks/night")
    assert (refused.status_code, "请先暂停" in refused.json()["error_zh"]) == (409, True)
    eventually(lambda: client.get(f"{API}/incidents/X1", params=timeline).status_code == 200)
    paused = client.post(f"{API}/forks/night/pause", json={"actor": "zhao"}).json()
    assert paused["state"] == "paused"
    order = {"units": ["F2"], "actor": "desk 3"}
    sent = client.post(f"{API}/incidents/X1/dispatch", params=timeline, json=order)
    assert sent.status_code == 200, sent.text
    life = client.get(f"{API}/incidents/X1", params=timeline).json()["incident"]
    assert datetime.fromisoformat(life["dispatched_at"]) == datetime.fromisoformat(paused["now"]), "the fork's moment"
    client.post(f"{API}/forks/night/start", json={"actor": "zhao", "rate": 3600})
    eventually(lambda: client.get(f"{API}/incidents/X1", params=timeline).json()["incident"]["arrived_at"])
    assert client.get(f"{API}/units").json()["units"] == live
    eventually(lambda: client.get(f"{API}/forks/fork:night").json()["state"] == "done")
    over = client.post(f"{API}/incidents/X5/dispatch", params=timeline, json=order)
    assert (over.status_code, "结束" in over.json()["error_zh"]) == (409, True)
    for path in ("report", "records.jsonl"):
        assert client.get(f"{API}/drills/fork:night/{path}").status_code == 404, "it is no drill"
    found = client.get(f"{API}/forks/night/comparison", params={"minutes": 2}).json()
    by_id = {each["id"]: each for each in found["incidents"]}
    assert by_id["X1"]["fork"] > 0
    assert by_id["X2"]["fork"] is None
    assert found["coverage"]["minutes"] == 2
    assert len(found["coverage"]["fork"]) == len(found["coverage"]["original"]) == 12
    assert client.delete(f"{API}/forks/night").json()["timeline"] == "fork:night"
    assert client.get(f"{API}/forks").json() == {"forks": []}
    assert client.get(f"{API}/units", params=timeline).status_code == 404


def test_a_policy_plays_a_fork_in_the_background(server: Server) -> None:
    client, store = server.client, server.services.store
    store.put_level(region())
    store.append(history())
    asked = {"at": DAY.isoformat(), "until": END.isoformat(), "actor": "zhao", "policy": "nearest-straight-line"}
    made = client.post(f"{API}/forks", json=asked).json()
    assert made["state"] in ("making", "done")
    path = f"{API}/forks/{made['timeline']}"
    eventually(lambda: client.get(path).json()["state"] == "done")
    assert client.post(f"{path}/start", json={"actor": "zhao"}).status_code == 409
    assert client.get(f"{path}/comparison").json()["all"]["gained"]["sooner"] == 3
