"""The shipped table against the demonstration district: every class of every feed has a place to go."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dispatch.routing import TRIAGE, Basis, Matter, Table
from dispatch.routing_file import SHIPPED, load
from feeds.demo.names import TOWNS
from feeds.demo.sources import SOURCES
from feeds.demo.taxonomy import majors, minors

WORKFLOWS = {"grid-5", "hotline-6", "dispute", "emergency"}
NOON = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)  # Monday, 12:00 in Shanghai
GRID = "990101104002003"


@pytest.fixture(scope="module")
def table() -> Table:
    return load(SHIPPED, workflows=WORKFLOWS)


def matter(category: str, source: str, severity: int = 4, at: datetime = NOON, area: str | None = GRID) -> Matter:
    return Matter(category, area, source, severity, at)


def test_every_class_of_every_feed_has_a_rule_a_workflow_and_an_owner(table: Table) -> None:
    assert (len(majors()), len(minors())) == (13, 131)
    for minor in minors():
        for feed in minor.feeds:
            routed = table.decide(matter(minor.code, feed, minor.severity))
            assert routed.rule, (minor.code, feed)
            assert not routed.rule.startswith("from-"), f"{minor.code} from {feed} is placed by its source alone"
            assert routed.workflow in WORKFLOWS
            assert routed.proposed in table.owners or routed.proposed == GRID[:9] + "000"
            assert routed.triage == (minor.severity == 1)


def test_every_rule_of_a_class_gets_something(table: Table) -> None:
    used = set()
    for minor in minors():
        for feed in minor.feeds:
            for hour in (2, 20):
                at = NOON.replace(hour=hour)
                for town in TOWNS:
                    used.add(table.decide(matter(minor.code, feed, minor.severity, at, town.code[:9] + "001001")).rule)
    assert {rule.id for rule in table.rules} - used <= {"from-emergency", "from-grid", "from-sensors", "from-hotline"}


def test_the_feeds_of_the_demo_are_those_the_table_knows(table: Table) -> None:
    known = {source for rule in table.rules for source in rule.source}
    assert known == {source.id for source in SOURCES}


def test_workflow_comes_from_the_source_where_the_class_names_none(table: Table) -> None:
    lamp = "0203"
    assert table.decide(matter(lamp, "hotline")).workflow == "hotline-6"
    assert table.decide(matter(lamp, "grid")).workflow == "grid-5"
    assert table.decide(matter("1201", "hotline")).workflow == "dispute"
    assert table.decide(matter("0303", "122", 3)).workflow == "emergency"


def test_a_building_fire_waits_for_a_person_with_its_owner_proposed(table: Table) -> None:
    routed = table.decide(matter("0501", "119", 1))
    assert (routed.owner, routed.triage, routed.proposed) == (TRIAGE, True, "fire-rescue")
    assert routed.workflow == "emergency"


def test_an_owner_that_serves_some_areas_has_matters_there_alone(table: Table) -> None:
    assert table.decide(matter("1305", "grid")).owner == "levee-station"
    inland = table.decide(matter("1305", "grid", area="990101100001001"))
    assert inland.owner == "water"


def test_noise_goes_to_the_police_at_night(table: Table) -> None:
    night = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
    assert table.decide(matter("0702", "hotline", at=night)).owner == "public-security"
    assert table.decide(matter("0702", "hotline")).owner == "city-management"


def test_a_grid_workers_report_is_first_asked_of_the_town(table: Table) -> None:
    routed = table.decide(matter("0101", "grid"))
    assert (routed.owner, routed.basis) == ("990101104000", Basis.FIRST_ASKED)
    assert [choice.owner for choice in routed.chain] == ["990101104000", "city-management", "coordination"]
    assert table.decide(matter("0101", "hotline")).owner == "city-management"
    assert table.decide(matter("0101", "grid", area=None)).owner == "city-management"


def test_classes_and_sources_that_nobody_knows_are_unmatched(table: Table) -> None:
    routed = table.decide(matter("Structure Fire", "sf_fire", 2))
    assert (routed.owner, routed.rule, routed.triage) == (TRIAGE, "", True)
    assert routed.proposed == "coordination"
