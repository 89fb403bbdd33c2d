"""Who cases can belong to, and what each has on its hands."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dashboard.api import case_figures
from dashboard.api.case_bodies import Said
from dashboard.api.deps import ServicesDep, refusals, region_of
from dashboard.api.examples import shown
from dispatch.routing import DISTRICT, TRIAGE
from geo.area import Region

router = APIRouter(tags=["casework"])

_NONE = case_figures.Figures(0, 0, 0, 0, 0)


class OwnerBody(Said):
    """An owner and its open cases. An area's own id is its code."""

    id: str
    kind: str = Field(description="As the routing file says; `queue`, `area`, or `other` for one that it does not name")
    open: int
    overdue: int
    warning: int
    paused: int
    returns: int = Field(description="Returns of its open cases")


class Owners(BaseModel):
    """All owners that the routing table names or that have had a case, by id."""

    owners: list[OwnerBody]

    model_config = shown(
        {
            "owners": [
                {
                    "id": "triage",
                    "zh": "人工分拨",
                    "en": "Triage",
                    "kind": "queue",
                    "open": 3,
                    "overdue": 0,
                    "warning": 1,
                    "paused": 0,
                    "returns": 1,
                }
            ]
        }
    )


@router.get("/owners", summary="Owners and their open cases", responses=refusals(503))
def owners(services: ServicesDep) -> Owners:
    table = services.book.routing
    figures = case_figures.by_owner(services)
    region = region_of(services)
    # An owner that stands for the area itself (`digits`) is none: areas are, each by its code.
    named = {id for id, owner in table.owners.items() if not owner.digits}
    return Owners(
        owners=[
            OwnerBody(
                id=id,
                **_named(id, services, region),
                **{name: getattr(figures.get(id, _NONE), name) for name in ("open", "overdue", "warning", "paused")},
                returns=figures.get(id, _NONE).returns,
            )
            for id in sorted({TRIAGE, DISTRICT, *named, *figures})
        ]
    )


def _named(id: str, services: ServicesDep, region: Region) -> dict[str, str]:
    table = services.book.routing
    known = table.owners.get(id)
    area = region.by_code.get(id)
    if known is None and area is not None:
        return {"zh": area.name, "en": area.name_en or area.name, "kind": "area"}
    kind = known.kind if known is not None else "queue" if id in (TRIAGE, DISTRICT) else "other"
    return {"zh": table.name_of(id, "zh"), "en": table.name_of(id, "en"), "kind": kind}
