"""What an inject puts on the drill's timeline, and the master data a drill begins with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from data.exercise import Status
from data.records import (
    EventPayload,
    FeedPayload,
    Kind,
    Record,
    RulePayload,
    SitePayload,
    SiteStatusPayload,
    UnitPayload,
    UnitPosition,
    UnitStatusPayload,
)
from data.store import Snapshot
from geo.area import Region
from replay.scenario import Inject, InjectKind, Scenario

SOURCE = "drill"
"""The source of the acts of those who run the drill."""
MASTER = "master"
"""The source of the units and sites that a drill begins with."""
BLOCKED_M, BLOCKED_AREA, BLOCKED_UNTIL = "blocked_m", "blocked_area", "blocked_until"
"""Attributes of an event that says what cannot be driven through: round its point, in an area, until when."""


def incident_of_inject(inject: Inject) -> str:
    """Id of the incident that an inject opens or continues, empty where it is about none."""
    return (inject.incident or inject.id) if inject.kind in (InjectKind.EVENT, InjectKind.BLOCKED) else ""


def place_of(inject: Inject, region: Region) -> tuple[float, float] | None:
    """Where an inject is: its point, or one inside its area."""
    if inject.lon is not None and inject.lat is not None:
        return inject.lon, inject.lat
    area = region.by_code.get(inject.area)
    if area is None:
        return None
    inside = area.geometry.representative_point()
    return round(inside.x, 6), round(inside.y, 6)


def records_of(inject: Inject, scenario: Scenario, region: Region, at: datetime, timeline: str) -> list[Record]:
    """What an inject that is fired at `at` says, as the feed that it speaks for would. A message says nothing here: it
    is in the act that fires it."""
    name = f"inject:{inject.id}"
    if inject.kind is InjectKind.UNIT_STATUS and inject.status is not None:
        payload = UnitStatusPayload(unit=inject.unit, status=inject.status, reason=inject.zh, actor=name)
        return [Record(Kind.UNIT_STATUS, inject.source or "cad", name, at, payload, timeline=timeline)]
    if inject.kind is InjectKind.SITE_STATUS:
        status = SiteStatusPayload(site=inject.site, online=inject.online)
        return [Record(Kind.SITE_STATUS, inject.source or "video", name, at, status, timeline=timeline)]
    if inject.kind is InjectKind.MESSAGE:
        return []
    attrs: dict[str, str | int | float | bool | None] = {"inject": inject.id, "cap_status": Status.EXERCISE.value}
    if inject.kind is InjectKind.BLOCKED:
        if inject.area:
            attrs[BLOCKED_AREA] = inject.area
        else:
            attrs[BLOCKED_M] = inject.radius_m or 50.0
        until = scenario.end if inject.until is None else scenario.start + inject.until
        attrs[BLOCKED_UNTIL] = until.isoformat()
    event = EventPayload(
        category=inject.category,
        incident=incident_of_inject(inject),
        severity=inject.severity,
        title=inject.zh,
        title_en=inject.en,
        times={"received": at},
        attrs=attrs,
    )
    lon, lat = place_of(inject, region) or (None, None)
    return [Record(Kind.EVENT, inject.source, name, at, event, lon, lat, timeline=timeline)]


def master_data(snapshot: Snapshot, scenario: Scenario, timeline: str) -> Iterator[Record]:
    """The units that may be in play where they stand and all of them free, all sites, feeds and adopted rules of a
    real timeline, and the scenario's own sites; as at the start of the exercise."""
    at = scenario.start
    for feed in snapshot.feeds:
        if feed.rhythm_s is not None:
            known = FeedPayload(
                name=feed.name, name_en=feed.name_en, rhythm_s=feed.rhythm_s, areas=feed.areas,
                simulated=feed.simulated,
            )  # fmt: skip
            yield Record(Kind.FEED, feed.id, feed.id, at, known, timeline=timeline)
    for rule in snapshot.documents:
        if isinstance(rule.payload, RulePayload):
            yield Record(rule.kind, MASTER, rule.id, at, rule.payload, version=rule.version, timeline=timeline)
    for unit in snapshot.units:
        if not scenario.rules.admits(unit.id, unit.kind, unit.duty_area):
            continue
        master = UnitPayload(
            name=unit.name, name_en=unit.name_en, unit_kind=unit.kind, skills=unit.skills, area=unit.duty_area,
            simulated=unit.simulated,
        )  # fmt: skip
        yield Record(Kind.UNIT, MASTER, unit.id, at, master, timeline=timeline)
        if unit.lon is not None and unit.lat is not None:
            lon, lat = round(unit.lon, 6), round(unit.lat, 6)
            position = UnitPosition(unit=unit.id, bearing=unit.bearing)
            yield Record(Kind.UNIT_POSITION, "gps", unit.id, at, position, lon, lat, timeline=timeline)
    for site in snapshot.sites:
        inventory = SitePayload.model_validate(
            {
                "name": site.name, "name_en": site.name_en, "site_kind": site.kind, "bearing": site.bearing,
                "fov": site.fov, "online": site.online, "attrs": site.attrs,
            }
        )  # fmt: skip
        yield Record(Kind.SITE, MASTER, f"{site.id}", at, inventory, site.lon, site.lat, timeline=timeline)
    for place in scenario.places:
        own = SitePayload(name=place.zh, name_en=place.en, site_kind=place.kind, online=place.online)
        yield Record(Kind.SITE, SOURCE, place.id, at, own, place.lon, place.lat, timeline=timeline)
