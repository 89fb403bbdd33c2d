"""Alive, ready, and numbers for Prometheus."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse

from dashboard.api.deps import RETRY, ServicesDep
from dashboard.api.examples import shown
from data.errors import StoreUnavailable

router = APIRouter(tags=["health"])

METRICS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One line per sample",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "gridcommand_store_up 1\n"}},
    }
}


class Alive(BaseModel):
    """The process answers."""

    status: str

    model_config = shown({"status": "ok"})


class Ready(BaseModel):
    """What readiness rests on. 503 when one of them is not so. `past`: a past time is shown, nothing is taken in.
    `preparing` says what is still being done, `step` is its name."""

    ready: bool
    store: str
    preparing: str
    step: str
    failed: str
    past: bool

    model_config = shown({"ready": True, "store": "ok", "preparing": "", "step": "", "failed": "", "past": False})


@router.get("/healthz", summary="The process answers")
async def healthz() -> Alive:
    return Alive(status="ok")


@router.get(
    "/readyz",
    summary="The store answers and nothing is being prepared",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "Not so: the body says what is missing", "headers": RETRY}},
)
def readyz(services: ServicesDep) -> JSONResponse:
    try:
        services.store.ping()
        store = "ok"
    except StoreUnavailable as error:
        store = str(error)
    preparation = services.preparation
    ready = store == "ok" and not preparation.running and not preparation.failed
    body = Ready(
        ready=ready,
        store=store,
        preparing=preparation.said(),
        step=preparation.named(),
        failed=preparation.failed,
        past=services.past,
    )
    headers = {} if ready else {"retry-after": "2"}
    return JSONResponse(body.model_dump(), 200 if ready else 503, headers=headers)


@router.get(
    "/metrics", summary="Numbers in Prometheus text format", response_class=PlainTextResponse, responses=METRICS
)
def metrics(services: ServicesDep) -> PlainTextResponse:
    from dashboard.api.metrics import exposition

    return PlainTextResponse(exposition(services), media_type="text/plain; version=0.0.4; charset=utf-8")
