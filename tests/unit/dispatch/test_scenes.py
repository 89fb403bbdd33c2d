"""What walls are told to show, and what each of them shows at a moment: now, and in a past that is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data.clock import ManualClock
from data.errors import BadInput, NotFound, Refused
from data.records import Kind, Record, ScenePayload, UnitPayload
from data.settings import Settings
from data.sql_store import SqlStore
from dispatch.dispatcher import Dispatcher
from layers import scenes
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader

START = datetime(2026, 5, 1, 0, 0, tzinfo=UTC)
UNITS = ("E07", "E08", "E09")


@pytest.fixture
def desk(store: SqlStore, clock: ManualClock) -> Dispatcher:
    store.append(
        [
            Record(Kind.UNIT, "roster", id, START, UnitPayload(name=id, unit_kind="fire_engine"), 116.8, 35.5)
            for id in UNITS
        ]
    )
    return Dispatcher(store, clock)


def opened(desk: Dispatcher, severity: int = 2, title: str = "smoke") -> str:
    done = desk.open(actor="desk 1", category="0501", title=title, severity=severity, lon=116.8, lat=35.5)
    assert done.incident is not None
    return done.incident.id


def shown(store: SqlStore, clock: ManualClock, *walls: str) -> list[tuple[str, str] | None]:
    """(incident, why) that these walls show now."""
    reader = Reader(store, clock, Settings())
    reader.catch_up()
    with reader.reading() as state:
        held = scenes.build(state, ms(clock.now()))
    found = [held.get(wall, held[""]) for wall in walls]
    return [None if each is None else (each["incident"], each["why"]) for each in found]


def test_the_later_word_to_a_wall_or_to_every_wall_counts(
    desk: Dispatcher, store: SqlStore, clock: ManualClock
) -> None:
    a, b = opened(desk), opened(desk, title="water")
    assert shown(store, clock, "east", "") == [None, None]
    assert not desk.show_scene(a, "east", actor="desk 1").repeated
    assert shown(store, clock, "east", "west") == [(a, "pushed"), None]
    clock.advance(10)
    desk.show_scene(b, actor="desk 2")
    assert shown(store, clock, "east", "west") == [(b, "pushed"), (b, "pushed")]
    clock.advance(10)
    desk.leave_scene(b, "east", actor="east")
    assert shown(store, clock, "east", "west") == [None, (b, "pushed")]
    desk.show_scene(b, actor="desk 2")  # the same word again is another one: a wall left meanwhile
    assert shown(store, clock, "east", "west") == [(b, "pushed"), (b, "pushed")]
    desk.leave_scene(b, actor="desk 2")
    assert shown(store, clock, "east", "west") == [None, None]
    row = next(each for each in store.documents(Kind.SCENE) if each.id == "scene:")
    assert isinstance(row.payload, ScenePayload)
    assert (row.payload.actor, row.payload.shown, row.payload.left) == ("desk 2", False, (b,))


def test_taking_every_wall_off_one_incident_ends_no_scene_of_another(
    desk: Dispatcher, store: SqlStore, clock: ManualClock
) -> None:
    a, b = opened(desk), opened(desk)
    desk.show_scene(a, "east", actor="desk 1")
    desk.show_scene(b, actor="desk 2")
    desk.leave_scene(b, actor="desk 2")
    assert shown(store, clock, "east", "") == [(a, "pushed"), None]


def test_a_push_that_stands_or_was_made_with_its_key_changes_nothing(desk: Dispatcher) -> None:
    a, b = opened(desk), opened(desk)
    first = desk.show_scene(a, "east", actor="desk 1", key="k")
    assert desk.show_scene(a, "east", actor="desk 2").repeated
    desk.show_scene(b, "east", actor="desk 1")
    again = desk.show_scene(a, "east", actor="desk 1", key="k")  # its answer was lost; it is no new push
    assert again.repeated
    assert again.seq > first.seq


def test_what_is_not_there_or_is_over_is_not_pushed(desk: Dispatcher) -> None:
    with pytest.raises(NotFound, match="no incident X"):
        desk.show_scene("X", actor="desk 1")
    a = opened(desk)
    with pytest.raises(BadInput, match="no wall is named"):
        desk.show_scene(a, "w" * 61, actor="desk 1")
    with pytest.raises(BadInput):
        desk.show_scene(a, actor=" ")
    desk.close(a, actor="desk 1", disposition="out")
    with pytest.raises(Refused, match="was closed by desk 1"):
        desk.show_scene(a, actor="desk 1")


def test_a_closed_incident_leaves_the_wall_after_a_minute(
    desk: Dispatcher, store: SqlStore, clock: ManualClock
) -> None:
    a = opened(desk)
    desk.show_scene(a, actor="desk 1")
    desk.close(a, actor="desk 1", disposition="out")
    assert shown(store, clock, "") == [(a, "pushed")]
    clock.advance(scenes.OVER_MS / 1000)
    assert shown(store, clock, "") == [None]


def test_a_major_incident_takes_walls_until_they_are_taken_off_it(
    desk: Dispatcher, store: SqlStore, clock: ManualClock
) -> None:
    a, small = opened(desk, severity=1), opened(desk, severity=2)
    desk.dispatch(a, UNITS[:2], actor="desk 1")
    assert shown(store, clock, "") == [None]  # critical, and two units
    desk.recall(a, UNITS[:2], actor="desk 1")
    desk.dispatch(small, UNITS, actor="desk 1")
    assert shown(store, clock, "") == [None]  # three units, and not critical
    desk.recall(small, UNITS, actor="desk 1")
    clock.advance(5)
    desk.dispatch(a, UNITS, actor="desk 1")
    assert shown(store, clock, "east", "") == [(a, "major"), (a, "major")]
    desk.show_scene(small, "east", actor="desk 2")  # what somebody chose stands
    assert shown(store, clock, "east", "") == [(small, "pushed"), (a, "major")]
    desk.leave_scene(small, "east", actor="east")
    assert shown(store, clock, "east", "") == [(a, "major"), (a, "major")]
    desk.leave_scene(a, "east", actor="east")
    assert shown(store, clock, "east", "") == [None, (a, "major")]
    clock.advance(scenes.MAJOR_MS / 1000)
    assert shown(store, clock, "") == [None]


def test_a_replay_shows_the_wall_as_it_was(desk: Dispatcher, store: SqlStore, clock: ManualClock) -> None:
    a = opened(desk)
    clock.advance(60)
    pushed = clock.now()
    desk.show_scene(a, "east", actor="desk 1")
    clock.advance(60)
    left = clock.now()
    desk.leave_scene(a, "east", actor="east")
    clock.advance(60)
    past = Past(store, Reader(store, clock, Settings()))
    second = timedelta(seconds=1)
    for at, there in ((pushed - second, False), (pushed, True), (left - second, True), (left, False), (pushed, True)):
        past.seek(ms(at))
        with past.reading() as state:
            scene = scenes.build(state, ms(at)).get("east")
        assert (scene is not None and scene["incident"] == a) is there, at
