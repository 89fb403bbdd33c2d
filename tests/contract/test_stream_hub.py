"""Many watchers: one build per distinct view and tick, and nobody waits for anybody."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from websockets.sync.client import connect

from dashboard import channel as channels
from dashboard.channel import Channel
from dashboard.hub import Client, Hub
from data.clock import ManualClock
from data.settings import Settings
from layers.reader import Reader
from layers.table import Table
from layers.view import View
from layers.wire import decode
from tests.contract.stream_server import SETTINGS, Screen, serving
from tests.unit.layers.small_world import NOW, NOW_MS, incident, region, snapshot


class StillStore:
    """A store that holds a region and some incidents."""

    def __init__(self, incidents: int = 3) -> None:
        self.rows = [incident(f"I{i}", seq=i + 1) for i in range(incidents)]

    def region_version(self) -> int:
        return 1

    def region(self):
        return region()

    def snapshot(self, timeline: str):
        return snapshot(len(self.rows), incidents=self.rows)

    def changed_since(self, seq: int, timeline: str):
        return snapshot(len(self.rows), incidents=[row for row in self.rows if row.seq > seq])

    def basemap(self, layer: str) -> None:
        return None

    def more(self, count: int = 1) -> None:
        start = len(self.rows)
        self.rows += [incident(f"I{i}", seq=i + 1) for i in range(start, start + count)]


@pytest.fixture
def store() -> StillStore:
    return StillStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def hub(store: StillStore, clock: ManualClock) -> Hub:
    reader = Reader(store, clock, SETTINGS)  # type: ignore[arg-type]
    reader.catch_up()
    made = Hub(reader, clock, SETTINGS)
    made.reader_for_tests = reader  # type: ignore[attr-defined]
    return made


async def taken(client: Client) -> list[str | bytes]:
    """Everything the client is owed now."""
    found: list[str | bytes] = []
    while True:
        coming = asyncio.create_task(client.next())
        await asyncio.sleep(0)  # one turn of the loop: `next` either has something or waits
        if not coming.done():
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            return found
        found.append(coming.result())


async def frames(client: Client) -> list[bytes]:
    return [message for message in await taken(client) if isinstance(message, bytes)]


async def test_a_view_is_built_once_per_tick_however_many_watch_it(hub: Hub, store: StillStore):
    clients = [hub.join() for _ in range(30)]
    for i, client in enumerate(clients):
        hub.watch(client, "v", View() if i % 2 else View(area="T0"))
    await hub._tick()
    assert [channel.built for channel in hub._channels.values()] == [1, 1]
    first = [(await frames(client))[0] for client in clients]
    assert len({id(data) for data in first}) == 2
    store.more()
    hub.reader_for_tests.catch_up()  # type: ignore[attr-defined]
    await hub._tick()
    assert [channel.built for channel in hub._channels.values()] == [2, 2]
    second = [(await frames(client))[0] for client in clients]
    assert len({id(data) for data in second}) == 2
    assert {decode(data).mode for data in second} == {"delta"}


async def test_who_did_not_come_to_read_gets_the_newest_as_a_snapshot_and_the_count_of_the_missed(
    hub: Hub, store: StillStore
):
    quick, slow = hub.join(), hub.join()
    for client in (quick, slow):
        hub.watch(client, "v", View())
    await hub._tick()
    screens = {quick: Screen(), slow: Screen()}
    for client, screen in screens.items():
        for data in await frames(client):
            screen.take(data)
    for _ in range(5):
        store.more()
        hub.reader_for_tests.catch_up()  # type: ignore[attr-defined]
        await hub._tick()
        for data in await frames(quick):
            screens[quick].take(data)
    owed = await frames(slow)
    assert len(owed) == 1
    assert screens[slow].take(owed[0]).mode == "snapshot"
    assert slow.dropped == 4
    assert quick.dropped == screens[quick].gaps == 0
    assert screens[slow].tables["incidents"].key.tolist() == screens[quick].tables["incidents"].key.tolist()


async def test_when_nothing_changes_there_is_no_frame_until_the_longest_tick_is_over(hub: Hub, clock: ManualClock):
    client = hub.join()
    hub.watch(client, "v", View(window="30d"))
    await hub._tick()
    assert len(await frames(client)) == 1
    await hub._tick()
    assert await frames(client) == []
    clock.advance(SETTINGS.tick_max_s)
    await hub._tick()
    (data,) = await frames(client)
    beat = decode(data)
    assert (beat.mode, dict(beat.layers)) == ("delta", {})
    assert beat.t == NOW_MS + SETTINGS.tick_max_s * 1000
    assert len(data) < 400


async def test_the_panel_comes_when_it_changed_and_at_most_once_a_second(
    hub: Hub, store: StillStore, clock: ManualClock
):
    client = hub.join()
    hub.watch(client, "v", View(window="30d"))
    panels = []
    for _ in range(30):
        store.more()
        hub.reader_for_tests.catch_up()  # type: ignore[attr-defined]
        await hub._tick()
        panels += [decode(data).panel for data in await frames(client)]
        clock.advance(0.1)
    assert len([p for p in panels if p is not None]) == 3
    later = []
    for _ in range(30):
        clock.advance(0.25)
        await hub._tick()
        later += [decode(data).panel for data in await frames(client)]
    assert len([p for p in later if p is not None]) == 1  # the last ten incidents, and then nothing new
    assert later[-1] is None


async def test_a_view_whose_area_went_away_is_refused_in_one_line_and_comes_back_with_it(
    hub: Hub, store: StillStore, clock
):
    client = hub.join()
    hub.watch(client, "v", View(area="T2"))
    await hub._tick()
    await taken(client)
    whole = store.region
    store.region = lambda: region(towns=1)  # type: ignore[method-assign]
    store.region_version = lambda: 2  # type: ignore[method-assign]
    hub.reader_for_tests.catch_up()  # type: ignore[attr-defined]
    await hub._tick()
    await hub._tick()
    (error,) = [json.loads(m) for m in await taken(client) if isinstance(m, str)]
    assert error["id"] == "v"
    assert "no area 'T2'" in error["error"]
    store.region, store.region_version = whole, lambda: 3  # type: ignore[method-assign]
    clock.advance(1)
    hub.reader_for_tests.catch_up()  # type: ignore[attr-defined]
    await hub._tick()
    assert len(await frames(client)) == 1


async def test_a_view_that_cannot_be_built_keeps_no_other_from_its_frames(
    hub: Hub, store: StillStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    broken, sound = hub.join(), hub.join()
    hub.watch(broken, "b", View(layers=("heat",), panel=False))
    hub.watch(sound, "s", View(layers=("incidents",), panel=False))
    real = channels.BUILD["heat"]

    def fail(*_: object) -> Table:
        raise ZeroDivisionError("no such thing")

    monkeypatch.setitem(channels.BUILD, "heat", fail)  # type: ignore[arg-type]
    for _ in range(3):
        await hub._tick()
    assert len(await frames(sound)) == 1
    (error,) = [m for m in map(json.loads, await taken(broken)) if m["op"] == "error"]
    assert error["id"] == "b"
    assert "cannot build" in error["error"]
    assert len([r for r in caplog.records if "cannot be built" in r.message]) == 1
    monkeypatch.setitem(channels.BUILD, "heat", real)  # type: ignore[arg-type]
    await hub._tick()
    assert len(await frames(broken)) == 1


def test_a_step_that_breaks_off_leaves_what_the_watchers_hold(
    hub: Hub, store: StillStore, monkeypatch: pytest.MonkeyPatch
):
    channel, screen = Channel(View()), Screen()
    reader = hub.reader_for_tests  # type: ignore[attr-defined]

    def step(t: float) -> None:
        with reader.reading() as state:
            channel.step(state, t, t, 100.0)

    step(NOW_MS)
    screen.take(channel.bytes_for(None))
    store.more(5)
    reader.catch_up()
    real = channels.panel.build
    monkeypatch.setattr(channels.panel, "build", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        step(NOW_MS + 2000)
    monkeypatch.setattr(channels.panel, "build", real)
    store.more(1)
    reader.catch_up()
    step(NOW_MS + 4000)
    screen.take(channel.bytes_for(screen.seq))
    assert sorted(screen.tables["incidents"].key.tolist()) == sorted(f"I{i}" for i in range(9))
    assert screen.tables["heat"].meta["total"] == 9
    assert screen.panel["kpis"]["reported"] == 9


async def test_words_to_a_client_that_does_not_read_are_bounded(hub: Hub):
    client = hub.join()
    for n in range(10_000):
        client.say({"op": "pong", "n": n})
    words = await taken(client)
    assert len(words) == 32
    assert json.loads(words[-1])["n"] == 9999


async def test_nothing_is_kept_of_who_left(hub: Hub):
    client = hub.join()
    for i in range(4):
        hub.watch(client, f"v{i}", View(severity=i + 1))
    hub.leave(client)
    assert (hub.views, len(hub.clients)) == (0, 0)


async def test_two_ids_of_one_client_on_one_view_share_its_frames(hub: Hub):
    client = hub.join()
    hub.watch(client, "a", View())
    hub.watch(client, "b", View())
    await hub._tick()
    assert len(await frames(client)) == 1
    hub.drop(client, "a")
    assert hub.views == 1
    hub.drop(client, "b")
    assert hub.views == 0


def test_a_channel_sends_a_delta_only_to_who_holds_its_base(store: StillStore, hub: Hub):
    channel = Channel(View())
    with hub.reader_for_tests.reading() as state:  # type: ignore[attr-defined]
        for i in range(3):
            channel.step(state, NOW_MS + i, NOW_MS + 2000 * i, 100.0)
    assert decode(channel.bytes_for(2)).base == 2
    for held in (None, 1, 3, 7):
        assert decode(channel.bytes_for(held)).base is None


@pytest.mark.parametrize("cost", [0.0, 0.5])
async def test_ticks_move_apart_when_building_takes_long(hub: Hub, cost: float, monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []
    turns = 0

    async def tick() -> float:
        nonlocal turns
        turns += 1
        if turns == 4:
            raise asyncio.CancelledError
        return cost

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    standing = SimpleNamespace(perf_counter=lambda: 1000.0)  # a machine on which nothing else takes time
    monkeypatch.setattr("dashboard.hub.time", standing)
    monkeypatch.setattr(hub, "_tick", tick)
    monkeypatch.setattr(hub, "_pause", pause)
    rung = asyncio.Event()
    rung.set()
    monkeypatch.setattr(rung, "clear", lambda: None)
    with pytest.raises(asyncio.CancelledError):
        await hub._run(rung)
    assert max(pauses) == pytest.approx(max(SETTINGS.tick_min_s, 3 * cost))


def test_a_client_that_stops_reading_slows_nobody_and_costs_no_memory(tmp_path: Path):
    settings = Settings(tick_min_s=0.01, tick_max_s=0.2, silence_poll_s=0.05)
    with serving(tmp_path, settings) as served:
        served.report(6000)
        stuck = _handshake(served.port)
        try:
            _send_text(stuck, json.dumps({"op": "watch", "id": "v", "view": ""}))
            with connect(served.url, compression=None, max_size=None) as quick:
                quick.send(json.dumps({"op": "watch", "id": "v", "view": ""}))
                screen = Screen()
                seen = 0
                # The stuck socket asks for snapshots and reads none: kernel buffers fill, the server must leave it.
                while seen < 120:
                    served.report(40)
                    _send_text(stuck, json.dumps({"op": "resync", "id": "v"}))
                    data = quick.recv(timeout=60)
                    if isinstance(data, bytes):
                        screen.take(data)
                        seen += 1
                assert screen.gaps == 0
                stuck.settimeout(60)
                owed = [decode(message).seq for message in _read_until_seq(stuck, screen.seq)]
                # What it gets is what the kernel had taken, and then the newest frame: no queue was kept for it.
                assert owed == sorted(owed)
                assert len(owed) < seen / 2
                assert max(late - early for early, late in pairwise(owed)) > seen / 2
        finally:
            stuck.close()


def _handshake(port: int) -> sockets.socket:
    made = sockets.socket()
    made.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", port))
    made.sendall(
        f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += made.recv(1)
    assert b" 101 " in head
    return made


def _send_text(made: sockets.socket, text: str) -> None:
    body = text.encode()
    assert len(body) < 126
    made.sendall(bytes([0x81, 0x80 | len(body)]) + bytes(4) + body)


def _read_until_seq(made: sockets.socket, seq: int | None) -> list[bytes]:
    """Binary messages up to the frame `seq`."""
    stream = made.makefile("rb")
    found = []
    while True:
        first, second = stream.read(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(stream.read(2), "big")
        elif size == 127:
            size = int.from_bytes(stream.read(8), "big")
        body = stream.read(size)
        if first & 0x0F == 2:
            found.append(body)
            if seq is not None and decode(body).seq >= seq:
                stream.close()
                return found
