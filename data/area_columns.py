"""Which properties of a feature make an area's code, names and parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.errors import BadRegion


@dataclass(frozen=True, slots=True)
class AreaColumns:
    """Names of properties. A dotted name reaches into an object (`parent.adcode`); `=text` is the text itself."""

    code: str
    name: str
    name_en: str | None = None
    parent: str | None = None

    def check(self, file: str, properties: Mapping[str, Any]) -> None:
        """Raise BadRegion when a column is not in the file's first feature, naming those that are."""
        for column in (self.code, self.name, self.name_en, self.parent):
            if column and not column.startswith("=") and _reach(properties, column) is _ABSENT:
                raise BadRegion(f"{file}: no column {column!r}; there are: {listed(properties)}")

    def code_of(self, properties: Mapping[str, Any]) -> str:
        return _text(properties, self.code)

    def name_of(self, properties: Mapping[str, Any]) -> str:
        return _text(properties, self.name)

    def name_en_of(self, properties: Mapping[str, Any]) -> str:
        return _text(properties, self.name_en) if self.name_en else ""

    def parent_of(self, properties: Mapping[str, Any]) -> str:
        return _text(properties, self.parent) if self.parent else ""

    def rest_of(self, properties: Mapping[str, Any]) -> dict[str, object]:
        """The plain values that are none of the named columns: what the source adds."""
        named = {self.code, self.name, self.name_en, self.parent}
        return {
            str(storable(str(key))): storable(value)
            for key, value in properties.items()
            if key not in named and isinstance(value, (str, int, float, bool)) and value != ""
        }


def listed(properties: Mapping[str, Any]) -> str:
    """Names of properties for an error: one line, at most 500 characters."""
    return ", ".join(" ".join(str(name).split()) for name in properties)[:500] or "none"


def storable(value: object) -> object:
    """The value without NUL characters, which are no text to PostgreSQL."""
    return value.replace("\x00", "") if isinstance(value, str) else value


_ABSENT = object()


def _reach(properties: Mapping[str, Any], column: str) -> Any:
    if column in properties:
        return properties[column]
    value: Any = properties
    for part in column.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _text(properties: Mapping[str, Any], column: str) -> str:
    """The value as text, empty for a missing one. 320684.0, as table formats store it, is 320684."""
    if column.startswith("="):
        return column[1:].strip()
    value = _reach(properties, column)
    if value is _ABSENT or value is None or isinstance(value, (Mapping, list)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(storable(value)).strip()
