"""The projector alone, against a second computation that looks at all records at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from data.casework import case_of
from data.codec import about_incident as incident_of
from data.projection import Changes, Contact, Document, EventKey, Feed, Incident, Site, Unit, fold
from data.records import (
    EventPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    Record,
    RulePayload,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)

T0 = datetime(2026, 5, 1, tzinfo=UTC)


class Memory:
    """A store for the projector: copies out, changes in."""

    def __init__(self) -> None:
        self.tables: dict[str, dict] = defaultdict(dict)
        self.log: list[Record] = []

    def _get(self, name: str, ids: set[str]) -> list:
        return [replace(self.tables[name][id]) for id in sorted(ids) if id in self.tables[name]]

    def incidents(self, ids: set[str]) -> list[Incident]:
        return self._get("incidents", ids)

    def units(self, ids: set[str]) -> list[Unit]:
        return self._get("units", ids)

    def sites(self, ids: set[str]) -> list[Site]:
        return self._get("sites", ids)

    def feeds(self, ids: set[str]) -> list[Feed]:
        return self._get("feeds", ids)

    def contacts(self, areas: set[str]) -> list[Contact]:
        return self._get("contacts", areas)

    def documents(self, keys: set[tuple[Kind, str]]) -> list[Document]:
        return [self.tables["documents"][key] for key in sorted(keys) if key in self.tables["documents"]]

    def _current(self) -> dict[EventKey, Record]:
        return newest(self.log)

    def event_versions(self, keys: set[EventKey]) -> dict[EventKey, tuple[int, str]]:
        current = self._current()
        return {k: (current[k].version, incident_of(current[k])) for k in keys if k in current}

    def current_rows(self, incidents: set[str]) -> list[Record]:
        return [r for r in self._current().values() if incident_of(r) in incidents]

    def append(self, records: list[Record]) -> Changes:
        first = len(self.log) + 1
        stamped = [replace(r, seq=first + i, received_at=T0) for i, r in enumerate(records)]
        changes = fold("live", stamped, self)
        for name in ("incidents", "units", "sites", "feeds", "contacts", "documents"):
            self.tables[name].update(getattr(changes, name))
        self.tables["mentions"].update(dict.fromkeys(changes.mentions))
        self.log += stamped
        return changes


def newest(records: list[Record]) -> dict[EventKey, Record]:
    """The highest version of every event row."""
    found: dict[EventKey, Record] = {}
    for r in records:
        key = (r.source, r.source_id)
        if r.kind is Kind.EVENT and (key not in found or found[key].version < r.version):
            found[key] = r
    return found


def closing(said: list[datetime], about: list[Record]) -> datetime | None:
    """When an incident is closed: by its rows or by what people said last, or at the merge where that was earlier."""
    by_people: list[datetime] = []
    reopened = merged = None
    for r in about:
        moved = r.payload.phase if r.kind is Kind.INCIDENT_MOVED else None
        if r.kind is Kind.INCIDENT_CLOSED or moved is IncidentState.CLOSED:
            by_people.append(r.at)
        elif moved is not None and by_people:
            by_people, reopened = [], r.at
        elif r.kind is Kind.INCIDENT_MERGED:
            merged = None if r.payload.into is None else merged or r.at  # who goes along to another parent left before
    last = max(said, default=None)
    if last is not None and reopened is not None and last <= reopened:
        last = None
    own = max([*by_people, *([] if last is None else [last])], default=None)
    return min((t for t in (own, merged) if t is not None), default=None)


def on_it(by_rows: set[str], about: list[Record]) -> set[str]:
    """Units that rows or commands put on an incident and nobody called back since."""
    sent: set[str] = set()
    back: set[str] = set()
    for r in about:
        if r.kind is Kind.INCIDENT_RECALLED:
            back.update(r.payload.units)
            continue
        named = set(r.payload.units) if r.kind is Kind.INCIDENT_DISPATCHED else set()
        if r.kind in (Kind.INCIDENT_ARRIVED, Kind.UNIT_STATUS):
            named = {r.payload.unit}
        if r.kind is Kind.UNIT_STATUS and r.payload.status in (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE):
            named -= back
        sent |= named
        back -= named
    return (by_rows | sent) - back


def expected(records: list[Record]) -> dict[str, dict[str, object]]:
    """Incidents from all records at once, straight from the rules in the projector's docstring."""
    rows: dict[str, list[Record]] = defaultdict(list)
    for r in newest(records).values():
        rows[incident_of(r)].append(r)
    out = {}
    for id, mine in rows.items():
        mine.sort(key=lambda r: (r.at, r.source, r.source_id))
        about = [r for r in records if r.kind is not Kind.EVENT and incident_of(r) == id]
        by_kind = {k: [r.at for r in about if r.kind is k] for k in Kind}
        times = [r.payload.times for r in mine]
        dispatched = [t["dispatch"] for t in times if "dispatch" in t] + by_kind[Kind.INCIDENT_DISPATCHED]
        arrived = [t["on_scene"] for t in times if "on_scene" in t] + by_kind[Kind.INCIDENT_ARRIVED]
        arrived += [r.at for r in about if r.kind is Kind.UNIT_STATUS and r.payload.status is UnitStatus.ON_SCENE]
        moves = [r for r in about if r.kind is Kind.INCIDENT_MOVED]
        dispatched += [r.at for r in moves if r.payload.phase is IncidentState.DISPATCHED]
        arrived += [r.at for r in moves if r.payload.phase is IncidentState.ON_SCENE]
        closed = closing([t["closed"] for t in times if "closed" in t], about)
        units = on_it({r.payload.unit for r in mine if r.payload.unit}, about)
        lead, point = mine[0], next((r for r in mine if r.lon is not None), None)
        state = IncidentState.OPEN
        state = IncidentState.DISPATCHED if dispatched else state
        state = IncidentState.ON_SCENE if arrived else state
        state = IncidentState.CLOSED if closed is not None else state
        out[id] = {
            "opened_at": lead.at,
            "category": lead.payload.category,
            "title": lead.payload.title,
            "lon": point.lon if point else None,
            "rows": len(mine),
            "units": sorted(units),
            "dispatched_at": min(dispatched, default=None),
            "arrived_at": min(arrived, default=None),
            "closed_at": closed,
            "case": case_of(records, id),
            "state": state,
        }
    return out


