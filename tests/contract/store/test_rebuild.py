"""However records come, and whenever they are folded, the tables are the same. On SQLite and on PostGIS."""

from __future__ import annotations

from zlib import crc32

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.models import PROJECTIONS
from data.open_store import open_store
from data.records import (
    FeedPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Record,
    RulePayload,
    SitePayload,
    SiteStatusPayload,
    UnitStatus,
    UnitStatusPayload,
)
from tests.contract.store.samples import REGION, at, command, dispatched, event, position, tables


def everything(n: int = 60) -> list[Record]:
    """A mixed log with corrections, late records and moves, in a shuffled but fixed order."""
    records: list[Record] = [Record(Kind.FEED, "hotline", "hotline", at(0), FeedPayload(name="h", rhythm_s=60))]
    for i in range(n):
        where = {"lon": 121.05 + (i * 37 % 90) / 100, "lat": 31.5}
        records.append(event(f"E{i}", i % 17, incident=f"I{i % 20}", unit=f"U{i % 7}", title=f"t{i}", **where))
        if i % 3 == 0:
            records.append(
                event(f"E{i}", i % 13, version=1 + i % 2, incident=f"I{(i + 1) % 20}", times={"closed": at(40 + i)})
            )
        if i % 4 == 0:
            records.append(dispatched(f"I{i % 20}", (f"U{i % 7}", f"U{i % 5}"), 20 + i % 9, f"d{i}"))
            records.append(
                command(
                    Kind.INCIDENT_ARRIVED,
                    IncidentArrived(incident=f"I{i % 20}", unit=f"U{i % 7}", actor="u"),
                    25 + i % 9,
                    f"a{i}",
                )
            )
        if i % 10 == 0:
            records.append(
                command(Kind.INCIDENT_CLOSED, IncidentClosed(incident=f"I{i % 20}", actor="x"), 30 + i, f"c{i}")
            )
        records.append(position(f"U{i % 7}", (i * 7) % 31, 121.1 + i / 100, 31.4, f"p{i}"))
        records.append(
            command(
                Kind.UNIT_STATUS, UnitStatusPayload(unit=f"U{i % 7}", status=list(UnitStatus)[i % 6]), i % 23, f"s{i}"
            )
        )
        records.append(
            Record(
                Kind.SITE,
                "cams",
                f"C{i % 9}",
                at(i % 11),
                SitePayload(name=f"n{i}", site_kind="camera"),
                121.3,
                31.3,
                i,
            )
        )
        records.append(
            Record(
                Kind.SITE_STATUS, "cams", f"S{i}", at(i % 19), SiteStatusPayload(site=f"C{i % 9}", online=i % 2 == 0)
            )
        )
        if i % 5 == 0:
            moved = IncidentMoved(
                incident=f"I{i % 12}",
                move="go",
                workflow="grid-5",
                step=f"s{i}",
                phase=list(IncidentState)[i % 4],
                actor="wang",
            )
            records.append(command(Kind.INCIDENT_MOVED, moved, i % 13, f"m{i}"))
            merge = IncidentMerged(
                incident=f"I{i % 12}", into=f"I{(i + 1 + i % 3) % 12}" if i % 3 else None, actor="wang"
            )
            records.append(command(Kind.INCIDENT_MERGED, merge, i % 17, f"g{i}"))
            rule = RulePayload(owner=f"o{i}", actor="wang")
            records.append(Record(Kind.RULE, "desk", f"rule{i % 3}", at(i), rule, version=i))
            recalled = IncidentRecalled(incident=f"I{i % 12}", units=(f"U{i % 7}",), actor="wang")
            records.append(command(Kind.INCIDENT_RECALLED, recalled, i % 13, f"r{i}"))
    records.append(event("D", 1, timeline="drill"))
    return sorted(records, key=lambda r: crc32(f"{r.source_id} {r.version}".encode()))


