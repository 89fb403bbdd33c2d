"""What every store makes of its records, run on SQLite and on PostGIS."""

from __future__ import annotations

from data.records import (
    FeedPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentState,
    Kind,
    LookPayload,
    Record,
    SitePayload,
    SiteStatusPayload,
    UnitPayload,
    UnitStatus,
    UnitStatusPayload,
)
from tests.contract.store.samples import REGION, at, command, dispatched, event, incidents, position, units


def test_an_incident_goes_from_open_to_closed_and_its_units_with_it(store):
    store.append([event("T-1", 0, title="fire", severity=1)])
    assert incidents(store)["T-1"].state is IncidentState.OPEN
    store.append([dispatched("T-1", ("U2", "U1"), 1)])
    row = incidents(store)["T-1"]
    assert (row.state, row.dispatched_at, row.units, row.last_actor) == (
        IncidentState.DISPATCHED,
        at(1),
        ("U1", "U2"),
        "wang",
    )
    assert {u.status for u in units(store).values()} == {UnitStatus.DISPATCHED}
    assert units(store)["U1"].incident == "T-1"
    store.append([command(Kind.INCIDENT_ARRIVED, IncidentArrived(incident="T-1", unit="U1", actor="U1"), 2, "a1")])
    assert incidents(store)["T-1"].state is IncidentState.ON_SCENE
    assert units(store)["U1"].status is UnitStatus.ON_SCENE
    assert units(store)["U2"].status is UnitStatus.DISPATCHED
    store.append([command(Kind.INCIDENT_CLOSED, IncidentClosed(incident="T-1", actor="wang"), 3, "c1")])
    row = incidents(store)["T-1"]
    assert (row.state, row.arrived_at, row.closed_at, row.seq) == (IncidentState.CLOSED, at(2), at(3), 4)
    assert {(u.status, u.incident) for u in units(store).values()} == {(UnitStatus.AVAILABLE, None)}


def test_closing_does_not_free_a_unit_that_works_elsewhere(store):
    store.append([event("A"), event("B"), dispatched("A", ("U1",), 1, "d1"), dispatched("B", ("U1",), 2, "d2")])
    store.append([command(Kind.INCIDENT_CLOSED, IncidentClosed(incident="A", actor="wang"), 3, "c1")])
    assert (units(store)["U1"].status, units(store)["U1"].incident) == (UnitStatus.DISPATCHED, "B")


def test_a_dispatch_that_arrives_after_the_later_close_does_not_bind_the_unit_again(store):
    store.append([event("A"), command(Kind.INCIDENT_CLOSED, IncidentClosed(incident="A", actor="wang"), 5, "c1")])
    store.append([dispatched("A", ("U1",), 1)])
    assert incidents(store)["A"].state is IncidentState.CLOSED
    assert (units(store)["U1"].status, units(store)["U1"].incident) == (UnitStatus.AVAILABLE, None)


def test_a_correction_replaces_the_earlier_version_whatever_the_order_of_arrival(store):
    store.append([event("T-1", 0, version=2, category="flood", title="third")])
    store.append([event("T-1", 0, version=1, category="lamp", title="second"), event("T-1", 0, title="first")])
    row = incidents(store)["T-1"]
    assert (row.category, row.title, row.rows) == ("flood", "third", 1)
    assert row.seq == 1
    store.append([event("T-1", 3, version=3, category="road", severity=1, lon=None, lat=None)])
    row = incidents(store)["T-1"]
    assert (row.category, row.severity, row.opened_at, row.lon, row.cell, row.rows) == ("road", 1, at(3), None, None, 1)


def test_a_correction_may_move_a_row_to_another_incident(store):
    store.append([event("r1", 0, incident="A"), event("r2", 1, incident="A", title="two")])
    store.append([event("r1", 0, version=1, incident="B")])
    found = incidents(store)
    assert (found["A"].rows, found["A"].opened_at, found["A"].title) == (1, at(1), "two")
    assert found["B"].rows == 1


def test_rows_of_one_incident_are_one_incident(store):
    store.append(
        [
            event(
                "r2",
                2,
                incident="A",
                unit="E2",
                category="later",
                times={"dispatch": at(3), "on_scene": at(9), "closed": at(20)},
            ),
            event(
                "r1",
                1,
                incident="A",
                unit="E1",
                category="first",
                lon=None,
                lat=None,
                times={"dispatch": at(4), "closed": at(30)},
            ),
            event("r3", 3, incident="A", unit="E1"),
        ]
    )
    row = incidents(store)["A"]
    assert (row.rows, row.units, row.opened_at, row.category) == (3, ("E1", "E2"), at(1), "first")
    assert (row.dispatched_at, row.arrived_at, row.closed_at) == (at(3), at(9), at(30))
    assert row.state is IncidentState.CLOSED  # one row has no "closed": sources leave it out
    assert row.lon == 121.5  # the first row that has a point


