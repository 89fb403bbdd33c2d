"""An incident with all that a desk needs to work it: its life, its case, whom to send, what it may be part of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
from pydantic import BaseModel, Field

from dashboard.api import directory
from dashboard.api.bodies import RecordBody, SiteBody, UnitBody
from dashboard.api.case_bodies import CaseBody, MoveBody, NotNowBody, Said
from dashboard.api.deps import region_of
from dashboard.api.examples import shown
from dashboard.api.incident_bodies import IncidentBody, Listed, case_body
from dashboard.api.past import incident_at, until
from dashboard.api.recommendation_body import RecommendationBody
from dashboard.api.sites import in_view
from dashboard.api.travel import ways
from dashboard.services import Services
from data.records import UnitStatus
from data.store import IncidentRow, UnitRow
from dispatch.duplicates import Duplicate, Repeat
from dispatch.recommend import recommend
from dispatch.routing import why_in
from geo.distance import haversine_m, nearest

CAMERAS = 12
CAMERA_RADIUS_M = 1500.0


class DuplicateBody(BaseModel):
    """An incident that may be the same matter. `parent` is the one that was there first, to merge the other into."""

    incident: Listed
    score: float = Field(description="0 to 1")
    distance_m: float
    apart_s: float = Field(description="How much later it was opened; negative: earlier")
    same_class: bool
    parent: str
    why: Said

    @classmethod
    def of(cls, found: Duplicate, listed: Listed) -> DuplicateBody:
        return cls(
            incident=listed,
            score=found.score,
            distance_m=found.metres,
            apart_s=found.apart_ms / 1000.0,
            same_class=found.same_class,
            parent=found.parent,
            why=_said(found.why),
        )


class RepeatBody(BaseModel):
    """How often this class of trouble was reported at this place, this time included; `flagged` from the third on."""

    n: int
    ids: list[str] = Field(description="By time, this one last")
    days: float
    metres: float
    flagged: bool
    why: Said

    @classmethod
    def of(cls, found: Repeat) -> RepeatBody:
        return cls(
            n=found.n,
            ids=list(found.ids),
            days=found.days,
            metres=found.metres,
            flagged=found.flagged,
            why=_said(found.why),
        )


class ArrivalBody(BaseModel):
    """A unit that is on its way to the incident: how long it still needs from where it was last."""

    unit: str
    travel_s: float | None = Field(description="Seconds; null where its position is old or there is no way")
    distance_m: float | None = Field(description="Great-circle metres")

    model_config = shown({"unit": "E07", "travel_s": 214.0, "distance_m": 1830.0})


class IncidentLife(BaseModel):
    """An incident and its life.

    With `replay=ID` all of it is as of the replay's moment, and no moves can be made. On a server that shows a past
    time (`serve --at`) incident, case and records are those of that time; where units were then is not derived there:
    `units` and `recommendation` are left out.
    """

    incident: IncidentBody
    case: CaseBody | None = Field(description="Null: it has no workflow and was never merged")
    at: datetime = Field(description="The time of the answer: states of clocks are those at this time")
    past: bool = Field(description="A past time is shown: no moves can be made")
    records: list[RecordBody]
    moves: list[MoveBody] = Field(description="What can be done with the case now, by any role")
    not_now: list[NotNowBody] = Field(description="What the workflow has beside that, and why not now")
    units: list[UnitBody] = Field(description="The units sent to it, as they are now")
    arrivals: list[ArrivalBody] = Field(description="Of those the ones that are on their way, first there first")
    recommendation: RecommendationBody | None = Field(description="Null: it is closed, or a past time is shown")
    duplicates: list[DuplicateBody]
    repeat: RepeatBody
    cameras: list[SiteBody]


def life(services: Services, id: str, *, also: frozenset[str], candidates: int, excluded: int) -> IncidentLife:
    """The incident as the store has it, or as it stood at the time shown. Raises NotFound.

    `also`: skills asked for beside those of its category. `candidates` per need, and so many of the `excluded`.
    """
    now = services.clock.now()
    row = directory.incident(services, id)
    records = services.store.timeline_of(id, services.timeline)
    if services.past:
        records = until(records, now)
        row = incident_at(id, records, services.timeline)
    elif not row.rows:
        row = _as_told(row, incident_at(id, records, services.timeline))
    alike, repeat = directory.alike(services, row)
    sent = [] if services.past and not services.replaying else directory.units_of(services, row.units)
    return IncidentLife(
        incident=IncidentBody.of(row),
        case=case_body(row, now, services.book.calendars),
        at=now,
        past=services.past,
        records=[RecordBody.of(record) for record in records],
        moves=[] if services.past else [MoveBody.of(t) for t in services.dispatcher.moves(row)],
        not_now=[] if services.past else [NotNowBody.of(each) for each in services.dispatcher.not_now(row)],
        units=[UnitBody.of(unit) for unit in sent],
        arrivals=_arrivals(services, row, sent, now),
        recommendation=None
        if (services.past and not services.replaying) or row.closed_at is not None or not row.rows
        else _recommendation(services, row, now, also, candidates, excluded),
        duplicates=[DuplicateBody.of(*pair) for pair in alike],
        repeat=RepeatBody.of(repeat),
        cameras=_cameras(services, row),
    )


def _as_told(row: IncidentRow, told: IncidentRow) -> IncidentRow:
    """An incident whose reports are another's by now, described by what they had said of it."""
    return replace(
        row, opened_at=told.opened_at, category=told.category, severity=told.severity, title=told.title,
        title_en=told.title_en, address=told.address, source=told.source, lon=told.lon, lat=told.lat, cell=told.cell,
        area=told.area,
    )  # fmt: skip