def test_rebuild_gives_identical_tables(store, monkeypatch):
    monkeypatch.setattr("data.sql_store.REBUILD_CHUNK", 37)
    store.put_level(REGION)
    records = everything()
    for i in range(0, len(records), 11):
        store.append(records[i : i + 11])
    before = tables(store)
    assert all(before.values())
    assert store.rebuild() == store.head() == len(records)
    assert tables(store) == before
    with store.write() as conn:
        for name in PROJECTIONS:
            conn.execute(store.tables.projection(name).delete())
    assert store.snapshot().incidents == []
    store.rebuild()
    assert tables(store) == before


def test_the_size_of_batches_makes_no_difference(open_another, store_url, clock, tmp_path):
    one = open_another()
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}", clock)
    try:
        records = everything(30)
        one.append(records)
        for record in records:
            other.append([record])
        assert one.snapshot() == other.snapshot()
        assert one.read_after(0) == other.read_after(0)
    finally:
        other.close()


VERSIONS = st.builds(
    lambda row, version, incident, minutes, point, closed: event(
        f"r{row}", minutes, version=version, incident=incident, title=f"{row}.{version}",
        lon=121.5 if point else None, lat=31.2 if point else None, unit=f"U{row}",
        times={"closed": at(closed)} if closed else {},
    ),
    st.integers(0, 3), st.integers(0, 3), st.sampled_from("ABC"), st.integers(0, 5), st.booleans(), st.integers(0, 9),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(VERSIONS, max_size=12, unique_by=lambda r: (r.source_id, r.version)).flatmap(
        lambda rows: st.tuples(st.just(rows), st.permutations(rows), st.integers(1, 4))
    )
)
def test_any_order_and_batching_of_the_same_event_versions_gives_the_same_incidents(store, clock, case):
    rows, shuffled, size = case
    run = test_any_order_and_batching_of_the_same_event_versions_gives_the_same_incidents
    run.count = getattr(run, "count", 0) + 1
    a, b = f"a{run.count}", f"b{run.count}"

    def on(timeline: str, records: list[Record]) -> list[Record]:
        return [
            Record(r.kind, r.source, r.source_id, r.at, r.payload, r.lon, r.lat, r.version, timeline) for r in records
        ]

    store.append(on(a, rows))
    moved = on(b, shuffled)
    for i in range(0, len(moved), size):
        store.append(moved[i : i + size])

    def shown(timeline: str) -> list[object]:
        skip = ("seq", "timeline")
        return [
            {name: getattr(row, name) for name in type(row).__slots__ if name not in skip}
            for row in store.snapshot(timeline).incidents
        ]

    assert shown(a) == shown(b)


def test_two_sources_that_use_one_number_have_two_incidents(store):
    for source in ("hotline", "fire"):
        store.append([event("A-1", source=source, incident=None, title=source)])
    found = {i.id: (i.rows, i.title) for i in store.snapshot().incidents}
    assert found == {"hotline:A-1": (1, "hotline"), "fire:A-1": (1, "fire")}


def test_a_rebuild_of_another_process_is_neither_written_over_nor_missed(store, open_another):
    """Rows at hand, and what a reader holds, are of before."""
    store.append([event("E1", incident="I1", title="told")])
    other = open_another()
    held = other.region_version()
    incident = other.tables.projection("incident")
    with other.write() as conn:
        conn.execute(incident.update().values(title="damaged"))
    assert other.incident("I1").title == "damaged"
    other.rebuild()
    store.append([dispatched("I1", ("U1",), 5, "d1")])
    assert other.incident("I1").title == "told"
    assert store.region_version() > held


def test_rows_at_hand_from_before_a_rebuild_are_read_again(store, open_another):
    other = open_another()
    store.append([event("E1", incident="I1", title="told")])
    incident = other.tables.projection("incident")
    with other.write() as conn:
        conn.execute(incident.update().values(title="damaged"))
    store.append([dispatched("I2", ("U1",), 5, "d1")])  # at hand: E1's incident as told
    other.rebuild()
    with other.write() as conn:
        conn.execute(incident.update().where(incident.c.id == "I1").values(title="as rebuilt"))
    store.append([dispatched("I1", ("U1",), 6, "d2")])
    assert other.incident("I1").title == "as rebuilt"