def test_late_positions_and_statuses_never_turn_a_unit_back(store):
    store.append([position("U1", 10, 121.9), position("U1", 5, 121.1)])
    store.append([position("U1", 7, 121.2)])
    assert (units(store)["U1"].lon, units(store)["U1"].position_at) == (121.9, at(10))

    def status(word: UnitStatus, minutes: float) -> Record:
        return command(Kind.UNIT_STATUS, UnitStatusPayload(unit="U1", status=word, actor="li"), minutes, f"s{minutes}")

    store.append([status(UnitStatus.OUT_OF_SERVICE, 10)])
    store.append([status(UnitStatus.AVAILABLE, 5), dispatched("X", ("U1",), 7)])
    assert (units(store)["U1"].status, units(store)["U1"].status_at) == (UnitStatus.OUT_OF_SERVICE, at(10))
    store.append([status(UnitStatus.AVAILABLE, 10.5)])
    assert units(store)["U1"].status is UnitStatus.AVAILABLE


def test_an_incident_that_only_commands_named_is_not_shown_until_its_event_comes(store):
    store.append([dispatched("A", ("U1",), 1)])
    assert incidents(store) == {}
    with store.transact() as tx:
        assert tx.incident("A") is None
    store.append([event("A", 0)])
    assert incidents(store)["A"].state is IncidentState.DISPATCHED


def test_master_data_of_units_sites_and_feeds_is_replaced_by_the_later(store):
    def unit(name: str, minutes: float, version: int = 0) -> Record:
        return Record(
            Kind.UNIT,
            "roster",
            "U1",
            at(minutes),
            UnitPayload(name=name, unit_kind="car", skills=("a", "b")),
            version=version,
        )

    store.append([unit("new", 5, 1)])
    store.append([unit("old", 0, 0)])
    assert (units(store)["U1"].name, units(store)["U1"].skills) == ("new", ("a", "b"))
    site = Record(
        Kind.SITE,
        "cams",
        "C1",
        at(0),
        SitePayload(name="c", site_kind="camera", bearing=10.0, attrs={"ip": "x"}),
        121.5,
        31.2,
    )
    off = Record(Kind.SITE_STATUS, "cams", "s1", at(5), SiteStatusPayload(site="C1", online=False))
    store.append([off])
    assert store.snapshot().sites == []
    store.append([site])
    (row,) = store.snapshot().sites
    assert (row.online, row.status_at, row.attrs, row.bearing) == (False, at(5), {"ip": "x"}, 10.0)
    store.append(
        [
            Record(
                Kind.FEED,
                "hotline",
                "hotline",
                at(0),
                FeedPayload(name="热线", rhythm_s=60, areas=True, simulated=True),
            ),
            event("A", 3),
            event("B", 1),
        ]
    )
    feeds = {feed.id: feed for feed in store.snapshot().feeds}
    assert (feeds["hotline"].name, feeds["hotline"].accepted, feeds["hotline"].last_at, feeds["hotline"].simulated) == (
        "热线",
        2,
        at(3),
        True,
    )
    assert feeds["cams"].accepted == 2


def test_an_area_is_in_contact_through_any_located_record_but_not_through_its_inventory(store):
    store.put_level(REGION)
    store.append([Record(Kind.SITE, "cams", "C1", at(9), SitePayload(name="c", site_kind="camera"), 121.9, 31.2)])
    assert store.snapshot().contacts == []
    store.append(
        [event("A", 5, lon=121.2), event("B", 3, lon=121.2), position("U1", 4, 121.7), event("C", 9, lon=10.0)]
    )
    assert {c.area: c.last_at for c in store.snapshot().contacts} == {"T1": at(5), "T2": at(4)}


def test_a_units_version_grows_with_what_it_does_and_is_but_not_with_where_it_is(store):
    def versions() -> tuple[int, int]:
        unit = units(store)["U1"]
        return unit.seq, unit.status_seq

    store.append([position("U1", 0, 121.1, 31.4, "p0")])
    assert versions() == (1, 0)
    store.append([Record(Kind.UNIT, "cad", "U1", at(0), UnitPayload(name="one", unit_kind="ambulance"))])
    assert versions() == (2, 2)
    store.append([event("A"), dispatched("A", ("U1",), 1), position("U1", 2, 121.2, 31.4, "p1")])
    assert versions() == (5, 4)
    late = UnitStatusPayload(unit="U1", status=UnitStatus.OUT_OF_SERVICE)
    store.append([command(Kind.UNIT_STATUS, late, 0, "s0")])
    assert versions() == (5, 4), "an older status changes nothing"
    store.append([command(Kind.INCIDENT_CLOSED, IncidentClosed(incident="A", actor="wang"), 5, "c1")])
    assert versions() == (7, 7)


def test_what_a_screen_looks_at_is_no_sign_of_life_of_its_feed(store):
    store.append([event("T-1", 0, source="desk")])
    before = {row.id: (row.accepted, row.last_at) for row in store.snapshot().feeds}
    store.append([command(Kind.LOOK, LookPayload(seat="wall", page="/", view="area=T"), 5, "look:wall:1")])
    assert {row.id: (row.accepted, row.last_at) for row in store.snapshot().feeds} == before
    assert before == {"desk": (1, at(0))}
