"""What walls show: the scene of an incident by an officer's push, and taking a wall off it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dashboard.api.deps import COMMAND, ServicesDep, refusals
from dashboard.api.examples import shown, taken
from dashboard.api.fields import Actor, Id, Key, KeyHeader, Role
from dashboard.services import Services
from data.records import LIVE
from dispatch.scenes import WALL_MAX
from layers import scenes
from layers.columns import ms

router = APIRouter(tags=["walls"])

Wall = Annotated[
    str,
    Field(
        max_length=WALL_MAX,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Name of the wall's seat (`seat=` in its address), empty: every wall",
    ),
]


class ToWall(BaseModel):
    """What a wall is told about an incident."""

    actor: Actor
    role: Role = "dispatcher"
    incident: Id
    wall: Wall = ""
    key: Key = None


class Show(ToWall):
    """The incident whose scene a wall is to show."""

    model_config = taken({"incident": "D-7KQ2M4XA", "wall": "", "actor": "desk 3", "key": "51b0"})


class Leave(ToWall):
    """The incident that a wall is to show no longer."""

    model_config = taken({"incident": "D-7KQ2M4XA", "wall": "", "actor": "wall", "key": "51b1"})


class WallBody(BaseModel):
    """A wall. `incident`: whose scene it shows, empty where it shows the district; `why`: pushed, or major where it
    went there by itself; `actor` pushed it, `since` when. `there`: it is being looked at now."""

    wall: str
    there: bool
    incident: str
    why: str
    actor: str
    since: datetime | None

    model_config = shown(
        {
            "wall": "", "there": True, "incident": "D-7KQ2M4XA", "why": "pushed", "actor": "desk 3",
            "since": "2026-05-01T00:00:00Z",
        }
    )  # fmt: skip


class Walls(BaseModel):
    """Walls by name; the first, without one, stands for every wall that was not spoken to by its own name."""

    walls: list[WallBody]


class SceneDone(BaseModel):
    """`repeated`: the wall had been told so before, nothing was changed now."""

    seq: int
    repeated: bool

    model_config = shown({"seq": 104240, "repeated": False})


@router.get("/scenes", summary="What each wall shows", responses=refusals(404, 503))
def walls(services: ServicesDep) -> Walls:
    """Walls that are looked at now, by their seats' names, and those that were told something."""
    t = ms(services.clock.now())
    with services.reader.reading() as state:
        held = scenes.build(state, t)
    there = _there(services, t)
    names = ["", *sorted({*there, *held} - {""})]
    return Walls(walls=[_body(name, name in there or not name, held.get(name, held[scenes.EVERY])) for name in names])


@router.post("/scenes", summary="Show an incident's scene on a wall", responses=COMMAND)
def show(body: Show, services: ServicesDep, key: KeyHeader = None) -> SceneDone:
    """A record of the log: who pushed what, where, when. Refused for an incident that is closed or part of another."""
    done = services.dispatcher.show_scene(
        body.incident, body.wall, actor=body.actor, role=body.role, key=body.key or key
    )
    return SceneDone(seq=done.seq, repeated=done.repeated)


@router.post("/scenes/leave", summary="Take a wall off an incident's scene", responses=COMMAND)
def leave(body: Leave, services: ServicesDep, key: KeyHeader = None) -> SceneDone:
    """By the desk that pushed it, or at the wall. The wall shows what it showed before, and goes to that incident by
    itself no more."""
    done = services.dispatcher.leave_scene(
        body.incident, body.wall, actor=body.actor, role=body.role, key=body.key or key
    )
    return SceneDone(seq=done.seq, repeated=done.repeated)


def _there(services: Services, t: float) -> set[str]:
    """Names of the walls that look at live work now."""
    if services.timeline != LIVE or services.replaying or services.seats is None:
        return set()
    return {seat.seat for seat in services.seats.at(t) if seat.page == "/"}


def _body(wall: str, there: bool, scene: scenes.Json | None) -> WallBody:
    if scene is None:
        return WallBody(wall=wall, there=there, incident="", why="", actor="", since=None)
    since = datetime.fromtimestamp(scene["since"] / 1000.0, UTC)
    told = {name: scene[name] for name in ("incident", "why", "actor")}
    return WallBody(wall=wall, there=there, since=since, **told)
