"""Recommendation: who can go, who is to go, why the others cannot, and when an officer owes a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from data.records import IncidentState, Recommended, UnitStatus
from data.store import IncidentRow, UnitRow
from dispatch.recommend import Recommendation, deviation, recommend
from dispatch.skills import Entry, Name, Need, Skills, UnitKind
from dispatch.travel import StraightLine

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)

ENGINE = Need(("fire_engine",), frozenset({"fire"}))
SKILLS = Skills(
    kinds={
        "fire_engine": UnitKind("fire_engine", "消防车", "fire engine"),
        "ambulance": UnitKind("ambulance", "救护车", "ambulance"),
        "grid_worker": UnitKind("grid_worker", "网格员", "grid worker", own_area=True, walk_kmh=5.0),
        "boat": UnitKind("boat", "船", "boat", position_max_age_s=3600.0),
    },
    names={"fire": Name("灭火", "firefighting"), "ladder": Name("登高", "ladder")},
    entries=(
        Entry("05", (ENGINE,)),
        Entry("0501", (replace(ENGINE, count=2), Need(("ambulance",)))),
        Entry("0501", (ENGINE,), severity=1),
        Entry("06", (Need(("ambulance",)),)),
        Entry("09", (replace(ENGINE, skills=frozenset({"fire", "ladder"})),)),
        Entry("11", (Need(("grid_worker", "ambulance")),)),
    ),
)


def incident(
    category: str = "xx",
    lon: float | None = 116.8,
    lat: float | None = 35.5,
    area: str | None = "G1",
    severity: int = 3,
) -> IncidentRow:
    return IncidentRow(
        id="I1", timeline="live", state=IncidentState.OPEN, opened_at=NOW, dispatched_at=None, arrived_at=None,
        closed_at=None, category=category, severity=severity, title="", title_en="", address="", source="desk", lon=lon,
        lat=lat, cell=None, area=area, units=(), rows=1, last_actor="", seq=1,
    )  # fmt: skip


def unit(
    id: str,
    east: float | None = 0.0,
    *,
    status: UnitStatus = UnitStatus.AVAILABLE,
    age_s: float = 5,
    on: str | None = None,
    skills: tuple[str, ...] = ("fire",),
    kind: str = "fire_engine",
    duty: str | None = None,
) -> UnitRow:
    """A unit `east` degrees east of the incident; None: without a position."""
    placed = east is not None
    return UnitRow(
        id=id, timeline="live", name=id, name_en="", kind=kind, skills=skills, duty_area=duty, status=status,
        status_at=NOW - timedelta(seconds=40), status_actor="desk 1", incident=on,
        lon=116.8 + (east or 0.0) if placed else None, lat=35.5 if placed else None,
        position_at=NOW - timedelta(seconds=age_s) if placed else None, bearing=None, simulated=False, seq=1,
    )  # fmt: skip


def ask(about: IncidentRow, units: list[UnitRow], **also: object) -> Recommendation:
    return recommend(about, units, NOW, travel=StraightLine(30), skills=SKILLS, **also)  # type: ignore[arg-type]


def ids(found: Recommendation) -> list[str]:
    return [c.unit.id for c in found.candidates]


def test_units_that_can_go_are_in_order_of_travel_time_and_the_others_have_a_reason() -> None:
    units = [unit("far", 0.02), unit("near", 0.001), unit("busy", 0.0, status=UnitStatus.ON_SCENE, on="I9")]
    found = ask(incident(), units)
    assert ids(found) == ["near", "far"]
    # 0.001 degree of longitude at 35.5 N: 111,195 m * cos(35.5) / 1000 = 90.5 m, at 30 km/h 10.9 s
    assert found.candidates[0].distance_m == pytest.approx(90.5, abs=0.1)
    assert found.candidates[0].travel_s == pytest.approx(10.86, abs=0.02)
    assert [c.unit.id for c in found.excluded] == ["busy"]
    assert (found.able, found.reasons) == (2, {"busy": 1})
    assert found.basis == "straight line at 30 km/h"


@pytest.mark.parametrize(
    ("one", "category", "key", "en", "zh"),
    [
        (unit("u", status=UnitStatus.EN_ROUTE, on="I9"), "05", "busy", "busy: en route, incident I9",
         "途中，正在处置事件 I9"),
        (unit("u", status=UnitStatus.DISPATCHED, on="I1"), "05", "at_incident", "dispatched at this incident",
         "已派，已在处置本事件"),
        (unit("u", status=UnitStatus.LEAVING), "05", "occupied", "busy: leaving", "撤离，不可派遣"),
        (unit("u", status=UnitStatus.OUT_OF_SERVICE), "05", "out_of_service", "out of service, 40 s ago",
         "停勤（40 秒前）"),
        (unit("u"), "06", "kind", "is no ambulance", "类型不符：需要救护车"),
        (unit("u"), "09", "skills", "lacks ladder", "缺少技能：登高"),
        (unit("u", skills=()), "09", "skills", "lacks firefighting, ladder", "缺少技能：灭火、登高"),
        (unit("u", None), "05", "no_position", "no position", "没有位置"),
        (unit("u", age_s=900), "05", "old_position", "position is old: 15 min ago", "位置过旧（15 分钟前）"),
        (unit("u", kind="grid_worker", duty="G2"), "xx", "other_area", "has duty in G2 only",
         "只在责任区 G2 内出动"),
        (unit("u", kind="grid_worker"), "xx", "no_duty_area", "has duty in no area", "没有责任区"),
    ],
)  # fmt: skip
def test_every_reason_is_said_in_both_languages(one: UnitRow, category: str, key: str, en: str, zh: str) -> None:
    found = ask(incident(category), [one])
    assert (found.candidates, found.able) == ((), 0)
    [excluded] = found.excluded
    assert excluded.excluded is not None
    assert (excluded.excluded.key, excluded.excluded.text("en"), excluded.excluded.text("zh")) == (key, en, zh)


def test_a_position_counts_to_the_second_of_its_greatest_age() -> None:
    units = [unit("a", age_s=600), unit("b", age_s=601), unit("c", kind="boat", age_s=3600)]
    found = ask(incident(), units)
    assert ids(found) == ["a", "c"]
    assert ids(ask(incident(), units, max_age_s=4.0)) == ["c"]  # the kind's own age stays


def test_an_unknown_age_of_a_status_is_said() -> None:
    found = ask(incident(), [replace(unit("u", status=UnitStatus.OUT_OF_SERVICE), status_at=None)])
    assert found.excluded[0].excluded is not None
    assert found.excluded[0].excluded.text("en") == "out of service, at an unknown time"
    assert found.excluded[0].excluded.text("zh") == "停勤（时间不详）"


def test_a_grid_worker_walks_and_only_in_the_own_area() -> None:
    worker = unit("w", 0.001, kind="grid_worker", duty="T1")
    assert ids(ask(incident(), [worker])) == []
    found = ask(incident(), [worker], areas=["T1", "C1", "G1"])  # duty in the town that holds the grid
    [candidate] = found.candidates
    assert candidate.on_foot
    assert candidate.travel_s == pytest.approx(90.5 / (5 / 3.6), rel=1e-3)
    assert ids(ask(incident(area=None), [worker])) == []


def test_who_walks_and_who_drives_are_one_order() -> None:
    # on foot 90.5 m take 65 s; by car 0.004 degrees, 362 m, take 43 s and 0.02 degrees 217 s
    units = [unit("w", 0.001, kind="grid_worker", duty="G1"), unit("near", 0.004, kind="ambulance"),
             unit("far", 0.02, kind="ambulance")]  # fmt: skip
    assert ids(ask(incident("11"), units)) == ["near", "w", "far"]
    assert ids(ask(incident("11"), units, k=2)) == ["near", "w"]


def test_ties_go_by_id_and_at_most_k_are_named() -> None:
    units = [unit(f"u{n}", 0.01) for n in (3, 1, 2)]
    assert ids(ask(incident(), units)) == ["u1", "u2", "u3"]
    found = ask(incident(), units, k=2)
    assert (ids(found), found.able) == (["u1", "u2"], 3)


def test_excluded_units_are_all_there_nearest_first_those_without_a_point_last() -> None:
    busy = {"status": UnitStatus.ON_SCENE}
    units = [unit("c", None, **busy), unit("b", 0.02, **busy), unit("a", 0.03, **busy), unit("d", 0.02, **busy)]  # type: ignore[arg-type]
    found = ask(incident(), units, k=1).excluded
    assert [c.unit.id for c in found] == ["b", "d", "a", "c"]
    assert [c.unit.id for c in found[1:3]] == ["d", "a"]
    assert (found[-1], len(found)) == (list(found)[3], 4)
    with pytest.raises(IndexError):
        found[4]


def test_an_incident_without_a_point_has_candidates_without_times() -> None:
    found = ask(incident(lon=None, lat=None), [unit("b"), unit("a"), unit("c")], k=2)
    assert [(c.unit.id, c.distance_m, c.travel_s) for c in found.candidates] == [("a", None, None), ("b", None, None)]
    assert (found.travel.key, found.able) == ("nowhere", 3)
    assert found.basis == "the incident has no point, so no times"


def test_no_units_is_an_answer() -> None:
    found = ask(incident("0501"), [])
    assert (found.candidates, list(found.excluded), found.recommended, found.suggested) == ((), [], (), ())
    assert [wanted.missing for wanted in found.needs] == [2, 1]


# --- what a matter needs ----------------------------------------------------------------------------------------------


def test_of_every_need_the_first_are_offered_and_as_many_as_are_missing_suggested() -> None:
    engines = [unit(f"e{n}", 0.001 * n) for n in range(1, 8)]
    medics = [unit("m1", 0.05, kind="ambulance", skills=()), unit("m2", 0.06, kind="ambulance", skills=())]
    found = ask(incident("0501"), [*medics, *engines], k=3)
    assert ids(found) == ["e1", "e2", "e3", "m1", "m2"]  # the ambulances are there though seven engines are nearer
    assert found.suggested == ("e1", "e2", "m1")
    assert [c.fits for c in found.candidates] == [(0,), (0,), (0,), (1,), (1,)]
    assert [r.unit for r in found.recommended] == ["e1", "e2", "m1", "e3", "m2"]


def test_units_at_work_on_the_incident_are_not_asked_for_again() -> None:
    there = [unit("e8", status=UnitStatus.ON_SCENE, on="I1"), unit("e9", status=UnitStatus.LEAVING, on="I1")]
    others = [unit("e1", 0.001), unit("e2", 0.002), unit("m1", kind="ambulance", on="I2", status=UnitStatus.EN_ROUTE)]
    found = ask(incident("0501"), [*there, *others])
    assert [(w.need.count, w.sent, w.missing) for w in found.needs] == [(2, 1, 1), (1, 0, 1)]  # who leaves is gone
    assert found.suggested == ("e1",)


def test_a_unit_that_meets_two_needs_is_suggested_once() -> None:
    skills = replace(SKILLS, entries=(Entry("", (Need(), Need())),))
    found = recommend(incident(), [unit("a", 0.01), unit("b", 0.02)], NOW, travel=StraightLine(), skills=skills)
    assert found.suggested == ("a", "b")
    assert [c.fits for c in found.candidates] == [(0, 1), (0, 1)]


@pytest.mark.parametrize(
    ("category", "severity", "count"),
    [("0501", 3, 2), ("05011", 2, 2), ("0501", 1, 1), ("0502", 1, 1), ("", 4, 1), ("99", 1, 1)],
)
def test_the_longest_prefix_holds_and_among_equals_the_one_for_the_more_urgent(
    category: str, severity: int, count: int
) -> None:
    assert SKILLS.needs(category, severity)[0].count == count


def test_a_matter_that_nothing_is_said_about_takes_any_unit() -> None:
    assert SKILLS.needs("77") == (Need(),)
    assert ids(ask(incident("77"), [unit("u", kind="tank", skills=())])) == ["u"]


def test_an_officer_can_ask_for_more_skills() -> None:
    units = [unit("plain", 0.001), unit("ladder", 0.02, skills=("fire", "ladder"))]
    assert ids(ask(incident("05"), units, also=frozenset({"ladder"}))) == ["ladder"]


# --- choosing otherwise -----------------------------------------------------------------------------------------------

SHOWN = tuple(Recommended(unit=id, travel_s=60.0) for id in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("chosen", "suggested", "otherwise"),
    [
        (["a"], 1, False),
        (["b"], 1, True),
        (["b"], 2, False),  # two were suggested, one of them goes
        (["a", "b"], 1, False),
        (["b", "a"], 2, False),
        (["a", "c"], 1, True),
        (["a", "c"], 2, True),
        (["x"], 3, True),
        (["a", "b", "c", "x"], 1, True),
        ([], 1, False),
    ],
)
def test_an_officer_owes_a_reason_for_sending_others_than_the_first(
    chosen: list[str], suggested: int, otherwise: bool
) -> None:
    assert deviation(SHOWN, chosen, suggested) is otherwise


def test_where_nothing_was_recommended_nothing_is_chosen_otherwise() -> None:
    assert not deviation((), ["x"])
