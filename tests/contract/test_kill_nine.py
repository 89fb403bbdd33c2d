"""kill -9 during intake: what was acknowledged is there, once, whatever was sent again."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson

from data.clock import SystemClock
from data.open_store import open_store
from data.records import Kind

ROOT = Path(__file__).resolve().parents[2]
KILLS = {"sqlite": 20, "postgresql": 4}
SENDERS = 4


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The real server on one store, started again after each kill."""

    def __init__(self, url: str, port: int, folder: Path, log: Path) -> None:
        self.port = port
        self._log = log.open("wb")
        self._launcher = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("kill_nine_server.py")), url, str(port), str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.pid = 0

    def start(self) -> None:
        assert self._launcher.stdin is not None
        self._launcher.stdin.write("\n")
        self._launcher.stdin.flush()
        self.pid = int(self._line())
        deadline = time.monotonic() + 120
        while not self._alive():
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.02)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert self._line() == "gone"
        self.pid = 0

    def close(self) -> None:
        if self.pid:
            self.kill()
        assert self._launcher.stdin is not None
        assert self._launcher.stdout is not None
        self._launcher.stdin.close()
        self._launcher.wait(60)
        self._launcher.stdout.close()
        self._log.close()

    def _line(self) -> str:
        assert self._launcher.stdout is not None
        return self._launcher.stdout.readline().strip()

    def _alive(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


class Sender(threading.Thread):
    """Posts without pause. A batch that was not acknowledged is sent again, as a good client does."""

    def __init__(self, name: str, port: int, stop: threading.Event) -> None:
        super().__init__(name=name)
        self._port = port
        self._halt = stop
        self._rng = random.Random(name)
        self._next = 0
        self.acknowledged: set[str] = set()
        self.sent: set[str] = set()
        self.refused: list[str] = []
        self.repeats = 0

    def run(self) -> None:
        connection: http.client.HTTPConnection | None = None
        batch: list[str] = []
        while not self._halt.is_set():
            if not batch:
                batch = [f"{self.name}-{self._next + i}" for i in range(self._rng.choice((1, 1, 5, 40)))]
                self._next += len(batch)
                self.sent.update(batch)
            else:
                self.repeats += 1
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
                connection.request("POST", "/api/v1/records", body(batch), {"content-type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                if connection is not None:
                    connection.close()
                connection = None
                self._halt.wait(0.02)
                continue
            if answer.status == 200:
                told = orjson.loads(text)
                if told["rejected"] or told["accepted"] + told["duplicate"] != len(batch):
                    self.refused.append(text.decode())
                self.acknowledged.update(batch)
                batch = []
            elif answer.status != 503:
                self.refused.append(text.decode())
                batch = []
        if connection is not None:
            connection.close()


def body(ids: list[str]) -> bytes:
    at = datetime(2026, 5, 1, tzinfo=UTC).isoformat()
    return orjson.dumps(
        [
            {"source": "kill9", "source_id": id, "at": at, "lon": 117.5, "lat": 35.5, "payload": {"category": "c"}}
            for id in ids
        ]
    )


@contextmanager
def senders(port: int) -> Iterator[list[Sender]]:
    stop = threading.Event()
    threads = [Sender(f"s{n}", port, stop) for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def test_nothing_acknowledged_is_lost_or_doubled(store_url: str, tmp_path: Path) -> None:
    engine = "sqlite" if store_url.startswith("sqlite") else "postgresql"
    rng = random.Random(9)
    server = Server(store_url, free_port(), tmp_path, tmp_path / "server.log")
    try:
        with senders(server.port) as threads:
            for _ in range(KILLS[engine]):
                before = sum(len(t.acknowledged) for t in threads)
                server.start()
                deadline = time.monotonic() + 120
                while sum(len(t.acknowledged) for t in threads) == before:
                    assert time.monotonic() < deadline, [t.refused for t in threads]
                    time.sleep(0.005)
                time.sleep(rng.uniform(0.0, 0.4))
                server.kill()
    finally:
        server.close()
    acknowledged = set().union(*(t.acknowledged for t in threads))
    sent = set().union(*(t.sent for t in threads))
    assert [t.refused for t in threads] == [[]] * SENDERS
    assert sum(t.repeats for t in threads) >= KILLS[engine], "no post was ever cut by a kill"

    store = open_store(store_url, SystemClock())
    try:
        records = []
        while chunk := store.read_after(records[-1].seq if records else 0, limit=20_000):
            records.extend(chunk)
        counts = Counter(r.source_id for r in records if r.kind is Kind.EVENT)
        assert not acknowledged - counts.keys(), "acknowledged and lost"
        assert {id: n for id, n in counts.items() if n > 1} == {}
        assert counts.keys() <= sent
        assert [r.seq for r in records] == list(range(1, len(records) + 1))
        assert {i.id for i in store.snapshot().incidents} == {f"kill9:{id}" for id in counts}
    finally:
        store.close()
