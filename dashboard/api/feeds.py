"""Health of the feeds."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from dashboard.api import directory
from dashboard.api.bodies import FeedBody
from dashboard.api.deps import ServicesDep, refusals

router = APIRouter(tags=["feeds"])


class Feeds(BaseModel):
    """All feeds of the live timeline."""

    feeds: list[FeedBody]


@router.get("/feeds", summary="Every feed: when it was last heard from, and its rhythm", responses=refusals(503))
def feeds(services: ServicesDep) -> Feeds:
    now = services.clock.now()
    return Feeds(feeds=[FeedBody.of(row, now) for row in directory.feeds(services)])
