"""A real server on a random loopback port over an embedded store with a small region."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import uvicorn
from shapely.geometry import box

from cli.serve import listening, running_services
from dashboard.server import create_app
from dashboard.services import Services
from data.clock import Clock
from data.records import Kind, Record, SitePayload, UnitPayload, UnitPosition
from data.settings import Settings
from geo.area import Area, Region

WEST, SOUTH = 116.0, 35.0


def small_region() -> Region:
    """One district of two towns, each of two grids side by side, 0.1 degree wide."""
    areas = [Area("37", "测试区", "district", box(WEST, SOUTH, WEST + 0.4, SOUTH + 0.1), None, "Test District")]
    for t in range(2):
        west = WEST + 0.2 * t
        town = f"37{t + 1}"
        areas.append(Area(town, f"{t + 1}镇", "town", box(west, SOUTH, west + 0.2, SOUTH + 0.1), "37", f"Town {t + 1}"))
        for g in range(2):
            square = box(west + 0.1 * g, SOUTH, west + 0.1 * (g + 1), SOUTH + 0.1)
            areas.append(Area(f"{town}{g + 1}", f"{g + 1}网格", "grid", square, town))
    return Region.of(("district", "town", "grid"), areas)


def inventory(clock: Clock) -> list[Record]:
    """Three units with positions, one without; three cameras in a row with known and unknown bearings; a shelter."""
    now = clock.now() - timedelta(seconds=30)
    out: list[Record] = []
    for n, lon in enumerate((116.05, 116.15, 116.35, None), 1):
        id = f"E0{n}"
        payload = UnitPayload(name=f"消防车 {n}", unit_kind="fire_engine", skills=("fire",), area="371")
        out.append(Record(Kind.UNIT, "roster", id, now, payload))
        if lon is not None:
            out.append(Record(Kind.UNIT_POSITION, "gps", f"p{n}", now, UnitPosition(unit=id), lon=lon, lat=35.05))
    for id, lon, bearing in (("C1", 116.04, 90.0), ("C2", 116.041, 270.0), ("C3", 116.045, None)):
        camera = SitePayload(name=id, site_kind="camera", bearing=bearing, fov=60.0)
        out.append(Record(Kind.SITE, "cameras", id, now, camera, lon=lon, lat=35.05))
    shelter = SitePayload(name="S1", site_kind="shelter")
    out.append(Record(Kind.SITE, "shelters", "S1", now, shelter, lon=116.3, lat=35.05))
    return out


@dataclass
class Server:
    """A running server, its services and a client of it."""

    services: Services
    client: httpx.Client
    port: int


@contextmanager
def serving(
    settings: Settings, clock: Clock, *, fill: bool = True, shown: Clock | None = None, port: int = 0
) -> Iterator[Server]:
    """Serve while inside the block, on any free port unless one is named. `shown`: the screens' clock, where they show
    the past."""
    with listening("127.0.0.1", port) as listener, running_services(settings, clock, shown=shown) as services:
        if fill:
            services.store.put_level(small_region())
            services.store.append(inventory(clock))
            settled(services)
        port = listener.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(create_app(services), log_config=None, access_log=False, ws_per_message_deflate=False)
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            eventually(lambda: server.started)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, verify=False) as client:
                yield Server(services, client, port)
        finally:
            server.should_exit = True
            thread.join()


def settled(services: Services) -> None:
    """Wait until the live state contains all that the log has, and the region."""
    eventually(lambda: services.reader.seq == services.store.head())

    def shown() -> bool:
        with services.reader.reading() as state:
            return len(state.region.areas) == len(services.store.region().areas)

    eventually(shown)


def eventually(true: object, timeout_s: float = 60.0) -> None:
    """Wait for a condition. Fails with its name when it does not come."""
    assert callable(true)
    until = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < until, f"not within {timeout_s} s: {true}"
        time.sleep(0.02)
