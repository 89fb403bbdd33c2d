"""`settings`: what is set, from where, and what each setting means."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from cli.common import JsonOption, emit_json, refusals
from data.settings import Settings, read_settings

_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*@")


def described() -> list[dict[str, object]]:
    """Every setting: name, environment variable, value (passwords covered), default, description."""
    settings = read_settings()
    rows: list[dict[str, object]] = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        rows.append(
            {
                "name": name,
                "variable": f"GRIDCOMMAND_{name.upper()}",
                "value": _plain(value),
                "default": _plain(field.default),
                "set": name in settings.model_fields_set,
                "description": field.description or "",
            }
        )
    return rows


def _plain(value: object) -> object:
    if isinstance(value, int | float | bool) or value is None:
        return value
    return _PASSWORD.sub(r"\1***@", str(value))


def markdown() -> str:
    """`docs/settings.md`: every setting with its default, whatever is set here."""
    rows = [
        f"| `GRIDCOMMAND_{name.upper()}` | {_default(field.default)} | {field.description or ''} |"
        for name, field in Settings.model_fields.items()
    ]
    return _HEAD + "\n".join(rows) + "\n"


_HEAD = """# Settings

Environment variables, read once at the start; `app.py settings` shows what is in force. This page is written by
`app.py settings --markdown > docs/settings.md`, and a test keeps it so.

| variable | default | meaning |
|---|---|---|
"""


def _default(value: object) -> str:
    return "(empty)" if value == "" else f"`{value}`"


def settings(
    json: JsonOption = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/settings.md")] = False,
) -> None:
    """Show every setting: its environment variable, value, default and meaning."""
    if as_markdown:
        typer.echo(markdown(), nl=False)
        return
    with refusals():
        rows = described()
    if json:
        emit_json({"settings": rows})
        return
    for row in rows:
        mark = "  (set)" if row["set"] else ""
        typer.echo(f"{row['variable']}={row['value']}{mark}\n    {row['description']} Default: {row['default']!s}")
