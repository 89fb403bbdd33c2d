"""Every layer and the panel against the slow obvious way: plain Python over the rows, one at a time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import product

import h3
import numpy as np
import pytest

from data.records import UnitStatus
from data.store import IncidentRow, Snapshot
from geo.area import Region
from layers import areas, cameras, heat, incidents, panel, queue, units
from layers.places import Places
from layers.state import LiveState
from layers.table import Table
from layers.view import View
from layers.windows import TRAILING
from tests.unit.layers.small_world import NOW_MS, camera, dice_world, incident, region, snapshot

VIEWS = [
    View(),
    View(window="15m"),
    View(window="30d", measure="open"),
    View(area="D", window="7d"),
    View(area="T1", window="30d"),
    View(area="T1G2", window="30d"),
    View(area="T2", window="30d", level="grid", measure="open"),
    View(window="30d", category="01"),
    View(window="30d", category="Fire"),
    View(window="30d", category="9"),
    View(window="30d", source="patrol", severity=1),
    View(window="30d", source="nobody"),
    View(area="T0", window="7d", severity=2, res=10),
    View(window="1h", level="district"),
    View(window="today", area="T1"),
    View(window="2026-04-11T12:00/2026-04-21T00:00"),
    View(window="2026-04-30T00:00/2026-05-02T00:00", severity=2),
    View(window="7d", compare=True),
    View(window="today", area="T0", measure="open", compare=True),
    View(window="2026-04-11T12:00/2026-04-21T00:00", category="01", compare=True),
]
TIMES = [NOW_MS, NOW_MS - 900_000, NOW_MS - 86_400_000 * 20, NOW_MS + 60_000, 0.0]
WORLDS = [dice_world(seed) for seed in (1, 2)]
CASES = list(product(range(len(WORLDS)), VIEWS, TIMES))


class Slow:
    """What the layers should say, by looking at every row."""

    def __init__(self, where: Region, rows: Snapshot, view: View, t: float) -> None:
        self.where, self.rows, self.view, self.t = where, rows, view, t
        begin, length = None, TRAILING.get(view.window, 86_400) * 1000
        if view.window == "today":
            begin = t // 86_400_000 * 86_400_000
        elif "/" in view.window:
            begin, end = (at(datetime.fromisoformat(f"{part}Z")) for part in view.window.split("/"))
            length = end - begin
        self.begin, self.window = begin, length
        """Trailing windows begin after t - window; those by the calendar, here in UTC, with `begin` itself."""

    def first(self, back: int = 0) -> float:
        return (self.t - self.window if self.begin is None else self.begin) - back * self.window

    def holds(self, when: float, back: int = 0) -> bool:
        low = self.first(back)
        if self.begin is None:
            return low < when <= low + self.window
        return low <= when < low + self.window and when <= self.t - back * self.window

    def mine(self, *, focus: bool = True) -> list[IncidentRow]:
        view = self.view
        found = []
        for row in self.rows.incidents:
            if row.rows == 0 or (view.source and row.source != view.source):
                continue
            if view.severity and row.severity != view.severity:
                continue
            if view.category.isdigit() and not row.category.startswith(view.category):
                continue
            if view.category and not view.category.isdigit() and row.category != view.category:
                continue
            if focus and view.area and not self.inside(row.area, view.area):
                continue
            found.append(row)
        return found

    def inside(self, area: str | None, focus: str) -> bool:
        return not focus or (area is not None and focus in [a.code for a in self.where.path(area)])

    def reported(self, back: int = 0, *, focus: bool = True) -> list[IncidentRow]:
        return [r for r in self.mine(focus=focus) if self.holds(at(r.opened_at), back)]

    def open(self, back: int = 0, *, focus: bool = True) -> list[IncidentRow]:
        t = self.t - back * self.window
        return [r for r in self.mine(focus=focus) if at(r.opened_at) <= t and not at(r.closed_at) <= t]

    def closed(self, back: int = 0) -> list[IncidentRow]:
        return [r for r in self.mine() if self.holds(at(r.closed_at), back)]

    def measured(self, back: int = 0, *, focus: bool = True) -> list[IncidentRow]:
        return self.open(back, focus=focus) if self.view.measure == "open" else self.reported(back, focus=focus)

    def comparable(self) -> bool:
        oldest = min((at(r.opened_at) for r in self.rows.incidents if r.rows), default=self.t + 1)
        return oldest <= self.first(1) if self.begin is None else oldest < self.first(1)

    def state(self, row: IncidentRow) -> int:
        reached = [
            i for i, when in enumerate((row.dispatched_at, row.arrived_at, row.closed_at), 1) if at(when) <= self.t
        ]
        return max(reached, default=0)

    def silent(self, code: str) -> int:
        area = self.where.by_code[code]
        if area.level == self.where.finest:
            heard = [c.last_at for c in self.rows.contacts if c.area == code]
            if not heard:
                return 2
            return int(self.t - at(heard[0]) > 300_000)
        below = [self.silent(c.code) for c in self.where.areas if c.level == "grid" and self.inside(c.code, code)]
        return 0 if 0 in below else 2 if set(below) == {2} else 1


def at(t: object) -> float:
    return math.nan if t is None else t.timestamp() * 1000  # type: ignore[attr-defined]


def rows(table: Table) -> dict[object, dict[str, object]]:
    lists = {name: column.tolist() for name, column in table.columns.items()}
    return {key: {name: lists[name][i] for name in lists} for i, key in enumerate(table.key.tolist())}


@pytest.fixture(scope="module")
def states() -> list[LiveState]:
    return [LiveState(where, rows) for where, rows in WORLDS]


@pytest.mark.parametrize(("world", "view", "t"), CASES)
def test_heat_counts_the_cells_of_the_points(states, world, view, t):
    slow = Slow(*WORLDS[world], view, t)
    made = heat.build(states[world], view, t)
    res = made.meta["res"]

    def cells(of: list[IncidentRow]) -> Counter[int]:
        return Counter(int(h3.latlng_to_cell(r.lat, r.lon, res), 16) for r in of if r.lon is not None)

    counts, was = cells(slow.measured()), cells(slow.measured(1)) if view.compare else Counter()
    meta = {
        "res": view.res or res, "measure": view.measure, "max": max(counts.values(), default=0), "total": counts.total()
    }  # fmt: skip
    if view.compare and slow.comparable():
        assert made.columns["before"].tolist() == [was[cell] for cell in made.key.tolist()]
        meta["most"] = max((abs(counts[cell] - was[cell]) for cell in counts | was), default=0)
    elif view.compare:
        was = Counter()
        assert np.isnan(made.columns["before"]).all()
        meta["most"] = 0
    assert made.columns["value"].tolist() == [counts[cell] for cell in made.key.tolist()]
    assert made.key.tolist() == sorted({*counts, *was})
    assert made.meta == meta


@pytest.mark.parametrize(("world", "view", "t"), CASES)
def test_areas_count_what_lies_in_them_and_say_their_silence(states, world, view, t):
    where, things = WORLDS[world]
    slow = Slow(where, things, view, t)
    made = areas.build(states[world], view, t)
    focus = where.by_code[view.area or "D"]
    level = view.level or where.level_below(focus.level) or focus.level
    expected = {}
    for area in where.by_level[level]:
        if slow.inside(area.code, view.area):
            heard = [at(c.last_at) for c in things.contacts if slow.inside(c.area, area.code)]
            expected[area.code] = {
                "count": sum(slow.inside(r.area, area.code) for r in slow.reported(focus=False)),
                "open": sum(slow.inside(r.area, area.code) for r in slow.open(focus=False)),
                "silent": slow.silent(area.code),
                "contact": max(heard, default=0),
            }
            if view.compare:
                was = sum(slow.inside(r.area, area.code) for r in slow.measured(1, focus=False))
                expected[area.code]["before"] = was if slow.comparable() else None
    found = rows(made)
    for row in found.values():
        if "before" in row and math.isnan(row["before"]):
            row["before"] = None
    assert found == expected
    measure = "open" if view.measure == "open" else "count"
    numbers = [row[measure] for row in expected.values()]
    said = {"level": level, "region": made.meta["region"], "max": max(numbers, default=0), "total": sum(numbers)}
    if view.compare:
        changed = [abs(r[measure] - r["before"]) for r in expected.values() if r["before"] is not None]
        said |= {"measure": view.measure, "most": max(changed, default=0)}
    assert made.meta == said


@pytest.mark.parametrize(("world", "view", "t"), CASES)
def test_incidents_are_those_at_work_and_those_just_closed(states, world, view, t):
    slow = Slow(*WORLDS[world], view, t)
    made = incidents.build(states[world], view, t)
    expected = {
        r.id: {
            "lon": r.lon, "lat": r.lat, "state": slow.state(r), "severity": r.severity, "category": r.category,
            "opened": at(r.opened_at),
        }
        for r in slow.mine()
        if r.lon is not None and at(r.opened_at) <= t and not at(r.closed_at) <= t - 600_000
    }  # fmt: skip
    found = rows(made)
    for row in found.values():
        row["category"] = made.meta["categories"][row["category"]]
    assert found == expected
    assert made.meta["total"] == made.meta["shown"] == len(expected)


@pytest.mark.parametrize(("world", "view", "t"), CASES)
def test_units_and_cameras_in_the_focus(states, world, view, t):
    where, things = WORLDS[world]
    slow = Slow(where, things, view, t)
    state = states[world]
    made = units.build(state, view, t)
    grid = {code: where.by_code[code].geometry for code in where.by_code if where.by_code[code].level == "grid"}

    def place(row):
        from shapely.geometry import Point

        if row.position_at is None:
            return row.duty_area
        return min((code for code, g in grid.items() if g.intersects(Point(row.lon, row.lat))), default=None)

    expected = {
        u.id: (u.lon, u.lat, list(UnitStatus).index(u.status), u.kind, at(u.position_at), u.bearing)
        for u in things.units
        if u.lon is not None
        and at(u.position_at) <= t
        and slow.inside(place(u), view.area)
        and (view.area or u.kind != "grid_worker")
    }
    found = {
        id: (r["lon"], r["lat"], r["status"], made.meta["kinds"][r["kind"]], r["at"],
             None if math.isnan(r["bearing"]) else r["bearing"])
        for id, r in rows(made).items()
    }  # fmt: skip
    assert found == expected
    assert sum(made.meta["counts"].values()) == len(expected)
    seen = cameras.build(state, view, t)
    online = {s.id: int(s.online) for s in things.sites if s.kind == "camera" and slow.inside(s.area, view.area)}
    assert {id: r["online"] for id, r in rows(seen).items()} == online
    assert seen.meta == {"online": sum(online.values()), "offline": len(online) - sum(online.values())}


@pytest.mark.parametrize(("world", "view", "t"), CASES)
def test_the_panel_counts_the_same_incidents(states, world, view, t):
    where, things = WORLDS[world]
    slow = Slow(where, things, view, t)
    made = panel.build(states[world], view, t)
    now, before, still, closed = slow.reported(), slow.reported(1), slow.open(), slow.closed()
    kpis = made["kpis"]
    begun = slow.comparable()
    assert (kpis["reported"], kpis["reported_before"], kpis["open"], kpis["closed"]) == (
        len(now), len(before) if begun else None, len(still), len(closed)
    )  # fmt: skip
    assert kpis["urgent_open"] == sum(r.severity == 1 for r in still)
    assert ("before" in kpis) == view.compare
    if view.compare:
        was = {"reported": len(before), "open": len(slow.open(1)), "closed": len(slow.closed(1))}
        was["urgent_open"] = sum(r.severity == 1 for r in slow.open(1))
        assert kpis["before"] == (was if begun else None)
    finest = [a.code for a in where.by_level["grid"] if slow.inside(a.code, view.area)]
    assert kpis["areas"] == len(finest)
    assert kpis["areas_silent"] == made["silent"]["total"] == sum(slow.silent(code) > 0 for code in finest)
    trend = made["trend"]
    width = trend["bin_s"] * 1000
    assert trend["t"] == [slow.first() + i * width for i in range(len(trend["t"]))]
    end = slow.first() + slow.window if slow.begin is None else max(t, slow.first() + 1)
    assert trend["t"][-1] < min(end, slow.first() + slow.window) <= trend["t"][-1] + width

    def bins(times: list[float], back: int = 0) -> list[int]:
        step = math.ceil if slow.begin is None else lambda x: math.floor(x) + 1
        found = Counter(min(step((when - slow.first(back)) / width), len(trend["t"])) for when in times)
        return [found[i + 1] for i in range(len(trend["t"]))]

    assert trend["reported"] == bins([at(r.opened_at) for r in now])
    assert trend["before"] == bins([at(r.opened_at) for r in before], 1)
    assert trend["closed"] == bins([at(r.closed_at) for r in closed])
    counts = Counter(r.category for r in now)
    assert {row["code"]: row["count"] for row in made["categories"]} == counts
    assert [row["count"] for row in made["categories"]] == sorted(counts.values(), reverse=True)
    for row in made["ranking"]:
        assert row["count"] == sum(slow.inside(r.area, row["code"]) for r in slow.reported(focus=False))
        assert row["before"] == sum(slow.inside(r.area, row["code"]) for r in slow.reported(1, focus=False))
        assert row["open"] == sum(slow.inside(r.area, row["code"]) for r in slow.open(focus=False))
        assert row["silent"] == slow.silent(row["code"])
        if view.compare:
            assert row["open_before"] == sum(slow.inside(r.area, row["code"]) for r in slow.open(1, focus=False))
    assert [row["code"] for row in made["ranking"]] == [
        row["code"] for row in sorted(made["ranking"], key=lambda r: (-r["count"], r["code"]))
    ]
    assert {row["code"] for row in made["ranking"]} == {a.code for a in where.children(view.area or "D")}
    newest = sorted((at(r.opened_at) for r in now), reverse=True)[:40]
    assert [row["opened"] for row in made["ticker"]] == newest
    by_id = {r.id: r for r in now}
    names = ("open", "dispatched", "on_scene", "closed")
    assert all(row["state"] == names[slow.state(by_id[row["id"]])] for row in made["ticker"])


def test_more_than_five_thousand_incidents_keep_the_newest_and_say_so():
    from datetime import timedelta

    from tests.unit.layers.small_world import NOW

    many = [incident(f"I{i}", NOW - timedelta(seconds=(i * 7919) % 6000)) for i in range(6000)]
    made = incidents.build(LiveState(region(), snapshot(incidents=many)), View(), NOW_MS)
    assert (made.meta["total"], made.meta["shown"], len(made)) == (6000, 5000, 5000)
    assert made.columns["opened"].min() == NOW_MS - 4999 * 1000


def test_an_empty_region_has_empty_areas_and_counts_everything():
    state = LiveState(Region((), ()), snapshot(incidents=[incident("I1", area=None)], sites=[camera("C1", area=None)]))
    assert len(areas.build(state, View(), NOW_MS)) == 0
    assert heat.build(state, View(), NOW_MS).meta["total"] == 1
    made = panel.build(state, View(), NOW_MS)
    assert made["kpis"]["reported"] == made["kpis"]["cameras"] == 1
    assert made["ranking"] == made["focus"]["path"] == []


def test_layers_do_not_write_into_the_state_they_read():
    where, things = WORLDS[0]
    state = LiveState(where, things)
    for build in (heat.build, areas.build, incidents.build, queue.build, units.build, cameras.build):
        before = build(state, View(area="T0"), NOW_MS)
        kept = {name: column.copy() for name, column in before.columns.items()}
        moved = [replace(s, online=not s.online) for s in things.sites]
        state.apply(snapshot(2, sites=moved, units=[replace(u, status=UnitStatus.EN_ROUTE) for u in things.units]))
        for name, column in before.columns.items():
            np.testing.assert_array_equal(column, kept[name])


def test_a_region_has_another_version_when_an_outline_or_a_name_is_another():
    first = region()
    areas = list(first.areas)
    renamed = Region.of(first.levels, [replace(areas[0], name="another"), *areas[1:]])
    moved = Region.of(first.levels, [*areas[:-1], replace(areas[-1], geometry=areas[-1].geometry.buffer(-1e-4))])
    assert Places(first).version == Places(region()).version
    assert len({Places(each).version for each in (first, renamed, moved)}) == 3
