"""POST /api/v1/records over HTTP, with the real writer and store behind it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse

from dashboard.api import records
from data.clock import ManualClock
from data.errors import GridcommandError, StoreUnavailable, http_status
from data.open_store import open_store
from data.records import LIVE, EventPayload, Kind
from data.settings import Settings
from data.store import Store
from data.writer import Writer
from dispatch.turn import DESK
from feeds.push import RESERVED_SOURCES

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIMIT = 200_000


@dataclass
class Services:
    """What the route asks for, and nothing else."""

    store: Store
    writer: Any
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    settings: Settings = field(default_factory=lambda: Settings(push_max_bytes=LIMIT))
    timeline: str = LIVE


def application(services: Services) -> FastAPI:
    app = FastAPI()
    app.state.services = services
    app.include_router(records.router, prefix="/api/v1")

    @app.exception_handler(GridcommandError)
    async def refused(_request: Request, error: GridcommandError) -> JSONResponse:
        headers = {"retry-after": str(round(error.retry_after))} if isinstance(error, StoreUnavailable) else {}
        return JSONResponse({"error": str(error)}, http_status(error), headers=headers)

    return app


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", ManualClock(NOW))
    writer = Writer(store, Settings())
    yield Services(store, writer)
    writer.close()
    store.close()


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1") as client:
        yield client


def record(n: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "event", "source": "hotline", "source_id": f"T-{n}", "at": "2026-05-01T08:00:00+08:00",
        "lon": 117.5, "lat": 35.5, "datum": "wgs84", "version": 0, "payload": {"category": "0203"}, **changes,
    }  # fmt: skip


async def test_one_object_is_taken_and_is_in_the_log(client: httpx.AsyncClient, services: Services) -> None:
    answer = await client.post("/records", json=record())
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 1, "duplicate": 0, "rejected": [], "seq": 1}
    [stored] = services.store.read_after(0)
    assert (stored.kind, stored.source, stored.source_id, stored.lon) == (Kind.EVENT, "hotline", "T-1", 117.5)
    assert stored.at == datetime(2026, 5, 1, tzinfo=UTC)
    assert stored.payload == EventPayload(category="0203")


async def test_an_array_and_lines_are_taken_alike(client: httpx.AsyncClient, services: Services) -> None:
    array = await client.post("/records", json=[record(1), record(2)])
    lines = b"\n".join(orjson.dumps(record(n)) for n in (2, 3)) + b"\r\n\n"
    ndjson = await client.post("/records", content=lines, headers={"content-type": "application/x-ndjson"})
    assert array.json()["accepted"] == 2
    assert ndjson.json() == {"accepted": 1, "duplicate": 1, "rejected": [], "seq": 3}
    assert services.store.head() == 3


async def test_a_record_without_a_kind_is_an_event(client: httpx.AsyncClient, services: Services) -> None:
    sent = record()
    del sent["kind"], sent["datum"], sent["version"]
    assert (await client.post("/records", json=sent)).json()["accepted"] == 1
    assert services.store.read_after(0)[0].kind is Kind.EVENT


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("unit", {"name": "车1", "unit_kind": "patrol_car"}),
        ("unit.status", {"unit": "u1", "status": "available"}),
        ("unit.position", {"unit": "u1", "speed_kmh": 30, "bearing": 90}),
        ("site", {"name": "cam", "site_kind": "camera", "bearing": 10}),
        ("site.status", {"site": "c1", "online": False}),
        ("feed", {"name": "热线", "rhythm_s": 60}),
    ],
)
async def test_every_kind_but_command_outcomes_is_taken(
    kind: str, payload: dict[str, Any], client: httpx.AsyncClient
) -> None:
    answer = await client.post("/records", json=record(kind=kind, payload=payload))
    assert answer.json()["accepted"] == 1, answer.text


REFUSED: list[tuple[Any, str, str]] = [
    (record(kind="incident.dispatched", payload={"incident": "i"}), "kind.command", "/dispatch"),
    (record(kind="incident.arrived", payload={}), "kind.command", "/arrive"),
    (record(kind="incident.closed", payload={}), "kind.command", "/close"),
    (record(kind="weather"), "kind.unknown", "unit.position"),
    (record(kind=["event"]), "kind.unknown", "event"),
    (record(received_at="2026-05-01T00:00:00Z"), "field.stamped", "received_at"),
    (record(seq=5), "field.stamped", "seq"),
    (record(area="370"), "field.stamped", "area"),
    (record(colour="red"), "field.unknown", "source_id"),
    (record(timeline="drill-1"), "timeline", "live"),
    (record(timeline=None), "timeline", "live"),
    (record(source=""), "source", "source"),
    (record(source="desk"), "source.reserved", "desk"),
    (record(source="x" * 201), "source", "200"),
    (record(source_id=7), "source_id", "text"),
    (record(source_id="a\x00b"), "source_id", "NUL"),
    (record(at="2026-05-01T08:00:00"), "time.zone", "+08:00"),
    (record(at="9999-05-01T08:00:00Z"), "time.range", "9999"),
    (record(at="2026-05-03T08:00:00Z"), "time.future", "clock"),
    (record(at=1777593600), "time.format", "ISO 8601"),
    (record(at="soon"), "time.format", "ISO 8601"),
    (record(lon="117.5"), "point.number", "lon"),
    (record(lon=True), "point.number", "lon"),
    (record(lon=35.5, lat=117.5), "point.range", "swapped"),
    (record(lat=None), "point.half", "only one"),
    (record(lon=0, lat=0), "point.null_island", "geocoder"),
    (record(datum="mars"), "datum", "gcj02"),
    (record(datum=[]), "datum", "gcj02"),
    (record(version=-1), "version", "0"),
    (record(version=1.5), "version", "whole"),
    (record(version=True), "version", "whole"),
    (record(payload=None), "payload", "object"),
    (record(payload={}), "payload.category", "category"),
    (record(payload={"category": "x", "colour": 1}), "payload.colour", "colour"),
    (record(payload={"category": "x", "severity": 9}), "payload.severity", "severity"),
    (record(payload={"category": "x", "times": {"end": "2026-05-01T08:00:00"}}), "time.zone", "payload.times.end"),
    (record(payload={"category": "x", "title": "a\x00b"}), "payload.nul", "NUL"),
    (record(kind="unit.position", payload={"unit": "u"}, lon=None, lat=None), "point", "needs a point"),
    (5, "json.object", "object"),
    (None, "json.object", "object"),
    ([record()], "json.object", "object"),
]  # fmt: skip


async def test_each_refusal_has_its_index_reason_and_line_and_the_others_are_taken(
    client: httpx.AsyncClient, services: Services
) -> None:
    body: list[Any] = []
    for n, (bad, _, _) in enumerate(REFUSED):
        body += [bad, record(1000 + n)]
    answer = (await client.post("/records", json=body)).json()
    assert answer["accepted"] == len(REFUSED)
    found = {r["index"]: r for r in answer["rejected"]}
    for n, (bad, reason, words) in enumerate(REFUSED):
        refusal = found.pop(2 * n)
        assert refusal["reason"] == reason, (bad, refusal)
        assert words in refusal["error"]
        assert "\n" not in refusal["error"]
    assert not found
    assert sum(services.store.dead_letter_counts().values()) == len(REFUSED)
    kept = services.store.dead_letters(source="hotline", limit=1000)
    assert [k.reason for k in kept if b"weather" in k.body] == ["kind.unknown"]


async def test_broken_lines_are_refused_one_by_one(client: httpx.AsyncClient, services: Services) -> None:
    body = b"\xff\xfe\n" + orjson.dumps(record(1)) + b"\n{\n" + orjson.dumps(record(2))
    answer = await client.post(
        "/records", content=body, headers={"content-type": "application/x-ndjson; charset=utf-8"}
    )
    assert [(r["index"], r["reason"]) for r in answer.json()["rejected"]] == [(0, "json.syntax"), (2, "json.syntax")]
    assert answer.json()["accepted"] == 2
    assert {(k.source, k.body) for k in services.store.dead_letters()} == {("push", b"\xff\xfe"), ("push", b"{")}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\x00", b'{"a":NaN}', b"[" * 5000])
async def test_a_body_that_is_no_json_is_refused_in_one_line(body: bytes, client: httpx.AsyncClient) -> None:
    answer = await client.post("/records", content=body)
    assert answer.status_code == 400
    assert "not JSON" in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


async def test_an_empty_array_is_nothing_to_do(client: httpx.AsyncClient) -> None:
    assert (await client.post("/records", json=[])).json() == {
        "accepted": 0,
        "duplicate": 0,
        "rejected": [],
        "seq": None,
    }


async def test_datums_are_undone_at_the_edge(client: httpx.AsyncClient, services: Services) -> None:
    body = [record(1), record(2, datum="gcj02"), record(3, datum="bd09"), record(4, datum="gcj02", lon=None, lat=None)]
    assert (await client.post("/records", json=body)).json()["accepted"] == 4
    plain, gcj, bd, nowhere = services.store.read_after(0)
    assert plain.lon == 117.5
    assert gcj.lon is not None
    assert bd.lon is not None
    assert 0.003 < 117.5 - gcj.lon < 0.009
    assert 0.009 < 117.5 - bd.lon < 0.016
    assert nowhere.lon is None


async def test_a_correction_is_a_higher_version(client: httpx.AsyncClient, services: Services) -> None:
    await client.post("/records", json=record(payload={"category": "old"}))
    answer = await client.post("/records", json=record(version=1, payload={"category": "new"}))
    assert answer.json()["accepted"] == 1
    assert [i.category for i in services.store.snapshot().incidents] == ["new"]


async def test_a_body_over_the_limit_is_413_before_it_is_read(client: httpx.AsyncClient, services: Services) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" " * 10_000
        raise AssertionError("the whole body was read")

    told = await client.post("/records", content=b" " * (LIMIT + 1))
    untold = await client.post("/records", content=endless())
    packed = await client.post(
        "/records", content=gzip.compress(b" " * 50_000_000), headers={"content-encoding": "gzip"}
    )
    for answer in (told, untold, packed):
        assert answer.status_code == 413
        assert str(LIMIT) in answer.json()["error"]
    assert services.store.head() == 0


async def test_gzip_bodies_are_unpacked(client: httpx.AsyncClient) -> None:
    packed = gzip.compress(orjson.dumps(record()))
    headers = {"content-encoding": "gzip"}
    assert (await client.post("/records", content=packed, headers=headers)).json()["accepted"] == 1
    cut = await client.post("/records", content=packed[:-9], headers=headers)
    none = await client.post("/records", content=b"plain", headers=headers)
    other = await client.post("/records", content=b"x", headers={"content-encoding": "br"})
    assert [a.status_code for a in (cut, none, other)] == [400, 400, 400]


async def test_one_key_gives_one_answer(client: httpx.AsyncClient, services: Services) -> None:
    headers = {"idempotency-key": "k1"}
    first = await client.post("/records", json=[record(1), {}], headers=headers)
    again = await client.post("/records", json=[record(1), {}], headers=headers)
    assert first.json()["accepted"] == 1
    assert again.content == first.content
    assert sum(services.store.dead_letter_counts().values()) == 1
    other = await client.post("/records", json=[record(2)], headers=headers)
    assert other.status_code == 409
    assert "k1" in other.json()["error"]


async def test_one_key_sent_twice_at_once_gives_one_answer(client: httpx.AsyncClient) -> None:
    posts = [client.post("/records", json=record(), headers={"idempotency-key": "k"}) for _ in range(8)]
    answers = await asyncio.gather(*posts)
    assert {a.content for a in answers} == {answers[0].content}
    assert answers[0].json()["accepted"] == 1


async def test_the_memory_of_keys_is_bounded(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "REMEMBERED", 3)
    for n in range(6):
        await client.post("/records", json=record(n), headers={"idempotency-key": f"k{n}"})
    old = await client.post("/records", json=record(0), headers={"idempotency-key": "k0"})
    new = await client.post("/records", json=record(5), headers={"idempotency-key": "k5"})
    assert (old.json()["accepted"], old.json()["duplicate"]) == (0, 1)
    assert new.json()["accepted"] == 1
    assert (await client.post("/records", json=[], headers={"idempotency-key": "x" * 201})).status_code == 422


class AwayWriter:
    """A writer whose store is away: at once, or when it comes to commit."""

    def __init__(self, *, late: bool) -> None:
        self.late = late

    def submit(self, _records: object) -> Future[Any]:
        error = StoreUnavailable("the store does not answer; it is asked again every second", retry_after=3)
        if not self.late:
            raise error
        done: Future[Any] = Future()
        done.set_exception(error)
        return done


@pytest.mark.parametrize("late", [False, True])
async def test_a_store_that_is_away_is_503_with_retry_after(late: bool, services: Services) -> None:
    app = application(Services(services.store, AwayWriter(late=late)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/api/v1") as client:
        answer = await client.post("/records", json=record(), headers={"idempotency-key": "k"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "3"
        app.state.services = services
        retried = await client.post("/records", json=record(), headers={"idempotency-key": "k"})
        assert retried.json()["accepted"] == 1


async def test_nothing_is_acknowledged_before_commit(services: Services) -> None:
    held: Future[Any] = Future()

    class HeldWriter:
        def submit(self, _records: object) -> Future[Any]:
            return held

    app = application(Services(services.store, HeldWriter()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/api/v1") as client:
        post = asyncio.create_task(client.post("/records", json=record()))
        done, _ = await asyncio.wait([post], timeout=0.3)
        assert not done
        held.set_result(services.store.append([]))
        assert (await post).status_code == 200


def test_the_source_that_people_use_is_reserved() -> None:
    assert DESK in RESERVED_SOURCES
