"""The stream as a client meets it, on real sockets: `docs/wire.md`, message by message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from layers import areas, heat, incidents
from layers.view import View
from tests.contract.stream_server import Screen, Served, serving

WAIT = 60


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture
def socket(served: Served) -> Iterator[ClientConnection]:
    with connect(served.url, compression=None) as made:
        yield made


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection, op: str) -> dict[str, Any]:
    """The next text message of this kind."""
    while True:
        message = socket.recv(timeout=WAIT)
        if isinstance(message, str) and json.loads(message)["op"] == op:
            return json.loads(message)


def frame(socket: ClientConnection) -> bytes:
    """The next frame."""
    while isinstance(message := socket.recv(timeout=WAIT), str):
        pass
    return message


def see(socket: ClientConnection, screen: Screen, total: int) -> None:
    """Take frames until the heat holds `total` incidents."""
    while not screen.tables or screen.tables["heat"].meta["total"] != total:
        screen.take(frame(socket))


def test_a_watch_is_answered_by_a_snapshot_and_then_by_deltas(served: Served, socket: ClientConnection):
    served.report(200)
    say(socket, op="watch", id="v1", view="window=24h&area=D")
    assert hear(socket, "watching") == {"op": "watching", "id": "v1", "view": "area=D"}
    screen = Screen()
    first = screen.take(frame(socket))
    assert (first.mode, first.view) == ("snapshot", "area=D")
    assert set(first.layers) == {"heat", "areas", "incidents", "units", "cameras"}
    assert first.panel is not None
    see(socket, screen, 200)
    served.report(3)
    see(socket, screen, 203)
    last = screen.last
    assert last is not None
    assert last.mode == "delta"
    assert last.stamps.source is not None
    assert last.stamps.commit is not None
    assert last.stamps.source <= last.stamps.commit <= last.stamps.frame
    assert last.log == 203


def test_tables_put_together_from_deltas_are_what_the_state_says(served: Served, socket: ClientConnection):
    say(socket, op="watch", id="v1", view="")
    screen = Screen()
    for count in (40, 1, 7, 30):
        served.report(count)
        screen.take(frame(socket))
    see(socket, screen, 78)
    assert screen.last is not None
    with served.reader.reading() as state:
        for layer in (heat, areas, incidents):
            fresh = layer.build(state, View(), screen.last.t)
            held = screen.tables[layer.__name__.removeprefix("layers.")]
            rows, here = dict(zip(fresh.key.tolist(), range(len(fresh)), strict=True)), held.key.tolist()
            assert sorted(here) == sorted(rows)
            order = [rows[key] for key in here]
            for name, column in fresh.columns.items():
                assert held.columns[name].tolist() == column[order].tolist()
            assert held.meta == fresh.meta


def test_resync_is_answered_by_a_snapshot(served: Served, socket: ClientConnection):
    say(socket, op="watch", id="v1", view="")
    assert Screen().take(frame(socket)).mode == "snapshot"
    say(socket, op="resync", id="v1")
    while Screen().take(data := frame(socket)).mode != "snapshot":
        pass
    assert data[:4] == b"GCF1"


def test_one_socket_watches_several_views_and_changes_one(served: Served, socket: ClientConnection):
    say(socket, op="watch", id="a", view="layers=heat&panel=0")
    say(socket, op="watch", id="b", view="area=T0&layers=areas&panel=0")
    screens = {"layers=heat&panel=0": Screen(), "area=T0&layers=areas&panel=0": Screen()}
    seen: set[str] = set()
    while len(seen) < 2:
        data = frame(socket)
        query = _view(data)
        seen.add(query)
        screens[query].take(data)
    say(socket, op="watch", id="b", view="area=T1&layers=areas&panel=0")
    assert hear(socket, "watching")["view"] == "area=T1&layers=areas&panel=0"
    views = [_view(frame(socket)) for _ in range(8)]
    assert "area=T0&layers=areas&panel=0" not in views
    assert "area=T1&layers=areas&panel=0" in views
    assert served.hub.views == 2


def _view(data: bytes) -> str:
    from layers.wire import decode

    return decode(data).view


def test_a_dropped_view_sends_no_more_and_is_built_no_more(served: Served, socket: ClientConnection):
    say(socket, op="watch", id="v1", view="")
    frame(socket)
    say(socket, op="drop", id="v1")
    say(socket, op="ping", n=1)
    hear(socket, "pong")
    served.report(5)
    with pytest.raises(TimeoutError):
        socket.recv(timeout=0.6)
    assert served.hub.views == 0


def test_a_ping_is_answered_with_its_number_and_the_time(served: Served, socket: ClientConnection):
    before = served.clock.now().timestamp() * 1000
    say(socket, op="ping", n=7)
    pong = hear(socket, "pong")
    assert pong["n"] == 7
    assert before - 1 <= pong["t"] <= served.clock.now().timestamp() * 1000 + 1


BAD = {
    "not json": ("{", "not JSON"),
    "a list": ("[1]", "not an object"),
    "no op": ('{"id":"v1"}', "is not one of watch, drop, resync, ping"),
    "another op": ('{"op":"sudo","id":"v1"}', "'sudo' is not one of"),
    "no id": ('{"op":"watch","view":""}', "id is missing"),
    "id a number": ('{"op":"watch","id":3,"view":""}', "expected text"),
    "id too long": (json.dumps({"op": "watch", "id": "x" * 65, "view": ""}), "1 to 64"),
    "view an object": ('{"op":"watch","id":"v1","view":{}}', "a URL query"),
    "unknown area": ('{"op":"watch","id":"v1","view":"area=nowhere"}', "no area 'nowhere'"),
    "unknown level": ('{"op":"watch","id":"v1","view":"level=galaxy"}', "'galaxy' is not a level"),
    "unknown layer": ('{"op":"watch","id":"v1","view":"layers=heat,smell"}', "unknown layer 'smell'"),
    "unknown window": ('{"op":"watch","id":"v1","view":"window=1y"}', "'1y' is not one of"),
    "resolution too fine": ('{"op":"watch","id":"v1","view":"res=15"}', "whole number from 5 to 10"),
    "another timeline": ('{"op":"watch","id":"v1","view":"timeline=drill-9"}', "no timeline 'drill-9' here"),
    "resync of nothing": ('{"op":"resync","id":"v9"}', "nothing is watched as 'v9'"),
    "ping without number": ('{"op":"ping"}', "expected a number"),
    "too long": (json.dumps({"op": "watch", "id": "v1", "view": "x" * 5000}), "more than 4096 bytes"),
    "binary": (b"\x00\x01", "JSON text only"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_message_gets_one_line_and_the_connection_goes_on(served: Served, name: str):
    message, says = BAD[name]
    with connect(served.url, compression=None) as socket:
        say(socket, op="watch", id="good", view="layers=heat")
        frame(socket)
        socket.send(message)
        error = hear(socket, "error")
        assert says in error["error"]
        assert "\n" not in error["error"]
        assert len(error["error"]) < 250
        served.report()
        screen = Screen()
        say(socket, op="resync", id="good")
        while screen.seq is None:
            data = frame(socket)
            if data[:4] == b"GCF1" and _mode(data) == "snapshot":
                screen.take(data)


def _mode(data: bytes) -> str:
    from layers.wire import decode

    return decode(data).mode


def test_a_socket_watches_eight_views_and_no_more(served: Served, socket: ClientConnection):
    for i in range(8):
        say(
            socket,
            op="watch",
            id=f"v{i}",
            view=f"severity={i % 4 + 1}&layers=heat&panel=0&window={'1h' if i > 3 else '7d'}",
        )
    say(socket, op="watch", id="v8", view="layers=heat")
    assert "8 views already" in hear(socket, "error")["error"]
    say(socket, op="watch", id="v3", view="layers=heat")
    while hear(socket, "watching")["id"] != "v3":
        pass


def test_a_page_of_another_site_may_not_open_the_stream(served: Served):
    with pytest.raises(InvalidStatus) as refused, connect(served.url, origin="http://evil.example"):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403
    with connect(served.url, origin=f"http://127.0.0.1:{served.port}", compression=None) as own:  # type: ignore[arg-type]
        say(own, op="ping", n=1)
        assert hear(own, "pong")["n"] == 1


def test_a_frame_that_cannot_be_made_ends_the_socket_so_that_the_page_asks_anew(
    served: Served, socket: ClientConnection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    say(socket, op="watch", id="v1", view="layers=heat")
    frame(socket)
    monkeypatch.setattr("dashboard.channel.encode", lambda frame: 1 / 0)
    served.report()
    with pytest.raises(ConnectionClosedError) as ended:
        hear(socket, "nothing that is ever said")
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1011
    assert "connects anew" in caplog.text
    monkeypatch.undo()
    with connect(served.url, compression=None) as again:
        say(again, op="watch", id="v1", view="layers=heat")
        assert _mode(frame(again)) == "snapshot"


def test_a_store_that_is_away_is_told_and_everything_goes_on_by_itself(served: Served, socket: ClientConnection):
    say(socket, op="watch", id="v1", view="")
    screen = Screen()
    served.report(2)
    see(socket, screen, 2)
    served.store.away = True
    away = hear(socket, "state")
    assert away["store"] == "away"
    assert away["since"] > 0
    with connect(served.url, compression=None) as late:
        assert hear(late, "state")["store"] == "away"
        say(late, op="watch", id="v1", view="layers=areas&panel=0")
        while isinstance(message := late.recv(timeout=WAIT), str):
            pass
        assert _mode(message) == "snapshot"
    served.store.away = False
    served.report(3)
    assert hear(socket, "state")["store"] == "ok"
    say(socket, op="resync", id="v1")
    fresh = Screen()
    while fresh.seq is None:
        data = frame(socket)
        if _mode(data) == "snapshot":
            fresh.take(data)
    see(socket, fresh, 5)
