"""The live state, kept current by what changed, is what a fresh snapshot gives. On the real embedded store."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.records import (
    BookmarkPayload,
    ClockChange,
    ClockOp,
    EventPayload,
    ExerciseAct,
    ExercisePayload,
    FeedPayload,
    IncidentArrived,
    IncidentClosed,
    IncidentDispatched,
    IncidentMerged,
    IncidentMoved,
    IncidentRecalled,
    IncidentState,
    Kind,
    LookPayload,
    Record,
    RulePayload,
    ScenePayload,
    SitePayload,
    SiteStatusPayload,
    UnitPayload,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from layers import areas, cameras, heat, incidents, panel, queue, units
from layers.state import LiveState
from layers.table import Table
from layers.view import View
from tests.unit.layers.small_world import CATEGORIES, NOW, NOW_MS, region


class Dice:
    """Records of every kind, late, corrected, moved, doubled."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.n = 0

    def record(self) -> Record:
        d = self.dice
        self.n += 1
        at = NOW - timedelta(seconds=d.uniform(0, 100_000))
        lon, lat = d.uniform(119.98, 120.32), d.uniform(29.98, 30.42)
        incident, unit, site = f"I{d.randrange(40)}", f"U{d.randrange(6)}", f"C{d.randrange(8)}"
        kind = d.choice([Kind.EVENT] * 8 + [kind for kind in Kind if kind is not Kind.FORK])
        id, version = f"r{self.n}", 0
        if kind is Kind.EVENT:
            id, version = f"E{d.randrange(60)}", d.randrange(4)
            closed = {"closed": at + timedelta(seconds=d.uniform(0, 9000))} if d.random() < 0.4 else {}
            payload: object = EventPayload(
                category=d.choice(CATEGORIES), incident=incident if d.random() < 0.7 else None,
                severity=d.randint(1, 4), title=f"t{self.n}", times=closed,
            )  # fmt: skip
        elif kind is Kind.INCIDENT_DISPATCHED:
            payload = IncidentDispatched(incident=incident, units=(unit,), actor="a")
        elif kind is Kind.INCIDENT_ARRIVED:
            payload = IncidentArrived(incident=incident, unit=unit, actor="a")
        elif kind is Kind.INCIDENT_CLOSED:
            payload = IncidentClosed(incident=incident, actor="a")
        elif kind is Kind.INCIDENT_MOVED:
            payload = self.move(incident, at)
        elif kind is Kind.INCIDENT_MERGED:
            into = None if d.random() < 0.4 else f"I{d.randrange(40)}"
            payload = IncidentMerged(incident=incident, into=into, actor="a")
        elif kind is Kind.INCIDENT_RECALLED:
            payload = IncidentRecalled(incident=incident, units=(unit,), actor="a")
        elif kind is Kind.RULE:
            id, version = f"rule{d.randrange(3)}", self.n
            payload = RulePayload(owner=f"o{self.n}", actor="a")
        elif kind is Kind.UNIT:
            id, version = unit, self.n
            payload = UnitPayload(name=unit, unit_kind=d.choice(("patrol_car", "grid_worker")), area="T0G0")
        elif kind is Kind.UNIT_STATUS:
            payload = UnitStatusPayload(unit=unit, status=d.choice(list(UnitStatus)))
        elif kind is Kind.UNIT_POSITION:
            payload = UnitPosition(unit=unit, bearing=d.choice((None, 45.0)))
        elif kind is Kind.SITE:
            id, version = site, self.n
            payload = SitePayload(name=site, site_kind="camera", online=d.random() < 0.5)
        elif kind is Kind.SITE_STATUS:
            payload = SiteStatusPayload(site=site, online=d.random() < 0.5)
        elif kind is Kind.EXERCISE:
            payload = ExercisePayload(act=d.choice(list(ExerciseAct)), actor="a")
        elif kind is Kind.LOOK:
            payload = LookPayload(seat=d.choice(("wall", "desk 1")), page="/", view=f"area=T{self.n}")
        elif kind is Kind.BOOKMARK:
            id, version = f"mark{d.randrange(3)}", self.n
            payload = BookmarkPayload(t=at, name=f"n{self.n}", withdrawn=d.random() < 0.2)
        elif kind is Kind.SCENE:
            wall = d.choice(("", "north"))
            id, version = f"scene:{wall}", self.n
            payload = ScenePayload(wall=wall, incident=incident, shown=d.random() < 0.7, actor="a")
        else:
            id, version = d.choice(("hotline", "gps")), self.n
            payload = FeedPayload(name=id, rhythm_s=d.choice((60.0, 600.0)), areas=d.random() < 0.5)
        if kind is Kind.EVENT and d.random() < 0.1:
            lon = lat = None  # type: ignore[assignment]
        return Record(kind, d.choice(("hotline", "gps")), id, at, payload, lon, lat, version)  # type: ignore[arg-type]

    def move(self, incident: str, at: datetime) -> IncidentMoved:
        d = self.dice
        due = at + timedelta(hours=d.uniform(1, 40))
        change = ClockChange(
            clock=d.choice(("accept", "answer")), op=d.choice(list(ClockOp)), due=due, warn=(due - timedelta(hours=1),)
        )
        return IncidentMoved(
            incident=incident, move=d.choice(("assign", "return", "suspend")), workflow=d.choice(("grid-5", "dispute")),
            step=d.choice("abc"), phase=d.choice(list(IncidentState)), owner=d.choice(("water", "roads")), actor="a",
            clocks=(change,) if d.random() < 0.7 else (),
        )  # fmt: skip


