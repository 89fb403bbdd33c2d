"""The ledger of returns: entries, counts, the third return, and the rule a binding decision makes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data.casework import Case, Returned, case_of
from data.records import LIVE, IncidentMoved, IncidentState, Kind, Record, RulePayload
from data.store import DocumentRow, IncidentRow
from dispatch.rejections import (
    after_return,
    counts,
    effect,
    entries,
    propose_rule,
    rule_record,
)
from dispatch.routing import DISTRICT, TRIAGE, Matter, Rule, adopted_rules, why_in
from dispatch.routing_file import load_routing

T0 = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
AREA = "990101104002003"


def row(
    id: str, case: Case | None, *, category: str = "0203", area: str | None = AREA, closed: bool = False
) -> IncidentRow:
    return IncidentRow(
        id=id, timeline=LIVE, state=IncidentState.OPEN, opened_at=T0, dispatched_at=None, arrived_at=None,
        closed_at=T0 if closed else None, category=category, severity=4, title="路灯", title_en="Lamp", address="",
        source="hotline", lon=None, lat=None, cell=None, area=area, units=(), rows=1, last_actor="", seq=1, case=case,
    )  # fmt: skip


def returned(hours: float, owner: str, reason: str, rule: str = "") -> Returned:
    return Returned(T0 + timedelta(hours=hours), owner, f"{owner} desk", reason, rule)


THREE = Case(
    workflow="hotline-6",
    step="assigned",
    owner=DISTRICT,
    rule="municipal-1",
    returns=(
        returned(1, "municipal-works", "Private road", "road-act-12"),
        returned(5, "housing", "not ours"),
        returned(9, "street", " private road "),
    ),
)
ONE = Case(workflow="grid-5", step="reported", owner=TRIAGE, returns=(returned(3, "municipal-works", "not ours"),))
ROWS = [row("A", THREE), row("B", ONE, category="0205", closed=True), row("C", Case(owner="water")), row("D", None)]


def test_entries_are_the_returns_of_all_cases_the_latest_first() -> None:
    ledger = entries(ROWS)
    assert [(e.incident, e.number, e.owner) for e in ledger] == [
        ("A", 3, "street"),
        ("A", 2, "housing"),
        ("B", 1, "municipal-works"),
        ("A", 1, "municipal-works"),
    ]
    assert (ledger[-1].rule, ledger[-1].routed_by, ledger[-1].now) == ("road-act-12", "municipal-1", DISTRICT)
    assert ledger[2].closed


def test_entries_of_a_window() -> None:
    inside = entries(ROWS, since=T0 + timedelta(hours=1), until=T0 + timedelta(hours=5))
    assert [(e.incident, e.number) for e in inside] == [("A", 2), ("B", 1)]


def test_counts_per_rule_owner_and_reason() -> None:
    counted = counts(entries(ROWS))
    assert (counted.total, counted.cases, counted.binding) == (4, 2, 1)
    assert counted.by_owner == (("municipal-works", 2), ("housing", 1), ("street", 1))
    assert counted.by_rule == (("road-act-12", 1),)
    assert counted.by_reason == (("Private road", 2), ("not ours", 2))
    assert counted.by_category == (("0203", 3), ("0205", 1))


def test_the_first_two_returns_go_to_a_person_with_the_next_owner_proposed() -> None:
    routing = load_routing().decide(Matter("0101", AREA, "grid", 4, T0))
    first = after_return(Case(owner="990101104000"), routing)
    assert first.owner == TRIAGE
    assert first.proposed is not None
    assert first.proposed.owner == "city-management"
    named = after_return(Case(owner="990101104000"), routing, load_routing())
    assert why_in(named.why, "en") == "return 1: to be placed by a person, proposed City management bureau"
    second = after_return(Case(owner="city-management", returns=(returned(1, "990101104000", "no"),)), routing)
    assert (second.owner, second.proposed and second.proposed.owner) == (TRIAGE, "coordination")


def test_the_third_return_goes_to_the_district() -> None:
    two = Case(owner="street", returns=THREE.returns[:2])
    handover = after_return(two)
    assert handover.owner == DISTRICT
    assert "district decides" in why_in(handover.why, "en")
    assert "裁定" in why_in(handover.why, "zh")


def test_the_ledger_counts_what_the_log_says() -> None:
    """The clock of a return's case runs on: nothing of a return touches the clocks."""

    def move(n: int, move: str, owner: str, **more: object) -> Record:
        payload = IncidentMoved(
            incident="X", move=move, workflow="grid-5", step="assigned", phase=IncidentState.OPEN, owner=owner,
            actor="desk", **more,  # type: ignore[arg-type]
        )  # fmt: skip
        return Record(Kind.INCIDENT_MOVED, "desk", f"m{n}", T0 + timedelta(minutes=n), payload, seq=n)

    case = case_of(
        [move(1, "assign", "water"), move(2, "return", TRIAGE, reason="dry"), move(3, "assign", "roads")], "X"
    )
    (entry,) = entries([row("X", case)])
    assert (entry.owner, entry.reason, entry.number, entry.now) == ("water", "dry", 1, "roads")


def test_a_binding_decision_becomes_a_rule_for_its_class_in_its_town() -> None:
    payload = propose_rule(ROWS[0], "street", "district desk")
    assert (payload.category, payload.area, payload.owner, payload.incident) == ("0203", "990101104", "street", "A")
    assert payload.workflow == ""
    assert "3" in payload.note
    record = rule_record("decision-A", payload, T0, timeline=LIVE)
    assert (record.kind, record.source, record.source_id) == (Kind.RULE, "desk", "decision-A")

    document = DocumentRow(Kind.RULE, record.source_id, LIVE, T0, 0, record.payload, 7)
    adopted = adopted_rules([document])
    table = load_routing()
    same_town = table.decide(Matter("0203", "990101104001001", "hotline", 4, T0), adopted)
    assert (same_town.rule, same_town.owner, same_town.workflow) == ("decision-A", "990101104000", "hotline-6")
    assert table.decide(Matter("0203", "990101100001001", "hotline", 4, T0), adopted).owner == "municipal-works"


@pytest.mark.parametrize(("area", "prefix"), [(None, ""), ("FINS", "FINS"), ("320114001", "320114001")])
def test_areas_of_other_codes_are_taken_whole(area: str | None, prefix: str) -> None:
    assert propose_rule(row("A", THREE, area=area), "street", "d").area == prefix


def test_what_a_rule_would_change_is_known_before_it_is_adopted() -> None:
    table = load_routing()
    matters = [Matter("0203", a, "hotline", 4, T0) for a in (AREA, AREA, "990101100001001")]
    rule = Rule("new", "street", category=("0203",), area=("990101104",))
    assert effect(rule, matters, table) == (2, 2)
    assert effect(Rule("same", "municipal-works", category=("0203",)), matters, table) == (3, 0)


def test_a_proposed_rule_is_a_payload_the_log_takes() -> None:
    payload = propose_rule(row("I" * 200, THREE), "street", "desk")
    assert RulePayload.model_validate(payload.model_dump()) == payload
