"""Exercises: scenarios, drills, and the acts of those who run, play and judge one.

Each act is one record of the drill's timeline; answered is the drill as it stands afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as Folder
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from dashboard.api.deps import COMMAND, ServicesDep, refusals, seal
from dashboard.api.drill_acts import Acknowledge, Add, Fire, Go, Make, Noted, Rating, Skip
from dashboard.api.drill_bodies import As, DrillBody, DrillStateBody, ScenarioBody
from dashboard.services import Services
from data.errors import BadInput, NotFound
from data.exercise import DRILL
from replay.drill import Drill
from replay.drill_sessions import DrillSessions
from replay.drill_state import DrillState
from replay.inject_text import inject_text
from replay.scenario_file import BadScenario
from replay.scenario_list import Stage, scenario, scenarios

router = APIRouter(tags=["drills"])

MOST_NAMED = 64
"""Characters of a timeline's name: a view has no room for more."""

Timeline = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]*$", description="The drill's timeline")]
Sealed = [Depends(seal)]
"""The answer says that it is of an exercise."""

DRILL_PATH = "/drills/{timeline}"


@router.get("/drills/scenarios", summary="Scenarios that can be played", responses=refusals(503))
def scenario_list(services: ServicesDep) -> list[ScenarioBody]:
    """The operator's own, in the folder `scenarios` beside the store's files, then those that ship. One with a fault is
    listed with all its faults."""
    return [ScenarioBody.of(each) for each in scenarios(_own(services), _stage(services))]


@router.get("/drills", summary="Drills of this store", responses=refusals(503))
def drill_list(services: ServicesDep) -> list[DrillBody]:
    """In the order of their names, those that are over too."""
    return [DrillBody.of(session.state, session.now()) for session in _drills(services).all()]


@router.post("/drills", status_code=201, summary="Make a drill", responses=COMMAND, dependencies=Sealed)
def make_drill(body: Make, services: ServicesDep) -> DrillStateBody:
    """On a timeline `drill:<scenario>` of its own, or `drill:<scenario>:<run>`. It is prepared and waits for its
    start."""
    try:
        chosen = scenario(body.scenario, _own(services), _stage(services))
    except BadScenario as error:
        zh = "；".join(fault.zh for fault in error.problems)
        raise BadInput("; ".join(error.problems), zh=f"想定有 {len(error.problems)} 处错误：{zh}") from None
    if len(f"{DRILL}{chosen.id}:{body.run}") > MOST_NAMED:
        raise BadInput(
            f"run: the drill's name would have more than {MOST_NAMED} characters; take a shorter one",
            zh=f"演练名称超过 {MOST_NAMED} 个字符，请缩短批次名称",
        )
    drills = _drills(services)
    timeline = drills.make(chosen, actor=body.actor, run=body.run, seed=body.seed, policy_name=body.policy)
    return _told(drills, timeline)


@router.get(DRILL_PATH, summary="How a drill stands", responses=refusals(400, 404, 503), dependencies=Sealed)
def drill_state(
    timeline: Timeline,
    services: ServicesDep,
    role: Annotated[As, Query(description="A player gets what came in, and nothing that is planned")] = "controller",
) -> DrillStateBody:
    return _told(_drills(services), timeline, role)


@router.post(DRILL_PATH + "/start", summary="Start a drill", responses=COMMAND, dependencies=Sealed)
def start_drill(timeline: Timeline, body: Go, services: ServicesDep) -> DrillStateBody:
    """Its clock runs from then on; injects come in at their times."""
    return _act(services, timeline, lambda drill: drill.start(actor=body.actor, rate=body.rate))


@router.post(DRILL_PATH + "/pause", summary="Stop a drill's clock", responses=COMMAND, dependencies=Sealed)
def pause_drill(timeline: Timeline, body: Noted, services: ServicesDep) -> DrillStateBody:
    return _act(services, timeline, lambda drill: drill.pause(actor=body.actor, note=body.note))


