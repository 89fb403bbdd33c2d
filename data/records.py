"""The record: the one thing that enters the log.

Feeds append observations, people append the outcomes of commands. A record is frozen; a correction is
another record with the same (timeline, source, source_id) and a higher `version`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import BadRecord

LIVE = "live"
"""The timeline of real work. Any other timeline is a drill or a fork."""

DESK = "desk"
"""The source of what people decide. It is no feed: nobody expects a rhythm of it."""

CELL_RES = 10
"""H3 resolution of the cell stamped on a record (edge about 76 m). Coarser counts are taken from the point
itself, not from this cell's parent: a parent is not always the cell of the point (docs/decisions/0004)."""


class Kind(StrEnum):
    """What a record says. The payload type of each is in `PAYLOADS`."""

    EVENT = "event"
    INCIDENT_DISPATCHED = "incident.dispatched"
    INCIDENT_ARRIVED = "incident.arrived"
    INCIDENT_CLOSED = "incident.closed"
    INCIDENT_RECALLED = "incident.recalled"
    INCIDENT_MOVED = "incident.moved"
    INCIDENT_MERGED = "incident.merged"
    RULE = "rule"
    UNIT = "unit"
    UNIT_STATUS = "unit.status"
    UNIT_POSITION = "unit.position"
    SITE = "site"
    SITE_STATUS = "site.status"
    FEED = "feed"
    EXERCISE = "exercise"
    LOOK = "look"
    BOOKMARK = "bookmark"
    SCENE = "scene"
    FORK = "fork"


class UnitStatus(StrEnum):
    """Where a unit is in its work. `busy` = everything but available and out of service."""

    AVAILABLE = "available"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    LEAVING = "leaving"
    OUT_OF_SERVICE = "out_of_service"


class IncidentState(StrEnum):
    """How far an incident is, whatever its workflow: what heat, statistics and the wall count by.

    A workflow's own states are called steps; each step belongs to one of these.
    """

    OPEN = "open"
    DISPATCHED = "dispatched"
    ON_SCENE = "on_scene"
    CLOSED = "closed"


class Payload(BaseModel):
    """Base of all payloads: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")


class EventPayload(Payload):
    """One observation of a matter: a call, a ticket, a patrol report.

    Rows that share `incident` are one incident (default: one of its own, `incident_of`). `times` holds named
    lifecycle timestamps (received, dispatch, response, on_scene, closed, ...), aware, of this row. An incident
    is closed at the latest "closed" of its rows as soon as one row has it: sources leave it out of some rows.
    """

    category: str = Field(min_length=1, max_length=200)
    incident: str | None = Field(default=None, max_length=200)
    severity: int = Field(default=3, ge=1, le=4)  # case priority, 1 = most urgent .. 4 = routine
    title: str = Field(default="", max_length=500)
    title_en: str = Field(default="", max_length=500)
    address: str = Field(default="", max_length=500)
    status: str = Field(default="", max_length=100)  # the source's own status word, kept as it came
    unit: str | None = Field(default=None, max_length=200)
    contact: str | None = Field(default=None, max_length=200)  # masked unless the role needs it
    times: dict[str, datetime] = Field(default_factory=dict)
    attrs: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


class Recommended(Payload):
    """A unit that was recommended, and how long it was said to need."""

    unit: str
    travel_s: float | None = Field(default=None, ge=0)


class IncidentDispatched(Payload):
    """Units were sent to an incident.

    `recommended` is what the officer was shown, best first (at most 5), `basis` how its times were found. `reason` is
    the key of the reason when other units were chosen (`dispatch/recommend.py`).
    """

    incident: str
    units: tuple[str, ...] = Field(min_length=1)
    actor: str
    role: str = Field(default="", max_length=50)
    note: str = ""
    recommended: tuple[Recommended, ...] = ()
    basis: str = ""
    reason: str = ""


class IncidentRecalled(Payload):
    """Units that had been sent were called back: they are available again."""

    incident: str
    units: tuple[str, ...] = Field(min_length=1)
    actor: str
    role: str = Field(default="", max_length=50)
    reason: str = ""


class IncidentArrived(Payload):
    """A unit reached an incident."""

    incident: str
    unit: str
    actor: str
    role: str = Field(default="", max_length=50)


class IncidentClosed(Payload):
    """An incident was closed; its units are released."""

    incident: str
    actor: str
    role: str = Field(default="", max_length=50)
    disposition: str = ""


class ClockOp(StrEnum):
    """What happens to an SLA clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    STOP = "stop"


