"""The real server on the demonstration district, and windows on it that report what went wrong in them."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
START_S = 300

SHOWN = "/api/v1/incidents?limit=1"
"""Answered with a total as soon as the server has its live state; a page opened before may hear 503 and say so."""


class Server:
    """A `demo` or `serve` process of our own."""

    def __init__(
        self, var: Path, command: str, *options: str, program: Path = ROOT / "app.py", port: int | None = None
    ) -> None:
        if port is None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = var / f"{command}.log"
        environment = {**os.environ, "GRIDCOMMAND_VAR_DIR": str(var), "GRIDCOMMAND_DATABASE_URL": ""}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(program), command, "--port", str(port), *options],
                stdout=log,
                stderr=log,
                cwd=var,
                env=environment,
            )

    def get(self, path: str) -> Any:
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 503:  # "not ready" says in its body what it lacks
                raise
            with error:
                return json.load(error)

    def give(self, path: str, body: Any) -> Any:
        data, headers = json.dumps(body).encode(), {"content-type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", data, headers), timeout=60) as answer:
            return json.load(answer)

    def until(self, path: str, true: Callable[[Any], bool]) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            try:
                if true(self.get(path)):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            time.sleep(0.5)
        raise AssertionError(
            f"{path} is not as expected after {START_S} s: {self.log.read_text(errors='replace')[-2000:]}"
        )

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(60)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Server]:
    """The demonstration district, living."""
    server = Server(tmp_path_factory.mktemp("demo"), "demo")
    try:
        server.until("/readyz", lambda ready: bool(ready["ready"]))
        server.until("/api/v1/incidents?state=active&limit=1", lambda found: found.get("total", 0) > 0)
        yield server
    finally:
        server.stop()


def copy_of(demo: Server, var: Path) -> str:
    """The URL of a copy of its store in `var`."""
    with (
        closing(sqlite3.connect(demo.log.parent / "demo.db")) as living,
        closing(sqlite3.connect(var / "copy.db")) as copy,
    ):
        living.backup(copy)
    return f"sqlite:///{var / 'copy.db'}"


@pytest.fixture
def preparing(demo: Server, tmp_path: Path) -> Iterator[Server]:
    """A server that is still preparing, on a store that has areas, feeds and incidents already. It is done when the
    file `done` lies beside its log."""
    server = Server(
        tmp_path, "serve", "--db", copy_of(demo, tmp_path), program=Path(__file__).with_name("slow_start.py")
    )
    try:
        server.until("/readyz", lambda ready: ready["step"] == "district")
        server.until("/api/v1/region", lambda region: bool(region.get("levels")))
        server.until(SHOWN, lambda found: found.get("total", 0) > 0)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def past(demo: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demonstration district as it was two hours ago, from a copy of its store."""
    var = tmp_path_factory.mktemp("past")
    copy_of(demo, var)
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    server = Server(var, "serve", "--db", f"sqlite:///{var / 'copy.db'}", "--at", at)
    try:
        server.until("/readyz", lambda ready: bool(ready["ready"]))
        server.until("/api/v1/region", lambda region: bool(region.get("levels")))
        server.until(SHOWN, lambda found: "total" in found)
        yield server
    finally:
        server.stop()


@pytest.fixture
def broken_server(tmp_path: Path, browser: Any) -> Iterator[Server]:
    """A first start whose inbox has a mapping that cannot be read: its preparation fails."""
    folder = tmp_path / "inbox" / "calls"
    folder.mkdir(parents=True)
    (folder / "mapping.toml").write_text("source = 7\n", encoding="utf-8")
    server = Server(tmp_path, "serve")
    try:
        server.until("/readyz", lambda ready: bool(ready["failed"]))
        server.until(SHOWN, lambda found: "total" in found)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Server]:
    """A first start: no region, no record."""
    server = Server(tmp_path_factory.mktemp("empty"), "serve")
    try:
        server.until("/readyz", lambda ready: bool(ready["ready"]))
        server.until(SHOWN, lambda found: "total" in found)
        yield server
    finally:
        server.stop()


class Window:
    """A page, the addresses it asked for, and what it complained of."""

    def __init__(self, context: Any, server: Server, width: int = 1200, height: int = 720) -> None:
        self.server = server
        self.context = context
        self.page = context.new_page()
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.set_default_timeout(90_000)
        self.problems: list[str] = []
        self.foreign: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.page.on("request", self._asked)
        self.page.on("websocket", lambda socket: self._named(socket.url))

    def _asked(self, request: Any) -> None:
        self._named(request.url)

    def _named(self, url: str) -> None:
        here = self.server.url.removeprefix("http://")
        if not url.startswith((f"http://{here}/", f"ws://{here}/", "blob:http://127.0.0.1", "data:")):
            self.foreign.append(url)

    def open(self, path: str) -> Any:
        self.page.goto(f"{self.server.url}{path}")
        self.page.wait_for_selector("#crumbs > *")
        return self.page

    def wall(self, query: str = "") -> Any:
        """The wall, once it shows figures."""
        self.open(f"/{query}")
        self.page.wait_for_selector("#kpi-reported[data-value]", state="attached")
        return self.page

    def desk(self, query: str = "") -> Any:
        """The desk, once it lists incidents."""
        self.open(f"/desk{query}")
        self.page.wait_for_selector("#incident-grid .ag-row")
        return self.page

    def first_incident(self) -> None:
        """Take the first incident of the list in hand, by key; a key before the list listens is pressed again."""
        from playwright.sync_api import TimeoutError as Timeout

        end = time.monotonic() + 90
        while True:
            self.page.keyboard.press("ArrowDown")
            try:
                self.page.wait_for_selector("#detail h2", timeout=3_000)
                return
            except Timeout:
                if time.monotonic() > end:
                    raise

    def crumbs(self) -> list[str]:
        return list(self.page.locator("#crumbs .crumb").all_inner_texts())

    def query(self) -> str:
        return str(self.page.evaluate("location.search"))


def forget(window: Window) -> None:
    """Nothing that a page of this server kept before is there."""
    window.context.clear_cookies()
    inspector = window.context.new_cdp_session(window.page)
    inspector.send("Storage.clearDataForOrigin", {"origin": window.server.url, "storageTypes": "local_storage"})
    inspector.detach()


@pytest.fixture(scope="session")
def contexts(browser: Any) -> Iterator[list[Any]]:
    """Browsers of several persons: the nth window of each test has the nth. They outlive the tests, so that scripts are
    loaded and compiled once."""
    made: list[Any] = []
    yield made
    for each in made:
        each.close()


@pytest.fixture
def window(browser: Any, contexts: list[Any]) -> Iterator[Callable[..., Window]]:
    """Opens windows; afterwards none of them may have failed or asked for anything outside. One that is `cold` has
    loaded nothing before."""
    opened: list[Window] = []
    cold_ones: list[Any] = []

    def make(server: Server, *, cold: bool = False, **size: int) -> Window:
        if cold:
            context = browser.new_context(reduced_motion="reduce")
            cold_ones.append(context)
        else:
            while len(contexts) <= len(opened):
                contexts.append(browser.new_context(reduced_motion="reduce"))
            context = contexts[len(opened)]
        one = Window(context, server, **size)
        opened.append(one)
        forget(one)
        return one

    yield make
    for context in [*contexts, *cold_ones]:
        for page in context.pages:
            page.close()
    for context in cold_ones:
        context.close()
    assert [each.problems for each in opened if each.problems] == []
    assert [each.foreign for each in opened if each.foreign] == []
