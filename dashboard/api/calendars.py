"""Calendars that time limits count by, and what a limit started at a moment would be due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from dashboard.api.case_bodies import Said
from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown
from dashboard.api.fields import Moment
from data.errors import BadInput, NotFound
from dispatch.calendar import Calendar, TimeKind, YearDays
from dispatch.calendars import remarks
from dispatch.spans import Span

router = APIRouter(tags=["casework"])

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class Holiday(Said):
    """A public holiday."""

    date: date


class YearBody(BaseModel):
    """What was announced for a year. `provisional`: not announced yet, only what the law fixes is in it."""

    year: int
    source: str
    provisional: bool
    off: list[Holiday]
    work: list[date] = Field(description="Make-up working days")

    @classmethod
    def of(cls, year: int, days: YearDays) -> YearBody:
        off = [Holiday(date=day, zh=zh, en=en) for day, (zh, en) in sorted(days.off.items())]
        return cls(year=year, source=days.source, provisional=days.provisional, off=off, work=sorted(days.work))


class CalendarBody(Said):
    """Natural time, or working time by windows, weekends, holidays and make-up days."""

    id: str
    kind: TimeKind
    zone: str
    windows: list[str] = Field(description="Working hours of a day, local time")
    weekend: list[int] = Field(description="Days off each week, Monday = 0")
    day_hours: float = Field(description="What one day of a limit counts")
    seasons: list[str] = Field(description="Days of the year with windows of their own")
    years: list[YearBody]
    remarks: list[Said] = Field(description="What is not wrong with it and yet worth knowing")

    model_config = shown(
        {
            "id": "cn-working",
            "zh": "工作时间",
            "en": "Working time",
            "kind": "working",
            "zone": "Asia/Shanghai",
            "windows": ["08:00-12:00", "14:00-18:00"],
            "weekend": [5, 6],
            "day_hours": 8,
            "seasons": [],
            "years": [
                {
                    "year": 2026,
                    "source": "http://example.org/notice",
                    "provisional": False,
                    "off": [{"date": "2026-05-01", "zh": "劳动节", "en": "Labour Day"}],
                    "work": ["2026-05-09"],
                }
            ],
            "remarks": [],
        }
    )

    @classmethod
    def of(cls, calendar: Calendar, today: date) -> CalendarBody:
        return cls(
            id=calendar.id,
            zh=calendar.zh,
            en=calendar.en,
            kind=calendar.kind,
            zone=calendar.zone,
            windows=[str(window) for window in calendar.windows],
            weekend=sorted(calendar.weekend),
            day_hours=calendar.day / timedelta(hours=1),
            seasons=[f"{season}: {', '.join(map(str, season.windows))}" for season in calendar.seasons],
            years=[YearBody.of(year, days) for year, days in sorted(calendar.years.items())],
            remarks=[Said.both(remark) for remark in remarks(calendar, today)],
        )


class Calendars(BaseModel):
    """All calendars, by id."""

    calendars: list[CalendarBody]


class DeadlineBody(BaseModel):
    """When a limit is due, and what is not certain about it."""

    calendar: str
    start: datetime
    span: str
    due: datetime
    warnings: list[Said] = Field(description="Years whose holidays are not known, in words; empty when all is certain")

    model_config = shown(
        {
            "calendar": "cn-working",
            "start": "2026-04-30T09:00:00Z",
            "span": "2 days",
            "due": "2026-05-07T09:00:00Z",
            "warnings": [],
        }
    )


@router.get("/calendars", summary="Calendars: windows, weekends, holidays, make-up days")
def calendars(services: ServicesDep) -> Calendars:
    today = services.clock.now().date()
    return Calendars(calendars=[CalendarBody.of(each, today) for each in services.book.calendars.values()])


@router.get("/calendars/{id}/deadline", summary="When a limit would be due", responses=refusals(400, 404))
def deadline(
    id: Annotated[str, Path(description="Id of the calendar")],
    services: ServicesDep,
    start: Annotated[Moment, Query(description="When the clock starts, with its offset")],
    span: Annotated[str, Query(max_length=100, description="`2 days`, `90 min`, `45 s`, `1 day 4 h`, `15 天`")],
) -> DeadlineBody:
    calendar = services.book.calendars.get(id)
    if calendar is None:
        known = services.book.calendars.values()
        raise NotFound(
            f"no calendar {id[:64]}; there are {', '.join(each.id for each in known)}",
            zh=f"没有日历 {id[:64]}；现有：{'、'.join(each.zh for each in known)}",
        )
    if not _EARLIEST <= start < _LATEST:
        raise BadInput("start: not between 1900 and 2200", zh="start：不在 1900 年至 2200 年之间")
    amount = Span.parse(span)
    found = calendar.deadline(start, amount)
    doubts = [Said.both(doubt) for doubt in calendar.doubts(start, found.due)]
    return DeadlineBody(calendar=id, start=start, span=str(amount), due=found.due, warnings=doubts)
