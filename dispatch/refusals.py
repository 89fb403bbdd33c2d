"""What a desk is told when a command cannot be done: every sentence in Chinese and in English (`refusals.toml`)."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from data.errors import GridcommandError
from dispatch.both import Both, read_words

E = TypeVar("E", bound=GridcommandError)

TEXT = read_words(Path(__file__).with_name("refusals.toml"))

Value = str | int | Both


def sentence(key: str, /, **params: Value) -> Both:
    """The sentence in both languages. Unknown keys are a mistake in the program, so KeyError."""
    zh, en = (
        template.format_map({name: v[at] if isinstance(v, Both) else v for name, v in params.items()})
        for at, template in enumerate(TEXT[key])
    )
    return Both(zh, en)


def refuse(error: type[E], key: str, /, **params: Value) -> E:
    """The error to raise, with its sentence in both languages."""
    said = sentence(key, **params)
    return error(said.en, zh=said.zh)
