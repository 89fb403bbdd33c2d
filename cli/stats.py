"""`stats`, `cells`, `state`: what the log says, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.common import DbOption, JsonOption, TzOption, emit_json, open_cli_store, read_time, refusals
from data.errors import BadInput
from data.store import Store
from layers import stats as counts
from layers.stats import Bucket, Filter, Interval, Of, Row

FromOption = Annotated[str | None, typer.Option("--from", metavar="T", help="Earliest time, included")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="T", help="Latest time, not included")]
CategoryOption = Annotated[str, typer.Option("--category", metavar="C", help="Only this category")]


def stats(
    level: Annotated[
        str | None, typer.Option("--level", metavar="L", help="By the areas of this level, such as town; without: all")
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    category: CategoryOption = "",
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="STATUS", help="Also count rows in this status; repeatable")
    ] = None,
    of: Annotated[str, typer.Option("--of", metavar="records|incidents", help="What is counted")] = "records",
    interval: Annotated[
        str | None,
        typer.Option("--interval", metavar="A:B", help="Minutes between two named times, or moves or steps of cases"),
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="FIELD", help="Also by category, status, ... or an attribute")
    ] = None,
    tz: TzOption = None,
    as_json: JsonOption = False,
    db: DbOption = None,
) -> None:
    """Counts, by area with --level; with --interval also n, median and 90th percentile of minutes."""
    what = _of(of)
    pair = _pair(interval)
    statuses = tuple(by or ())
    with refusals():
        span = Filter(_time(start, tz), _time(end, tz), category)
        with closing(open_cli_store(db, reading=True)) as store:
            region = store.region()
            rows = counts.read_rows(store, what, span, pair or ())
            if pair:
                _complete(store, what, span, rows, pair)
        areas, outside = counts.count_by_area(rows, region, level, statuses, pair) if level else ({}, None)
        groups = counts.group(rows, group, statuses, pair) if group else None
    everything = counts.bucket(rows, statuses, pair)
    names = {area.code: area.name for area in region.by_level[level]} if level else {}
    order = sorted(areas, key=lambda code: (-areas[code].count, code))
    answer: dict[str, Any] = {
        "level": level,
        "from": _iso(span.start),
        "to": _iso(span.end),
        "of": what,
        "total": everything.count,
    }
    total = f"total {everything.count}"
    if outside is not None:
        answer["outside"] = outside.count
        answer["areas"] = [{"code": code, "name": names[code], **_bucket(areas[code])} for code in order]
        total += f", outside {outside.count}"
    if everything.by:
        answer["by"] = everything.by
    if everything.interval:
        answer["all"] = _interval(everything.interval)
        answer["excluded"] = everything.interval.excluded
    if groups is not None:
        answer["groups"] = {value: _bucket(found) for value, found in groups.items()}
    if as_json:
        emit_json(answer)
    else:
        if everything.interval and level is None:
            total += "".join(f", {key} {value}" for key, value in answer["all"].items())
        _print(answer.get("areas", ()), answer.get("groups"), total)


def cells(
    res: Annotated[int, typer.Option("--res", min=0, max=15, metavar="R", help="H3 resolution")],
    top: Annotated[int | None, typer.Option("--top", min=1, metavar="N", help="Only the N largest")] = None,
    start: FromOption = None,
    end: ToOption = None,
    category: CategoryOption = "",
    of: Annotated[str, typer.Option("--of", metavar="records|incidents", help="What is counted")] = "records",
    tz: TzOption = None,
    as_json: JsonOption = False,
    db: DbOption = None,
) -> None:
    """Counts by H3 cell, largest first, ties by cell."""
    what = _of(of)
    with refusals():
        span = Filter(_time(start, tz), _time(end, tz), category)
        with closing(open_cli_store(db, reading=True)) as store:
            found = counts.count_cells(counts.read_rows(store, what, span, ()), res, top)
    if as_json:
        emit_json({"res": res, "of": what, "cells": [{"cell": cell, "count": n} for cell, n in found]})
        return
    for cell, n in found:
        typer.echo(f"{cell}\t{n}")


def state(
    at: Annotated[str, typer.Option("--at", metavar="T", help="The moment, ISO 8601")],
    tz: TzOption = None,
    as_json: JsonOption = False,
    db: DbOption = None,
) -> None:
    """What was true at T: open incidents with their cases, and busy units."""
    from layers.state_at import state_at

    with refusals():
        t = read_time(at, tz)
        assert t is not None
        with closing(open_cli_store(db, reading=True)) as store:
            found = state_at(store, t)
    if as_json:
        emit_json(
            {
                "at": _iso(t),
                "open": len(found.open_ids),
                "open_ids": found.open_ids,
                "busy_units": len(found.busy_unit_ids),
                "busy_unit_ids": found.busy_unit_ids,
                "overdue": found.overdue,
                "warning": found.warning,
                "suspended": found.suspended,
                "cases": [
                    {
                        "id": case.id,
                        "workflow": case.workflow,
                        "step": case.step,
                        "owner": case.owner,
                        "clock": case.clock,
                    }
                    for case in found.cases
                ],
            }
        )
        return
    typer.echo(f"{_iso(t)}: open {len(found.open_ids)}, busy units {len(found.busy_unit_ids)}")
    typer.echo(
        f"cases: {len(found.cases)}, overdue {found.overdue}, warning {found.warning}, suspended {found.suspended}"
    )
    for case in found.cases:
        typer.echo("\t".join([case.id, case.workflow, case.step, case.owner, case.clock or ""]))
    typer.echo("open: " + " ".join(found.open_ids))
    typer.echo("busy: " + " ".join(found.busy_unit_ids))


def _of(text: str) -> Of:
    if text == "records":
        return "records"
    if text == "incidents":
        return "incidents"
    raise typer.BadParameter(f"{text!r} is not records or incidents", param_hint="--of")


def _pair(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    first, colon, second = text.partition(":")
    if not colon or not first or not second:
        raise typer.BadParameter(f"{text!r} is not A:B, such as dispatch:on_scene", param_hint="--interval")
    return first, second


def _complete(store: Store, what: Of, span: Filter, rows: Sequence[Row], pair: tuple[str, str]) -> None:
    """Where rows have no time of a name, it is a move of their cases. Raises BadInput when it is neither."""
    missing = set(pair) - {"at"} - counts.stamp_names(rows)
    if not missing or not rows:
        return
    moves = counts.add_moves(store, rows, missing)
    unknown = missing - moves
    if unknown:
        known = counts.stamp_names(counts.read_rows(store, what, span)) | {"at"}
        of_cases = f"; moves and steps of cases: {', '.join(sorted(moves))}" if moves else ""
        raise BadInput(
            f"interval {':'.join(pair)}: no row has a time {min(unknown)!r}; there are {', '.join(sorted(known))}"
            f"{of_cases}"
        )


def _time(text: str | None, tz: str | None) -> datetime | None:
    return None if text is None else read_time(text, tz)


def _iso(t: datetime | None) -> str | None:
    return t.isoformat() if t else None


def _interval(found: Interval) -> dict[str, Any]:
    return {"n": found.n, "p50": found.p50, "p90": found.p90, "excluded": found.excluded}


def _bucket(found: Bucket) -> dict[str, Any]:
    shown: dict[str, Any] = {"count": found.count}
    if found.by:
        shown["by"] = found.by
    if found.interval:
        shown |= _interval(found.interval)
    return shown


def _print(areas: Sequence[Mapping[str, Any]], groups: Mapping[str, Mapping[str, Any]] | None, total: str) -> None:
    for area in areas:
        rest = [f"{key} {value}" for key, value in area.items() if key not in ("code", "name", "count")]
        typer.echo("\t".join([str(area["code"]), str(area["name"]), str(area["count"]), *rest]))
    for value, found in (groups or {}).items():
        typer.echo("\t".join([f"[{value}]", *(f"{key} {n}" for key, n in found.items())]))
    typer.echo(total)
