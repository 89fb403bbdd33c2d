"""What every store promises about casework, run on SQLite and on PostGIS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from data.casework import Case, case_of
from data.records import (
    ClockChange,
    ClockOp,
    EventPayload,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Record,
    RulePayload,
    UnitStatus,
    UnitStatusPayload,
)
from tests.contract.store.samples import tables

T0 = datetime(2026, 5, 1, 8, tzinfo=UTC)
OPEN, DISPATCHED, ON_SCENE, CLOSED = IncidentState


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def event(id: str, minutes: float = 0, *, version: int = 0, **payload) -> Record:
    body = EventPayload(**{"category": "lamp", "incident": id, **payload})
    return Record(Kind.EVENT, "hotline", id, at(minutes), body, 121.5, 31.2, version)


def command(kind: Kind, payload, minutes: float) -> Record:
    return Record(kind, "desk", f"{kind}:{minutes}", at(minutes), payload)


def move(
    incident: str, minutes: float, step: str, phase: IncidentState = OPEN, name: str = "assign", **more: object
) -> Record:
    payload = IncidentMoved(
        incident=incident, move=name, workflow="grid-5", step=step, phase=phase,
        **{"owner": "water", "actor": "wang", **more},
    )  # fmt: skip
    return command(Kind.INCIDENT_MOVED, payload, minutes)


def merge(incident: str, into: str | None, minutes: float) -> Record:
    return command(Kind.INCIDENT_MERGED, IncidentMerged(incident=incident, into=into, actor="wang"), minutes)


def dispatch(incident: str, units: tuple[str, ...], minutes: float) -> Record:
    return command(Kind.INCIDENT_DISPATCHED, IncidentDispatched(incident=incident, units=units, actor="wang"), minutes)


def recall(incident: str, units: tuple[str, ...], minutes: float) -> Record:
    return command(Kind.INCIDENT_RECALLED, IncidentRecalled(incident=incident, units=units, actor="li"), minutes)


def rule(id: str, version: int, minutes: float = 0, **payload: object) -> Record:
    body = RulePayload(**{"owner": "water", "actor": "wang", **payload})
    return Record(Kind.RULE, "desk", id, at(minutes), body, version=version)


def units(store) -> dict[str, tuple[UnitStatus, str | None]]:
    return {row.id: (row.status, row.incident) for row in store.snapshot().units}


# --- moves -------------------------------------------------------------------------------------------------------


def test_a_case_is_kept_as_its_moves_make_it_and_read_alike_everywhere(store):
    start = ClockChange(clock="answer", op=ClockOp.START, due=at(60), warn=(at(45), at(54)), limit="1 h", calendar="cn")
    store.append([event("A")])
    assert store.incident("A").case is None
    store.append([move("A", 1, "assigned", clocks=(start,), why="rule 3", rule="3", revision="abc")])
    store.append([move("A", 5, "assigned", name="return", owner="triage", reason="not ours", rule="7")])
    store.append([move("A", 6, "assigned", clocks=(ClockChange(clock="answer", op=ClockOp.PAUSE),), name="suspend")])
    case = case_of(store.read_after(0), "A")
    assert case is not None
    assert (case.step, case.owner, len(case.returns), case.clocks[0].paused_at) == ("assigned", "water", 1, at(6))
    assert (case.since, case.moved_at, case.why, case.rule) == (at(1), at(6), "", "3")  # why is of who has it now
    with store.transact() as tx:
        assert tx.incident("A") == store.incident("A") == store.snapshot().incidents[0] == tx.incident("A")
        assert tx.timeline_of("A") == store.timeline_of("A")
    assert store.incident("A").case == case
    assert store.changed_since(2).incidents[0].case == case
    assert [r.kind for r in store.timeline_of("A")] == [Kind.EVENT] + 3 * [Kind.INCIDENT_MOVED]


def test_the_phase_of_a_step_sets_the_times_and_closing_releases_the_units(store):
    store.append([event("A"), move("A", 1, "registered"), dispatch("A", ("U1",), 2)])
    assert store.incident("A").state is DISPATCHED
    store.append(
        [move("A", 3, "handling", ON_SCENE), move("A", 4, "handling", ON_SCENE), move("A", 5, "d", DISPATCHED)]
    )
    row = store.incident("A")
    assert (row.state, row.dispatched_at, row.arrived_at, row.closed_at) == (ON_SCENE, at(2), at(3), None)
    store.append([move("A", 9, "closed", CLOSED)])
    row = store.incident("A")
    assert (row.state, row.closed_at, row.last_actor) == (CLOSED, at(9), "wang")
    assert units(store) == {"U1": (UnitStatus.AVAILABLE, None)}


def test_a_move_back_from_a_closed_step_takes_the_closing_away(store):
    store.append([event("A"), move("A", 1, "closed", CLOSED), move("A", 5, "handling", ON_SCENE, "rework")])
    row = store.incident("A")
    assert (row.state, row.closed_at, row.case.reworks) == (ON_SCENE, None, 1)
    store.append([move("A", 8, "closed", CLOSED)])
    assert store.incident("A").closed_at == at(8)


def test_a_move_back_outlives_what_a_source_had_closed_and_yields_to_a_later_closing_of_it(store):
    store.append(
        [event("A", times={"closed": at(1)}), move("A", 2, "closed", CLOSED), move("A", 5, "h", OPEN, "appeal")]
    )
    assert store.incident("A").closed_at is None
    store.append([event("A", version=1, times={"closed": at(3)})])
    assert store.incident("A").closed_at is None
    store.append([event("A", version=2, times={"closed": at(7)})])
    assert store.incident("A").closed_at == at(7)


def test_a_move_does_not_open_what_only_its_source_closed(store):
    store.append([event("A", times={"closed": at(1)}), move("A", 2, "registered")])
    assert store.incident("A").closed_at == at(1)


def test_a_case_closed_by_command_is_opened_by_a_later_move(store):
    store.append(
        [event("A"), move("A", 1, "h"), command(Kind.INCIDENT_CLOSED, IncidentClosed(incident="A", actor="w"), 2)]
    )
    assert store.incident("A").closed_at == at(2)
    store.append([move("A", 3, "h", OPEN, "rework")])
    assert store.incident("A").closed_at is None


# --- recalls -----------------------------------------------------------------------------------------------------


def test_units_called_back_are_available_and_no_longer_on_the_incident(store):
    store.append([event("A"), dispatch("A", ("U1", "U2"), 1), recall("A", ("U1",), 2)])
    assert store.incident("A").units == ("U2",)
    assert store.incident("A").last_actor == "li"
    assert units(store) == {"U1": (UnitStatus.AVAILABLE, None), "U2": (UnitStatus.DISPATCHED, "A")}
    assert [r.kind for r in store.timeline_of("A")][-1] is Kind.INCIDENT_RECALLED


def test_a_recall_leaves_a_unit_alone_that_works_elsewhere_by_now(store):
    store.append(
        [event("A"), event("B"), dispatch("A", ("U1",), 1), dispatch("B", ("U1",), 2), recall("A", ("U1",), 3)]
    )
    assert units(store) == {"U1": (UnitStatus.DISPATCHED, "B")}
    assert (store.incident("A").units, store.incident("B").units) == ((), ("U1",))


def test_a_unit_called_back_stays_off_when_a_row_names_it_and_may_be_sent_again(store):
    store.append([event("A", unit="U1"), recall("A", ("U1",), 1), event("A", version=1, unit="U1")])
    assert store.incident("A").units == ()
    back = UnitStatusPayload(unit="U1", status=UnitStatus.AVAILABLE, incident="A")
    store.append([command(Kind.UNIT_STATUS, back, 2)])
    assert store.incident("A").units == ()
    store.append([dispatch("A", ("U1",), 3)])
    assert store.incident("A").units == ("U1",)


def rebuilt(store) -> dict[str, tuple[IncidentState, datetime | None, datetime | None]]:
    """(state, dispatched, arrived) of each incident, which a rebuild leaves as it is."""
    before = tables(store)
    store.rebuild()
    assert tables(store) == before
    return {row.id: (row.state, row.dispatched_at, row.arrived_at) for row in store.snapshot().incidents}


def test_a_case_whose_units_were_all_called_back_to_an_open_step_is_not_dispatched_any_more(store):
    store.append([event("A"), move("A", 1, "received"), dispatch("A", ("U1", "U2"), 2)])
    store.append([move("A", 2.5, "sent", DISPATCHED, before="received"), recall("A", ("U1",), 3)])
    assert rebuilt(store)["A"] == (DISPATCHED, at(2), None)
    store.append([recall("A", ("U2",), 4), move("A", 4.5, "received", before="sent")])
    assert rebuilt(store)["A"] == (OPEN, None, None)
    store.append([dispatch("A", ("U1",), 6), move("A", 6.5, "sent", DISPATCHED, before="received")])
    assert rebuilt(store)["A"] == (DISPATCHED, at(6), None)


def test_a_case_back_at_an_open_step_with_a_unit_on_it_is_still_dispatched(store):
    store.append([event("A"), move("A", 1, "received"), dispatch("A", ("U1", "U2"), 2), recall("A", ("U1",), 3)])
    store.append([move("A", 4, "sorting", before="received")])
    assert rebuilt(store)["A"] == (DISPATCHED, at(2), None)


def test_a_unit_that_frees_itself_leaves_the_case_as_open_as_its_step_says(store):
    store.append([event("A"), move("A", 1, "received"), dispatch("A", ("U1",), 2)])
    store.append([move("A", 2.5, "there", ON_SCENE, before="received")])
    gone = UnitStatusPayload(unit="U1", status=UnitStatus.OUT_OF_SERVICE, reason="tyre", actor="U1")
    store.append([command(Kind.UNIT_STATUS, gone, 3)])
    assert rebuilt(store)["A"] == (ON_SCENE, at(2), at(2.5))
    store.append([move("A", 3.5, "received", before="there")])
    assert rebuilt(store)["A"] == (OPEN, None, None)


def test_what_a_source_said_of_the_sending_counts_only_after_it_was_taken_back(store):
    store.append([event("A", times={"dispatch": at(1.5)}), move("A", 1, "received"), dispatch("A", ("U1",), 2)])
    assert rebuilt(store)["A"] == (DISPATCHED, at(1.5), None)
    store.append([recall("A", ("U1",), 3), move("A", 4, "received", before="sent")])
    assert rebuilt(store)["A"] == (OPEN, None, None)
    store.append([event("A", version=1, times={"dispatch": at(1.6)})])
    assert rebuilt(store)["A"] == (OPEN, None, None)
    store.append([event("A", version=2, times={"dispatch": at(7), "on_scene": at(9)})])
    assert rebuilt(store)["A"] == (ON_SCENE, at(7), at(9))


def test_what_only_a_source_said_of_the_sending_no_move_takes_back(store):
    store.append([event("A", times={"dispatch": at(1)}), move("A", 2, "received")])
    store.append([move("A", 3, "sorting", before="received")])
    assert rebuilt(store)["A"] == (DISPATCHED, at(1), None)


# --- merges ------------------------------------------------------------------------------------------------------


def test_a_merged_incident_leaves_and_both_know_each_other(store):
    store.append([event("A"), event("B")])
    store.append([merge("B", "A", 3)])
    parent, child = store.incident("A"), store.incident("B")
    assert (child.state, child.closed_at, child.case) == (CLOSED, at(3), Case(parent="A"))
    assert (parent.state, parent.case) == (OPEN, Case(children=("B",)))
    assert parent.seq == child.seq == 3


def test_splitting_opens_the_child_again_and_leaves_its_own_closings(store):
    store.append([event("A"), event("B", times={"closed": at(9)}), merge("B", "A", 3), merge("B", None, 4)])
    assert store.incident("A").case == Case()
    assert store.incident("B").closed_at == at(9)
    store.append([event("B", version=1), merge("B", "A", 5)])
    assert store.incident("B").closed_at == at(5)
    store.append([merge("B", None, 6)])
    assert (store.incident("B").state, store.incident("B").closed_at) == (OPEN, None)


def test_an_incident_that_was_closed_before_it_was_merged_keeps_its_closing(store):
    store.append([event("A"), event("B", times={"closed": at(1)}), merge("B", "A", 3)])
    assert store.incident("B").closed_at == at(1)


def test_the_life_of_a_parent_shows_who_came_and_who_left(store):
    store.append([event("A"), event("B"), event("C")])
    for record in (merge("B", "A", 1), move("B", 2, "s"), merge("B", "C", 3), merge("B", None, 4)):
        store.append([record])
    assert [r.seq for r in store.timeline_of("A")] == [1, 4, 6]
    assert [r.seq for r in store.timeline_of("C")] == [3, 6, 7]
    assert [r.seq for r in store.timeline_of("B")] == [2, 4, 5, 6, 7]
    assert store.incident("A").case == Case()
    assert store.incident("C").case == Case()
    store.rebuild()
    assert [r.seq for r in store.timeline_of("C")] == [3, 6, 7]


# --- documents ---------------------------------------------------------------------------------------------------


def test_a_rule_is_kept_at_its_latest_version_whatever_the_order(store):
    store.append([rule("r1", 1, 5, owner="new"), rule("r2", 0)])
    store.append([rule("r1", 0, 9, owner="old")])
    found = store.documents(Kind.RULE)
    assert [(d.id, d.version, d.payload.owner, d.at, d.seq) for d in found] == [
        ("r1", 1, "new", at(5), 1),
        ("r2", 0, "water", at(0), 2),
    ]
    with store.transact() as tx:
        tx.append([rule("r2", 1, 1, enabled=False)])
        assert [d.payload.enabled for d in tx.documents(Kind.RULE)] == [True, False]
        assert tx.documents(Kind.EVENT) == []
    assert list(store.snapshot().documents) == store.documents(Kind.RULE)
    assert [d.id for d in store.changed_since(3).documents] == ["r2"]
    assert store.documents(Kind.RULE, "drill") == []


def test_rebuild_gives_identical_tables_of_casework(store, monkeypatch):
    monkeypatch.setattr("data.sql_store.REBUILD_CHUNK", 3)
    records = [
        event("A", unit="U1"), event("B"), event("C", times={"closed": at(4)}), move("A", 1, "s1"),
        dispatch("A", ("U2",), 2),
        merge("B", "A", 3), recall("A", ("U1", "U2"), 4), move("C", 5, "end", CLOSED), move("C", 6, "again", OPEN),
        merge("B", "C", 7), rule("r", 0), rule("r", 1), move("A", 8, "end", CLOSED), merge("B", None, 9),
    ]  # fmt: skip
    for i in range(0, len(records), 4):
        store.append(records[i : i + 4])
    before = tables(store)
    assert before["mention"]
    assert before["document"]
    store.rebuild()
    assert tables(store) == before
