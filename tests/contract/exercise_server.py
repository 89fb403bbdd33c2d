"""A server with a small district, and a short exercise in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from data.clock import Clock
from data.records import EventPayload, Kind, Record
from data.settings import Settings
from replay.scenario import Scenario
from replay.scenario_file import parse
from tests.contract.api.api_server import Server, serving, settled
from tests.unit.replay.exercise_world import SCENARIO, master, region

TRIAL = "drill:trial"
API = "/api/v1"


def scenario(text: str = SCENARIO) -> Scenario:
    return parse(text, "trial.toml")


@contextmanager
def exercised(url: str, clock: Clock, **more: Any) -> Iterator[Server]:
    """A running server over a store with the district of the trial exercise. `more`: settings."""
    settings = Settings(database_url=url, silence_poll_s=0.2, tick_min_s=0.02, tick_max_s=0.2, **more)
    with serving(settings, clock, fill=False) as server:
        store = server.services.store
        if not store.region().areas:
            store.put_level(region())
            store.append(master())
        settled(server.services)
        yield server


def made(server: Server, run: str = "", policy: str = "none") -> str:
    """A drill that is prepared and not begun. Returns its timeline."""
    drills = server.services.drills
    assert drills is not None
    return drills.make(scenario(), actor="zhao", run=run, policy_name=policy)


def begun(server: Server, run: str = "", rate: float = 1.0, policy: str = "none") -> str:
    """One that runs."""
    timeline = made(server, run, policy)
    started(server, timeline, rate)
    return timeline


def started(server: Server, timeline: str, rate: float = 1.0) -> None:
    drills = server.services.drills
    assert drills is not None
    drills.act(timeline, lambda drill: drill.start(actor="zhao", rate=rate))


def call(at: object, id: str = "L-1") -> Record:
    """Something real that is reported."""
    return Record(Kind.EVENT, "119", id, at, EventPayload(category="0504", incident=id), 120.005, 33.005)  # type: ignore[arg-type]
