"""The API's documentation page: one HTML file of our own over /api/openapi.json, nothing from a CDN."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse

router = APIRouter()

PAGE = Path(__file__).with_name("docs.html")


@router.get("/api/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    return HTMLResponse(PAGE.read_text(encoding="utf-8"), headers={"cache-control": "no-cache"})
