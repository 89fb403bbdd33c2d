"""The rule that a decision would make, over HTTP: proposed with its effect, then adopted as proposed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from data.records import EventPayload, Kind, Record
from tests.contract.api.api_server import Server, settled


def event(server: Server, id: str, category: str, days: float = 0.1) -> Record:
    at = server.services.clock.now() - timedelta(days=days)
    payload = EventPayload(category=category, incident=id, severity=4)
    return Record(Kind.EVENT, "hotline", id, at, payload, lon=116.045, lat=35.05)


def test_a_proposal_tells_what_it_would_have_changed(server: Server) -> None:
    services, client = server.services, server.client
    services.store.append([event(server, f"L{n}", "0203") for n in range(3)])
    services.store.append([event(server, "old", "0203", days=40), event(server, "other", "0301")])
    settled(services)

    def proposed(owner: str, **more: Any) -> dict[str, Any]:
        answer = client.get("/api/v1/rules/proposal", params={"incident": "L0", "owner": owner, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    found = proposed("power-company")
    row = services.store.incident("L0")
    assert row is not None
    assert row.area is not None
    assert (found["category"], found["owner"], found["incident"]) == ("0203", "power-company", "L0")
    assert row.area.startswith(found["area"])
    assert (found["taken"], found["changed"]) == (3, 3)
    assert (proposed("power-company", days=60)["taken"], proposed("municipal-works")["changed"]) == (4, 0)

    rule = {key: found[key] for key in ("category", "area", "owner", "note", "incident")}
    body = {**rule, "id": "L", "actor": "district desk", "role": "district"}
    adopted = client.post("/api/v1/rules", json=body)
    assert adopted.status_code == 200, adopted.text
    assert proposed("power-company")["changed"] == 0, "it is so already"


def test_a_proposal_for_nothing_is_refused(server: Server) -> None:
    answer = server.client.get("/api/v1/rules/proposal", params={"incident": "none", "owner": "street"})
    assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")
    assert server.client.get("/api/v1/rules/proposal", params={"incident": "none"}).status_code == 400
