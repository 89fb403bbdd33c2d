"""Owners and roles that a command over HTTP may name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.clock import ManualClock
from tests.contract.api.desk_client import WATER, Desk, desk_on


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = ManualClock(datetime(2026, 6, 1, 1, 0, tzinfo=UTC))
    with desk_on(f"sqlite:///{tmp_path / 'desk.db'}", tmp_path, clock) as found:
        yield found


def test_an_owner_that_nobody_knows_is_refused_with_the_nearest_name(desk: Desk) -> None:
    id = desk.opened()
    head = desk.services.store.head()
    given = desk.move(id, "assign", "dispatcher", 400, owner="municipal-work")
    assert given["error"] == "there is no owner 'municipal-work'; nearest is municipal-works (Municipal works centre)"
    assert given["error_zh"] == "没有承办单位“municipal-work”；最接近的是市政设施管理中心（municipal-works）"
    by_name = desk.move(id, "assign", "dispatcher", 400, owner="市政设施管理中")
    assert "municipal-works" in by_name["error"]
    assert "GET /owners" in desk.post("/incidents", 400, **WATER, owner="zzzz")["error"]
    rule = {"actor": "d", "role": "district", "category": "0307", "owner": "municipal-works", "fallback": "nobody-here"}
    assert "nobody-here" in desk.post("/rules", 400, **rule)["error"]
    assert desk.services.store.head() == head, "nothing was put on record"


def test_owners_of_the_table_areas_and_adopted_rules_are_taken(desk: Desk) -> None:
    area = next(iter(desk.services.store.region().by_code))
    table = desk.services.book.routing.owners
    for owner in (area, "district", next(id for id, each in table.items() if not each.digits)):
        assert desk.move(desk.opened(), "assign", "district", owner=owner)["case"]["owner"] == owner
    rule = {"actor": "d", "role": "district", "category": "0307", "owner": "grown-over", "enabled": False}
    assert desk.post("/rules", **rule)["rule"]["owner"] == "grown-over", "switched off, so it gives nothing to anybody"
    assert desk.move(desk.opened(), "assign", "district", owner="grown-over")["case"]["owner"] == "grown-over"


def test_nobody_acts_as_the_system(desk: Desk) -> None:
    id = desk.opened()
    other = desk.opened(title="another")
    for path, more in (
        (f"/incidents/{id}/merge", {"into": other}),
        (f"/incidents/{id}/moves", {"move": "note", "note": "n"}),
        ("/incidents", {**WATER, "owner": "municipal-works"}),
        ("/rules", {"category": "0307", "owner": "municipal-works"}),
    ):
        refused = desk.post(path, 400, **{**more, "actor": "desk 1", "role": "system"})
        assert refused["error"].startswith("role: system is what makes itself")


def test_keys_of_the_system_are_nobodys(desk: Desk) -> None:
    id = desk.opened()
    note = {"move": "note", "role": "dispatcher", "actor": "desk 1", "note": "n"}
    refused = desk.post(f"/incidents/{id}/moves", 400, **note, key="system:file:X9")
    assert "keys that begin with system: are the system's own" in refused["error"]
    header = desk.http.post(f"/api/v1/incidents/{id}/moves", json=note, headers={"Idempotency-Key": "system:file:X9"})
    assert header.status_code == 400
