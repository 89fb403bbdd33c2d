"""Units and their status."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dashboard.api import directory
from dashboard.api.bodies import UnitBody
from dashboard.api.deps import COMMAND, ServicesDep, refusals
from dashboard.api.examples import taken
from dashboard.api.fields import Command, KeyHeader, Text, UnitId
from data.records import UnitStatus

router = APIRouter(tags=["units"])


class Units(BaseModel):
    """Units in id order."""

    units: list[UnitBody]
    total: int


class StatusChange(Command):
    """A unit's new status, from a desk. Sending a unit is a dispatch of an incident, not a status."""

    status: UnitStatus
    reason: Text = Field("", description="Needed for out_of_service")

    model_config = taken({"status": "out_of_service", "actor": "desk 3", "reason": "flat tyre", "key": "a1b2"})


class UnitDone(BaseModel):
    """The unit after the command. `repeated`: the same key had done it before."""

    unit: UnitBody
    seq: int
    repeated: bool


@router.get("/units", summary="All units", responses=refusals(404, 503))
def units(
    services: ServicesDep,
    status: Annotated[UnitStatus | None, Query(description="Only units with this status")] = None,
    kind: Annotated[str, Query(description="Only units of this kind")] = "",
    within: Annotated[str, Query(description="Code of an area: only units with duty in it or below")] = "",
    limit: Annotated[int, Query(ge=1, le=20_000, description="Most that are listed")] = 5000,
) -> Units:
    inside = directory.codes_within(services, within) if within else None
    found = [
        unit
        for unit in directory.units(services)
        if (status is None or unit.status is status)
        and (not kind or unit.kind == kind)
        and (inside is None or unit.duty_area in inside)
    ]
    found.sort(key=lambda unit: unit.id)
    return Units(units=[UnitBody.of(unit) for unit in found[:limit]], total=len(found))


@router.post(
    "/units/{id:path}/status",
    tags=["commands"],
    summary="Set a unit's status from a desk",
    responses=COMMAND,
)
def set_status(id: UnitId, change: StatusChange, services: ServicesDep, key: KeyHeader = None) -> UnitDone:
    done = services.dispatcher.set_unit_status(id, change.status, reason=change.reason, **change.common(key))
    assert done.unit is not None
    return UnitDone(unit=UnitBody.of(done.unit), seq=done.seq, repeated=done.repeated)
