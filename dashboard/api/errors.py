"""Every failure is one JSON line with a reason; what went wrong inside is logged, not shown."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import compile_path

from dashboard.api.invalid import in_a_line
from dashboard.guard import BodyTooLarge
from data.errors import GridcommandError, StoreUnavailable, http_status

log = logging.getLogger(__name__)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def refused(
    status: int, error: str, reason: str, headers: Mapping[str, str] | None = None, *, zh: str = ""
) -> JSONResponse:
    """An error's answer. `error` is cut to one line; `zh`, where somebody wrote it, says the same in Chinese."""
    said = {"error": " ".join(error.split()), **({"error_zh": " ".join(zh.split())} if zh else {})}
    return JSONResponse({**said, "reason": reason}, status, headers=dict(headers or {}))


def reason_of(error: GridcommandError) -> str:
    """The slug of an error: its own `reason`, else its class in snake case."""
    own = getattr(error, "reason", "")
    name = type(error).__name__
    return own or "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def handle_errors(app: FastAPI) -> None:
    """Add the handlers, and an answer for calls under /api that there are not."""

    @app.exception_handler(GridcommandError)
    async def known(_request: Request, error: GridcommandError) -> JSONResponse:
        headers = {"retry-after": str(max(1, round(error.retry_after)))} if isinstance(error, StoreUnavailable) else {}
        return refused(http_status(error), str(error), reason_of(error), headers, zh=error.zh)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        said = in_a_line(error.errors())
        return refused(400, said.en, "invalid", zh=said.zh)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, BodyTooLarge):
            return refused(413, str(error.__cause__), "too_large")
        if error.status_code == 405:
            line = f"{request.url.path} does not take {request.method}; /api/docs lists the calls"
            return refused(405, line, "method", error.headers)
        reason = {400: "invalid", 404: "not_found"}.get(error.status_code, "http")
        return refused(error.status_code, str(error.detail), reason, error.headers)

    @app.exception_handler(BodyTooLarge)
    async def too_large(_request: Request, error: BodyTooLarge) -> JSONResponse:
        return refused(413, str(error), "too_large")

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return refused(500, "the server failed on this request; see its log", "internal")


def claim_the_rest(app: FastAPI) -> None:
    """Answer every other path below /api in JSON: without this, unknown calls would be answered with the page."""

    async def no_such_call(request: Request) -> JSONResponse:
        line = f"no such call: {request.method} {request.url.path}; /api/docs lists them"
        allowed = _methods_of(app, request)
        if allowed:
            return refused(405, line, "method", {"allow": ", ".join(allowed)})
        return refused(404, line, "not_found")

    for path in ("/api", "/api/{path:path}"):
        app.add_api_route(path, no_such_call, methods=METHODS, include_in_schema=False)


def _methods_of(app: FastAPI, request: Request) -> list[str]:
    """What the path of this request can be asked with, when it is a path of the API at all."""
    allowed: set[str] = set()
    for path, calls in app.openapi()["paths"].items():
        if compile_path(path)[0].match(request.url.path):
            allowed.update(method.upper() for method in calls)
    return sorted(allowed)
