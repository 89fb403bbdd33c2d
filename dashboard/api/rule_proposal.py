"""The routing rule that a binding decision would make, and what it would have changed, before anybody adopts it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dashboard.api import directory
from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown
from dashboard.services import Services
from data.codec import MAX_NAMED
from data.records import Kind
from dispatch.rejections import effect, propose_rule
from dispatch.routing import Matter, Rule, adopted_rules

router = APIRouter(tags=["casework"])

DAY_MS = 86_400_000.0
PROPOSED = "proposed"
PRINTED = r"^[^\x00-\x1f\x7f]*$"


class Proposal(BaseModel):
    """What `POST /rules` would be sent. Every field may be changed before."""

    category: str
    area: str = Field(description="Prefix: the town of the case")
    owner: str
    note: str
    incident: str
    days: int
    taken: int = Field(description="Matters of the last `days` that the rule would have taken")
    changed: int = Field(description="How many of them would have had another owner")

    model_config = shown(
        {
            "category": "0203",
            "area": "990101104",
            "owner": "street",
            "note": "T-1 3 次退回后裁定 / decided on T-1 after 3 returns",
            "incident": "T-1",
            "days": 30,
            "taken": 41,
            "changed": 41,
        }
    )


@router.get(
    "/rules/proposal", summary="The rule that a decision on a case would make", responses=refusals(400, 404, 503)
)
def proposal(
    services: ServicesDep,
    incident: Annotated[str, Query(min_length=1, max_length=MAX_NAMED, pattern=PRINTED, description="The case")],
    owner: Annotated[str, Query(min_length=1, max_length=200, pattern=PRINTED, description="Whose it is from now on")],
    days: Annotated[int, Query(ge=1, le=366, description="How far back its effect is counted")] = 30,
) -> Proposal:
    """The case's class, in its town, to `owner`. Its effect is counted on what came in the last days, as it was filed
    by today's rules; nothing is changed.
    """
    payload = propose_rule(directory.incident(services, incident), owner, PROPOSED)
    rule = Rule(
        PROPOSED,
        owner,
        category=(payload.category,),
        area=(payload.area,) if payload.area else (),
    )
    adopted = adopted_rules(services.store.documents(Kind.RULE, services.timeline))
    taken, changed = effect(rule, _matters(services, rule, days), services.book.routing, adopted)
    return Proposal(
        category=payload.category,
        area=payload.area,
        owner=owner,
        note=payload.note,
        incident=incident,
        days=days,
        taken=taken,
        changed=changed,
    )


def _matters(services: Services, rule: Rule, days: int) -> list[Matter]:
    """Matters of the rule's class that came in the last days."""
    with services.reader.reading() as state:
        table, codes = state.incidents, state.places.codes
        now = services.clock.now().timestamp() * 1000.0
        rows = table.opened_between(now - days * DAY_MS, now)
        of_class = np.array([text.startswith(rule.category) for text in table.categories.texts], bool)
        rows = rows[of_class[table["category"][rows]]] if len(of_class) else rows
        return [
            Matter(
                table.categories.texts[table["category"][i]],
                codes[area] if (area := int(table["area"][i])) >= 0 else None,
                table.sources.texts[table["source"][i]],
                int(table["severity"][i]),
                datetime.fromtimestamp(float(table["opened"][i]) / 1000.0, UTC),
            )
            for i in rows.tolist()
        ]
