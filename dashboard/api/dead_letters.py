"""Input that was refused, kept where a person can look at it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from dashboard.api.bodies import DeadLetterBody
from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.fields import ANY
from data.exercise import refused_on
from data.records import LIVE

router = APIRouter(tags=["feeds"])


class ReasonCount(BaseModel):
    """How often one source was refused for one reason."""

    source: str
    reason: str
    count: int


class DeadLetters(BaseModel):
    """The newest refused inputs, and counts over all of them."""

    dead_letters: list[DeadLetterBody]
    counts: list[ReasonCount]


@router.get("/dead-letters", summary="Refused input, newest first, with counts by reason", responses=refusals(503))
def dead_letters(
    services: ServicesDep,
    source: Annotated[str | None, Query(max_length=200, pattern=ANY, description="Only this source")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most that are listed")] = 100,
) -> DeadLetters:
    if services.timeline != LIVE:
        source = services.timeline  # what was refused of an exercise bears its name
    letters = services.store.dead_letters(source=source, limit=limit)
    counts = services.store.dead_letter_counts()
    return DeadLetters(
        dead_letters=[DeadLetterBody.of(each) for each in letters if refused_on(each.source, services.timeline)],
        counts=[
            ReasonCount(source=of, reason=reason, count=n)
            for (of, reason), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            if (source is None or of == source) and refused_on(of, services.timeline)
        ],
    )
