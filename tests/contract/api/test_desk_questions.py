"""What a desk asks beside the life of an incident: what was closed today, and what a new one may be part of."""

from __future__ import annotations

from datetime import timedelta

from tests.contract.api.api_server import Server, settled
from tests.contract.api.test_casework import opened, post


def test_incidents_closed_since_a_time(server: Server) -> None:
    client = server.client
    first, second = opened(client), opened(client, title="冒烟，第二处")
    post(client, f"/incidents/{first}/dispatch", units=["E01"], actor="desk 1")
    post(client, f"/incidents/{first}/arrive", unit="E01", actor="desk 1")
    post(client, f"/incidents/{first}/close", actor="desk 1", disposition="out")
    settled(server.services)
    now = server.services.clock.now()

    def since(moment: str) -> list[str]:
        found = client.get("/api/v1/incidents", params={"closed_since": moment})
        assert found.status_code == 200, found.text
        return [it["id"] for it in found.json()["incidents"]]

    assert since((now - timedelta(hours=1)).isoformat()) == [first]
    assert since((now + timedelta(hours=1)).isoformat()) == []
    assert client.get("/api/v1/incidents", params={"closed_since": "yesterday"}).status_code == 400
    assert second in [it["id"] for it in client.get("/api/v1/incidents").json()["incidents"]]


def test_what_a_new_incident_may_be_part_of(server: Server) -> None:
    client = server.client
    there = opened(client)
    settled(server.services)

    def alike(**question: object) -> list[str]:
        found = client.get("/api/v1/incidents/duplicates", params=question)
        assert found.status_code == 200, found.text
        return [it["incident"]["id"] for it in found.json()["duplicates"]]

    assert alike(category="0502", lon=116.0451, lat=35.0501) == [there]
    assert alike(category="0502", lon=116.2, lat=35.05) == [], "too far"
    assert alike(category="0901", lon=116.0451, lat=35.0501) == [], "another class"
    assert (
        client.get("/api/v1/incidents/duplicates", params={"category": "0502", "lon": 181, "lat": 0}).status_code == 400
    )
