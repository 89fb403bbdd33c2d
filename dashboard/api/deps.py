"""What every route shares: the services, the shape of an error, and how one is documented."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from dashboard.api.replayed import as_hosted, as_replayed
from dashboard.services import Services
from data.records import LIVE
from geo.area import Region


def services_of(connection: HTTPConnection) -> Services:
    """The services of the application that answers this request, as of the replay or the timeline that it names.

    Raises NotFound for a replay or timeline that is not there, Refused for a command within a replay.
    """
    services: Services = connection.app.state.services
    asked = connection.query_params
    if replay := asked.get("replay"):
        services = as_replayed(services, replay, connection.scope.get("method", "GET"))
    else:
        services = as_hosted(services, asked.get("timeline") or LIVE)
    if services.timeline != LIVE:
        seal(connection)
    return services


def seal(connection: HTTPConnection) -> None:
    """Have the answer to a request say that it is of an exercise (`EXERCISE_HEADER`), a refusal too."""
    connection.state.exercise = True


ServicesDep = Annotated[Services, Depends(services_of)]


class ErrorBody(BaseModel):
    """Every refusal: one line for a person, also in Chinese where a desk can meet it; one slug for a program."""

    error: str
    error_zh: str = ""
    reason: str


_MEANING = {
    400: "The input cannot be taken as it is; `error` names the field and what was expected.",
    403: "The browser page that sent this belongs to another site.",
    404: "There is no such thing.",
    409: "The current state does not allow it; `error` says who did what, and when.",
    413: "The body is larger than the server takes.",
    503: "The store does not answer, or its queue is full. `Retry-After` says when to try again.",
}

_IN_CHINESE = {
    400: "等级：须不大于 4",
    404: "没有案件 D-7KQ2M4XA",
    409: "E07 已由 desk 3 派往案件 D-7KQ2M4XA（4 秒前）",
    503: "数据库暂时没有应答，请稍后再试",
}

_EXAMPLE = {
    400: ("severity: Input should be less than or equal to 4", "invalid"),
    403: ("a page of http://other.example may not act on this server; open the page from 127.0.0.1:8050", "origin"),
    404: ("no incident D-7KQ2M4XA", "not_found"),
    409: ("unit E07 was sent to incident D-7KQ2M4XA by desk 3, 4 s ago", "refused"),
    413: ("the body has 20000000 bytes; at most 16000000 are taken, send smaller batches", "too_large"),
    503: ("the store does not answer", "store_unavailable"),
}

RETRY = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "string"}, "required": True}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` of the refusals a route can answer with, beside those that every route has (`openapi.py`)."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        error, reason = _EXAMPLE[status]
        zh = {"error_zh": _IN_CHINESE[status]} if status in _IN_CHINESE else {}
        found[status] = {
            "model": ErrorBody,
            "description": _MEANING[status],
            "content": {"application/json": {"example": {"error": error, **zh, "reason": reason}}},
            **({"headers": RETRY} if status == 503 else {}),
        }
    return found


COMMAND = refusals(400, 404, 409, 503)
"""Refusals of a command."""


def region_of(services: Services) -> Region:
    """The region that the screens show at this moment."""
    if services.reader.seq is None:
        return services.store.region()  # the live state is still being loaded
    with services.reader.reading() as state:
        return state.region


def notice_of(services: Services) -> dict[str, str] | None:
    """The line that says what this data is (an invented district), by language; None for real data."""
    if services.reader.seq is None:
        return None
    with services.reader.reading() as state:
        notice = state.extras.notice
    return None if notice is None else dict(notice)
