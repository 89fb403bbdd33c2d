"""Bookmarks of moments, and what each seat looked at: what a replay knows beside the records of the district."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown, taken
from dashboard.api.fields import Moment
from dashboard.services import Services
from data.errors import NotFound
from data.records import LIVE
from layers.columns import ms
from replay.bookmarks import Bookmark, bookmarks, mark, withdraw
from replay.seats import Seat

router = APIRouter(tags=["replays"])

_PRINTED = r"^[^\x00-\x1f\x7f]*$"
TimelineName = Annotated[str, Field(min_length=1, max_length=64, pattern=_PRINTED, description="Whose moment")]
TimelineQuery = Annotated[str, Query(max_length=64, description="Whose moments")]
BookmarkId = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]*$", description="Id of the bookmark")]
MarkActor = Annotated[str, Query(max_length=200, pattern=_PRINTED, description="Who does it, where that is known")]


class Mark(BaseModel):
    """A moment to keep. A moment that is kept already gets this name."""

    t: Moment
    name: str = Field("", max_length=80, pattern=_PRINTED)
    actor: str = Field("", max_length=200, pattern=_PRINTED)
    timeline: TimelineName = LIVE

    model_config = taken({"t": "2026-05-01T08:00:00+08:00", "name": "第一次险情", "actor": "desk 3"})


_BOOKMARK = {
    "id": "bookmark:live:1777593600000", "t": "2026-05-01T00:00:00Z", "name": "第一次险情", "actor": "desk 3",
    "timeline": "live",
}  # fmt: skip


class BookmarkBody(BaseModel):
    """A moment that somebody kept."""

    id: str
    t: datetime
    name: str
    actor: str
    timeline: str

    model_config = shown(_BOOKMARK)

    @classmethod
    def of(cls, held: Bookmark) -> BookmarkBody:
        return cls(id=held.id, t=held.t, name=held.name, actor=held.actor, timeline=held.on)


class BookmarkList(BaseModel):
    """Bookmarks, the earliest moment first."""

    bookmarks: list[BookmarkBody]

    model_config = shown({"bookmarks": [_BOOKMARK]})


class SeatBody(BaseModel):
    """What a seat looked at: `view` is the query of its address, `area` the code of the area in focus, "" the whole
    region. `since` when."""

    seat: str
    page: str
    view: str
    area: str
    area_name: str
    area_name_en: str
    since: datetime


class SeatList(BaseModel):
    """Seats by name. `recorded` is false where this server does not record what seats look at."""

    recorded: bool
    seats: list[SeatBody]

    model_config = shown(
        {
            "recorded": True,
            "seats": [
                {
                    "seat": "wall", "page": "/", "view": "area=330106&window=7d", "area": "330106",
                    "area_name": "滨江镇", "area_name_en": "Binjiang", "since": "2026-05-01T00:00:00Z",
                }
            ],
        }
    )  # fmt: skip


@router.get("/bookmarks", summary="Bookmarks", responses=refusals(400, 404, 503))
def listed(services: ServicesDep, timeline: TimelineQuery = LIVE) -> BookmarkList:
    return BookmarkList(bookmarks=[BookmarkBody.of(each) for each in bookmarks(_log(services).store, timeline)])


@router.post("/bookmarks", summary="Keep a moment", responses=refusals(400, 404, 409, 503))
def keep(services: ServicesDep, body: Mark) -> BookmarkBody:
    """Every screen of this server's log sees it. A bookmark is a record; a new name is another version of it."""
    log = _log(services)
    if not log.replays.known(body.timeline):
        raise NotFound(f"no timeline {body.timeline!r}", zh=f"没有时间线 {body.timeline}")
    return BookmarkBody.of(mark(log.store, log.clock, body.t, body.name, body.actor, body.timeline))


@router.delete("/bookmarks/{id}", summary="Take a bookmark back", responses=refusals(400, 404, 409, 503))
def remove(id: BookmarkId, services: ServicesDep, actor: MarkActor = "") -> BookmarkList:
    """Its records stay in the log; another one says that it counts no more. Answers with those that are left."""
    log = _log(services)
    on = withdraw(log.store, log.clock, id, actor)
    return BookmarkList(bookmarks=[BookmarkBody.of(each) for each in bookmarks(log.store, on)])


@router.get("/seats", summary="What each seat looked at", responses=refusals(400, 404, 503))
def seats(
    services: ServicesDep,
    at: Annotated[Moment, Query(description="At this moment")],
    timeline: TimelineQuery = LIVE,
) -> SeatList:
    """Walls and desks that watched live work then, by what their pages said while they did."""
    log = _log(services)
    found = [] if timeline != LIVE or log.seats is None else log.seats.at(ms(at))
    return SeatList(recorded=log.looks is not None, seats=[_seat(log, each) for each in found])


def _log(services: Services) -> Services:
    """Bookmarks and looks of all timelines stand on the live one."""
    return services.live or services


def _seat(services: Services, seat: Seat) -> SeatBody:
    code = parse_qs(seat.view).get("area", [""])[0]
    with services.reader.reading() as state:
        area = state.region.by_code.get(code) if code else None
    return SeatBody(
        seat=seat.seat,
        page=seat.page,
        view=seat.view,
        area=code,
        area_name="" if area is None else area.name,
        area_name_en="" if area is None else area.name_en,
        since=seat.since,
    )
