"""`calendar`: deadlines at the terminal, and whether the calendar files can be used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.common import JsonOption, TzOption, emit_json, note, read_time, refusals
from data.clock import SystemClock
from data.errors import NotFound
from data.settings import read_settings
from dispatch.calendar import Calendar, TimeKind
from dispatch.calendars import load_calendars, remarks
from dispatch.spans import Span

app = typer.Typer(no_args_is_help=True, help="Natural and working time: deadlines, holidays, make-up days.")

FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Casework folder with calendars/*.toml; default: the configured one"),
]


@app.callback()
def _calendar() -> None:
    """Natural and working time: deadlines, holidays, make-up days."""


@app.command()
def deadline(
    start: Annotated[str, typer.Option("--start", metavar="TIME", help="When the clock starts, ISO 8601")],
    span: Annotated[str, typer.Option("--span", metavar="SPAN", help='How long: "2 days", "90 min", "1 day 4 h"')],
    calendar: Annotated[str, typer.Option("--calendar", metavar="ID", help="Calendar to count by")] = "cn-working",
    as_json: JsonOption = False,
    tz: TzOption = None,
    folder: FolderOption = None,
) -> None:
    """The deadline in the calendar's own time; what is uncertain about it goes to standard error."""
    with refusals():
        found = _named(_calendars(folder), calendar)
        length = Span.parse(span)
        begins = read_time(start, tz)
        result = found.deadline(begins, length)
    shown = ZoneInfo(found.zone) if found.kind is TimeKind.WORKING else begins.tzinfo
    if as_json:
        emit_json(
            {
                "calendar": found.id,
                "start": begins.isoformat(),
                "span": str(length),
                "due": result.due.isoformat(),
                "due_local": result.due.astimezone(shown).isoformat(),
                "warnings": list(result.warnings),
            }
        )
        return
    typer.echo(result.due.astimezone(shown).isoformat())
    for text in result.warnings:
        note(f"warning: {text}")


@app.command()
def check(as_json: JsonOption = False, folder: FolderOption = None) -> None:
    """Read every calendar file, shipped and the operator's: refuse with each fault's line, or say what is in them."""
    with refusals():
        calendars = _calendars(folder)
    today = SystemClock().now().date()
    if as_json:
        emit_json([_row(calendar, today) for calendar in calendars.values()])
        return
    for calendar in calendars.values():
        typer.echo(f"{calendar.id}: {calendar.zh} / {calendar.en}, {_hours(calendar)}")
        for year, days in sorted(calendar.years.items()):
            provisional = " (provisional)" if days.provisional else ""
            typer.echo(f"  {year}{provisional}: {len(days.off)} days off, {len(days.work)} make-up days; {days.source}")
        for remark in remarks(calendar, today):
            note(f"remark: {remark.en}")


def _calendars(folder: Path | None) -> Mapping[str, Calendar]:
    return load_calendars(folder if folder is not None else read_settings().casework())


def _named(calendars: Mapping[str, Calendar], id: str) -> Calendar:
    try:
        return calendars[id]
    except KeyError:
        raise NotFound(f"there is no calendar {id!r}; known are {', '.join(calendars)}") from None


def _hours(calendar: Calendar) -> str:
    if calendar.kind is TimeKind.NATURAL:
        return "24 x 7"
    return f"{', '.join(str(window) for window in calendar.windows)} {calendar.zone}"


def _row(calendar: Calendar, today: date) -> dict[str, object]:
    return {
        "id": calendar.id,
        "zh": calendar.zh,
        "en": calendar.en,
        "kind": calendar.kind.value,
        "zone": calendar.zone,
        "windows": [str(window) for window in calendar.windows],
        "years": [
            {
                "year": year,
                "off": sorted(day.isoformat() for day in days.off),
                "work": sorted(day.isoformat() for day in days.work),
                "provisional": days.provisional,
                "source": days.source,
            }
            for year, days in sorted(calendar.years.items())
        ],
        "remarks": [remark.en for remark in remarks(calendar, today)],
    }