MINUTES = st.integers(0, 9).map(lambda m: T0 + timedelta(minutes=m))
INCIDENT = st.sampled_from("ABC")
UNIT = st.sampled_from(("U1", "U2", "U3"))
TIMES = st.dictionaries(st.sampled_from(("dispatch", "on_scene", "closed", "received")), MINUTES, max_size=3)

EVENTS = st.builds(
    lambda at, row, version, incident, lon, unit, times: Record(
        Kind.EVENT,
        "s",
        f"r{row}",
        at,
        EventPayload(category=f"c{row}", title=f"{row}.{version}", incident=incident, unit=unit, times=times),
        lon,
        None if lon is None else 31.0,
        version,
    ),
    MINUTES,
    st.integers(0, 3),
    st.integers(0, 3),
    INCIDENT,
    st.none() | st.integers(120, 122).map(float),
    st.none() | UNIT,
    TIMES,
)
COMMANDS = st.one_of(
    st.builds(
        lambda i, u: IncidentDispatched(incident=i, units=tuple(u), actor="w"), INCIDENT, st.sets(UNIT, min_size=1)
    ),
    st.builds(lambda i, u: IncidentArrived(incident=i, unit=u, actor="w"), INCIDENT, UNIT),
    st.builds(lambda i: IncidentClosed(incident=i, actor="w"), INCIDENT),
    st.builds(
        lambda i, u: IncidentRecalled(incident=i, units=tuple(u), actor="w"), INCIDENT, st.sets(UNIT, min_size=1)
    ),
    st.builds(lambda i, into: IncidentMerged(incident=i, into=into, actor="w"), INCIDENT, st.none() | INCIDENT),
    st.builds(
        lambda i, step, phase, move, owner: IncidentMoved(
            incident=i, move=move, workflow="w", step=step, phase=phase, owner=owner, actor="w"
        ),
        INCIDENT,
        st.sampled_from("xyz"),
        st.sampled_from(IncidentState),
        st.sampled_from(("go", "return", "rework")),
        st.sampled_from(("", "water")),
    ),
    st.builds(lambda i: RulePayload(owner=i, actor="w"), INCIDENT),
    st.builds(
        lambda i, u, s: UnitStatusPayload(unit=u, status=s, incident=i), INCIDENT, UNIT, st.sampled_from(UnitStatus)
    ),
)
KIND_OF = {
    IncidentDispatched: Kind.INCIDENT_DISPATCHED,
    IncidentArrived: Kind.INCIDENT_ARRIVED,
    IncidentClosed: Kind.INCIDENT_CLOSED,
    UnitStatusPayload: Kind.UNIT_STATUS,
    IncidentRecalled: Kind.INCIDENT_RECALLED,
    IncidentMerged: Kind.INCIDENT_MERGED,
    IncidentMoved: Kind.INCIDENT_MOVED,
    RulePayload: Kind.RULE,
}
ORDERS = st.builds(
    lambda at, p, n: Record(KIND_OF[type(p)], "desk", f"o{n}", at, p), MINUTES, COMMANDS, st.integers(0, 99)
)
LOGS = st.lists(EVENTS | ORDERS, max_size=25, unique_by=lambda r: (r.source, r.source_id, r.version))


@settings(deadline=None, max_examples=300)
@given(LOGS, st.randoms(use_true_random=False), st.integers(1, 6))
def test_incidents_are_what_all_records_together_say_in_any_order_and_batching(records, random, size):
    random.shuffle(records)
    memory = Memory()
    for i in range(0, len(records), size):
        memory.append(records[i : i + size])
    rows = {id: row for id, row in memory.tables["incidents"].items() if row.rows}
    found = {
        id: {name: getattr(row, name) for name in facts}
        for id, row in rows.items()
        for facts in [expected(records)[id]]
    }
    assert found == expected(records)


@settings(deadline=None, max_examples=100)
@given(LOGS, st.integers(1, 6))
def test_batches_of_any_size_give_the_same_rows_to_the_last_column(records, size):
    one, many = Memory(), Memory()
    if records:
        one.append(records)
    for i in range(0, len(records), size):
        many.append(records[i : i + size])
    assert one.tables == many.tables


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12, unique=True))
def test_a_unit_is_where_and_what_its_newest_records_say(minutes):
    memory = Memory()
    for m in minutes:
        at = T0 + timedelta(minutes=m)
        status = list(UnitStatus)[m % 6]
        memory.append(
            [
                Record(Kind.UNIT_POSITION, "gps", f"p{m}", at, UnitPosition(unit="U"), 100.0 + m, 30.0),
                Record(Kind.UNIT_STATUS, "t", f"s{m}", at, UnitStatusPayload(unit="U", status=status)),
            ]
        )
    unit = memory.tables["units"]["U"]
    assert unit.lon == 100.0 + max(minutes)
    assert unit.status == list(UnitStatus)[max(minutes) % 6].value
    assert unit.status_at == T0 + timedelta(minutes=max(minutes))
