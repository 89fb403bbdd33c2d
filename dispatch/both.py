"""The same said in Chinese and in English, and files of such words: `key = ["中文", "English"]`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple


class Both(NamedTuple):
    """The same said in Chinese and in English."""

    zh: str
    en: str


def read_words(path: Path) -> dict[str, Both]:
    """The words of one file of the program, in its order. A key that lacks a language is its author's mistake:
    ValueError.
    """
    words = {}
    for key, said in tomllib.loads(path.read_text(encoding="utf-8")).items():
        if not (isinstance(said, list) and len(said) == 2 and all(isinstance(text, str) and text for text in said)):
            raise ValueError(f"{path}: {key}: expected [Chinese, English]")
        words[key] = Both(*said)
    return words
