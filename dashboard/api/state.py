"""What was true at a past moment: the answer of `app.py state --at`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown
from dashboard.api.fields import Moment
from dashboard.services import Services
from data.casework import ClockState
from layers.columns import ms
from layers.state_at import StateAt, state_of

router = APIRouter(tags=["incidents"])


class CaseAtBody(BaseModel):
    """Where the case of an open incident stood. `clock`: its running clock with the earliest deadline; null: none."""

    id: str
    workflow: str
    step: str
    owner: str
    clock: ClockState | None


class StateBody(BaseModel):
    """Open incidents and busy units at a moment, ids in ascending order; how their cases stood."""

    at: datetime
    open: int
    open_ids: list[str]
    busy_units: int
    busy_unit_ids: list[str]
    overdue: int
    warning: int
    suspended: int
    cases: list[CaseAtBody]

    model_config = shown(
        {
            "at": "2026-05-01T00:00:00Z",
            "open": 1,
            "open_ids": ["D-7KQ2M4XA"],
            "busy_units": 1,
            "busy_unit_ids": ["E07"],
            "overdue": 1,
            "warning": 0,
            "suspended": 0,
            "cases": [
                {
                    "id": "D-7KQ2M4XA",
                    "workflow": "grid-5",
                    "step": "assigned",
                    "owner": "330106001",
                    "clock": "overdue",
                }
            ],
        }
    )


@router.get("/state", summary="Open incidents and busy units at a moment", responses=refusals(400, 503))
def state(
    services: ServicesDep,
    at: Annotated[Moment | None, Query(description="The moment, with its offset; default: now")] = None,
) -> StateBody:
    """With the cases of open incidents. Without `at`: what the screens show. The first question after another time
    reads the timeline's history, about 3 s for 100,000 records; further ones take some ten milliseconds."""
    t = services.clock.now() if at is None else at
    found = _now(services, t) if at is None else _then(services, t)
    return StateBody(
        at=t,
        open=len(found.open_ids),
        open_ids=list(found.open_ids),
        busy_units=len(found.busy_unit_ids),
        busy_unit_ids=list(found.busy_unit_ids),
        overdue=found.overdue,
        warning=found.warning,
        suspended=found.suspended,
        cases=[
            CaseAtBody(id=each.id, workflow=each.workflow, step=each.step, owner=each.owner, clock=each.clock)
            for each in found.cases
        ],
    )


def _now(services: Services, t: datetime) -> StateAt:
    if not services.past:
        services.reader.follow()  # what was answered a moment ago is in it
    with services.reader.reading() as state:
        return state_of(state, services.store, t, services.timeline)


def _then(services: Services, t: datetime) -> StateAt:
    past = services.replays.past(services.timeline)
    past.seek(ms(t))
    with past.reading() as state:
        return state_of(state, services.store, t, services.timeline)
