"""The ticket classes: 13 major, 131 minor, read from `taxonomy.csv`.

A record's category is a minor's four digits; its first two are the major. `minutes` is the usual time from the report
to the end, `severity` the usual case priority (1 most urgent .. 4 routine), `weight` how common it is on its feeds.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("taxonomy.csv")


@dataclass(frozen=True, slots=True)
class Minor:
    """One ticket class."""

    code: str
    name: str
    name_en: str
    feeds: tuple[str, ...]
    weight: float
    severity: int
    minutes: float


@lru_cache(maxsize=1)
def majors() -> dict[str, tuple[str, str]]:
    """Code of two digits -> (Chinese, English)."""
    return {row["code"]: (row["name"], row["name_en"]) for row in _rows() if len(row["code"]) == 2}


@lru_cache(maxsize=1)
def minors() -> tuple[Minor, ...]:
    """All ticket classes in code order."""
    return tuple(
        Minor(
            row["code"],
            row["name"],
            row["name_en"],
            tuple(row["feeds"].split()),
            float(row["weight"]),
            int(row["severity"]),
            float(row["minutes"]),
        )
        for row in _rows()
        if len(row["code"]) == 4
    )


def names() -> dict[str, tuple[str, str]]:
    """Code -> (Chinese, English) of majors and minors."""
    return {**majors(), **{m.code: (m.name, m.name_en) for m in minors()}}


def names_json() -> bytes:
    """`names` as the store keeps it: {"03": {"zh", "en"}, "0307": {...}}."""
    return json.dumps({code: {"zh": zh, "en": en} for code, (zh, en) in names().items()}, ensure_ascii=False).encode()


def _rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
