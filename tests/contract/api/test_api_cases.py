"""Casework over HTTP: a case goes its way, is handed back, merged, watched by its clocks, and looked at later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.clock import ManualClock
from data.records import EventPayload, Kind, Record
from tests.contract.api.api_server import settled
from tests.contract.api.desk_client import Desk, desk_on

MONDAY = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MONDAY)


@pytest.fixture
def desk(tmp_path: Path, clock: ManualClock) -> Iterator[Desk]:
    with desk_on(f"sqlite:///{tmp_path / 'desk.db'}", tmp_path, clock) as found:
        yield found


def names(moves: list[dict[str, Any]], role: str) -> set[str]:
    return {each["move"] for each in moves if role in each["roles"]}


def test_a_case_goes_its_way_and_the_third_return_becomes_a_rule(
    store_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    with desk_on(store_url, tmp_path, clock) as desk:
        id = desk.opened()
        life = desk.get(f"/incidents/{id}")
        assert life["case"]["why"]["zh"] != life["case"]["why"]["en"] != ""
        flow = {each["id"]: each for each in desk.get("/workflows")["workflows"]}[life["case"]["workflow"]]
        assert life["case"]["step"] in {step["id"] for step in flow["steps"]}

        desk.post(f"/incidents/{id}/moves", move="assign", role="dispatcher", actor="desk 1", owner="municipal-works")
        for n in range(3):
            clock.advance(600)
            refused = desk.move(id, "return", "owner", 400)
            assert "reason" in refused["error"]
            done = desk.move(id, "return", "owner", reason=f"not ours, {n}")
            if n < 2:
                desk.move(id, "assign", "dispatcher", owner="municipal-works")
        assert done["case"]["owner"] == "district"
        assert [each["reason"] for each in done["case"]["returns"]] == ["not ours, 0", "not ours, 1", "not ours, 2"]
        assert "district" in desk.move(id, "assign", "dispatcher", 409, owner="municipal-works")["error"]

        ledger = desk.get("/rejections")
        assert (ledger["total"], ledger["cases"], ledger["binding"]) == (3, 1, 1)
        assert ledger["by_owner"] == [{"name": "municipal-works", "count": 3}]
        assert desk.get("/rejections", owner="nobody")["total"] == 0

        decision = {
            "actor": "district",
            "category": "0307",
            "owner": "water",
            "incident": id,
            "key": "r1",
            "note": "水",
        }
        adopted = desk.post("/rules", **decision)
        assert (adopted["rule"]["adopted"], adopted["repeated"]) == (True, False)
        assert desk.post("/rules", **decision)["repeated"] is True
        assert "use a new key" in desk.post("/rules", 409, **{**decision, "owner": "ecology"})["error"]
        assert desk.get("/rules")["rules"][0]["id"] == adopted["rule"]["id"]
        next_one = desk.opened(lat=35.09)
        assert desk.get(f"/incidents/{next_one}")["case"]["owner"] == "water"

        off = desk.post("/rules", **{**decision, "key": None, "id": adopted["rule"]["id"], "enabled": False})
        assert off["rule"]["enabled"] is False
        late = desk.post("/rules", **decision)  # the first answer was lost, and the rule switched off meanwhile
        assert (late["repeated"], late["rule"]["enabled"], late["seq"]) == (True, False, off["seq"])
        assert desk.get("/rules")["rules"][-1]["id"] == adopted["rule"]["id"]
        assert desk.get(f"/incidents/{desk.opened(lat=35.01)}")["case"]["owner"] != "water"


def test_what_a_record_keeps_of_a_command(desk: Desk) -> None:
    id = desk.opened(contact="13812345678", severity=2)
    desk.move(id, "assign", "dispatcher", owner="municipal-works")
    desk.move(id, "accept", "owner")
    recommended = [{"unit": "E02", "travel_s": 61.5}, {"unit": "E01", "travel_s": None}]
    desk.post(
        f"/incidents/{id}/dispatch",
        units=["E01"], actor="desk 1", recommended=recommended, basis="road", reason="closer",
    )  # fmt: skip
    desk.post(f"/incidents/{id}/recall", units=["E01"], actor="chief", role="supervisor", reason="not needed")
    life = desk.get(f"/incidents/{id}")
    said = {record["kind"]: record["payload"] for record in life["records"]}
    assert said["incident.dispatched"]["recommended"] == [{"unit": "E02", "travel_s": 61.5}, {"unit": "E01"}]
    assert (said["incident.dispatched"]["reason"], said["incident.dispatched"]["role"]) == ("closer", "dispatcher")
    assert (said["incident.recalled"]["actor"], said["incident.recalled"]["role"]) == ("chief", "supervisor")
    assert said["event"]["contact"] == "138****5678"
    assert life["units"] == []
    text = desk.http.get(f"/api/v1/incidents/{id}").text
    assert "13812345678" not in text
    assert "127.0.0.1" not in text, "no source address is kept"


def test_evidence_is_asked_for_and_kept(desk: Desk) -> None:
    id = desk.post("/incidents/x:1/moves", 404, move="note", actor="a", note="n")["error"]
    assert id == "no incident x:1"
    id = desk.opened(workflow="grid-5")
    desk.move(id, "assign", "dispatcher", owner="municipal-works")
    desk.move(id, "accept", "owner")
    answer = next(m for m in desk.get(f"/incidents/{id}")["moves"] if m["move"] == "answer")
    assert answer["evidence"] == ["photo"]
    assert "photo" in desk.move(id, "answer", "owner", 400)["error"]
    evidence = [{"kind": "photo", "ref": "p-1"}]
    assert desk.move(id, "answer", "owner", evidence=evidence)["case"]["step"] == "verifying"
    kept = [r["payload"].get("evidence") for r in desk.get(f"/incidents/{id}")["records"]]
    assert evidence in kept


def test_what_cannot_be_done_now_is_said_with_why(desk: Desk) -> None:
    id = desk.opened(workflow="grid-5")

    def later() -> dict[str, Any]:
        life = desk.get(f"/incidents/{id}")
        assert not {it["move"] for it in life["moves"]} & {it["move"] for it in life["not_now"]}
        return {it["move"]: it for it in life["not_now"]}

    answer = later()["answer"]
    assert (answer["roles"], answer["evidence"]) == (["owner", "worker"], ["photo"])
    assert answer["why"] == {"zh": "须在处置中环节", "en": "at the step handling"}
    assert "arrive" not in later(), "nobody makes that: it makes itself"
    desk.move(id, "assign", "dispatcher", owner="municipal-works")
    assert later()["resume"]["why"]["en"] == "it is not suspended"
    assert "extend" not in later()
    desk.move(id, "suspend", "supervisor", reason="rain")
    assert later()["extend"]["why"] == {"zh": "案件已挂账，请先恢复", "en": "it is suspended: resume it first"}
    desk.move(id, "resume", "dispatcher")
    for _ in range(3):
        desk.move(id, "return", "owner", reason="not ours")
        if desk.get(f"/incidents/{id}")["case"]["owner"] != "district":
            desk.move(id, "assign", "dispatcher", owner="municipal-works")
    assert set(later()) >= {"answer", "extend"}
    desk.move(id, "force_close", "district", reason="twice")
    assert later() == {}


def test_look_alikes_are_suggested_merged_and_split(desk: Desk, clock: ManualClock) -> None:
    first = desk.opened()
    clock.advance(300)
    second = desk.opened(lon=116.0451)
    life = desk.get(f"/incidents/{second}")
    (alike,) = life["duplicates"]
    assert (alike["incident"]["id"], alike["parent"], alike["same_class"]) == (first, first, True)
    assert "同类" in alike["why"]["zh"]
    assert (life["repeat"]["n"], life["repeat"]["ids"], life["repeat"]["flagged"]) == (2, [first, second], False)

    merged = desk.post(f"/incidents/{second}/merge", into=first, actor="desk 1", note="same pipe")
    assert (merged["case"]["parent"], merged["incident"]["state"]) == (first, "closed")
    assert desk.get(f"/incidents/{first}")["case"]["children"] == [second]
    assert "part of itself" in desk.post(f"/incidents/{first}/merge", 409, into=first, actor="desk 1")["error"]
    split = desk.post(f"/incidents/{second}/split", actor="desk 1")
    assert (split["case"]["parent"], split["incident"]["state"]) == (None, "dispatched")
    assert desk.get(f"/incidents/{first}")["case"]["children"] == []


def test_lists_owners_and_metrics_agree_about_late_cases(desk: Desk, clock: ManualClock) -> None:
    late, fresh = desk.opened(), None
    desk.move(late, "assign", "dispatcher", owner="municipal-works")
    clocks = desk.get(f"/incidents/{late}")["case"]["clocks"]
    due = min(datetime.fromisoformat(each["due"]) for each in clocks)
    clock.set(due + timedelta(seconds=1))
    fresh = desk.opened(lat=35.09)
    desk.move(fresh, "assign", "dispatcher", owner="municipal-works")
    listed = desk.get("/incidents", owner="municipal-works", clock="overdue")
    assert [(each["id"], each["clock_state"]) for each in listed["incidents"]] == [(late, "overdue")]
    assert desk.get("/incidents", owner="municipal-works")["total"] == 2
    assert desk.get("/incidents", owner="nobody")["total"] == 0
    step = desk.get(f"/incidents/{fresh}")["case"]["step"]
    assert {each["id"] for each in desk.get("/incidents", step=step)["incidents"]} == {late, fresh}
    works = next(each for each in desk.get("/owners")["owners"] if each["id"] == "municipal-works")
    assert (works["open"], works["overdue"], works["kind"]) == (2, 1, "department")
    assert works["zh"] != works["en"]
    values = dict(
        line.rsplit(" ", 1) for line in desk.http.get("/metrics").text.splitlines() if not line.startswith("#")
    )
    assert values["gridcommand_cases_open"] == "2"
    assert values["gridcommand_cases_overdue"] == "1"
    assert values["gridcommand_cases_triage"] == "0"
    states = {each["state"] for each in desk.get(f"/incidents/{late}")["case"]["clocks"]}
    assert "overdue" in states


def test_an_extension_keeps_the_first_deadline(desk: Desk) -> None:
    id = desk.opened()
    desk.move(id, "assign", "dispatcher", owner="municipal-works")
    before = desk.get(f"/incidents/{id}")["case"]
    extend = next(m for m in desk.get(f"/incidents/{id}")["moves"] if m["move"] == "extend")
    assert extend["effect"] == "extend"
    assert desk.move(id, "extend", "supervisor", 400, reason="rain", by="soon")["error"].startswith("time span 'soon'")
    after = desk.move(id, "extend", "supervisor", reason="rain", by="1 day")["case"]
    old, new = before["clocks"][0], next(c for c in after["clocks"] if c["id"] == before["clocks"][0]["id"])
    assert new["original"] == old["original"] == old["due"] < new["due"]
    assert after["extensions"] == 1


def test_a_repeated_key_makes_no_second_move(desk: Desk) -> None:
    id = desk.opened()
    body = {"move": "assign", "actor": "desk 1", "role": "dispatcher", "owner": "municipal-works"}
    url = f"/api/v1/incidents/{id}/moves"
    first = desk.http.post(url, json={**body, "key": "m1"}).json()
    again = desk.http.post(url, json=body, headers={"idempotency-key": "m1"}).json()
    assert (first["repeated"], again["repeated"], again["seq"]) == (False, True, first["seq"])
    other = desk.http.post(url, json={**body, "owner": "water", "key": "m1"})
    assert other.status_code == 409


def test_a_past_clock_shows_an_incident_as_it_was(tmp_path: Path, clock: ManualClock) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    with desk_on(url, tmp_path, clock) as desk:
        opened_at = clock.advance(60)
        id = desk.opened(category="0502")
        clock.advance(60)
        before = desk.get(f"/incidents/{id}")
        clock.advance(60)
        desk.post(f"/incidents/{id}/dispatch", units=["E01"], actor="desk 1")
        clock.advance(600)
        desk.post(f"/incidents/{id}/arrive", unit="E01", actor="E01", role="worker")
        now = desk.get(f"/incidents/{id}")
    then = ManualClock(opened_at + timedelta(seconds=90))
    with desk_on(url, tmp_path, clock, shown=then, fill=False) as past:
        found = past.get(f"/incidents/{id}")
        assert (found["past"], found["at"]) == (True, then.now().isoformat().replace("+00:00", "Z"))
        assert found["incident"] == before["incident"]
        assert found["case"] == before["case"]
        assert found["records"] == before["records"]
        assert (found["units"], found["recommendation"], found["moves"]) == ([], None, [])
        assert past.post(f"/incidents/{id}/close", 409, actor="desk 1")["reason"] == "past"
        then.set(clock.now())
        assert past.get(f"/incidents/{id}")["incident"] == now["incident"]
        then.set(opened_at - timedelta(seconds=1))
        assert "not yet opened" in past.get(f"/incidents/{id}", 404)["error"]


def test_a_deadline_among_days_that_are_not_announced_says_so(desk: Desk, clock: ManualClock) -> None:
    sure = desk.opened()
    clock.set(datetime(2031, 1, 6, 1, 0, tzinfo=UTC))  # no notice for 2031 can be in the file
    doubtful = desk.opened(lat=35.09)
    for id in (sure, doubtful):
        desk.move(id, "assign", "dispatcher", owner="municipal-works")
    clocks = desk.get(f"/incidents/{doubtful}")["case"]["clocks"]
    assert clocks
    doubts = [each["doubts"][0] for each in clocks if each["calendar"] == "cn-working"]
    assert all("没有 2031 年的节假日" in said["zh"] and "no holidays of 2031" in said["en"] for said in doubts)
    assert any(each["doubts"] for each in clocks)


def test_an_incident_that_was_corrected_away_still_shows_what_was_done(desk: Desk, clock: ManualClock) -> None:
    def row(incident: str, version: int) -> Record:
        event = EventPayload(incident=incident, category="0307", title="路口积水", address="解放路")
        return Record(Kind.EVENT, "hotline", "T-9", clock.now(), event, 116.045, 35.05, version=version)

    store = desk.services.store
    store.append([row("T-9", 0)])
    filed = desk.http.post("/api/v1/incidents/T-9/file", json={"actor": "desk 1", "role": "dispatcher"})
    assert filed.status_code in (200, 409), filed.text  # or the router did
    desk.move("T-9", "note", "dispatcher", note="seen")
    store.append([row("T-8", 1)])
    settled(desk.services)
    found = desk.get("/incidents/T-9")
    assert (found["incident"]["rows"], found["incident"]["title"], found["incident"]["address"]) == (
        0, "路口积水", "解放路",
    )  # fmt: skip
    assert found["incident"]["opened_at"] == desk.get("/incidents/T-8")["incident"]["opened_at"]
    assert found["case"]["workflow"]
    assert "seen" in [record["payload"].get("note") for record in found["records"]]
    assert found["recommendation"] is None
    assert {each["id"] for each in desk.get("/incidents")["incidents"]} >= {"T-8"}
    assert "T-9" not in {each["id"] for each in desk.get("/incidents")["incidents"]}