NAMED = {"category": "categories", "kind": "kinds", "workflow": "workflows", "step": "steps", "owner": "owners"}
NAMED |= {"source": "sources", "clock": "clocks"}


def same(a: Table, b: Table) -> None:
    """Equal content, whatever the order of rows; numbers of names resolved; trails apart: only a follower has them."""
    row_a, row_b = np.argsort(a.key.astype(str)), np.argsort(b.key.astype(str))
    assert a.key[row_a].tolist() == b.key[row_b].tolist()
    for name in a.columns:
        left, right = a.columns[name][row_a], b.columns[name][row_b]
        if name in NAMED:
            names = NAMED[name]
            left, right = (np.array(t.meta[names], object)[c] for t, c in ((a, left), (b, right)))
        if name != "trail":
            np.testing.assert_array_equal(left, right, err_msg=name)
    listed = NAMED.values()
    assert {k: v for k, v in a.meta.items() if k not in listed} == {k: v for k, v in b.meta.items() if k not in listed}


@pytest.mark.parametrize("seed", range(4))
def test_taking_over_changes_equals_a_fresh_snapshot(tmp_path: Path, seed: int):
    clock = ManualClock(NOW)
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", clock)
    try:
        store.put_level(region())
        dice = Dice(seed)
        where = store.region()
        store.append([dice.record() for _ in range(30)])
        live = LiveState(where, store.snapshot())
        heat.build(live, View(res=9), NOW_MS)  # cells are now kept and must be kept right
        for _ in range(12):
            clock.advance(1)
            store.append([dice.record() for _ in range(dice.dice.choice((1, 5, 40)))])
            live.apply(store.changed_since(live.seq))
            fresh = LiveState(where, store.snapshot())
            assert live.seq == fresh.seq
            # a follower also knows incidents that have no rows (yet)
            held = dict(zip(live.incidents.ids, live.incidents.cases, strict=True))
            assert [held[id] for id in fresh.incidents.ids] == fresh.incidents.cases
            assert live.documents == fresh.documents
            views = (View(window="30d"), View(area="T1", window="24h"), View(measure="open", res=9), View(area="T0G0"))
            for view in views:
                for t in (NOW_MS + 20_000, NOW_MS - 50_000_000):
                    for layer in (heat, areas, incidents, queue, units, cameras):
                        # where units were before their last known position, only a follower can know
                        if layer is not units or t > NOW_MS:
                            same(layer.build(live, view, t), layer.build(fresh, view, t))
                    assert panel.build(live, view, t) == panel.build(fresh, view, t)
    finally:
        store.close()


def test_applying_the_same_rows_twice_changes_nothing(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    try:
        store.put_level(region())
        dice = Dice(7)
        store.append([dice.record() for _ in range(200)])
        live = LiveState(store.region(), store.snapshot())
        live.apply(store.snapshot())
        fresh = LiveState(store.region(), store.snapshot())
        for layer in (heat, areas, incidents, queue, units, cameras):
            same(layer.build(live, View(window="30d"), NOW_MS), layer.build(fresh, View(window="30d"), NOW_MS))
    finally:
        store.close()


def test_an_incident_whose_only_row_moved_away_is_counted_no_more(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    try:
        store.put_level(region())

        def event(incident: str, version: int) -> Record:
            payload = EventPayload(category="0101", incident=incident)
            return Record(Kind.EVENT, "hotline", "E1", NOW, payload, 120.05, 30.05, version)

        store.append([event("I1", 0)])
        live = LiveState(store.region(), store.snapshot())
        assert panel.build(live, View(), NOW_MS)["kpis"]["open"] == 1
        store.append([event("I2", 1)])
        live.apply(store.changed_since(live.seq))
        made = incidents.build(live, View(), NOW_MS)
        assert made.key.tolist() == ["I2"]
        assert panel.build(live, View(), NOW_MS)["kpis"]["open"] == 1
    finally:
        store.close()


def test_a_unit_leaves_a_trail_of_its_last_twenty_points(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))
    try:
        store.put_level(region())
        store.append([Record(Kind.UNIT, "gps", "U1", NOW, UnitPayload(name="U1", unit_kind="patrol_car"))])
        live = LiveState(store.region(), store.snapshot())
        for i in range(25):
            at = NOW + timedelta(seconds=i)
            moved = Record(Kind.UNIT_POSITION, "gps", f"p{i}", at, UnitPosition(unit="U1"), 120 + i / 1000, 30.1)
            store.append([moved])
            live.apply(store.changed_since(live.seq))
        late = Record(Kind.UNIT_POSITION, "gps", "late", NOW, UnitPosition(unit="U1"), 120.2, 30.1)
        store.append([late])
        live.apply(store.changed_since(live.seq))
        made = units.build(live, View(), NOW_MS + 60_000)
        points = [[round(120 + i / 1000, 6), 30.1] for i in range(5, 25)]
        assert made.columns["trail"][0] == str(points).replace(" ", "")
        before = units.build(live, View(), NOW_MS + 10_000)
        assert before.columns["lon"][0] == 120 + 10 / 1000
        assert before.columns["trail"][0] == str(points[:6]).replace(" ", "")
    finally:
        store.close()
