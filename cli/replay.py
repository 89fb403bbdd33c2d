"""`replay`: what would have been, without a screen: fork a real timeline, list forks, delete a timeline."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

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
from data.records import LIVE
from data.settings import read_settings

app = typer.Typer(help="What would have been: forks of a real timeline.", no_args_is_help=True)


@app.callback()
def replay() -> None:
    """What would have been: forks of a real timeline."""


@app.command()
def fork(
    at: Annotated[str, typer.Option("--at", metavar="T", help="The moment at which the fork begins")],
    policy: Annotated[
        str,
        typer.Option("--policy", metavar="P", help="Who is sent: nearest-by-road, nearest-straight-line, as-history"),
    ],
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="Where it ends; a day after it begins where left out")
    ] = None,
    timeline: Annotated[str, typer.Option("--timeline", help="What it is a fork of: live, or another fork")] = LIVE,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is drawn by chance")] = 0,
    travel: Annotated[
        str, typer.Option("--travel", help="With as-history: history (as recorded) or roads; others: roads")
    ] = "",
    id: Annotated[str, typer.Option("--id", help="Its name: fork:ID; by its moment where left out")] = "",
    actor: Annotated[str, typer.Option("--actor", help="Who makes it")] = "cli",
    tz: TzOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Play the past from T on with other choices of units, and tell what that would have gained. The fork stays in the
    store, on a timeline of its own."""
    from dashboard.api.travel import roads_in
    from data.held import held
    from replay.comparison import document
    from replay.fork_run import run
    from replay.state_hash import state_hash

    with refusals():
        start = read_time(at, tz)
        end = start + timedelta(days=1) if until is None else read_time(until, tz)
        settings = read_settings()
        if tz:
            settings = settings.model_copy(update={"timezone": tz})
        with closing(open_cli_store(db, reading=True)) as store:
            roads = roads_in(store, settings)
            if roads is None:
                note("no roads were imported: units go along the straight line at 30 km/h")
            began = perf_counter()
            ran = run(
                store, SystemClock(), casework_rules(settings), settings, roads, parent=timeline, at=start, until=end,
                policy=policy, seed=seed, travel=travel, id=id, actor=actor, held=partial(held, store),
            )  # fmt: skip
            found = document(ran, state_hash(store, ran.fork.timeline))
            took = perf_counter() - began
            note(f"forked {timeline} as {ran.fork.timeline}, {len(ran.course.records)} records, in {took:.1f} s")
    if json:
        emit_json(found)
        return
    _print(found, settings.timezone)


@app.command("forks")
def forks_(db: DbOption = None, json: JsonOption = False) -> None:
    """The forks of a store."""
    from replay.comparison import about
    from replay.fork import forks

    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        found = [about(each) for each in forks(store)]
    if json:
        emit_json({"forks": found})
        return
    for each in found:
        typer.echo(f"{each['timeline']}  of {each['of']} at {each['at'].isoformat()}  {each['policy']}")


@app.command("delete")
def delete_(
    timeline: Annotated[str, typer.Argument(help="The timeline, such as fork:20200414T0700 or drill:typhoon")],
    db: DbOption = None,
) -> None:
    """Delete a timeline with all its records. Refused for the real one, for a drill or fork that is under way, and
    while others inherit from it."""
    from data.held import held
    from replay.deleting import delete

    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        gone = delete(store, timeline, partial(held, store))
        note(f"deleted {timeline}: {gone} records")


def _print(found: dict[str, Any], zone: str) -> None:
    local = ZoneInfo(zone)
    typer.echo(
        f"{found['timeline']}  推演 / WHAT-IF  {found['policy']}, travel by {found['travel']}, seed {found['seed']}\n"
        f"  of {found['of']}, {found['at'].astimezone(local):%Y-%m-%d %H:%M} to "
        f"{found['until'].astimezone(local):%Y-%m-%d %H:%M} {zone}"
    )
    counts = found["counts"]
    typer.echo(
        f"  {counts['incidents']} incidents; {counts['sent']} orders filled, {counts['other_unit']} by another unit "
        f"than history's; {counts['waited']} waited for a unit, {counts['unfilled']} found none"
    )
    for name, words in (("all", "all"), ("on_roads", f"where roads are at hand, {counts['on_roads']}")):
        part = found[name]
        typer.echo(f"  report to first on scene ({words}):")
        for course, said in (
            ("original", "as recorded"),
            ("baseline", "history's units, same roads"),
            ("fork", "fork"),
        ):
            each = part[course]
            shown = (
                "-"
                if each["p50"] is None
                else f"p50 {each['p50']:.1f} p90 {each['p90']:.1f} mean {each['mean']:.2f} min"
            )
            typer.echo(f"    {said:<30} n {each['n']:<5} {shown}")
        gained = part["gained"]
        if gained["n"]:
            typer.echo(
                f"    gained over history's units     n {gained['n']:<5} mean {gained['mean']:+.2f} min; "
                f"{gained['sooner']} sooner, {gained['later']} later"
            )
    coverage = found["coverage"]
    if coverage["fork"]:
        shares = []
        for name, said in (("baseline", "history's units"), ("fork", "fork")):
            if coverage[name]:
                shares.append(f"{said} {sum(share for _, share in coverage[name]) / len(coverage[name]):.0%}")
        typer.echo(
            f"  covered within {coverage['minutes']:.0f} min by a free unit, mean of {coverage['of']} places: "
            + ", ".join(shares)
        )
    typer.echo(f"  state hash {found['state_hash']}")
