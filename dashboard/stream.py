"""`/stream`: the WebSocket that screens watch views on, as `docs/wire.md` states."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from fastapi import FastAPI
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from dashboard.hub import Client, Hub
from data.clock import Clock
from data.errors import BadInput, GridcommandError
from layers.columns import ms
from layers.view import parse_view
from replay.looks import LookLog

if TYPE_CHECKING:
    from dashboard.services import Services

log = logging.getLogger(__name__)

MOST_BYTES = 4096
"""Longest message a client may send, bytes of UTF-8."""

MOST_IDS = 8
"""Most views that one socket may watch."""

_ID_CHARACTERS = 64
_FAULT = 1011


def register(app: FastAPI) -> None:
    """Add the route. Its collaborators are on `app.state.services`; who may open a socket is for the Guard to say."""
    app.add_api_websocket_route("/stream", _stream)


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """Follow the log and tick while inside the block: the server's lifespan."""
    services.reader.start()
    async with services.hub.running():
        looks = None if services.looks is None else asyncio.create_task(services.looks.run(), name="gridcommand-looks")
        try:
            yield
        finally:
            if looks is not None:
                looks.cancel()
                await asyncio.gather(looks, return_exceptions=True)


async def _stream(socket: WebSocket) -> None:
    services: Services = socket.app.state.services
    await socket.accept()
    client = services.hub.join()
    sender = asyncio.create_task(_send(socket, client))
    try:
        await _receive(socket, client, services.hub, services.clock, services.looks)
    finally:
        services.hub.leave(client)
        if services.looks is not None:
            services.looks.leaves(client)
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)


async def _send(socket: WebSocket, client: Client) -> None:
    """Send what the client is owed, one message after the other: a socket that does not drain holds up itself alone."""
    try:
        while True:
            message = await client.next()
            if isinstance(message, bytes):
                await socket.send({"type": "websocket.send", "bytes": message})
            else:
                await socket.send({"type": "websocket.send", "text": message})
    except WebSocketDisconnect:
        return  # it went while we wrote; the receiver sees it too
    except Exception as error:
        if (
            socket.application_state is not WebSocketState.CONNECTED
            or socket.client_state is not WebSocketState.CONNECTED
        ):
            return  # likewise
        # A frame that cannot be made: the page asks anew on a new socket, rather than wait on one that stays silent.
        log.error("a frame could not be sent; the screen connects anew", exc_info=error)
        await socket.close(_FAULT, "the server could not make a frame; connect again")


async def _receive(socket: WebSocket, client: Client, hub: Hub, clock: Clock, looks: LookLog | None) -> None:
    while True:
        event = await socket.receive()
        if event["type"] != "websocket.receive":
            return
        id: str | None = None
        try:
            message = _message(event)
            id = _id(message)
            _act(message, id, client, hub, clock, looks)
        except GridcommandError as error:
            client.say({"op": "error", "id": id, "error": str(error)})


def _message(event: Any) -> dict[str, Any]:
    text = event.get("text")
    if text is None:
        raise BadInput("stream: a binary message; this socket takes JSON text only")
    if len(text.encode()) > MOST_BYTES:
        raise BadInput(f"stream: a message of more than {MOST_BYTES} bytes; a view fits in far less")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"stream: the message is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise BadInput('stream: the message is not an object such as {"op":"watch","id":"v1","view":""}')
    return message


def _id(message: dict[str, Any]) -> str | None:
    id = message.get("id")
    if id is None:
        return None
    if not isinstance(id, str) or not 0 < len(id) <= _ID_CHARACTERS:
        raise BadInput(f"stream: id: expected text of 1 to {_ID_CHARACTERS} characters")
    return id


def _act(
    message: dict[str, Any], id: str | None, client: Client, hub: Hub, clock: Clock, looks: LookLog | None
) -> None:
    op = message.get("op")
    if op == "ping":
        n = message.get("n")
        if not isinstance(n, int | float):
            raise BadInput("stream: ping: n: expected a number, it is sent back")
        client.say({"op": "pong", "n": n, "t": ms(clock.now())})
        return
    if op not in ("watch", "drop", "resync"):
        raise BadInput(f"stream: op: {str(op)[:40]!r} is not one of watch, drop, resync, ping")
    if id is None:
        raise BadInput(f"stream: {op}: id is missing; a socket may watch several views, and names each")
    if op == "drop":
        hub.drop(client, id)
    elif op == "resync":
        if not hub.watches(client, id):
            raise BadInput(f"stream: resync: nothing is watched as {id!r}; watch a view first")
        hub.resync(client, id)
    else:
        query = message.get("view", "")
        if not isinstance(query, str):
            raise BadInput("stream: watch: view: expected text, a URL query such as area=330106&window=24h")
        ids = {other for held in client.held.values() for other in held.ids}
        if id not in ids and len(ids) >= MOST_IDS:
            raise BadInput(f"stream: watch: this socket watches {MOST_IDS} views already; drop one first")
        asked = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
        view = parse_view(asked)
        hub.watch(client, id, view)
        if looks is not None and "seat" in asked:
            looks.watches(client, asked["seat"], asked.get("page", ""), view)
