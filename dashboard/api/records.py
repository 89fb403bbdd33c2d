"""`POST /api/v1/records`: intake over HTTP. A 200 means that everything accepted is committed."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections import OrderedDict
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Request
from starlette.responses import JSONResponse, Response

from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.push_bodies import BODY, Pushed
from dashboard.services import Services
from data.errors import BadInput, Refused
from data.records import LIVE
from feeds.push import Push, parse_push

router = APIRouter(tags=["records"])

KEY_MAX = 200
REMEMBERED = 4096
REMEMBERED_BYTES = 8 << 20
"""Answers kept for idempotency keys: the latest, at most so many and so many bytes. Older keys are answered anew,
which adds nothing either, for records are idempotent by themselves; only the counts then say `duplicate`."""

OFF_LOOP_BYTES = 64 * 1024
"""Bodies up to this size are parsed on the event loop (under 5 ms); larger ones on a thread."""


class BodyLimit(Exception):
    """The body is larger than the server takes."""


class _Answers:
    """The answers to the latest idempotency keys, and the posts that are still being answered."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()
        self._bytes = 0
        self.running: dict[str, asyncio.Lock] = {}

    def get(self, key: str, digest: bytes) -> bytes | None:
        """The answer to this key. Raises Refused when the key came with another body before."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept[0] != digest:
            raise Refused(f"Idempotency-Key {key[:40]!r} was used for another body; use a new key for new records")
        self._kept.move_to_end(key)
        return kept[1]

    def put(self, key: str, digest: bytes, answer: bytes) -> None:
        if len(answer) > REMEMBERED_BYTES // 8:
            return
        self._kept[key] = (digest, answer)
        self._bytes += len(answer)
        while len(self._kept) > REMEMBERED or self._bytes > REMEMBERED_BYTES:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._bytes -= len(dropped)


@router.post(
    "/records",
    summary="Push records",
    description="One record, an array of records, or JSON lines (`application/x-ndjson`); gzip is understood. The "
    "answer comes after commit: `accepted`, `duplicate`, `rejected` (index, reason, error) and `seq` of the last new "
    "record, null when there is none.",
    response_model=Pushed,
    responses=refusals(400, 409, 413, 503),
    openapi_extra={"requestBody": BODY},
)
async def push_records(
    request: Request,
    services: ServicesDep,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=KEY_MAX, description="The same body sent again with the same key gets the first answer"),
    ] = None,
) -> Response:
    """Take records from any system that can speak HTTP. They are real, so no exercise takes them."""
    if services.timeline != LIVE:
        raise Refused(
            f"records from outside are real and get into {LIVE!r} alone; leave timeline out",
            zh="外部数据均为真实数据，只能进入实时时间线；请去掉 timeline",
        )
    try:
        body = await _body(request, services.settings.push_max_bytes)
    except BodyLimit as error:
        return JSONResponse({"error": str(error), "reason": "too_large"}, 413)
    content_type = request.headers.get("content-type", "")
    if not idempotency_key:
        return _json(await _take(services, body, content_type))

    answers = _answers(request)
    digest = hashlib.sha256(body).digest()
    # Two posts with one key at once: the second waits and gets the first one's answer.
    lock = answers.running.setdefault(idempotency_key, asyncio.Lock())
    try:
        async with lock:
            answer = answers.get(idempotency_key, digest)
            if answer is None:
                answer = await _take(services, body, content_type)
                answers.put(idempotency_key, digest, answer)
    finally:
        if not lock.locked():
            answers.running.pop(idempotency_key, None)
    return _json(answer)


async def _take(services: Services, body: bytes, content_type: str) -> bytes:
    """Parse, keep what is refused, append, and say what was done, after commit."""
    now = services.clock.now()
    if len(body) <= OFF_LOOP_BYTES:
        push = parse_push(body, content_type, now)
    else:
        push = await asyncio.to_thread(parse_push, body, content_type, now)
    if push.rejected:
        letters = [rejected.letter for rejected in push.rejected]
        await asyncio.to_thread(services.store.add_dead_letters, letters)
    if not push.records:
        return _answer(push, 0, 0, None)
    done = await asyncio.wrap_future(services.writer.submit(push.records))
    return _answer(push, done.accepted, done.duplicates, done.seqs[-1] if done.seqs else None)


def _answer(push: Push, accepted: int, duplicate: int, seq: int | None) -> bytes:
    rejected = [
        {"index": r.index, "reason": r.letter.reason, "error": r.letter.message} for r in push.rejected
    ]  # fmt: skip
    return orjson.dumps({"accepted": accepted, "duplicate": duplicate, "rejected": rejected, "seq": seq})


def _json(answer: bytes) -> Response:
    return Response(answer, media_type="application/json")


def _answers(request: Request) -> _Answers:
    state = request.app.state
    if not hasattr(state, "push_answers"):
        state.push_answers = _Answers()
    answers: _Answers = state.push_answers
    return answers


async def _body(request: Request, limit: int) -> bytes:
    """The body, unpacked. Raises BodyLimit as soon as it is larger than `limit`, packed or not."""
    too_large = BodyLimit(f"the body is larger than {limit} bytes; send the records in smaller batches")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise BadInput(f"Content-Encoding {encoding[:20]!r} is not understood; send gzip or nothing")
    if int(request.headers.get("content-length") or 0) > limit:
        raise too_large
    unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        if unpacker is not None:
            try:
                chunk = unpacker.decompress(chunk, limit - size + 1)
            except zlib.error as error:
                raise BadInput(f"the body is not gzip, as Content-Encoding says: {error}") from None
        size += len(chunk)
        if size > limit:
            raise too_large
        parts.append(chunk)
    if unpacker is not None and not unpacker.eof:
        raise BadInput("the gzip body ends too early; send it again")
    return b"".join(parts)
