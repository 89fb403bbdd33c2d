"""First match wins; urgent and unmatched matters wait for a person; adopted rules come before the file's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.records import LIVE, IncidentMoved, IncidentState, Kind, RulePayload
from data.store import DocumentRow
from dispatch.hours import Hours
from dispatch.routing import TRIAGE, WHY_MAX, Basis, Choice, Matter, Owner, Rule, Table, adopted_rules, why_in

MONDAY = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
OWNERS = {
    o.id: o
    for o in (
        Owner("water", "水务局", "Water bureau", "department"),
        Owner("roads", "市政中心", "Works centre", "department"),
        Owner("levee", "堤防站", "Levee station", "department", areas=("3201",)),
        Owner("street", "属地镇街", "Town", "area", digits=9, pad=12),
        Owner("last", "综合科", "Coordination", "desk"),
    )
}


def table(*rules: Rule, **more: object) -> Table:
    return replace(Table(rules, OWNERS, "hotline-6", "last", first_asked={"grid": "street"}), **more)


def matter(**more: object) -> Matter:
    return replace(Matter("0201", "320114001002003", "hotline", 3, MONDAY), **more)


def document(id: str, seq: int, **more: object) -> DocumentRow:
    payload = RulePayload.model_validate({"owner": "roads", "actor": "district desk", **more})
    return DocumentRow(Kind.RULE, id, LIVE, MONDAY, 0, payload, seq)


def test_the_first_rule_that_matches_holds() -> None:
    rules = (Rule("a", "water", category=("13",)), Rule("b", "roads", category=("02",)), Rule("c", "last"))
    routed = table(*rules).decide(matter())
    assert (routed.rule, routed.owner, routed.basis) == ("b", "roads", Basis.DESIGNATED)
    assert table(*rules).decide(matter(category="99")).rule == "c"


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        (Rule("r", "water", category=("02", "13")), {"category": "0101"}),
        (Rule("r", "water", area=("320114",)), {"area": "320115001002003"}),
        (Rule("r", "water", area=("320114",)), {"area": None}),
        (Rule("r", "water", source=("hotline", "grid")), {"source": "110"}),
        (Rule("r", "water", severity=3), {"severity": 4}),
        (Rule("r", "water", hours=Hours((0,), 8 * 60, 18 * 60, "Asia/Shanghai")), {"at": MONDAY + timedelta(hours=7)}),
    ],
)
def test_every_condition_of_a_rule_must_hold(rule: Rule, other: dict[str, object]) -> None:
    assert rule.matches(matter())
    assert not rule.matches(matter(**other))
    assert table(rule).decide(matter(**other)).rule == ""


def test_severity_means_this_or_more_urgent() -> None:
    rule = Rule("r", "water", severity=2)
    assert [rule.matches(matter(severity=s)) for s in (1, 2, 3, 4)] == [True, True, False, False]


def test_an_unmatched_matter_waits_for_a_person() -> None:
    routed = table(Rule("a", "water", category=("13",))).decide(matter())
    assert (routed.owner, routed.triage, routed.basis, routed.workflow) == (TRIAGE, True, Basis.TRIAGE, "hotline-6")
    assert routed.proposed == "last"
    assert "人工分拨" in why_in(routed.why, "zh")
    assert "triage" in why_in(routed.why, "en")


def test_an_urgent_matter_waits_for_a_person_with_its_owner_proposed() -> None:
    rules = (Rule("a", "water", category=("02",), workflow="emergency"),)
    routed = table(*rules).decide(matter(severity=1))
    assert (routed.owner, routed.proposed, routed.workflow, routed.rule) == (TRIAGE, "water", "emergency", "a")
    assert not table(*rules).decide(matter(severity=2)).triage
    assert table(*rules, urgent=2).decide(matter(severity=2)).triage
    assert not table(*rules, urgent=0).decide(matter(severity=1)).triage


def test_a_rule_may_send_to_triage_or_past_it() -> None:
    assert table(Rule("a", "water", triage=True)).decide(matter(severity=4)).owner == TRIAGE
    assert table(Rule("a", "water", triage=False)).decide(matter(severity=1)).owner == "water"


def test_first_asked_then_designated_then_fallback() -> None:
    rule = Rule("a", "water", first_asked=True, fallback="roads")
    routed = table(rule).decide(matter(source="grid"))
    assert routed.chain == (
        Choice(Basis.FIRST_ASKED, "320114001000"),
        Choice(Basis.DESIGNATED, "water"),
        Choice(Basis.FALLBACK, "roads"),
        Choice(Basis.FALLBACK, "last"),
    )
    assert (routed.owner, routed.fallback) == ("320114001000", "last")
    assert routed.after(["320114001000"]) == Choice(Basis.DESIGNATED, "water")
    assert routed.after(["water", "320114001000", "roads", "last"]) is None
    assert table(rule).decide(matter(source="grid", asked="roads")).owner == "roads"
    assert table(rule).decide(matter(source="hotline")).owner == "water"


def test_an_owner_beyond_its_areas_is_passed_over() -> None:
    rule = Rule("a", "levee", fallback="water")
    assert table(rule).decide(matter()).owner == "levee"
    outside = table(rule).decide(matter(area="990101001"))
    assert (outside.owner, outside.basis) == ("water", Basis.FALLBACK)
    assert "兜底" in why_in(outside.why, "zh")
    assert table(Rule("a", "street")).decide(matter(area=None)).owner == "last"


def test_a_rule_without_a_workflow_takes_that_of_the_next_that_has_one() -> None:
    rules = (Rule("a", "water"), Rule("b", "roads", workflow="x", source=("grid",)), Rule("c", "roads", workflow="y"))
    assert table(*rules).decide(matter()).workflow == "y"
    assert table(*rules).decide(matter(source="grid")).workflow == "x"
    assert table(rules[0]).decide(matter()).workflow == "hotline-6"


def test_adopted_rules_come_before_those_of_the_file_by_position() -> None:
    file = Rule("file", "water", workflow="grid-5")
    adopted = adopted_rules(
        [document("late", 9, position=5), document("b", 8, position=0), document("a", 7, position=-5)]
    )
    assert [rule.id for rule in table(file).ordered(adopted)] == ["a", "b", "file", "late"]
    routed = table(file).decide(matter(), adopted)
    assert (routed.rule, routed.owner, routed.workflow) == ("a", "roads", "grid-5")


def test_of_two_decisions_at_one_position_the_later_one_holds() -> None:
    adopted = adopted_rules([document("new", 20, owner="water"), document("old", 10)])
    assert table().decide(matter(), adopted).rule == "new"


def test_a_rule_that_is_switched_off_takes_nothing() -> None:
    assert adopted_rules([document("off", 3, enabled=False)]) == []


def test_adopted_rules_carry_all_their_conditions() -> None:
    (rule,) = adopted_rules([document("r", 1, category="02", area="320114", source="hotline", severity=3, note="裁定")])
    assert rule.matches(matter())
    for other in ({"category": "03"}, {"area": "110"}, {"source": "grid"}, {"severity": 4}):
        assert not rule.matches(matter(**other))
    assert rule.zh == "裁定"


def test_why_is_said_in_both_languages() -> None:
    rule = Rule("water-1", "water", zh="防汛", en="Flooding", category=("02",), source=("hotline",))
    why = table(rule).decide(matter()).why
    assert why_in(why, "zh") == "规则 water-1（防汛）：类别 02*，来源 hotline → 水务局"
    assert why_in(why, "en") == "rule water-1 (Flooding): category 02*, source hotline -> Water bureau"
    assert why_in("only one", "zh") == why_in("only one", "en") == "only one"


def test_an_area_owner_is_named_by_its_kind_and_code() -> None:
    assert "Town 320114001000" in table(Rule("a", "street")).decide(matter()).why


def test_why_fits_a_record_however_long_the_rule_is() -> None:
    rule = Rule("r" * 200, "water", zh="长" * 200, en="l" * 200, category=tuple(f"02{n}" for n in range(90)))
    why = table(rule).decide(matter(category="0201")).why
    assert len(why) <= WHY_MAX
    IncidentMoved(incident="x", move="assign", workflow="w", step="s", phase=IncidentState.OPEN, actor="a", why=why)
    assert why_in(why, "en").startswith("rule r")


def test_hours_over_midnight_belong_to_the_day_they_begin() -> None:
    night = Hours((4,), 22 * 60, 6 * 60, "Asia/Shanghai")  # Friday
    shanghai = datetime(2026, 5, 8, 14, 0, tzinfo=UTC)  # Friday 22:00
    assert night.holds(shanghai)
    assert night.holds(shanghai + timedelta(hours=7, minutes=59))
    assert not night.holds(shanghai + timedelta(hours=8))
    assert not night.holds(shanghai - timedelta(minutes=1))
    assert not night.holds(shanghai + timedelta(days=1))


def test_sunday_night_reaches_into_monday() -> None:
    sunday = Hours((6,), 22 * 60, 6 * 60, "Asia/Shanghai")
    assert sunday.holds(datetime(2026, 5, 10, 21, 0, tzinfo=UTC))  # Monday 05:00
    assert not sunday.holds(datetime(2026, 5, 11, 21, 0, tzinfo=UTC))


def test_hours_follow_the_wall_clock_of_their_zone_over_a_clock_change() -> None:
    morning = Hours(tuple(range(7)), 8 * 60, 9 * 60, "Europe/Berlin")
    assert morning.holds(datetime(2026, 3, 28, 7, 30, tzinfo=UTC))
    assert morning.holds(datetime(2026, 3, 29, 6, 30, tzinfo=UTC))
    assert not morning.holds(datetime(2026, 3, 29, 7, 30, tzinfo=UTC))


def test_hours_in_words() -> None:
    assert Hours((0, 1, 2, 3, 4), 480, 1080, "UTC").words("zh") == "周一至周五 08:00-18:00"
    assert Hours((0, 1, 2, 3, 4), 480, 1080, "UTC").words("en") == "Mon-Fri 08:00-18:00"
    assert Hours((0, 6), 0, 0, "UTC").words("en") == "Mon, Sun"
    assert Hours(tuple(range(7)), 1320, 360, "UTC").words("en") == "daily 22:00-06:00"


PREFIXES = st.lists(st.sampled_from(["0", "01", "02", "021"]), max_size=2, unique=True).map(tuple)
HOURS = st.none() | st.builds(
    Hours,
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    st.integers(0, 23).map(lambda h: h * 60),
    st.integers(0, 23).map(lambda h: h * 60),
    st.sampled_from(["UTC", "Asia/Shanghai"]),
)
RULES = st.builds(
    Rule,
    st.just("r"),
    st.just("water"),
    category=PREFIXES,
    area=PREFIXES,
    source=st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True).map(tuple),
    severity=st.none() | st.integers(1, 4),
    hours=HOURS,
)
MATTERS = st.builds(
    Matter,
    st.sampled_from(["0", "01", "011", "02", "021", "0215", "1"]),
    st.none() | st.sampled_from(["01", "0217", "3"]),
    st.sampled_from(["a", "b", "c"]),
    st.integers(1, 4),
    st.integers(0, 7 * 24 * 2).map(lambda half: MONDAY + timedelta(minutes=30 * half)),
)


@given(RULES, RULES, MATTERS)
def test_what_a_rule_takes_all_of_it_takes_indeed(earlier: Rule, later: Rule, one: Matter) -> None:
    if earlier.takes_all_of(later) and later.matches(one):
        assert earlier.matches(one)


@given(st.lists(RULES, max_size=6), MATTERS)
def test_the_outcome_is_that_of_the_first_matching_rule(rules: list[Rule], one: Matter) -> None:
    named = tuple(replace(rule, id=f"r{n}") for n, rule in enumerate(rules))
    routed = table(*named).decide(one)
    assert routed.rule == next((rule.id for rule in named if rule.matches(one)), "")
    assert routed.triage == (not routed.rule or one.severity == 1)
    assert (routed.owner == TRIAGE) == routed.triage
    assert routed.chain[-1].owner == routed.fallback == "last"
