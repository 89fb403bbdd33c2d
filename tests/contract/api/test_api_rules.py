"""The rules that cases follow, over HTTP; what may not be pushed; and a document that leaves nothing out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import typer
from typer.testing import CliRunner

from cli.stats import state as state_command
from data.clock import ManualClock
from tests.contract.api.desk_client import Desk, desk_on


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("desk")
    with desk_on(f"sqlite:///{folder / 'desk.db'}", folder, ManualClock(datetime(2026, 6, 1, 1, tzinfo=UTC))) as found:
        yield found


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        # Hours are 08:00-12:00 and 14:00-18:00; a working day counts 8 h. 2026-05-01 to 05 are the Labour Day holiday.
        ("2026-06-01T09:00:00+08:00", "1 day", "2026-06-02T01:00:00Z"),
        ("2026-04-30T17:00:00+08:00", "2 h", "2026-05-06T01:00:00Z"),
        ("2026-06-01T09:00:00 08:00", "3 小时", "2026-06-01T04:00:00Z"),
    ],
)
def test_a_deadline_in_working_time(desk: Desk, start: str, span: str, due: str) -> None:
    found = desk.get("/calendars/cn-working/deadline", start=start, span=span)
    assert (found["due"], found["warnings"]) == (due, [])


def test_a_deadline_in_an_unknown_year_says_so(desk: Desk) -> None:
    found = desk.get("/calendars/cn-working/deadline", start="2031-03-03T09:00:00+08:00", span="1 day")
    said = found["warnings"][0]
    assert "没有 2031 年的节假日" in said["zh"]
    assert "no holidays of 2031" in said["en"]
    assert {each["id"] for each in desk.get("/calendars")["calendars"]} >= {"cn-working", "natural"}


def test_workflows_reasons_and_rules_are_told_with_both_names(desk: Desk) -> None:
    flows = {each["id"]: each for each in desk.get("/workflows")["workflows"]}
    assert set(flows) >= {"grid-5", "hotline-6", "dispute", "emergency"}
    for flow in flows.values():
        named = [flow, *flow["steps"], *flow["transitions"], *flow["limits"], *flow["roles"]]
        assert all(each["zh"] and each["en"] for each in named)
    assert [each["press"] for each in desk.get("/reasons")["reasons"]] == list(range(1, 10))
    assert all(each["when"]["zh"] and each["owner"] for each in desk.get("/rules")["rules"])


def test_an_id_with_slashes_has_its_calls(desk: Desk) -> None:
    record = {"source": "hotline", "source_id": "2026/06/1", "at": "2026-06-01T08:59:00+08:00", "lon": 116.05,
              "lat": 35.05, "payload": {"category": "0307"}}  # fmt: skip
    assert desk.post("/records", **record)["accepted"] == 1
    id = "hotline:2026%2F06%2F1"
    end = time.monotonic() + 60  # it is filed by itself
    while not ((life := desk.get(f"/incidents/{id}"))["case"] or {}).get("workflow"):
        assert time.monotonic() < end, life
        time.sleep(0.05)
    assert life["incident"]["id"] == "hotline:2026/06/1"
    assert (life["case"]["workflow"], life["case"]["owner"]) == ("hotline-6", "transport")
    assert "already" in desk.post(f"/incidents/{id}/file", 409, actor="desk 1")["error"]


@pytest.mark.parametrize("kind", ["incident.moved", "incident.merged", "incident.recalled", "rule"])
def test_decisions_are_not_pushed_as_records(desk: Desk, kind: str) -> None:
    record = {"kind": kind, "source": "x", "source_id": "1", "at": "2026-06-01T08:59:00+08:00", "payload": {}}
    (refused,) = desk.post("/records", **record)["rejected"]
    assert refused["reason"] == "kind.command"


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/incidents/{id}/moves", {"move": "assign", "role": "dispatcher"}, 400, "owner"),
        ("/incidents/{id}/moves", {"move": "fly", "role": "dispatcher"}, 409, "assign"),
        ("/incidents/{id}/moves", {"move": "assign", "role": "king", "owner": "water"}, 400, "known are dispatcher"),
        ("/incidents/{id}/moves", {"move": "assign", "actor": "a\nb"}, 400, "actor: expected one line of text"),
        ("/incidents/{id}/moves", {"move": "assign", "expected": "7"}, 400, "expected: expected a whole number"),
        ("/incidents/{id}/moves", {"move": "assign", "evidence": [{"kind": ""}]}, 400, "evidence.0.kind: "),
        ("/incidents/{id}/recall", {"units": ["E01"]}, 409, "E01"),
        ("/incidents/{id}/dispatch", {"units": []}, 400, "units: "),
        ("/incidents/{id}/split", {}, 409, "part of no other"),
        ("/incidents/{id}/merge", {"into": "nowhere"}, 404, "no incident nowhere"),
        ("/incidents/none/recall", {"units": ["E01"]}, 404, "no incident none"),
        ("/rules", {"owner": "water", "category": "03", "role": "owner"}, 409, "decided by the district"),
        ("/rules", {"owner": "water"}, 400, "no condition"),
        ("/rules", {"owner": "water", "category": "03", "workflow": "none"}, 409, "known are"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    desk: Desk, path: str, body: dict[str, Any], status: int, says: str
) -> None:
    id = desk.opened(key="refusals", workflow="grid-5") if "{id}" in path else ""
    refused = desk.post(path.format(id=id), status, **{"actor": "desk 1", **body})
    assert set(refused) - {"error_zh"} == {"error", "reason"}
    assert says in refused["error"]
    assert "\n" not in refused["error"]


@pytest.mark.parametrize(
    ("path", "body", "zh"),
    [
        ("/incidents", {"actor": "desk 1", "category": "03", "severity": 9}, "等级：须不大于 4"),
        ("/incidents", {"category": "03"}, "操作人：未填写"),
        ("/incidents", {"actor": "desk 1", "category": "03", "lon": 116.0}, "经度和纬度须同时填写或同时留空"),
        ("/incidents", {"actor": "desk 1", "category": "03", "title": "长" * 501}, "标题：过长，最多 500 字"),
        ("/incidents/x/moves", {"move": "assign", "actor": "a\nb"}, "操作人：须为一行文字，不能为空"),
        ("/incidents/x/moves", {"move": "assign", "actor": "a", "expected": "7"}, "版本：须为整数"),
        ("/incidents/x/moves", {"move": "a", "actor": "a", "evidence": [{"kind": ""}]}, "凭证第 1 项 kind：不能为空"),
        ("/incidents/x/dispatch", {"units": [], "actor": "a"}, "单位：至少 1 项"),
        ("/incidents/x/split", {"actor": "a", "colour": 1}, "colour：没有这一项"),
        ("/units/E01/status", {"actor": "a", "status": "asleep"}, "状态：须为 "),
    ],
)
def test_a_request_that_does_not_fit_is_refused_in_chinese_too(
    desk: Desk, path: str, body: dict[str, Any], zh: str
) -> None:
    refused = desk.post(path, 400, **body)
    assert refused["error_zh"].startswith(zh)
    assert "{" not in refused["error_zh"]


@pytest.mark.parametrize(
    ("content", "media", "says"),
    [
        (b"{bad", "application/json", "body: not JSON at character 1: "),
        (b"[]", "application/json", "body: expected a JSON object, sent as application/json"),
        (b"actor=a", "text/plain", "body: expected a JSON object, sent as application/json"),
        (b"", "application/json", "body: Field required"),
    ],
)
def test_a_body_that_is_no_command_is_refused_as_such(desk: Desk, content: bytes, media: str, says: str) -> None:
    answer = desk.http.post("/api/v1/incidents", content=content, headers={"content-type": media})
    assert (answer.status_code, answer.json()["reason"]) == (400, "invalid")
    assert answer.json()["error"].startswith(says)
    assert answer.json()["error_zh"].startswith("请求内容")


def test_state_is_what_the_command_line_says(desk: Desk) -> None:
    id = desk.opened(category="0502")
    desk.post(f"/incidents/{id}/dispatch", units=["E02"], actor="desk 1")
    found = desk.get("/state")
    assert id in found["open_ids"]
    assert found["busy_unit_ids"] == ["E02"]
    app = typer.Typer()
    app.command()(state_command)
    said = CliRunner().invoke(app, ["--at", found["at"], "--json", "--db", desk.services.settings.url()])
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert {name: told[name] for name in ("open", "open_ids", "busy_units", "busy_unit_ids")} == {
        name: found[name] for name in ("open", "open_ids", "busy_units", "busy_unit_ids")
    }
    assert desk.get("/state", at="1999-01-01T00:00:00Z")["open"] == 0


def test_a_method_that_a_path_does_not_have_is_told_which_it_has(desk: Desk) -> None:
    answer = desk.http.delete("/api/v1/incidents")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.json()["error"].startswith("no such call: DELETE /api/v1/incidents")


def test_the_document_leaves_nothing_out(desk: Desk) -> None:
    spec = desk.http.get("/api/openapi.json").json()
    schemas = spec["components"]["schemas"]
    tags = {tag["name"] for tag in spec["tags"]}
    ids = [call["operationId"] for calls in spec["paths"].values() for call in calls.values()]
    assert len(ids) == len(set(ids))
    for path, calls in spec["paths"].items():
        for method, call in calls.items():
            where = f"{method} {path}"
            assert call["summary"], where
            assert set(call["tags"]) <= tags, where
            assert all(each.get("description") for each in call.get("parameters", [])), where
            assert "422" not in call["responses"], where
            for status, answer in call["responses"].items():
                for media, content in answer.get("content", {}).items():
                    assert "example" in content, f"{where} {status}"
                    schema = {**content["schema"], "components": {"schemas": schemas}}
                    assert jsonschema_rs.is_valid(schema, content["example"]), f"{where} {status} {content['example']}"
                    if status >= "400" and path != "/readyz":
                        assert (media, content["schema"]) == (
                            "application/json", {"$ref": "#/components/schemas/ErrorBody"},
                        ), f"{where} {status}"  # fmt: skip
            if method == "post":
                assert {"400", "403", "409", "413", "503"} <= set(call["responses"]), where
                # Replays write nothing; drills and forks take acts once, by their phase, and bookmarks by their moment.
                if not {"replays", "drills", "forks", "bookmarks"} & set(call["tags"]):
                    assert any(p["name"].lower() == "idempotency-key" for p in call["parameters"]), where
                for content in call["requestBody"]["content"].values():
                    examples = [each["value"] for each in content.get("examples", {}).values()]
                    if "$ref" in content["schema"]:
                        examples = schemas[content["schema"]["$ref"].rpartition("/")[2]]["examples"]
                    schema = {**content["schema"], "components": {"schemas": schemas}}
                    assert examples or "example" in content, where
                    assert all(jsonschema_rs.is_valid(schema, each) for each in examples), where
