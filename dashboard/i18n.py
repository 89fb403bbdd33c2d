"""Every word a screen says, in both languages, in one table. Names of areas and units come with the data.

The words are in `dashboard/words/*.toml`, by page. Names that refusals say as well are in `dispatch/names.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

from dispatch.both import Both, read_words
from dispatch.words import NAMES

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)

_FILES = sorted(Path(__file__).with_name("words").glob("*.toml"))


def _labels() -> dict[str, Both]:
    """Names of statuses, moves and evidence. A status or a move stands alone on a screen: it begins with a capital."""
    found = {key: said for key, said in NAMES.items() if key.startswith("evidence.")}
    for key, said in NAMES.items():
        if key.startswith(("status.", "move.")):
            found[key] = Both(said.zh, said.en[:1].upper() + said.en[1:])
    return found


def joined(parts: Iterable[dict[str, Both]]) -> dict[str, Both]:
    """All in one. ValueError names the keys that are in two."""
    whole: dict[str, Both] = {}
    for part in parts:
        if twice := whole.keys() & part.keys():
            raise ValueError(f"words that are in two files: {', '.join(sorted(twice))}")
        whole |= part
    return whole


TEXT = joined((*map(read_words, _FILES), _labels()))
"""key -> (Chinese, English). Words in braces are filled in by the page."""


def text(key: str, lang: Lang, **values: object) -> str:
    """The words for `key`. Raises KeyError for an unknown key: a missing word is a fault, never a blank."""
    words = TEXT[key][LANGS.index(lang)]
    return words.format(**values) if values else words


def table() -> dict[str, dict[str, str]]:
    """The whole table by language, as the page's scripts read it."""
    return {lang: {key: words[i] for key, words in TEXT.items()} for i, lang in enumerate(LANGS)}
