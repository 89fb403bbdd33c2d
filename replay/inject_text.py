"""An inject that a console sends as values, worded as a scenario file words it: the log keeps one form of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_MOMENTS = ("at", "until")


def inject_text(values: Mapping[str, Any]) -> str:
    """One `[[injects]]` table of TOML. `at` and `until` may be ISO 8601 times, which a file writes without quotes."""
    lines = [f"{_key(key)} = {_moment(value) if key in _MOMENTS else _value(value)}" for key, value in values.items()]
    return "\n".join(["[[injects]]", *lines, ""])


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _moment(value: Any) -> str:
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value).isoformat()
        except ValueError:
            pass  # the reader of scenarios says what it expects
    return _value(value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    return _text(str(value))


def _text(value: str) -> str:
    """A basic string. JSON's escapes are TOML's, but for DEL, which JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
