"""`rebuild` and `dead-letters`: looking after a store."""

from __future__ import annotations

from contextlib import closing
from time import perf_counter
from typing import Annotated

import typer

from cli.common import DbOption, JsonOption, emit_json, note, open_cli_store, refusals
from dashboard.api.covered import covered

PREVIEW = 80
"""Characters of a refused body that are shown on the terminal."""


def rebuild(db: DbOption = None, json: JsonOption = False) -> None:
    """Compute every projection (incidents, units, sites, feeds, contacts) again from the log."""
    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        start = perf_counter()
        count = store.rebuild()
        seconds = perf_counter() - start
    if json:
        emit_json({"records": count, "seconds": round(seconds, 3)})
    else:
        note(f"rebuilt from {count} records in {seconds:.1f} s")


def dead_letters(
    db: DbOption = None,
    source: Annotated[str | None, typer.Option(help="Only letters of this source")] = None,
    limit: Annotated[int, typer.Option(min=0, max=10_000, help="How many letters to show, newest first")] = 20,
    json: JsonOption = False,
    raw: Annotated[bool, typer.Option(help="Show telephone numbers in full: for who mends the source only")] = False,
) -> None:
    """Show refused input: how much of it per source and reason, and the newest with their bytes, contacts covered."""
    shown = str if raw else covered
    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        counts = {key: n for key, n in store.dead_letter_counts().items() if source is None or key[0] == source}
        letters = store.dead_letters(source=source, limit=limit)
    if json:
        emit_json(
            {
                "counts": [{"source": s, "reason": r, "count": n} for (s, r), n in sorted(counts.items())],
                "letters": [
                    {
                        "id": letter.id,
                        "source": letter.source,
                        "reason": letter.reason,
                        "message": shown(letter.message),
                        "received_at": letter.received_at,
                        "body": shown(letter.body.decode("utf-8", "backslashreplace")),
                    }
                    for letter in letters
                ],
            }
        )
        return
    if not counts:
        note("no refused input")
    for (where, reason), n in sorted(counts.items(), key=lambda item: -item[1]):
        typer.echo(f"{n:>10}  {where}  {reason}")
    for letter in letters:
        body = shown(letter.body.decode("utf-8", "backslashreplace"))[:PREVIEW]
        typer.echo(f"{letter.received_at:%Y-%m-%d %H:%M:%S}Z  {letter.source}  {shown(letter.message)}\n    {body!r}")