class ClockChange(Payload):
    """One change of one SLA clock, as its outcome: nobody needs the workflow or the calendar to read it later.

    `due` and `warn` (the moments at which it warns) hold from this record on; given with start, resume and extend.
    """

    clock: str = Field(min_length=1, max_length=100)
    op: ClockOp
    due: datetime | None = None
    warn: tuple[datetime, ...] = ()
    limit: str = Field(default="", max_length=100)  # as the workflow words it: "1 day working"
    calendar: str = Field(default="", max_length=100)


class Evidence(Payload):
    """What a move rests on: a photo's address, a signature, a form's number."""

    kind: str = Field(min_length=1, max_length=50)
    ref: str = Field(default="", max_length=500)
    note: str = Field(default="", max_length=500)


class IncidentMoved(Payload):
    """A case made one move of its workflow. Holds the outcome, so that it is read without the workflow.

    `step` is the workflow's state after the move and `phase` what that step counts as; `owner` has the case from now
    on. `workflow` and `revision` (a digest of the profile) say by which rules. `rule` names the routing rule or the
    rule that a return appeals to, `why` says it in words.
    """

    incident: str
    move: str = Field(min_length=1, max_length=100)
    workflow: str = Field(min_length=1, max_length=100)
    revision: str = Field(default="", max_length=64)
    before: str = Field(default="", max_length=100)
    step: str = Field(min_length=1, max_length=100)
    phase: IncidentState
    owner: str = Field(default="", max_length=200)
    actor: str = Field(min_length=1, max_length=200)
    role: str = Field(default="", max_length=50)
    reason: str = Field(default="", max_length=500)
    note: str = Field(default="", max_length=2000)
    rule: str = Field(default="", max_length=200)
    why: str = Field(default="", max_length=500)
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=50)
    clocks: tuple[ClockChange, ...] = Field(default=(), max_length=20)


class IncidentMerged(Payload):
    """An incident turned out to be part of another: it leaves the queue and is linked. `into` None splits it off."""

    incident: str
    into: str | None
    actor: str
    role: str = Field(default="", max_length=50)
    note: str = Field(default="", max_length=500)


class RulePayload(Payload):
    """A routing rule decided at work; a later version replaces it. The fields are those of a rule file.

    A rule has its own id in the log, so the idempotency `key` of the command that decided it is kept here.
    """

    enabled: bool = True
    position: int = Field(default=0, ge=-1_000_000, le=1_000_000)  # before larger ones; rules of the file are 0
    category: str = Field(default="", max_length=200)  # prefix
    area: str = Field(default="", max_length=200)  # prefix of the area's code
    source: str = Field(default="", max_length=200)
    severity: int | None = Field(default=None, ge=1, le=4)  # this or more urgent
    workflow: str = Field(default="", max_length=100)
    owner: str = Field(min_length=1, max_length=200)
    fallback: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=500)
    incident: str = Field(default="", max_length=500)  # the case whose decision it came from
    actor: str = Field(min_length=1, max_length=200)
    key: str = Field(default="", max_length=500)


class UnitPayload(Payload):
    """A unit and its master data; a later one replaces the earlier."""

    name: str
    name_en: str = ""
    unit_kind: str  # grid_worker, patrol_car, fire_engine, ambulance, repair_team, ...
    skills: tuple[str, ...] = ()
    area: str | None = None  # code of the area it has duty in
    simulated: bool = False