def _recommendation(
    services: Services, row: IncidentRow, now: datetime, also: frozenset[str], candidates: int, excluded: int
) -> RecommendationBody:
    region = region_of(services)
    found = recommend(
        row,
        directory.units(services),
        now,
        travel=ways(services),
        skills=services.book.skills,
        k=candidates,
        also=also,
        areas=[area.code for area in region.path(row.area)] if row.area in region.by_code else None,
        max_age_s=services.settings.position_max_age_s,
    )
    return RecommendationBody.of(found, services.book.skills, excluded)


def _arrivals(services: Services, row: IncidentRow, units: list[UnitRow], now: datetime) -> list[ArrivalBody]:
    coming = [u for u in units if u.incident == row.id and u.status in (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE)]
    if not coming or row.lon is None or row.lat is None:
        return []
    kinds = [services.book.skills.kind(u.kind) for u in coming]
    oldest = [kind.oldest_position(now, services.settings.position_max_age_s) for kind in kinds]
    known = [
        u.lon is not None and u.position_at is not None and u.position_at >= since
        for u, since in zip(coming, oldest, strict=True)
    ]
    lon = np.array([u.lon if k else np.nan for u, k in zip(coming, known, strict=True)], np.float64)
    lat = np.array([u.lat if k else np.nan for u, k in zip(coming, known, strict=True)], np.float64)
    metres = haversine_m(lon, lat, row.lon, row.lat)
    on_foot = np.array([np.nan if kind.walk_kmh is None else kind.walk_kmh for kind in kinds], np.float64)
    driven = ways(services).seconds(lon, lat, row.lon, row.lat, now)
    seconds = np.where(np.isnan(on_foot), driven, metres / (on_foot / 3.6))
    order = np.argsort(seconds, kind="stable")  # NaN comes last
    return [
        ArrivalBody(unit=coming[i].id, travel_s=_finite(seconds[i]), distance_m=_finite(metres[i]))
        for i in order.tolist()
    ]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _cameras(services: Services, row: IncidentRow) -> list[SiteBody]:
    if row.lon is None or row.lat is None:
        return []
    with services.reader.reading() as state:
        cameras = state.cameras
        at, metres = nearest(row.lon, row.lat, cameras["lon"], cameras["lat"], CAMERAS)
        found = [(cameras.rows[i], float(m)) for i, m in zip(at.tolist(), metres.tolist(), strict=True)]
    return [
        SiteBody.of(camera, metre, in_view(camera, row.lon, row.lat))
        for camera, metre in found
        if metre <= CAMERA_RADIUS_M
    ]


def _said(both: str) -> Said:
    return Said(zh=why_in(both, "zh"), en=why_in(both, "en"))
