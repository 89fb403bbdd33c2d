"""The commands of a desk on an incident and its case."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from dashboard.api.command_bodies import (
    Arrive,
    Close,
    Dispatch,
    FileCase,
    Merge,
    Move,
    Open,
    Recall,
    Split,
    pieces,
)
from dashboard.api.deps import COMMAND, ServicesDep
from dashboard.api.fields import IncidentId, KeyHeader
from dashboard.api.incident_bodies import IncidentDone
from dashboard.api.known_owners import check_owner
from dashboard.services import Services
from data.records import Recommended
from dispatch.runner import Done

router = APIRouter(tags=["commands"])

INCIDENT = "/incidents/{id:path}"  # an id of a source may hold slashes


_OPENED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Opened",
        "links": {
            name: {"operationId": operation, "parameters": {"id": "$response.body#/incident/id"}}
            for name, operation in (
                ("life", "incident"),
                ("move", "move"),
                ("dispatch", "dispatch"),
                ("arrive", "arrive"),
                ("recall", "recall"),
                ("merge", "merge"),
                ("split", "split"),
                ("close", "close"),
                ("file", "file_case"),
            )
        },
    }
}


def _done(done: Done, services: Services) -> IncidentDone:
    return IncidentDone.of(done, services.clock.now(), services.book.calendars)


@router.post("/incidents", summary="Open an incident", responses={**COMMAND, **_OPENED})
def open_incident(body: Open, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    check_owner(services, body.owner)
    asked = body.model_dump(exclude={"owner", "key"})
    return _done(services.dispatcher.open(**asked, owner=body.owner or None, key=body.key or key), services)


@router.post(INCIDENT + "/file", summary="Make a case of an incident", responses=COMMAND)
def file_case(id: IncidentId, body: FileCase, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    """Incidents of feeds become cases by themselves; this is for one that did not, or that a person places at once."""
    check_owner(services, body.owner, id)
    done = services.dispatcher.file(
        id, workflow=body.workflow, owner=body.owner or None, reason=body.reason, **body.common(key)
    )
    return _done(done, services)


@router.post(INCIDENT + "/moves", summary="Make a move of the case's workflow", responses=COMMAND)
def move(id: IncidentId, body: Move, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    """Assign, accept, return, start, extend, suspend, resume, answer, verify, rework, close, appeal: whatever the
    workflow has. Refused with what is possible instead."""
    check_owner(services, body.owner, id)
    done = services.dispatcher.move(
        id,
        body.move,
        owner=body.owner,
        reason=body.reason,
        rule=body.rule,
        note=body.note,
        evidence=pieces(body.evidence),
        by=body.by,
        **body.common(key),
    )
    return _done(done, services)


@router.post(INCIDENT + "/dispatch", summary="Send units", responses=COMMAND)
def dispatch(id: IncidentId, body: Dispatch, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    """Of two desks that send the same unit, one gets 200 and the other 409 with who sent it and when."""
    done = services.dispatcher.dispatch(
        id,
        body.units,
        note=body.note,
        recommended=[Recommended(**each.model_dump()) for each in body.recommended],
        basis=body.basis,
        reason=body.reason,
        **body.common(key),
    )
    return _done(done, services)


@router.post(INCIDENT + "/recall", summary="Call units back", responses=COMMAND)
def recall(id: IncidentId, body: Recall, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    return _done(services.dispatcher.recall(id, body.units, reason=body.reason, **body.common(key)), services)


@router.post(INCIDENT + "/arrive", summary="A unit is there", responses=COMMAND)
def arrive(id: IncidentId, body: Arrive, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    return _done(services.dispatcher.arrive(id, body.unit, **body.common(key)), services)


@router.post(INCIDENT + "/merge", summary="Make it part of another incident", responses=COMMAND)
def merge(id: IncidentId, body: Merge, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    return _done(services.dispatcher.merge(id, body.into, note=body.note, **body.common(key)), services)


@router.post(INCIDENT + "/split", summary="Take it out of the incident it is part of", responses=COMMAND)
def split(id: IncidentId, body: Split, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    return _done(services.dispatcher.split(id, note=body.note, **body.common(key)), services)


@router.post(INCIDENT + "/close", summary="Close and release the units", responses=COMMAND)
def close(id: IncidentId, body: Close, services: ServicesDep, key: KeyHeader = None) -> IncidentDone:
    """A case is closed by its workflow's closing move; refused where the workflow does not allow it yet."""
    done = services.dispatcher.close(
        id, disposition=body.disposition, note=body.note, evidence=pieces(body.evidence), **body.common(key)
    )
    return _done(done, services)