class UnitStatusPayload(Payload):
    """A unit's status, from its terminal or from a desk."""

    unit: str
    status: UnitStatus
    incident: str | None = None
    reason: str = ""
    actor: str = ""
    role: str = Field(default="", max_length=50)


class UnitPosition(Payload):
    """A unit's position; the point is the record's lon and lat. Kept in the track table."""

    unit: str
    speed_kmh: float | None = Field(default=None, ge=0, le=1500)
    bearing: float | None = Field(default=None, ge=0, lt=360)


class SitePayload(Payload):
    """A fixed point: camera, hospital, shelter, hydrant, gauge. The point is the record's lon and lat."""

    name: str
    name_en: str = ""
    site_kind: str  # camera, hospital, depot, shelter, hydrant, gauge, station
    bearing: float | None = Field(default=None, ge=0, lt=360)
    fov: float | None = Field(default=None, gt=0, le=360)
    online: bool = True
    attrs: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


class SiteStatusPayload(Payload):
    """A site's online status."""

    site: str
    online: bool


class FeedPayload(Payload):
    """A feed made known: its names and its expected rhythm.

    `rhythm_s` is the longest silence in seconds that is still normal; past it the feed is shown as silent.
    `areas` says that every finest area is expected to be heard from within `rhythm_s` on this feed.
    """

    name: str
    name_en: str = ""
    rhythm_s: float = Field(gt=0)
    areas: bool = False
    simulated: bool = False


class ExerciseAct(StrEnum):
    """What the people who run an exercise do."""

    PREPARE = "prepare"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    FIRE = "fire"
    SKIP = "skip"
    ADD = "add"
    ACKNOWLEDGE = "acknowledge"
    RATE = "rate"


class ExercisePayload(Payload):
    """One act of running an exercise: who did it and what it settled. Only timelines of exercises have these.

    The drill's state is the fold of its acts (`replay/drill_state.py`). `wall` is what the clock outside showed and
    `rate` how many seconds of the exercise one of its seconds is, from this act on (start, resume). `text` is the
    scenario (prepare) or the inject (add) as its file words it; `seed` and `policy` are those of simulated players.
    """

    act: ExerciseAct
    actor: str = Field(min_length=1, max_length=200)
    role: str = Field(default="", max_length=50)
    inject: str = Field(default="", max_length=100)
    objective: str = Field(default="", max_length=100)
    rating: str = Field(default="", max_length=1)  # P, S, M or U
    note: str = Field(default="", max_length=2000)
    incident: str = Field(default="", max_length=500)  # that an inject opened or continued
    zh: str = Field(default="", max_length=500)  # what an inject says
    en: str = Field(default="", max_length=500)
    wall: datetime | None = None
    rate: float = Field(default=1.0, gt=0, le=100_000)
    seed: int = Field(default=0, ge=0)
    policy: str = Field(default="", max_length=50)
    text: str = Field(default="", max_length=200_000)


class ForkPayload(Payload):
    """A timeline begins as another one was: the record's `at` is the moment at which it leaves its parent.

    It inherits the parent's records up to that moment, as far as the log had them when the fork was made: those with
    seq <= `head`. `policy` decides on it, or "" where people do; `seed` is that of what is drawn by chance.
    """

    parent: str = Field(min_length=1, max_length=200)
    head: int = Field(ge=0)
    actor: str = Field(min_length=1, max_length=200)
    role: str = Field(default="", max_length=50)
    policy: str = Field(default="", max_length=50)
    travel: str = Field(default="", max_length=20)
    seed: int = Field(default=0, ge=0)
    until: datetime | None = None
    zh: str = Field(default="", max_length=500)
    en: str = Field(default="", max_length=500)
    note: str = Field(default="", max_length=2000)  # what is tried


