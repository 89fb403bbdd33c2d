"""A server per test, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from data.clock import SystemClock
from data.settings import Settings
from tests.contract.api.api_server import Server, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'api.db'}", silence_poll_s=0.2)
    with serving(settings, SystemClock()) as running:
        yield running


@pytest.fixture
def client(server: Server) -> httpx.Client:
    return server.client
