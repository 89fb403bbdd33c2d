"""Replays: moments of the log that can be watched again, on any number of screens at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from dashboard.api import directory
from dashboard.api.bodies import RecordBody
from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown, taken
from dashboard.api.fields import Id, Moment
from dashboard.api.replayed import as_hosted
from dashboard.services import Services
from data.errors import BadInput, NotFound
from data.records import LIVE, EventPayload, Record, incident_of
from layers.columns import ms
from replay.histogram import histogram
from replay.moments import Moment as Found
from replay.moments import Moments
from replay.sessions import Session
from replay.transport import FASTEST, SLOWEST, Transport, happened

T = TypeVar("T")

router = APIRouter(tags=["replays"])

ReplayId = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]*$", description="Id of the replay")]
Rate = Annotated[float, Field(ge=SLOWEST, le=FASTEST, description="Seconds of the log a second; not 0")]
TimelineQuery = Annotated[str, Query(max_length=64, description="Whose records")]

_HOUR_S = 3600.0
_AROUND_LIFE = 0.05
"""How much of an incident's life is shown before and after it."""

_LEAST_AROUND_MS = 120_000.0


class Begin(BaseModel):
    """Which moment to begin at: `t`, or `ago_s` before now, or the reporting of `incident`, whose life is then the
    span; an hour ago where none is named. Without a span it is an hour to both sides."""

    t: Moment | None = None
    ago_s: float | None = Field(None, gt=0, le=1e9)
    incident: Id | None = None
    start: Moment | None = Field(None, alias="from")
    end: Moment | None = Field(None, alias="to")
    rate: Rate = 1.0
    playing: bool = False
    timeline: str = Field(LIVE, max_length=64)

    model_config = taken({"t": "2026-05-01T08:00:00+08:00", "rate": 60, "playing": True})


class Control(BaseModel):
    """One control of a transport. `seek` takes `t`; `rate` takes `rate`; `step` goes to the next moment at which
    something changed, `by` 1 or -1; `span` takes `from` and `to`."""

    op: Literal["play", "pause", "seek", "rate", "step", "span"]
    t: Moment | None = None
    rate: Rate | None = None
    by: Literal[-1, 1] = 1
    start: Moment | None = Field(None, alias="from")
    end: Moment | None = Field(None, alias="to")

    model_config = taken({"op": "seek", "t": "2026-05-01T08:00:00+08:00"}, {"op": "rate", "rate": 600})


class ReplayBody(BaseModel):
    """A replay now. `playing` is false at a border, where t moves no further; `watchers` are the views that are
    watched of it."""

    id: str
    timeline: str
    t: datetime
    rate: float
    playing: bool
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    watchers: int

    model_config = shown(
        {
            "id": "5f0c12ab",
            "timeline": "live",
            "t": "2026-05-01T00:00:00Z",
            "rate": 60.0,
            "playing": True,
            "from": "2026-04-30T23:00:00Z",
            "to": "2026-05-01T01:00:00Z",
            "watchers": 2,
        }
    )

    @classmethod
    def of(cls, session: Session) -> ReplayBody:
        held, t = session.transport, session.t()
        return cls(
            id=held.id,
            timeline=held.timeline,
            t=_time(t),
            rate=held.rate,
            playing=held.moves_from(t),
            start=_time(held.start),
            end=_time(held.end),
            watchers=session.watchers,
        )


class ReplayList(BaseModel):
    """Replays of this server, oldest first."""

    replays: list[ReplayBody]


class SeriesBody(BaseModel):
    """Counts per bin. `code`: a major category, "" for the rest, "commands" for what people did."""

    code: str
    name: str
    name_en: str
    counts: list[int]