class LookPayload(Payload):
    """What a seat looks at from now on: a page and its view, as a URL query without anything that people wrote.

    `seat` is a name of a place at work, such as a desk's or "wall". `there` false: it looks at nothing live any more.
    Looks are no events: nothing counts them but a replay, which says who saw what (`replay/looks.py`).
    """

    seat: str = Field(min_length=1, max_length=100)
    page: str = Field(default="", max_length=50)
    view: str = Field(default="", max_length=1000)
    there: bool = True


class BookmarkPayload(Payload):
    """A moment that somebody wants to find again, on the timeline `on`; a later version replaces it.

    Bookmarks of all timelines stand on the live one: those of an exercise are about it, and no part of it.
    """

    t: datetime
    name: str = Field(default="", max_length=80)
    actor: str = Field(default="", max_length=200)
    on: str = Field(default=LIVE, min_length=1, max_length=200)
    withdrawn: bool = False


class ScenePayload(Payload):
    """What a wall was told to show: the scene of an incident, or no longer that one (`shown` false).

    `wall` is the name of a wall's seat, "" every wall's; a later word replaces it. `left` are the incidents that the
    wall was taken off, the latest last: it does not go back to one of them by itself. `key` is the command's.
    """

    wall: str = Field(default="", max_length=60)
    incident: str = Field(min_length=1, max_length=500)
    shown: bool = True
    left: tuple[str, ...] = Field(default=(), max_length=20)
    actor: str = Field(min_length=1, max_length=200)
    role: str = Field(default="", max_length=50)
    key: str = Field(default="", max_length=500)


PAYLOADS: Mapping[Kind, type[Payload]] = {
    Kind.EVENT: EventPayload,
    Kind.INCIDENT_DISPATCHED: IncidentDispatched,
    Kind.INCIDENT_ARRIVED: IncidentArrived,
    Kind.INCIDENT_CLOSED: IncidentClosed,
    Kind.INCIDENT_RECALLED: IncidentRecalled,
    Kind.INCIDENT_MOVED: IncidentMoved,
    Kind.INCIDENT_MERGED: IncidentMerged,
    Kind.RULE: RulePayload,
    Kind.UNIT: UnitPayload,
    Kind.UNIT_STATUS: UnitStatusPayload,
    Kind.UNIT_POSITION: UnitPosition,
    Kind.SITE: SitePayload,
    Kind.SITE_STATUS: SiteStatusPayload,
    Kind.FEED: FeedPayload,
    Kind.EXERCISE: ExercisePayload,
    Kind.LOOK: LookPayload,
    Kind.BOOKMARK: BookmarkPayload,
    Kind.SCENE: ScenePayload,
    Kind.FORK: ForkPayload,
}


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the log.

    Identity: (timeline, source, source_id, version), of a position also `at`; appending it twice changes nothing.
    `at` is when it happened (source time), `received_at` when the log took it (stamped by the log).
    `lon`, `lat`: WGS 84 degrees, both or neither. `cell` (H3 at CELL_RES) and `area` (code of the finest
    area that holds the point, None outside) are stamped by the log from the point; `seq` is given by it.
    """

    kind: Kind
    source: str
    source_id: str
    at: datetime
    payload: Payload
    lon: float | None = None
    lat: float | None = None
    version: int = 0
    timeline: str = LIVE
    received_at: datetime | None = None
    cell: int | None = None
    area: str | None = None
    seq: int | None = None


def incident_of(record: Record) -> str:
    """Id of the incident that an event row belongs to: the one it names, else one of its own.

    Its own carries the source, for two systems may well use one number for two matters. A source that continues
    another's matter says so by naming the incident.
    """
    payload = record.payload
    assert isinstance(payload, EventPayload)
    return payload.incident or f"{record.source}:{record.source_id}"


def parse_payload(kind: Kind, raw: Mapping[str, Any]) -> Payload:
    """The typed payload of `raw`. Raises BadRecord in one line that names the field."""
    try:
        return PAYLOADS[kind].model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "payload"
        raise BadRecord(f"{kind} record: {where}: {first['msg']}", reason=f"payload.{where}"[:80]) from None
