"""An example for every answer, put together from those that its parts carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SCALARS: Mapping[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "null": None, "object": {}, "array": []}


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A value that fits the schema: its own example where it has one, else made of its parts'.

    `schemas` are those that `$ref` names (`components/schemas`).
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for name in ("example", "const"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("anyOf", "allOf", "oneOf"):
        if name in schema:
            return example_of(schema[name][0], schemas)
    if "properties" in schema:
        return {name: example_of(part, schemas) for name, part in schema["properties"].items()}
    kind = schema.get("type")
    if kind == "array" and "items" in schema:
        return [example_of(schema["items"], schemas)]
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return {"0307": example_of(schema["additionalProperties"], schemas)}
    if "default" in schema:
        return schema["default"]
    if kind == "string":
        return {"date-time": "2026-05-01T08:00:00+08:00", "date": "2026-05-01"}.get(schema.get("format", ""), "")
    return _SCALARS.get(str(kind))


def with_nulls(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """The example with the nulls that FastAPI leaves out of a document: what is required and not there."""
    if "$ref" in schema:
        return with_nulls(value, schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for part in schema.get("anyOf", ()):
        if "$ref" in part and isinstance(value, dict):
            return with_nulls(value, part, schemas)
    if isinstance(value, list) and "items" in schema:
        return [with_nulls(each, schema["items"], schemas) for each in value]
    if isinstance(value, dict) and "properties" in schema:
        parts = schema["properties"]
        known = {name: with_nulls(each, parts.get(name, {}), schemas) for name, each in value.items()}
        missing = [name for name in schema.get("required", ()) if name not in value]
        return known | dict.fromkeys(missing)
    return value
