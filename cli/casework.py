"""`casework`: the rules of casework, shipped and the district's own: are they sound, and what is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from cli.casework_rules import rejections, rules_app
from cli.common import (
    DbOption,
    JsonOption,
    TzOption,
    casework_rules,
    emit_json,
    note,
    open_cli_store,
    read_time,
    refusals,
)
from data.clock import SystemClock
from data.errors import BadInput
from data.records import Kind, Record, parse_payload
from data.settings import read_settings
from data.store import Store

if TYPE_CHECKING:
    from dispatch.book import Book
    from dispatch.workflow import Workflow

app = typer.Typer(help="The rules of casework: workflows, calendars, routing, skills, reasons.", no_args_is_help=True)
app.command()(rejections)
app.add_typer(rules_app, name="rules")


@app.callback()
def casework() -> None:
    """The rules of casework: workflows, calendars, routing, skills, reasons."""


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder of the district's own rules; default: the setting")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Verify all rule files and print what is there. Every fault is told as file:line: reason, with exit status 1."""
    with refusals():
        settings = read_settings()
        if folder is not None:
            settings = settings.model_copy(update={"casework_dir": str(folder)})
        book = casework_rules(settings)
    if json:
        emit_json(described(book))
        return
    own = settings.casework()
    typer.echo(f"own rules: {own}{'' if own.is_dir() else ' (not there: the shipped rules hold)'}")
    for workflow in book.workflows.values():
        _tell(workflow)
    for calendar in book.calendars.values():
        years = ", ".join(str(year) for year in sorted(calendar.years))
        counted = f", {calendar.zone}, years {years or 'none'}" if calendar.kind == "working" else ""
        typer.echo(f"\ncalendar {calendar.id} ({calendar.zh} / {calendar.en}): {calendar.kind}{counted}")
    typer.echo(f"\nrouting: {len(book.routing.rules)} rules, {len(book.routing.owners)} owners, {book.routing.path}")
    typer.echo(f"skills: {len(book.skills.kinds)} kinds of units, {len(book.skills.names)} skills")
    typer.echo(f"reasons: {', '.join(book.reasons)}")
    for remark in remarks_on(book):
        note(f"note: {remark}")


@app.command()
def timers(
    after: Annotated[str, typer.Option("--from", metavar="T", help="Start of the period, ISO 8601")],
    until: Annotated[str, typer.Option("--to", metavar="T", help="End of the period")],
    db: DbOption = None,
    tz: TzOption = None,
    json: JsonOption = False,
) -> None:
    """What the SLA clocks said in a period, each at its moment: warnings, and deadlines missed.

    It is read from the log, so a period of the past says today what it said then.
    """
    from contextlib import closing

    from dispatch.timers import warnings_of

    with refusals():
        begin, end = read_time(after, tz).astimezone(UTC), read_time(until, tz).astimezone(UTC)
        if end < begin:
            raise BadInput(f"--to {until} is before --from {after}; give the earlier time first")
        with closing(open_cli_store(db, reading=True)) as store:
            said = warnings_of(_moves(store), begin, end)
    if json:
        emit_json([{"at": t.at, "incident": t.incident, "clock": t.clock, "kind": t.kind} for t in said])
        return
    for timer in said:
        typer.echo("\t".join([timer.at.isoformat(), timer.incident, timer.clock, timer.kind]))
    note(
        f"{sum(t.kind == 'warning' for t in said)} warnings, {sum(t.kind == 'overdue' for t in said)} missed deadlines"
    )


def _moves(store: Store) -> Iterator[Record]:
    """The moves that changed a clock, in seq order."""
    for fact in store.scan([Kind.INCIDENT_MOVED]):
        raw = orjson.loads(fact.body)
        if raw.get("clocks"):
            payload = parse_payload(Kind.INCIDENT_MOVED, raw)
            yield Record(Kind.INCIDENT_MOVED, fact.source, fact.source_id, fact.at, payload, seq=fact.seq)


def _tell(workflow: Workflow) -> None:
    typer.echo(f"\nworkflow {workflow.id} ({workflow.zh} / {workflow.en}), revision {workflow.revision}")
    typer.echo(f"  {workflow.path}")
    verified = f"; verified in {workflow.verify}" if workflow.verify else ""
    typer.echo(f"  steps: {', '.join(workflow.steps)}{verified}")
    typer.echo(f"  moves: {', '.join(dict.fromkeys(t.move for t in workflow.transitions))}")
    for limit in workflow.limits:
        time = f"from {', '.join(limit.start_on)} to {', '.join(limit.stop_on)}"
        typer.echo(f"  limit {limit.clock} ({limit.zh} / {limit.en}): {limit.span} {limit.calendar}, {time}")
        for other in limit.overrides:
            whom = [f"severity {other.severity}"] if other.severity else []
            whom += [f"category {prefix}*" for prefix in other.category]
            typer.echo(f"    {other.amount:g} {other.unit} {other.calendar}: {', '.join(whom)}")


def described(book: Book) -> dict[str, object]:
    """What is there, as one document."""
    return {
        "workflows": [
            {
                "id": w.id,
                "zh": w.zh,
                "en": w.en,
                "revision": w.revision,
                "path": w.path,
                "steps": list(w.steps),
                "moves": list(dict.fromkeys(t.move for t in w.transitions)),
                "verify": w.verify,
                "limits": [{"clock": x.clock, "span": x.span, "calendar": x.calendar} for x in w.limits],
            }
            for w in book.workflows.values()
        ],
        "calendars": [
            {"id": c.id, "zh": c.zh, "en": c.en, "kind": str(c.kind), "years": sorted(c.years)}
            for c in book.calendars.values()
        ],
        "routing": {"rules": [r.id for r in book.routing.rules], "owners": list(book.routing.owners)},
        "reasons": list(book.reasons),
        "remarks": remarks_on(book),
    }


def remarks_on(book: Book) -> list[str]:
    """What is sound and yet worth knowing, such as years whose holidays are not announced."""
    from dispatch.calendars import remarks

    today = SystemClock().now().astimezone(UTC).date()
    return [remark.en for calendar in book.calendars.values() for remark in remarks(calendar, today)]
