"""How a server's units travel: by the roads that were imported, kept while the store is away."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from dashboard.api import travel
from data.clock import ManualClock
from data.errors import StoreUnavailable
from data.road_import import LAYER
from data.settings import Settings
from dispatch.travel import ByRoad, StraightLine
from geo.roads import RoadGraph
from geo.roads_bytes import to_bytes

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)  # half past eight in Shanghai
STREET = {"type": "LineString", "coordinates": [[116.80, 35.5], [116.81, 35.5]]}


class Shelf:
    """The part of a store that holds road maps, and counts who looks."""

    def __init__(self) -> None:
        self.maps: dict[str, bytes] = {}
        self.away = False
        self.looks = 0

    def basemap(self, layer: str) -> bytes | None:
        self.looks += 1
        if self.away:
            raise StoreUnavailable("store: away")
        return self.maps.get(layer)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds on the clock that says when to look again; change them."""
    at = [1000.0]
    monkeypatch.setattr(travel, "monotonic", lambda: at[0])
    return at


def services(shelf: Shelf, **settings: Any) -> Any:
    return SimpleNamespace(store=shelf, settings=Settings(**settings), clock=ManualClock(NOW))


def network(seconds: float) -> bytes:
    profiles = [[2.0 if hour == 8 else 1.0 for hour in range(24)]]
    return to_bytes(RoadGraph([116.80, 116.81], [35.5, 35.5], [0, 1], [1, 0], [seconds, seconds], [0, 0], profiles))


def test_without_roads_units_go_straight_at_the_speed_of_the_settings(later: list[float]) -> None:
    assert travel.ways(services(Shelf(), travel_kmh=40.0)) == StraightLine(40.0)


def test_an_imported_network_is_used_before_the_base_maps_lines_in_the_hour_of_the_district(later: list[float]) -> None:
    shelf = Shelf()
    shelf.maps["roads"] = orjson.dumps({"features": [{"geometry": STREET, "properties": {"kmh": 50}}]})
    lines = travel.ways(services(shelf))
    assert lines.basis(116.8, 35.5, NOW).text() == "road"
    shelf.maps[LAYER] = network(100.0)
    found = travel.ways(services(shelf, travel_kmh=31.0))  # other settings: made anew at once
    assert found.basis(116.8, 35.5, NOW).text() == "road, as at 8:00"
    assert found.basis(116.8, 35.5, NOW.replace(hour=1)).text() == "road, as at 9:00"


def test_lines_that_are_no_roads_are_the_straight_line(later: list[float]) -> None:
    shelf = Shelf()
    shelf.maps["roads"] = b'{"features":[]}'
    assert isinstance(travel.ways(services(shelf)), StraightLine)


def test_roads_are_made_once_and_looked_for_again_after_a_while(later: list[float]) -> None:
    shelf = Shelf()
    shelf.maps[LAYER] = network(100.0)
    first = travel.ways(services(shelf))
    assert isinstance(first, ByRoad)
    looks = shelf.looks
    shelf.maps[LAYER] = network(200.0)
    assert travel.ways(services(shelf)) is first
    assert shelf.looks == looks
    later[0] += travel.RELOOK_S
    second = travel.ways(services(shelf))
    assert second is not first
    later[0] += travel.RELOOK_S
    assert travel.ways(services(shelf)) is second  # looked at, and the same


def test_while_the_store_is_away_the_roads_are_those_of_before(later: list[float]) -> None:
    shelf = Shelf()
    shelf.away = True
    with pytest.raises(StoreUnavailable):
        travel.ways(services(shelf))
    shelf.away = False
    shelf.maps[LAYER] = network(100.0)
    held = travel.ways(services(shelf))
    shelf.away = True
    later[0] += travel.RELOOK_S
    assert travel.ways(services(shelf)) is held
    looks = shelf.looks
    assert travel.ways(services(shelf)) is held
    assert shelf.looks == looks  # a store that is away is not asked at every question
