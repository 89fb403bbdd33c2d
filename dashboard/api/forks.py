"""Forks: what would have been, beside what was. A policy plays one at once, people play one in its own time."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from dashboard.api.deps import COMMAND, ServicesDep, refusals, seal
from dashboard.api.drill_acts import Act
from dashboard.api.fork_bodies import Comparison, Deleted, ForkBody, Forks, GoFork, MakeFork
from dashboard.services import Services
from data.errors import NotFound
from data.lineage import FORK
from replay.fork_coverage import MINUTES
from replay.fork_hosted import ForkSession
from replay.fork_sessions import ForkSessions

router = APIRouter(tags=["forks"])

Named = Annotated[
    str, Path(max_length=200, pattern=r"^[^\x00]*$", description="The fork's timeline, or its name alone")
]
Beside = Annotated[
    str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Another fork of the same moment, as the baseline")
]
Minutes = Annotated[float, Query(ge=1, le=30, description="Travel time within which a place counts as covered")]
Sealed = [Depends(seal)]
"""The answer says that it is of something that did not happen."""

FORK_PATH = "/forks/{name}"


@router.get("/forks", summary="Forks: what would have been", responses=refusals(503))
def list_forks(services: ServicesDep) -> Forks:
    """All forks of this store, oldest first."""
    found = []
    for session in _forks(services).all():
        with suppress(NotFound):  # deleted meanwhile
            found.append(_told(session))
    return Forks(forks=found)


@router.post("/forks", status_code=201, summary="Make a fork", responses=COMMAND, dependencies=Sealed)
def make_fork(body: MakeFork, services: ServicesDep) -> ForkBody:
    """A fork that a policy plays is made in the background: ask for it until it is `done`. One that people play stands
    at its beginning, `paused`, until somebody starts its clock; desk and wall show it with `timeline=`."""
    return _told(
        _forks(services).make(
            parent=body.of,
            at=body.at,
            until=body.until,
            policy=body.policy,
            seed=body.seed,
            id=body.name,
            actor=body.actor,
            zh=body.zh,
            en=body.en,
            note=body.note,
        )
    )


@router.get(FORK_PATH, summary="How a fork stands", responses=refusals(400, 404, 503), dependencies=Sealed)
def fork_state(name: Named, services: ServicesDep) -> ForkBody:
    return _told(_forks(services)(_timeline(name)))


@router.post(FORK_PATH + "/start", summary="Let a fork's clock run", responses=COMMAND, dependencies=Sealed)
def start_fork(name: Named, body: GoFork, services: ServicesDep) -> ForkBody:
    """At `rate` seconds a second; while it runs, at another rate from now on. It ends by itself."""
    return _told(_forks(services).start(_timeline(name), actor=body.actor, rate=body.rate))


@router.post(FORK_PATH + "/pause", summary="Stop a fork's clock", responses=COMMAND, dependencies=Sealed)
def pause_fork(name: Named, body: Act, services: ServicesDep) -> ForkBody:
    """Commands are taken meanwhile; nothing moves."""
    return _told(_forks(services).pause(_timeline(name), actor=body.actor))


@router.delete(FORK_PATH, summary="Delete a fork", responses=COMMAND, dependencies=Sealed)
def delete_fork(name: Named, services: ServicesDep) -> Deleted:
    """With all its records. Refused while it runs or is made, and while other forks inherit from it."""
    timeline = _timeline(name)
    gone = _forks(services).delete(timeline)
    services.rooms.forget(timeline)
    return Deleted(timeline=timeline, records=gone)


@router.get(
    FORK_PATH + "/comparison",
    summary="A fork beside its original",
    responses=refusals(400, 404, 503),
    dependencies=Sealed,
)
def compare_fork(name: Named, services: ServicesDep, beside: Beside = "", minutes: Minutes = MINUTES) -> Comparison:
    """Minutes from report to the first unit on scene, by incident and as p50, p90 and mean, and what free units cover:
    in the original, in the fork, and as the baseline in history's own choices of units under the fork's assumptions, or
    in another fork `beside` (docs/replay.md, "What if"). Of a fork that runs as far as it is. The first question takes
    seconds."""
    return _forks(services).comparison(_timeline(name), _timeline(beside) if beside else "", minutes)


def _told(session: ForkSession) -> ForkBody:
    return ForkBody.of_state(session.look(), session.now())


def _timeline(name: str) -> str:
    return name if name.startswith(FORK) else FORK + name


def _forks(services: Services) -> ForkSessions:
    forks = (services.live or services).forks
    if forks is None:
        raise NotFound("this server has no forks", zh="本服务器不提供推演")
    return forks
