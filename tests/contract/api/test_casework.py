"""An incident over HTTP: open, dispatch, arrive, close; keys, versions and one winner."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from data.records import EventPayload, Kind, Record
from tests.contract.api.api_server import Server, eventually, settled

OPEN = {"actor": "desk 1", "category": "0502", "severity": 1, "title": "冒烟", "lon": 116.045, "lat": 35.05}


def post(client: httpx.Client, path: str, status: int = 200, /, **body: object) -> dict:  # type: ignore[type-arg]
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


def opened(client: httpx.Client, **more: object) -> str:
    id: str = post(client, "/incidents", **{**OPEN, **more})["incident"]["id"]
    return id


def test_the_life_of_an_incident(server: Server) -> None:
    client = server.client
    id = opened(client, contact="13812345678")
    settled(server.services)
    listed = client.get("/api/v1/incidents", params={"area": "3711", "state": "open"}).json()
    assert [(i["id"], i["area"]) for i in listed["incidents"]] == [(id, "3711")]

    life = client.get(f"/api/v1/incidents/{id}").json()
    advice = life["recommendation"]
    assert advice["basis"]["en"] == "straight line at 30 km/h"
    assert [c["unit"]["id"] for c in advice["candidates"]] == ["E01", "E02", "E03"]
    assert advice["suggested"] == ["E01"]
    excluded = {c["unit"]["id"]: c["excluded"]["en"] for c in advice["excluded"]}
    assert excluded == {"E04": "no position"}
    assert [c["id"] for c in life["cameras"]] == ["C3", "C2", "C1"]
    assert life["records"][0]["payload"]["contact"] == "138****5678"

    seq = life["incident"]["seq"]
    sent = post(client, f"/incidents/{id}/dispatch", units=["E01"], actor="desk 1", expected=seq)
    assert (sent["incident"]["state"], sent["incident"]["units"]) == ("dispatched", ["E01"])
    assert post(client, f"/incidents/{id}/arrive", unit="E01", actor="E01")["incident"]["state"] == "on_scene"
    closed = post(client, f"/incidents/{id}/close", actor="desk 1", disposition="out")["incident"]
    assert closed["state"] == "closed"
    settled(server.services)
    units = client.get("/api/v1/units").json()["units"]
    assert {u["status"] for u in units} == {"available"}
    life = client.get(f"/api/v1/incidents/{id}").json()
    said = [r["kind"] for r in life["records"] if r["kind"] != "incident.moved"]
    assert said == ["event", "incident.dispatched", "incident.arrived"]
    moves = [r["payload"]["move"] for r in life["records"] if r["kind"] == "incident.moved"]
    assert (moves[0], moves[-1], life["case"]["move"]) == ("file", "close", "close")
    assert client.get("/api/v1/incidents", params={"state": "active"}).json()["total"] == 0
    assert client.get("/api/v1/incidents", params={"state": "closed", "q": "冒"}).json()["total"] == 1


def test_looking_at_an_incident_waits_for_no_writer(server: Server) -> None:
    id = opened(server.client)
    settled(server.services)
    with server.services.store.transact() as tx:
        tx.append([])
        assert server.client.get(f"/api/v1/incidents/{id}", timeout=60).json()["incident"]["id"] == id


def test_contacts_are_shown_nowhere_in_full(server: Server) -> None:
    id = opened(server.client, contact="13812345678")
    settled(server.services)
    for path in (f"/api/v1/incidents/{id}", "/api/v1/incidents"):
        assert "13812345678" not in server.client.get(path).text


def test_contacts_in_refused_input_are_covered_too(server: Server) -> None:
    record = {"source": "hotline", "source_id": "T-1", "payload": {"category": "c", "contact": "13812345678"}}
    assert server.client.post("/api/v1/records", json=record).json()["rejected"]
    shown = server.client.get("/api/v1/dead-letters").text
    assert "138****5678" in shown
    assert "13812345678" not in shown


def test_of_fifty_dispatches_of_one_unit_exactly_one_is_taken(server: Server) -> None:
    incidents = [opened(server.client) for _ in range(5)]

    def send(n: int) -> tuple[int, str]:
        answer = server.client.post(
            f"/api/v1/incidents/{incidents[n % 5]}/dispatch", json={"units": ["E01"], "actor": f"desk {n}"}
        )
        return answer.status_code, answer.json().get("error", "")

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 49
    winner = next(n for n, (status, _) in enumerate(answers) if status == 200)
    told = re.compile(rf"unit E01 was sent to incident {incidents[winner % 5]} by desk {winner}, \d+ s ago")
    assert all(told.fullmatch(error) for status, error in answers if status == 409)
    sent = [r for r in server.services.store.read_after(0) if r.kind is Kind.INCIDENT_DISPATCHED]
    assert len(sent) == 1


def test_a_repeated_key_answers_the_same_in_body_or_header(client: httpx.Client) -> None:
    id = opened(client, key="open-1")
    assert opened(client, key="open-1") == id
    body = {"units": ["E01"], "actor": "desk 1"}
    url = f"/api/v1/incidents/{id}/dispatch"
    first = client.post(url, json={**body, "key": "k"}).json()
    again = client.post(url, json=body, headers={"idempotency-key": "k"}).json()
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert again["incident"] == first["incident"]


def test_a_stale_version_is_a_conflict(client: httpx.Client) -> None:
    id = opened(client)
    seq = client.get(f"/api/v1/incidents/{id}").json()["incident"]["seq"]
    post(client, f"/incidents/{id}/dispatch", units=["E01"], actor="desk 2", expected=seq)
    refused = post(client, f"/incidents/{id}/close", 409, actor="desk 1", expected=seq)
    assert refused["reason"] == "version_conflict"
    assert re.fullmatch(rf"incident {id}: E01 was sent by desk 2, \d+ s ago; look again", refused["error"])
    assert re.fullmatch(rf"案件 {id}：E01 已由 desk 2 派出（\d+ 秒前），请重新查看", refused["error_zh"])


def test_a_unit_is_taken_out_of_service_and_back(server: Server) -> None:
    client = server.client
    assert "needs a reason" in post(client, "/units/E02/status", 409, status="out_of_service", actor="depot")["error"]
    done = post(client, "/units/E02/status", status="out_of_service", actor="depot", reason="flat tyre")
    assert done["unit"]["status"] == "out_of_service"
    id = opened(client)
    settled(server.services)
    excluded = client.get(f"/api/v1/incidents/{id}").json()["recommendation"]["excluded"]
    assert next(c["excluded"]["en"] for c in excluded if c["unit"]["id"] == "E02").startswith("out of service, ")
    post(client, "/units/E02/status", status="available", actor="depot")
    eventually(lambda: client.get("/api/v1/units", params={"status": "available"}).json()["total"] == 4)


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/incidents", {**OPEN, "lat": None}, 400, "give both or neither"),
        ("/incidents", {**OPEN, "severity": 9}, 400, "severity: "),
        ("/incidents", {**OPEN, "colour": "red"}, 400, "colour: "),
        ("/incidents", {**OPEN, "actor": ""}, 400, "actor: "),
        ("/incidents/none/close", {"actor": "a"}, 404, "no incident none"),
        ("/units/E99/status", {"actor": "a", "status": "available"}, 404, "no unit E99"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    client: httpx.Client, path: str, body: dict[str, object], status: int, says: str
) -> None:
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_point_outside_the_district_is_refused_unless_the_desk_insists(client: httpx.Client) -> None:
    far = {**OPEN, "lon": 120.5, "lat": 35.05}
    answer = client.post("/api/v1/incidents", json=far)
    assert (answer.status_code, answer.json()["reason"]) == (409, "outside")
    said = answer.json()["error"]
    # From the eastern edge, 116.4: 4.1 degrees of longitude at 35.05 north, 111.195 km each times cos(35.05) = 373 km.
    assert said == (
        "the point 120.5, 35.05 lies outside the district, 373 km from it; check the digits, or send outside=true"
    )
    assert client.get("/api/v1/incidents").json()["total"] == 0
    taken = client.post("/api/v1/incidents", json={**far, "outside": True})
    assert taken.status_code == 200, taken.text
    assert taken.json()["incident"]["area"] is None


def test_metrics_say_what_waits_to_be_made_a_case(server: Server) -> None:
    def backlog() -> float:
        text = server.client.get("/metrics").text
        found = re.search(r"^gridcommand_routing_backlog (\d+)$", text, re.MULTILINE)
        return float(found[1]) if found else -1

    def filed() -> int:
        found = server.client.get("/api/v1/incidents", params={"source": "hotline"}).json()["incidents"]
        return sum(it["workflow"] != "" for it in found)

    now = server.services.clock.now()
    rain = EventPayload(category="1301", severity=3, title="积水")
    server.services.store.append([Record(Kind.EVENT, "hotline", f"R{n}", now, rain) for n in range(5)])
    eventually(lambda: filed() == 5)
    eventually(lambda: backlog() == 0)
