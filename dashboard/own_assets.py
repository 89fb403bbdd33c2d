"""The pages' own scripts and styles as they travel: what the bundle's build made of them, compressed once and kept.

A file that was changed after the build, or without a build, is sent as it is written.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from anyio import to_thread
from fastapi import Request
from starlette.responses import JSONResponse, Response

BUILT = Path(__file__).parent / "assets_built/assets"


class OwnAssets:
    """Answers the addresses of a folder."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.name: path for path in folder.iterdir() if path.suffix in (".js", ".css")}

    async def answer(self, request: Request, name: str) -> Response:
        path = self._files.get(name)
        if path is None:
            return JSONResponse({"error": f"no file {name[:100]} of the pages", "reason": "not_found"}, 404)
        gzipped = "gzip" in request.headers.get("accept-encoding", "")
        body, etag = await to_thread.run_sync(_body, path, _stamp(path), gzipped)
        # Pages ask with the digest of what it was made from: another content is another address.
        for_good = request.query_params.get("m") == await to_thread.run_sync(digest, path)
        kept = "public, max-age=31536000, immutable" if for_good else "no-cache"
        headers = {"etag": etag, "vary": "accept-encoding", "cache-control": kept}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        if gzipped:
            headers["content-encoding"] = "gzip"
        return Response(body, media_type=mimetypes.guess_type(name)[0], headers=headers)


def digest(path: Path) -> str:
    """12 hex digits that name what a file holds now. Raises OSError where there is none."""
    return _digest(path, _stamp(path))


def _stamp(path: Path) -> tuple[int, int]:
    """Time of the last change, nanoseconds, and length, bytes: a file with others is read again."""
    known = path.stat()
    return known.st_mtime_ns, known.st_size


@lru_cache(maxsize=256)
def _digest(path: Path, _as_of: tuple[int, int]) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=256)
def _body(path: Path, as_of: tuple[int, int], gzipped: bool) -> tuple[bytes, str]:
    source = path.read_bytes()
    built = BUILT / f"{path.stem}.{_digest(path, as_of)}{path.suffix}"
    try:
        body = built.read_bytes()
        small = built.with_name(f"{built.name}.gz").read_bytes() if gzipped else b""
    except FileNotFoundError:
        body, small = source, gzip.compress(source, 9, mtime=0) if gzipped else b""
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}{"-gz" if gzipped else ""}"'
    return (small if gzipped else body), etag
