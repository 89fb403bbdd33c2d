"""Exercises beside the live screens of one server: the same calls, another timeline, and nothing crosses over."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.clock import SystemClock
from data.errors import NotFound
from data.exercise import Status, status_of
from layers.columns import ms
from replay.hosted import Hosted
from tests.contract.api.api_server import Server, eventually, settled
from tests.contract.exercise_server import API, TRIAL, begun, call, exercised, made, started
from tests.contract.test_replay_stream import windows

START = datetime(2026, 7, 1, tzinfo=UTC)
"""When the trial exercise begins."""

HERE = f"timeline={TRIAL}"


@pytest.fixture
def server(store_url: str) -> Iterator[Server]:
    with exercised(store_url, SystemClock()) as running:
        yield running


def get(server: Server, path: str, **query: str) -> Any:
    answer = server.client.get(API + path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(server: Server, **query: str) -> list[str]:
    return sorted(row["id"] for row in get(server, "/incidents", **query)["incidents"])


def test_two_timelines_are_on_screens_side_by_side(server: Server):
    """The drill's minute is a second: its first inject comes while both are watched."""
    server.services.store.append([call(SystemClock().now())])
    begun(server, rate=60)
    with windows(server, f"{HERE}&layers=incidents", "layers=incidents") as (drill, live):
        drill.frame()
        while "I-1" not in drill.open:
            drill.frame()
        frame = drill.screen.last
        assert frame is not None
        assert ms(START) < frame.t < ms(START + timedelta(hours=1))
        told = drill.screen.panel["exercise"]
        assert (told["timeline"], told["en"], told["phase"], told["rate"]) == (TRIAL, "Trial fire", "running", 60)
        live.frame()
        while live.open != ["L-1"]:
            live.frame()
        assert "exercise" not in live.screen.panel
        server.services.store.append([call(SystemClock().now(), "L-2")])
        while "L-2" not in live.open:
            live.frame()
        assert not [id for id in live.open if id.startswith("I-")]
        assert not [id for id in drill.open if id.startswith("L-")]