class HistogramBody(BaseModel):
    """Records by category in bins of `width_s` from `from` on; the last bin ends at `to`."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    width_s: float
    total: int
    series: list[SeriesBody]


class Happened(BaseModel):
    """A moment at which something changed, and the record that says so. `incident` is what it was about, with its
    titles; empty where it was none."""

    at: datetime
    incident: str
    title: str
    title_en: str
    category: str
    record: RecordBody


class Controlled(BaseModel):
    """The replay after a control. `moment`: what a step came to, null for other controls."""

    replay: ReplayBody
    moment: Happened | None


class HappenedList(BaseModel):
    """What had happened by then, newest first."""

    moments: list[Happened]


@router.post("/replays", summary="Begin a replay", responses=refusals(400, 404, 409, 503))
def begin(begin: Begin, services: ServicesDep) -> ReplayBody:
    """The least used one that nobody watches ends where there are too many."""
    services = as_hosted(services, services.timeline if begin.timeline == LIVE else begin.timeline)
    now = ms(services.clock.now())
    start, end = _ms(begin.start), _ms(begin.end)
    if begin.incident is not None:
        row = directory.incident(services, begin.incident)
        t, closed = ms(row.opened_at), now if row.closed_at is None else ms(row.closed_at)
        around = max(_LEAST_AROUND_MS, (closed - t) * _AROUND_LIFE)
        start, end = start or t - around, end or min(closed + around, now)
        t = t if begin.t is None else ms(begin.t)
    elif begin.t is not None:
        t = ms(begin.t)
    else:
        t = now - (begin.ago_s or _HOUR_S) * 1000.0
    session = services.replays.start(
        t, start=start, end=end, rate=begin.rate, playing=begin.playing, timeline=services.timeline
    )
    return ReplayBody.of(session)


@router.get("/replays", summary="Replays that run")
def replays(services: ServicesDep) -> ReplayList:
    return ReplayList(replays=[ReplayBody.of(each) for each in services.replays.all()])


@router.get("/replays/histogram", summary="Records by category over a span", responses=refusals(400, 404, 503))
def count(
    services: ServicesDep,
    start: Annotated[Moment, Query(alias="from", description="Begin of the span")],
    end: Annotated[Moment, Query(alias="to", description="End of the span")],
    bins: Annotated[int, Query(ge=1, le=2000, description="Into how many bins")] = 240,
    timeline: TimelineQuery = LIVE,
) -> HistogramBody:
    """Events by the major class of their category, and what people did. Where a span reaches beyond now nothing is
    counted: it has not happened."""
    if end <= start:
        raise BadInput("to: the span ends before it begins", zh="时段的终点早于起点")
    services = as_hosted(services, timeline)
    names = _names(services)
    found = histogram(_moments(services, timeline).table(), ms(start), ms(end), bins, names)
    return HistogramBody(
        start=start,
        end=end,
        width_s=found.width / 1000.0,
        total=found.total,
        series=[
            SeriesBody(
                code=code,
                name=names.get(code, {}).get("zh", code),
                name_en=names.get(code, {}).get("en", ""),
                counts=list(counts),
            )
            for code, counts in found.series
        ],
    )


@router.get("/replays/moments", summary="What had happened by a moment", responses=refusals(400, 404, 503))
def moments(
    services: ServicesDep,
    at: Annotated[Moment, Query(description="Up to this moment")],
    limit: Annotated[int, Query(ge=1, le=200, description="Most that are listed")] = 40,
    timeline: TimelineQuery = LIVE,
) -> HappenedList:
    """Records of events, commands with their actors, and statuses: one entry each, at the latest of its times."""
    services = as_hosted(services, timeline)
    kept = _moments(services, timeline)
    found = [(each, kept.record(each.seq)) for each in kept.until(ms(at), limit)]
    return HappenedList(moments=_happened(services, [(each.at, record) for each, record in found if record]))


@router.get("/replays/{id}", summary="One replay", responses=refusals(400, 404))
def replay(id: ReplayId, services: ServicesDep) -> ReplayBody:
    return ReplayBody.of(services.replays.get(id))


@router.post("/replays/{id}/transport", summary="Play, pause, seek, step", responses=refusals(400, 404, 409, 503))
def control(id: ReplayId, control: Control, services: ServicesDep) -> Controlled:
    """All screens of this replay follow."""
    session = services.replays.get(id)
    services = as_hosted(services, session.transport.timeline)
    now = services.replays.now_of(services.timeline)
    moment: Happened | None = None
    if control.op == "step":
        kept = _moments(services, session.transport.timeline)
        t = session.t()
        found: Found | None = kept.after(t) if control.by > 0 else kept.before(t)
        if found is None or found.at > now:
            last = control.by > 0
            raise NotFound(
                "nothing changed after this moment" if last else "nothing changed before this moment",
                zh="此刻之后没有变化" if last else "此刻之前没有变化",
            )
        at = found.at
        services.replays.control(id, lambda transport, now: transport.pause(now).seek(now, at))
        said = kept.record(found.seq)
        moment = None if said is None else _happened(services, [(at, said)])[0]
    else:
        services.replays.control(id, _change(control, now))
    return Controlled(replay=ReplayBody.of(session), moment=moment)


@router.delete("/replays/{id}", summary="End a replay", responses=refusals(400, 404))
def end(id: ReplayId, services: ServicesDep) -> ReplayList:
    """Its screens say that it ended. Answers with those that are left."""
    services.replays.end(id)
    return replays(services)


def _happened(services: Services, found: Sequence[tuple[float, Record]]) -> list[Happened]:
    bodies = []
    with services.reader.reading() as state:
        table = state.incidents
        for at, record in found:
            payload = record.payload
            id = incident_of(record) if isinstance(payload, EventPayload) else getattr(payload, "incident", None) or ""
            row = table.row.get(id)
            title, title_en = ("", "") if row is None else table.titles[row]
            bodies.append(
                Happened(
                    at=_time(at),
                    incident=id,
                    title=title,
                    title_en=title_en,
                    category="" if row is None else table.categories.texts[table["category"][row]],
                    record=RecordBody.of(record),
                )
            )
    return bodies


def _change(control: Control, now: float) -> Callable[[Transport, float], Transport]:
    """What a control does to a transport. Raises BadInput when it lacks what it needs."""
    if control.op == "seek":
        t = happened(ms(_needed(control.t, "seek", "t")), now)
        return lambda transport, now: transport.seek(now, t)
    if control.op == "rate":
        rate = _needed(control.rate, "rate", "rate")
        return lambda transport, now: transport.with_rate(now, rate)
    if control.op == "span":
        start, end = _needed(control.start, "span", "from"), _needed(control.end, "span", "to")
        return lambda transport, now: transport.within(now, ms(start), ms(end))
    if control.op == "play":
        return lambda transport, now: transport.play(now)
    return lambda transport, now: transport.pause(now)


def _needed(value: T | None, op: str, name: str) -> T:
    if value is None:
        raise BadInput(f"{name}: {op} needs it", zh=f"{name}：{op} 需要它")
    return value


def _moments(services: Services, timeline: str) -> Moments:
    if not services.replays.known(timeline):
        raise NotFound(f"no timeline {timeline[:64]!r}", zh=f"没有时间线 {timeline[:64]}")
    return services.moments(timeline)


def _names(services: Services) -> dict[str, dict[str, str]]:
    with services.reader.reading() as state:
        return {code: dict(name) for code, name in state.extras.category_names.items()}


def _ms(t: datetime | None) -> float | None:
    return None if t is None else ms(t)


def _time(t: float) -> datetime:
    return datetime.fromtimestamp(t / 1000.0, UTC)
