"""`casework rejections` and `casework rules`: the ledger of returns, the routing table, adopting a decision."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from cli.common import DbOption, JsonOption, casework_rules, emit_json, note, open_cli_store, refusals
from data.clock import SystemClock
from data.errors import BadInput, NotFound
from data.records import Kind
from data.settings import read_settings

rules_app = typer.Typer(help="The routing table in the order it is tried.", invoke_without_command=True)


def rejections(
    db: DbOption = None,
    owner: Annotated[str, typer.Option(help="Only returns by this owner")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show, newest first")] = 50,
    json: JsonOption = False,
) -> None:
    """The rejection ledger: who handed which case back, why, and how often by owner, rule, reason and class."""
    from dispatch.rejections import counts, entries

    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        found = [each for each in entries(store.snapshot().incidents) if owner in ("", each.owner)]
    summary = counts(found)
    if json:
        emit_json({"rejections": found[:limit], "counts": summary})
        return
    for each in found[:limit]:
        said = " ".join(filter(None, [each.rule, each.reason]))
        typer.echo("\t".join([each.at.isoformat(), each.incident, str(each.number), each.owner, each.category, said]))
    for name, pairs in (("owner", summary.by_owner), ("class", summary.by_category), ("reason", summary.by_reason)):
        for text, n in pairs:
            note(f"{n:>6}  {name} {text}")
    note(f"{summary.total} returns of {summary.cases} cases, {summary.binding} for the district to decide")


@rules_app.callback()
def rules(context: typer.Context, db: DbOption = None, json: JsonOption = False) -> None:
    """The routing table in the order it is tried, with the rules that were adopted at work."""
    from dispatch.routing import adopted_rules

    if context.invoked_subcommand is not None:
        return
    with refusals():
        table = casework_rules(read_settings()).routing
        with closing(open_cli_store(db, reading=True)) as store:
            order = table.ordered(adopted_rules(store.documents(Kind.RULE)))
    if json:
        emit_json([{"id": r.id, "adopted": not r.line, "when": r.words("en"), "owner": r.owner} for r in order])
        return
    for rule in order:
        typer.echo("\t".join([rule.id, "file" if rule.line else "adopted", rule.words("en"), rule.owner]))


@rules_app.command()
def adopt(
    incident: Annotated[str, typer.Option(help="The case whose decision it is")],
    actor: Annotated[str, typer.Option(help="Who decides it, in the role district")],
    owner: Annotated[str, typer.Option(help="Whose its class in its town is from now on; default: who has it")] = "",
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Adopt the decision on a case as a routing rule, `R-` and the case's id. Repeated, it changes nothing."""
    from dispatch.dispatcher import Dispatcher
    from dispatch.rejections import propose_rule

    with refusals():
        book = casework_rules(read_settings())
        with closing(open_cli_store(db)) as store:
            row = store.incident(incident)
            if row is None:
                raise NotFound(f"no incident {incident}")
            whose = owner or (row.case.owner if row.case is not None else "")
            had = {each.owner for each in row.case.returns} | {row.case.owner} if row.case is not None else set()
            if whose not in book.routing.owners and whose not in had and whose not in store.region().by_code:
                raise BadInput(f"there is no owner {whose!r}; `casework check --json` lists those of the table")
            said = propose_rule(row, whose, actor)
            done = Dispatcher(store, SystemClock(), book=book).adopt_rule(
                f"R-{incident}", actor=actor, role="district", owner=whose, category=said.category, area=said.area,
                note=said.note, incident=incident,
            )  # fmt: skip
    if json:
        emit_json({"rule": done.rule, "seq": done.seq, "repeated": done.repeated})
    else:
        note(f"rule {done.rule}: category {said.category}*, area {said.area or 'any'} -> {whose}")
