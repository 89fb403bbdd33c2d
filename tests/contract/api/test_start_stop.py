"""Starting and stopping the server as a process: what is refused, what is said, what is kept."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from shapely import box
from typer.testing import CliRunner
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as websocket

from app import app
from cli.serve import refuse_beyond_loopback
from cli.settings import markdown
from data.clock import SystemClock
from data.errors import Refused
from data.open_store import open_store
from data.records import EventPayload, Kind, Record
from data.settings import Settings
from geo.area import Area, Region
from layers.wire import Frame, decode
from tests.contract.api.api_server import eventually

ROOT = Path(__file__).parents[3]


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py", *words], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@contextmanager
def process(var: Path, port: int, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A server process that answers; stopped by SIGTERM at the end unless the test did."""
    server = subprocess.Popen(
        [sys.executable, "app.py", "serve", "--port", str(port), *words],
        cwd=ROOT, env={**os.environ, "GRIDCOMMAND_VAR_DIR": str(var)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        eventually(lambda: answers(port) or server.poll() is not None, 120)
        assert server.poll() is None, server.stderr and server.stderr.read()
        yield server
    finally:
        if server.poll() is None:
            server.terminate()
        server.communicate(timeout=120)


def frames(stream: ClientConnection) -> Iterator[Frame]:
    for message in stream:
        if isinstance(message, bytes):
            yield decode(message)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, verify=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "wall.example.cn", ""])
def test_serving_beyond_loopback_is_refused_with_the_reason(host: str) -> None:
    with pytest.raises(Refused, match="access control is not configured") as refused:
        refuse_beyond_loopback(host)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.7", "localhost", "::1", "[::1]"])
def test_serving_on_loopback_is_allowed(host: str) -> None:
    refuse_beyond_loopback(host)


def test_the_refusal_ends_the_process_with_status_1(tmp_path: Path) -> None:
    done = run("serve", "--host", "0.0.0.0", GRIDCOMMAND_VAR_DIR=str(tmp_path / "var"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("refused: serving on 0.0.0.0 is refused: access control is not configured")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "var").exists()


def test_a_setting_that_cannot_be_is_one_line() -> None:
    done = run("settings", GRIDCOMMAND_PORT="front door")
    assert done.returncode == 2
    assert done.stderr.startswith("refused: GRIDCOMMAND_PORT=front door: ")
    assert done.stderr.count("\n") == 1


def test_settings_are_shown_without_their_passwords() -> None:
    url = "postgresql+psycopg://gc:secret@db/gc"
    done = run("settings", "--json", GRIDCOMMAND_DATABASE_URL=url)
    rows = {row["name"]: row for row in json.loads(done.stdout)["settings"]}
    assert rows["database_url"]["value"] == "postgresql+psycopg://gc:***@db/gc"
    assert rows["database_url"]["set"] is True
    assert rows["port"] == {
        "name": "port", "variable": "GRIDCOMMAND_PORT", "value": 8050, "default": 8050, "set": False,
        "description": "Port to serve on.",
    }  # fmt: skip
    assert "secret" not in done.stdout + done.stderr + run("settings", GRIDCOMMAND_DATABASE_URL=url).stdout


def test_every_setting_is_documented() -> None:
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == markdown()
    assert all(field.description for field in Settings.model_fields.values())


def test_a_second_server_a_taken_port_a_stop_and_a_start_again(tmp_path: Path, port: int) -> None:
    with process(tmp_path, port) as server:
        second = run("serve", "--port", "1", GRIDCOMMAND_VAR_DIR=str(tmp_path))
        assert second.returncode == 1
        assert f"process {server.pid} serves the store {tmp_path / 'gridcommand.db'} already" in second.stderr
        other = run("serve", "--port", str(port), GRIDCOMMAND_VAR_DIR=str(tmp_path / "other"))
        assert other.returncode == 1
        assert f"127.0.0.1:{port} cannot be served on: " in other.stderr

        base = f"http://127.0.0.1:{port}/api/v1"
        opened = httpx.post(f"{base}/incidents", json={"actor": "desk 1", "category": "fire"}, timeout=30)
        id = opened.json()["incident"]["id"]
        copy = tmp_path / "backup.db"
        with closing(sqlite3.connect(tmp_path / "gridcommand.db")) as store:
            store.execute(f"VACUUM INTO '{copy}'")  # as docs/operations.md says
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=120)
        assert server.returncode == 0
        assert said.splitlines()[-1] == "stopped; what the intake had taken is written"
        assert "Traceback" not in said

    for url in (f"sqlite:///{tmp_path / 'gridcommand.db'}", f"sqlite:///{copy}"):
        with closing(open_store(url, SystemClock())) as kept:
            assert [row.id for row in kept.snapshot().incidents] == [id]
    with process(tmp_path, port):
        assert httpx.get(f"{base}/incidents/{id}", timeout=30, verify=False).json()["incident"]["state"] == "open"


def test_a_past_time_is_shown_and_nothing_is_taken_in(tmp_path: Path, port: int) -> None:
    event = {"kind": "event", "source": "calls", "source_id": "1", "at": "2020-04-14T17:30:00-07:00"}
    with closing(open_store(f"sqlite:///{(tmp_path / 'gridcommand.db').as_posix()}", SystemClock())) as store:
        payload = EventPayload(category="fire", times={"closed": datetime(2020, 4, 15, 1, 30, tzinfo=UTC)})
        store.append([Record(Kind.EVENT, "calls", "1", datetime(2020, 4, 15, 0, 30, tzinfo=UTC), payload)])
        head = store.head()
    with process(tmp_path, port, "--at", "2020-04-14T18:00", "--tz", "America/Los_Angeles"):
        base = f"http://127.0.0.1:{port}"
        with websocket(f"ws://127.0.0.1:{port}/stream", origin=None) as stream:
            stream.send(json.dumps({"op": "watch", "id": "v", "view": ""}))
            panel = next(f.panel for f in frames(stream) if f.panel is not None)
        assert (panel["kpis"]["open"], panel["kpis"]["reported"], panel["kpis"]["closed"]) == (1, 1, 0)
        refused = httpx.post(f"{base}/api/v1/records", json=event, timeout=30)
        assert (refused.status_code, refused.json()["reason"]) == (409, "past")
    with closing(open_store(f"sqlite:///{(tmp_path / 'gridcommand.db').as_posix()}", SystemClock())) as store:
        assert store.head() == head


def test_a_demonstration_on_the_store_of_another_district_is_refused_before_it_serves(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'demo.db'}", SystemClock())
    store.put_level(Region.of(["city"], [Area("1", "Elsewhere", "city", box(0, 0, 1, 1))]))
    store.close()
    ended = run("demo", "--port", "8149", GRIDCOMMAND_VAR_DIR=str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith("refused: demo: the store holds Elsewhere")
    assert str(tmp_path / "demo.db") in ended.stderr
    assert "serving" not in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["state", "--at", "2026-05-01T08:00"],
        ["stats"],
        ["cells", "--res", "8"],
        ["locate"],
        ["dead-letters"],
        ["rebuild"],
        ["region", "check"],
    ],
)
def test_a_command_that_reads_makes_no_store(words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "typo.db"
    ended = CliRunner().invoke(app, [*words, "--db", f"sqlite:///{file}"], input="")
    assert ended.exit_code == 1, ended.output
    assert ended.stderr == (f"refused: no such store: {file}; import something first or name another with --db\n")
    assert not file.exists()
