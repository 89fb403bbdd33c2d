"""The OpenAPI document: what FastAPI derives, with the refusals that every call shares and without what is not so."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from dashboard.api.deps import ErrorBody, refusals
from dashboard.api.openapi_examples import example_of, with_nulls

ABOUT = (
    "Areas, incidents and their cases, units, sites and feeds of a district command centre. Times carry an offset; "
    "coordinates are WGS 84 degrees unless a record names its datum. Every refusal is one line and a slug. Commands "
    "take `Idempotency-Key`: a repeat changes nothing."
)

TAGS = {
    "areas": "The region, its areas and the base map.",
    "records": "Intake of records from other systems.",
    "incidents": "Incidents, their lives, and what was true at a past moment.",
    "commands": "What people at desks do. Each is one transaction, refused with a sentence or done.",
    "casework": "Workflows, routing rules, calendars, owners, and the ledger of returns: the rules that cases follow.",
    "units": "Units and their status.",
    "sites": "Cameras and other fixed points.",
    "categories": "Names of the ticket classes.",
    "walls": "Which incident's scene walls show.",
    "feeds": "Health of the feeds, and refused input.",
    "replays": "Moments of the log watched again. Reading calls take `replay=ID` and answer as of its moment.",
    "drills": "Exercises: scenarios, drills, and the acts of those who run, play and judge one. Every other call takes "
    "`timeline=drill:...` and is then about that exercise alone; its answers carry `X-Gridcommand-Exercise: 1`.",
    "forks": "What would have been: another course of a real timeline, played by a policy or people. Every other call "
    "takes `timeline=fork:...` and is then about that fork alone; its answers carry `X-Gridcommand-Exercise: 1`.",
    "health": "For supervisors and monitoring.",
}

_READ = (400,)
_WRITE = (400, 403, 409, 413, 503)
"""Refusals of any call: a foreign host name, or for one that writes also: a page of another site, a server that shows
a past time, a body that is too large, a store that is away."""


def operation_id(route: APIRoute) -> str:
    """The function's name: what generated clients call it."""
    return route.name


def describe(app: FastAPI) -> None:
    """Have the application answer with the completed document, made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                    tags=[{"name": name, "description": text} for name, text in TAGS.items()],
                )
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _completed(spec: dict[str, Any]) -> dict[str, Any]:
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    schemas.setdefault("ErrorBody", ErrorBody.model_json_schema())
    for schema in schemas.values():
        if "examples" in schema:
            schema["examples"] = [with_nulls(each, schema, schemas) for each in schema["examples"]]
    for path, calls in spec["paths"].items():
        for method, call in calls.items():
            answers = call["responses"]
            answers.pop("422", None)  # a body that does not fit is answered with 400 in the shape of every refusal
            for status, answer in refusals(*(_READ if method == "get" else _WRITE)).items():
                answers.setdefault(str(status), _in_document(answer))
            for status, answer in answers.items():
                _finish(status, answer, schemas)
            call["responses"] = dict(sorted(answers.items()))
            call.setdefault("summary", path)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return spec


def _finish(status: str, answer: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Refusals are JSON whatever the call answers with; and every JSON answer has an example."""
    content = answer.get("content", {})
    if status >= "400":
        for other in [media for media in content if media != "application/json"]:
            schema = content.pop(other)["schema"]
            content.setdefault("application/json", {}).setdefault("schema", schema)
    for media in content.values():
        if "schema" in media and "example" not in media:
            media["example"] = example_of(media["schema"], schemas)


def _in_document(answer: dict[str, Any]) -> dict[str, Any]:
    """A refusal as the document writes it: the model as a reference."""
    content = answer["content"]["application/json"] | {"schema": {"$ref": "#/components/schemas/ErrorBody"}}
    shown = {name: value for name, value in answer.items() if name != "model"}
    return shown | {"content": {"application/json": content}}
