"""What `POST /records` takes and answers, for the OpenAPI document: the route itself reads the body as it streams."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, Field

from dashboard.api.examples import shown
from feeds.push import PUSHABLE
from geo.datum import Datum


class RejectedBody(BaseModel):
    """One record that was refused; it is kept among the dead letters."""

    index: int
    reason: str
    error: str


class Pushed(BaseModel):
    """What became of the records, after commit."""

    accepted: int
    duplicate: int
    rejected: list[RejectedBody]
    seq: int | None = Field(description="Of the last new record; null when there is none")

    model_config = shown(
        {
            "accepted": 1,
            "duplicate": 0,
            "rejected": [{"index": 1, "reason": "at", "error": "at: 'yesterday' is no time with an offset"}],
            "seq": 104233,
        }
    )


_RECORD = {
    "type": "object",
    "required": ["source", "source_id", "at", "payload"],
    "properties": {
        "kind": {"enum": list(PUSHABLE), "default": "event"},
        "source": {"type": "string", "minLength": 1, "maxLength": 200},
        "source_id": {"type": "string", "minLength": 1, "maxLength": 200},
        "at": {"type": "string", "format": "date-time"},
        "lon": {"type": ["number", "null"]},
        "lat": {"type": ["number", "null"]},
        "datum": {"enum": [datum.value for datum in Datum], "default": "wgs84"},
        "version": {"type": "integer", "minimum": 0},
        "payload": {"type": "object", "description": "As docs/feeds.md says for each kind"},
    },
}
_EXAMPLE = {
    "kind": "event",
    "source": "hotline",
    "source_id": "T-1",
    "at": "2026-05-01T08:00:00+08:00",
    "lon": 116.801,
    "lat": 35.552,
    "payload": {"category": "0307", "title": "路口积水"},
}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"anyOf": [_RECORD, {"type": "array", "items": _RECORD}]},
            "examples": {"one": {"value": _EXAMPLE}, "several": {"value": [_EXAMPLE]}},
        },
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "A record per line"},
            "example": orjson.dumps(_EXAMPLE).decode(),
        },
    },
}
