"""What a desk says to a server, in few words, over any store and clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dashboard.services import Services
from data.clock import Clock
from data.settings import Settings
from tests.contract.api.api_server import serving, settled

WATER = {"actor": "desk 1", "category": "0307", "severity": 3, "title": "路口积水", "lon": 116.045, "lat": 35.05}
"""Goes by the shipped routing table to a department."""


@dataclass
class Desk:
    """The services and a client of them."""

    services: Services
    http: httpx.Client

    def post(self, path: str, status: int = 200, /, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"/api/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        settled(self.services)
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str, status: int = 200, /, **params: Any) -> dict[str, Any]:
        answer = self.http.get(f"/api/v1{path}", params=params)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def opened(self, **more: Any) -> str:
        id: str = self.post("/incidents", **{**WATER, **more})["incident"]["id"]
        return id

    def move(self, id: str, move: str, role: str, status: int = 200, /, **more: Any) -> dict[str, Any]:
        return self.post(f"/incidents/{id}/moves", status, move=move, role=role, actor=f"{role} 1", **more)


@contextmanager
def desk_on(url: str, folder: Path, clock: Clock, *, shown: Clock | None = None, fill: bool = True) -> Iterator[Desk]:
    """A server on the store at `url`; `shown` is the screens' clock where they show the past."""
    settings = Settings(database_url=url, var_dir=folder, silence_poll_s=0.2)
    with serving(settings, clock, fill=fill, shown=shown) as server:
        assert server.services.reader.wait(30)
        settled(server.services)
        yield Desk(server.services, server.client)