def test_what_is_asked_and_commanded_of_an_exercise_stays_there(server: Server):
    begun(server, rate=60)
    eventually(lambda: "I-1" in ids(server, timeline=TRIAL))
    answer = server.client.post(
        f"{API}/incidents/I-1/dispatch", params={"timeline": TRIAL}, json={"actor": "desk 3", "units": ["F1"]}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-gridcommand-exercise"] == "1"

    life = get(server, "/incidents/I-1", timeline=TRIAL)
    assert life["incident"]["units"] == ["F1"]
    assert START < datetime.fromisoformat(life["at"]) < START + timedelta(hours=1)

    def unit(**query: str) -> Any:
        return next(each for each in get(server, "/units", **query)["units"] if each["id"] == "F1")

    eventually(lambda: unit(timeline=TRIAL)["incident"] == "I-1")  # a screen's state follows the log
    eventually(lambda: unit(timeline=TRIAL)["status"] in ("en_route", "on_scene"))  # the crew turns out by itself
    assert unit()["status"] == "available"
    settled(server.services)
    assert ids(server) == []
    assert server.client.get(f"{API}/incidents/I-1").status_code == 404
    assert get(server, "/state")["open"] == 0
    assert get(server, "/state", timeline=TRIAL, at=(START + timedelta(minutes=3)).isoformat())["open_ids"] == ["I-1"]
    metrics = server.client.get("/metrics").text
    assert "gridcommand_cases_open 0" in metrics
    assert "drill:" not in metrics
    assert "x-gridcommand-exercise" not in server.client.get(f"{API}/units").headers
    of_it = server.services.store.read_after(0, timeline=TRIAL)
    assert {status_of(record) for record in of_it} == {Status.EXERCISE}


def test_nothing_real_gets_into_an_exercise_and_nobody_acts_before_it_begins(server: Server):
    made(server)
    pushed = server.client.post(
        f"{API}/records", params={"timeline": TRIAL}, json={"source": "x", "source_id": "1", "payload": {}}
    )
    assert pushed.status_code == 409
    assert "live" in pushed.json()["error"]
    assert "实时" in pushed.json()["error_zh"]
    early = server.client.post(
        f"{API}/incidents",
        params={"timeline": TRIAL},
        json={"actor": "desk", "category": "0504", "lon": 120.005, "lat": 33.005, "title": "x"},
    )
    assert early.status_code == 409
    assert "has not begun" in early.json()["error"]
    assert early.headers["x-gridcommand-exercise"] == "1", "a refusal says it too"


def test_a_page_of_an_exercise_knows_it_from_the_start(server: Server):
    made(server)

    def told(path: str, **query: str) -> Any:
        answer = server.client.get(path, params=query)
        assert answer.status_code == 200
        boot = answer.text.split('id="boot">', 1)[1].split("</script>", 1)[0]
        return json.loads(boot)["exercise"]

    assert told("/", timeline=TRIAL) == {"timeline": TRIAL, "zh": "小区火灾演练", "en": "Trial fire"}
    assert told("/desk", timeline=TRIAL)["en"] == "Trial fire"
    assert told("/desk") is told("/", timeline="live") is told("/", timeline="drill:nobody") is None
    replay = server.client.post(f"{API}/replays", json={"t": START.isoformat(), "timeline": TRIAL}).json()["id"]
    assert told("/", replay=replay)["timeline"] == TRIAL


def test_live_screens_do_not_wait_for_a_room_that_takes_its_time(server: Server):
    asked, found = threading.Event(), threading.Event()

    def slow(timeline: str) -> Hosted:
        asked.set()
        assert found.wait(60)
        raise NotFound(f"no timeline {timeline} after all")

    server.services.rooms._hosts["slow:"] = slow
    with windows(server, "timeline=slow:x", "layers=incidents") as (room, live):
        try:
            assert asked.wait(60)
            live.frame()
            for n in range(3):
                server.services.store.append([call(SystemClock().now(), f"L-{n}")])
                while f"L-{n}" not in live.open:
                    live.frame()
            assert ids(server) == ["L-0", "L-1", "L-2"], "nor do calls"
        finally:
            found.set()
        while (word := room.word())["op"] != "error":
            pass
        assert "after all" in word["error"]


@pytest.mark.parametrize("timeline", ["drill:nobody", "elsewhere"])
def test_a_timeline_that_is_not_there_is_refused_in_one_line(server: Server, timeline: str):
    answer = server.client.get(f"{API}/units", params={"timeline": timeline})
    assert answer.status_code == 404
    assert timeline in answer.json()["error"]
    assert timeline in answer.json()["error_zh"]
    with windows(server, f"timeline={timeline}") as (window,):
        while (word := window.word())["op"] != "error":
            pass
        assert timeline in word["error"]


def test_an_exercise_can_be_replayed_up_to_its_own_time(server: Server):
    begun(server, rate=60)
    eventually(lambda: "I-2" in ids(server, timeline=TRIAL))
    asked = {"t": (START + timedelta(minutes=3)).isoformat(), "timeline": TRIAL}
    answer = server.client.post(f"{API}/replays", json=asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    now = get(server, "/incidents/I-1", timeline=TRIAL)["at"]
    assert (body["timeline"], datetime.fromisoformat(body["t"])) == (TRIAL, START + timedelta(minutes=3))
    assert datetime.fromisoformat(body["to"]) <= datetime.fromisoformat(now)
    assert ids(server, replay=body["id"]) == ["I-1"], "as it was then"
    with windows(server, f"replay={body['id']}&layers=incidents") as (window,):
        window.until(START + timedelta(minutes=3))
        assert window.open == ["I-1"]
        assert window.screen.panel["exercise"]["timeline"] == TRIAL
    counted = get(
        server, "/replays/histogram", timeline=TRIAL, **{"from": START.isoformat(), "to": now, "bins": "4"}
    )  # fmt: skip
    assert counted["total"] >= 2
    moments = get(server, "/replays/moments", timeline=TRIAL, at=now)["moments"]
    assert "Grass fire" in {each["title_en"] for each in moments}
    late = (START + timedelta(days=1)).isoformat()
    assert server.client.post(f"{API}/replays", json={"t": late, "timeline": TRIAL}).status_code == 400


def test_a_server_that_starts_anew_takes_up_its_exercises(store_url: str):
    with exercised(store_url, SystemClock()) as server:
        begun(server, rate=60)
        made(server, run="second")
        eventually(lambda: "I-1" in ids(server, timeline=TRIAL))
        sent = server.client.post(
            f"{API}/incidents/I-1/dispatch", params={"timeline": TRIAL}, json={"actor": "desk 3", "units": ["F1"]}
        )
        assert sent.status_code == 200
    with exercised(store_url, SystemClock()) as server:
        drills = server.services.drills
        assert drills is not None
        assert drills.playing(TRIAL)
        assert not drills.playing(f"{TRIAL}:second"), "it has not begun"
        eventually(lambda: {"I-1", "I-2"} <= set(ids(server, timeline=TRIAL)))
        arrived = "on_scene"
        eventually(lambda: get(server, "/incidents/I-1", timeline=TRIAL)["incident"]["state"] == arrived)
        started(server, f"{TRIAL}:second")
        assert drills.playing(f"{TRIAL}:second")
        assert ids(server) == []
