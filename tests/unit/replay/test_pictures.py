"""Map pictures and charts: what is drawn of a moment, where, and that nothing is drawn from another moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import fromstring
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from data.clock import ManualClock
from data.open_store import open_store
from data.records import IncidentState, UnitStatus
from data.settings import Settings
from data.store import Snapshot, Store
from dispatch.book import shipped
from replay.drill_run import run
from replay.picture import Disc, Picture, Shape, Words, text_width
from replay.picture_charts import Bar, IntervalRow, LifeRow, intervals_chart, lives_chart, time_ticks
from replay.picture_ground import HEIGHT, TOP, WIDTH, View, ground_of
from replay.picture_map import around, draw, nice_length
from replay.picture_moments import Why, blocked_at, key_moments, most_overdue
from replay.picture_scene import Scene, ShownIncident, ShownUnit, scene, snapshots
from replay.picture_svg import svg
from replay.picture_symbols import LEGEND
from replay.policies import ROAD
from replay.report import Report, report_of
from replay.report_objectives import Item
from replay.scenario_file import load
from tests.unit.replay.exercise_world import SCENARIO, master, region, roads

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 7, 1, tzinfo=UTC)
SIGNS = {key: key for key in LEGEND} | {"mark": "EXERCISE", "km": "km", "m": "m"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Report]]:
    folder = tmp_path_factory.mktemp("pictures")
    store = open_store(f"sqlite:///{folder / 's.db'}", ManualClock(START))
    store.put_level(region())
    store.append(master())
    path = folder / "s.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    scenario = load(path, region(), shipped())
    ran = run(store, scenario, shipped(), Settings(), roads(), seed=7, policy_name=ROAD)
    yield store, report_of(store, ran.timeline)
    store.close()


def _but_for(snapshot: Snapshot) -> tuple[object, ...]:
    """What pictures show of a snapshot."""
    return (
        [(x.id, x.state, x.lon, x.lat, x.severity, x.units) for x in snapshot.incidents],
        [(x.id, x.status, x.incident, x.lon, x.lat) for x in snapshot.units],
        [(x.id, x.online) for x in snapshot.sites if x.kind != "camera"],
    )


def test_snapshots_of_one_walk_are_those_of_the_store(played: tuple[Store, Report]) -> None:
    store, report = played
    moments = [START + timedelta(minutes=m) for m in (0, 3, 5.5, 8, 25, 59)]
    found = snapshots(store, report.log.state.timeline, moments)
    for t in moments:
        assert _but_for(found[t]) == _but_for(store.moment(t, report.log.state.timeline)), t
    assert {x.status for t in moments for x in found[t].units} > {UnitStatus.AVAILABLE, UnitStatus.ON_SCENE}


def test_the_moments_are_those_of_the_rule(played: tuple[Store, Report]) -> None:
    _, report = played
    found = key_moments(report)
    lives = report.log.lives
    assert found.severity == min(life.severity for life in lives.values() if life.dispatched) == 2
    assert [(each.why, each.t) for each in found.shown if each.incident] == [
        (Why.SENT, life.dispatched)
        for life in sorted(lives.values(), key=lambda one: one.opened)
        if life.severity == 2 and life.dispatched
    ]
    assert (found.shown[-1].why, found.shown[-1].t) == (Why.END, report.log.end)
    assert [each.t for each in found.shown] == sorted(each.t for each in found.shown)


def test_those_that_were_longest_in_coming_are_shown(played: tuple[Store, Report]) -> None:
    _, report = played
    one = next(iter(report.log.lives.values()))
    lives = {}
    for n in range(9):
        opened = START + timedelta(minutes=n)
        sent = opened + timedelta(minutes=1)
        there = None if n == 4 else sent + timedelta(minutes=n)
        lives[f"X{n}"] = replace(one, id=f"X{n}", severity=1, opened=opened, dispatched=sent, arrived=there)
    many = replace(report, log=replace(report.log, lives=lives))
    found = key_moments(many)
    assert [each.incident for each in found.shown if each.why is Why.SENT] == ["X3", "X4", "X5", "X6", "X7", "X8"]
    assert found.left_out == 3


def test_most_overdue_is_the_first_moment_of_the_most() -> None:
    def item(due: float, done: float | None) -> Item:
        end = None if done is None else START + timedelta(minutes=done)
        return Item("x", START, START + timedelta(minutes=due), end, False)

    end = START + timedelta(minutes=60)
    assert most_overdue([], end) is None
    assert most_overdue([item(10, 9), item(10, 10)], end) is None
    items = [item(5, 20), item(10, 12), item(12, 30), item(15, None)]
    assert most_overdue(items, end) == (START + timedelta(minutes=15, seconds=1), 3)


def test_closed_roads_are_those_of_the_moment(played: tuple[Store, Report]) -> None:
    _, report = played
    at = {m: blocked_at(report.log, START + timedelta(minutes=m), region()) for m in (4, 6, 39, 41)}
    assert {m: len(found) for m, found in at.items()} == {4: 0, 6: 1, 39: 1, 41: 0}
    assert (at[6][0].lon, at[6][0].lat, at[6][0].radius_m) == (120.021, 33.019, 150)


def _drawn(shown: Scene, store: Store, about: str = "") -> Picture:
    ground = ground_of(store)
    box = around(shown, about, ground) if about else ground.box
    return draw(ground, shown, box, SIGNS, ZONE, about=about)


def _words(picture: Picture) -> list[str]:
    return [mark.text for mark in picture.marks if isinstance(mark, Words)]


def test_a_picture_says_when_it_is_that_it_is_an_exercise_and_has_scale_and_north(
    played: tuple[Store, Report],
) -> None:
    store, report = played
    t = START + timedelta(minutes=5.5)
    picture = _drawn(scene(t, snapshots(store, report.log.state.timeline, [t])[t]), store)
    said = _words(picture)
    assert {"2026-07-01 08:05:30", "EXERCISE", "N", "500 m", *LEGEND} <= set(said)
    root = fromstring(svg(picture))
    assert root.get("viewBox") == f"0 0 {WIDTH:g} {HEIGHT:g}"
    assert len(root) == len(picture.marks)
    assert svg(picture) == svg(_drawn(scene(t, snapshots(store, report.log.state.timeline, [t])[t]), store))


def test_each_state_of_an_incident_has_a_sign_of_its_own(played: tuple[Store, Report]) -> None:
    store, _ = played
    drawn = set()
    for state in IncidentState:
        one = ShownIncident("I-9", 120.01, 33.01, 2, state)
        drawn.add(svg(_drawn(Scene(START, (one,), (), ()), store)))
    assert len(drawn) == len(IncidentState)
    for status in UnitStatus:
        unit = ShownUnit("F9", 120.01, 33.01, status, None)
        drawn.add(svg(_drawn(Scene(START, (), (unit,), ()), store)))
    assert len(drawn) == len(IncidentState) + 4  # dispatched is under way, leaving is free


def test_hundreds_of_free_units_do_not_hide_what_matters(played: tuple[Store, Report]) -> None:
    store, _ = played
    crowd = tuple(ShownUnit(f"W{n}", 120.001 + n * 1e-4, 33.01, UnitStatus.AVAILABLE, None) for n in range(300))

    def covered(units: tuple[ShownUnit, ...]) -> float:
        """How wide the widest square is that a free unit is drawn as."""
        shapes = [m for m in _drawn(Scene(START, (), units, ()), store).marks if isinstance(m, Shape)]
        free = [m for m in shapes if len(m.rings) == 1 and len(m.rings[0]) == 4 and np.ptp(m.rings[0]) < 300]
        return max(float(np.ptp(m.rings[0][:, 0])) for m in free if np.ptp(m.rings[0][:, 0]) < 6)

    assert covered(crowd) < covered(crowd[:5])


def test_a_picture_of_an_incident_holds_it_and_its_units(played: tuple[Store, Report]) -> None:
    store, _ = played
    incident = ShownIncident("I-9", 120.01, 33.01, 1, IncidentState.DISPATCHED)
    far = ShownUnit("F9", 120.035, 33.002, UnitStatus.EN_ROUTE, "I-9")
    other = ShownUnit("F8", 120.001, 33.019, UnitStatus.AVAILABLE, None)
    shown = Scene(START, (incident,), (far, other), ())
    box = around(shown, "I-9", ground_of(store))
    for each in (incident, far):
        assert box[0] < each.lon < box[2]
        assert box[1] < each.lat < box[3]
    assert {"I-9", "F9"} <= set(_words(_drawn(shown, store, "I-9")))
    assert around(shown, "gone", ground_of(store)) == ground_of(store).box


def test_places_lie_where_they_are_to_scale() -> None:
    view = View.of((120.0, 33.0, 120.04, 33.02))
    (x1, y1), (x2, y2) = view.at(120.01, 33.005), view.at(120.02, 33.015)
    assert (x2 - x1) * view.m == pytest.approx(0.01 * 111_320 * np.cos(np.radians(33.01)), rel=0.01)
    assert (y1 - y2) * view.m == pytest.approx(0.01 * 110_950, rel=0.01)
    assert view.at(120.02, 33.01)[0] == pytest.approx(WIDTH / 2)
    assert all(view.holds(lon, lat) for lon in (120.0, 120.04) for lat in (33.0, 33.02))
    assert view.at(120.02, 33.02)[1] > TOP


@pytest.mark.parametrize(("most", "length"), [(999, 500), (1000, 1000), (4999, 2000), (0.7, 0.5), (70, 50)])
def test_a_scale_bar_is_a_round_length(most: float, length: float) -> None:
    assert nice_length(most) == pytest.approx(length)


def test_names_never_cover_one_another(played: tuple[Store, Report]) -> None:
    store, _ = played
    crowd = tuple(ShownIncident(f"I-{n}", 120.01 + n * 1e-4, 33.01, 2, IncidentState.OPEN) for n in range(30))
    picture = _drawn(Scene(START, crowd, (), ()), store)
    boxes = [
        (m.x, m.y - m.size, m.x + text_width(m.text, m.size), m.y)
        for m in picture.marks
        if isinstance(m, Words) and m.text.startswith("I-")
    ]
    assert 2 <= len(boxes) < 30
    for n, a in enumerate(boxes):
        assert not any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in boxes[n + 1 :])


def test_the_chart_of_intervals_puts_longer_times_further_right() -> None:
    words = {"p50": "p50", "p90": "p90", "plan": "plan", "min": "min", "s": "s", "a": "A", "b": "B"}
    rows = [IntervalRow("sent", 0.75, (Bar(0.5, 1.0, "60 s"), Bar(3.0, 20.0, "20 min"))), IntervalRow("none", None, ())]
    discs = [m for m in intervals_chart(rows, words).marks if isinstance(m, Disc)]
    assert discs[0].x < discs[1].x
    ticks = {m.text: m.x for m in intervals_chart(rows, words).marks if isinstance(m, Words)}
    assert ticks["15 s"] < ticks["1 min"] < ticks["5 min"] < ticks["15 min"] < ticks["20 min"]
    assert ticks["5 min"] - ticks["1 min"] == pytest.approx((ticks["15 min"] - ticks["5 min"]) * np.log(5) / np.log(3))


def test_the_chart_of_lives_has_a_row_for_each_incident_also_for_those_without_units() -> None:
    words = {key: key for key in ("waiting", "on_way", "worked", "no_units", "over", "open_end")}
    later = [START + timedelta(minutes=m) for m in (1, 5, 9, 30)]
    rows = [LifeRow("X1", 1, *later), LifeRow("X2", 3, later[0], None, None, None)]
    picture = lives_chart(rows, START, START + timedelta(hours=1), words, ZONE)
    said = [m.text for m in picture.marks if isinstance(m, Words)]
    assert {"X1", "X2", "08:00", "09:00", "no_units"} <= set(said)
    assert lives_chart([], START, START, words, ZONE).height > 0


def test_ticks_are_round_local_times() -> None:
    found = time_ticks(START + timedelta(minutes=7), START + timedelta(hours=4), ZoneInfo("Asia/Kolkata"))
    assert [f"{t:%H:%M}" for t in found] == ["06:00", "06:30", "07:00", "07:30", "08:00", "08:30", "09:00", "09:30"]
