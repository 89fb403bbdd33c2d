"""What the API takes and says about forks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from dashboard.api.drill_acts import Act, Rate
from dashboard.api.examples import shown, taken
from dashboard.api.fields import Line, Moment, Name, Note, Whole
from data.lineage import FORK
from data.records import LIVE
from replay.comparison import about
from replay.fork_state import ForkPhase, ForkState

ID = r"^(|[A-Za-z0-9][A-Za-z0-9_-]{0,47})$"
Policy = Annotated[
    Literal["nearest-by-road", "nearest-straight-line", "as-history", "players"],
    Field(description="Who decides whom to send: a policy, all at once, or people, in the fork's own time"),
]


class MakeFork(Act):
    """Another course of a real timeline from a moment on."""

    of: Name = Field(LIVE, description="The timeline that it leaves: live, or another fork")
    at: Moment = Field(description="Where it leaves: a past moment")
    until: Moment | None = Field(
        None, description="Where it ends, not later than now; left out: a day after it begins, or now"
    )
    policy: Policy
    seed: Whole = Field(0, ge=0, le=2**31 - 1, description="Of what is drawn by chance: how long crews take")
    name: str = Field("", pattern=ID, description="Its timeline is fork:NAME; left out: by its moment")
    zh: Line = Field("", description="What it is called on screens")
    en: Line = ""
    note: Note = Field("", description="What is tried")

    model_config = taken(
        {
            "of": "live",
            "at": "2020-04-14T07:00:00Z",
            "until": "2020-04-14T15:00:00Z",
            "policy": "players",
            "seed": 7,
            "name": "night-shift",
            "note": "若二号站先出动",
            "actor": "zhao",
        }
    )


class GoFork(Act):
    """Let the fork's clock run, or run at another pace."""

    rate: Rate = 1.0

    model_config = taken({"actor": "zhao", "rate": 60})


class ForkBody(BaseModel):
    """A fork: of which timeline, from which moment on, who decides on it, and how far it is."""

    timeline: str
    name: str = Field(description="The timeline without its beginning `fork:`")
    of: str
    at: datetime = Field(description="Where it leaves that timeline")
    until: datetime | None = Field(description="Where it ends")
    policy: str
    travel: str = Field(description="How units travel: on roads, or as history recorded")
    seed: int
    actor: str
    zh: str
    en: str
    note: str
    made_at: datetime
    state: ForkPhase
    now: datetime = Field(description="Its own time; of one that a policy played, its end")
    rate: float = Field(description="Its seconds a second while it runs, else 0")
    progress: float | None = Field(description="While it is made by this server: 0 to 1")
    error: str = Field(description="Why it failed")
    error_zh: str

    model_config = shown(
        {
            "timeline": "fork:night-shift",
            "name": "night-shift",
            "of": "live",
            "at": "2020-04-14T07:00:00Z",
            "until": "2020-04-14T15:00:00Z",
            "policy": "players",
            "travel": "",
            "seed": 7,
            "actor": "zhao",
            "zh": "",
            "en": "",
            "note": "若二号站先出动",
            "made_at": "2026-05-01T08:00:00Z",
            "state": "running",
            "now": "2020-04-14T07:12:30Z",
            "rate": 60.0,
            "progress": None,
            "error": "",
            "error_zh": "",
        }
    )

    @classmethod
    def of_state(cls, state: ForkState, now: datetime) -> ForkBody:
        fork = state.fork
        return cls(
            **about(fork),
            name=fork.timeline.removeprefix(FORK),
            state=state.phase,
            now=now,
            rate=state.rate if state.phase is ForkPhase.RUNNING else 0.0,
            progress=state.progress,
            error=str(state.error or ""),
            error_zh=state.error.zh if state.error else "",
        )


class Forks(BaseModel):
    """All forks, oldest first."""

    forks: list[ForkBody]


class Deleted(BaseModel):
    """What was deleted: a timeline, and how many records it had."""

    timeline: str
    records: int

    model_config = shown({"timeline": "fork:night-shift", "records": 5120})


Comparison = dict[str, Any]
"""Original and fork side by side, as `docs/replay.md` says."""
