"""The load of `bench.stream`: many raw WebSocket clients in one process, and a poster of records."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson

_LOG = re.compile(rb'"log":(\d+)')
_FRAME = re.compile(rb'"frame":([0-9.]+)')
_HEAD = 4096  # bytes of a frame's start in which the two are found
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

BODY = 20
"""Records in one POST."""


class Watcher(asyncio.Protocol):
    """Opens the stream, watches one view, and hands on (log seq, frame stamp ms) of each frame with the time it was
    complete. Reads just enough of a frame to find them."""

    def __init__(self, host: str, view: str, seen: Callable[[float, int, float, int], None]) -> None:
        self._host, self._view, self._seen = host, view, seen
        self._held = bytearray()
        self._open = False
        self.first = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(  # type: ignore[attr-defined]
            f"GET /stream HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.time()
        held = self._held
        held += data
        if not self._open:
            end = held.find(b"\r\n\r\n")
            if end < 0:
                return
            if not held.startswith(b"HTTP/1.1 101"):
                raise SystemExit(f"the stream refused a client: {bytes(held[:80])!r}")
            del held[: end + 4]
            self._open = True
            self._say(1, json.dumps({"op": "watch", "id": "v", "view": self._view}).encode())
        while len(held) >= 2:
            size, at = held[1] & 0x7F, 2
            if size == 126:
                size, at = int.from_bytes(held[2:4], "big"), 4
            elif size == 127:
                size, at = int.from_bytes(held[2:10], "big"), 10
            if len(held) < at + size:
                return
            kind = held[0] & 0x0F
            if kind == 2:
                head = bytes(held[at : at + min(size, _HEAD)])
                log, stamp = _LOG.search(head), _FRAME.search(head)
                if log is None or stamp is None:
                    raise SystemExit(f"a frame without log or stamp: {head[:200]!r}")
                self._seen(now, int(log[1]), float(stamp[1]), at + size)
                if not self.first.done():
                    self.first.set_result(None)
            elif kind == 9:
                self._say(10, bytes(held[at : at + size]))
            del held[: at + size]

    def _say(self, kind: int, body: bytes) -> None:
        if len(body) < 126:
            head = bytes([0x80 | kind, 0x80 | len(body)])
        else:
            head = bytes([0x80 | kind, 0x80 | 126]) + len(body).to_bytes(2, "big")
        self._transport.write(head + bytes(4) + body)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._transport.close()


@dataclass
class Frames:
    """What one client received: (time s, log seq, frame stamp ms, bytes)."""

    seen: list[tuple[float, int, float, int]] = field(default_factory=list)

    def take(self, now: float, log: int, stamp: float, size: int) -> None:
        self.seen.append((now, log, stamp, size))


async def watchers(port: int, views: list[str], count: int) -> list[tuple[Watcher, Frames]]:
    """`count` clients, views in turn, each with its first frame received."""
    loop = asyncio.get_running_loop()
    made: list[tuple[Watcher, Frames]] = []
    for i in range(count):
        frames = Frames()
        view = views[i % len(views)]
        _, watcher = await loop.create_connection(
            lambda view=view, frames=frames: Watcher(f"127.0.0.1:{port}", view, frames.take),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        made.append((watcher, frames))
    await asyncio.wait_for(asyncio.gather(*(watcher.first for watcher, _ in made)), 60)
    return made


class Http:
    """One kept-open HTTP/1.1 connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Http:
        self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 26)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._streams
        self._streams[1].close()

    async def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes, int]:
        """(status, body, bytes of the answer with its head)."""
        assert self._streams
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(body)}\r\n"
        writer.write((head + "Content-Type: application/json\r\n\r\n").encode() + body)
        raw = await reader.readuntil(b"\r\n\r\n")
        lines = raw.decode("latin-1").lower().split("\r\n")
        status = int(lines[0].split()[1])
        length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
        answer = await reader.readexactly(length)
        return status, answer, len(raw) + length

    async def json(self, path: str) -> object:
        status, body, _ = await self.call("GET", path)
        if status != 200:
            raise SystemExit(f"GET {path} answered {status}: {body[:200]!r}")
        return orjson.loads(body)


@dataclass(frozen=True)
class Post:
    """One accepted POST: when it was sent and when its 200 came (s), and the last seq it got."""

    sent: float
    accepted: float
    seq: int


async def post_records(
    port: int, seconds: float, per_second: int, make: Callable[[int], dict[str, object]], connections: int = 2
) -> list[Post]:
    """POST records at a steady rate in bodies of BODY, on a schedule, not one after the other's answer."""
    size = BODY
    bodies = int(seconds * per_second / size)
    start = time.time() + 0.1
    posts: list[Post] = []
    numbers = iter(range(bodies))

    async def one() -> None:
        async with Http(port) as http:
            for i in numbers:
                wait = start + i * size / per_second - time.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                body = orjson.dumps([make(i * size + k) for k in range(size)])
                sent = time.time()
                status, answer, _ = await http.call("POST", "/api/v1/records", body)
                if status != 200:
                    raise SystemExit(f"POST /api/v1/records answered {status}: {answer[:200]!r}")
                told = orjson.loads(answer)
                if told["accepted"] != size:
                    raise SystemExit(f"of {size} records {told['accepted']} were accepted: {answer[:300]!r}")
                posts.append(Post(sent, time.time(), told["seq"]))

    await asyncio.gather(*(one() for _ in range(connections)))
    return sorted(posts, key=lambda post: post.seq)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def rss_mb(pid: int) -> float:
    """Resident memory of a process, MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
