"""`feed import`: events and tracks from files, by a mapping. `feed reconcile`: do files of counts agree?"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from cli.common import DbOption, JsonOption, emit_json, note, open_cli_store, refusals
from feeds.aggregates import Comparison, read_view
from feeds.aggregates import reconcile as hold_together
from feeds.appending import ImportReport
from feeds.board_polls import BoardReport, import_polls
from feeds.files import import_file
from feeds.mapping import Mapping

app = typer.Typer(no_args_is_help=True, help="Take records from files, and check files of counts.")


@app.callback()
def _feed() -> None:
    """Take records from files, and check files of counts."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines, GeoJSON (each also .gz) or Parquet")],
    mapping: Annotated[Path, typer.Option("--mapping", "-m", help="TOML file that names the columns")],
    as_json: JsonOption = False,
    db: DbOption = None,
) -> None:
    """Append a file's rows to the log. Running it twice adds nothing; refused rows become dead letters.

    With [board] in the mapping the file holds polls of a board, and what they show from one to the next is appended.
    """
    with refusals():
        rules = Mapping.load(mapping)
        with closing(open_cli_store(db)) as store:
            report: ImportReport | BoardReport
            if rules.board is not None:
                report = import_polls(store, file, rules, progress=lambda polls: note(f"{polls} polls"))
            else:
                report = import_file(store, file, rules, progress=lambda rows: note(f"{rows} rows"))
    if as_json:
        emit_json(report)
        return
    typer.echo(f"accepted {report.accepted}, duplicate {report.duplicate}, rejected {report.rejected}")
    if isinstance(report, BoardReport):
        typer.echo(
            f"{report.polls} polls: opened {report.opened}, changed {report.changed}, closed {report.closed}, "
            f"returned {report.returned}; not whole {report.partial}, late {report.late}"
        )
    for reason, count in report.reasons.items():
        typer.echo(f"  {reason}: {count}")


@app.command("reconcile")
def reconcile(
    files: Annotated[list[Path], typer.Argument(help="CSV files of counts: several views of the same tickets")],
    count: Annotated[str, typer.Option("--count", metavar="COLUMN", help="The column that holds the count")],
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", metavar="COLUMN", help="Not to count by; repeatable")
    ] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="Such as gb18030")] = "utf-8",
    as_json: JsonOption = False,
) -> None:
    """Hold views of one total against each other: sums, and where they differ. Exit 1 when they do.

    Nothing is stored: a count is not a ticket.
    """
    with refusals():
        found = hold_together([read_view(file, count, leave_out=leave_out or (), encoding=encoding) for file in files])
    if as_json:
        emit_json(found)
    else:
        for view in found.views:
            typer.echo(f"{view.name}: {view.total} in {view.rows} rows, by {', '.join(view.by) or 'nothing'}")
            for name in view.by:
                typer.echo(f"  {name}: " + ", ".join(f"{value} {n}" for value, n in view.sums[name].items()))
            for fault in view.faults:
                typer.echo(f"  left out: {fault}")
            if view.faulty > len(view.faults):
                typer.echo(f"  left out: {view.faulty - len(view.faults)} more")
        for comparison in found.comparisons:
            typer.echo(_line(comparison))
        if found.unlinked:
            typer.echo(f"in one file alone, so checked by the total only: {', '.join(found.unlinked)}")
        typer.echo("the views agree" if found.agrees else "the views do NOT agree")
    if not found.agrees:
        raise typer.Exit(1)


def _line(found: Comparison) -> str:
    what = f"by {found.by}: {found.equal} of {found.values} agree" if found.by else "total"
    line = f"{found.first} = {found.second}  {what}"
    if not found.differences:
        return line
    shown = [f"{d.value or 'all'} {_n(d.first)} / {_n(d.second)}" for d in found.differences[:10]]
    more = len(found.differences) - len(shown)
    return line.replace(" = ", " ≠ ", 1) + ": " + ", ".join(shown) + (f" and {more} more" if more else "")


def _n(count: int | None) -> str:
    return "none" if count is None else str(count)
