"""How a body carries its examples into the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict


def shown(*examples: dict[str, Any]) -> ConfigDict:
    """The configuration of a body that is sent out."""
    return ConfigDict(json_schema_extra={"examples": list(examples)})


def taken(*examples: dict[str, Any], **schema: Any) -> ConfigDict:
    """The configuration of a body that is taken in: unknown keys are refused. `schema` is added to its JSON schema."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples), **schema})
