"""The rejection ledger: who handed which case back, why, and how often."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dashboard.api import case_figures
from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown
from dashboard.api.fields import Moment
from dispatch.rejections import counts, entries

router = APIRouter(tags=["casework"])


class EntryBody(BaseModel):
    """One return. `number` counts the case's returns from 1; the third goes to the district."""

    incident: str
    number: int
    at: datetime
    owner: str = Field(description="Who handed it back")
    actor: str
    reason: str
    rule: str = Field(description="The rule it appealed to, empty for none")
    category: str
    area: str | None
    source: str
    title: str
    title_en: str
    routed_by: str = Field(description="The rule that the case was last routed by")
    now: str = Field(description="Who has it now")
    closed: bool


class Count(BaseModel):
    """How often."""

    name: str
    count: int


class Rejections(BaseModel):
    """Returns, the latest first, and counts over all that match, before the limit."""

    rejections: list[EntryBody]
    total: int
    cases: int
    binding: int = Field(description="Returns that went to the district for a binding decision")
    by_owner: list[Count]
    by_rule: list[Count]
    by_reason: list[Count]
    by_category: list[Count]

    model_config = shown(
        {
            "rejections": [
                {
                    "incident": "D-7KQ2M4XA",
                    "number": 1,
                    "at": "2026-05-01T09:12:00+08:00",
                    "owner": "dept-water",
                    "actor": "water desk",
                    "reason": "the road belongs to the county",
                    "rule": "",
                    "category": "0307",
                    "area": "370812001001003",
                    "source": "hotline",
                    "title": "路口积水",
                    "title_en": "Water standing at the crossing",
                    "routed_by": "drainage",
                    "now": "triage",
                    "closed": False,
                }
            ],
            "total": 1,
            "cases": 1,
            "binding": 0,
            "by_owner": [{"name": "dept-water", "count": 1}],
            "by_rule": [],
            "by_reason": [{"name": "the road belongs to the county", "count": 1}],
            "by_category": [{"name": "0307", "count": 1}],
        }
    )


@router.get("/rejections", summary="Rejection ledger: returns of cases", responses=refusals(503))
def rejections(
    services: ServicesDep,
    since: Annotated[Moment | None, Query(description="Only returns after this time")] = None,
    until: Annotated[Moment | None, Query(description="Only returns up to this time")] = None,
    owner: Annotated[str, Query(max_length=200, description="Only returns by this owner")] = "",
    limit: Annotated[int, Query(ge=1, le=10_000, description="Most that are listed")] = 500,
) -> Rejections:
    """Answered from the live state; a server that shows a past time lists the returns until then."""
    now = services.clock.now()
    found = entries(case_figures.returned(services), since=since, until=now if until is None else min(until, now))
    if owner:
        found = [entry for entry in found if entry.owner == owner]
    summary = counts(found)
    return Rejections(
        rejections=[EntryBody.model_validate(entry, from_attributes=True) for entry in found[:limit]],
        total=summary.total,
        cases=summary.cases,
        binding=summary.binding,
        by_owner=_counted(summary.by_owner),
        by_rule=_counted(summary.by_rule),
        by_reason=_counted(summary.by_reason),
        by_category=_counted(summary.by_category),
    )


def _counted(pairs: tuple[tuple[str, int], ...]) -> list[Count]:
    return [Count(name=name, count=n) for name, n in pairs]
