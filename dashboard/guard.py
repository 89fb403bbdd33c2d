"""Who may talk to this server while it has no login: pages of its own hosts, and programs that are no browser.

A page of another site must not post commands through the browser of somebody in the centre, nor read the stream;
a foreign name that resolves to 127.0.0.1 must not reach the server either. Pure ASGI, so that nothing is buffered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
_SAFE = {"GET", "HEAD", "OPTIONS"}

SECURITY_HEADERS = {
    # Nothing is fetched from outside: the page works on a closed network, and shows at once when it would not.
    # Dash writes its configuration and clientside callbacks inline; MapLibre and deck.gl start workers from blobs.
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self' ws: wss: blob: data:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


EXERCISE_HEADER = "x-gridcommand-exercise"
"""On every answer that is of an exercise: whoever passes it on can see that nothing in it is real."""


class BodyTooLarge(Exception):
    """The request's body grew beyond the limit while it was read."""


def host_name(host: str) -> str:
    """The name in a Host header: no port, lower case, IPv6 in brackets as it came."""
    host = host.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


class Guard:
    """Refuses foreign Host names, browser posts and sockets from other origins, and bodies beyond `max_body` bytes."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], max_body: int, tls_proxy: bool = False, past: bool = False
    ) -> None:
        self.app = app
        self.hosts = frozenset((*LOOPBACK_HOSTS, *(h.strip().lower() for h in hosts if h.strip())))
        self.max_body = max_body
        self.past = past
        self.schemes = ("http", "https") if tls_proxy else ("http",)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 4403, "reason": refusal[2][:120]})
            else:
                await _answer(send, *refusal)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        await self.app(scope, self._limited(receive), _with_headers(scope, send))

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
        host = headers.get("host", "")
        if host_name(host) not in self.hosts:
            return (
                400,
                "host",
                f"this server is not {host or 'a nameless host'}; add the name to GRIDCOMMAND_ALLOWED_HOSTS",
            )
        if scope["type"] == "websocket" or scope["method"] not in _SAFE:
            origin = headers.get("origin")
            if origin is not None and not self._own_origin(origin, host):
                return 403, "origin", f"a page of {origin[:100]} may not act on this server; open the page from {host}"
            if origin is None and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
                return 403, "origin", f"a page of another site may not act on this server; open the page from {host}"
        if self.past and scope["type"] == "http" and scope["method"] not in _SAFE and scope["path"].startswith("/api/"):
            return 409, "past", "this server shows a past time (serve --at): it takes no records and no commands"
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self.max_body:
            return (
                413,
                "too_large",
                f"the body has {length} bytes; at most {self.max_body} are taken, send smaller batches",
            )
        return None

    def _own_origin(self, origin: str, host: str) -> bool:
        parts = urlsplit(origin)
        return parts.scheme in self.schemes and parts.netloc.lower() == host.strip().lower()

    def _limited(self, receive: Receive) -> Receive:
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.max_body:
                raise BodyTooLarge(f"the body is larger than {self.max_body} bytes; send smaller batches")
            return message

        return limited


def _with_headers(scope: Scope, send: Send) -> Send:
    said: dict[str, Any] = scope.setdefault("state", {})

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if said.get("exercise"):
                headers[EXERCISE_HEADER] = "1"
        await send(message)

    return sending


async def _answer(send: Send, status: int, reason: str, error: str) -> None:
    body = orjson.dumps({"error": error, "reason": reason})
    head = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
