"""A whole drill without people, on a clock that is stepped: as fast as the machine can, the same each time."""

from __future__ import annotations

from dataclasses import dataclass

from data.clock import ManualClock
from data.settings import Settings
from data.store import Store
from dispatch.book import Book
from geo.roads import RoadGraph
from replay.drill import CLOCK, Drill
from replay.drill_engine import Engine
from replay.policies import policy
from replay.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Ran:
    """A drill that was played. `refused` counts commands of simulated players that were refused."""

    timeline: str
    played: int
    refused: int


def run(
    store: Store, scenario: Scenario, book: Book, settings: Settings, roads: RoadGraph | None, *, seed: int,
    policy_name: str, name: str = "",
) -> Ran:  # fmt: skip
    """Make a drill on a timeline of its own and play it to its end. Raises Refused when it was made before."""
    players = policy(policy_name, book.skills, store.region(), scenario.zone)
    hands = ManualClock(scenario.start)
    made = Drill.make(store, hands, scenario, actor=CLOCK, run=name, seed=seed, policy=policy_name)
    with made as drill:
        engine = Engine(store, drill, book, settings, hands=hands, roads=roads, policy=players, seed=seed)
        drill.start(actor=CLOCK)
        engine.play_to(scenario.end)
        return Ran(drill.timeline, engine.played, engine.players.refused)
