"""The fonts of the screens: slices of Noto Sans SC, cut by `deploy/fonts.py`, for machines without a Chinese font.

`faces.css` names a machine's own fonts first, then our files by the characters they hold: a browser fetches a slice
when it has to draw one of them, and nothing where the machine has the font. A file's name has its digest: it is kept
for good.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response

router = APIRouter(include_in_schema=False)

HERE = Path(__file__).parent
FILES = frozenset(path.name for path in HERE.glob("*.woff2"))
_FACES = (HERE / "faces.css").read_bytes()
_SMALL = gzip.compress(_FACES, 9, mtime=0)
STYLESHEET = f"/fonts/faces.{hashlib.sha256(_FACES).hexdigest()[:12]}.css"
"""Where pages find the faces."""

FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


@router.get(STYLESHEET)
def faces(request: Request) -> Response:
    headers = {**FOR_GOOD, "vary": "accept-encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(_FACES, media_type="text/css", headers=headers)
    return Response(_SMALL, media_type="text/css", headers={**headers, "content-encoding": "gzip"})


@router.get("/fonts/{name}")
def font(name: str) -> Response:
    if name not in FILES:
        return JSONResponse({"error": f"no font file {name[:100]}", "reason": "not_found"}, 404)
    return FileResponse(HERE / name, media_type="font/woff2", headers=FOR_GOOD)
