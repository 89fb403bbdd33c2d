"""Forks: what would have been, beside what was. They are made on the command line (`app.py replay fork`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown
from dashboard.api.travel import roads_in
from replay.comparison import about, of_logs
from replay.fork import Fork, forks

router = APIRouter(tags=["replays"])

Timeline = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]*$", description="The fork's timeline")]
Beside = Annotated[
    str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Another fork of the same moment, as the baseline")
]


class ForkBody(BaseModel):
    """A fork: of which timeline, from which moment on, and who decides on it."""

    timeline: str
    parent: str
    at: datetime = Field(description="Where it leaves its parent")
    until: datetime | None = Field(description="How far it was played without people")
    policy: str
    travel: str = Field(description="How units travel: on roads, or as history recorded")
    seed: int
    actor: str
    zh: str
    en: str
    made_at: datetime

    model_config = shown(
        {
            "timeline": "fork:20200414T0700",
            "parent": "live",
            "at": "2020-04-14T07:00:00Z",
            "until": "2020-04-15T07:00:00Z",
            "policy": "nearest-by-road",
            "travel": "roads",
            "seed": 0,
            "actor": "zhao",
            "zh": "",
            "en": "",
            "made_at": "2026-05-01T08:00:00Z",
        }
    )


class Forks(BaseModel):
    """All forks, oldest first."""

    forks: list[ForkBody]


@router.get("/forks", summary="Forks: what would have been", responses=refusals(503))
def list_forks(services: ServicesDep) -> Forks:
    """All forks of this store, oldest first."""
    return Forks(forks=[ForkBody(**about(each)) for each in forks(services.store)])


@router.get("/forks/{timeline}", summary="A fork beside its original", responses=refusals(400, 404, 503))
def compare_fork(timeline: Timeline, services: ServicesDep, beside: Beside = "") -> dict[str, Any]:
    """Minutes from report to the first unit on scene, by incident and as p50, p90 and mean: in the original, in the
    fork, and in another fork `beside` as the baseline (docs/replay.md, "What if")."""
    store, settings = services.store, services.settings
    fork = Fork.find(store, timeline)
    other = Fork.find(store, beside) if beside else None
    return of_logs(store, fork, services.book, settings, roads_in(store, settings), services.clock.now(), other)
