"""Inputs nobody thought of, for every call of the OpenAPI document, and the answers held to what it promises.

Four passes: the document's own examples; for every parameter and field its boundaries and what lies beyond; random
inputs; and walks from call to call along what one answers and another takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from schemathesis.engine import events, from_schema
from schemathesis.python.asgi import HOST
from schemathesis.specs.openapi.schemas import OpenApiSchema

from cli.serve import running_services
from dashboard.server import create_app
from data.clock import SystemClock
from data.settings import Settings
from tests.contract.api.api_server import inventory, settled, small_region

ALSO_400 = ["2xx", "400", "404", "409"]
CONFIG = {
    "seed": 20260501,
    "generation": {"deterministic": True, "max-examples": 12, "no-shrink": True, "database": "none"},
    "phases": {
        "coverage": {"unexpected-methods": ["DELETE", "PUT"]},
        "stateful": {"generation": {"max-examples": 12}},
    },
    "operations": [
        # A batch with records that cannot be taken is answered with which those are, not refused.
        {"include-name": "POST /api/v1/records", "checks": {"negative_data_rejection": {"enabled": False}}},
        # What JSON Schema cannot say: that a span has a unit, that a rule has a condition, which roles there are.
        *(
            {"include-name": name, "checks": {"positive_data_acceptance": {"expected-statuses": ALSO_400}}}
            for name in (
                "GET /api/v1/calendars/{id}/deadline",
                "POST /api/v1/rules",
                "POST /api/v1/incidents/{id}/moves",
                "POST /api/v1/incidents/{id}/file",
                "POST /api/v1/incidents",
                # That a moment has come, that a span ends after it begins.
                "POST /api/v1/replays",
                "POST /api/v1/replays/{id}/transport",
                "GET /api/v1/replays/histogram",
                # That a scenario fits the place.
                "POST /api/v1/drills",
                # That a moment has come, and a fork ends after it begins.
                "POST /api/v1/forks",
            )
        ),
    ],
}


@schemathesis.serializer("application/x-ndjson")
def _lines(_context: schemathesis.SerializationContext, text: object) -> object:
    return text if isinstance(text, bytes) else str(text).encode(errors="replace")


@pytest.fixture
def api(tmp_path: Path) -> Iterator[OpenApiSchema]:
    """The application over an embedded store with a small region, asked in-process."""
    clock = SystemClock()
    settings = Settings(var_dir=tmp_path, silence_poll_s=0.2, allowed_hosts=HOST)
    with running_services(settings, clock) as services:
        services.store.put_level(small_region())
        services.store.append(inventory(clock))
        settled(services)
        yield schemathesis.openapi.from_asgi(
            "/api/openapi.json", create_app(services), config=schemathesis.Config.from_dict(CONFIG)
        )


def test_every_call_keeps_what_the_document_promises(api: OpenApiSchema) -> None:
    asked: dict[str, int] = {}
    broken: dict[str, str] = {}
    for event in from_schema(api).execute():
        if isinstance(event, events.ScenarioFinished):
            asked[event.phase.value] = asked.get(event.phase.value, 0) + len(event.recorder.cases)
            for id, checks in event.recorder.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        case = event.recorder.cases[id].value
                        failure = check.failure_info.failure
                        answer = event.recorder.find_response(case_id=id)
                        said = "" if answer is None else f"{answer.status_code} {answer.text[:200]}"
                        line = f"{case.method} {case.path}: {check.name}: {failure.title}: {failure.message}"
                        broken.setdefault(line[:300], f"{line}\n  {said}\n  {case.as_curl_command()}")
        elif isinstance(event, events.NonFatalError | events.FatalError):
            broken.setdefault(str(event.info), f"{event.label}: {event.info}")
    print(asked, len(broken))
    assert not broken, "\n\n".join(broken.values())