@router.post(DRILL_PATH + "/resume", summary="Let a drill run on", responses=COMMAND, dependencies=Sealed)
def resume_drill(timeline: Timeline, body: Go, services: ServicesDep) -> DrillStateBody:
    return _act(services, timeline, lambda drill: drill.resume(actor=body.actor, rate=body.rate))


@router.post(DRILL_PATH + "/end", summary="End a drill for good", responses=COMMAND, dependencies=Sealed)
def end_drill(timeline: Timeline, body: Noted, services: ServicesDep) -> DrillStateBody:
    """Ratings may still come."""
    return _act(services, timeline, lambda drill: drill.end(actor=body.actor, note=body.note))


@router.post(DRILL_PATH + "/fire", summary="Put an inject in now", responses=COMMAND, dependencies=Sealed)
def fire_inject(timeline: Timeline, body: Fire, services: ServicesDep) -> DrillStateBody:
    return _act(services, timeline, lambda drill: drill.fire(body.inject, actor=body.actor))


@router.post(DRILL_PATH + "/skip", summary="Leave an inject out", responses=COMMAND, dependencies=Sealed)
def skip_inject(timeline: Timeline, body: Skip, services: ServicesDep) -> DrillStateBody:
    return _act(services, timeline, lambda drill: drill.skip(body.inject, actor=body.actor, note=body.note))


@router.post(DRILL_PATH + "/add", summary="Add an inject", responses=COMMAND, dependencies=Sealed)
def add_inject(timeline: Timeline, body: Add, services: ServicesDep) -> DrillStateBody:
    """Refused with all that is wrong with it."""
    text = inject_text(body.inject.values())
    try:
        return _act(services, timeline, lambda drill: drill.add(text, actor=body.actor))
    except BadScenario as error:
        line = "; ".join(problem.split(": ", 1)[-1] for problem in error.problems)
        raise BadInput(line, zh=f"追加的注入不合要求：{line}") from None


@router.post(DRILL_PATH + "/acknowledge", summary="Take note of a message", responses=COMMAND, dependencies=Sealed)
def acknowledge_inject(timeline: Timeline, body: Acknowledge, services: ServicesDep) -> DrillStateBody:
    """Of a player; who was first counts."""
    return _act(
        services, timeline, lambda drill: drill.acknowledge(body.inject, actor=body.actor, note=body.note), "player"
    )


@router.post(DRILL_PATH + "/rate", summary="Rate an objective", responses=COMMAND, dependencies=Sealed)
def rate_objective(timeline: Timeline, body: Rating, services: ServicesDep) -> DrillStateBody:
    """Of an evaluator, at any time; a later one of the same evaluator replaces the former."""
    return _act(
        services, timeline, lambda drill: drill.rate(body.objective, body.rating, actor=body.actor, note=body.note)
    )


def _act(
    services: Services, timeline: str, work: Callable[[Drill], DrillState], role: As = "controller"
) -> DrillStateBody:
    drills = _drills(services)
    drills.act(timeline, work)
    return _told(drills, timeline, role)


def _told(drills: DrillSessions, timeline: str, role: As = "controller") -> DrillStateBody:
    session = drills(timeline)
    with session.log() as log:
        return DrillStateBody.in_full(log, session.now(), role)


def _drills(services: Services) -> DrillSessions:
    if services.drills is None:
        raise NotFound("this server has no exercises", zh="本服务器不提供演练")
    return services.drills


def _own(services: Services) -> Folder:
    return services.settings.var_dir / "scenarios"


def _stage(services: Services) -> Stage:
    """What scenarios have to fit here: the real region, units and sites."""
    live = services.live or services
    with live.reader.reading() as state:
        names = state.extras.category_names
        return Stage(
            state.region, live.book, set(names) or None, {row.id for row in state.units.rows}, set(state.sites)
        )  # fmt: skip
