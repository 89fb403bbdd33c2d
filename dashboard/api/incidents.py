"""Incidents: the list, and one with its life."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from dashboard.api import directory
from dashboard.api.commands import INCIDENT
from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.directory import Wanted
from dashboard.api.fields import IncidentId, Moment
from dashboard.api.incident_bodies import Listed
from dashboard.api.life import DuplicateBody, IncidentLife, life
from data.casework import ClockState
from data.errors import BadInput
from data.records import IncidentState

router = APIRouter(tags=["incidents"])

_STATE = "|".join(IncidentState)


class Incidents(BaseModel):
    """Newest first. `total` counts all that match, before the limit."""

    incidents: list[Listed]
    total: int


@router.get("/incidents", summary="Incidents, newest first", responses=refusals(400, 404, 503))
def incidents(
    services: ServicesDep,
    area: Annotated[str, Query(max_length=200, description="Code of an area: only what lies in it")] = "",
    state: Annotated[
        str,
        Query(
            description="open, dispatched, on_scene, closed, comma-separated; active: not closed",
            json_schema_extra={"pattern": f"^(|active|({_STATE})(,({_STATE}))*)$"},
        ),
    ] = "",
    owner: Annotated[str, Query(max_length=200, description="Only cases of this owner")] = "",
    workflow: Annotated[str, Query(max_length=100, description="Only cases of this workflow")] = "",
    step: Annotated[str, Query(max_length=100, description="Only cases in this step")] = "",
    clock: Annotated[
        Literal["", "overdue", "warning", "paused"],
        Query(description="Only cases whose earliest deadline has passed, is near, or stands still"),
    ] = "",
    q: Annotated[str, Query(max_length=100, description="Part of the id or of a title")] = "",
    closed_since: Annotated[Moment | None, Query(description="Only those closed at this time or later")] = None,
    limit: Annotated[int, Query(ge=1, le=5000, description="Most that are listed")] = 200,
) -> Incidents:
    """From the live state. On a server that shows a past time states are those of that time; owner, workflow, step and
    clock are those of the case now: `GET /incidents/{id}` has the case of that time."""
    wanted = Wanted(area, _states(state), owner, workflow, step, ClockState(clock) if clock else None, q, closed_since)
    found, total = directory.incidents(services, wanted, limit)
    return Incidents(incidents=found, total=total)


class Duplicates(BaseModel):
    """Incidents that may be the same matter, the likeliest first."""

    duplicates: list[DuplicateBody]


@router.get(
    "/incidents/duplicates",
    summary="Look-alikes of an incident that is about to be opened",
    responses=refusals(400, 503),
)
def duplicates(
    services: ServicesDep,
    category: Annotated[str, Query(min_length=1, max_length=200, description="Its class")],
    lon: Annotated[float, Query(ge=-180, le=180, description="Degrees, WGS 84")],
    lat: Annotated[float, Query(ge=-90, le=90, description="Degrees, WGS 84")],
) -> Duplicates:
    """By class, distance and time, among what is open now."""
    found = directory.alike_to(services, category, lon, lat)
    return Duplicates(duplicates=[DuplicateBody.of(*pair) for pair in found])


@router.get(INCIDENT, summary="One incident and its life", responses=refusals(400, 404, 503))
def incident(
    id: IncidentId,
    services: ServicesDep,
    skills: Annotated[
        str, Query(max_length=500, description="Skills that a unit must have beside those the class needs, by comma")
    ] = "",
    candidates: Annotated[int, Query(ge=1, le=50, description="Candidates for each thing that is needed")] = 5,
    excluded: Annotated[int, Query(ge=0, le=5000, description="Excluded units listed, nearest first")] = 40,
) -> IncidentLife:
    also = frozenset(part.strip() for part in skills.split(",") if part.strip())
    return life(services, id, also=also, candidates=candidates, excluded=excluded)


def _states(raw: str) -> frozenset[IncidentState]:
    """The states asked for; empty: all."""
    if not raw:
        return frozenset()
    if raw == "active":
        return frozenset(IncidentState) - {IncidentState.CLOSED}
    try:
        return frozenset(IncidentState(part) for part in raw.split(","))
    except ValueError:
        known = ", ".join(IncidentState)
        raise BadInput(f"state: {raw[:60]!r}; expected {known}, several with commas, or active") from None
