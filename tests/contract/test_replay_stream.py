"""Replays on the stream: all windows of one follow one transport, and live windows beside them do not notice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from data.clock import SystemClock
from data.records import EventPayload, Kind, Record
from data.settings import Settings
from layers.columns import ms
from layers.wire import Frame
from tests.contract.api.api_server import Server, serving, settled
from tests.contract.stream_server import Screen

NOW = SystemClock().now()


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def event(id: str, at: datetime) -> Record:
    return Record(Kind.EVENT, "hotline", id, at, EventPayload(category="0101", incident=id), lon=116.05, lat=35.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    url = f"sqlite:///{tmp_path / 'replay.db'}"
    settings = Settings(database_url=url, silence_poll_s=0.2, route_within_hours=0, tick_min_s=0.02, tick_max_s=0.2)
    with serving(settings, SystemClock()) as running:
        running.services.store.append([event(f"E{n}", ago(n)) for n in (90, 60, 30)])
        settled(running.services)
        yield running


class Window:
    """A screen on a socket of its own."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.screen, self.bytes = socket, Screen(), b""

    def watch(self, query: str) -> None:
        self.socket.send(json.dumps({"op": "watch", "id": "v", "view": query}))

    def word(self) -> Any:
        """The next text message; frames before it are taken."""
        while isinstance(message := self.socket.recv(timeout=30), bytes):
            self.take(message)
        return json.loads(message)

    def take(self, data: bytes) -> Frame:
        self.bytes = data
        return self.screen.take(data)

    def frame(self) -> Frame:
        """The next frame; words before it are passed over."""
        while isinstance(message := self.socket.recv(timeout=30), str):
            assert json.loads(message)["op"] != "error", message
        return self.take(message)

    def until(self, t: datetime) -> None:
        """Take frames until one is of this moment, to a millisecond."""
        while abs(self.frame().t - ms(t)) >= 1.0:
            pass

    @property
    def open(self) -> list[str]:
        return sorted(self.screen.tables["incidents"].key.tolist())


@contextmanager
def windows(server: Server, *queries: str) -> Iterator[list[Window]]:
    with ExitStack() as stack:
        opened = []
        for query in queries:
            socket = stack.enter_context(connect(f"ws://127.0.0.1:{server.port}/stream", compression=None))
            opened.append(Window(socket))
            opened[-1].watch(query)
        yield opened


def begun(server: Server, **body: Any) -> str:
    answer = server.client.post("/api/v1/replays", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def used(server: Server, id: str, **body: Any) -> None:
    assert server.client.post(f"/api/v1/replays/{id}/transport", json=body).status_code == 200


def test_all_windows_of_a_replay_get_the_same_frame_of_the_same_moment(server: Server):
    id = begun(server, t=ago(75).isoformat())
    with windows(server, f"replay={id}&layers=incidents", f"layers=incidents&replay={id}") as (one, two):
        for window in (one, two):
            window.until(ago(75))
            assert window.open == ["E90"]
        used(server, id, op="seek", t=ago(45).isoformat())
        for window in (one, two):
            window.until(ago(45))
            assert window.open == ["E60", "E90"]
        assert one.bytes == two.bytes
        used(server, id, op="seek", t=ago(80).isoformat())
        for window in (one, two):
            window.until(ago(80))
            assert window.open == ["E90"], "backwards as well"
        assert one.screen.panel["replay"] == two.screen.panel["replay"]


def test_live_goes_on_beside_a_replay_and_the_replay_stays_where_it_is(server: Server):
    id = begun(server, t=ago(45).isoformat())
    with windows(server, f"replay={id}&layers=incidents", "layers=incidents") as (replayed, live):
        replayed.until(ago(45))
        while len(live.frame().layers) == 0 or live.open != ["E30", "E60", "E90"]:
            pass
        assert "replay" not in live.screen.panel
        server.services.store.append([event("new", SystemClock().now())])
        while "new" not in live.open:
            live.frame()
        used(server, id, op="seek", t=ago(44).isoformat())
        replayed.until(ago(44))
        assert replayed.open == ["E60", "E90"]
        assert replayed.screen.panel["kpis"]["reported"] == 2
        assert live.screen.last is not None
        assert live.screen.last.t > ms(NOW)


def test_a_playing_replay_sends_frames_whose_counts_are_those_of_their_moment(server: Server):
    """At 600x half an hour takes three seconds: whatever moments are drawn, none shows a count of another."""
    id = begun(server, **{"t": ago(100).isoformat(), "from": ago(100).isoformat(), "to": ago(10).isoformat()})
    with windows(server, f"replay={id}&layers=incidents") as (window,):
        window.until(ago(100))
        used(server, id, op="rate", rate=600)
        used(server, id, op="play")
        seen = []
        while not seen or seen[-1] < ms(ago(10)) - 1.0:
            frame = window.frame()
            happened = [f"E{n}" for n in (30, 60, 90) if ms(ago(n)) <= frame.t]
            assert window.open == happened
            assert window.screen.panel["kpis"]["reported"] == len(happened)
            assert window.screen.panel["replay"]["t"] == frame.t
            seen.append(frame.t)
        assert seen == sorted(seen)
        assert len(seen) > 2
        while window.screen.panel["replay"]["playing"]:
            window.frame()
        assert abs(window.screen.panel["replay"]["t"] - ms(ago(10))) < 1.0


def test_the_panel_says_which_replay_it_shows_and_how_it_moves(server: Server):
    id = begun(server, t=ago(45).isoformat(), rate=60)
    with windows(server, f"replay={id}") as (window,):
        window.until(ago(45))
        told = window.screen.panel["replay"]
        assert (told["id"], told["timeline"], told["rate"], told["playing"]) == (id, "live", 60, False)
        assert told["from"] < told["t"] < told["to"]
        assert server.client.get(f"/api/v1/replays/{id}").json()["watchers"] == 1


def test_an_unknown_replay_is_refused_and_one_that_ends_says_so(server: Server):
    with windows(server, "replay=none") as (window,):
        word = window.word()
        assert (word["op"], word["id"]) == ("error", "v")
        assert "no replay" in word["error"]
    id = begun(server, t=ago(45).isoformat())
    with windows(server, f"replay={id}") as (window,):
        window.until(ago(45))
        assert server.client.delete(f"/api/v1/replays/{id}").status_code == 200
        while (word := window.word())["op"] != "error":
            pass
        assert "ended" in word["error"]
        window.watch("layers=incidents")
        assert window.frame().t > ms(NOW), "the same socket goes on live"


def test_when_the_last_window_closes_the_replay_is_unwatched_and_can_be_watched_again(server: Server):
    id = begun(server, t=ago(45).isoformat())
    for _ in range(2):
        with windows(server, f"replay={id}&layers=incidents") as (window,):
            window.until(ago(45))
            assert window.open == ["E60", "E90"]
        while server.client.get(f"/api/v1/replays/{id}").json()["watchers"]:
            pass
